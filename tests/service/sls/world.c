#include "tests/service/sls/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/common/memory.h"

#define STEP_MS 1000

static void free_consumer(struct consumer *consumer)
{
    free(consumer->name);
    free(consumer);
}

static void free_group(struct group *group)
{
    for (size_t i = 0; i < group->consumers.count; i++)
        free_consumer(group->consumers.items[i]);
    for (size_t i = 0; i < group->position_count; i++) {
        free(group->positions[i].checkpoint);
        free(group->positions[i].writer);
    }
    free(group->consumers.items);
    free(group->positions);
    free(group->name);
    free(group);
}

static void free_shard(struct shard *shard)
{
    for (size_t i = 0; i < shard->put_count; i++)
        free(shard->put[i].data);
    free(shard->put);
}

static void free_logstore(struct logstore *logstore)
{
    for (size_t i = 0; i < logstore->shard_count; i++)
        free_shard(&logstore->shards[i]);
    for (size_t i = 0; i < logstore->groups.count; i++)
        free_group(logstore->groups.items[i]);
    free(logstore->groups.items);
    free(logstore->shards);
    free(logstore->name);
    free(logstore);
}

void world_clear(struct world *world)
{
    for (size_t i = 0; i < world->logstores.count; i++)
        free_logstore(world->logstores.items[i]);
    free(world->logstores.items);
    *world = (struct world){0};
}

struct logstore *world_logstore(const struct world *world, const char *name)
{
    return directory_find(&world->logstores, name);
}

struct group *logstore_group(const struct logstore *logstore, const char *name)
{
    return directory_find(&logstore->groups, name);
}

struct shard *logstore_shard(const struct logstore *logstore, int64_t id)
{
    return id >= 0 && (size_t)id < logstore->shard_count ? &logstore->shards[id] : NULL;
}

struct logstore *world_add_logstore(struct world *world, const char *name)
{
    struct logstore *logstore = must_calloc(1, sizeof(*logstore));

    logstore->name = must_strdup(name);
    directory_add(&world->logstores, logstore);
    return logstore;
}

struct group *logstore_add_group(struct logstore *logstore, const char *name, int64_t timeout,
                                 bool order)
{
    struct group *group = must_calloc(1, sizeof(*group));

    group->name = must_strdup(name);
    group->timeout = timeout;
    group->order = order;
    directory_add(&logstore->groups, group);
    return group;
}

void logstore_remove_group(struct logstore *logstore, struct group *group)
{
    directory_remove(&logstore->groups, group);
    free_group(group);
}

struct shard *logstore_add_shard(struct logstore *logstore, int64_t now_ms)
{
    size_t count = logstore->shard_count;

    logstore->shards = must_realloc(logstore->shards, count + 1, sizeof(*logstore->shards));
    logstore->shards[count] = (struct shard){
        .id = (int64_t)count,
        .earliest = WORLD_FIRST,
        .latest = WORLD_FIRST,
        .anchor_ms = now_ms,
        .created_ms = now_ms,
    };
    logstore->shard_count++;
    return &logstore->shards[count];
}

void shard_set_bounds(struct shard *shard, int64_t earliest, int64_t latest, int64_t now_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < shard->put_count; i++) {
        if (shard->put[i].number >= earliest && shard->put[i].number < latest)
            shard->put[kept++] = shard->put[i];
        else
            free(shard->put[i].data);
    }
    shard->put_count = kept;
    shard->earliest = earliest;
    shard->latest = latest;
    shard->anchor_ms = now_ms;
}

void shard_put(struct shard *shard, const void *data, size_t size, int64_t now_ms)
{
    char *copy = must_calloc(size + 1, 1);

    memcpy(copy, data, size);
    shard->put = must_realloc(shard->put, shard->put_count + 1, sizeof(*shard->put));
    shard->put[shard->put_count++] = (struct put_group){shard->latest++, copy, size};
    shard->anchor_ms = now_ms;
}

const struct put_group *shard_group(const struct shard *shard, int64_t n)
{
    for (size_t i = 0; i < shard->put_count; i++)
        if (shard->put[i].number == n)
            return &shard->put[i];
    return NULL;
}

