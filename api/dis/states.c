#include <errno.h>
#include <stdio.h>

#include "api/dis/client.h"

/* One partition, as the pages of api/dis/pages.c tell it of all. */

void dis_begin_stream(struct service_call *call, unsigned limit)
{
    service_begin(call, "GET", "streams");
    request_segment(&call->request, call->stream);
    request_query_number(&call->request, "limit_partitions", limit);
    /* Not a slip: this is how the API spells it. */
    if (*call->after)
        request_query(&call->request, "start_partitionId", call->after);
}

void dis_begin_states(struct service_call *call, unsigned limit)
{
    service_begin(call, "GET", "apps");
    request_segment(&call->request, call->app);
    request_segment(&call->request, "streams");
    request_segment(&call->request, call->stream);
    request_query(&call->request, "checkpoint_type", "LAST_READ");
    request_query_number(&call->request, "limit", limit);
    if (*call->after)
        request_query(&call->request, "start_partition_id", call->after);
}

/* A stream's description takes the long form alone. */
void dis_name_before(struct service_call *call)
{
    char id[PARTITION_ROOM] = "";

    if (call->partition)
        partition_format(call->partition - 1, true, id);
    snprintf(call->after, sizeof(call->after), "%s", id);
}

void dis_begin_partition(struct service_call *call)
{
    dis_name_before(call);
    dis_begin_stream(call, 1);
}

int dis_find_partition(struct service_call *call, int status)
{
    if (!status && table_find(call->table, call->partition, &call->state))
        return error_set(&call->operation.error, ENOENT, "the stream %s has no partition %u",
                         call->stream, call->partition);
    return status;
}

static int on_one_partition(struct service_call *call, const cJSON *root)
{
    struct page page;

    return dis_find_partition(call, dis_answer_partitions(root, call->table, &page));
}

static int on_one_state(struct service_call *call, const cJSON *root)
{
    struct page page;

    return dis_find_partition(call, dis_answer_states(root, call->table, &page));
}

static bool recover_one_without_app(struct service_call *call, const struct error *error)
{
    if (!dis_is_without_checkpoint(error))
        return false;
    call->recover = NULL;
    dis_begin_partition(call);
    service_send(call, on_one_partition);
    return true;
}

struct call *dis_get_state(struct backend *backend, const char *app, const char *stream,
                           uint32_t partition, enum detail detail, const struct ask *ask)
{
    struct service_call *call = service_call_new(backend, app, stream, partition, ask);

    if (!call)
        return NULL;
    (void)detail; /* one answer has all */
    call->table = table_new();
    if (!call->table)
        return service_refuse(call, ENOMEM, "no memory");
    if (call->has_app) {
        call->recover = recover_one_without_app;
        dis_name_before(call);
        dis_begin_states(call, 1);
        service_send(call, on_one_state);
    } else {
        dis_begin_partition(call);
        service_send(call, on_one_partition);
    }
    return &call->operation.call;
}
