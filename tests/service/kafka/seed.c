#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/common/control.h"
#include "tests/service/common/seed.h"
#include "tests/service/common/values.h"
#include "tests/service/kafka/broker.h"
#include "tests/service/kafka/calls.h"

static struct text named(const struct pairs *values, const char *name)
{
    const char *value = value_of(values, name);

    return (struct text){value, value ? strlen(value) : 0};
}

/* A number that may be negative, and that may be left out. */
static bool signed_number(const struct pairs *values, const char *name, int64_t *number)
{
    const char *text = value_of(values, name);
    int64_t value = *number;

    if (!text)
        return true;
    if (!number_parse(text + (*text == '-'), &value))
        return false;
    *number = *text == '-' ? -value : value;
    return true;
}

/* ---- topics ---- */

static struct topic *find_topic(const struct kafka_service *kafka, const struct pairs *values,
                                const char *name)
{
    return value_of(values, name) ? world_topic(&kafka->world, named(values, name)) : NULL;
}

/* A leader has a broker's number, or -1 for any. */
static const char *set_partition(const struct kafka_service *kafka, struct partition *partition,
                                 const struct pairs *values)
{
    int64_t leader = partition->leader;
    int64_t epoch = partition->leader_epoch;

    if (!value_number(values, "earliest", &partition->earliest) ||
        !value_number(values, "latest", &partition->latest) ||
        !value_number(values, "stable", &partition->stable) ||
        !value_number(values, "time", &partition->time_ms) ||
        !value_number(values, "step", &partition->step_ms) ||
        !value_number(values, "epoch", &epoch) || !signed_number(values, "leader", &leader))
        return "not a number";
    if (leader != NOBODY && (leader < 1 || (size_t)leader > kafka->world.node_count))
        return "no such broker";
    if (partition->latest < partition->earliest)
        partition->latest = partition->earliest;
    partition->leader_epoch = (int32_t)epoch + (leader != partition->leader);
    partition->leader = (int32_t)leader;
    return NULL;
}

static const char *put_topic(void *service, const struct pairs *values)
{
    struct kafka_service *kafka = service;
    const char *name = value_of(values, "name");
    struct topic *topic = find_topic(kafka, values, "name");
    int64_t partitions = topic ? (int64_t)topic->count : 1;
    const char *wrong = NULL;

    if (!name || !value_number(values, "partitions", &partitions) ||
        partitions > WORLD_PARTITIONS_MAX)
        return "a topic needs a name and a number of partitions";
    if (!topic && kafka->world.topics.count == WORLD_TOPICS_MAX)
        return "too many topics";
    if (!topic)
        topic = world_add_topic(&kafka->world, name);
    if ((size_t)partitions < topic->count)
        return "fewer partitions than there are";
    while (topic->count < (size_t)partitions)
        topic_add_partition(topic);
    for (size_t i = 0; i < topic->count && !wrong; i++)
        wrong = set_partition(kafka, &topic->partitions[i], values);
    return wrong;
}

static const char *remove_topic(void *service, const struct pairs *values)
{
    struct kafka_service *kafka = service;
    struct topic *topic = find_topic(kafka, values, "name");

    if (!topic)
        return "no such topic";
    world_remove_topic(&kafka->world, topic);
    return NULL;
}

static const char *put_partition(void *service, const struct pairs *values)
{
    struct kafka_service *kafka = service;
    const struct topic *topic = find_topic(kafka, values, "topic");
    struct partition *partition;
    int64_t number = -1;

    if (!topic || !value_number(values, "partition", &number))
        return "no such topic";
    partition = number < 0 ? NULL : topic_partition(topic, (int32_t)number);
    return partition ? set_partition(kafka, partition, values) : "no such partition";
}

/* With `value`, and `key` if there is one. */
static const char *put_record_there(void *service, const struct pairs *values)
{
    struct kafka_service *kafka = service;
    const struct topic *topic = find_topic(kafka, values, "topic");
    int64_t number = -1;
    struct partition *partition = NULL;

    if (topic && value_number(values, "partition", &number) && number >= 0)
        partition = topic_partition(topic, (int32_t)number);
    if (!partition)
        return "no such topic or partition";
    records_append(partition, named(values, "key"), named(values, "value"));
    return NULL;
}

static void show_topics(struct call *call)
{
    const struct kafka_service *kafka = call->service;

    answer_text(call->answer, 200, "%s", "");
    for (size_t i = 0; i < kafka->world.topics.count; i++) {
        const struct topic *topic = kafka->world.topics.items[i];

        buf_printf(&call->answer->body, "%s %zu\n", topic->key, topic->count);
    }
}

/* ---- groups ---- */

static struct group *find_group(const struct kafka_service *kafka, const struct pairs *values,
                                const char *name)
{
    return value_of(values, name) ? world_group(&kafka->world, named(values, name)) : NULL;
}

