#include <errno.h>
#include <string.h>

#include "api/fan.h"
#include "api/sls/answer.h"
#include "api/sls/client.h"
#include "api/sls/groups.h"
#include "api/sls/lists.h"
#include "api/sls/request.h"
#include "api/sls/states.h"

/* Those of an app */

static void on_streams_of_group(void *user, const struct error *error, const struct answer *answer)
{
    struct service_call *call = user;

    sls_add_streams(call, error, answer);
    service_end_soon(call);
}

/* Those on which an app has checkpoints: its group on each of its logstores is asked. */

static struct call *ask_states_of_one(void *user, const char *stream, const struct ask *ask)
{
    const struct service_call *call = user;

    return sls_ask_states((struct sls *)call->service, call->app, stream, ask);
}

/* A group that has gone since it was listed has no checkpoints. */
static int on_states_of_one(void *user, const char *stream, const struct error *error,
                            const struct answer *answer, struct error *failure)
{
    struct service_call *call = user;

    if (error && error->code == ENOENT)
        return 0;
    if (error) {
        *failure = *error;
        return -error->code;
    }
    if (table_has_checkpoint(answer->table) && names_add(call->names, stream))
        return error_set(failure, ENOMEM, "no memory");
    return 0;
}

static void on_all_states(void *user, const struct error *error, const struct answer *unused)
{
    struct service_call *call = user;

    (void)unused;
    call->operation.step = NULL;
    if (error)
        call->operation.error = *error;
    names_sort(call->names);
    service_end_soon(call);
}

static void look_at_streams(void *user, const struct error *error, const struct answer *answer)
{
    struct service_call *call = user;
    struct ask ask = operation_ask(&call->operation, on_all_states);
    struct fan_order order = {.loop = call->service->backend.loop,
                              .start = ask_states_of_one,
                              .take = on_states_of_one,
                              .user = call};

    sls_add_streams(call, error, answer);
    order.names = call->names;
    call->names = names_new();
    if (!call->operation.error.code && call->names)
        call->operation.step = fan_start(&order, &ask);
    if (!call->operation.error.code && !call->operation.step)
        error_set(&call->operation.error, ENOMEM, "no memory");
    if (!call->operation.step)
        service_end_soon(call);
    names_drop(order.names);
}

struct call *sls_list_streams(struct backend *backend, enum streams which, const char *app,
                              const struct ask *ask)
{
    struct service_call *call = sls_new_listing(backend, app, ask);

    if (!call || call->operation.error.code)
        return call ? &call->operation.call : NULL;
    if (which == STREAMS_ALL)
        sls_send_logstores(call);
    else
        sls_wait_for_groups(call, false,
                            which == STREAMS_OF_APP ? on_streams_of_group : look_at_streams);
    return &call->operation.call;
}

/* One stream */

static int on_described_shards(struct service_call *call, const cJSON *root)
{
    int status = sls_answer_shards(root, call->table);

    return status ? status : sls_describe(call->table, call->stream, &call->text);
}

struct call *sls_describe_stream(struct backend *backend, const char *stream, const struct ask *ask)
{
    struct service_call *call = service_call_new(backend, NULL, stream, 0, ask);

    if (!call)
        return NULL;
    call->table = table_new();
    if (!call->table)
        return service_refuse(call, ENOMEM, "no memory");
    call->gives_text = true;
    call->recover = sls_recover_without_shard;
    sls_begin_logstore(call, "GET", "shards");
    service_send(call, on_described_shards);
    return &call->operation.call;
}
