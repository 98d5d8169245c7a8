#ifndef SERVICE_SLS_WORLD_H
#define SERVICE_SLS_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/service/common/directory.h"

/*
 * What the simulated SLS holds: logstores with shards and consumer groups, and what the groups'
 * consumers have committed. All is owned by the world.
 *
 * A shard holds the log groups earliest <= n < latest. Log group n was received one second after
 * n-1, and the last one when the bounds were set.
 */
#define WORLD_LOGSTORES_MAX 10000
#define WORLD_SHARDS_MAX    100000 /* of one logstore */
#define WORLD_GROUPS_MAX    30     /* of one logstore: the limit of the service */
#define WORLD_FIRST         INT64_C(1524155379373908480)

/* A log group that somebody has put: what was sent, in protocol buffers. */
struct put_group {
    int64_t number;
    char *data;
    size_t size;
};

struct shard {
    int64_t id;
    bool read_only;
    int64_t earliest;
    int64_t latest;
    int64_t anchor_ms; /* when the last one was received */
    int64_t created_ms;
    struct put_group *put; /* in the order of their numbers; the other groups are made up */
    size_t put_count;
};

/* A consumer is alive for the timeout of its group after it was last heard of. */
struct consumer {
    char *name; /* the first member, for the directory */
    int64_t beat_ms;
};

/* What is known of one shard in one group. */
struct position {
    char *checkpoint; /* NULL for none */
    int64_t update_us;
    char *writer;           /* "consumer" in answers; NULL for none */
    struct consumer *owner; /* who reads it; NULL for nobody */
    bool leaving;           /* its owner was told to give it up */
};

struct group {
    char *name;
    int64_t timeout;
    bool order;
    struct directory consumers;
    struct position *positions; /* as many as the logstore has shards */
    size_t position_count;
};

struct logstore {
    char *name;
    struct shard *shards; /* in the order of their ids */
    size_t shard_count;
    struct directory groups;
};

struct world {
    struct directory logstores;
};

void world_clear(struct world *world);

/* NULL when there is none. */
struct logstore *world_logstore(const struct world *world, const char *name);
struct group *logstore_group(const struct logstore *logstore, const char *name);
struct shard *logstore_shard(const struct logstore *logstore, int64_t id);

/* The name must be new. */
struct logstore *world_add_logstore(struct world *world, const char *name);
struct group *logstore_add_group(struct logstore *logstore, const char *name, int64_t timeout,
                                 bool order);
void logstore_remove_group(struct logstore *logstore, struct group *group);

/* Adds a shard with the next id. */
struct shard *logstore_add_shard(struct logstore *logstore, int64_t now_ms);

/* Log groups that were put stay as long as they are within the bounds. */
void shard_set_bounds(struct shard *shard, int64_t earliest, int64_t latest, int64_t now_ms);

/* Appends a log group, of which it keeps a copy. */
void shard_put(struct shard *shard, const void *data, size_t size, int64_t now_ms);

/* The log group n if it was put, or NULL. */
const struct put_group *shard_group(const struct shard *shard, int64_t n);

/* The first of the hash keys of a shard, as 32 hexadecimal digits: each has as many. */
#define WORLD_KEY_ROOM 33
void logstore_key(const struct logstore *logstore, size_t index, char key[static WORLD_KEY_ROOM]);

/* The shard to which a hash key leads: one that can be written to; or NULL. */
struct shard *logstore_route(const struct logstore *logstore, const char *key);

/* When log group n was received, and the first one received at a time or later: `latest` when there
 * is none. */
int64_t shard_time_ms(const struct shard *shard, int64_t n);
int64_t shard_since(const struct shard *shard, int64_t time_ms);

/* The position of a shard that the logstore has. */
struct position *group_position(struct group *group, const struct logstore *logstore,
                                const struct shard *shard);

/* Writes a checkpoint; writer may be "". */
void position_commit(struct position *position, const char *checkpoint, const char *writer,
                     int64_t now_us);

/* A consumer that was heard of in time, or NULL. */
struct consumer *group_consumer(struct group *group, const char *name, int64_t now_ms);

/* Makes it known, or notes that it was heard of. */
struct consumer *group_beat(struct group *group, const char *name, int64_t now_ms);
void group_remove_consumer(struct group *group, struct consumer *consumer);

/* Takes the shards of those who were not heard of in time away from them. */
void group_expire(struct group *group, int64_t now_ms);

#endif
