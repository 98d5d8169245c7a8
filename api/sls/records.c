#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/sls/answer.h"
#include "api/sls/client.h"
#include "api/sls/cursor.h"
#include "api/sls/pulled.h"
#include "api/sls/request.h"
#include "base/when.h"

/* The most log groups that SLS gives at once. */
#define GROUPS_MAX 1000U

/* For so long a shard that was read to its end is taken to be what the logstore said. */
#define LISTED_FOR_END_MS 60000

struct sls_shard *sls_shard_of(const struct service_call *call)
{
    struct sls *sls = (struct sls *)call->service;

    return sls_shard_find(&sls->shards, call->stream, call->partition);
}

int sls_note_shards(const struct service_call *call, const cJSON *root)
{
    struct sls *sls = (struct sls *)call->service;

    return sls_shards_note(&sls->shards, call->stream, call->partition, root);
}

/*
 * Reading. A batch is cut between log groups: a checkpoint cannot stand within a group, so one that
 * was cut there would be begun again for ever. It is filled by one answer to PullLogs after the
 * other, as long as each has all that was asked for: what is read at once saves its commit. What
 * has been read stands, whatever comes of reading on.
 */
struct reading {
    char cursor[SEQUENCE_MAX + 1];
    bool is_readonly; /* the shard was, before the request under way was sent */
    int64_t began;    /* of when_monotonic() */
};

static void send_pull(struct service_call *call);

/* Whether a position was given, so that no group behind it may be passed over. */
static bool has_position(const struct service_call *call)
{
    return call->cursor == CURSOR_AT || call->cursor == CURSOR_AFTER;
}

/* SLS may go on at the oldest group that is kept, when those at the position are not. */
static int check_begin(struct service_call *call, const struct pulled *pulled)
{
    const struct reading *reading = call->data;
    char asked[DECIMAL_ROOM];

    if (!has_position(call) || !*pulled->first || sls_cursor_decode(reading->cursor, asked) ||
        decimal_compare(pulled->first, asked) <= 0)
        return 0;
    return error_set(&call->operation.error, ERANGE,
                     "the log group %.100s is kept no more: the oldest is %.100s", asked,
                     pulled->first);
}

/* The end of a shard that takes no more records. Only what was known before the answer was asked
 * for counts: records may have come before the shard became so. */

static int on_listed(struct service_call *call, const cJSON *root)
{
    if (sls_note_shards(call, root) || !sls_shard_of(call)->is_readonly)
        return TAKEN_ALL;
    send_pull(call);
    return TAKEN_PART;
}

/* All that is known can be told without. */
static bool recover_without_list(struct service_call *call, const struct error *error)
{
    (void)error;
    sls_shard_of(call)->listed = when_monotonic();
    service_end_soon(call);
    return true;
}

static int take_end(struct service_call *call)
{
    const struct reading *reading = call->data;

    if (call->batch->count)
        return TAKEN_ALL;
    call->batch->is_finished = reading->is_readonly;
    if (reading->is_readonly || sls_shard_is_fresh(sls_shard_of(call), LISTED_FOR_END_MS))
        return TAKEN_ALL;
    call->recover = recover_without_list;
    sls_begin_logstore(call, "GET", "shards");
    service_send(call, on_listed);
    return TAKEN_PART;
}

/* Records */

/* Asks for more at once when twice as much would fit, and for less when some must be had again. */
static void adapt_groups(const struct service_call *call, const struct pulled *pulled, size_t added)
{
    struct sls_shard *shard = sls_shard_of(call);

    if (added < pulled->groups)
        shard->groups = shard->groups / 2 ? shard->groups / 2 : 1;
    else if (added == shard->groups && pulled->raw_size <= call->batch->limit / 2)
        shard->groups = shard->groups * 2 < GROUPS_MAX ? shard->groups * 2 : GROUPS_MAX;
}

/* Asks for fewer. */
static int take_less(struct service_call *call)
{
    struct sls_shard *shard = sls_shard_of(call);

    if (shard->groups == 1)
        return error_set(&call->operation.error, EFBIG,
                         "the log group is larger than this program takes, %lu MiB",
                         PULLED_RAW_MAX >> 20);
    shard->groups = shard->groups / 4 ? shard->groups / 4 : 1;
    send_pull(call);
    return TAKEN_PART;
}

