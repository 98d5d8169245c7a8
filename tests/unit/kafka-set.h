#ifndef TESTS_UNIT_KAFKA_SET_H
#define TESTS_UNIT_KAFKA_SET_H

#include "test.h"

#include <lz4frame.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include "api/kafka/inflate.h"
#include "api/kafka/recordset.h"
#include "base/crc32c.h"

/* Batches of records as Kafka's documentation says, made by hand and not by our encoder. */

#define SPAN(text) ((struct span){(text), sizeof(text) - 1})
#define NULL_SPAN  ((struct span){0})

#define IS_APPEND_TIME   8
#define IS_TRANSACTIONAL 16
#define IS_CONTROL       32

/* What the head of a batch says; what is 0 is as in a batch of one record. */
struct made_batch {
    int64_t base;
    int32_t last; /* offset, from the base on */
    int16_t attributes;
    int64_t time;
    int64_t time_max;
    int64_t producer;
    int32_t count; /* 0: 1 */
    int8_t format; /* 0: 2 */
};

/* A zigzag number of any size. */
static inline void put_varlong(struct buf *buf, int64_t value)
{
    uint64_t rest = (uint64_t)value << 1 ^ (uint64_t)(value >> 63);

    do {
        wire_put_int8(buf, (int8_t)((rest & 127) | (rest > 127 ? 128 : 0)));
        rest >>= 7;
    } while (rest);
}

static inline void put_bytes(struct buf *buf, struct span bytes)
{
    put_varlong(buf, bytes.data ? (int64_t)bytes.size : -1);
    buf_add(buf, bytes.data ? bytes.data : "", bytes.size);
}

/* headers: how many, and what they are made of. */
static inline void put_full_record(struct buf *buf, int64_t delta, int64_t time, struct span key,
                                   struct span value, int32_t count, const struct buf *headers)
{
    struct buf body = BUF_INIT(64UL << 20);

    wire_put_int8(&body, 0);
    put_varlong(&body, time);
    put_varlong(&body, delta);
    put_bytes(&body, key);
    put_bytes(&body, value);
    put_varlong(&body, count);
    if (headers)
        buf_add(&body, headers->data, headers->size);
    assert_int_equal(buf_error(&body), 0);
    put_varlong(buf, (int64_t)body.size);
    buf_add(buf, body.data, body.size);
    buf_release(&body);
}

static inline void put_plain_record(struct buf *buf, int64_t delta, struct span value)
{
    put_full_record(buf, delta, 0, NULL_SPAN, value, 0, NULL);
}

/* The sum is of what follows it. */
static inline void put_batch(struct buf *set, const struct made_batch *made,
                             const struct buf *records)
{
    struct buf rest = BUF_INIT(64UL << 20);

    wire_put_int16(&rest, made->attributes);
    wire_put_int32(&rest, made->last);
    wire_put_int64(&rest, made->time);
    wire_put_int64(&rest, made->time_max);
    wire_put_int64(&rest, made->producer);
    wire_put_int16(&rest, 0);
    wire_put_int32(&rest, 0);
    wire_put_int32(&rest, made->count ? made->count : 1);
    buf_add(&rest, records->data, records->size);
    assert_int_equal(buf_error(&rest), 0);
    wire_put_int64(set, made->base);
    wire_put_int32(set, (int32_t)rest.size + 9);
    wire_put_int32(set, 0);
    wire_put_int8(set, made->format ? made->format : 2);
    wire_put_int32(set, (int32_t)crc32c(rest.data, rest.size));
    buf_add(set, rest.data, rest.size);
    assert_int_equal(buf_error(set), 0);
    buf_release(&rest);
}

/* A batch of one record. */
static inline void put_one(struct buf *set, const struct made_batch *made, struct span value)
{
    struct buf records = BUF_INIT(64UL << 20);

    put_plain_record(&records, 0, value);
    put_batch(set, made, &records);
    buf_release(&records);
}

/* The marker that ends a transaction: 0 aborts it, 1 commits it. */
static inline void put_marker(struct buf *set, int64_t base, int64_t producer, int16_t type)
{
    struct made_batch made = {
        .base = base, .attributes = IS_CONTROL | IS_TRANSACTIONAL, .producer = producer};
    struct buf records = BUF_INIT(1000);
    struct buf key = BUF_INIT(8);

    wire_put_int16(&key, 0);
    wire_put_int16(&key, type);
    put_full_record(&records, 0, 0, (struct span){key.data, key.size}, SPAN("\0\0\0\0\0\1"), 0,
                    NULL);
    put_batch(set, &made, &records);
    buf_release(&records);
    buf_release(&key);
}

/* Codecs */

static inline void resize(struct buf *buf, size_t size)
{
    buf_resize(buf, size);
    assert_int_equal(buf_error(buf), 0);
}

static inline void pack_gzip(const struct buf *plain, struct buf *packed)
{
    z_stream stream = {0};

    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    resize(packed, deflateBound(&stream, plain->size));
    stream.next_in = (Bytef *)plain->data;
    stream.avail_in = (uInt)plain->size;
    stream.next_out = (Bytef *)packed->data;
    stream.avail_out = (uInt)packed->size;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    buf_resize(packed, stream.total_out);
    deflateEnd(&stream);
}

static inline void pack_lz4(const struct buf *plain, struct buf *packed)
{
    size_t size;

    resize(packed, LZ4F_compressFrameBound(plain->size, NULL));
    size = LZ4F_compressFrame(packed->data, packed->size, plain->data, plain->size, NULL);
    assert_false(LZ4F_isError(size));
    buf_resize(packed, size);
}

static inline void pack_zstd(const struct buf *plain, struct buf *packed)
{
    size_t size;

    resize(packed, ZSTD_compressBound(plain->size));
    size = ZSTD_compress(packed->data, packed->size, plain->data, plain->size, 3);
    assert_false(ZSTD_isError(size));
    buf_resize(packed, size);
}

static inline void pack_snappy(struct span plain, struct buf *packed)
{
    size_t size = snappy_max_compressed_length(plain.size);
    size_t before = packed->size;

    resize(packed, before + size);
    assert_int_equal(snappy_compress(plain.data, plain.size, packed->data + before, &size),
                     SNAPPY_OK);
    buf_resize(packed, before + size);
}

/* As snappy-java: in blocks of so many bytes, each behind its size. */
static inline void pack_snappy_java(const struct buf *plain, size_t block, struct buf *packed)
{
    struct buf piece = BUF_INIT(64UL << 20);

    buf_add(packed, "\x82SNAPPY\0\0\0\0\1\0\0\0\1", 16);
    for (size_t at = 0; at < plain->size; at += block) {
        size_t size = plain->size - at < block ? plain->size - at : block;

        buf_reset(&piece);
        pack_snappy((struct span){plain->data + at, size}, &piece);
        wire_put_int32(packed, (int32_t)piece.size);
        buf_add(packed, piece.data, piece.size);
    }
    buf_release(&piece);
}

static inline void pack(enum kafka_codec codec, const struct buf *plain, struct buf *packed)
{
    switch (codec) {
    case KAFKA_PLAIN:
        buf_add(packed, plain->data, plain->size);
        break;
    case KAFKA_GZIP:
        pack_gzip(plain, packed);
        break;
    case KAFKA_SNAPPY:
        pack_snappy_java(plain, 32768, packed);
        break;
    case KAFKA_LZ4:
        pack_lz4(plain, packed);
        break;
    case KAFKA_ZSTD:
        pack_zstd(plain, packed);
        break;
    }
}

#endif
