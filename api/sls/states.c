#include "api/sls/states.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "api/sls/answer.h"
#include "api/sls/cursor.h"
#include "api/sls/error.h"
#include "api/sls/request.h"
#include "api/status.h"
#include "base/when.h"

/* All shards. A group's answer lists every shard of its logstore. Whether it does so right after
 * the group was made is not verified, so after an empty answer the logstore is asked. */

static struct service_call *new_table_call(struct backend *backend, const char *app,
                                           const char *stream, uint32_t partition,
                                           const struct ask *ask)
{
    struct service_call *call = service_call_new(backend, app, stream, partition, ask);

    if (!call)
        return NULL;
    call->table = table_new();
    if (!call->table)
        service_refuse(call, ENOMEM, "no memory");
    return call;
}

static int on_shards(struct service_call *call, const cJSON *root)
{
    return sls_answer_shards(root, call->table);
}

static int on_checkpoints(struct service_call *call, const cJSON *root)
{
    int status = sls_answer_checkpoints(root, call->table);

    if (status || table_count(call->table))
        return status;
    sls_begin_logstore(call, "GET", "shards");
    service_send(call, on_shards);
    return TAKEN_PART;
}

static struct call *sls_send_states(struct service_call *call)
{
    if (!call || call->operation.error.code)
        return call ? &call->operation.call : NULL;
    call->recover = sls_recover_without_shard;
    if (call->has_app) {
        sls_begin_group(call, "GET");
        service_send(call, on_checkpoints);
    } else {
        sls_begin_logstore(call, "GET", "shards");
        service_send(call, on_shards);
    }
    return &call->operation.call;
}

struct call *sls_ask_states(struct sls *sls, const char *app, const char *stream,
                            const struct ask *ask)
{
    return sls_send_states(new_table_call(&sls->service.backend, app, stream, 0, ask));
}

struct call *sls_get_states(struct backend *backend, const char *app, const char *stream,
                            const struct ask *ask)
{
    return sls_send_states(new_table_call(backend, app, stream, 0, ask));
}

/*
 * One shard. Its state comes from several requests: the group has the checkpoint, the logstore says
 * whether there is such a shard and whether it can be written to, the bounds are the cursors of its
 * ends, and the time is that of the checkpoint's cursor. Only the requests that are needed are
 * sent.
 */
enum need {
    NEED_CHECKPOINT = 1 << 0,
    NEED_SHARD = 1 << 1,
    NEED_LATEST = 1 << 2,
    NEED_EARLIEST = 1 << 3,
    NEED_TIME = 1 << 4,
};

#define DETAILS_MAX 1024

struct partition_query {
    unsigned needs;
    struct table *shards;
    char latest[DECIMAL_ROOM];
    char earliest[DECIMAL_ROOM];
    struct buf details;
};

static const unsigned needs_of_stream[] = {
    [DETAIL_NONE] = NEED_SHARD,
    [DETAIL_EARLIEST] = NEED_EARLIEST,
    [DETAIL_LATEST] = NEED_LATEST,
    [DETAIL_LAG] = NEED_LATEST | NEED_EARLIEST,
    [DETAIL_ALL] = NEED_SHARD | NEED_LATEST | NEED_EARLIEST,
};

static const unsigned needs_of_app[] = {
    [DETAIL_NONE] = NEED_CHECKPOINT,
    [DETAIL_EARLIEST] = NEED_CHECKPOINT | NEED_EARLIEST,
    [DETAIL_LATEST] = NEED_CHECKPOINT | NEED_LATEST,
    [DETAIL_LAG] = NEED_CHECKPOINT | NEED_LATEST,
    [DETAIL_ALL] = NEED_CHECKPOINT | NEED_SHARD | NEED_LATEST | NEED_EARLIEST,
};

static void release_query(void *data)
{
    struct partition_query *query = data;

    table_drop(query->shards);
    buf_release(&query->details);
    free(query);
}

static int send_next(struct service_call *call);

/* The decimal stays a text: it may have more digits than a reader of JSON keeps. */
static int set_details(struct service_call *call, int64_t cursor_time)
{
    struct partition_query *query = call->data;
    const char *sequence = call->state.sequence;
    cJSON *object = cJSON_CreateObject();
    char decimal[DECIMAL_ROOM];
    bool known = sequence && !sls_cursor_decode(sequence, decimal);
    int status = -ENOMEM;

    buf_reset(&query->details);
    if (json_add_text(object, "decimal", known ? decimal : NULL) &&
        json_add_time(object, "cursor_time", cursor_time) &&
        json_add_time(object, "update_time", call->state.committed))
        status = json_print(object, &query->details);
    cJSON_Delete(object);
    call->state.details = query->details.data;
    return status;
}

/* The group may not list a shard that is there. */
static int on_shard_checkpoint(struct service_call *call, const cJSON *root)
{
    struct partition_query *query = call->data;
    int status = sls_answer_checkpoints(root, call->table);

    if (status)
        return status;
    if (table_find(call->table, call->partition, &call->state))
        query->needs |= NEED_SHARD;
    if (call->detail == DETAIL_ALL)
        status = set_details(call, WHEN_UNKNOWN);
    if (call->detail == DETAIL_ALL && call->state.sequence)
        query->needs |= NEED_TIME;
    return status ? status : send_next(call);
}

