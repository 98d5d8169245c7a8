#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/common/memory.h"
#include "tests/service/sls/calls.h"
#include "tests/service/sls/cursor.h"

#define PAGE_MOST  500
#define PAGE_USUAL 200

/* Logstores */

static bool need_range(struct call *call, const char *name, int64_t usual, int64_t most,
                       int64_t *number)
{
    const char *text = request_parameter(call->request, name);

    *number = usual;
    if (!text || (number_parse(text, number) && *number <= most))
        return true;
    refuse(call, 400, "ParameterInvalid", "%s is out of range: %s", name, text);
    return false;
}

void logstores_list(struct call *call)
{
    const struct sls *sls = call->service;
    const struct directory *all = &sls->world.logstores;
    const char *part = request_parameter(call->request, "logstoreName");
    cJSON *json;
    cJSON *names;
    int64_t offset;
    int64_t size;
    int64_t total = 0;

    if (!need_range(call, "offset", 0, INT32_MAX, &offset) ||
        !need_range(call, "size", PAGE_USUAL, PAGE_MOST, &size))
        return;
    json = must(cJSON_CreateObject());
    names = must(cJSON_CreateArray());
    for (size_t i = 0; i < all->count; i++) {
        const struct logstore *logstore = all->items[i];

        if (part && !strstr(logstore->name, part))
            continue;
        if (total >= offset && total < offset + size)
            cJSON_AddItemToArray(names, must(cJSON_CreateString(logstore->name)));
        total++;
    }
    order_array(call, names);
    add_number(json, "count", cJSON_GetArraySize(names));
    add_number(json, "total", total);
    cJSON_AddItemToObject(json, "logstores", names);
    answer_json(call->answer, 200, json);
}

/* Shards */

/* What share of the hash keys a shard has, is made up: all have as many, those that cannot be
 * written to as well, whose keys lead to another. */
void shards_list(struct call *call)
{
    const struct logstore *logstore = need_logstore(call);
    char key[WORLD_KEY_ROOM];
    cJSON *array;

    if (!logstore)
        return;
    if (!logstore->shard_count) {
        refuse(call, 400, "LogStoreWithoutShard", "logstore has no shard.");
        return;
    }
    array = must(cJSON_CreateArray());
    for (size_t i = 0; i < logstore->shard_count; i++) {
        const struct shard *shard = &logstore->shards[i];
        cJSON *json = must(cJSON_CreateObject());

        add_number(json, "shardID", shard->id);
        add_text(json, "status", shard->read_only ? "readonly" : "readwrite");
        logstore_key(logstore, i, key);
        add_text(json, "inclusiveBeginKey", key);
        if (i + 1 < logstore->shard_count)
            logstore_key(logstore, i + 1, key);
        else
            memset(key, 'f', WORLD_KEY_ROOM - 1);
        add_text(json, "exclusiveEndKey", key);
        add_number(json, "createTime", shard->created_ms / 1000);
        cJSON_AddItemToArray(array, json);
    }
    answer_array(call, array);
}

/* Cursors */

static void show_cursor(struct call *call, const struct shard *shard)
{
    const char *from = need_query(call, "from");
    int64_t number = 0;
    char *cursor;
    cJSON *json;

    if (!from)
        return;
    if (!strcmp(from, "begin")) {
        number = shard->earliest;
    } else if (!strcmp(from, "end")) {
        number = shard->latest;
    } else if (number_parse(from, &number) && number < INT64_C(100000000000)) {
        number = shard_since(shard, number * 1000);
    } else {
        refuse(call, 400, "ParameterInvalid", "Parameter From is not valid");
        return;
    }
    cursor = cursor_format(number);
    json = must(cJSON_CreateObject());
    add_text(json, "cursor", cursor);
    free(cursor);
    answer_json(call->answer, 200, json);
}

/* Seconds since 1970, or -1. What the end of a shard has is not known; one without data has the
 * present. */
static int64_t time_of(const struct call *call, const struct shard *shard, int64_t number)
{
    const struct sls *sls = call->service;

    if (shard->earliest == shard->latest)
        return service_now_ms(sls->service) / 1000;
    if (number < shard->earliest || number > shard->latest ||
        (number == shard->latest && has_quirk(call, QUIRK_CURSOR_TIME_AT_END, "invalid")))
        return -1;
    if (number == shard->latest)
        return service_now_ms(sls->service) / 1000;
    return shard_time_ms(shard, number) / 1000;
}

static void show_cursor_time(struct call *call, const struct shard *shard)
{
    const char *cursor = need_query(call, "cursor");
    int64_t number;
    int64_t seconds;
    cJSON *json;

    if (!cursor)
        return;
    if (!cursor_parse(cursor, &number)) {
        refuse(call, 400, "ParameterInvalid", "Invalid cursor %s", cursor);
        return;
    }
    seconds = time_of(call, shard, number);
    if (seconds < 0) {
        refuse_cursor(call, "cursor is out of range");
        return;
    }
    json = must(cJSON_CreateObject());
    add_number(json, "cursor_time", seconds);
    answer_json(call->answer, 200, json);
}

void shard_show(struct call *call)
{
    const struct logstore *logstore = need_logstore(call);
    const struct shard *shard = logstore ? need_shard(call, logstore) : NULL;
    const char *type = shard ? need_query(call, "type") : NULL;

    if (!type)
        return;
    if (!strcmp(type, "cursor"))
        show_cursor(call, shard);
    else if (!strcmp(type, "cursor_time"))
        show_cursor_time(call, shard);
    else if (!strcmp(type, "log") || !strcmp(type, "logs"))
        records_show(call, shard);
    else
        refuse(call, 400, "ParameterInvalid", "unknown type");
}
