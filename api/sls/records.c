#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lz4.h>

#include "api/sls/answer.h"
#include "api/sls/client.h"
#include "api/sls/cursor.h"
#include "api/sls/loggroup.h"
#include "api/sls/pulled.h"
#include "api/sls/request.h"
#include "base/when.h"

/* The most log groups that SLS gives at once. */
#define GROUPS_MAX 1000U

/* For so long a shard is taken to be what the logstore said: when it has been read to its end, and
 * when its records are to be written to. */
#define LISTED_FOR_END_MS   60000
#define LISTED_FOR_WRITE_MS 10000

static struct sls_shard *shard_of(const struct service_call *call)
{
    struct sls *sls = (struct sls *)call->service;

    return sls_shard_find(&sls->shards, call->stream, call->partition);
}

static int note_shards(const struct service_call *call, const cJSON *root)
{
    struct sls *sls = (struct sls *)call->service;

    return sls_shards_note(&sls->shards, call->stream, call->partition, root);
}

/*
 * Reading. A batch is one answer to PullLogs, cut between log groups: a checkpoint cannot stand
 * within a group, so one that was cut there would be begun again for ever.
 */
struct reading {
    char cursor[SEQUENCE_MAX + 1];
    bool is_readonly; /* the shard was, before the request under way was sent */
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
    if (note_shards(call, root) || !shard_of(call)->is_readonly)
        return TAKEN_ALL;
    send_pull(call);
    return TAKEN_PART;
}

/* All that is known can be told without. */
static bool recover_without_list(struct service_call *call, const struct error *error)
{
    (void)error;
    shard_of(call)->listed = when_monotonic();
    service_end_soon(call);
    return true;
}

static int take_end(struct service_call *call)
{
    const struct reading *reading = call->data;

    call->batch->is_finished = reading->is_readonly;
    if (reading->is_readonly || sls_shard_is_fresh(shard_of(call), LISTED_FOR_END_MS))
        return TAKEN_ALL;
    call->recover = recover_without_list;
    sls_begin_logstore(call, "GET", "shards");
    service_send(call, on_listed);
    return TAKEN_PART;
}

/* Records */

/* Asks for more at once when all fits, and for less when some must be had again. */
static void adapt_groups(const struct service_call *call, const struct pulled *pulled, size_t added)
{
    struct sls_shard *shard = shard_of(call);

    if (added < pulled->groups)
        shard->groups = shard->groups / 2 ? shard->groups / 2 : 1;
    else if (added == shard->groups && !batch_is_full(call->batch))
        shard->groups = shard->groups * 2 < GROUPS_MAX ? shard->groups * 2 : GROUPS_MAX;
}

/* Asks for fewer. */
static int take_less(struct service_call *call)
{
    struct sls_shard *shard = shard_of(call);

    if (shard->groups == 1)
        return error_set(&call->operation.error, EFBIG,
                         "the log group is larger than this program takes, %lu MiB",
                         PULLED_RAW_MAX >> 20);
    shard->groups = shard->groups / 4 ? shard->groups / 4 : 1;
    send_pull(call);
    return TAKEN_PART;
}

/* Log groups without logs are nothing to show; there may be more behind them. */
static int take_groups(struct service_call *call, const struct pulled *pulled, const char **wrong)
{
    struct reading *reading = call->data;
    size_t added;
    int status = pulled_print(pulled, call->batch, &added, wrong);

    if (status == -EFBIG)
        return error_set(&call->operation.error, EFBIG,
                         "the log group %.100s is more than a batch of records holds",
                         pulled->first);
    if (status)
        return status;
    adapt_groups(call, pulled, added);
    if (call->batch->count)
        return TAKEN_ALL;
    snprintf(reading->cursor, sizeof(reading->cursor), "%s", pulled->next);
    send_pull(call);
    return TAKEN_PART;
}

static int take_pulled(struct service_call *call, struct pulled *pulled, const char **wrong)
{
    const struct span body = {call->answer->body, call->answer->size};
    int status = pulled_unpack(pulled, &body, wrong);

    if (status == -EFBIG)
        return take_less(call);
    if (!status)
        status = check_begin(call, pulled);
    if (status)
        return status;
    return pulled->groups ? take_groups(call, pulled, wrong) : take_end(call);
}

static const char *header_of(const void *answer, const char *name)
{
    return http_header(answer, name);
}

static int on_pulled(struct service_call *call, const cJSON *root)
{
    struct pulled pulled;
    const char *wrong = NULL;
    int status = pulled_read(&pulled, header_of, call->answer, &wrong);

    (void)root;
    if (!status)
        status = take_pulled(call, &pulled, &wrong);
    pulled_release(&pulled);
    if (wrong)
        error_set(&call->operation.error, EBADMSG, "the answer of PullLogs %s", wrong);
    return status;
}

static bool recover_pull(struct service_call *call, const struct error *error)
{
    if (error->code != EFBIG)
        return false;
    if (take_less(call) != TAKEN_PART)
        service_end_soon(call);
    return true;
}

static void send_pull(struct service_call *call)
{
    struct reading *reading = call->data;
    const struct sls_shard *shard = shard_of(call);

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
    send_read(call);
    return &call->operation.call;
}