/* Hash keys are compared by their first half alone. */

static uint64_t first_key(const struct logstore *logstore, size_t index)
{
    return index * (UINT64_MAX / logstore->shard_count);
}

void logstore_key(const struct logstore *logstore, size_t index, char key[static WORLD_KEY_ROOM])
{
    snprintf(key, WORLD_KEY_ROOM, "%016llx%016d", (unsigned long long)first_key(logstore, index),
             0);
}

struct shard *logstore_route(const struct logstore *logstore, const char *key)
{
    char half[17];
    size_t index = 0;
    uint64_t number;

    snprintf(half, sizeof(half), "%.16s", key);
    number = strtoull(half, NULL, 16);
    while (index + 1 < logstore->shard_count && first_key(logstore, index + 1) <= number)
        index++;
    for (size_t i = 0; i < logstore->shard_count; i++) {
        struct shard *shard = &logstore->shards[(index + i) % logstore->shard_count];

        if (!shard->read_only)
            return shard;
    }
    return NULL;
}

int64_t shard_time_ms(const struct shard *shard, int64_t n)
{
    int64_t back = shard->latest - 1 - n;

    return back < shard->anchor_ms / STEP_MS ? shard->anchor_ms - back * STEP_MS : 0;
}

int64_t shard_since(const struct shard *shard, int64_t time_ms)
{
    int64_t newest = shard->latest - 1;
    int64_t back;

    if (time_ms > shard->anchor_ms || shard->earliest == shard->latest)
        return shard->latest;
    back = (shard->anchor_ms - time_ms) / STEP_MS;
    return back > newest - shard->earliest ? shard->earliest : newest - back;
}

/* Positions of shards that came after the group was made come when they are needed. */
struct position *group_position(struct group *group, const struct logstore *logstore,
                                const struct shard *shard)
{
    if (group->position_count < logstore->shard_count) {
        size_t added = logstore->shard_count - group->position_count;

        group->positions =
            must_realloc(group->positions, logstore->shard_count, sizeof(*group->positions));
        memset(group->positions + group->position_count, 0, added * sizeof(*group->positions));
        group->position_count = logstore->shard_count;
    }
    return &group->positions[shard->id];
}

void position_commit(struct position *position, const char *checkpoint, const char *writer,
                     int64_t now_us)
{
    char *kept_checkpoint = must_strdup(checkpoint);
    char *kept_writer = must_strdup(writer);

    free(position->checkpoint);
    free(position->writer);
    position->checkpoint = kept_checkpoint;
    position->writer = kept_writer;
    position->update_us = now_us;
}

static bool is_alive(const struct group *group, const struct consumer *consumer, int64_t now_ms)
{
    return (now_ms - consumer->beat_ms) / 1000 < group->timeout;
}

struct consumer *group_consumer(struct group *group, const char *name, int64_t now_ms)
{
    struct consumer *consumer = directory_find(&group->consumers, name);

    return consumer && is_alive(group, consumer, now_ms) ? consumer : NULL;
}

struct consumer *group_beat(struct group *group, const char *name, int64_t now_ms)
{
    struct consumer *consumer = directory_find(&group->consumers, name);

    if (!consumer) {
        consumer = must_calloc(1, sizeof(*consumer));
        consumer->name = must_strdup(name);
        directory_add(&group->consumers, consumer);
    }
    consumer->beat_ms = now_ms;
    return consumer;
}

void group_remove_consumer(struct group *group, struct consumer *consumer)
{
    for (size_t i = 0; i < group->position_count; i++) {
        if (group->positions[i].owner != consumer)
            continue;
        group->positions[i].owner = NULL;
        group->positions[i].leaving = false;
    }
    directory_remove(&group->consumers, consumer);
    free_consumer(consumer);
}

void group_expire(struct group *group, int64_t now_ms)
{
    for (size_t i = group->consumers.count; i-- > 0;)
        if (!is_alive(group, group->consumers.items[i], now_ms))
            group_remove_consumer(group, group->consumers.items[i]);
}
