#ifndef API_KAFKA_INFLATE_H
#define API_KAFKA_INFLATE_H

#include "api/records.h"

/*
 * Reads what a codec of Kafka has made smaller, or what none has. It is inflated piece by piece as
 * it is read, so that what is small on the wire takes no more memory than what is looked at.
 */
enum kafka_codec {
    KAFKA_PLAIN,
    KAFKA_GZIP,
    KAFKA_SNAPPY, /* as snappy-java writes it, in blocks, or one block alone */
    KAFKA_LZ4,    /* its frame format */
    KAFKA_ZSTD,
};

/* More is refused: it would take too long. */
#define INFLATED_MAX (128UL << 20)

struct kafka_inflater;

/* What is packed is not copied. NULL without memory. */
struct kafka_inflater *kafka_inflater_new(enum kafka_codec codec, struct span packed);

/* NULL is allowed. */
void kafka_inflater_free(struct kafka_inflater *inflater);

/* Gives what comes next: so many bytes or more, or fewer at its end. They last until the next call.
 * 0; -EBADMSG for what the codec has not made; -EFBIG behind INFLATED_MAX; or -ENOMEM. */
int kafka_inflater_look(struct kafka_inflater *inflater, size_t size, struct span *bytes);

/* Passes over so many bytes, which there must be. The same, and -EBADMSG when there are not. */
int kafka_inflater_skip(struct kafka_inflater *inflater, size_t size);

#endif
