#ifndef API_KAFKA_MESSAGE_H
#define API_KAFKA_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/kafka/recordset.h"
#include "api/names.h"

/*
 * The bodies of Kafka's requests and answers, as far as positions and records need them. Each call
 * has one version, which all brokers from 2.4 to 4.1 know, but for ListGroups, OffsetCommit with a
 * retention, and ConsumerGroupDescribe, which old ones lack.
 *
 * Functions that read return 0; -EBADMSG when it is no such answer or goes on behind its end;
 * -ENOMEM or -EFBIG. What they leave in *code is what Kafka calls an error code, 0 for none; where
 * it is not 0, nothing else was told.
 */

enum kafka_api {
    KAFKA_PRODUCE = 0,
    KAFKA_FETCH = 1,
    KAFKA_LIST_OFFSETS = 2,
    KAFKA_METADATA = 3,
    KAFKA_OFFSET_COMMIT = 8,
    KAFKA_OFFSET_FETCH = 9,
    KAFKA_FIND_COORDINATOR = 10,
    KAFKA_DESCRIBE_GROUPS = 15,
    KAFKA_LIST_GROUPS = 16,
    KAFKA_SASL_HANDSHAKE = 17,
    KAFKA_VERSIONS = 18,
    KAFKA_SASL_AUTHENTICATE = 36,
    KAFKA_DELETE_GROUPS = 42,
    KAFKA_OFFSET_DELETE = 47,
    KAFKA_DESCRIBE_CONSUMERS = 69, /* ConsumerGroupDescribe */
};

/* The first version of ListGroups that has the compact encoding. */
#define KAFKA_LIST_GROUPS_COMPACT 4

/* Above all calls that are used. */
#define KAFKA_APIS 70

/* Which versions of each call a broker knows; those that it does not know are from 0 to -1. */
struct kafka_versions {
    int16_t lowest[KAFKA_APIS];
    int16_t highest[KAFKA_APIS];
};

/* The version of a call that both sides know, between these two of ours; -1 when there is none. */
int16_t kafka_choose_version(const struct kafka_versions *versions, enum kafka_api api,
                             int16_t lowest, int16_t highest);

/* The head of a request, whose body follows. */
void kafka_put_head(struct buf *buf, enum kafka_api api, int16_t version, int32_t correlation);

/* Whether a version of a call has tagged fields behind the head of its answer. */
bool kafka_head_has_tags(enum kafka_api api, int16_t version);

/* ApiVersions 0, whose request is empty. */
int kafka_read_versions(struct wire *wire, struct kafka_versions *versions, int16_t *code);

/* SaslHandshake 1: names a mechanism; those that the broker takes are printed, as many as there is
 * room for. */
void kafka_put_sasl_handshake(struct buf *buf, const char *mechanism);
int kafka_read_sasl_handshake(struct wire *wire, char *mechanisms, size_t room, int16_t *code);

/* SaslAuthenticate 1: a message of the mechanism, either way. A login is taken to last a day at
 * most. */
#define KAFKA_LIFETIME_MAX_MS 86400000L

struct kafka_authenticated {
    int16_t code;
    struct span reason; /* of an error, in words */
    struct span message;
    int64_t lifetime; /* for how many ms the login lasts; 0: for ever */
};

void kafka_put_sasl_authenticate(struct buf *buf, const struct buf *message);
int kafka_read_sasl_authenticate(struct wire *wire, struct kafka_authenticated *answer);

/* Where a broker says that it is. */
struct kafka_address {
    int32_t id;
    int32_t port;
    char host[256];
};

struct kafka_partition {
    int32_t partition;
    int32_t leader; /* -1: none */
    int32_t leader_epoch;
    int32_t replicas;
    int32_t in_sync;
    int32_t offline;
};

/* Metadata 8. All brokers are told, then of each topic its partitions and then itself. Each
 * function may be NULL, and ends all with a negative errno. */
struct kafka_metadata_visitor {
    int (*broker)(void *user, const struct kafka_address *address);
    int (*partition)(void *user, const struct kafka_partition *partition);
    int (*topic)(void *user, struct span name, bool is_internal, int16_t code);
    void *user;
};

/* Asks for one topic, or for all; `none` is for the brokers alone. */
enum kafka_topics { KAFKA_ALL_TOPICS, KAFKA_NO_TOPIC, KAFKA_ONE_TOPIC };