static void add_shard(struct service_call *call, const struct partition_query *query)
{
    struct state state;

    if (table_find(query->shards, call->partition, &state))
        error_set(&call->operation.error, ENOENT, "the logstore %s has no shard %u", call->stream,
                  call->partition);
    else
        call->state.status = state.status;
}

static int on_shard_list(struct service_call *call, const cJSON *root)
{
    struct partition_query *query = call->data;
    int status;

    query->shards = table_new();
    status = query->shards ? sls_answer_shards(root, query->shards) : -ENOMEM;
    if (!status)
        add_shard(call, query);
    if (call->operation.error.code)
        return -call->operation.error.code;
    return status ? status : send_next(call);
}

static int parse_bound(const cJSON *root, char bound[static DECIMAL_ROOM])
{
    const char *cursor;
    int status = sls_answer_cursor(root, &cursor);

    return status ? status : sls_cursor_decode(cursor, bound);
}

/* A lag counts no more than is kept; at the end nobody needs to know how much that is. */
static bool is_lag_open(const struct service_call *call)
{
    char lag[DECIMAL_ROOM];

    return status_lag(&call->service->backend, &call->state, lag) != 0;
}

static int on_latest(struct service_call *call, const cJSON *root)
{
    struct partition_query *query = call->data;
    int status = parse_bound(root, query->latest);

    call->state.latest = query->latest;
    if (!status && call->detail == DETAIL_LAG && is_lag_open(call))
        query->needs |= NEED_EARLIEST;
    return status ? status : send_next(call);
}

static int on_earliest(struct service_call *call, const cJSON *root)
{
    struct partition_query *query = call->data;
    int status = parse_bound(root, query->earliest);

    call->state.earliest = query->earliest;
    return status ? status : send_next(call);
}

static int on_cursor_time(struct service_call *call, const cJSON *root)
{
    int64_t when;
    int status = sls_answer_cursor_time(root, &when);

    if (status)
        return status;
    call->recover = NULL;
    status = set_details(call, when);
    return status ? status : send_next(call);
}

static void go_on_without(struct service_call *call)
{
    call->recover = NULL;
    if (send_next(call) == TAKEN_ALL)
        service_end_soon(call);
}

/* All that is known can be told without bounds and time, which one action gives. */
static bool recover_cursor(struct service_call *call, const struct error *error)
{
    struct partition_query *query = call->data;

    if (call->detail != DETAIL_ALL || !sls_is_not_allowed(error))
        return false;
    query->needs = 0;
    go_on_without(call);
    return true;
}

/* The record is no longer kept, or not yet written, or the checkpoint is no cursor. */
static bool recover_cursor_time(struct service_call *call, const struct error *error)
{
    if (error->code != ERANGE && error->code != EINVAL)
        return recover_cursor(call, error);
    go_on_without(call);
    return true;
}

static void send_cursor_time(struct service_call *call)
{
    call->recover = recover_cursor_time;
    sls_begin_shard(call);
    request_query(&call->request, "type", "cursor_time");
    request_query(&call->request, "cursor", call->state.sequence);
    service_send(call, on_cursor_time);
}

static void send_bound(struct service_call *call, const char *from, take_fn *take)
{
    call->recover = recover_cursor;
    sls_begin_cursor(call, from);
    service_send(call, take);
}

static bool drop_need(struct partition_query *query, enum need need)
{
    bool needed = query->needs & need;

    query->needs &= ~(unsigned)need;
    return needed;
}

/* Sends what is needed next. */
static int send_next(struct service_call *call)
{
    struct partition_query *query = call->data;

    if (drop_need(query, NEED_CHECKPOINT)) {
        sls_begin_group(call, "GET");
        request_query_number(&call->request, "shard", call->partition);
        service_send(call, on_shard_checkpoint);
    } else if (drop_need(query, NEED_SHARD)) {
        sls_begin_logstore(call, "GET", "shards");
        service_send(call, on_shard_list);
    } else if (drop_need(query, NEED_LATEST)) {
        send_bound(call, "end", on_latest);
    } else if (drop_need(query, NEED_EARLIEST)) {
        send_bound(call, "begin", on_earliest);
    } else if (drop_need(query, NEED_TIME)) {
        send_cursor_time(call);
    } else {
        return TAKEN_ALL;
    }
    return TAKEN_PART;
}

struct call *sls_get_state(struct backend *backend, const char *app, const char *stream,
                           uint32_t partition, enum detail detail, const struct ask *ask)
{
    struct service_call *call = new_table_call(backend, app, stream, partition, ask);
    struct partition_query *query = call ? calloc(1, sizeof(*query)) : NULL;

    if (!call || call->operation.error.code) {
        free(query);
        return call ? &call->operation.call : NULL;
    }
    if (!query)
        return service_refuse(call, ENOMEM, "no memory");
    call->detail = detail;
    query->needs = app ? needs_of_app[detail] : needs_of_stream[detail];
    buf_init(&query->details, DETAILS_MAX);
    call->data = query;
    call->release_data = release_query;
    send_next(call);
    return &call->operation.call;
}
