#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/kafka/client.h"
#include "base/when.h"

/*
 * Appending records: a batch of as many as a topic takes, which is stored as a whole or not at all,
 * and then the next one. What may have been stored is not sent again. The records have no keys.
 */

/* A batch has no more bytes at first. A topic takes 1 MiB, unless it is set to another limit
 * (max.message.bytes): where that is less, half as much is tried. */
#define BATCH_MOST 1000000

/* What a record takes beside its bytes, at most. */
#define RECORD_EXTRA 24

/* For how long the leader waits for the others. */
#define STORE_MS 5000

struct producing {
    struct span *records; /* that lie in `data` */
    char *data;
    size_t count;
    size_t stored;
    size_t sent;  /* in the request under way */
    size_t bytes; /* of those */
    size_t most;
    bool is_too_large;
};

static void release_producing(void *data)
{
    struct producing *producing = data;

    free(producing->records);
    free(producing->data);
    free(producing);
}

/* Chooses what to send next: at least one. */
static void choose_records(struct producing *producing)
{
    producing->sent = 0;
    producing->bytes = 0;
    while (producing->stored + producing->sent < producing->count) {
        size_t size = producing->records[producing->stored + producing->sent].size + RECORD_EXTRA;

        if (producing->sent && producing->bytes + size > producing->most)
            break;
        producing->bytes += size;
        producing->sent++;
    }
}

static void encode_produce(void *user, int16_t version, struct buf *body)
{
    const struct kafka_call *call = user;
    const struct producing *producing = call->data;
    struct buf set = BUF_INIT(body->max);

    (void)version;
    kafka_recordset_put(&set, producing->records + producing->stored, producing->sent,
                        when_now() / 1000000);
    buf_fail(body, buf_error(&set));
    kafka_put_produce(body, call->stream, call->partition, (struct span){set.data, set.size},
                      STORE_MS);
    buf_release(&set);
}

static int decode_produced(void *user, struct kafka_reply *reply)
{
    struct kafka_call *call = user;
    struct producing *producing = call->data;
    bool is_stored;
    int status = kafka_read_produced(reply->wire, &is_stored, &reply->code);

    if (status)
        return status;
    reply->has_changed = is_stored;
    producing->is_too_large = reply->code == KAFKA_MESSAGE_TOO_LARGE && producing->sent > 1;
    if (producing->is_too_large)
        reply->code = 0;
    return 0;
}

static void on_produced(struct kafka_call *call);

static void produce_chosen(struct kafka_call *call)
{
    struct kafka_request request =
        kafka_change_of(call, KAFKA_PRODUCE, 8, encode_produce, decode_produced);

    kafka_ask_leader(call, &request, on_produced);
}

static void produce_next(struct kafka_call *call)
{
    struct producing *producing = call->data;

    choose_records(producing);
    if (producing->sent)
        produce_chosen(call);
    else
        kafka_end(call, &no_answer);
}

static void on_produced(struct kafka_call *call)
{
    struct producing *producing = call->data;

    if (producing->is_too_large) {
        producing->most = producing->bytes / 2;
    } else {
        producing->stored += producing->sent;
        /* Given up from here on, what is stored stays. */
        call->may_have_changed = true;
    }
    produce_next(call);
}

/* Says how many records are stored, for who sent more than one. */
static void explain_producing(struct kafka_call *call)
{
    const struct producing *producing = call->data;
    struct error *error = &call->operation.error;
    char said[sizeof(error->message)];

    if (producing->count == 1)
        return;
    snprintf(said, sizeof(said), "%s", error->message);
    snprintf(error->message, sizeof(error->message), "%s%zu of %zu records are stored: %.300s",
             error->is_unknown ? "at least " : "", producing->stored, producing->count, said);
}

/* The order */

static size_t bytes_of(const struct append_order *order)
{
    size_t bytes = 0;

    for (size_t i = 0; i < order->count; i++)
        bytes += order->records[i].size;
    return bytes;
}

static struct producing *copy_appended(const struct append_order *order)
{
    struct producing *producing = calloc(1, sizeof(*producing));
    size_t size = 0;

    if (!producing)
        return NULL;
    producing->most = BATCH_MOST;
    producing->records = calloc(order->count + 1, sizeof(*producing->records));
    producing->data = malloc(bytes_of(order) + 1);
    if (!producing->records || !producing->data) {
        release_producing(producing);
        return NULL;
    }
    for (; producing->count < order->count; producing->count++) {
        const struct span *record = &order->records[producing->count];

        if (record->size)
            memcpy(producing->data + size, record->data, record->size);
        producing->records[producing->count] = (struct span){producing->data + size, record->size};
        size += record->size;
    }
    return producing;
}

struct call *kafka_append_records(struct backend *backend, const struct append_order *order,
                                  const struct ask *ask)
{
    struct kafka_call *call = kafka_call_new(backend, NULL, order->stream, order->partition, ask);
    struct producing *producing = copy_appended(order);

    if (!call || !producing) {
        if (call)
            operation_drop(&call->operation);
        if (producing)
            release_producing(producing);
        return NULL;
    }
    call->data = producing;
    call->release_data = release_producing;
    call->explain = explain_producing;
    call->is_once = true;
    return kafka_call_start(call, produce_next);
}
