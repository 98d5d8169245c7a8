#include "tests/service/sls/seed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/common/base64.h"
#include "tests/service/common/memory.h"
#include "tests/service/common/seed.h"
#include "tests/service/sls/calls.h"

/* Logstores and shards */

/* The bounds that are given; of one that is not, the other. */
static const char *set_bounds(const struct sls *sls, struct shard *shard,
                              const struct pairs *values)
{
    int64_t earliest = shard->earliest;
    int64_t latest = shard->latest;

    if (!value_number(values, "earliest", &earliest) || !value_number(values, "latest", &latest))
        return "a bound is not a number";
    if (value_of(values, "earliest") && !value_of(values, "latest") && latest < earliest)
        latest = earliest;
    if (value_of(values, "latest") && !value_of(values, "earliest") && earliest > latest)
        earliest = latest;
    if (latest < earliest)
        return "the latest is before the earliest";
    if (value_of(values, "earliest") || value_of(values, "latest"))
        shard_set_bounds(shard, earliest, latest, service_now_ms(sls->service));
    return NULL;
}

static const char *put_logstore(void *service, const struct pairs *values)
{
    struct sls *sls = service;
    const char *name = value_of(values, "name");
    struct logstore *logstore = name ? world_logstore(&sls->world, name) : NULL;
    int64_t shards = logstore ? (int64_t)logstore->shard_count : 1;
    const char *wrong = NULL;

    if (!name || !value_number(values, "shards", &shards) || shards > WORLD_SHARDS_MAX)
        return "a logstore needs a name and a number of shards";
    if (!logstore && sls->world.logstores.count == WORLD_LOGSTORES_MAX)
        return "too many logstores";
    if (!logstore)
        logstore = world_add_logstore(&sls->world, name);
    if ((size_t)shards < logstore->shard_count)
        return "fewer shards than there are";
    while (logstore->shard_count < (size_t)shards)
        logstore_add_shard(logstore, service_now_ms(sls->service));
    for (size_t i = 0; i < logstore->shard_count && !wrong; i++)
        wrong = set_bounds(sls, &logstore->shards[i], values);
    return wrong;
}

static const char *put_shard(void *service, const struct pairs *values)
{
    struct sls *sls = service;
    const char *name = value_of(values, "logstore");
    const char *status = value_of(values, "status");
    const struct logstore *logstore = name ? world_logstore(&sls->world, name) : NULL;
    struct shard *shard;
    int64_t id = -1;

    if (!logstore || !value_number(values, "shard", &id))
        return "no such logstore";
    shard = logstore_shard(logstore, id);
    if (!shard)
        return "no such shard";
    if (status && strcmp(status, "readonly") != 0 && strcmp(status, "readwrite") != 0)
        return "status must be readonly or readwrite";
    if (status)
        shard->read_only = !strcmp(status, "readonly");
    return set_bounds(sls, shard, values);
}

static struct shard *find_shard(struct sls *sls, const struct pairs *values)
{
    const char *name = value_of(values, "logstore");
    const struct logstore *logstore = name ? world_logstore(&sls->world, name) : NULL;
    int64_t id = -1;

    return logstore && value_number(values, "shard", &id) ? logstore_shard(logstore, id) : NULL;
}

/* The body is the log group, whatever it is. */
static void put_loggroup(struct call *call)
{
    struct sls *sls = call->service;
    const struct buf *body = &call->request->body;
    struct shard *shard = find_shard(sls, &call->request->query);

    if (shard)
        shard_put(shard, body->data, body->size, service_now_ms(sls->service));
    seed_answer(call, shard ? NULL : "no such logstore or shard");
}

/* One line for each that was put: number data */
static void show_loggroups(struct call *call)
{
    const struct shard *shard = find_shard(call->service, &call->request->query);

    answer_text(call->answer, 200, "%s", "");
    for (size_t i = 0; shard && i < shard->put_count; i++) {
        char *data = base64_print(shard->put[i].data, shard->put[i].size, false);

        buf_printf(&call->answer->body, "%lld ", (long long)shard->put[i].number);
        buf_puts(&call->answer->body, data);
        buf_puts(&call->answer->body, "\n");
        free(data);
    }
}

/* Groups, and what stands in them */

