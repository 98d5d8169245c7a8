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
    struct operation operation;
    struct fan_order order;
    size_t next; /* of the names */
    struct arm arms[];
};

OPERATION_FIRST(struct fan);

static void release_fan(struct operation *operation)
{
    struct fan *fan = (struct fan *)operation;

    for (size_t i = 0; i < fan->order.width; i++)
        call_cancel(fan->arms[i].call);
    names_drop(fan->order.names);
    free(fan);
}

static void end_fan(void *user)
{
    struct fan *fan = user;

    operation_end(&fan->operation, fan->operation.error.code ? &fan->operation.error : NULL,
                  &no_answer);
}

static void on_one(void *user, const struct error *error, const struct answer *answer);

static void start_one(struct arm *arm)
{
    struct fan *fan = arm->fan;
    struct ask ask = operation_ask(&fan->operation, on_one);

    ask.user = arm;
    arm->name = names_at(fan->order.names, fan->next++);
    arm->call = fan->order.start(fan->order.user, arm->name, &ask);
    if (!arm->call)
        error_set(&fan->operation.error, ENOMEM, "no memory");
}

static bool is_busy(const struct fan *fan)
{
    for (size_t i = 0; i < fan->order.width; i++) {
        if (fan->arms[i].call)
            return true;
    }
    return false;
}

/* Gives every free arm something to do. */
static void go_on(struct fan *fan)
{
    for (size_t i = 0; i < fan->order.width && !fan->operation.error.code; i++) {
        if (!fan->arms[i].call && fan->next < names_count(fan->order.names))
            start_one(&fan->arms[i]);
    }
    if (fan->operation.error.code || !is_busy(fan))
        operation_soon(&fan->operation, end_fan);
}

/* Whether all are to end, with a failure. */
static bool take_one(struct fan *fan, const char *name, const struct error *error,
                     const struct answer *answer, struct error *failure)
{
    if (fan->order.take)
        return fan->order.take(fan->order.user, name, error, answer, failure);
    if (error)
        *failure = *error;
    return error;
}

static void on_one(void *user, const struct error *error, const struct answer *answer)
{
    struct arm *arm = user;
    struct fan *fan = arm->fan;
    struct error failure = {0};

    arm->call = NULL;
    /* What comes between the failure and the end does not matter any more. */
    if (fan->operation.error.code)
        return;
    if (take_one(fan, arm->name, error, answer, &failure))
        fan->operation.error = failure;
    go_on(fan);
}

static const struct error *trouble_of_fan(const struct call *call)
{
    const struct fan *fan = (const struct fan *)call;
    const struct error *trouble = NULL;

    for (size_t i = 0; i < fan->order.width && !trouble; i++)
        trouble = call_trouble(fan->arms[i].call);
    return trouble;
}

struct call *fan_start(const struct fan_order *order, const struct ask *ask)
{
    size_t width = order->width ? order->width : FAN_WIDTH;
    struct fan *fan = calloc(1, sizeof(*fan) + width * sizeof(fan->arms[0]));

    if (!fan)
        return NULL;
    operation_begin(&fan->operation, order->loop, ask, release_fan);
    fan->operation.call.trouble = trouble_of_fan;
    fan->order = *order;
    fan->order.width = width;
    names_hold(order->names);
    for (size_t i = 0; i < fan->order.width; i++)
        fan->arms[i].fan = fan;
    go_on(fan);
    return &fan->operation.call;
}
