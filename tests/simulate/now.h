#ifndef SIMULATE_NOW_H
#define SIMULATE_NOW_H

#include <stdint.h>

/* The time that the program under test has instead of the machine's: it stands still until it is
 * set. Linked with --wrap for when_now and when_monotonic. */

/* Milliseconds since a run began. */
int64_t now_ms(void);
void now_set(int64_t ms);

#endif