void kafka_put_metadata(struct buf *buf, enum kafka_topics which, const char *topic);
int kafka_read_metadata(struct wire *wire, const struct kafka_metadata_visitor *visitor);

/* FindCoordinator 2. */
void kafka_put_find_coordinator(struct buf *buf, const char *group);
int kafka_read_coordinator(struct wire *wire, struct kafka_address *address, int16_t *code);

/* ListGroups 2, 4 or 5. Share groups are no consumer groups. */
void kafka_put_list_groups(struct buf *buf, int16_t version);
int kafka_read_groups(struct wire *wire, int16_t version, struct names *names, int16_t *code);

/* What is committed for a partition: nothing if the offset is negative. */
struct kafka_commit {
    struct span topic;
    int32_t partition;
    int64_t offset;
    int32_t leader_epoch;
    struct span metadata;
    int16_t code;
};

/* OffsetFetch 5: of the partitions below `count` from `first` on, or with a topic of NULL of all.
 */
void kafka_put_offset_fetch(struct buf *buf, const char *group, const char *topic, uint32_t first,
                            uint32_t count);
int kafka_read_commits(struct wire *wire, int (*take)(void *user, const struct kafka_commit *),
                       void *user, int16_t *code);

/* OffsetFetch 5, or OffsetDelete 0, of partitions of a topic: first how many, and then each. */
void kafka_put_offsets_of(struct buf *buf, const char *group, const char *topic, size_t count);
void kafka_put_partition(struct buf *buf, uint32_t partition);

/* OffsetCommit of partitions of a topic, first how many and then each, in the name of no member: 7,
 * or 4, the last one that has a time of its own for which it is kept, where that is not negative.
 */
#define KAFKA_COMMIT          7
#define KAFKA_COMMIT_RETAINED 4

void kafka_put_offset_commit(struct buf *buf, const char *group, const char *topic,
                             int64_t retention_ms, size_t count);
void kafka_put_one_commit(struct buf *buf, uint32_t partition, int64_t offset, const char *metadata,
                          int64_t retention_ms);

/* How a change of a partition was answered. */
struct kafka_changed {
    struct span topic;
    int32_t partition;
    int16_t code;
};

int kafka_read_committed(struct wire *wire, int (*take)(void *user, const struct kafka_changed *),
                         void *user);

/* The code is of the group. */
int kafka_read_deleted(struct wire *wire, int (*take)(void *user, const struct kafka_changed *),
                       void *user, int16_t *code);

/* DeleteGroups 1 of one group. */
void kafka_put_delete_group(struct buf *buf, const char *group);
int kafka_read_group_deleted(struct wire *wire, int16_t *code);

/* ListOffsets 5 of partitions of a topic: first how many, and then each. The time is in ms since
 * 1970, or one of these. An offset of -1 says that no record is of that time or later. */
#define KAFKA_TIME_EARLIEST INT64_C(-2)
#define KAFKA_TIME_LATEST   INT64_C(-1)

void kafka_put_list_offsets(struct buf *buf, const char *topic, size_t count);
void kafka_put_one_offset(struct buf *buf, uint32_t partition, int64_t time);

struct kafka_offset {
    struct span topic;
    int32_t partition;
    int64_t offset;
    int16_t code;
};

int kafka_read_offsets(struct wire *wire, int (*take)(void *user, const struct kafka_offset *),
                       void *user);

/* Fetch 10 of one partition, which is the first version whose answer may hold zstd: without what
 * belongs to transactions that are open, about so many bytes. The broker answers at once. */
void kafka_put_fetch(struct buf *buf, const char *topic, uint32_t partition, int64_t offset,
                     int32_t bytes);

/* What lies in the answer lasts as long; set->aborted is allocated. */
int kafka_read_fetched(struct wire *wire, struct kafka_recordset *set, int16_t *code);

/* Produce 8 of one partition, to be answered once all replicas that are in sync have it. */
void kafka_put_produce(struct buf *buf, const char *topic, uint32_t partition, struct span set,
                       int32_t timeout_ms);

/* *is_stored: the leader has stored it, also with a code, which says that the others may not. */
int kafka_read_produced(struct wire *wire, bool *is_stored, int16_t *code);

#endif
