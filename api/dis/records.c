#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/dis/client.h"
#include "api/http/retry.h"
#include "base/when.h"

/*
 * Reading records: a request for a cursor and one for what follows it. The answer has a cursor to
 * go on with, which is kept: who reads on from there needs the second request alone. A batch that
 * an answer with many records leaves half empty is filled by the next answer. What was read before
 * stands, whatever comes of that.
 *
 * Numbers may have gaps. But retention may have deleted what is missing, too, since the cursor was
 * made, and whether DIS then goes on behind that is not known. So a cursor for what is missing is
 * asked for: DIS gives none from before the oldest record.
 *
 * A record that is larger than what is asked for never comes, and the answer looks as at the end of
 * the partition. Where many small records are waiting no more is asked for than the batch takes;
 * and an answer that is larger than this program takes has many, too, so that less is asked for.
 * Then what seems to be the end is not believed.
 */

/* With base64, and the names of members, an answer is below the limit of api/http/http.h; but for
 * very small records. */
#define FETCH_MOST  (11 << 20)
#define FETCH_LEAST (1 << 16)

/* An answer of at least this size that is no JSON has more values than this program takes. */
#define LARGE_ANSWER (1UL << 20)

/* An answer with fewer records is taken to be the last for now: to ask for more would mostly bring
 * nothing. */
#define MANY_RECORDS 100

/* The official Kafka adapter tries so often while a partition that was just made is not there. */
#define PARTITION_TRIES 5

struct reading {
    char *cursor;            /* of the read under way, or NULL before there is one */
    bool is_renewed;         /* a cursor that was refused was replaced */
    bool is_whole;           /* the greatest record must fit, although less was asked for before */
    int64_t fetch;           /* how many bytes are asked for */
    unsigned tries;          /* to find the partition */
    int64_t began;           /* of when_monotonic() */
    char next[DECIMAL_ROOM]; /* the least number that may come next; "" when that is not known */
    char gap[DECIMAL_ROOM];  /* the first one that was missing; "" for none */
    struct batch before_gap; /* what was read before it: a copy for batch_take_back */
};

static struct dis_kept *kept_of(const struct service_call *call)
{
    return &((struct dis *)call->service)->kept;
}

static void release_reading(void *data)
{
    struct reading *reading = data;

    free(reading->cursor);
    free(reading);
}

bool dis_pause(struct service_call *call, unsigned tries, loop_fn *then)
{
    int64_t pause = retry_pause(tries, (uint32_t)when_now());

    if (when_monotonic() + pause >= call->operation.ask.deadline)
        return false;
    timer_start(call->operation.loop, &call->operation.timer, pause, then, call);
    return true;
}

void dis_send_records(struct service_call *call, const char *cursor, int64_t fetch, take_fn *take)
{
    service_begin(call, "GET", "records");
    request_query(&call->request, "partition-cursor", cursor);
    request_query_number(&call->request, "max_fetch_bytes", fetch);
    service_send(call, take);
}

/* What came */

static int tell_no_record(struct service_call *call)
{
    return error_set(&call->operation.error, ENOENT, "partition %u of %.100s has no record %.100s",
                     call->partition, call->stream, call->sequence);
}

/* Numbers rise, and a record that had to be read already would let a checkpoint go backwards. Sees
 * whether some are missing. */
static int check_order(struct service_call *call, const char *sequence)
{
    struct reading *reading = call->data;
    int order = *reading->next ? decimal_compare(sequence, reading->next) : 0;

    if (order < 0)
        return -EBADMSG;
    if (order > 0 && !*reading->gap) {
        snprintf(reading->gap, sizeof(reading->gap), "%s", reading->next);
        reading->before_gap = *call->batch;
    }
    return 0;
}

static int add_record(struct service_call *call, const cJSON *entry)
{
    struct reading *reading = call->data;
    char sequence[DECIMAL_ROOM];
    struct record record;
    struct span key;
    int status = dis_answer_record(entry, sequence, &key, &record);

    if (!status)
        status = check_order(call, sequence);
    if (!status)
        status = decimal_add(reading->next, sequence, "1");
    if (status)
        return status;
    if (call->batch->form == RECORD_BYTES && decimal_compare(sequence, call->sequence) != 0)
        return tell_no_record(call);
    record.checkpoint = call->service->backend.checkpoint_is_next ? reading->next : sequence;
    batch_add(call->batch, &record);
    return buf_error(&call->batch->text);
}

/* Whether as much as a batch takes may be asked for next, and no more. Only small records are sure
 * to fit, and where there was but little the end is near. */
static bool is_behind(const struct batch *batch)
{
    return batch->count >= 4 && batch->bytes >= batch->limit / 2;
}

