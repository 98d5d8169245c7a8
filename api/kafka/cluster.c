#include "api/kafka/cluster.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/when.h"

/* For how long a broker that did not answer is left alone if there is another. */
#define AVOIDED_MS 2000

/* For how long after a new coordinator has begun to answer its answers may be old ones. */
#define NEW_COORDINATOR_MS 10000

/* For how long after a broker has closed a connection it may be one that has begun anew. */
#define RESTART_MS 30000

/* Brokers */

static int add_pool(struct kafka_cluster *cluster, const struct kafka_address *address)
{
    struct kafka_pool *pool;

    if (cluster->count == sizeof(cluster->pools) / sizeof(cluster->pools[0]))
        return -EFBIG;
    pool = calloc(1, sizeof(*pool));
    if (!pool)
        return -ENOMEM;
    kafka_pool_init(pool, &cluster->network, address);
    cluster->pools[cluster->count++] = pool;
    return 0;
}

int kafka_cluster_add(struct kafka_cluster *cluster, const char *host, int32_t port)
{
    struct kafka_address address = {.id = KAFKA_NOBODY, .port = port};

    if (cluster->count == KAFKA_BOOTSTRAP_MAX)
        return -EFBIG;
    snprintf(address.host, sizeof(address.host), "%s", host);
    return add_pool(cluster, &address);
}

void kafka_cluster_release(struct kafka_cluster *cluster)
{
    for (size_t i = 0; i < cluster->count; i++) {
        kafka_pool_release(cluster->pools[i]);
        free(cluster->pools[i]);
    }
    cluster->count = 0;
    for (size_t i = 0; i < KAFKA_TOPICS_MAX; i++)
        kafka_topic_release(&cluster->topics[i]);
    for (size_t i = 0; i < KAFKA_GROUPS_MAX; i++)
        free(cluster->coordinators[i].group);
}

void kafka_cluster_begin_brokers(struct kafka_cluster *cluster)
{
    for (size_t i = 0; i < cluster->count; i++)
        cluster->pools[i]->listed = false;
    cluster->brokers_when = when_monotonic();
}

struct kafka_pool *kafka_cluster_find(const struct kafka_cluster *cluster, int32_t node)
{
    for (size_t i = 0; i < cluster->count && node != KAFKA_NOBODY; i++) {
        if (cluster->pools[i]->address.id == node)
            return cluster->pools[i];
    }
    return NULL;
}

/* One of a broker that is there no longer, and that nobody uses; or NULL. */
static struct kafka_pool *find_unused(const struct kafka_cluster *cluster)
{
    for (size_t i = 0; i < cluster->count; i++) {
        struct kafka_pool *pool = cluster->pools[i];

        if (!pool->listed && pool->address.id != KAFKA_NOBODY && !pool->count &&
            !pool->lanes.waiting)
            return pool;
    }
    return NULL;
}

static int make_pool(struct kafka_cluster *cluster, const struct kafka_address *address)
{
    struct kafka_pool *unused = find_unused(cluster);
    int status;

    if (!unused) {
        status = add_pool(cluster, address);
        if (!status)
            cluster->pools[cluster->count - 1]->listed = true;
        return status;
    }
    kafka_pool_init(unused, &cluster->network, address);
    unused->listed = true;
    return 0;
}

int kafka_cluster_list_broker(struct kafka_cluster *cluster, const struct kafka_address *address)
{
    struct kafka_pool *pool = kafka_cluster_find(cluster, address->id);

    if (address->id < 0 || !*address->host)
        return -EBADMSG;
    if (!pool)
        return make_pool(cluster, address);
    pool->listed = true;
    if (pool->address.port != address->port || strcmp(pool->address.host, address->host) != 0)
        kafka_pool_move(pool, address);
    return 0;
}

/* Whether a broker is rather to be asked than another, which may be NULL. */
static bool is_better(const struct kafka_pool *pool, const struct kafka_pool *other)
{
    int64_t avoided = when_monotonic() - AVOIDED_MS;
    bool is_good = pool->failed < avoided;
    bool other_is_good = other && other->failed < avoided;

    if (!other || is_good != other_is_good)
        return !other || is_good;
    if (!is_good)
        return pool->failed < other->failed;
    if (pool->listed != other->listed)
        return pool->listed;
    return pool->answered > other->answered;
}

struct kafka_pool *kafka_cluster_any(const struct kafka_cluster *cluster)
{
    struct kafka_pool *best = NULL;

    for (size_t i = 0; i < cluster->count; i++) {
        struct kafka_pool *pool = cluster->pools[i];

        if ((pool->listed || pool->address.id == KAFKA_NOBODY) && is_better(pool, best))
            best = pool;
    }
    return best;
}

