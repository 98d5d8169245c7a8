#ifndef API_KAFKA_CLUSTER_H
#define API_KAFKA_CLUSTER_H

#include <sys/queue.h>

#include "api/kafka/pool.h"
#include "api/names.h"

/*
 * What is known of a cluster: its brokers, who leads the partitions of the topics that were asked
 * for last, and who coordinates which group. Nothing is asked here.
 */
#define KAFKA_BROKERS_MAX    100
#define KAFKA_BOOTSTRAP_MAX  16
#define KAFKA_TOPICS_MAX     32
#define KAFKA_PARTITIONS_MAX 1000000 /* of a topic */
#define KAFKA_GROUPS_MAX     1024
#define KAFKA_COMMITS_MAX    1024

/* No partition has such a leader, and no group such a coordinator. */
#define KAFKA_NOBODY (-1)

/* The offset of what is not committed; every negative one is read so. */
#define KAFKA_NOTHING (-1)

struct kafka_topic {
    char *name;
    int64_t when; /* its answer came */
    int16_t code; /* an error, or 0 */
    bool is_internal;
    size_t count;
    size_t room;
    struct kafka_partition *partitions; /* in no order one may rely on */
};

/* Who coordinates a group. */
struct kafka_coordinator {
    char *group;
    int32_t node;
    bool lost;       /* it is to be asked for again */
    int64_t changed; /* when it was found again, or 0 */
    int64_t heard;   /* when it first told what is committed, after that; or 0 */
};

/* The last commit of a partition that was acknowledged to this mount, or what it has read since. */
struct kafka_acknowledged {
    uint64_t about; /* a hash of group, topic and partition; 0: none */
    uint64_t group; /* a hash */
    int64_t offset;
    int64_t when;
};

struct kafka_cluster {
    struct kafka_network network;
    LIST_HEAD(, kafka_parcel) parcels; /* that gather; of api/kafka/parcel.c */
    size_t change_most; /* what was too heavy for a broker weighed twice that; 0: nothing was */
    struct kafka_pool *pools[KAFKA_BROKERS_MAX + KAFKA_BOOTSTRAP_MAX];
    size_t count;
    int64_t brokers_when; /* they were listed; or 0 */
    struct kafka_topic topics[KAFKA_TOPICS_MAX];
    struct kafka_coordinator coordinators[KAFKA_GROUPS_MAX];
    int64_t changed; /* when one of them was lost, or found again, the last time; or 0 */
    struct kafka_acknowledged commits[KAFKA_COMMITS_MAX];
};

/* An address where a cluster may be found. 0, or -EFBIG or -ENOMEM. */
int kafka_cluster_add(struct kafka_cluster *cluster, const char *host, int32_t port);

void kafka_cluster_release(struct kafka_cluster *cluster);

/* Brokers. */

/* All that there are, as the cluster lists them: first begun, then each. 0, -EBADMSG for one that
 * has no address, -EFBIG when there is room for no more, or -ENOMEM. */
void kafka_cluster_begin_brokers(struct kafka_cluster *cluster);
int kafka_cluster_list_broker(struct kafka_cluster *cluster, const struct kafka_address *address);

/* The broker of a number, or NULL. */
struct kafka_pool *kafka_cluster_find(const struct kafka_cluster *cluster, int32_t node);

/* One that may answer: preferably one that did, and last of all one that did not. */
struct kafka_pool *kafka_cluster_any(const struct kafka_cluster *cluster);

/* Whether each has failed since then. */
bool kafka_cluster_has_failed(const struct kafka_cluster *cluster, int64_t since);

/* The numbers of the listed brokers, in decimal; NULL without memory. */
struct names *kafka_cluster_nodes(const struct kafka_cluster *cluster);

/* Topics. They last until another is noted. */

/* What was told not longer ago than that, or NULL. */
const struct kafka_topic *kafka_cluster_topic(const struct kafka_cluster *cluster, const char *name,
                                              int64_t age_ms);

/* Takes over what it holds. */
void kafka_cluster_note_topic(struct kafka_cluster *cluster, struct kafka_topic *topic);

void kafka_cluster_forget_topic(struct kafka_cluster *cluster, const char *name);

/* NULL: it has none of that number. */
const struct kafka_partition *kafka_topic_partition(const struct kafka_topic *topic,
                                                    uint32_t partition);

void kafka_topic_release(struct kafka_topic *topic);

/* Groups. */

/* KAFKA_NOBODY when it is not known. */
int32_t kafka_cluster_coordinator(const struct kafka_cluster *cluster, const char *group);

/* Without memory it is not noted. */
void kafka_cluster_note_coordinator(struct kafka_cluster *cluster, const char *group, int32_t node);

/* It does not answer any more, or says that it is none. */
void kafka_cluster_lose_coordinator(struct kafka_cluster *cluster, const char *group);

/* It is about to be asked: if it has closed a connection not long ago, it may have begun anew. */
void kafka_cluster_suspect_coordinator(struct kafka_cluster *cluster, const char *group);

/* It has told what is committed. */
void kafka_cluster_note_answer(struct kafka_cluster *cluster, const char *group);

/* Notes that a commit was acknowledged, or that of KAFKA_NOTHING, which is that it was deleted. */
void kafka_cluster_note_commit(struct kafka_cluster *cluster, const char *group, const char *topic,
                               uint32_t partition, int64_t offset);

/* An offset that was read by a call which began then, and is believed. */
void kafka_cluster_note_read(struct kafka_cluster *cluster, const char *group, const char *topic,
                             uint32_t partition, int64_t offset, int64_t began);

/*
 * Whether an offset, which was read now, may be older than what this mount has committed, for it is
 * another one: Kafka 4.1 was seen to answer with what was there before for up to 0.35 s after
 * another broker became a group's coordinator, and for a second after all brokers had begun anew.
 * It had lost nothing: a coordinator tells what it knows all replicas to have, and learns that when
 * they ask it for more.
 */
bool kafka_cluster_is_outdated(const struct kafka_cluster *cluster, const char *group,
                               const char *topic, uint32_t partition, int64_t offset);

/* How many commits of a group are remembered that a coordinator may not know yet. Those that were
 * deleted are none: no list of commits tells of them. */
size_t kafka_cluster_count_uncertain(const struct kafka_cluster *cluster, const char *group);

/* Whether this is one of them. */
bool kafka_cluster_is_uncertain(const struct kafka_cluster *cluster, const char *group,
                                const char *topic, uint32_t partition);

#endif
