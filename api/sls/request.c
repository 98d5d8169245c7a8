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

bool sls_recover_without_shard(struct service_call *call, const struct error *error)
{
    if (!sls_is_without_shard(error))
        return false;
    if (call->gives_text && sls_describe(call->table, call->stream, &call->text))
        error_set(&call->operation.error, ENOMEM, "no memory");
    service_end_soon(call);
    return true;
}
