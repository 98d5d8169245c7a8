#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/common/memory.h"
#include "tests/service/dis/calls.h"
#include "tests/service/dis/cursor.h"

#define HOUR_MS (3600 * 1000LL)

struct cursor_wish {
    const struct stream *stream;
    const struct partition *partition;
    const char *number;
    const char *time;
};

static bool check_range(struct call *call, const struct partition *partition, int64_t number)
{
    if (number >= partition->earliest && number <= partition->latest)
        return true;
    refuse(call, 4224, "[%lld][ should be within ][%lld][ ][%lld]", (long long)number,
           (long long)partition->earliest, (long long)partition->latest);
    return false;
}

/* A type without the number it needs is refused; with neither, numbering starts at 0. The first is
 * a guess, the second was seen on an empty stream. */
static bool from_number(struct call *call, const struct cursor_wish *wish, int64_t *number)
{
    const char *text = wish->number;

    if (!text && !request_parameter(call->request, "cursor-type"))
        text = "0";
    if (!text || !number_parse(text, number)) {
        refuse(call, 4216, "[%s]", text ? text : "null");
        return false;
    }
    return check_range(call, wish->partition, *number);
}

static bool from_earliest(struct call *call, const struct cursor_wish *wish, int64_t *number)
{
    (void)call;
    *number = wish->partition->earliest;
    return true;
}

static bool from_latest(struct call *call, const struct cursor_wish *wish, int64_t *number)
{
    (void)call;
    *number = wish->partition->latest;
    return true;
}

/* A time in the future leads to the end: a guess. */
static bool from_time(struct call *call, const struct cursor_wish *wish, int64_t *number)
{
    const struct dis *dis = call->service;
    int64_t oldest =
        service_now_ms(dis->service) - (int64_t)wish->stream->retention_hours * HOUR_MS;
    int64_t time_ms;

    if (!wish->time || !number_parse(wish->time, &time_ms)) {
        refuse_value(call, "timestamp", wish->time);
        return false;
    }
    if (time_ms < oldest) {
        refuse(call, 4300, "[timestamp is expired, timestamp should be larger than %lld]",
               (long long)oldest);
        return false;
    }
    *number = partition_at_time(wish->partition, time_ms);
    return true;
}

/* All cursors are resolved to a number when they are made. */
static const struct {
    const char *name;
    bool (*resolve)(struct call *call, const struct cursor_wish *wish, int64_t *number);
} types[] = {
    {"AT_SEQUENCE_NUMBER", from_number}, {"AFTER_SEQUENCE_NUMBER", from_number},
    {"TRIM_HORIZON", from_earliest},     {"LATEST", from_latest},
    {"AT_TIMESTAMP", from_time},
};

static bool resolve(struct call *call, const struct cursor_wish *wish, const char *type,
                    int64_t *number)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (!strcmp(types[i].name, type))
            return types[i].resolve(call, wish, number);
    refuse(call, 4215, "[%s]", type);
    return false;
}

static void answer_cursor(struct call *call, const struct cursor *cursor)
{
    cJSON *json = must(cJSON_CreateObject());
    char *text = cursor_print(cursor);

    add_text(json, "partition_cursor", text);
    free(text);
    answer_json(call->answer, 200, json);
}

void cursor_show(struct call *call)
{
    const struct dis *dis = call->service;
    const char *partition = request_parameter(call->request, "partition-id");
    const char *type = request_parameter(call->request, "cursor-type");
    struct cursor_wish wish = {.number =
                                   request_parameter(call->request, "starting-sequence-number"),
                               .time = request_parameter(call->request, "timestamp")};
    struct cursor cursor = {.made_ms = cursor_time(dis)};
    size_t number;

    wish.stream = need_stream(call, request_parameter(call->request, "stream-name"),
                              request_parameter(call->request, "stream-id"));
    if (!wish.stream || !need_readable(call, wish.stream, partition, &number))
        return;
    wish.partition = &wish.stream->partitions[number];
    type = type ? type : types[0].name;
    if (!resolve(call, &wish, type, &cursor.number))
        return;
    snprintf(cursor.stream, sizeof(cursor.stream), "%s", wish.stream->name);
    snprintf(cursor.partition, sizeof(cursor.partition), "%s", partition);
    snprintf(cursor.type, sizeof(cursor.type), "%s", type);
    answer_cursor(call, &cursor);
}
