#include "api/sls/lists.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/sls/answer.h"
#include "api/sls/request.h"

/* The most that a page of logstores may have. */
#define PAGE_SIZE 500

struct service_call *sls_new_listing(struct backend *backend, const char *app,
                                     const struct ask *ask)
{
    struct service_call *call = service_call_new(backend, app, NULL, 0, ask);

    if (!call)
        return NULL;
    call->names = names_new();
    if (!call->names)
        service_refuse(call, ENOMEM, "no memory");
    return call;
}

/* All logstores */

static int on_logstores_page(struct service_call *call, const cJSON *root)
{
    struct page page;
    size_t offset = strtoul(call->after, NULL, 10);
    size_t known = names_count(call->names);
    int status = sls_answer_logstores(root, offset, PAGE_SIZE, call->names, &page);

    names_sort(call->names);
    /* A page without a new name is followed by no other: that could go on for ever. */
    if (!status && page.more && names_count(call->names) == known)
        return error_set(&call->operation.error, EBADMSG, "the service's list has no end");
    return status ? status : service_next_page(call, &page, PAGE_SIZE, sls_send_logstores);
}

void sls_send_logstores(struct service_call *call)
{
    service_begin(call, "GET", "logstores");
    call->action = "log:ListLogStores";
    request_query(&call->request, "offset", *call->after ? call->after : "0");
    request_query_number(&call->request, "size", PAGE_SIZE);
    service_send(call, on_logstores_page);
}

struct call *sls_ask_logstores(struct sls *sls, const struct ask *ask)
{
    struct service_call *call = sls_new_listing(&sls->service.backend, NULL, ask);

    if (call && !call->operation.error.code)
        sls_send_logstores(call);
    return call ? &call->operation.call : NULL;
}

/* The groups of one logstore */

static int on_groups(struct service_call *call, const cJSON *root)
{
    return sls_answer_groups(root, call->names);
}

struct call *sls_ask_groups(struct sls *sls, const char *logstore, const struct ask *ask)
{
    struct service_call *call = sls_new_listing(&sls->service.backend, NULL, ask);

    if (!call || call->operation.error.code)
        return call ? &call->operation.call : NULL;
    snprintf(call->stream, sizeof(call->stream), "%s", logstore);
    sls_begin_logstore(call, "GET", "consumergroups");
    service_send(call, on_groups);
    return &call->operation.call;
}