static struct group *need_group(struct kafka_service *kafka, const struct pairs *values,
                                const char *name)
{
    struct group *group = find_group(kafka, values, name);

    if (!group && value_of(values, name) && kafka->world.groups.count < WORLD_GROUPS_MAX) {
        group = world_add_group(&kafka->world, named(values, name));
        group->idle_ms = service_now_ms(kafka->service);
    }
    return group;
}

static void replace(char **text, const char *by)
{
    char *copy = by ? strdup(by) : NULL;

    if (!copy)
        return;
    free(*text);
    *text = copy;
}

/* With `coordinator` it moves to that broker. */
static const char *put_group(void *service, const struct pairs *values)
{
    struct kafka_service *kafka = service;
    struct group *group = need_group(kafka, values, "name");
    int64_t coordinator = NOBODY;

    if (!group || !signed_number(values, "coordinator", &coordinator) ||
        coordinator > (int64_t)kafka->world.node_count || !coordinator)
        return "a group needs a name, and its coordinator is a broker";
    if (group->coordinator == NOBODY)
        group->coordinator = world_coordinator(&kafka->world, group->id);
    if (value_of(values, "coordinator"))
        group->pinned = (int32_t)coordinator;
    replace(&group->type, value_of(values, "type"));
    replace(&group->state, value_of(values, "state"));
    replace(&group->protocol, value_of(values, "protocol"));
    if (!strcmp(group->type, "share"))
        replace(&group->protocol, "share");
    return NULL;
}

static const char *remove_group(void *service, const struct pairs *values)
{
    struct kafka_service *kafka = service;
    struct group *group = find_group(kafka, values, "name");

    if (!group)
        return "no such group";
    world_remove_group(&kafka->world, group);
    return NULL;
}

static const char *put_member(void *service, const struct pairs *values)
{
    struct kafka_service *kafka = service;
    const char *name = value_of(values, "name");
    const char *client = value_of(values, "client");
    struct topic *topic = find_topic(kafka, values, "topic");
    struct group *group = name && topic ? need_group(kafka, values, "group") : NULL;

    if (!group)
        return "a member needs a name, a group, and a topic that there is";
    group_join(group, name, client ? client : name, topic);
    return NULL;
}

static const char *remove_member(void *service, const struct pairs *values)
{
    struct kafka_service *kafka = service;
    struct group *group = find_group(kafka, values, "group");
    const char *name = value_of(values, "name");

    return group && name && group_leave(group, name, service_now_ms(kafka->service))
               ? NULL
               : "no such member";
}

static void show_groups(struct call *call)
{
    const struct kafka_service *kafka = call->service;

    answer_text(call->answer, 200, "%s", "");
    for (size_t i = 0; i < kafka->world.groups.count; i++) {
        const struct group *group = kafka->world.groups.items[i];

        buf_printf(&call->answer->body, "%s %s %s %zu %d\n", *group->key ? group->key : "%",
                   group->type, group_state(group), group->members.count,
                   world_coordinator(&kafka->world, group->id));
    }
}

/* ---- what is committed ---- */

/* With `nul`, the metadata has a NUL behind it. */
static const char *put_checkpoint(void *service, const struct pairs *values)
{
    struct kafka_service *kafka = service;
    const struct topic *topic = find_topic(kafka, values, "topic");
    struct group *group = topic ? need_group(kafka, values, "group") : NULL;
    int64_t partition = -1;
    int64_t offset = -1;
    int64_t epoch = -1;
    struct text metadata = named(values, "metadata");
    struct commit *commit;

    if (!group || !value_number(values, "partition", &partition) || partition < 0 ||
        !topic_partition(topic, (int32_t)partition))
        return "a checkpoint needs a group, a topic that there is, and its partition";
    if (!value_of(values, "offset") || !signed_number(values, "offset", &offset) ||
        !signed_number(values, "epoch", &epoch))
        return "a checkpoint needs an offset";
    if (value_of(values, "nul"))
        metadata.size++;
    commit = group_put_commit(group, named(values, "topic"), (int32_t)partition, offset, metadata);
    commit->leader_epoch = (int32_t)epoch;
    return NULL;
}

static const char *remove_checkpoint(void *service, const struct pairs *values)
{
    struct kafka_service *kafka = service;
    struct group *group = find_group(kafka, values, "group");
    int64_t partition = -1;

    if (!group || !value_number(values, "partition", &partition) || !value_of(values, "topic") ||
        !group_commit(group, named(values, "topic"), (int32_t)partition))
        return "no such checkpoint";
    group_remove_commit(group, named(values, "topic"), (int32_t)partition);
    return NULL;
}

static void show_commits(const struct group *group, struct buf *out)
{
    for (size_t i = 0; i < group->topics.count; i++) {
        const struct committed *committed = group->topics.items[i];

        for (size_t j = 0; j < committed->count; j++) {
            const struct commit *commit = &committed->commits[j];
            char *metadata = text_key(commit->metadata);

            buf_printf(out, "%s %s %d %lld ", group->key, committed->key, commit->partition,
                       (long long)commit->offset);
            buf_puts(out, metadata);
            buf_puts(out, "\n");
            free(metadata);
        }
    }
}

