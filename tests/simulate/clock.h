#ifndef SIMULATE_CLOCK_H
#define SIMULATE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The time of a run, in which nothing waits.
 *
 * What is to happen later is an event. Events happen in the order of their times, and of equal
 * times in an order that chance decides. The program under test has its time and its random numbers
 * from here too.
 */
void clock_start(void);

/* Drops all events. */
void clock_stop(void);

/* Milliseconds since the run began. */
int64_t clock_ms(void);

typedef void event_fn(void *user);

/* Once, after so many milliseconds, unless it is dropped; the number names it. */
uint64_t clock_after(int64_t ms, event_fn *happen, void *user);
void clock_drop(uint64_t number);

/* Lets the next event happen; false when there is none. */
bool clock_step(void);

/* Lets happen what does in so many milliseconds. */
void clock_pass(int64_t ms);

#endif
