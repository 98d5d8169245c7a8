#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "api/kafka/client.h"

/*
 * Reading records: one request to the leader of their partition, and before it one that finds a
 * place that has no number. An answer may have nothing to show, where transactions were aborted:
 * then what follows it is asked for, so that nothing but the end looks like the end.
 */

/* What is asked for: at least so much, at most so much after an answer that had nothing to show,
 * and never more than fits the greatest answer (api/kafka/connection.c). The first batch comes
 * whole however large it is. */
#define FETCH_LEAST   (64 << 10)
#define FETCH_MOST    (16 << 20)
#define FETCH_LARGEST (60 << 20)

/* A network is expected to bring so much in a ms. */
#define BYTES_PER_MS 256

/* The oldest record may be deleted while it is looked for: then once more. */
#define PLACE_TRIES    3
#define PLACE_PAUSE_MS 50

struct reading {
    struct batch batch;
    struct kafka_place place;
    bool has_place;
    unsigned tries; /* to find it */
    int32_t bytes;  /* are asked for */
    int64_t asked;  /* the place of the request under way */
    bool is_out;    /* the place is not in what the partition has */
};

static void release_fetching(void *data)
{
    struct reading *reading = data;

    batch_release(&reading->batch);
    free(reading);
}

static bool is_of_bytes(const struct reading *reading)
{
    return reading->batch.form == RECORD_BYTES;
}

static void encode_fetch(void *user, int16_t version, struct buf *body)
{
    const struct kafka_call *call = user;
    const struct reading *reading = call->data;

    (void)version;
    kafka_put_fetch(body, call->stream, call->partition, reading->place.next, reading->bytes);
}

static int decode_fetched(void *user, struct kafka_reply *reply)
{
    struct kafka_call *call = user;
    struct reading *reading = call->data;
    struct kafka_recordset set;
    int status = kafka_read_fetched(reply->wire, &set, &reply->code);

    if (status)
        return status;
    reading->is_out = reply->code == KAFKA_OFFSET_OUT_OF_RANGE;
    if (reading->is_out)
        reply->code = 0;
    kafka_recordset_read(&set, &reading->place, &reading->batch);
    free(set.aborted);
    return 0;
}

static void on_fetched(struct kafka_call *call);

static void fetch(struct kafka_call *call)
{
    struct reading *reading = call->data;
    struct kafka_request request =
        kafka_request_of(call, KAFKA_FETCH, 10, encode_fetch, decode_fetched);

    request.patience += reading->bytes / BYTES_PER_MS;
    reading->asked = reading->place.next;
    kafka_ask_leader(call, &request, on_fetched);
}

static void on_place(struct kafka_call *call)
{
    struct reading *reading = call->data;

    reading->place.next = call->offset;
    reading->has_place = true;
    fetch(call);
}

/* What was passed over stays so when a step fails and this begins anew. */
static void begin_fetching(struct kafka_call *call)
{
    const struct reading *reading = call->data;

    if (reading->has_place)
        fetch(call);
    else
        kafka_find_place(call, on_place);
}

/* What came */

static void end_without_record(struct kafka_call *call)
{
    kafka_fail(call, ENOENT, "partition %u of %.100s has no record %" PRId64, call->partition,
               call->stream, call->number);
}

static void leave_range(struct kafka_call *call)
{
    struct reading *reading = call->data;
    bool has_number = call->kind == CURSOR_AT || call->kind == CURSOR_AFTER;

    if (is_of_bytes(reading)) {
        end_without_record(call);
    } else if (!has_number && reading->tries++ < PLACE_TRIES) {
        reading->has_place = false;
        kafka_wait(call, PLACE_PAUSE_MS, begin_fetching);
    } else {
        kafka_fail(call, ERANGE,
                   "partition %u of %.100s cannot be read from record %" PRId64
                   " on: it is kept no more, or there are not so many",
                   call->partition, call->stream, reading->place.next);
    }
}

static void end_fetching(struct kafka_call *call)
{
    const struct reading *reading = call->data;
    struct answer answer = {.batch = &reading->batch};

    if (is_of_bytes(reading) && !reading->batch.count)
        end_without_record(call);
    else
        kafka_end(call, &answer);
}

static void fetch_more(struct kafka_call *call, size_t bytes)
{
    struct reading *reading = call->data;

    if (bytes > FETCH_LARGEST) {
        kafka_fail(call, EFBIG,
                   "partition %u of %.100s: the batch of record %" PRId64 " has %zu bytes",
                   call->partition, call->stream, reading->place.next, bytes);
        return;
    }
    reading->bytes = (int32_t)bytes;
    fetch(call);
}

/* Twice as much as before, for what is passed over is not held. */
static void fetch_behind(struct kafka_call *call)
{
    const struct reading *reading = call->data;

    fetch_more(call, reading->bytes < FETCH_MOST / 2 ? 2 * (size_t)reading->bytes : FETCH_MOST);
}

static void on_fetched(struct kafka_call *call)
{
    struct reading *reading = call->data;
    const struct kafka_place *place = &reading->place;

    if (reading->is_out)
        leave_range(call);
    else if (place->error.code)
        kafka_fail(call, place->error.code, "partition %u of %.100s: %s", call->partition,
                   call->stream, place->error.message);
    else if (!reading->batch.count && place->needed > (size_t)reading->bytes)
        fetch_more(call, place->needed);
    else if (!reading->batch.count && !is_of_bytes(reading) && place->next > reading->asked)
        fetch_behind(call);
    else
        end_fetching(call);
}

struct call *kafka_read_records(struct backend *backend, const struct read_order *order,
                                const struct ask *ask)
{
    struct kafka_call *call = kafka_place_call_new(backend, &order->from, ask);
    struct reading *reading = calloc(1, sizeof(*reading));

    if (!call || !reading) {
        if (call)
            operation_drop(&call->operation);
        free(reading);
        return NULL;
    }
    call->data = reading;
    call->release_data = release_fetching;
    batch_init(&reading->batch, order->form, order->limit);
    reading->bytes = order->limit > FETCH_LEAST ? (int32_t)order->limit : FETCH_LEAST;
    if (is_of_bytes(reading))
        reading->bytes = 1; /* the batch that it is in, and no other */
    return kafka_call_start(call, begin_fetching);
}
