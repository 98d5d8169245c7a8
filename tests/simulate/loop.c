/* The loop of the program under test: base/loop.h on simulated time. */

#include "base/loop.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/when.h"
#include "tests/service/common/memory.h"
#include "tests/simulate/chance.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/loop.h"
#include "tests/simulate/memory.h"
#include "tests/simulate/network.h"

/* How long a loop takes at most until it looks at what is ready. */
#define WAKE_MS 5

struct watch {
    LIST_ENTRY(watch) link;
    const struct loop *loop;
    int fd;
    loop_fn *ready;
    void *user;
    uint64_t event; /* or 0 */
};

static LIST_HEAD(, watch) watches = LIST_HEAD_INITIALIZER(watches);

/* One event stands for the first of the timers. */
struct loop {
    struct timers timers;
    uint64_t event; /* or 0 */
};

struct loop *loop_new(void)
{
    struct loop *loop = must_calloc(1, sizeof(*loop));

    timers_init(&loop->timers);
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
    const struct timer *first = timers_first(&loop->timers);
    bool before = memory_enter(false);

    clock_drop(loop->event);
    loop->event = first ? clock_after(first->due - when_monotonic(), fire_timers, loop) : 0;
    memory_leave(before);
}

static void fire_timers(void *user)
{
    struct loop *loop = user;
    bool before = memory_enter(true);

    loop->event = 0;
    timers_fire(&loop->timers);
    memory_leave(before);
    await_first(loop);
}

void timer_start(struct loop *loop, struct timer *timer, int64_t delay_ms, loop_fn *fire,
                 void *user)
{
    timer_stop(timer);
    timer->loop = loop;
    timer->due = when_monotonic() + delay_ms;
    timer->fire = fire;
    timer->user = user;
    timers_add(&loop->timers, timer);
    await_first(loop);
}

void timer_stop(struct timer *timer)
{
    struct loop *loop = timer->loop;

    if (!loop)
        return;
    timers_remove(&loop->timers, timer);
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

int transfer_connect(struct loop *loop, struct transfer *transfer, void *easy, transfer_fn *done,
                     void *user)
{
    bool before = memory_enter(false);

    *transfer = (struct transfer){.loop = loop, .easy = easy, .done = done, .user = user};
    network_connect(transfer);
    memory_leave(before);
    return 0;
}

void loop_watch_writing(struct loop *loop, int fd, bool writing)
{
    (void)loop;
    network_await_room(fd, writing);
}

void transfer_stop(struct transfer *transfer)
{
    if (!transfer->loop)
        return;
    transfer->loop = NULL;
    network_end(transfer);
}

/* Descriptors become ready by threads, and those of connections by the network. */

static void call_ready(const struct watch *watch)
{
    bool before = memory_enter(true);

    watch->ready(watch->user);
    memory_leave(before);
}

static void wake(void *user)
{
    struct watch *watch = user;

    watch->event = 0;
    call_ready(watch);
}

void loop_ready(int fd)
{
    const struct watch *watch;

    LIST_FOREACH (watch, &watches, link) {
        if (watch->fd == fd) {
            call_ready(watch);
            return;
        }
    }
}

void loops_look(void)
{
    struct watch *watch;

    LIST_FOREACH (watch, &watches, link) {
        struct pollfd ready = {.fd = watch->fd, .events = POLLIN};

        if (!watch->event && poll(&ready, 1, 0) == 1)
            watch->event = clock_after((int64_t)chance_below(WAKE_MS), wake, watch);
    }
}

int loop_watch(struct loop *loop, int fd, loop_fn *ready, void *user)
{
    bool before = memory_enter(false);
    struct watch *watch = must_calloc(1, sizeof(*watch));

    *watch = (struct watch){.loop = loop, .fd = fd, .ready = ready, .user = user};
    LIST_INSERT_HEAD(&watches, watch, link);
    memory_leave(before);
    return 0;
}

void loop_unwatch(struct loop *loop, int fd)
{
    struct watch *watch;

    LIST_FOREACH (watch, &watches, link) {
        if (watch->loop != loop || watch->fd != fd)
            continue;
        clock_drop(watch->event);
        LIST_REMOVE(watch, link);
        free(watch);
        return;
    }
}

void loop_run(struct loop *loop)
{
    (void)loop;
}

void loop_stop(struct loop *loop)
{
    (void)loop;
}