/* Keeps what is known of the place where the next record is read: a cursor, or NULL. */
static void keep_place(const struct service_call *call, const char *cursor)
{
    const struct reading *reading = call->data;
    struct dis_place place = {call->stream, call->partition, reading->next};
    struct dis_kept_item item = {cursor, is_behind(call->batch)};

    if (*reading->next && (item.cursor || item.is_behind))
        dis_kept_put(kept_of(call), &place, &item, when_monotonic());
}

/* Whatever of the records the batch has no room for is left; then the cursor does not fit, and is
 * NULL. */
static int add_records(struct service_call *call, const cJSON *records, const char **cursor)
{
    const cJSON *entry = records->child;
    int status = 0;

    for (; entry && !status && !batch_is_full(call->batch); entry = entry->next)
        status = add_record(call, entry);
    if (status)
        return status;
    if (entry)
        *cursor = NULL;
    keep_place(call, *cursor);
    return 0;
}

static int on_records_read(struct service_call *call, const cJSON *root);

static void send_reading(struct service_call *call)
{
    const struct reading *reading = call->data;

    dis_send_records(call, reading->cursor, reading->fetch, on_records_read);
}

/* Asks for less after an answer that was too large, as long as that may help. */
static bool read_less(struct service_call *call)
{
    struct reading *reading = call->data;

    if (reading->is_whole || reading->fetch <= FETCH_LEAST)
        return false;
    reading->fetch /= 2;
    send_reading(call);
    return true;
}

/* Where less was asked for than the greatest record has, nothing may mean that the next is greater.
 */
static bool read_whole(struct service_call *call)
{
    struct reading *reading = call->data;

    if (reading->fetch >= DIS_FETCH_RECORD)
        return false;
    reading->is_whole = true;
    reading->fetch = DIS_FETCH_RECORD;
    send_reading(call);
    return true;
}

/* What was read before the answer that cannot be taken is the batch. */
static int stop_reading(struct service_call *call, const struct batch *before)
{
    batch_take_back(call->batch, before);
    call->operation.error = (struct error){0};
    return TAKEN_ALL;
}

/* A bit less than there is room for, for DIS may count no keys: what is left behind is read twice,
 * and needs another cursor. */
static int64_t fetch_for(size_t room)
{
    int64_t most = (int64_t)(room - room / 8);

    return most < FETCH_MOST ? most : FETCH_MOST;
}

/* Asks for more, when many came and as many again have room: it takes fewer commits. */
static bool read_on(struct service_call *call, const struct batch *before, const char *cursor)
{
    struct reading *reading = call->data;
    const struct batch *batch = call->batch;

    if (!cursor || batch->count < before->count + MANY_RECORDS || !batch_may_grow(batch, before) ||
        when_monotonic() - reading->began > BATCH_FILL_MS)
        return false;
    free(reading->cursor);
    reading->cursor = strdup(cursor);
    if (!reading->cursor)
        return false;
    reading->fetch = fetch_for(batch->limit - batch->bytes);
    send_reading(call);
    return true;
}

/* The record to begin with is not there, or not any more: says which it is. */
static void tell_place(const struct service_call *call, struct error *error)
{
    char said[sizeof(error->message)];

    snprintf(said, sizeof(said), "%s", error->message);
    snprintf(error->message, sizeof(error->message),
             "partition %u of %.60s cannot be read from record %.40s on: %.200s", call->partition,
             call->stream, call->sequence, said);
    if (call->batch->form == RECORD_BYTES)
        error->code = ENOENT;
}

/* An error that means something else than DIS says. A cursor that is none is not the user's. */
static bool fail_reading(struct service_call *call, const struct error *error)
{
    struct error *own = &call->operation.error;

    *own = *error;
    if (error->code == ERANGE && call->cursor == CURSOR_AT)
        tell_place(call, own);
    else if (error->code == EINVAL && dis_is_cursor_refused(error))
        own->code = EBADMSG;
    service_end_soon(call);
    return true;
}

/* Records may be gone. Those before stand, and the next batch begins with the gap. */
static bool recover_gap(struct service_call *call, const struct error *error)
{
    const struct reading *reading = call->data;

    if (!reading->before_gap.count)
        return fail_reading(call, error);
    batch_take_back(call->batch, &reading->before_gap);
    service_end_soon(call);
    return true;
}

static int on_cursor_in_gap(struct service_call *call, const cJSON *root)
{
    const struct reading *reading = call->data;
    const char *cursor;
    int status = dis_answer_cursor(root, &cursor);

    return status && reading->before_gap.count ? stop_reading(call, &reading->before_gap) : status;
}

static int check_gap(struct service_call *call)
{
    const struct reading *reading = call->data;

    call->cursor = CURSOR_AT;
    snprintf(call->sequence, sizeof(call->sequence), "%s", reading->gap);
    call->recover = recover_gap;
    dis_send_cursor(call, on_cursor_in_gap);
    return TAKEN_PART;
}

