#include <errno.h>

#include "api/dis/client.h"

/* The most that a page of streams may have. */
#define PAGE_SIZE 100

static void send_streams(struct service_call *call);

static int on_streams_page(struct service_call *call, const cJSON *root)
{
    struct page page;
    int status = dis_answer_streams(root, call->names, &page);

    if (!status)
        status = service_next_page(call, &page, PAGE_SIZE, send_streams);
    if (status)
        return status;
    names_sort(call->names);
    if (!call->listed)
        return TAKEN_ALL;
    call->listed(call);
    return TAKEN_PART;
}

void dis_send_all_streams(struct service_call *call, void (*then)(struct service_call *call))
{
    call->listed = then;
    send_streams(call);
}

static void send_streams(struct service_call *call)
{
    service_begin(call, "GET", "streams");
    request_query_number(&call->request, "limit", PAGE_SIZE);
    if (*call->after)
        request_query(&call->request, "start_stream_name", call->after);
    service_send(call, on_streams_page);
}

/* The list of committed streams is optional in DIS's answer. Without it we list every stream:
 * showing one too many is better than hiding one that has checkpoints. */
static int on_committed_streams(struct service_call *call, const cJSON *root)
{
    bool told;
    int status = dis_answer_app_streams(root, call->app, call->names, &told);

    if (status)
        return status;
    if (!told) {
        send_streams(call);
        return TAKEN_PART;
    }
    names_sort(call->names);
    return TAKEN_ALL;
}

struct call *dis_list_streams(struct backend *backend, enum streams which, const char *app,
                              const struct ask *ask)
{
    struct service_call *call = service_call_new(backend, app, NULL, 0, ask);

    if (!call)
        return NULL;
    call->names = names_new();
    if (!call->names)
        return service_refuse(call, ENOMEM, "no memory");
    if (which != STREAMS_COMMITTED) {
        send_streams(call);
        return &call->operation.call;
    }
    service_begin(call, "GET", "apps");
    request_segment(&call->request, call->app);
    service_send(call, on_committed_streams);
    return &call->operation.call;
}

static int on_description(struct service_call *call, const cJSON *root)
{
    call->gives_text = true;
    return dis_answer_stream(root, call->stream, &call->text);
}

struct call *dis_describe_stream(struct backend *backend, const char *stream, const struct ask *ask)
{
    struct service_call *call = service_call_new(backend, NULL, stream, 0, ask);

    if (!call)
        return NULL;
    dis_begin_stream(call, 1);
    service_send(call, on_description);
    return &call->operation.call;
}
