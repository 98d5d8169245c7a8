#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "tests/bench/service/answer.h"
#include "tests/bench/service/world.h"

/*
 * SLS, as in its documents: streams are logstores, partitions shards, and apps the consumer groups
 * of a logstore. A position is the base64 of its decimal. An answer about a group has all of its
 * shards, unless one is named.
 */
#define LOGSTORES_MAX 500
#define LOGSTORES     200
#define NO_LOGSTORE   "LogStoreNotExist"
#define NO_GROUP      "ConsumerGroupNotExist"
#define NO_SHARD      "ShardNotExist"
#define NOT_FOUND     "InvalidMethod"
#define CREATED       1767225600 /* seconds since 1970 */

static void add_cursor(struct answer *answer, int64_t position)
{
    char decimal[24], encoded[BASE64_ROOM(sizeof(decimal))];

    if (position < 0)
        return;
    snprintf(decimal, sizeof(decimal), "%lld", (long long)position);
    base64_encode(decimal, strlen(decimal), encoded);
    buf_puts(&answer->body, encoded);
}

static int64_t parse_cursor(const char *encoded)
{
    char decimal[NAME_ROOM];

    return base64_decode(encoded, decimal, sizeof(decimal) - 1) ? strtoll(decimal, NULL, 10) : 0;
}

static void list_logstores(const struct query *query, struct answer *answer)
{
    unsigned begin = query_number(query, "offset", 0, world_streams());
    unsigned size = query_number(query, "size", LOGSTORES, LOGSTORES_MAX);
    unsigned end = world_streams() - begin < size ? world_streams() : begin + size;

    answer->call = LIST_STREAMS;
    buf_printf(&answer->body, "{\"count\":%u,\"total\":%u,\"logstores\":[", end - begin,
               world_streams());
    for (unsigned i = begin; i < end; i++)
        buf_printf(&answer->body, "%s\"%s\"", i > begin ? "," : "", world_stream_name(i));
    buf_puts(&answer->body, "]}");
}

static void list_groups(unsigned stream, struct answer *answer)
{
    const char *comma = "";

    answer->call = LIST_APPS;
    buf_puts(&answer->body, "[");
    for (unsigned i = 0; i < world_apps(); i++) {
        if (!world_app(i)->places[stream].joined)
            continue;
        buf_printf(&answer->body, "%s{\"name\":\"%s\",\"timeout\":60,\"order\":false}", comma,
                   world_app(i)->name);
        comma = ",";
    }
    buf_puts(&answer->body, "]");
}

static void make_group(const struct query *query, unsigned stream, struct answer *answer)
{
    struct place *place = &world_make_app(query_member(query, "consumerGroup"))->places[stream];

    answer->call = MAKE_APP;
    if (place->joined)
        answer_error(answer, 400, "ConsumerGroupAlreadyExist");
    place->joined = true;
}

static void add_checkpoint(struct answer *answer, unsigned shard, int64_t position)
{
    buf_puts(&answer->body, "{\"shard\":");
    answer_number(answer, shard, 1);
    buf_puts(&answer->body, ",\"checkpoint\":\"");
    add_cursor(answer, position);
    buf_puts(&answer->body, position < 0 ? "\",\"updateTime\":0,\"consumer\":\"\"}"
                                         : "\",\"updateTime\":1767225600000000,\"consumer\":\"\"}");
}

static void get_checkpoints(const struct query *query, const struct place *place,
                            struct answer *answer)
{
    bool one = *query_word(query, "shard");
    unsigned begin = query_number(query, "shard", 0, world_partitions());
    unsigned end = one && begin < world_partitions() ? begin + 1 : world_partitions();

    answer->call = one ? GET_CHECKPOINT : GET_STATES;
    buf_puts(&answer->body, "[");
    for (unsigned i = begin; i < end; i++) {
        buf_puts(&answer->body, i > begin ? "," : "");
        add_checkpoint(answer, i, place_position(place, i));
    }
    buf_puts(&answer->body, "]");
}