/*
 * Appending. The records become logs, one field each, and those are sent in as few log groups as
 * the limits of PutLogs allow, one after another. Which shard a log group goes to, its hash key
 * decides: the shard's first one is always its own.
 */

/* The limits of a log group; today's are higher, but these hold in all editions. */
#define GROUP_BYTES_MAX 3000000UL
#define GROUP_LOGS_MAX  4096U

#define FIELD "content"

struct appending {
    struct buf logs; /* all of them, as one group */
    size_t sent;     /* bytes of those, with the request under way */
    size_t stored;   /* logs, without it */
    size_t sending;  /* logs of it */
    size_t count;
    char raw_size[24]; /* bytes of it, before compression */
};

static void release_appending(void *data)
{
    struct appending *appending = data;

    buf_release(&appending->logs);
    free(appending);
}

static int write_logs(struct appending *appending, const struct append_order *order, int64_t time)
{
    size_t most = 0;

    for (size_t i = 0; i < order->count; i++)
        most += order->records[i].size + 64;
    buf_init(&appending->logs, most);
    for (size_t i = 0; i < order->count; i++) {
        const struct loggroup_pair content = {{FIELD, strlen(FIELD)}, order->records[i]};

        loggroup_add(&appending->logs, time, &content);
    }
    appending->count = order->count;
    return buf_error(&appending->logs);
}

static void add_compressed(struct service_call *call, const char *raw, size_t size)
{
    struct appending *appending = call->data;
    int room = LZ4_compressBound((int)size);
    char *bytes = malloc((size_t)room);
    int packed = bytes ? LZ4_compress_default(raw, bytes, (int)size, room) : 0;

    snprintf(appending->raw_size, sizeof(appending->raw_size), "%zu", size);
    request_add_header(&call->request, SLS_RAW_SIZE, appending->raw_size);
    request_add_header(&call->request, "x-log-compresstype", "lz4");
    request_bytes(&call->request, "application/x-protobuf", bytes, (size_t)packed);
}

static void send_group(struct service_call *call);

static int on_put(struct service_call *call, const cJSON *root)
{
    struct appending *appending = call->data;
    int status = service_take_empty(call, root);

    if (status)
        return status;
    appending->stored += appending->sending;
    if (appending->stored == appending->count)
        return TAKEN_ALL;
    send_group(call);
    return TAKEN_PART;
}

/* An error after some were stored tells how many. */
static bool recover_put(struct service_call *call, const struct error *error)
{
    const struct appending *appending = call->data;

    if (!appending->stored)
        return false;
    call->operation.error = *error;
    snprintf(call->operation.error.message, sizeof(call->operation.error.message),
             "the first %zu of %zu records are stored, then: %.250s", appending->stored,
             appending->count, error->message);
    service_end_soon(call);
    return true;
}

static void send_group(struct service_call *call)
{
    struct appending *appending = call->data;
    const char *from = appending->logs.data + appending->sent;
    const struct span rest = {from, appending->logs.size - appending->sent};
    size_t size = loggroup_cut(&rest, GROUP_BYTES_MAX, GROUP_LOGS_MAX, &appending->sending);

    sls_begin_put(call, shard_of(call)->begin_key);
    add_compressed(call, from, size);
    appending->sent += size;
    call->recover = recover_put;
    service_send(call, on_put);
}

/* Whether the shard takes records; else the call's error is set. */
static int check_writable(struct service_call *call)
{
    const struct sls_shard *shard = shard_of(call);

    if (shard->is_readonly)
        return error_set(&call->operation.error, EPERM,
                         "the shard %u is readonly, after a split or a merge: it takes no records",
                         call->partition);
    if (!*shard->begin_key)
        return error_set(&call->operation.error, EBADMSG,
                         "the logstore does not tell which hash keys the shard %u has",
                         call->partition);
    return 0;
}

static int on_writable(struct service_call *call, const cJSON *root)
{
    int status = note_shards(call, root);

    if (status == -ENOENT)
        return error_set(&call->operation.error, ENOENT, "the logstore %.100s has no shard %u",
                         call->stream, call->partition);
    if (!status)
        status = check_writable(call);
    if (status)
        return status;
    send_group(call);
    return TAKEN_PART;
}

static void send_append(struct service_call *call)
{
    if (!sls_shard_is_fresh(shard_of(call), LISTED_FOR_WRITE_MS)) {
        sls_begin_logstore(call, "GET", "shards");
        service_send(call, on_writable);
    } else if (check_writable(call)) {
        service_end_soon(call);
    } else {
        send_group(call);
    }
}

struct call *sls_append_records(struct backend *backend, const struct append_order *order,
                                const struct ask *ask)
{
    struct service_call *call =
        service_call_new(backend, NULL, order->stream, order->partition, ask);
    struct appending *appending = call ? calloc(1, sizeof(*appending)) : NULL;

    if (!call)
        return NULL;
    if (!appending)
        return service_refuse(call, ENOMEM, "no memory");
    call->data = appending;
    call->release_data = release_appending;
    if (write_logs(appending, order, http_now(call->service->http)))
        return service_refuse(call, ENOMEM, "no memory");
    if (order->count)
        send_append(call);
    else
        service_end_soon(call);
    return &call->operation.call;
}
