#ifndef SIMULATE_THREADS_H
#define SIMULATE_THREADS_H

#include <stdint.h>

/*
 * The threads of the program under test, one at a time: each is a real one that has its turn when
 * the clock says so, and keeps it until it pauses, waits for a condition or ends. So every run of a
 * seed has them do the same in the same order. Time does not go on during a turn.
 */

/* Others have their turn for so long. Nothing for the loop's thread, which nobody waits for. */
void thread_pause(int64_t ms);

/* The loop's thread waits in the midst of something: all that pause go on, and no time passes. */
void threads_go_on(void);

#endif
