#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/sls/client.h"
#include "api/sls/groups.h"
#include "api/sls/lists.h"
#include "api/sls/request.h"

/* Listing */

/* Takes the apps out of what sls_groups_get gives. */
static int add_apps(struct names *apps, const struct names *pairs)
{
    char file[FILE_NAME_ROOM] = "";
    char app[FILE_NAME_ROOM];
    int status = 0;

    for (size_t i = 0; i < names_count(pairs) && !status; i++) {
        const char *pair = names_at(pairs, i);
        size_t length = strcspn(pair, "/");

        if (!strncmp(file, pair, length) && !file[length])
            continue;
        snprintf(file, sizeof(file), "%.*s", (int)length, pair);
        if (!name_from_file(file, app))
            status = names_add(apps, app);
    }
    names_sort(apps);
    return status;
}

static void on_apps(void *user, const struct error *error, const struct answer *answer)
{
    struct service_call *call = user;

    call->operation.step = NULL;
    if (error)
        call->operation.error = *error;
    else if (add_apps(call->names, answer->names))
        error_set(&call->operation.error, ENOMEM, "no memory");
    service_end_soon(call);
}

struct call *sls_list_apps(struct backend *backend, const struct ask *ask)
{
    struct service_call *call = sls_new_listing(backend, NULL, ask);

    if (call && !call->operation.error.code)
        sls_wait_for_groups(call, false, on_apps);
    return call ? &call->operation.call : NULL;
}

static void on_found(void *user, const struct error *error, const struct answer *answer)
{
    struct service_call *call = user;

    sls_add_streams(call, error, answer);
    if (!call->operation.error.code && !names_count(call->names))
        error_set(&call->operation.error, ENOENT, "no logstore has a consumer group %.200s",
                  call->app);
    service_end_soon(call);
}

/* Asks anew, so that a group that somebody has just made is found. */
struct call *sls_find_app(struct backend *backend, const char *app, const struct ask *ask)
{
    struct service_call *call = sls_new_listing(backend, app, ask);

    if (call && !call->operation.error.code)
        sls_wait_for_groups(call, true, on_found);
    return call ? &call->operation.call : NULL;
}

/* Making and removing. Each is tried once: a second try could not tell whether the first or
 * somebody else has done it. Either way what we know of the groups is outdated, also after a
 * failure. */

static bool forget_groups(struct service_call *call, const struct error *error)
{
    (void)error;
    sls_groups_drop(((struct sls *)call->service)->groups);
    return false;
}

static cJSON *print_group(const struct service_call *call)
{
    const struct sls *sls = (const struct sls *)call->service;
    cJSON *body = cJSON_CreateObject();

    if (cJSON_AddStringToObject(body, "consumerGroup", call->app) &&
        cJSON_AddNumberToObject(body, "timeout", sls->group_timeout) &&
        cJSON_AddBoolToObject(body, "order", sls->group_order))
        return body;
    cJSON_Delete(body);
    return NULL;
}

static int on_change(struct service_call *call, const cJSON *root)
{
    forget_groups(call, NULL);
    return service_take_empty(call, root);
}

struct call *sls_create_app(struct backend *backend, const char *app, const char *stream,
                            const struct ask *ask)
{
    struct service_call *call = service_call_new(backend, app, stream, 0, ask);

    if (!call)
        return NULL;
    call->recover = forget_groups;
    sls_begin_logstore(call, "POST", "consumergroups");
    call->is_idempotent = false;
    request_body(&call->request, print_group(call));
    service_send(call, on_change);
    return &call->operation.call;
}

struct call *sls_delete_app(struct backend *backend, const char *app, const char *stream,
                            const struct ask *ask)
{
    struct service_call *call = service_call_new(backend, app, stream, 0, ask);

    if (!call)
        return NULL;
    call->recover = forget_groups;
    sls_begin_group(call, "DELETE");
    call->is_idempotent = false;
    service_send(call, on_change);
    return &call->operation.call;
}
