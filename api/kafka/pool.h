#ifndef API_KAFKA_POOL_H
#define API_KAFKA_POOL_H

#include "api/kafka/connection.h"
#include "api/lanes.h"
#include "api/operation.h"

/*
 * The connections to one broker. Each has one request under way at most; one more is opened when
 * none is free, and requests wait when there are enough: in the lanes of their errands, so that
 * what a broker does not answer leaves connections to all else.
 */
#define POOL_WIDTH 32

/* Connections of all pools; one that has none may have one more in any case. */
#define NETWORK_WIDTH 384

struct kafka_pool {
    struct kafka_network *network;
    struct kafka_address address;
    struct kafka_link *links[POOL_WIDTH];
    unsigned count;
    struct lanes lanes;
    bool listed;      /* the cluster says that the broker is there */
    int64_t failed;   /* when it could not be reached, or did not answer, the last time; or 0 */
    int64_t answered; /* the last time */
    int64_t closed;   /* when a connection that worked was lost, the last time; or 0 */
};

/* An answer, behind its head. */
struct kafka_reply {
    int32_t node; /* whose */
    int16_t version;
    struct wire *wire;
    int16_t code;     /* what Kafka calls an error code; decoding sets it */
    bool has_changed; /* with a code of a request that changes something: it may have done so */
};

struct kafka_parcel_kind;

/* What is asked. */
struct kafka_request {
    enum kafka_api api;
    int16_t lowest; /* the versions that can be encoded */
    int16_t highest;
    bool changes;      /* something, rather than asks */
    int64_t patience;  /* for how many ms an answer is waited for */
    const char *app;   /* "" for none: for messages; last as long as the exchange */
    const char *topic; /* the same */
    void (*encode)(void *user, int16_t version, struct buf *body);
    int (*decode)(void *user, struct kafka_reply *reply); /* 0 or a negative errno */
    void *user;

    /* Instead of the two functions, of what goes out with others: see api/kafka/parcel.h. */
    const struct kafka_parcel_kind *kind;
    uint32_t partition;
};

void kafka_pool_init(struct kafka_pool *pool, struct kafka_network *network,
                     const struct kafka_address *address);

/* Closes all; nobody may wait. */
void kafka_pool_release(struct kafka_pool *pool);

/* The broker has another address: what is under way goes on. */
void kafka_pool_move(struct kafka_pool *pool, const struct kafka_address *address);

/* No connection that was made before takes another request. */
void kafka_pool_renew(struct kafka_pool *pool);

/* Sends it once, as an operation. The answer is all NULL; an error is one of api/kafka/error.h. */
struct call *kafka_pool_ask(struct kafka_pool *pool, const struct kafka_request *request,
                            const struct ask *ask);

/* The error of a request that was answered with a code other than 0. */
void kafka_request_refused(const struct kafka_request *request, int16_t code, struct error *error);

#endif
