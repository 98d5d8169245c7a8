#include <errno.h>
#include <stdio.h>

#include "api/dis/client.h"

/* The most that a page of apps may have. */
#define PAGE_SIZE 100

/* And a page of an app's states on a stream. */
#define STATES_SIZE 1000

/* Listing */

static void send_apps(struct service_call *call);

static int on_apps_page(struct service_call *call, const cJSON *root)
{
    struct page page;
    int status = dis_answer_apps(root, call->names, &page);

    if (!status)
        status = service_next_page(call, &page, PAGE_SIZE, send_apps);
    if (!status)
        names_sort(call->names);
    return status;
}

static void send_apps(struct service_call *call)
{
    service_begin(call, "GET", "apps");
    request_query_number(&call->request, "limit", PAGE_SIZE);
    if (*call->after)
        request_query(&call->request, "start_app_name", call->after);
    service_send(call, on_apps_page);
}

struct call *dis_list_apps(struct backend *backend, const struct ask *ask)
{
    struct service_call *call = service_call_new(backend, NULL, NULL, 0, ask);

    if (!call)
        return NULL;
    call->names = names_new();
    if (!call->names)
        return service_refuse(call, ENOMEM, "no memory");
    send_apps(call);
    return &call->operation.call;
}

/* One app */

static void begin_app(struct service_call *call, const char *method)
{
    service_begin(call, method, "apps");
    request_segment(&call->request, call->app);
}

static int on_app(struct service_call *call, const cJSON *root)
{
    return dis_answer_app(root, call->app);
}

struct call *dis_find_app(struct backend *backend, const char *app, const struct ask *ask)
{
    struct service_call *call = service_call_new(backend, app, NULL, 0, ask);

    if (!call)
        return NULL;
    begin_app(call, "GET");
    service_send(call, on_app);
    return &call->operation.call;
}

struct call *dis_create_app(struct backend *backend, const char *app, const char *stream,
                            const struct ask *ask)
{
    struct service_call *call = service_call_new(backend, app, stream, 0, ask);
    cJSON *body;

    if (!call)
        return NULL;
    body = cJSON_CreateObject();
    if (!cJSON_AddStringToObject(body, "app_name", app)) {
        cJSON_Delete(body);
        body = NULL;
    }
    service_begin(call, "POST", "apps");
    call->success = 201;
    call->is_idempotent = false;
    request_body(&call->request, body);
    service_send(call, service_take_nothing);
    return &call->operation.call;
}

/*
 * Deleting. An app that has checkpoints must stay; whether DIS itself refuses to delete one is not
 * verified. So we ask on which streams it has some, and check each of these, for the list may be
 * older than the last deletion. call->names are the streams, call->index the next one to check.
 */

static void look_at_next_stream(struct service_call *call);

static void send_delete(struct service_call *call)
{
    begin_app(call, "DELETE");
    call->success = 204;
    call->is_idempotent = false;
    call->recover = NULL;
    service_send(call, service_take_nothing);
}

static void send_stream_states(struct service_call *call);

static int on_states_of_stream(struct service_call *call, const cJSON *root)
{
    struct table *table = table_new();
    struct page page;
    int status = table ? dis_answer_states(root, table, &page) : -ENOMEM;

    if (!status && table_has_checkpoint(table))
        status = error_set(&call->operation.error, ENOTEMPTY, "the app has checkpoints on %s",
                           call->stream);
    table_drop(table);
    if (!status)
        status = service_next_page(call, &page, STATES_SIZE, send_stream_states);
    if (status)
        return status;
    look_at_next_stream(call);
    return TAKEN_PART;
}

static void send_stream_states(struct service_call *call)
{
    dis_begin_states(call, STATES_SIZE);
    service_send(call, on_states_of_stream);
}

/* A stream that is gone, or on which the app has no checkpoints, does not stand in the way. */
static bool skip_stream(struct service_call *call, const struct error *error)
{
    if (!dis_is_without_checkpoint(error) && !dis_is_without_stream(error))
        return false;
    look_at_next_stream(call);
    return true;
}

static void look_at_next_stream(struct service_call *call)
{
    if (call->index == names_count(call->names)) {
        send_delete(call);
        return;
    }
    snprintf(call->stream, sizeof(call->stream), "%s", names_at(call->names, call->index++));
    *call->after = '\0';
    call->recover = skip_stream;
    send_stream_states(call);
}

/* The list of committed streams is optional in DIS's answer. Without it we check every stream. */
static int on_streams_of_app(struct service_call *call, const cJSON *root)
{
    bool told;
    int status = dis_answer_app_streams(root, call->app, call->names, &told);

    if (status)
        return status;
    if (told)
        look_at_next_stream(call);
    else
        dis_send_all_streams(call, look_at_next_stream);
    return TAKEN_PART;
}

struct call *dis_delete_app(struct backend *backend, const char *app, const char *stream,
                            const struct ask *ask)
{
    struct service_call *call = service_call_new(backend, app, stream, 0, ask);

    if (!call)
        return NULL;
    call->names = names_new();
    if (!call->names)
        return service_refuse(call, ENOMEM, "no memory");
    begin_app(call, "GET");
    service_send(call, on_streams_of_app);
    return &call->operation.call;
}
