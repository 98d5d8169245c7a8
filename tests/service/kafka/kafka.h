#ifndef SERVICE_KAFKA_KAFKA_H
#define SERVICE_KAFKA_KAFKA_H

#include "tests/service/common/faults.h"
#include "tests/service/common/service.h"
#include "tests/service/kafka/wire.h"
#include "tests/service/kafka/world.h"

/*
 * A cluster of Kafka: the calls that programs need who look at positions and change them, answered
 * from a world of its own. Written from Kafka's protocol guide, and from what was seen of real
 * brokers of 4.1.1 and 3.9.1; tests/shell/kafka.bats is run on this and on real ones.
 *
 * It is stricter than they are: bytes behind the end of a request are an error of the protocol.
 */
enum kafka_quirk {
    QUIRK_RELEASE,       /* which versions of calls are known */
    QUIRK_LAST_COMMIT,   /* what becomes of a group when its last commit is deleted */
    QUIRK_FAILOVER,      /* what a coordinator that has just become one says */
    QUIRK_OFFSETS_TOPIC, /* whether there are coordinators before the first is asked for */
};

/* For how long a new coordinator answers with what was there before the youngest commit, with
 * failover=older; and for how long there is none, with offsets_topic=absent. */
#define OLDER_MS  350
#define ABSENT_MS 300

extern const struct quirk_row kafka_quirks[];
extern const size_t kafka_quirk_count;

struct kafka_stats {
    uint64_t connections;
    unsigned open;
    uint64_t pipelined; /* requests that came before the one before them was answered */
    uint64_t malformed; /* requests that were none by the protocol */
};

struct kafka_service {
    struct service *service;
    struct world world;
    struct node nodes[WORLD_BROKERS_MAX];
    struct kafka_stats stats;
    int32_t throttle_ms;
    bool has_coordinators;   /* somebody has asked for one */
    int64_t coordinators_ms; /* when that was */
    void *brokers;           /* broker.h */
};

void kafka_init(struct kafka_service *kafka, struct service *service);
void kafka_release(struct kafka_service *kafka);

/* A request, and the answer that is being made. */
struct asked {
    struct kafka_service *kafka;
    int32_t node; /* whom */
    int16_t api;
    int16_t version;
    struct reader in;
    struct writer out;
    bool executes; /* else nothing is changed */
    int forced;    /* the code that a fault wants; or 0 */
    int code;      /* the first that is not 0 */
    int64_t now_ms;
    int32_t wait_ms; /* the answer is to be as late, for there is nothing to tell */
    struct buf path; /* whom it was about */
    struct buf note; /* what it wanted there */
};

/* How a request was taken. */
struct kafka_outcome {
    struct buf frame;       /* the answer, with its length; empty for none */
    enum delivery delivery; /* how it is to be sent */
    bool closes;            /* the connection ends with it */
    int64_t delay_ms;
    bool held;
    size_t drip_bytes;
    int64_t drip_ms;
    int32_t mute_ms; /* for how long the connection is not read from afterwards */
    const char
        *wrong; /* it was none by the protocol, and the connection is to be closed; or NULL */
};

/* Takes a request without its length. The outcome's frame is the caller's to release. */
void kafka_take(struct kafka_service *kafka, int32_t node, const char *data, size_t size,
                struct kafka_outcome *outcome);

#endif
