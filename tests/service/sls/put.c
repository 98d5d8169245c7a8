#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <lz4.h>

#include "base/utf8.h"
#include "tests/service/common/memory.h"
#include "tests/service/sls/calls.h"

/*
 * PutLogs: one log group, compressed by lz4 or not, which becomes the next one of a shard. Its
 * limits are those of the older editions of the documentation, which hold in all.
 */
#define RAW_MOST  ((size_t)3 * 1024 * 1024)
#define LOGS_MOST 4096

/* The fields of the protocol buffers that are looked into. */
enum {
    GROUP_LOGS = 1,
    GROUP_TAGS = 6,
    LOG_TIME = 1,
    LOG_CONTENTS = 2,
    PAIR_KEY = 1,
    PAIR_VALUE = 2,
};

/* What is left of a message. */
struct message {
    const unsigned char *next;
    const unsigned char *end;
};

/* One field of it: a number, or a message. */
struct part {
    unsigned field;
    bool is_message;
    struct message message;
};

static bool read_varint(struct message *message, uint64_t *value)
{
    unsigned shift = 0;

    for (*value = 0; message->next < message->end && shift < 64; shift += 7) {
        unsigned char byte = *message->next++;

        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

static bool skip(struct message *message, uint64_t size)
{
    if (size > (uint64_t)(message->end - message->next))
        return false;
    message->next += size;
    return true;
}

/* Reads a field; false, with *wrong set where it is not because there is none. */
static bool read_part(struct message *message, struct part *part, bool *wrong)
{
    uint64_t tag;
    uint64_t value;
    bool good;

    if (*wrong || message->next == message->end)
        return false;
    good = read_varint(message, &tag);
    part->field = good ? (unsigned)(tag >> 3) : 0;
    part->is_message = good && (tag & 7) == 2;
    if (good && (tag & 7) == 0)
        good = read_varint(message, &value);
    else if (good && (tag & 7) == 1)
        good = skip(message, 8);
    else if (good && (tag & 7) == 5)
        good = skip(message, 4);
    else if (part->is_message)
        good = read_varint(message, &value) && skip(message, value);
    else
        good = false;
    if (good && part->is_message)
        part->message = (struct message){message->next - value, message->next};
    *wrong = !good;
    return good;
}

/* What a log group has, of what may be wrong with it. */
struct census {
    size_t logs;
    bool lacks_time;
    bool lacks_key;
    bool has_other_bytes; /* that are no UTF-8 */
};

static bool read_pair(struct message message, struct census *census)
{
    struct part part;
    bool wrong = false;
    bool has_key = false;

    while (read_part(&message, &part, &wrong)) {
        size_t size = part.is_message ? (size_t)(part.message.end - part.message.next) : 0;

        has_key |= part.field == PAIR_KEY && size;
        if (part.is_message && !utf8_is_text((const char *)part.message.next, size))
            census->has_other_bytes = true;
    }
    census->lacks_key |= !has_key;
    return !wrong;
}

static bool read_log(struct message message, struct census *census)
{
    struct part part;
    bool wrong = false;
    bool has_time = false;

    while (read_part(&message, &part, &wrong)) {
        has_time |= part.field == LOG_TIME && !part.is_message;
        if (part.field == LOG_CONTENTS && part.is_message)
            wrong = !read_pair(part.message, census);
    }
    census->logs++;
    census->lacks_time |= !has_time;
    return !wrong;
}

static bool read_group(const char *data, size_t size, struct census *census)
{
    const unsigned char *bytes = (const unsigned char *)data;
    struct message message = {bytes, bytes + size};
    struct part part;
    bool wrong = false;

    *census = (struct census){0};
    while (read_part(&message, &part, &wrong)) {
        if (part.field == GROUP_LOGS && part.is_message)
            wrong = !read_log(part.message, census);
        if (part.field == GROUP_TAGS && part.is_message)
            wrong = !read_pair(part.message, census);
    }
    return !wrong;
}

static bool need_loggroup(struct call *call, const char *data, size_t size)
{
    struct census census;

    if (!read_group(data, size, &census))
        refuse(call, 400, "PostBodyInvalid", "Protobuffer content cannot be parsed.");
    else if (census.lacks_time)
        refuse(call, 400, "PostBodyInvalid", "Protobuffer content lacks a time.");
    else if (census.lacks_key)
        refuse(call, 400, "InvalidKey", "Invalid keys in logs.");
    else if (size > RAW_MOST || census.logs > LOGS_MOST)
        refuse(call, 400, "PostBodyTooLarge",
               "Logs must be less than or equal to 3 MB and 4096 logs.");
    else if (census.has_other_bytes && has_quirk(call, QUIRK_ENCODING, "utf8"))
        refuse(call, 400, "InvalidEncoding", "Non-UTF8 characters in logs.");
    else
        return true;
    return false;
}

/* The body without compression, for the caller to free; or NULL. */
static char *need_raw(struct call *call, size_t *size)
{
    const char *type = request_header(call->request, "x-log-compresstype");
    const char *text = request_header(call->request, "x-log-bodyrawsize");
    const struct buf *body = &call->request->body;
    int64_t told;
    char *raw;
    int got;

    if (!text || !number_parse(text, &told) || told > INT32_MAX / 2) {
        refuse(call, 400, "InvalidBodyRawSize", "x-log-bodyrawsize is not valid");
        return NULL;
    }
    if (type && strcasecmp(type, "lz4") != 0) {
        refuse(call, 400, "InvalidCompressType", "Compress type %s is not supported", type);
        return NULL;
    }
    raw = must_calloc((size_t)told + 1, 1);
    got = type ? LZ4_decompress_safe(body->data, raw, (int)body->size, (int)told) : (int)body->size;
    if (got != told) {
        free(raw);
        refuse(call, 400, "PostBodyUncompressError", "Failed to decompress the log.");
        return NULL;
    }
    if (!type)
        memcpy(raw, body->data, body->size);
    *size = (size_t)told;
    return raw;
}

static bool is_key(const char *key)
{
    return strlen(key) == WORLD_KEY_ROOM - 1 &&
           strspn(key, "0123456789abcdefABCDEF") == WORLD_KEY_ROOM - 1;
}

/* Without a key the load is balanced: here, the first shard gets all. */
static struct shard *need_target(struct call *call, const struct logstore *logstore)
{
    const char *last = call->request->segments[3];
    const char *key = strcmp(last, "route") ? "0" : need_query(call, "key");
    struct shard *shard;

    if (!key)
        return NULL;
    if (!strcmp(last, "route") && !is_key(key)) {
        refuse(call, 400, "ParameterInvalid", "invalid hash key %s", key);
        return NULL;
    }
    shard = logstore->shard_count ? logstore_route(logstore, key) : NULL;
    if (!shard)
        refuse(call, 400, "LogStoreWithoutShard", "logstore has no shard.");
    return shard;
}

void records_put(struct call *call)
{
    const struct sls *sls = call->service;
    const struct logstore *logstore = need_logstore(call);
    struct shard *shard = logstore ? need_target(call, logstore) : NULL;
    size_t size;
    char *raw;

    call->request->log_body = must_strdup("");
    if (!shard)
        return;
    raw = need_raw(call, &size);
    if (raw && need_loggroup(call, raw, size)) {
        shard_put(shard, raw, size, service_now_ms(sls->service));
        answer_empty(call->answer, 200);
    }
    free(raw);
}
