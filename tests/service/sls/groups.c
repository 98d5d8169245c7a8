#include <string.h>

#include "tests/service/common/memory.h"
#include "tests/service/sls/calls.h"

void groups_list(struct call *call)
{
    const struct logstore *logstore = need_logstore(call);
    cJSON *array;

    if (!logstore)
        return;
    array = must(cJSON_CreateArray());
    for (size_t i = 0; i < logstore->groups.count; i++) {
        const struct group *group = logstore->groups.items[i];
        cJSON *json = must(cJSON_CreateObject());

        add_text(json, "name", group->name);
        add_number(json, "timeout", group->timeout);
        must(cJSON_AddBoolToObject(json, "order", group->order));
        cJSON_AddItemToArray(array, json);
    }
    answer_array(call, array);
}

/* The rules of an official client; the service's own are not documented. */
static bool is_group_name(const char *name)
{
    size_t size = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    return size && size <= 128 && !name[size];
}

static void create(struct call *call, struct logstore *logstore, const cJSON *json)
{
    const char *name =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "consumerGroup"));
    const cJSON *order = cJSON_GetObjectItemCaseSensitive(json, "order");
    int64_t timeout;

    if (!name || !json_number(json, "timeout", &timeout) || !timeout || !cJSON_IsBool(order))
        refuse(call, 400, "JsonInfoInvalid", "consumerGroup or timeout is of error format.");
    else if (!is_group_name(name))
        refuse(call, 400, "ParameterInvalid", "invalid consumer group name.");
    else if (logstore_group(logstore, name))
        refuse(call, 400, "ConsumerGroupAlreadyExist", "consumer group already exist.");
    else if (logstore->groups.count >= WORLD_GROUPS_MAX)
        refuse(call, has_quirk(call, QUIRK_QUOTA_STATUS, "403") ? 403 : 400,
               "ConsumerGroupQuotaExceed", "consumer group count exceeds the quota.");
    else {
        logstore_add_group(logstore, name, timeout, cJSON_IsTrue(order));
        answer_empty(call->answer, 200);
    }
}

void group_create(struct call *call)
{
    struct logstore *logstore = need_logstore(call);
    cJSON *json = logstore ? need_object(call) : NULL;

    if (json)
        create(call, logstore, json);
    cJSON_Delete(json);
}

static void update(struct call *call, struct group *group, const cJSON *json)
{
    const cJSON *order = cJSON_GetObjectItemCaseSensitive(json, "order");
    int64_t timeout = group->timeout;

    if ((cJSON_HasObjectItem(json, "timeout") && !json_number(json, "timeout", &timeout)) ||
        (order && !cJSON_IsBool(order)) || !timeout) {
        refuse(call, 400, "JsonInfoInvalid", "timeout is of error value type.");
        return;
    }
    group->timeout = timeout;
    group->order = order ? cJSON_IsTrue(order) : group->order;
    answer_empty(call->answer, 200);
}

void group_update(struct call *call)
{
    struct logstore *logstore = need_logstore(call);
    struct group *group = logstore ? need_group(call, logstore) : NULL;
    cJSON *json = group ? need_object(call) : NULL;

    if (json)
        update(call, group, json);
    cJSON_Delete(json);
}

void group_delete(struct call *call)
{
    struct logstore *logstore = need_logstore(call);
    struct group *group;

    if (!logstore)
        return;
    group = logstore_group(logstore, call->captured[1]);
    if (group)
        logstore_remove_group(logstore, group);
    if (group || has_quirk(call, QUIRK_DELETE_MISSING_GROUP, "200"))
        answer_empty(call->answer, 200);
    else
        need_group(call, logstore);
}

void group_post(struct call *call)
{
    struct logstore *logstore = need_logstore(call);
    struct group *group = logstore ? need_group(call, logstore) : NULL;
    const char *type = group ? need_query(call, "type") : NULL;

    if (!type)
        return;
    if (!strcmp(type, "heartbeat"))
        group_beat_call(call, logstore, group);
    else if (!strcmp(type, "checkpoint"))
        checkpoint_update(call, logstore, group);
    else
        refuse(call, 400, "ParameterInvalid", "unknown type");
}

/* Heartbeats. A consumer gets its share of the shards; what it has beyond that it is told to give
 * up, and another gets it when it has. */

/* Whether an array of numbers has this one. */
static bool is_held(const cJSON *held, int64_t id)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, held) if (cJSON_IsNumber(item) &&
                                       (int64_t)item->valuedouble == id) return true;
    return false;
}

static size_t count_owned(const struct group *group, const struct consumer *consumer)
{
    size_t count = 0;

    for (size_t i = 0; i < group->position_count; i++)
        count += group->positions[i].owner == consumer && !group->positions[i].leaving;
    return count;
}

/* Shares differ by one at most; those whose names come first have the larger ones. */
static size_t share_of(const struct group *group, const struct logstore *logstore,
                       const struct consumer *consumer)
{
    size_t consumers = group->consumers.count;
    size_t before = directory_after(&group->consumers, consumer->name) - 1;

    return logstore->shard_count / consumers + (before < logstore->shard_count % consumers);
}

/* The shards that are the consumer's from now on. */
static cJSON *assign(struct group *group, const struct logstore *logstore,
                     struct consumer *consumer, const cJSON *held)
{
    size_t share = share_of(group, logstore, consumer);
    cJSON *array = must(cJSON_CreateArray());

    for (size_t i = 0; i < logstore->shard_count; i++) {
        const struct shard *shard = &logstore->shards[i];
        struct position *position = group_position(group, logstore, shard);

        if (position->owner == consumer && position->leaving && !is_held(held, shard->id)) {
            position->owner = NULL;
            position->leaving = false;
        } else if (position->owner == consumer && count_owned(group, consumer) > share) {
            position->leaving = true;
        } else if (!position->owner && count_owned(group, consumer) < share) {
            position->owner = consumer;
        }
        if (position->owner == consumer && !position->leaving)
            cJSON_AddItemToArray(array, must(cJSON_CreateNumber((double)shard->id)));
    }
    return array;
}

void group_beat_call(struct call *call, struct logstore *logstore, struct group *group)
{
    const struct sls *sls = call->service;
    const char *name = request_parameter(call->request, "consumer");
    int64_t now_ms = service_now_ms(sls->service);
    cJSON *held;

    if (!name || !*name) {
        refuse(call, 400, "MissingParameter", "Missing query key : consumer");
        return;
    }
    held = need_body(call);
    if (!held)
        return;
    group_expire(group, now_ms);
    if (!cJSON_IsArray(held))
        refuse(call, 400, "PostBodyInvalid", "The request body is not a list of shards.");
    else if (cJSON_GetArraySize(held) && !group_consumer(group, name, now_ms))
        refuse(call, 400, "NotExistConsumerWithBody",
               "non-exist consumer with non-empty body of heartbeat message.");
    else
        answer_json(call->answer, 200,
                    assign(group, logstore, group_beat(group, name, now_ms), held));
    cJSON_Delete(held);
}
