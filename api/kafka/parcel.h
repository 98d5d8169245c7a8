#ifndef API_KAFKA_PARCEL_H
#define API_KAFKA_PARCEL_H

#include "api/kafka/cluster.h"

/*
 * Requests about a partition each that are asked for in the same round of the loop go to a broker
 * as one, a parcel, if they are of the same kind, group and topic. Each is an operation of its own:
 * it has its own error by its partition's code, its own deadline, and can be given up, of which the
 * others see nothing. A lone one is a parcel too, and waits for nothing but the next round.
 */
struct kafka_parcel;

/* A kind of such requests. A part is the user of one: of kafka_request's. */
struct kafka_parcel_kind {
    size_t (*weigh)(const void *part);
    size_t most; /* that the parts of a parcel weigh together; one alone may weigh more */

    /* All that stands before the first partition, by any part; and one partition. */
    void (*begin)(const void *part, int16_t version, size_t count, struct buf *body);
    void (*add)(const void *part, int16_t version, struct buf *body);

    /* Reads an answer, telling of each partition by kafka_parcel_take. */
    int (*read)(struct kafka_parcel *parcel, struct wire *wire, int16_t *code);
};

/* Asks for a request that has a kind and a partition, and neither encode nor decode. As
 * kafka_pool_ask. */
struct call *kafka_parcel_ask(struct kafka_cluster *cluster, struct kafka_pool *pool,
                              const struct kafka_request *request, const struct ask *ask);

/* A partition was answered, with a code or 0. *who is who asked for it; NULL when nobody does any
 * more. 0, or -EBADMSG when that cannot be its answer. */
int kafka_parcel_take(struct kafka_parcel *parcel, struct span topic, int32_t partition,
                      int16_t code, void **who);

#endif
