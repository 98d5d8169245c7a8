#include <errno.h>
#include <stdio.h>

#include "api/sls/answer.h"
#include "api/sls/client.h"
#include "api/sls/groups.h"
#include "api/sls/request.h"

/* An answer without an entry means that there is no such shard, and so no checkpoint. */
static int sls_on_checkpoint(struct service_call *call, const cJSON *root)
{
    int status = sls_answer_checkpoints(root, call->table);

    if (!status)
        table_find(call->table, call->partition, &call->state);
    return status;
}

struct call *sls_get_checkpoint(struct backend *backend, const char *app, const char *stream,
                                uint32_t partition, const struct ask *ask)
{
    struct service_call *call = service_call_new(backend, app, stream, partition, ask);

    if (!call)
        return NULL;
    call->table = table_new();
    if (!call->table)
        return service_refuse(call, ENOMEM, "no memory");
    sls_begin_group(call, "GET");
    request_query_number(&call->request, "shard", partition);
    service_send(call, sls_on_checkpoint);
    return &call->operation.call;
}

/* Which consumer SLS records with a forced checkpoint is not verified. We say nobody, until an
 * answer names one. */
static int sls_on_committed(struct service_call *call, const cJSON *root)
{
    const struct sls *sls = (const struct sls *)call->service;

    call->state.sequence = call->sequence;
    call->state.consumer = sls->consumer ? sls->consumer : "";
    call->state.committed = http_now(call->service->http);
    sls_groups_note(sls->groups, call->app, call->stream);
    return service_take_empty(call, root);
}

static cJSON *sls_print_commit(const struct service_call *call)
{
    cJSON *body = cJSON_CreateObject();

    if (cJSON_AddNumberToObject(body, "shard", call->partition) &&
        cJSON_AddStringToObject(body, "checkpoint", call->sequence))
        return body;
    cJSON_Delete(body);
    return NULL;
}

struct call *sls_commit(struct backend *backend, const struct commit_order *order,
                        const struct ask *ask)
{
    const struct sls *sls = (const struct sls *)backend;
    struct service_call *call =
        service_call_new(backend, order->app, order->stream, order->partition, ask);

    if (!call)
        return NULL;
    snprintf(call->sequence, sizeof(call->sequence), "%s", order->sequence);
    sls_begin_group(call, "POST");
    request_query(&call->request, "type", "checkpoint");
    request_query(&call->request, "consumer", sls->consumer ? sls->consumer : "");
    request_query(&call->request, "forceSuccess", sls->consumer ? "false" : "true");
    request_body(&call->request, sls_print_commit(call));
    service_send(call, sls_on_committed);
    return &call->operation.call;
}
