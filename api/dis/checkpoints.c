#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/dis/client.h"

/* The only type of checkpoint that DIS has. */
#define TYPE "LAST_READ"

/* Makes what was found the state that is answered. */
static int fill_state(struct service_call *call, const char *sequence, const char *metadata)
{
    if (!sequence)
        return 0;
    snprintf(call->sequence, sizeof(call->sequence), "%s", sequence);
    call->metadata = strdup(metadata);
    if (!call->metadata)
        return -ENOMEM;
    call->state.sequence = call->sequence;
    call->state.metadata = call->metadata;
    return 0;
}

/* The fields that name a checkpoint, as a query. */
static void begin_checkpoint(struct service_call *call, const char *method)
{
    struct service_request *request = &call->request;

    service_begin(call, method, "checkpoints");
    request_query(request, "stream_name", call->stream);
    request_query_number(request, "partition_id", call->partition);
    request_query(request, "app_name", call->app);
    request_query(request, "checkpoint_type", TYPE);
}

static int dis_on_checkpoint(struct service_call *call, const cJSON *root)
{
    const char *sequence;
    const char *metadata;
    int status = dis_answer_checkpoint(root, &sequence, &metadata);

    return status ? status : fill_state(call, sequence, metadata);
}

/* Should DIS answer "The app does not commit checkpoint" here: there is no checkpoint. */
static bool recover_without_checkpoint(struct service_call *call, const struct error *error)
{
    if (!dis_is_without_checkpoint(error))
        return false;
    service_end_soon(call);
    return true;
}

struct call *dis_get_checkpoint(struct backend *backend, const char *app, const char *stream,
                                uint32_t partition, const struct ask *ask)
{
    struct service_call *call = service_call_new(backend, app, stream, partition, ask);

    if (!call)
        return NULL;
    call->recover = recover_without_checkpoint;
    begin_checkpoint(call, "GET");
    service_send(call, dis_on_checkpoint);
    return &call->operation.call;
}

/* Empty metadata is sent too, so that an earlier commit's cannot stay. */
static cJSON *dis_print_commit(const struct service_call *call)
{
    cJSON *body = cJSON_CreateObject();
    char partition[PARTITION_ROOM];

    partition_format(call->partition, false, partition);
    if (cJSON_AddStringToObject(body, "stream_name", call->stream) &&
        cJSON_AddStringToObject(body, "app_name", call->app) &&
        cJSON_AddStringToObject(body, "partition_id", partition) &&
        cJSON_AddStringToObject(body, "sequence_number", call->sequence) &&
        cJSON_AddStringToObject(body, "checkpoint_type", TYPE) &&
        cJSON_AddStringToObject(body, "metadata", call->metadata))
        return body;
    cJSON_Delete(body);
    return NULL;
}

struct call *dis_commit(struct backend *backend, const struct commit_order *order,
                        const struct ask *ask)
{
    struct service_call *call =
        service_call_new(backend, order->app, order->stream, order->partition, ask);

    if (!call)
        return NULL;
    if (fill_state(call, order->sequence, order->metadata))
        return service_refuse(call, ENOMEM, "no memory");
    service_begin(call, "POST", "checkpoints");
    call->success = 201;
    request_body(&call->request, dis_print_commit(call));
    service_send(call, service_take_nothing);
    return &call->operation.call;
}

/* After a repeated request, "no checkpoint" means that the first try has deleted it. */
static bool recover_deleted(struct service_call *call, const struct error *error)
{
    if (!call->repeated || !dis_is_without_checkpoint(error))
        return false;
    service_end_soon(call);
    return true;
}

struct call *dis_delete_checkpoint(struct backend *backend, const char *app, const char *stream,
                                   uint32_t partition, const struct ask *ask)
{
    struct service_call *call = service_call_new(backend, app, stream, partition, ask);

    if (!call)
        return NULL;
    begin_checkpoint(call, "DELETE");
    call->success = 204;
    call->recover = recover_deleted;
    service_send(call, service_take_nothing);
    return &call->operation.call;
}
