#ifndef API_KAFKA_RECORDSET_H
#define API_KAFKA_RECORDSET_H

#include "api/error.h"
#include "api/kafka/wire.h"

/*
 * The records of one partition as brokers store and send them: batches of records, format 2, which
 * is that of Kafka since 0.11 (kafka.apache.org/documentation/#recordbatch). A batch has records of
 * rising offsets, of which some may be missing, for a topic can be compacted.
 */

/* A transaction that was aborted: its records are those of its producer from that offset on to the
 * marker that ends it. */
struct kafka_aborted {
    int64_t producer;
    int64_t first;
    bool has_ended; /* its marker was read */
};

/* What a broker has sent. */
struct kafka_recordset {
    struct span bytes; /* batches, of which the last may be cut off */
    struct kafka_aborted *aborted;
    size_t aborted_count;
    int64_t stable; /* offsets below this belong to no transaction that is open; or -1 */
};

/* Reading of it. */
struct kafka_place {
    int64_t next;       /* the offset to begin with; afterwards that to go on with */
    size_t needed;      /* 0, or how many bytes must be asked for: a batch is that large */
    struct error error; /* why it ended before its end, or 0 */
};

/*
 * Adds the records from that place on to a batch of lines, or of the bytes of the record that is
 * right there, as long as it has room. Those of aborted transactions, and markers of Kafka's own,
 * are passed over. `aborted` is changed.
 *
 * Errors: EBADMSG for what is damaged or no recordset, EOPNOTSUPP for an older format or an unknown
 * codec, EFBIG for a record, or a batch, that is too large, ENODATA for the bytes of a record
 * without a value, ENOMEM. What came before it was added; where that is something there is no
 * error, but whoever goes on there meets it.
 */
void kafka_recordset_read(struct kafka_recordset *set, struct kafka_place *place,
                          struct batch *batch);

/* Adds a batch of records without keys, of a time in ms since 1970. See buf_error. */
void kafka_recordset_put(struct buf *buf, const struct span *records, size_t count, int64_t time);

#endif