static int take_records(struct service_call *call, const cJSON *root)
{
    const struct reading *reading = call->data;
    struct batch before = *call->batch;
    const cJSON *records;
    const char *cursor;
    int status = dis_answer_records(root, &records, &cursor);

    if (!status && !records->child && !before.count && read_whole(call))
        return TAKEN_PART;
    if (!status)
        status = add_records(call, records, &cursor);
    if (!status && *reading->gap)
        return check_gap(call);
    if (!status && read_on(call, &before, cursor))
        return TAKEN_PART;
    if (!status && call->batch->form == RECORD_BYTES && !call->batch->count)
        status = tell_no_record(call);
    if (status && before.count)
        return stop_reading(call, &before);
    return status;
}

static int on_records_read(struct service_call *call, const cJSON *root)
{
    if (!root && call->answer->size >= LARGE_ANSWER && !call->batch->count && read_less(call))
        return TAKEN_PART;
    return take_records(call, root);
}

/* Getting there */

static int on_cursor_to_read(struct service_call *call, const cJSON *root)
{
    struct reading *reading = call->data;
    const char *cursor;
    int status = dis_answer_cursor(root, &cursor);

    if (status)
        return status;
    reading->cursor = strdup(cursor);
    if (!reading->cursor)
        return -ENOMEM;
    keep_place(call, cursor);
    send_reading(call);
    return TAKEN_PART;
}

static void send_step(void *user)
{
    struct service_call *call = user;
    const struct reading *reading = call->data;

    if (reading->cursor)
        send_reading(call);
    else
        dis_send_cursor(call, on_cursor_to_read);
}

static bool renew_cursor(struct service_call *call)
{
    struct reading *reading = call->data;

    if (reading->is_renewed)
        return false;
    reading->is_renewed = true;
    free(reading->cursor);
    reading->cursor = NULL;
    send_step(call);
    return true;
}

static bool wait_for_partition(struct service_call *call)
{
    struct reading *reading = call->data;

    return ++reading->tries < PARTITION_TRIES && dis_pause(call, reading->tries, send_step);
}

static bool recover_reading(struct service_call *call, const struct error *error)
{
    const struct reading *reading = call->data;

    if (call->batch->count) {
        service_end_soon(call);
        return true;
    }
    if (dis_recover_time(call, error)) {
        send_step(call);
        return true;
    }
    if (reading->cursor && dis_is_cursor_refused(error) && renew_cursor(call))
        return true;
    if (dis_is_without_partition(error) && wait_for_partition(call))
        return true;
    if (reading->cursor && error->code == EBADMSG && !error->http_status && read_less(call))
        return true;
    return fail_reading(call, error);
}

/* What follows a record begins with the next number, or after it: so it is found also when the
 * record itself is the last one that was deleted, where DIS knows no cursor after it. */
static int begin_after(struct service_call *call)
{
    if (call->cursor != CURSOR_AFTER)
        return 0;
    call->cursor = CURSOR_AT;
    return decimal_add(call->sequence, call->sequence, "1");
}

static void choose_fetch(const struct service_call *call, struct reading *reading, bool is_behind)
{
    reading->fetch = fetch_for(call->batch->limit);
    if (call->batch->form == RECORD_BYTES || (!is_behind && reading->fetch < DIS_FETCH_RECORD))
        reading->fetch = DIS_FETCH_RECORD;
}

/* Begins with what is known of the place. Without memory for the cursor another is asked for, which
 * says so. */
static int begin_reading(struct service_call *call, struct reading *reading)
{
    struct dis_place place = {call->stream, call->partition, reading->next};
    struct dis_kept_item item = {0};
    int status = begin_after(call);

    if (!status && call->cursor == CURSOR_AT)
        status = decimal_normalize(reading->next, call->sequence);
    if (status)
        return status;
    if (*reading->next)
        item = dis_kept_find(kept_of(call), &place, when_monotonic());
    reading->cursor = item.cursor ? strdup(item.cursor) : NULL;
    reading->began = when_monotonic();
    choose_fetch(call, reading, item.is_behind);
    return 0;
}

struct call *dis_read_records(struct backend *backend, const struct read_order *order,
                              const struct ask *ask)
{
    struct service_call *call = service_read_call_new(backend, order, ask);
    struct reading *reading = calloc(1, sizeof(*reading));

    if (!call || !reading) {
        free(reading);
        return call ? service_refuse(call, ENOMEM, "no memory") : NULL;
    }
    call->data = reading;
    call->release_data = release_reading;
    call->recover = recover_reading;
    dis_settle_time(call);
    if (begin_reading(call, reading))
        return service_refuse(call, EINVAL, "no record has a number to read on from");
    send_step(call);
    return &call->operation.call;
}