/* Of those that are listed, or that are not. */
static bool have_failed(const struct kafka_cluster *cluster, bool listed, int64_t since)
{
    for (size_t i = 0; i < cluster->count; i++) {
        const struct kafka_pool *pool = cluster->pools[i];

        if (pool->listed == listed && (!pool->failed || pool->failed < since))
            return false;
    }
    return true;
}

/* What the source names is another way to those that are listed. */
bool kafka_cluster_has_failed(const struct kafka_cluster *cluster, int64_t since)
{
    bool lists = false;

    for (size_t i = 0; i < cluster->count; i++)
        lists |= cluster->pools[i]->listed;
    return have_failed(cluster, lists, since);
}

struct names *kafka_cluster_nodes(const struct kafka_cluster *cluster)
{
    struct names *names = names_new();
    char text[16];

    for (size_t i = 0; names && i < cluster->count; i++) {
        if (!cluster->pools[i]->listed)
            continue;
        snprintf(text, sizeof(text), "%d", cluster->pools[i]->address.id);
        if (names_add(names, text)) {
            names_drop(names);
            return NULL;
        }
    }
    return names;
}

/* Topics */

static struct kafka_topic *find_topic(const struct kafka_cluster *cluster, const char *name)
{
    for (size_t i = 0; i < KAFKA_TOPICS_MAX; i++) {
        const struct kafka_topic *topic = &cluster->topics[i];

        if (topic->name && !strcmp(topic->name, name))
            return (struct kafka_topic *)(uintptr_t)topic;
    }
    return NULL;
}

const struct kafka_topic *kafka_cluster_topic(const struct kafka_cluster *cluster, const char *name,
                                              int64_t age_ms)
{
    const struct kafka_topic *topic = find_topic(cluster, name);

    return topic && when_monotonic() - topic->when <= age_ms ? topic : NULL;
}

void kafka_topic_release(struct kafka_topic *topic)
{
    free(topic->name);
    free(topic->partitions);
    *topic = (struct kafka_topic){0};
}

static struct kafka_topic *find_oldest_topic(struct kafka_cluster *cluster)
{
    struct kafka_topic *oldest = cluster->topics;

    for (size_t i = 1; i < KAFKA_TOPICS_MAX; i++) {
        if (cluster->topics[i].when < oldest->when)
            oldest = &cluster->topics[i];
    }
    return oldest;
}

void kafka_cluster_note_topic(struct kafka_cluster *cluster, struct kafka_topic *topic)
{
    struct kafka_topic *slot = find_topic(cluster, topic->name);

    if (!slot)
        slot = find_oldest_topic(cluster);
    kafka_topic_release(slot);
    *slot = *topic;
    slot->when = when_monotonic();
    *topic = (struct kafka_topic){0};
}

void kafka_cluster_forget_topic(struct kafka_cluster *cluster, const char *name)
{
    struct kafka_topic *topic = find_topic(cluster, name);

    if (topic)
        kafka_topic_release(topic);
}

const struct kafka_partition *kafka_topic_partition(const struct kafka_topic *topic,
                                                    uint32_t partition)
{
    int32_t wanted = (int32_t)partition;

    for (size_t i = 0; i < topic->count; i++) {
        if (topic->partitions[i].partition == wanted)
            return &topic->partitions[i];
    }
    return NULL;
}

/* Groups. A group whose place another has is one that is not known. */

static struct kafka_coordinator *place_of_group(const struct kafka_cluster *cluster,
                                                const char *group)
{
    const struct kafka_coordinator *place =
        &cluster->coordinators[hash_add(HASH_BEGIN, group) % KAFKA_GROUPS_MAX];

    return (struct kafka_coordinator *)(uintptr_t)place;
}

static bool is_of_group(const struct kafka_coordinator *place, const char *group)
{
    return place->group && !strcmp(place->group, group);
}

int32_t kafka_cluster_coordinator(const struct kafka_cluster *cluster, const char *group)
{
    const struct kafka_coordinator *place = place_of_group(cluster, group);

    return is_of_group(place, group) && !place->lost ? place->node : KAFKA_NOBODY;
}

/* Whether another coordinator was found, or looked for, not long ago. */
static bool has_changed_lately(const struct kafka_cluster *cluster)
{
    return cluster->changed && when_monotonic() - cluster->changed < RESTART_MS;
}

/* Another group's place is taken. Whether this group's coordinator has changed since the group lost
 * its place is forgotten: it has, if one has. */
static void take_place(const struct kafka_cluster *cluster, struct kafka_coordinator *place,
                       const char *group, int32_t node)
{
    int64_t changed = has_changed_lately(cluster) ? when_monotonic() : 0;
    char *name = strdup(group);

    if (!name)
        return;
    free(place->group);
    *place = (struct kafka_coordinator){.group = name, .node = node, .changed = changed};
}

