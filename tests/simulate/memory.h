#ifndef SIMULATE_MEMORY_H
#define SIMULATE_MEMORY_H

#include <stdbool.h>

/*
 * Memory that runs out. Allocations of the program under test fail as often as they are told to;
 * those of the simulation do not: whoever calls from one into the other says so.
 */

/* Of so many allocations one fails; 0: none. */
void memory_fail_once_in(unsigned times);
bool memory_fails(void);

/* Enters the program under test, or leaves it; what memory_leave needs to come back. */
bool memory_enter(bool program);
void memory_leave(bool before);

#endif
