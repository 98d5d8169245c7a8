#ifndef API_KAFKA_WIRE_H
#define API_KAFKA_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/records.h"
#include "base/buf.h"

/*
 * The primitive types of Kafka's protocol, which are big-endian (kafka.apache.org/protocol). Of the
 * two encodings the old one is used, and the compact one, of "flexible" versions, where a call has
 * no other.
 */

/*
 * Reads what a broker has sent. The first read past the end, or of what cannot be, breaks the
 * reader: all that follows is 0, null and empty, so that a function that reads many fields asks
 * once at its end.
 */
struct wire {
    const char *next;
    size_t left;
    bool broken;
};

struct wire wire_of(const char *data, size_t size);

int8_t wire_int8(struct wire *wire);
int16_t wire_int16(struct wire *wire);
int32_t wire_int32(struct wire *wire);
int64_t wire_int64(struct wire *wire);

/* A string; its data are NULL for null. It lasts as long as what is read. */
struct span wire_text(struct wire *wire);
struct span wire_compact_text(struct wire *wire);

/* Bytes, in the same way. */
struct span wire_bytes(struct wire *wire);

/* What records are made of: numbers in as few bytes as they need, and bytes, whose data are NULL
 * for null. */
int32_t wire_varint(struct wire *wire);
int64_t wire_varlong(struct wire *wire);
struct span wire_varbytes(struct wire *wire);

/* Bytes: a reader of what they hold. */
struct wire wire_part(struct wire *wire);

/* How many elements an array has, 0 for null: no more than there can be in what is left, when each
 * takes at least so many bytes, which are more than 0. */
size_t wire_array(struct wire *wire, size_t least);
size_t wire_compact_array(struct wire *wire, size_t least);

/* Skips the tagged fields at the end of a struct. */
void wire_skip_tags(struct wire *wire);

/* Skips an array of int32. */
void wire_skip_numbers(struct wire *wire);

/* Adds to what is to be sent. NULL is the null string. */
void wire_put_int8(struct buf *buf, int8_t value);
void wire_put_int16(struct buf *buf, int16_t value);
void wire_put_int32(struct buf *buf, int32_t value);
void wire_put_int64(struct buf *buf, int64_t value);
void wire_put_text(struct buf *buf, const char *text);
void wire_put_compact_text(struct buf *buf, const char *text);
void wire_put_varint(struct buf *buf, int32_t value);
void wire_put_varbytes(struct buf *buf, struct span bytes);

#endif
