#include "api/fan.h"

#include <errno.h>
#include <stdlib.h>

struct fan;

/* One that is under way, or none while `call` is NULL. */
struct arm {
    struct fan *fan;
    struct call *call;
    const char *name;
};

struct fan {
    struct call call;
    struct fan_order order;
    struct ask ask;
    struct arm arms[FAN_WIDTH];
    size_t next; /* of the names */
    struct timer timer;
    struct error error;
};

static void release(struct fan *fan)
{
    timer_stop(&fan->timer);
    for (size_t i = 0; i < FAN_WIDTH; i++)
        call_cancel(fan->arms[i].call);
    names_drop(fan->order.names);
    free(fan);
}

static void cancel(struct call *call)
{
    release((struct fan *)call);
}

static void finish(void *user)
{
    static const struct answer nothing;
    struct fan *fan = user;

    fan->ask.done(fan->ask.user, fan->error.code ? &fan->error : NULL, &nothing);
    release(fan);
}

static void finish_soon(struct fan *fan)
{
    timer_start(fan->order.loop, &fan->timer, 0, finish, fan);
}

static void on_one(void *user, const struct error *error, const struct answer *answer);

static void start_one(struct arm *arm)
{
    struct fan *fan = arm->fan;
    struct ask ask = {.deadline = fan->ask.deadline, .done = on_one, .user = arm};

    arm->name = names_at(fan->order.names, fan->next++);
    arm->call = fan->order.start(fan->order.user, arm->name, &ask);
    if (!arm->call)
        error_set(&fan->error, ENOMEM, "no memory");
}

static bool is_busy(const struct fan *fan)
{
    for (size_t i = 0; i < FAN_WIDTH; i++) {
        if (fan->arms[i].call)
            return true;
    }
    return false;
}

/* Gives every free arm something to do. */
static void go_on(struct fan *fan)
{
    for (size_t i = 0; i < FAN_WIDTH && !fan->error.code; i++) {
        if (!fan->arms[i].call && fan->next < names_count(fan->order.names))
            start_one(&fan->arms[i]);
    }
    if (fan->error.code || !is_busy(fan))
        finish_soon(fan);
}

static void on_one(void *user, const struct error *error, const struct answer *answer)
{
    struct arm *arm = user;
    struct fan *fan = arm->fan;
    struct error failure = {0};

    arm->call = NULL;
    /* What comes between the failure and the end does not matter any more. */
    if (fan->error.code)
        return;
    if (fan->order.take(fan->order.user, arm->name, error, answer, &failure))
        fan->error = failure;
    go_on(fan);
}

struct call *fan_start(const struct fan_order *order, const struct ask *ask)
{
    struct fan *fan = calloc(1, sizeof(*fan));

    if (!fan)
        return NULL;
    fan->call.cancel = cancel;
    fan->order = *order;
    fan->ask = *ask;
    names_hold(order->names);
    for (size_t i = 0; i < FAN_WIDTH; i++)
        fan->arms[i].fan = fan;
    go_on(fan);
    return &fan->call;
}
