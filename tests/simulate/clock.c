#include "tests/simulate/clock.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "tests/service/common/memory.h"
#include "tests/simulate/chance.h"
#include "tests/simulate/now.h"

struct event {
    TAILQ_ENTRY(event) link;
    uint64_t number;
    int64_t due;
    event_fn *happen;
    void *user;
};

static TAILQ_HEAD(events_head, event) events = TAILQ_HEAD_INITIALIZER(events);
static uint64_t last_number;

void clock_start(void)
{
    now_set(0);
    last_number = 0;
}

void clock_stop(void)
{
    struct event *event;

    while ((event = TAILQ_FIRST(&events))) {
        TAILQ_REMOVE(&events, event, link);
        free(event);
    }
}

int64_t clock_ms(void)
{
    return now_ms();
}

uint64_t clock_after(int64_t ms, event_fn *happen, void *user)
{
    struct event *event = must_calloc(1, sizeof(*event));
    struct event *before;

    *event = (struct event){.number = ++last_number,
                            .due = now_ms() + (ms > 0 ? ms : 0),
                            .happen = happen,
                            .user = user};
    TAILQ_FOREACH_REVERSE(before, &events, events_head, link)
    {
        if (before->due < event->due || (before->due == event->due && !chance_once_in(2))) {
            TAILQ_INSERT_AFTER(&events, before, event, link);
            return event->number;
        }
    }
    TAILQ_INSERT_HEAD(&events, event, link);
    return event->number;
}

void clock_drop(uint64_t number)
{
    struct event *event;

    TAILQ_FOREACH (event, &events, link) {
        if (event->number != number)
            continue;
        TAILQ_REMOVE(&events, event, link);
        free(event);
        return;
    }
}

bool clock_step(void)
{
    struct event *event = TAILQ_FIRST(&events);
    struct event copy;

    if (!event)
        return false;
    copy = *event;
    TAILQ_REMOVE(&events, event, link);
    free(event);
    now_set(copy.due);
    copy.happen(copy.user);
    return true;
}

static void set_flag(void *user)
{
    *(bool *)user = true;
}

void clock_pass(int64_t ms)
{
    bool passed = false;

    clock_after(ms, set_flag, &passed);
    while (!passed)
        clock_step();
}

/* What the program under test has instead of the machine's. */

int __wrap_RAND_bytes(unsigned char *bytes, int count);

int __wrap_RAND_bytes(unsigned char *bytes, int count)
{
    for (int i = 0; i < count; i++)
        bytes[i] = (unsigned char)chance_below(256);
    return 1;
}
