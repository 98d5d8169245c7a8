/* The loop of the program under test: base/loop.h on simulated time. */

#include "base/loop.h"

#include <stdlib.h>

#include "base/when.h"
#include "tests/service/common/memory.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/memory.h"
#include "tests/simulate/network.h"

TAILQ_HEAD(timers, timer);

/* Timers are kept as the real loop keeps them; one event stands for the first of them. */
struct loop {
    struct timers timers;
    unsigned round;
    uint64_t event; /* or 0 */
};

struct loop *loop_new(void)
{
    struct loop *loop = must_calloc(1, sizeof(*loop));

    TAILQ_INIT(&loop->timers);
    return loop;
}

void loop_free(struct loop *loop)
{
    clock_drop(loop->event);
    free(loop);
}

static void fire_timers(void *user);

static void await_first(struct loop *loop)
{
    const struct timer *first = TAILQ_FIRST(&loop->timers);
    bool before = memory_enter(false);

    clock_drop(loop->event);
    loop->event = first ? clock_after(first->due - when_monotonic(), fire_timers, loop) : 0;
    memory_leave(before);
}

static void fire_timers(void *user)
{
    struct loop *loop = user;
    int64_t now = when_monotonic();
    struct timer *timer;
    bool before = memory_enter(true);

    loop->event = 0;
    loop->round++;
    while ((timer = TAILQ_FIRST(&loop->timers)) && timer->due <= now &&
           timer->round != loop->round) {
        TAILQ_REMOVE(&loop->timers, timer, link);
        timer->loop = NULL;
        timer->fire(timer->user);
    }
    memory_leave(before);
    await_first(loop);
}

void timer_start(struct loop *loop, struct timer *timer, int64_t delay_ms, loop_fn *fire,
                 void *user)
{
    struct timer *before;

    timer_stop(timer);
    timer->loop = loop;
    timer->due = when_monotonic() + delay_ms;
    timer->round = loop->round;
    timer->fire = fire;
    timer->user = user;
    TAILQ_FOREACH_REVERSE(before, &loop->timers, timers, link)
    {
        if (before->due <= timer->due)
            break;
    }
    if (before)
        TAILQ_INSERT_AFTER(&loop->timers, before, timer, link);
    else
        TAILQ_INSERT_HEAD(&loop->timers, timer, link);
    await_first(loop);
}

void timer_stop(struct timer *timer)
{
    struct loop *loop = timer->loop;

    if (!loop)
        return;
    TAILQ_REMOVE(&loop->timers, timer, link);
    timer->loop = NULL;
    await_first(loop);
}

int transfer_start(struct loop *loop, struct transfer *transfer, void *easy, transfer_fn *done,
                   void *user)
{
    bool before = memory_enter(false);

    *transfer = (struct transfer){.loop = loop, .easy = easy, .done = done, .user = user};
    network_begin(transfer);
    memory_leave(before);
    return 0;
}

void transfer_stop(struct transfer *transfer)
{
    if (!transfer->loop)
        return;
    transfer->loop = NULL;
    network_end(transfer);
}

/* Nothing in a run has a descriptor that could become ready. */

int loop_watch(struct loop *loop, int fd, loop_fn *ready, void *user)
{
    (void)loop;
    (void)fd;
    (void)ready;
    (void)user;
    return 0;
}

void loop_unwatch(struct loop *loop, int fd)
{
    (void)loop;
    (void)fd;
}

void loop_run(struct loop *loop)
{
    (void)loop;
}

void loop_stop(struct loop *loop)
{
    (void)loop;
}
