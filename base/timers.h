#ifndef BASE_TIMERS_H
#define BASE_TIMERS_H

#include <stdint.h>
#include <sys/queue.h>

struct loop;

typedef void loop_fn(void *user);

/* See base/loop.h. Its loop is NULL while it is not started. */
struct timer {
    TAILQ_ENTRY(timer) link;
    struct loop *loop;
    int64_t due;
    unsigned round;
    loop_fn *fire;
    void *user;
};

/* The timers of a loop in the order in which they fire: what any loop does with them, whatever its
 * clock is. */
struct timers {
    TAILQ_HEAD(timer_list, timer) list;
    unsigned round;
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
