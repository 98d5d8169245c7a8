#include "tests/service/kafka/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "tests/service/common/memory.h"

/* How long commits of a group without members are kept: seven days. */
#define RETENTION_MS (INT64_C(7) * 24 * 3600 * 1000)

/* ---- topics ---- */

static void *find_by_text(const struct directory *directory, struct text name)
{
    char *key = text_key(name);
    void *found = directory_find(directory, key);

    free(key);
    return found;
}

struct topic *world_topic(const struct world *world, struct text name)
{
    return find_by_text(&world->topics, name);
}

struct partition *topic_partition(const struct topic *topic, int32_t partition)
{
    return partition >= 0 && (size_t)partition < topic->count ? &topic->partitions[partition]
                                                              : NULL;
}

struct topic *world_add_topic(struct world *world, const char *name)
{
    struct topic *topic = must_calloc(1, sizeof(*topic));

    topic->key = text_key(text_of(name));
    topic->name = must_strdup(name);
    topic->is_internal = !strncmp(name, "__", 2);
    directory_add(&world->topics, topic);
    return topic;
}

void topic_add_partition(struct topic *topic)
{
    topic->partitions =
        must_realloc(topic->partitions, topic->count + 1, sizeof(*topic->partitions));
    topic->partitions[topic->count++] =
        (struct partition){.leader = NOBODY, .time_ms = WORLD_TIME_MS, .step_ms = WORLD_STEP_MS};
}

static void free_topic(struct topic *topic)
{
    for (size_t i = 0; i < topic->count; i++) {
        for (size_t j = 0; j < topic->partitions[i].put_count; j++)
            free(topic->partitions[i].put[j].data);
        free(topic->partitions[i].put);
    }
    free(topic->partitions);
    free(topic->key);
    free(topic->name);
    free(topic);
}

void world_remove_topic(struct world *world, struct topic *topic)
{
    for (size_t i = 0; i < world->groups.count; i++)
        group_remove_topic(world->groups.items[i], topic->key);
    directory_remove(&world->topics, topic);
    free_topic(topic);
}

/* ---- brokers ---- */

size_t world_up(const struct world *world)
{
    size_t count = 0;

    for (size_t i = 0; i < world->node_count; i++)
        count += world->nodes[i].up;
    return count;
}

/* The chosen one, or the one that the hash says; the next one that is up when it is not. */
static int32_t choose_node(const struct world *world, int32_t chosen, uint64_t hash)
{
    size_t count = world->node_count;
    size_t first = chosen == NOBODY ? (size_t)(hash % count) : (size_t)chosen - 1;

    for (size_t i = 0; i < count; i++) {
        const struct node *node = &world->nodes[(first + i) % count];

        if (node->up)
            return node->id;
    }
    return NOBODY;
}

int32_t world_leader(const struct world *world, const struct topic *topic, int32_t partition)
{
    const struct partition *found = topic_partition(topic, partition);

    return choose_node(world, found->leader, (uint64_t)partition);
}

int32_t world_coordinator(const struct world *world, struct text group)
{
    const struct group *found = world_group(world, group);
    char *key = text_key(group);
    uint64_t hash = hash_add(HASH_BEGIN, key) >> 7;

    free(key);
    return choose_node(world, found ? found->pinned : NOBODY, hash);
}

/* ---- groups ---- */

struct group *world_group(const struct world *world, struct text id)
{
    return find_by_text(&world->groups, id);
}

struct group *world_add_group(struct world *world, struct text id)
{
    struct group *group = must_calloc(1, sizeof(*group));

    group->key = text_key(id);
    group->id = text_copy(id);
    group->type = must_strdup("classic");
    group->protocol = must_strdup("");
    group->pinned = group->coordinator = NOBODY;
    directory_add(&world->groups, group);
    return group;
}

static void free_committed(struct committed *committed)
{
    for (size_t i = 0; i < committed->count; i++)
        text_release(&committed->commits[i].metadata);
    free(committed->commits);
    free(committed->key);
    free(committed->topic);
    free(committed);
}

static void free_member(struct member *member)
{
    free(member->id);
    free(member->client);
    free(member);
}

static void free_group(struct group *group)
{
    for (size_t i = 0; i < group->topics.count; i++)
        free_committed(group->topics.items[i]);
    for (size_t i = 0; i < group->members.count; i++)
        free_member(group->members.items[i]);
    free(group->topics.items);
    free(group->members.items);
    text_release(&group->id);
    free(group->youngest_topic);
    free(group->key);
    free(group->type);
    free(group->protocol);
    free(group->state);
    free(group);
}

void world_remove_group(struct world *world, struct group *group)
{
    directory_remove(&world->groups, group);
    free_group(group);
}

void world_clear(struct world *world)
{
    while (world->groups.count)
        world_remove_group(world, world->groups.items[world->groups.count - 1]);
    while (world->topics.count)
        world_remove_topic(world, world->topics.items[world->topics.count - 1]);
    free(world->groups.items);
    free(world->topics.items);
    world->groups = world->topics = (struct directory){0};
}

bool group_is_subscribed(const struct group *group, const struct topic *topic)
{
    for (size_t i = 0; i < group->members.count; i++)
        if (((const struct member *)group->members.items[i])->topic == topic)
            return true;
    return false;
}

const char *group_state(const struct group *group)
{
    if (group->state)
        return group->state;
    return group->members.count ? "Stable" : "Empty";
}

void group_join(struct group *group, const char *id, const char *client, struct topic *topic)
{
    struct member *member = directory_find(&group->members, id);

    if (!member) {
        member = must_calloc(1, sizeof(*member));
        member->id = must_strdup(id);
        member->client = must_strdup(client);
        directory_add(&group->members, member);
        group->generation++;
    }
    member->topic = topic;
    free(group->protocol);
    group->protocol = must_strdup(!strcmp(group->type, "share") ? "share" : "consumer");
}

