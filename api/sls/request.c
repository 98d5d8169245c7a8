#include "api/sls/request.h"

#include <errno.h>
#include <string.h>

#include "api/sls/answer.h"
#include "api/sls/error.h"

void sls_begin_logstore(struct service_call *call, const char *method, const char *what)
{
    service_begin(call, method, "logstores");
    request_segment(&call->request, call->stream);
    request_segment(&call->request, what);
    call->action = !strcmp(what, "shards") ? "log:ListShards"
                   : http_changes(method)  ? "log:CreateConsumerGroup"
                                           : "log:ListConsumerGroup";
}

void sls_begin_group(struct service_call *call, const char *method)
{
    sls_begin_logstore(call, method, "consumergroups");
    request_segment(&call->request, call->app);
    call->action = !strcmp(method, "GET")    ? "log:GetConsumerGroupCheckPoint"
                   : !strcmp(method, "POST") ? "log:ConsumerGroupUpdateCheckPoint"
                                             : "log:DeleteConsumerGroup";
}

void sls_begin_shard(struct service_call *call)
{
    char partition[PARTITION_ROOM];

    partition_format(call->partition, false, partition);
    sls_begin_logstore(call, "GET", "shards");
    request_segment(&call->request, partition);
    call->action = "log:GetCursorOrData";
}

void sls_begin_cursor(struct service_call *call, const char *from)
{
    sls_begin_shard(call);
    request_query(&call->request, "type", "cursor");
    request_query(&call->request, "from", from);
}

void sls_begin_pull(struct service_call *call, const char *cursor, unsigned groups)
{
    sls_begin_shard(call);
    request_query(&call->request, "type", "log");
    request_query(&call->request, "cursor", cursor);
    request_query_number(&call->request, "count", groups);
    request_add_header(&call->request, "Accept", "application/x-protobuf");
    request_add_header(&call->request, "Accept-Encoding", "lz4");
    call->takes_bytes = true;
}

void sls_begin_put(struct service_call *call, const char *key)
{
    sls_begin_logstore(call, "POST", "shards");
    request_segment(&call->request, "route");
    request_query(&call->request, "key", key);
    call->is_idempotent = false;
    call->action = "log:PostLogStoreLogs";
}

bool sls_recover_without_shard(struct service_call *call, const struct error *error)
{
    if (!sls_is_without_shard(error))
        return false;
    if (call->gives_text && sls_describe(call->table, call->stream, &call->text))
        error_set(&call->operation.error, ENOMEM, "no memory");
    service_end_soon(call);
    return true;
}
