#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lz4.h>

#include "api/sls/client.h"
#include "api/sls/loggroup.h"
#include "api/sls/request.h"

/*
 * Appending. The records become logs, one field each, and those are sent in as few log groups as
 * the limits of PutLogs allow, one after another. Which shard a log group goes to, its hash key
 * decides: the shard's first one is always its own.
 */

/* For so long a shard is taken to be writable if the logstore said so. */
#define LISTED_FOR_WRITE_MS 10000

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
    char key[SLS_KEY_ROOM]; /* the first hash key of the shard */
    char raw_size[24];      /* bytes of it, before compression */
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
    /* Given up from here on, what is stored stays. */
    call->is_unknown = true;
    if (appending->stored == appending->count)
        return TAKEN_ALL;
    send_group(call);
    return TAKEN_PART;
}

/* Says how many records are stored, for who sent more than one. */
static bool recover_put(struct service_call *call, const struct error *error)
{
    const struct appending *appending = call->data;
    struct error *own = &call->operation.error;

    call->is_unknown = error->is_unknown;
    if (appending->count == 1)
        return false;
    *own = *error;
    snprintf(own->message, sizeof(own->message), "%s%zu of %zu records are stored: %.300s",
             error->is_unknown ? "at least " : "", appending->stored, appending->count,
             error->message);
    service_end_soon(call);
    return true;
}

static void send_group(struct service_call *call)
{
    struct appending *appending = call->data;
    const char *from = appending->logs.data + appending->sent;
    const struct span rest = {from, appending->logs.size - appending->sent};
    size_t size = loggroup_cut(&rest, GROUP_BYTES_MAX, GROUP_LOGS_MAX, &appending->sending);

    sls_begin_put(call, appending->key);
    add_compressed(call, from, size);
    appending->sent += size;
    call->recover = recover_put;
    service_send(call, on_put);
}

/* Takes the shard's key, if it takes records; else the call's error is set. */
static int take_key(struct service_call *call)
{
    struct appending *appending = call->data;
    const struct sls_shard *shard = sls_shard_of(call);

    if (shard->is_readonly)
        return error_set(&call->operation.error, EPERM,
                         "the shard %u is readonly, after a split or a merge: it takes no records",
                         call->partition);
    if (!*shard->begin_key)
        return error_set(&call->operation.error, EBADMSG,
                         "the logstore does not tell which hash keys the shard %u has",
                         call->partition);
    snprintf(appending->key, sizeof(appending->key), "%s", shard->begin_key);
    return 0;
}

static int on_writable(struct service_call *call, const cJSON *root)
{
    int status = sls_note_shards(call, root);

    if (status == -ENOENT)
        return error_set(&call->operation.error, ENOENT, "the logstore %.100s has no shard %u",
                         call->stream, call->partition);
    if (!status)
        status = take_key(call);
    if (status)
        return status;
    send_group(call);
    return TAKEN_PART;
}

static void send_append(struct service_call *call)
{
    const struct sls_shard *shard = sls_shard_of(call);

    if (!*shard->begin_key || !sls_shard_is_fresh(shard, LISTED_FOR_WRITE_MS)) {
        sls_begin_logstore(call, "GET", "shards");
        service_send(call, on_writable);
    } else if (take_key(call)) {
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
