#include "api/sls/request.h"

#include <errno.h>

#include "api/sls/answer.h"
#include "api/sls/error.h"

void sls_begin_logstore(struct service_call *call, const char *method, const char *what)
{
    service_begin(call, method, "logstores");
    request_segment(&call->request, call->stream);
    request_segment(&call->request, what);
}

void sls_begin_group(struct service_call *call, const char *method)
{
    sls_begin_logstore(call, method, "consumergroups");
    request_segment(&call->request, call->app);
}

void sls_begin_shard(struct service_call *call)
{
    char partition[PARTITION_ROOM];

    partition_format(call->partition, false, partition);
    sls_begin_logstore(call, "GET", "shards");
    request_segment(&call->request, partition);
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