static void update_checkpoint(const struct query *query, struct place *place, struct answer *answer)
{
    unsigned shard = (unsigned)strtoul(query_member(query, "shard"), NULL, 10);

    answer->call = COMMIT;
    if (shard < world_partitions())
        place_commit(place, shard, parse_cursor(query_member(query, "checkpoint")));
    else
        answer_error(answer, 404, NO_SHARD);
}

static void answer_group(const struct query *query, unsigned stream, struct answer *answer)
{
    struct app *app = world_find_app(query->segments[3]);

    if (!app || !app->places[stream].joined) {
        answer_error(answer, 404, NO_GROUP);
    } else if (query_is(query, "GET")) {
        get_checkpoints(query, &app->places[stream], answer);
    } else if (query_is(query, "POST")) {
        update_checkpoint(query, &app->places[stream], answer);
    } else {
        answer->call = DELETE_APP;
        place_leave(&app->places[stream]);
    }
}

static void answer_groups(const struct query *query, unsigned stream, struct answer *answer)
{
    if (*query->segments[3])
        answer_group(query, stream, answer);
    else if (query_is(query, "GET"))
        list_groups(stream, answer);
    else
        make_group(query, stream, answer);
}

static void list_shards(struct answer *answer)
{
    answer->call = GET_STREAM;
    buf_puts(&answer->body, "[");
    for (unsigned i = 0; i < world_partitions(); i++) {
        buf_puts(&answer->body, i ? ",{\"shardID\":" : "{\"shardID\":");
        answer_number(answer, i, 1);
        buf_puts(
            &answer->body,
            ",\"status\":\"readwrite\",\"inclusiveBeginKey\":\"00000000000000000000000000000000\","
            "\"exclusiveEndKey\":\"ffffffffffffffffffffffffffffffff\",\"createTime\":1767225600}");
    }
    buf_puts(&answer->body, "]");
}

static void get_cursor(const struct query *query, struct answer *answer)
{
    const char *from = query_word(query, "from");

    answer->call = GET_CURSOR;
    buf_puts(&answer->body, "{\"cursor\":\"");
    add_cursor(answer, !strcmp(from, "begin") ? 0 : END_POSITION);
    buf_puts(&answer->body, "\"}");
}

/* There is nothing to read: the next cursor is the one that was asked for. */
static void pull_logs(const struct query *query, struct answer *answer)
{
    static char headers[2 * NAME_ROOM];
    const char *cursor = query_word(query, "cursor");

    answer->call = GET_RECORDS;
    snprintf(headers, sizeof(headers),
             "x-log-cursor: %.*s%.*s\r\nx-log-count: 0\r\nx-log-bodyrawsize: 0\r\n",
             (int)strcspn(cursor, "%"), cursor,
             strchr(cursor, '%') ? (int)strlen(strchr(cursor, '%')) / 3 : 0, "==");
    answer->headers = headers;
}

static void answer_shard(const struct query *query, struct answer *answer)
{
    const char *type = query_word(query, "type");

    if (!*query->segments[3]) {
        list_shards(answer);
    } else if (strtoul(query->segments[3], NULL, 10) >= world_partitions()) {
        answer_error(answer, 400, NO_SHARD);
    } else if (!strcmp(type, "cursor")) {
        get_cursor(query, answer);
    } else if (!strcmp(type, "cursor_time")) {
        answer->call = GET_CURSOR;
        buf_printf(&answer->body, "{\"cursor_time\":%d}", CREATED);
    } else {
        pull_logs(query, answer);
    }
}

static void answer_logstore(const struct query *query, unsigned stream, struct answer *answer)
{
    if (!strcmp(query->segments[2], "consumergroups"))
        answer_groups(query, stream, answer);
    else if (!strcmp(query->segments[2], "shards"))
        answer_shard(query, answer);
    else
        answer_error(answer, 404, NOT_FOUND);
}

void answer_sls(const struct query *query, struct answer *answer)
{
    int stream = world_find_stream(query->segments[1]);

    if (strcmp(query->segments[0], "logstores") != 0)
        answer_error(answer, 404, NOT_FOUND);
    else if (!*query->segments[1])
        list_logstores(query, answer);
    else if (stream < 0)
        answer_error(answer, 404, NO_LOGSTORE);
    else
        answer_logstore(query, (unsigned)stream, answer);
}
