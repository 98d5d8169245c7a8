#ifndef SERVICE_KAFKA_WORLD_H
#define SERVICE_KAFKA_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/service/common/directory.h"
#include "tests/service/kafka/wire.h"

/*
 * What the simulated cluster holds: topics with partitions and records, groups with members and
 * commits. All is owned by the world. Names are kept as they came, and as keys (wire.h), by which
 * they are found.
 *
 * A partition has the offsets earliest <= n < latest. The record of offset n was appended n times
 * step_ms after time_ms, unless somebody has put it.
 */
#define WORLD_TOPICS_MAX     10000
#define WORLD_PARTITIONS_MAX 100000 /* of one topic */
#define WORLD_GROUPS_MAX     100000
#define WORLD_BROKERS_MAX    9
#define WORLD_TIME_MS        INT64_C(1700000000000)
#define WORLD_STEP_MS        1000
#define NOBODY               (-1)

/* A record that somebody has put: a whole batch, as it was sent or as the control interface made
 * it. */
struct put_batch {
    int64_t first;
    int64_t next; /* the offset after its last record */
    int64_t time_ms;
    char *data;
    size_t size;
};

struct partition {
    int32_t leader; /* as it was chosen, or NOBODY for any broker */
    int32_t leader_epoch;
    int64_t earliest;
    int64_t latest;
    int64_t time_ms;
    int64_t step_ms;
    int64_t stable;        /* the last stable offset is lower by so much */
    struct put_batch *put; /* in the order of their offsets */
    size_t put_count;
};

struct topic {
    char *key; /* the first member, for the directory */
    char *name;
    bool is_internal;
    struct partition *partitions;
    size_t count;
};

/* What is committed on one partition. */
struct commit {
    int32_t partition;
    int32_t leader_epoch;
    int64_t offset;
    struct text metadata;
    int64_t expires_ms; /* INT64_MAX: with the group's */
    uint64_t number;    /* tells it from all others there ever were */
};

/* The commits of a group on one topic, in ascending order of their partitions. */
struct committed {
    char *key;
    char *topic;
    struct commit *commits;
    size_t count;
};

struct member {
    char *id; /* the first member, for the directory */
    char *client;
    struct topic
        *topic; /* to which it subscribes; all of its partitions are assigned to the first */
};

struct group {
    char *key;
    struct text id;
    char *type; /* classic, consumer, share, streams */
    char *protocol;
    char *state; /* NULL: Empty, or Stable with members */
    int32_t generation;
    struct directory members;
    struct directory topics; /* struct committed */
    int64_t idle_ms;         /* since when it has had no members */
    int32_t pinned;          /* the broker that was chosen to coordinate it, or NOBODY */
    int32_t coordinator;     /* the one that last did, or NOBODY */
    int64_t moved_ms;        /* when it became that */

    /* What was committed last, and what was there before: of a partition of a topic. */
    char *youngest_topic;
    int32_t youngest;
    int64_t before; /* negative: nothing */
};

struct node {
    int32_t id;
    bool up;
    uint16_t port;
};

struct world {
    struct directory topics;
    struct directory groups;
    struct node *nodes; /* the brokers' own */
    size_t node_count;
};

/* Of what was put into it, not of the nodes. */
void world_clear(struct world *world);

/* NULL when there is none. */
struct topic *world_topic(const struct world *world, struct text name);
struct group *world_group(const struct world *world, struct text id);
struct partition *topic_partition(const struct topic *topic, int32_t partition);

/* The name must be new. */
struct topic *world_add_topic(struct world *world, const char *name);
struct group *world_add_group(struct world *world, struct text id);

/* With all that was committed on it. */
void world_remove_topic(struct world *world, struct topic *topic);
void world_remove_group(struct world *world, struct group *group);
void topic_add_partition(struct topic *topic);

/* The broker that leads, or coordinates: the chosen one, or the next that is up; or NOBODY. Brokers
 * are numbered from 1. */
int32_t world_leader(const struct world *world, const struct topic *topic, int32_t partition);
int32_t world_coordinator(const struct world *world, struct text group);
size_t world_up(const struct world *world);

/* NULL when nothing is committed. */
struct commit *group_commit(const struct group *group, struct text topic, int32_t partition);

/* Commits; before it, notes what was there. */
struct commit *group_put_commit(struct group *group, struct text topic, int32_t partition,
                                int64_t offset, struct text metadata);
void group_remove_commit(struct group *group, struct text topic, int32_t partition);

void group_remove_topic(struct group *group, const char *key);
bool group_has_commits(const struct group *group);
bool group_is_subscribed(const struct group *group, const struct topic *topic);
const char *group_state(const struct group *group);

void group_join(struct group *group, const char *id, const char *client, struct topic *topic);
bool group_leave(struct group *group, const char *id, int64_t now_ms);

/* What the broker does every ten minutes: removes what has expired, and groups with nothing. */
void world_clean(struct world *world, int64_t now_ms);

/* Takes a copy of a batch. */
void partition_put(struct partition *partition, const struct put_batch *batch);

/* When the record at an offset was appended; and the first offset of that time or later, or -1. */
int64_t partition_time_ms(const struct partition *partition, int64_t offset);
int64_t partition_since(const struct partition *partition, int64_t time_ms);

#endif