bool group_leave(struct group *group, const char *id, int64_t now_ms)
{
    struct member *member = directory_find(&group->members, id);

    if (!member)
        return false;
    directory_remove(&group->members, member);
    free_member(member);
    group->generation++;
    group->idle_ms = now_ms;
    return true;
}

/* ---- commits ---- */

bool group_has_commits(const struct group *group)
{
    return group->topics.count;
}

/* The first index whose partition is not less. */
static size_t place_of(const struct committed *committed, int32_t partition)
{
    size_t at = 0;

    while (at < committed->count && committed->commits[at].partition < partition)
        at++;
    return at;
}

struct commit *group_commit(const struct group *group, struct text topic, int32_t partition)
{
    struct committed *committed = find_by_text(&group->topics, topic);
    size_t at = committed ? place_of(committed, partition) : 0;

    return committed && at < committed->count && committed->commits[at].partition == partition
               ? &committed->commits[at]
               : NULL;
}

static struct committed *add_committed(struct group *group, struct text topic)
{
    struct committed *committed = find_by_text(&group->topics, topic);

    if (committed)
        return committed;
    committed = must_calloc(1, sizeof(*committed));
    committed->key = text_key(topic);
    committed->topic = must_strndup(topic.data, topic.size);
    directory_add(&group->topics, committed);
    return committed;
}

static struct commit *add_commit(struct committed *committed, int32_t partition)
{
    size_t at = place_of(committed, partition);

    committed->commits =
        must_realloc(committed->commits, committed->count + 1, sizeof(*committed->commits));
    memmove(committed->commits + at + 1, committed->commits + at,
            (committed->count - at) * sizeof(*committed->commits));
    committed->count++;
    committed->commits[at] = (struct commit){.partition = partition};
    return &committed->commits[at];
}

/* Of all commits, of all groups. */
static uint64_t last_number;

struct commit *group_put_commit(struct group *group, struct text topic, int32_t partition,
                                int64_t offset, struct text metadata)
{
    struct commit *commit = group_commit(group, topic, partition);

    free(group->youngest_topic);
    group->youngest_topic = text_key(topic);
    group->youngest = partition;
    group->before = commit ? commit->offset : -1;
    if (!commit)
        commit = add_commit(add_committed(group, topic), partition);
    text_release(&commit->metadata);
    *commit = (struct commit){
        .partition = partition,
        .leader_epoch = -1,
        .offset = offset,
        .metadata = text_copy(metadata.data ? metadata : text_of("")),
        .expires_ms = INT64_MAX,
        .number = ++last_number,
    };
    return commit;
}

void group_remove_commit(struct group *group, struct text topic, int32_t partition)
{
    struct committed *committed = find_by_text(&group->topics, topic);
    struct commit *commit = group_commit(group, topic, partition);
    size_t at;

    if (!commit)
        return;
    at = (size_t)(commit - committed->commits);
    text_release(&commit->metadata);
    memmove(commit, commit + 1, (committed->count - at - 1) * sizeof(*commit));
    if (!--committed->count)
        group_remove_topic(group, committed->key);
}

void group_remove_topic(struct group *group, const char *key)
{
    struct committed *committed = directory_find(&group->topics, key);

    if (!committed)
        return;
    directory_remove(&group->topics, committed);
    free_committed(committed);
}

/* One that has expired, or NULL. */
static const struct commit *find_expired(const struct group *group, int64_t now_ms,
                                         const char **topic)
{
    for (size_t i = 0; i < group->topics.count; i++) {
        const struct committed *committed = group->topics.items[i];

        *topic = committed->topic;
        for (size_t j = 0; j < committed->count; j++) {
            int64_t own = committed->commits[j].expires_ms;

            if (now_ms >= (own < INT64_MAX ? own : group->idle_ms + RETENTION_MS))
                return &committed->commits[j];
        }
    }
    return NULL;
}

void world_clean(struct world *world, int64_t now_ms)
{
    for (size_t i = world->groups.count; i--;) {
        struct group *group = world->groups.items[i];
        const struct commit *commit;
        const char *topic;

        if (group->members.count)
            continue;
        while ((commit = find_expired(group, now_ms, &topic)))
            group_remove_commit(group, text_of(topic), commit->partition);
        if (!group_has_commits(group))
            world_remove_group(world, group);
    }
}

/* ---- records ---- */

void partition_put(struct partition *partition, const struct put_batch *batch)
{
    struct put_batch *added;

    partition->put =
        must_realloc(partition->put, partition->put_count + 1, sizeof(*partition->put));
    added = &partition->put[partition->put_count++];
    *added = *batch;
    added->data = must_calloc(1, batch->size ? batch->size : 1);
    memcpy(added->data, batch->data, batch->size);
    partition->latest = batch->next;
}

int64_t partition_time_ms(const struct partition *partition, int64_t offset)
{
    for (size_t i = 0; i < partition->put_count; i++) {
        const struct put_batch *batch = &partition->put[i];

        if (batch->first <= offset && offset < batch->next)
            return batch->time_ms;
    }
    return partition->time_ms + offset * partition->step_ms;
}

int64_t partition_since(const struct partition *partition, int64_t time_ms)
{
    int64_t low = partition->earliest;
    int64_t high = partition->latest;

    while (low < high) {
        int64_t middle = low + (high - low) / 2;

        if (partition_time_ms(partition, middle) < time_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low < partition->latest ? low : -1;
}