/* For an answer of up to twice as much; and time. */
static bool has_room(const struct service_call *call, const struct pulled *pulled)
{
    const struct reading *reading = call->data;
    const struct batch *batch = call->batch;

    return !batch_is_full(batch) && batch->bytes + 2 * pulled->raw_size <= batch->limit &&
           when_monotonic() - reading->began <= BATCH_FILL_MS;
}

static int pull_on(struct service_call *call, const struct pulled *pulled)
{
    struct reading *reading = call->data;

    snprintf(reading->cursor, sizeof(reading->cursor), "%s", pulled->next);
    send_pull(call);
    return TAKEN_PART;
}

/* Log groups without logs are nothing to show; there may be more behind them. */
static int take_groups(struct service_call *call, const struct pulled *pulled, const char **wrong)
{
    bool has_all_asked = pulled->groups >= sls_shard_of(call)->groups;
    size_t added;
    int status = pulled_print(pulled, call->batch, &added, wrong);

    if (status == -EFBIG)
        return error_set(&call->operation.error, EFBIG,
                         "the log group %.100s is more than a batch of records holds",
                         pulled->first);
    if (status)
        return status;
    adapt_groups(call, pulled, added);
    if (call->batch->count && !(has_all_asked && added == pulled->groups && has_room(call, pulled)))
        return TAKEN_ALL;
    return pull_on(call, pulled);
}

static int take_pulled(struct service_call *call, struct pulled *pulled, const char **wrong)
{
    const struct span body = {call->answer->body, call->answer->size};
    int status = pulled_unpack(pulled, &body, wrong);

    if (status == -EFBIG)
        status = take_less(call);
    else if (!status)
        status = check_begin(call, pulled);
    if (status)
        return status;
    return pulled->groups ? take_groups(call, pulled, wrong) : take_end(call);
}

static const char *header_of(const void *answer, const char *name)
{
    return http_header(answer, name);
}

/* The next batch begins where this one fails, and is told why. */
static int stop_pulling(struct service_call *call, const struct batch *before)
{
    batch_take_back(call->batch, before);
    call->operation.error = (struct error){0};
    return TAKEN_ALL;
}

static int on_pulled(struct service_call *call, const cJSON *root)
{
    struct batch before = *call->batch;
    struct pulled pulled;
    const char *wrong = NULL;
    int status = pulled_read(&pulled, header_of, call->answer, &wrong);

    (void)root;
    if (!status)
        status = take_pulled(call, &pulled, &wrong);
    pulled_release(&pulled);
    if (status < 0 && before.count)
        return stop_pulling(call, &before);
    if (wrong)
        error_set(&call->operation.error, EBADMSG, "the answer of PullLogs %s", wrong);
    return status;
}

static bool recover_pull(struct service_call *call, const struct error *error)
{
    if (error->code != EFBIG && !call->batch->count)
        return false;
    if (call->batch->count || take_less(call) != TAKEN_PART)
        service_end_soon(call);
    return true;
}

static void send_pull(struct service_call *call)
{
    struct reading *reading = call->data;
    const struct sls_shard *shard = sls_shard_of(call);

    reading->is_readonly = shard->is_readonly && sls_shard_is_fresh(shard, LISTED_FOR_END_MS);
    call->recover = recover_pull;
    sls_begin_pull(call, reading->cursor, shard->groups);
    service_send(call, on_pulled);
}

static int on_first_cursor(struct service_call *call, const cJSON *root)
{
    struct reading *reading = call->data;
    const char *cursor;
    int status = sls_answer_cursor(root, &cursor);

    if (status)
        return status;
    snprintf(reading->cursor, sizeof(reading->cursor), "%s", cursor);
    send_pull(call);
    return TAKEN_PART;
}

static void send_read(struct service_call *call)
{
    struct reading *reading = call->data;

    if (!has_position(call))
        sls_send_cursor(call, on_first_cursor);
    else if (sls_make_cursor(call, reading->cursor))
        service_end_soon(call);
    else
        send_pull(call);
}

struct call *sls_read_records(struct backend *backend, const struct read_order *order,
                              const struct ask *ask)
{
    struct service_call *call = service_read_call_new(backend, order, ask);
    struct reading *reading = call ? calloc(1, sizeof(*reading)) : NULL;

    if (!call)
        return NULL;
    if (!reading)
        return service_refuse(call, ENOMEM, "no memory");
    call->data = reading;
    call->release_data = free;
    reading->began = when_monotonic();
    send_read(call);
    return &call->operation.call;
}
