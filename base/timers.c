#include "base/timers.h"

#include <stddef.h>

#include "base/when.h"

void timers_init(struct timers *timers)
{
    TAILQ_INIT(&timers->list);
    timers->round = 0;
}

void timers_add(struct timers *timers, struct timer *timer)
{
    struct timer *before;

    timer->round = timers->round;
    TAILQ_FOREACH_REVERSE(before, &timers->list, timer_list, link)
    {
        if (before->due <= timer->due) {
            TAILQ_INSERT_AFTER(&timers->list, before, timer, link);
            return;
        }
    }
    TAILQ_INSERT_HEAD(&timers->list, timer, link);
}

void timers_remove(struct timers *timers, struct timer *timer)
{
    TAILQ_REMOVE(&timers->list, timer, link);
    timer->loop = NULL;
}

struct timer *timers_first(const struct timers *timers)
{
    return TAILQ_FIRST(&timers->list);
}

void timers_fire(struct timers *timers)
{
    int64_t now = when_monotonic();
    struct timer *timer;

    timers->round++;
    while ((timer = timers_first(timers)) && timer->due <= now && timer->round != timers->round) {
        timers_remove(timers, timer);
        timer->fire(timer->user);
    }
}
