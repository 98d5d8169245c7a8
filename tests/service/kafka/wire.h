#ifndef SERVICE_KAFKA_WIRE_H
#define SERVICE_KAFKA_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Kafka's encoding, old and flexible: https://kafka.apache.org/protocol. Numbers are big-endian. A
 * string is an int16 of its length and UTF-8, an array an int32 of its count, either -1 for null;
 * in flexible versions both are an unsigned varint of that plus one, 0 for null, and each structure
 * ends with tagged fields. It shares no code with the client that is tested, so that a mistake in
 * one is not in the other too.
 */

/* Bytes that need no NUL behind them; data is NULL for null. */
struct text {
    const char *data;
    size_t size;
};

struct text text_of(const char *string);
bool text_is(struct text text, const char *other);
bool text_equals(struct text text, struct text other);

/* A copy whose bytes that are no UTF-8 are U+FFFD, as Java reads them; of null, NULL. */
struct text text_copy(struct text text);
void text_release(struct text *text);

/* What a text is called in names, paths and logs: all but A-Z a-z 0-9 - _ . ~ is %XX. For the
 * caller to free. */
char *text_key(struct text text);

/* Its length in units of UTF-16, as Java counts. */
size_t text_units(struct text text);

struct reader {
    const unsigned char *at;
    size_t left;
    bool flexible;
    const char *wrong; /* what was the first that is not as the protocol has it; or NULL */
};

int8_t read_int8(struct reader *in);
int16_t read_int16(struct reader *in);
int32_t read_int32(struct reader *in);
int64_t read_int64(struct reader *in);
uint32_t read_varint(struct reader *in);
bool read_boolean(struct reader *in);

/* A null is wrong in the first of each. */
struct text read_text(struct reader *in);
struct text read_text_or_null(struct reader *in);
struct text read_bytes(struct reader *in);
int32_t read_count(struct reader *in);
int32_t read_count_or_null(struct reader *in);

/* Skips the tagged fields of a structure; there are none in old versions. */
void read_tags(struct reader *in);

struct writer {
    struct buf *out;
    bool flexible;
};

void write_int8(struct writer *out, int number);
void write_int16(struct writer *out, int number);
void write_int32(struct writer *out, int32_t number);
void write_int64(struct writer *out, int64_t number);
void write_varint(struct writer *out, uint32_t number);
void write_text(struct writer *out, struct text text);
void write_string(struct writer *out, const char *text); /* NULL for null */
void write_bytes(struct writer *out, struct text text);
void write_count(struct writer *out, size_t count);
void write_tags(struct writer *out);

#endif
