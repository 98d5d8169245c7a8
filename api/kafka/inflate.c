#include "api/kafka/inflate.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lz4frame.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "api/kafka/wire.h"

/* How much is inflated at once, where the codec lets us choose. */
#define PIECE 65536

/* The greatest block of snappy. */
#define BLOCK_MAX (32UL << 20)

/* zlib: the greatest window, and the head and tail of gzip. */
#define WINDOW_OF_GZIP (15 + 16)

struct kafka_inflater {
    struct span packed;                              /* what was not taken of it */
    int (*inflate)(struct kafka_inflater *inflater); /* adds a piece to out; NULL: nothing to do */
    struct buf out;
    size_t taken; /* of out, by who reads */
    size_t total;
    bool ended;

    z_stream gzip;
    bool has_gzip;
    LZ4F_dctx *lz4;
    ZSTD_DCtx *zstd;
    bool is_in_blocks; /* snappy */
};

static void drop_front(struct span *span, size_t size)
{
    span->data += size;
    span->size -= size;
}

/* Room for so many more bytes, or NULL. */
static char *room_for(struct buf *out, size_t size)
{
    buf_reserve(out, out->size + size);
    return buf_error(out) ? NULL : out->data + out->size;
}

/* So many were written there. */
static void grow_by(struct buf *out, size_t size)
{
    out->size += size;
    out->data[out->size] = '\0';
}

/* Codecs. What ends too early looks like the end: who reads misses the rest. */

