#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/kafka/client.h"

/* Where records are. A cursor is the offset of the record to be read first, in decimal: it does not
 * expire, and Kafka's own tools take it. */

/* Finding a place */

/* No record is of that time or later: the next one will be. */
static void on_since(struct kafka_call *call)
{
    if (call->offset < 0)
        kafka_ask_offset(call, KAFKA_TIME_LATEST, call->place_then);
    else
        call->place_then(call);
}

/* What follows the greatest offset has none. */
static void find_numbered(struct kafka_call *call)
{
    bool is_after = call->kind == CURSOR_AFTER;

    if (is_after && call->number == INT64_MAX) {
        kafka_fail(call, ERANGE, "no record has a greater number");
        return;
    }
    call->offset = call->number + is_after;
    call->place_then(call);
}

void kafka_find_place(struct kafka_call *call, kafka_step *then)
{
    call->place_then = then;
    switch (call->kind) {
    case CURSOR_EARLIEST:
        kafka_ask_offset(call, KAFKA_TIME_EARLIEST, then);
        break;
    case CURSOR_LATEST:
        kafka_ask_offset(call, KAFKA_TIME_LATEST, then);
        break;
    case CURSOR_SINCE:
        kafka_ask_offset(call, call->since, on_since);
        break;
    case CURSOR_AT:
    case CURSOR_AFTER:
        kafka_need_partition(call, find_numbered);
        break;
    }
}

/* The first whole millisecond that is not before a time of base/when.h; Kafka knows none before
 * 1970. */
static int64_t to_ms(int64_t time)
{
    return time <= 0 ? 0 : (time - 1) / 1000000 + 1;
}

struct kafka_call *kafka_place_call_new(struct backend *backend, const struct cursor_order *order,
                                        const struct ask *ask)
{
    struct kafka_call *call = kafka_call_new(backend, NULL, order->stream, order->partition, ask);

    if (!call)
        return NULL;
    call->kind = order->kind;
    call->since = to_ms(order->time);
    if (order->kind == CURSOR_AT || order->kind == CURSOR_AFTER)
        call->number = strtoll(order->sequence, NULL, 10);
    return call;
}

/* The calls */

static void end_with_place(struct kafka_call *call)
{
    struct answer answer = {.text = call->numbers[0]};

    snprintf(call->numbers[0], sizeof(call->numbers[0]), "%" PRId64, call->offset);
    kafka_end(call, &answer);
}

static void begin_get_cursor(struct kafka_call *call)
{
    kafka_find_place(call, end_with_place);
}

struct call *kafka_get_cursor(struct backend *backend, const struct cursor_order *order,
                              const struct ask *ask)
{
    struct kafka_call *call = kafka_place_call_new(backend, order, ask);

    return call ? kafka_call_start(call, begin_get_cursor) : NULL;
}
