#include "base/timers.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/when.h"

void timers_init(struct timers *timers)
{
    *timers = (struct timers){0};
}

static bool fires_before(const struct timer *a, const struct timer *b)
{
    return a->due != b->due ? a->due < b->due : a->number < b->number;
}

/* Makes one heap of two, either of which may be NULL: the later is the first below the earlier. */
static struct timer *join(struct timer *a, struct timer *b)
{
    struct timer *first;
    struct timer *below;

    if (!a || !b)
        return a ? a : b;
    first = fires_before(a, b) ? a : b;
    below = first == a ? b : a;
    below->next = first->child;
    if (below->next)
        below->next->prev = below;
    below->prev = first;
    first->child = below;
    return first;
}

static struct timer *take_off(struct timer **list)
{
    struct timer *timer = *list;

    if (timer) {
        *list = timer->next;
        timer->next = timer->prev = NULL;
    }
    return timer;
}

/* Makes one heap of those of a list: of each two from the left, and of these pairs from the right,
 * so that what one removal costs is paid for by those before it. */
static struct timer *join_all(struct timer *list)
{
    struct timer *pairs = NULL;
    struct timer *all = NULL;

    while (list) {
        struct timer *one = take_off(&list);
        struct timer *pair = join(one, take_off(&list));

        pair->next = pairs;
        pairs = pair;
    }
    while (pairs)
        all = join(take_off(&pairs), all);
    return all;
}

void timers_add(struct timers *timers, struct timer *timer)
{
    timer->child = timer->next = timer->prev = NULL;
    timer->number = timers->started++;
    timers->first = join(timers->first, timer);
}

/* Takes a timer, with those below it, from below another. */
static void cut(struct timer *timer)
{
    if (timer->prev->child == timer)
        timer->prev->child = timer->next;
    else
        timer->prev->next = timer->next;
    if (timer->next)
        timer->next->prev = timer->prev;
}

void timers_remove(struct timers *timers, struct timer *timer)
{
    struct timer *below = join_all(timer->child);

    if (timer == timers->first) {
        timers->first = below;
    } else {
        cut(timer);
        timers->first = join(timers->first, below);
    }
    timer->loop = NULL;
}

struct timer *timers_first(const struct timers *timers)
{
    return timers->first;
}

void timers_fire(struct timers *timers)
{
    int64_t now = when_monotonic();
    uint64_t started = timers->started;
    struct timer *timer;

    while ((timer = timers_first(timers)) && timer->due <= now && timer->number < started) {
        timers_remove(timers, timer);
        timer->fire(timer->user);
    }
}