static int inflate_gzip(struct kafka_inflater *inflater)
{
    z_stream *gzip = &inflater->gzip;
    char *room = room_for(&inflater->out, PIECE);
    int result;

    if (!room)
        return buf_error(&inflater->out);
    gzip->next_in = (Bytef *)(uintptr_t)inflater->packed.data;
    gzip->avail_in = (uInt)inflater->packed.size;
    gzip->next_out = (Bytef *)room;
    gzip->avail_out = PIECE;
    result = inflate(gzip, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        return result == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
    drop_front(&inflater->packed, inflater->packed.size - gzip->avail_in);
    grow_by(&inflater->out, PIECE - gzip->avail_out);
    inflater->ended = result == Z_STREAM_END || gzip->avail_out == PIECE;
    return 0;
}

/* The code of it is in no shared library. */
#define NO_LZ4_MEMORY "ERROR_allocation_failed"

static int inflate_lz4(struct kafka_inflater *inflater)
{
    char *room = room_for(&inflater->out, PIECE);
    size_t count = PIECE;
    size_t used = inflater->packed.size;
    size_t result;

    if (!room)
        return buf_error(&inflater->out);
    result = LZ4F_decompress(inflater->lz4, room, &count, inflater->packed.data, &used, NULL);
    if (LZ4F_isError(result))
        return !strcmp(LZ4F_getErrorName(result), NO_LZ4_MEMORY) ? -ENOMEM : -EBADMSG;
    drop_front(&inflater->packed, used);
    grow_by(&inflater->out, count);
    inflater->ended = !result || (!count && !used);
    return 0;
}

static int inflate_zstd(struct kafka_inflater *inflater)
{
    char *room = room_for(&inflater->out, PIECE);
    ZSTD_outBuffer out = {room, PIECE, 0};
    ZSTD_inBuffer in = {inflater->packed.data, inflater->packed.size, 0};
    size_t result;

    if (!room)
        return buf_error(&inflater->out);
    result = ZSTD_decompressStream(inflater->zstd, &out, &in);
    if (ZSTD_isError(result))
        return ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation ? -ENOMEM : -EBADMSG;
    drop_front(&inflater->packed, in.pos);
    grow_by(&inflater->out, out.pos);
    inflater->ended = !result || (!in.pos && !out.pos);
    return 0;
}

/* snappy-java writes the size of each block before it. */
static int take_block(struct kafka_inflater *inflater, struct span *block)
{
    struct wire wire = wire_of(inflater->packed.data, inflater->packed.size);

    *block = inflater->packed;
    if (inflater->is_in_blocks)
        *block = wire_bytes(&wire);
    inflater->packed = inflater->is_in_blocks ? (struct span){wire.next, wire.left}
                                              : (struct span){wire.next + wire.left, 0};
    return wire.broken || !block->data ? -EBADMSG : 0;
}

static int inflate_snappy(struct kafka_inflater *inflater)
{
    struct span block;
    size_t size;
    char *room;

    inflater->ended = !inflater->packed.size;
    if (inflater->ended)
        return 0;
    if (take_block(inflater, &block) ||
        snappy_uncompressed_length(block.data, block.size, &size) != SNAPPY_OK)
        return -EBADMSG;
    if (size > BLOCK_MAX)
        return -EFBIG;
    room = room_for(&inflater->out, size + 1);
    if (!room)
        return buf_error(&inflater->out);
    if (snappy_uncompress(block.data, block.size, room, &size) != SNAPPY_OK)
        return -EBADMSG;
    grow_by(&inflater->out, size);
    return 0;
}

/* Beginning and ending */

/* What snappy-java writes first: this, and two versions. */
#define SNAPPY_JAVA      "\x82SNAPPY"
#define SNAPPY_JAVA_HEAD 16

static void begin_snappy(struct kafka_inflater *inflater)
{
    struct span *packed = &inflater->packed;

    inflater->inflate = inflate_snappy;
    inflater->is_in_blocks =
        packed->size >= SNAPPY_JAVA_HEAD && !memcmp(packed->data, SNAPPY_JAVA, sizeof(SNAPPY_JAVA));
    if (inflater->is_in_blocks)
        drop_front(packed, SNAPPY_JAVA_HEAD);
}

/* False without memory. */
static bool begin_codec(struct kafka_inflater *inflater, enum kafka_codec codec)
{
    switch (codec) {
    case KAFKA_PLAIN:
        return true;
    case KAFKA_GZIP:
        inflater->inflate = inflate_gzip;
        inflater->has_gzip = inflateInit2(&inflater->gzip, WINDOW_OF_GZIP) == Z_OK;
        return inflater->has_gzip;
    case KAFKA_SNAPPY:
        begin_snappy(inflater);
        return true;
    case KAFKA_LZ4:
        inflater->inflate = inflate_lz4;
        return !LZ4F_isError(LZ4F_createDecompressionContext(&inflater->lz4, LZ4F_VERSION));
    case KAFKA_ZSTD:
        inflater->inflate = inflate_zstd;
        inflater->zstd = ZSTD_createDCtx();
        return inflater->zstd;
    }
    return false;
}

struct kafka_inflater *kafka_inflater_new(enum kafka_codec codec, struct span packed)
{
    struct kafka_inflater *inflater = calloc(1, sizeof(*inflater));

    if (!inflater)
        return NULL;
    inflater->packed = packed;
    buf_init(&inflater->out, 2 * BLOCK_MAX);
    if (begin_codec(inflater, codec))
        return inflater;
    kafka_inflater_free(inflater);
    return NULL;
}

void kafka_inflater_free(struct kafka_inflater *inflater)
{
    if (!inflater)
        return;
    if (inflater->has_gzip)
        inflateEnd(&inflater->gzip);
    LZ4F_freeDecompressionContext(inflater->lz4);
    ZSTD_freeDCtx(inflater->zstd);
    buf_release(&inflater->out);
    free(inflater);
}

/* Reading */

static size_t left_of(const struct kafka_inflater *inflater)
{
    return inflater->out.size - inflater->taken;
}

static int inflate_piece(struct kafka_inflater *inflater)
{
    size_t before;
    int status;

    buf_drop_front(&inflater->out, inflater->taken);
    inflater->taken = 0;
    before = inflater->out.size;
    status = inflater->inflate(inflater);
    inflater->total += inflater->out.size - before;
    return !status && inflater->total > INFLATED_MAX ? -EFBIG : status;
}

int kafka_inflater_look(struct kafka_inflater *inflater, size_t size, struct span *bytes)
{
    int status = 0;

    if (!inflater->inflate) {
        *bytes = inflater->packed;
        return 0;
    }
    while (!status && !inflater->ended && left_of(inflater) < size)
        status = inflate_piece(inflater);
    *bytes = (struct span){inflater->out.data + inflater->taken, left_of(inflater)};
    return status;
}

static void take_inflated(struct kafka_inflater *inflater, size_t size)
{
    if (inflater->inflate)
        inflater->taken += size;
    else
        drop_front(&inflater->packed, size);
}

int kafka_inflater_skip(struct kafka_inflater *inflater, size_t size)
{
    struct span bytes;
    int status = 0;

    while (size && !status) {
        status = kafka_inflater_look(inflater, 1, &bytes);
        if (!status && !bytes.size)
            status = -EBADMSG;
        if (status)
            break;
        bytes.size = bytes.size < size ? bytes.size : size;
        take_inflated(inflater, bytes.size);
        size -= bytes.size;
    }
    return status;
}