void kafka_cluster_note_coordinator(struct kafka_cluster *cluster, const char *group, int32_t node)
{
    struct kafka_coordinator *place = place_of_group(cluster, group);

    if (!is_of_group(place, group)) {
        take_place(cluster, place, group, node);
        return;
    }
    if (place->lost || place->node != node) {
        cluster->changed = place->changed = when_monotonic();
        place->heard = 0;
    }
    place->node = node;
    place->lost = false;
}

void kafka_cluster_lose_coordinator(struct kafka_cluster *cluster, const char *group)
{
    struct kafka_coordinator *place = place_of_group(cluster, group);

    cluster->changed = when_monotonic();
    if (is_of_group(place, group))
        place->lost = true;
}

void kafka_cluster_suspect_coordinator(struct kafka_cluster *cluster, const char *group)
{
    struct kafka_coordinator *place = place_of_group(cluster, group);
    const struct kafka_pool *pool = NULL;
    int64_t now = when_monotonic();

    if (is_of_group(place, group))
        pool = kafka_cluster_find(cluster, place->node);
    if (!pool || !pool->closed || now - pool->closed > RESTART_MS || place->changed > pool->closed)
        return;
    cluster->changed = place->changed = now;
    place->heard = 0;
}

void kafka_cluster_note_answer(struct kafka_cluster *cluster, const char *group)
{
    struct kafka_coordinator *place = place_of_group(cluster, group);

    if (is_of_group(place, group) && !place->heard)
        place->heard = when_monotonic();
}

/* Since when the coordinator has been a new one that may not know all yet; or 0. */
static int64_t new_since(const struct kafka_cluster *cluster, const char *group)
{
    const struct kafka_coordinator *place = place_of_group(cluster, group);
    bool is_new = !place->heard || when_monotonic() - place->heard < NEW_COORDINATOR_MS;

    return is_of_group(place, group) && is_new ? place->changed : 0;
}

/* What was committed */

static uint64_t hash_group(const char *group)
{
    return hash_add(HASH_BEGIN, group);
}

static uint64_t hash_partition(const char *group, const char *topic, uint32_t partition)
{
    char number[16];
    uint64_t hash;

    snprintf(number, sizeof(number), "%u", partition);
    hash = hash_add(hash_add(hash_group(group), topic), number);
    return hash ? hash : 1;
}

static void put_commit(struct kafka_acknowledged *place, uint64_t about, const char *group,
                       int64_t offset)
{
    if (offset < 0)
        offset = KAFKA_NOTHING;
    *place = (struct kafka_acknowledged){about, hash_group(group), offset, when_monotonic()};
}

void kafka_cluster_note_commit(struct kafka_cluster *cluster, const char *group, const char *topic,
                               uint32_t partition, int64_t offset)
{
    uint64_t about = hash_partition(group, topic, partition);

    put_commit(&cluster->commits[about % KAFKA_COMMITS_MAX], about, group, offset);
}

void kafka_cluster_note_read(struct kafka_cluster *cluster, const char *group, const char *topic,
                             uint32_t partition, int64_t offset, int64_t began)
{
    uint64_t about = hash_partition(group, topic, partition);
    struct kafka_acknowledged *place = &cluster->commits[about % KAFKA_COMMITS_MAX];

    if (place->about == about && place->when < began)
        put_commit(place, about, group, offset);
}

static bool is_remembered_from_before(const struct kafka_acknowledged *commit, int64_t when)
{
    return when && commit->about && commit->when < when;
}

static const struct kafka_acknowledged *find_uncertain(const struct kafka_cluster *cluster,
                                                       const char *group, const char *topic,
                                                       uint32_t partition)
{
    uint64_t about = hash_partition(group, topic, partition);
    const struct kafka_acknowledged *commit = &cluster->commits[about % KAFKA_COMMITS_MAX];

    return commit->about == about && is_remembered_from_before(commit, new_since(cluster, group))
               ? commit
               : NULL;
}

bool kafka_cluster_is_outdated(const struct kafka_cluster *cluster, const char *group,
                               const char *topic, uint32_t partition, int64_t offset)
{
    const struct kafka_acknowledged *commit = find_uncertain(cluster, group, topic, partition);

    if (offset < 0)
        offset = KAFKA_NOTHING;
    return commit && offset != commit->offset;
}

bool kafka_cluster_is_uncertain(const struct kafka_cluster *cluster, const char *group,
                                const char *topic, uint32_t partition)
{
    const struct kafka_acknowledged *commit = find_uncertain(cluster, group, topic, partition);

    return commit && commit->offset != KAFKA_NOTHING;
}

size_t kafka_cluster_count_uncertain(const struct kafka_cluster *cluster, const char *group)
{
    int64_t since = new_since(cluster, group);
    uint64_t hash = hash_group(group);
    size_t count = 0;

    for (size_t i = 0; since && i < KAFKA_COMMITS_MAX; i++)
        count += cluster->commits[i].group == hash && cluster->commits[i].offset != KAFKA_NOTHING &&
                 is_remembered_from_before(&cluster->commits[i], since);
    return count;
}