static const char *put_group(void *service, const struct pairs *values)
{
    struct sls *sls = service;
    const char *where = value_of(values, "logstore");
    const char *name = value_of(values, "name");
    const char *order = value_of(values, "order");
    struct logstore *logstore = where ? world_logstore(&sls->world, where) : NULL;
    struct group *group;
    int64_t timeout = 60;

    if (!logstore || !name || !value_number(values, "timeout", &timeout))
        return "a group needs the name of a logstore that there is, and its own";
    group = logstore_group(logstore, name);
    if (!group)
        group = logstore_add_group(logstore, name, timeout, false);
    if (value_of(values, "timeout"))
        group->timeout = timeout;
    if (order)
        group->order = !strcmp(order, "true");
    return NULL;
}

struct place {
    struct logstore *logstore;
    struct group *group;
};

static const char *find_group(struct sls *sls, const struct pairs *values, const char *name,
                              struct place *place)
{
    const char *logstore = value_of(values, "logstore");
    const char *group = value_of(values, name);

    place->logstore = logstore ? world_logstore(&sls->world, logstore) : NULL;
    place->group = place->logstore && group ? logstore_group(place->logstore, group) : NULL;
    return place->group ? NULL : "no such logstore or group";
}

static const char *remove_group(void *service, const struct pairs *values)
{
    struct place place;
    const char *wrong = find_group(service, values, "name", &place);

    if (!wrong)
        logstore_remove_group(place.logstore, place.group);
    return wrong;
}

static void clear_position(struct position *position)
{
    free(position->checkpoint);
    free(position->writer);
    position->checkpoint = NULL;
    position->writer = NULL;
    position->update_us = 0;
}

/* The text is stored as it is, whatever it is; an empty one is none. */
static const char *put_checkpoint(void *service, const struct pairs *values)
{
    struct sls *sls = service;
    const char *checkpoint = value_of(values, "checkpoint");
    const char *consumer = value_of(values, "consumer");
    const struct shard *shard;
    struct position *position;
    struct place place;
    const char *wrong = find_group(sls, values, "group", &place);
    int64_t id = -1;
    int64_t update_us = now_us(sls);

    if (wrong)
        return wrong;
    if (!checkpoint || !value_number(values, "shard", &id) ||
        !value_number(values, "update_time", &update_us))
        return "a checkpoint needs a shard and a text";
    shard = logstore_shard(place.logstore, id);
    if (!shard)
        return "no such shard";
    position = group_position(place.group, place.logstore, shard);
    if (*checkpoint)
        position_commit(position, checkpoint, consumer ? consumer : "", update_us);
    else
        clear_position(position);
    return NULL;
}

/* Gives it the shards that are named, whoever had them. */
static const char *put_consumer(void *service, const struct pairs *values)
{
    struct sls *sls = service;
    const char *name = value_of(values, "name");
    const char *shards = value_of(values, "shards");
    struct consumer *consumer;
    struct place place;
    const char *wrong = find_group(sls, values, "group", &place);

    if (wrong)
        return wrong;
    if (!name)
        return "a consumer needs a name";
    consumer = group_beat(place.group, name, service_now_ms(sls->service));
    for (const char *text = shards ? shards : ""; *text; text += *text == ',') {
        char *end;
        const struct shard *shard = logstore_shard(place.logstore, strtoll(text, &end, 10));
        struct position *position;

        if (end == text || !shard)
            return "no such shard";
        position = group_position(place.group, place.logstore, shard);
        position->owner = consumer;
        position->leaving = false;
        text = end;
    }
    return NULL;
}

static const char *remove_consumer(void *service, const struct pairs *values)
{
    const char *name = value_of(values, "name");
    struct consumer *consumer;
    struct place place;
    const char *wrong = find_group(service, values, "group", &place);

    if (wrong)
        return wrong;
    consumer = name ? directory_find(&place.group->consumers, name) : NULL;
    if (!consumer)
        return "no such consumer";
    group_remove_consumer(place.group, consumer);
    return NULL;
}

/* Many at once */

static const char *put_groups(struct sls *sls, const char *logstore, const struct pairs *values)
{
    const char *prefix = value_of(values, "group_prefix");
    const char *count = value_of(values, "groups");
    struct pairs some = {0};
    const char *wrong;

    pairs_add(&some, "logstore", logstore);
    pairs_add(&some, "groups", count ? count : "0");
    wrong = seed_many(sls, &some, "groups", prefix ? prefix : "group-", put_group);
    pairs_release(&some);
    return wrong;
}

