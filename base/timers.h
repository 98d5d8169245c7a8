#ifndef BASE_TIMERS_H
#define BASE_TIMERS_H

#include <stdint.h>

struct loop;

typedef void loop_fn(void *user);

/* See base/loop.h. Its loop is NULL while it is not started. */
struct timer {
    struct timer *child; /* that fires first among those below it */
    struct timer *next;  /* below the same timer */
    struct timer *prev;  /* before it there, or the timer above the first */
    struct loop *loop;
    int64_t due;
    uint64_t number; /* how many were started before it */
    loop_fn *fire;
    void *user;
};

/* The timers of a loop in the order in which they fire: what any loop does with them, whatever its
 * clock is. They are a pairing heap: with thousands of requests under way each has several. */
struct timers {
    struct timer *first;
    uint64_t started;
};

void timers_init(struct timers *timers);

/* A timer that is in none; due is a time of when_monotonic(). */
void timers_add(struct timers *timers, struct timer *timer);
void timers_remove(struct timers *timers, struct timer *timer);

/* The next to fire, or NULL. */
struct timer *timers_first(const struct timers *timers);

/* Fires what was due when it began; a timer started meanwhile waits for the next round. */
void timers_fire(struct timers *timers);

#endif
