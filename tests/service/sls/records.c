#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lz4.h>

#include "tests/service/common/memory.h"
#include "tests/service/sls/calls.h"
#include "tests/service/sls/cursor.h"

#define COUNT_MOST 1000
#define GROUP_MAX  ((size_t)1024)

/*
 * PullLogs. A log group that was put is as it was put; any other one, n, has one log, which says
 * "number": "n". They are compressed by lz4 for who asks for that, and else not at all.
 */

/* The fields of the protocol buffers that are sent. */
enum {
    LIST_GROUPS = 1,
    GROUP_LOGS = 1,
    LOG_TIME = 1,
    LOG_CONTENTS = 2,
    CONTENT_KEY = 1,
    CONTENT_VALUE = 2,
};

static void put_varint(struct buf *out, uint64_t value)
{
    unsigned char byte;

    for (; value >= 0x80; value >>= 7) {
        byte = (unsigned char)(value | 0x80);
        buf_add(out, &byte, 1);
    }
    byte = (unsigned char)value;
    buf_add(out, &byte, 1);
}

static void put_number(struct buf *out, unsigned field, int64_t value)
{
    put_varint(out, field << 3);
    put_varint(out, (uint64_t)value);
}

static void put_bytes(struct buf *out, unsigned field, const void *data, size_t size)
{
    put_varint(out, field << 3 | 2);
    put_varint(out, size);
    buf_add(out, data, size);
}

/* Releases the part. */
static void put_part(struct buf *out, unsigned field, struct buf *part)
{
    put_bytes(out, field, part->data, part->size);
    buf_release(part);
}

static void make_group(struct buf *out, const struct shard *shard, int64_t n)
{
    struct buf content = BUF_INIT(GROUP_MAX);
    struct buf log = BUF_INIT(GROUP_MAX);
    struct buf group = BUF_INIT(GROUP_MAX);
    char text[24];
    int size = snprintf(text, sizeof(text), "%lld", (long long)n);

    put_bytes(&content, CONTENT_KEY, "number", strlen("number"));
    put_bytes(&content, CONTENT_VALUE, text, (size_t)size);
    put_number(&log, LOG_TIME, shard_time_ms(shard, n) / 1000);
    put_part(&log, LOG_CONTENTS, &content);
    put_part(&group, GROUP_LOGS, &log);
    put_part(out, LIST_GROUPS, &group);
}

static void put_group(struct buf *out, const struct shard *shard, int64_t n)
{
    const struct put_group *group = shard_group(shard, n);

    if (group)
        put_bytes(out, LIST_GROUPS, group->data, group->size);
    else
        make_group(out, shard, n);
}

static bool need_cursor(struct call *call, const char *text, int64_t *number)
{
    if (!text)
        return false;
    if (cursor_parse(text, number))
        return true;
    refuse(call, 400, "ParameterInvalid", "Invalid cursor %s", text);
    return false;
}

/* What is to be read, first <= n < end. That one whose data is gone reads from the oldest that is
 * kept is a guess, as is that `end_cursor` is exclusive. */
static bool need_bounds(struct call *call, const struct shard *shard, int64_t *first, int64_t *end)
{
    const char *last = request_parameter(call->request, "end_cursor");
    const char *text = need_query(call, "count");
    int64_t count;

    if (!text || !need_cursor(call, need_query(call, "cursor"), first))
        return false;
    *end = shard->latest;
    if (last && !need_cursor(call, last, end))
        return false;
    if (!number_parse(text, &count) || !count || count > COUNT_MOST) {
        refuse(call, 400, "ParameterInvalid", "Invalid loggroup count, (0,%d]", COUNT_MOST);
        return false;
    }
    if (*first > shard->latest) {
        refuse_cursor(call, "cursor is behind the end of the shard");
        return false;
    }
    if (*first < shard->earliest && has_quirk(call, QUIRK_OLD_CURSOR, "invalid")) {
        refuse_cursor(call, "cursor is before the beginning of the shard");
        return false;
    }
    if (*first < shard->earliest)
        *first = shard->earliest;
    if (*end > shard->latest)
        *end = shard->latest;
    if (*end - *first > count)
        *end = *first + count;
    return true;
}

static void add_number_header(struct answer *answer, const char *name, int64_t number)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)number);
    answer_header(answer, name, text);
}

static bool wants_lz4(const struct call *call)
{
    const char *encodings = request_header(call->request, "Accept-Encoding");

    return encodings && strstr(encodings, "lz4") && !has_quirk(call, QUIRK_COMPRESSION, "none");
}

static void compress(struct answer *answer)
{
    int size = (int)answer->body.size;
    int room = LZ4_compressBound(size);
    char *block = must_calloc((size_t)room, 1);
    int packed = LZ4_compress_default(answer->body.data, block, size, room);

    answer_body(answer, "application/x-protobuf", block, (size_t)packed);
    answer_header(answer, "x-log-compresstype", "lz4");
    free(block);
}

/* What the client must not believe. */
static void spoil(struct call *call, int64_t raw_size)
{
    struct answer *answer = call->answer;

    if (has_quirk(call, QUIRK_RAW_SIZE, "more"))
        add_number_header(answer, "x-log-bodyrawsize", raw_size + 1);
    if (has_quirk(call, QUIRK_RAW_SIZE, "less"))
        add_number_header(answer, "x-log-bodyrawsize", raw_size - 1);
    if (has_quirk(call, QUIRK_RAW_SIZE, "huge"))
        add_number_header(answer, "x-log-bodyrawsize", INT64_C(1) << 40);
    if (has_quirk(call, QUIRK_COMPRESSION, "other"))
        answer_header(answer, "x-log-compresstype", "zstd");
    if (has_quirk(call, QUIRK_RECORDS, "garbage"))
        memset(answer->body.data, 0xff, answer->body.size);
}

static void answer_groups(struct call *call)
{
    int64_t raw_size = (int64_t)call->answer->body.size;

    add_number_header(call->answer, "x-log-bodyrawsize", raw_size);
    if (raw_size && wants_lz4(call))
        compress(call->answer);
    if (raw_size)
        spoil(call, raw_size);
}

void records_show(struct call *call, const struct shard *shard)
{
    struct answer *answer = call->answer;
    int64_t first;
    int64_t end;
    char *next;

    if (!need_bounds(call, shard, &first, &end))
        return;
    answer_empty(answer, 200);
    answer_header(answer, "Content-Type", "application/x-protobuf");
    for (int64_t n = first; n < end; n++)
        put_group(&answer->body, shard, n);
    next = cursor_format(first < end ? end : first);
    answer_header(answer, "x-log-cursor", next);
    free(next);
    add_number_header(answer, "x-log-count", first < end ? end - first : 0);
    if (first < end && !has_quirk(call, QUIRK_LAST_CURSOR, "absent"))
        add_number_header(answer, "x-log-read-last-cursor", end - 1);
    answer_groups(call);
}