static void show_checkpoints(struct call *call)
{
    const struct kafka_service *kafka = call->service;

    answer_text(call->answer, 200, "%s", "");
    for (size_t i = 0; i < kafka->world.groups.count; i++)
        show_commits(kafka->world.groups.items[i], &call->answer->body);
}

/* ---- the cluster ---- */

static void show_brokers(struct call *call)
{
    const struct world *world = &((const struct kafka_service *)call->service)->world;

    answer_text(call->answer, 200, "%s", "");
    for (size_t i = 0; i < world->node_count; i++)
        buf_printf(&call->answer->body, "%d 127.0.0.1:%u %s\n", world->nodes[i].id,
                   world->nodes[i].port, world->nodes[i].up ? "up" : "down");
}

static void set_broker(struct call *call)
{
    struct kafka_service *kafka = call->service;
    const char *state = request_parameter(call->request, "state");
    int64_t id;
    int status = -1;

    if (!control_number(call, "id", &id))
        return;
    if (id < 1 || (size_t)id > kafka->world.node_count)
        status = -1;
    else if (state && !strcmp(state, "down"))
        status = brokers_stop(kafka->brokers, (int32_t)id);
    else if (state && !strcmp(state, "up"))
        status = brokers_start(kafka->brokers, (int32_t)id);
    if (status)
        control_wrong(call, "id or state, or its port is in use");
    else
        control_done(call);
}

static void set_throttle(struct call *call)
{
    struct kafka_service *kafka = call->service;
    int64_t ms;

    if (!control_number(call, "ms", &ms))
        return;
    kafka->throttle_ms = (int32_t)ms;
    control_done(call);
}

static void clean(struct call *call)
{
    struct kafka_service *kafka = call->service;

    world_clean(&kafka->world, service_now_ms(kafka->service));
    control_done(call);
}

static void show_malformed(struct call *call)
{
    const struct kafka_service *kafka = call->service;

    answer_text(call->answer, 200, "%s", kafka->service->log.failures.data);
}

/* ---- many at once ---- */

static void make_many(struct call *call)
{
    const struct pairs *query = &call->request->query;
    const char *topics = value_of(query, "topic_prefix");
    const char *groups = value_of(query, "group_prefix");
    const char *wrong = NULL;

    if (value_of(query, "topics"))
        wrong = seed_many(call->service, query, "topics", topics ? topics : "topic-", put_topic);
    if (!wrong && value_of(query, "groups"))
        wrong = seed_many(call->service, query, "groups", groups ? groups : "group-", put_group);
    seed_answer(call, wrong);
}

static void seed_world(struct call *call)
{
    static const struct {
        const char *name;
        seed_put *put;
    } kinds[] = {
        {"topics", put_topic},   {"partitions", put_partition},   {"groups", put_group},
        {"members", put_member}, {"checkpoints", put_checkpoint},
    };
    cJSON *json = request_json(call->request);
    const char *wrong = json ? NULL : "not a JSON object";

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !wrong; i++)
        wrong = seed_all(call->service, cJSON_GetObjectItemCaseSensitive(json, kinds[i].name),
                         kinds[i].put);
    seed_answer(call, wrong);
    cJSON_Delete(json);
}

#define ONE(name)                              \
    static void name##_call(struct call *call) \
    {                                          \
        seed_one(call, name);                  \
    }

ONE(put_topic)
ONE(remove_topic)
ONE(put_partition)
ONE(put_record_there)
ONE(put_group)
ONE(remove_group)
ONE(put_member)
ONE(remove_member)
ONE(put_checkpoint)
ONE(remove_checkpoint)

const struct route kafka_seed_routes[] = {
    {"POST", "/_control/topic", put_topic_call},
    {"DELETE", "/_control/topic", remove_topic_call},
    {"GET", "/_control/topics", show_topics},
    {"POST", "/_control/partition", put_partition_call},
    {"POST", "/_control/record", put_record_there_call},
    {"POST", "/_control/group", put_group_call},
    {"DELETE", "/_control/group", remove_group_call},
    {"GET", "/_control/groups", show_groups},
    {"POST", "/_control/member", put_member_call},
    {"DELETE", "/_control/member", remove_member_call},
    {"POST", "/_control/checkpoint", put_checkpoint_call},
    {"DELETE", "/_control/checkpoint", remove_checkpoint_call},
    {"GET", "/_control/checkpoints", show_checkpoints},
    {"GET", "/_control/brokers", show_brokers},
    {"POST", "/_control/broker", set_broker},
    {"POST", "/_control/throttle", set_throttle},
    {"POST", "/_control/clean", clean},
    {"GET", "/_control/malformed", show_malformed},
    {"POST", "/_control/make", make_many},
    {"POST", "/_control/seed", seed_world},
};
const size_t kafka_seed_route_count = sizeof(kafka_seed_routes) / sizeof(kafka_seed_routes[0]);
