#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/fan.h"
#include "api/kafka/client.h"
#include "base/when.h"

/* Brokers that were listed not longer ago than that are all that there are. */
#define BROKERS_AGE_MS 10000

/* ListGroups */

static void encode_list_groups(void *user, int16_t version, struct buf *body)
{
    (void)user;
    kafka_put_list_groups(body, version);
}

/* The broker that lists a group coordinates it. */
static int decode_groups(void *user, struct kafka_reply *reply)
{
    struct kafka_call *call = user;
    size_t before = names_count(call->names);
    int status = kafka_read_groups(reply->wire, reply->version, call->names, &reply->code);

    call->listed_by = reply->node;
    for (size_t i = before; !status && !reply->code && i < names_count(call->names); i++)
        kafka_cluster_note_coordinator(&call->kafka->cluster, names_at(call->names, i),
                                       reply->node);
    return status;
}

static struct kafka_request request_groups(struct kafka_call *call)
{
    struct kafka_request request =
        kafka_request_of(call, KAFKA_LIST_GROUPS, 2, encode_list_groups, decode_groups);

    request.highest = 5;
    return request;
}

/* False has failed the call. */
static bool renew_names(struct kafka_call *call)
{
    names_drop(call->names);
    call->names = names_new();
    if (call->names)
        return true;
    kafka_fail(call, ENOMEM, "no memory");
    return false;
}

/* All apps: every broker lists those that it coordinates, and a list with holes is none. */

static struct call *ask_one_broker(void *user, const char *node, const struct ask *ask)
{
    struct kafka_call *call = user;
    struct kafka_request request = request_groups(call);
    struct kafka_pool *pool =
        kafka_cluster_find(&call->kafka->cluster, (int32_t)strtol(node, NULL, 10));

    return pool ? kafka_pool_ask(pool, &request, ask) : NULL;
}

static void on_all_brokers(void *user, const struct error *error, const struct answer *unused)
{
    struct kafka_call *call = user;
    struct answer answer = {.names = call->names};

    (void)unused;
    call->operation.step = NULL;
    if (error) {
        kafka_step_failed(call, error);
        return;
    }
    backend_tell_left_out(&call->kafka->backend, call->names);
    names_sort(call->names);
    kafka_end(call, &answer);
}

static void ask_all_brokers(struct kafka_call *call)
{
    struct names *nodes = kafka_cluster_nodes(&call->kafka->cluster);
    struct ask ask = operation_ask(&call->operation, on_all_brokers);
    struct fan_order order = {
        .loop = call->operation.loop, .names = nodes, .start = ask_one_broker, .user = call};

    if (!renew_names(call)) {
        names_drop(nodes);
        return;
    }
    operation_wait(&call->operation, nodes ? fan_start(&order, &ask) : NULL);
    names_drop(nodes);
}

static void begin_list_apps(struct kafka_call *call)
{
    int64_t listed = call->kafka->cluster.brokers_when;

    if (listed && when_monotonic() - listed <= BROKERS_AGE_MS)
        ask_all_brokers(call);
    else
        kafka_ask_topics(call, KAFKA_NO_TOPIC, ask_all_brokers);
}

struct call *kafka_list_apps(struct backend *backend, const struct ask *ask)
{
    struct kafka_call *call = kafka_call_new(backend, NULL, NULL, 0, ask);

    return call ? kafka_call_start(call, begin_list_apps) : NULL;
}

/*
 * One app. DescribeGroups says "Dead" of a group that is not there and of one of another type: its
 * coordinator's list tells them apart. A broker that is the coordinator no more lists it no more
 * either, without an error; what it says of the group's commits it says as the coordinator alone.
 */

/* Who may not see a group cannot be told whether it is there: to him there is none. */
static bool is_hidden(const struct kafka_call *call, const struct error *error)
{
    (void)call;
    return !strcmp(error->service_code, "GROUP_AUTHORIZATION_FAILED");
}

static void on_no_commits(struct kafka_call *call)
{
    if (call->has_commits)
        kafka_end(call, &no_answer);
    else if (kafka_cluster_coordinator(&call->kafka->cluster, call->app) != call->listed_by)
        kafka_wait(call, 0, call->begin);
    else
        kafka_fail(call, ENOENT, "there is no group %.100s", call->app);
}

static void on_groups_of_coordinator(struct kafka_call *call)
{
    names_sort(call->names);
    call->forgives = is_hidden;
    if (names_has(call->names, call->app))
        kafka_end(call, &no_answer);
    else
        kafka_ask_committed_topics(call, on_no_commits);
}

static void begin_find_app(struct kafka_call *call)
{
    struct kafka_request request = request_groups(call);

    call->forgives = NULL;
    if (renew_names(call))
        kafka_ask_coordinator(call, &request, on_groups_of_coordinator);
}

struct call *kafka_find_app(struct backend *backend, const char *app, const struct ask *ask)
{
    struct kafka_call *call = kafka_call_new(backend, app, NULL, 0, ask);

    return call ? kafka_call_start(call, begin_find_app) : NULL;
}

/* Deleting one */

static void encode_delete_group(void *user, int16_t version, struct buf *body)
{
    const struct kafka_call *call = user;

    (void)version;
    kafka_put_delete_group(body, call->app);
}

/* After a try whose answer was lost, no group is what was to be. */
static int decode_group_deleted(void *user, struct kafka_reply *reply)
{
    const struct kafka_call *call = user;
    int status = kafka_read_group_deleted(reply->wire, &reply->code);

    if (!status && reply->code == KAFKA_GROUP_ID_NOT_FOUND && call->may_have_changed)
        reply->code = 0;
    return status;
}

static void on_group_deleted(struct kafka_call *call)
{
    kafka_end(call, &no_answer);
}

static void delete_if_empty(struct kafka_call *call)
{
    struct kafka_request request =
        kafka_change_of(call, KAFKA_DELETE_GROUPS, 1, encode_delete_group, decode_group_deleted);

    if (call->has_commits)
        kafka_fail(call, ENOTEMPTY, "the group %.100s has checkpoints: remove them first",
                   call->app);
    else
        kafka_ask_coordinator(call, &request, on_group_deleted);
}

static void begin_delete_app(struct kafka_call *call)
{
    kafka_ask_committed_topics(call, delete_if_empty);
}

struct call *kafka_delete_app(struct backend *backend, const char *app, const char *stream,
                              const struct ask *ask)
{
    struct kafka_call *call = kafka_call_new(backend, app, NULL, 0, ask);

    (void)stream;
    return call ? kafka_call_start(call, begin_delete_app) : NULL;
}