static const char *make(void *service, const struct pairs *values)
{
    struct sls *sls = service;
    const char *prefix = value_of(values, "logstore_prefix");
    const char *wrong;

    prefix = prefix ? prefix : "logstore-";
    wrong = seed_many(sls, values, "logstores", prefix, put_logstore);
    for (size_t i = 0; i < sls->world.logstores.count && !wrong; i++) {
        const struct logstore *logstore = sls->world.logstores.items[i];

        if (!strncmp(logstore->name, prefix, strlen(prefix)))
            wrong = put_groups(sls, logstore->name, values);
    }
    return wrong;
}

static void seed_all_call(struct call *call)
{
    static const struct {
        const char *name;
        seed_put *put_one;
    } kinds[] = {
        {"logstores", put_logstore}, {"shards", put_shard},           {"groups", put_group},
        {"consumers", put_consumer}, {"checkpoints", put_checkpoint},
    };
    cJSON *json = request_json(call->request);
    const char *wrong = cJSON_IsObject(json) ? NULL : "the body is not a JSON object";

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !wrong; i++)
        wrong = seed_all(call->service, cJSON_GetObjectItemCaseSensitive(json, kinds[i].name),
                         kinds[i].put_one);
    seed_answer(call, wrong);
    cJSON_Delete(json);
}

/* Looking */

typedef void print_group(const struct logstore *logstore, const struct group *group,
                         struct buf *out);

static void print_each(struct call *call, print_group *print)
{
    const struct sls *sls = call->service;

    answer_text(call->answer, 200, "%s", "");
    for (size_t i = 0; i < sls->world.logstores.count; i++) {
        const struct logstore *logstore = sls->world.logstores.items[i];

        for (size_t j = 0; j < logstore->groups.count; j++)
            print(logstore, logstore->groups.items[j], &call->answer->body);
    }
}

static void print_checkpoints(const struct logstore *logstore, const struct group *group,
                              struct buf *out)
{
    for (size_t i = 0; i < group->position_count; i++) {
        const struct position *position = &group->positions[i];

        if (!position->checkpoint)
            continue;
        buf_printf(out, "%s %s %zu ", logstore->name, group->name, i);
        buf_puts_escaped(out, position->checkpoint);
        buf_puts(out, " ");
        buf_puts_escaped(out, position->writer && *position->writer ? position->writer : "-");
        buf_puts(out, "\n");
    }
}

static void print_line(const struct logstore *logstore, const struct group *group, struct buf *out)
{
    buf_printf(out, "%s %s %lld %s\n", logstore->name, group->name, (long long)group->timeout,
               group->order ? "true" : "false");
}

static void checkpoints_call(struct call *call)
{
    print_each(call, print_checkpoints);
}

static void groups_call(struct call *call)
{
    print_each(call, print_line);
}

/* The calls */

static void make_call(struct call *call)
{
    seed_one(call, make);
}

static void logstore_call(struct call *call)
{
    seed_one(call, put_logstore);
}

static void shard_call(struct call *call)
{
    seed_one(call, put_shard);
}

static void group_call(struct call *call)
{
    seed_one(call, put_group);
}

static void ungroup_call(struct call *call)
{
    seed_one(call, remove_group);
}

static void checkpoint_call(struct call *call)
{
    seed_one(call, put_checkpoint);
}

static void consumer_call(struct call *call)
{
    seed_one(call, put_consumer);
}

static void unconsumer_call(struct call *call)
{
    seed_one(call, remove_consumer);
}

const struct route sls_seed_routes[] = {
    {"POST", "/_control/make", make_call},
    {"POST", "/_control/logstore", logstore_call},
    {"POST", "/_control/shard", shard_call},
    {"POST", "/_control/loggroup", put_loggroup},
    {"GET", "/_control/loggroups", show_loggroups},
    {"POST", "/_control/group", group_call},
    {"DELETE", "/_control/group", ungroup_call},
    {"POST", "/_control/checkpoint", checkpoint_call},
    {"POST", "/_control/consumer", consumer_call},
    {"DELETE", "/_control/consumer", unconsumer_call},
    {"POST", "/_control/seed", seed_all_call},
    {"GET", "/_control/checkpoints", checkpoints_call},
    {"GET", "/_control/groups", groups_call},
};

const size_t sls_seed_route_count = sizeof(sls_seed_routes) / sizeof(sls_seed_routes[0]);
