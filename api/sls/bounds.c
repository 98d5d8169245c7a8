#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/fan.h"
#include "api/sls/answer.h"
#include "api/sls/client.h"
#include "api/sls/request.h"
#include "api/sls/states.h"

/*
 * The bounds of all shards of a logstore. SLS has no call for that: the list of shards tells which
 * there are and which are closed, and each is asked for its two ends, many shards side by side.
 */
#define WIDTH 32

static struct call *ask_bounds_of_one(void *user, const char *shard, const struct ask *ask)
{
    struct service_call *call = user;

    return sls_get_state(&call->service->backend, NULL, call->stream,
                         (uint32_t)strtoul(shard, NULL, 10), DETAIL_LAG, ask);
}

static int add_bounds(struct service_call *call, const struct state *bounds)
{
    struct state state;
    struct table *copy = table_new(); /* of the texts, which must not come from the same table */
    int status = copy ? table_find(call->table, bounds->partition, &state) : -ENOMEM;

    if (!status)
        status = table_put(copy, &state);
    if (!status)
        status = table_find(copy, bounds->partition, &state);
    state.earliest = bounds->earliest;
    state.latest = bounds->latest;
    if (!status)
        status = table_put(call->table, &state);
    table_drop(copy);
    return status;
}

/* A shard that has gone since it was listed has no bounds. */
static int on_bounds_of_one(void *user, const char *shard, const struct error *error,
                            const struct answer *answer, struct error *failure)
{
    struct service_call *call = user;

    (void)shard;
    if (error && error->code == ENOENT)
        return 0;
    if (error) {
        *failure = *error;
        return -error->code;
    }
    return add_bounds(call, answer->state) ? error_set(failure, ENOMEM, "no memory") : 0;
}

static void on_all_bounds(void *user, const struct error *error, const struct answer *unused)
{
    struct service_call *call = user;

    (void)unused;
    call->operation.step = NULL;
    if (error)
        call->operation.error = *error;
    service_end_soon(call);
}

static struct names *numbers_of(const struct table *table)
{
    struct names *numbers = names_new();

    for (size_t i = 0; numbers && i < table_count(table); i++) {
        char number[PARTITION_ROOM];
        struct state state;

        table_at(table, i, &state);
        partition_format(state.partition, false, number);
        if (!names_add(numbers, number))
            continue;
        names_drop(numbers);
        return NULL;
    }
    return numbers;
}

static int on_listed_shards(struct service_call *call, const cJSON *root)
{
    struct ask ask = operation_ask(&call->operation, on_all_bounds);
    struct fan_order order = {.loop = call->service->backend.loop,
                              .width = WIDTH,
                              .start = ask_bounds_of_one,
                              .take = on_bounds_of_one,
                              .user = call};
    int status = sls_answer_shards(root, call->table);

    if (status)
        return status;
    order.names = numbers_of(call->table);
    call->operation.step = order.names ? fan_start(&order, &ask) : NULL;
    names_drop(order.names);
    return call->operation.step ? TAKEN_PART
                                : error_set(&call->operation.error, ENOMEM, "no memory");
}

struct call *sls_get_bounds(struct backend *backend, const char *stream, const struct ask *ask)
{
    struct service_call *call = service_call_new(backend, NULL, stream, 0, ask);

    if (!call)
        return NULL;
    call->table = table_new();
    if (!call->table)
        return service_refuse(call, ENOMEM, "no memory");
    call->recover = sls_recover_without_shard;
    sls_begin_logstore(call, "GET", "shards");
    service_send(call, on_listed_shards);
    return &call->operation.call;
}
