#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/common/base64.h"
#include "tests/service/common/memory.h"
#include "tests/service/dis/calls.h"
#include "tests/service/dis/cursor.h"

#define CURSOR_LIFE_MS  (300 * 1000LL)
#define FETCH_USUAL     ((int64_t)1024 * 1024) /* a guess */
#define FETCH_COUNT_MAX 1000                   /* a guess */
#define WRITE_SIZE_MAX  ((size_t)5 * 1024 * 1024)
#define WRITE_COUNT_MAX 10000

static cJSON *describe_record(const struct record *record, int64_t number)
{
    cJSON *json = must(cJSON_CreateObject());
    char text[64];
    char *made_up;

    snprintf(text, sizeof(text), "%lld", (long long)number);
    add_text(json, "sequence_number", text);
    if (record->key)
        add_text(json, "partition_key", record->key);
    snprintf(text, sizeof(text), "record %lld", (long long)record->number);
    made_up = base64_print(text, strlen(text), false);
    add_text(json, "data", record->data ? record->data : made_up);
    free(made_up);
    add_number(json, "timestamp", record->time_ms);
    add_text(json, "timestamp_type", "CreateTime");
    return json;
}

/* Whether numbers in a partition have gaps is not known; clients allow for them. */
static bool is_left_out(const struct dis *dis, int64_t number)
{
    return quirk_is(&dis->service->quirks, QUIRK_RECORD_NUMBERS, "even") && number % 2;
}

/* The number that is told of a record: no client should believe the wrong ones. */
static int64_t number_told(const struct dis *dis, const struct cursor *cursor, int64_t number)
{
    if (quirk_is(&dis->service->quirks, QUIRK_RECORD_NUMBERS, "repeated"))
        return cursor->number;
    return number - (quirk_is(&dis->service->quirks, QUIRK_RECORD_NUMBERS, "low") ? 1 : 0);
}

/* Records from the cursor on, as many as fit; moves the cursor behind them. One that does not fit
 * is not passed over: where it is the first there are none, and the cursor stays. */
static cJSON *read_records(const struct dis *dis, const struct partition *partition,
                           struct cursor *cursor, int64_t room)
{
    cJSON *records = must(cJSON_CreateArray());
    int64_t number = cursor->number;
    struct record record;

    for (int count = 0; count < FETCH_COUNT_MAX && number < partition->latest; count++, number++) {
        if (is_left_out(dis, number))
            continue;
        partition_record(partition, number, &record);
        room -= record.data ? (int64_t)strlen(record.data) * 3 / 4 : 20;
        if (room < 0)
            break;
        cJSON_AddItemToArray(records, describe_record(&record, number_told(dis, cursor, number)));
    }
    cursor->number = number;
    return records;
}

/* A cursor that is well-formed and not too old. */
static bool need_cursor(struct call *call, struct cursor *cursor)
{
    const struct dis *dis = call->service;
    const char *text = request_parameter(call->request, "partition-cursor");

    if (!text || !cursor_parse(text, cursor)) {
        refuse(call, 4217, "[%s]", text ? text : "null");
        return false;
    }
    if (service_now_ms(dis->service) - cursor->made_ms > CURSOR_LIFE_MS ||
        cursor->made_ms < dis->cursors_from_ms) {
        refuse(call, 4225, "[%s]", text);
        return false;
    }
    return true;
}

static void answer_records(struct call *call, const struct partition *partition,
                           struct cursor *cursor, int64_t room)
{
    const struct dis *dis = call->service;
    cJSON *json = must(cJSON_CreateObject());
    char *next;

    cJSON_AddItemToObject(json, "records", read_records(dis, partition, cursor, room));
    snprintf(cursor->type, sizeof(cursor->type), "AT_SEQUENCE_NUMBER");
    cursor->made_ms = cursor_time(dis);
    next = cursor_print(cursor);
    add_text(json, "next_partition_cursor", next);
    free(next);
    answer_json(call->answer, 200, json);
}

/* What becomes of a cursor whose record has expired since it was made. That it may go on at the
 * oldest one is a guess. */
static bool pass_expired(struct call *call, const struct partition *partition,
                         struct cursor *cursor)
{
    const struct dis *dis = call->service;

    if (cursor->number >= partition->earliest)
        return true;
    if (quirk_is(&dis->service->quirks, QUIRK_OLD_CURSOR, "oldest")) {
        cursor->number = partition->earliest;
        return true;
    }
    refuse(call, 4226, "[%lld]", (long long)cursor->number);
    return false;
}

void records_read(struct call *call)
{
    const char *fetch = request_parameter(call->request, "max_fetch_bytes");
    int64_t room = FETCH_USUAL;
    const struct stream *stream;
    struct cursor cursor;
    size_t number;

    if (!need_cursor(call, &cursor))
        return;
    if (fetch && !number_parse(fetch, &room)) {
        refuse_value(call, "max_fetch_bytes", fetch);
        return;
    }
    stream = need_stream(call, cursor.stream, NULL);
    if (!stream || !need_readable(call, stream, cursor.partition, &number))
        return;
    if (!strcmp(cursor.type, "AFTER_SEQUENCE_NUMBER") && cursor.number < INT64_MAX)
        cursor.number++;
    if (pass_expired(call, &stream->partitions[number], &cursor))
        answer_records(call, &stream->partitions[number], &cursor, room);
}

static uint64_t hash_key(const char *key)
{
    uint64_t hash = 0xcbf29ce484222325ULL;

    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 0x100000001b3ULL;
    return hash & INT64_MAX;
}

/* The active partition whose share of the hashes has this one. */
static bool partition_of_hash(const struct stream *stream, uint64_t hash, size_t *number)
{
    size_t active = stream_count_partitions(stream, PARTITION_ACTIVE);
    uint64_t index = active ? hash / (INT64_MAX / active) : 0;

    index = index < active ? index : active - 1;
    for (size_t i = 0; i < stream->partition_count; i++) {
        if (stream->partitions[i].status != PARTITION_ACTIVE)
            continue;
        if (!index--) {
            *number = i;
            return true;
        }
    }
    return false;
}

/* Where a record goes, or the code of why it cannot go there. */
static int choose_partition(struct dis *dis, const struct stream *stream, const cJSON *record,
                            const struct call *call, size_t *number)
{
    const char *partition = get_text(call, record, "partition_id");
    const char *hash_text = get_text(call, record, "explicit_hash_key");
    const char *key = get_text(call, record, "partition_key");
    uint64_t hash = dis->next_partition * 0x9e3779b97f4a7c15ULL & INT64_MAX;
    int64_t explicit_hash;

    if (partition && *partition) {
        if (!partition_read(partition, number))
            return 4201;
        if (*number >= stream->partition_count ||
            stream->partitions[*number].status != PARTITION_ACTIVE)
            return 4302;
        return 0;
    }
    if (hash_text && number_parse(hash_text, &explicit_hash))
        hash = (uint64_t)explicit_hash;
    else if (key && *key)
        hash = hash_key(key);
    else
        dis->next_partition++;
    return partition_of_hash(stream, hash, number) ? 0 : 4302;
}

static int write_record(struct call *call, struct stream *stream, const cJSON *record,
                        size_t *partition, int64_t *number)
{
    struct dis *dis = call->service;
    const char *data = get_text(call, record, "data");
    char *plain = data ? base64_read(data, false) : NULL;
    int code = plain ? choose_partition(dis, stream, record, call, partition) : 4200;

    free(plain);
    if (code)
        return code;
    *number = partition_append(&dis->world, &stream->partitions[*partition],
                               get_text(call, record, "partition_key"), data,
                               service_now_ms(dis->service));
    return *number < 0 ? 4303 : 0;
}

static cJSON *describe_written(int code, size_t partition, int64_t number)
{
    cJSON *json = must(cJSON_CreateObject());
    char text[PARTITION_ROOM];

    if (code) {
        snprintf(text, sizeof(text), "DIS.%d", code);
        add_text(json, "error_code", text);
        add_text(json, "error_message", error_text(code));
        return json;
    }
    partition_print(text, partition, true);
    add_text(json, "partition_id", text);
    snprintf(text, sizeof(text), "%lld", (long long)number);
    add_text(json, "sequence_number", text);
    return json;
}

/* Whether the next record is one of those that are to fail. */
static bool meet_failure(struct failing *failing)
{
    if (!failing->count)
        return false;
    if (failing->skip) {
        failing->skip--;
        return false;
    }
    failing->count--;
    return true;
}

static void write_records(struct call *call, struct stream *stream, const cJSON *records)
{
    struct dis *dis = call->service;
    cJSON *json = must(cJSON_CreateObject());
    cJSON *results = must(cJSON_CreateArray());
    const cJSON *record;
    int64_t number = 0;
    size_t partition = 0;
    int failed = 0;

    cJSON_ArrayForEach(record, records)
    {
        int code = meet_failure(&dis->failing)
                       ? dis->failing.code
                       : write_record(call, stream, record, &partition, &number);

        failed += code != 0;
        cJSON_AddItemToArray(results, describe_written(code, partition, number));
    }
    add_number(json, "failed_record_count", failed);
    cJSON_AddItemToObject(json, "records", results);
    answer_json(call->answer, 200, json);
}

void records_write(struct call *call)
{
    cJSON *json = need_body(call);
    const cJSON *records = cJSON_GetObjectItemCaseSensitive(json, "records");
    int count = cJSON_GetArraySize(records);
    struct stream *stream;

    if (!json)
        return;
    stream =
        need_stream(call, get_text(call, json, "stream_name"), get_text(call, json, "stream_id"));
    if (!stream)
        ;
    else if (call->request->body.size > WRITE_SIZE_MAX || count > WRITE_COUNT_MAX)
        refuse(call, 4200, "%s", "[Request body is too large.]");
    else if (strcmp(stream->status, "RUNNING") != 0)
        refuse(call, 4205, "[%s]", stream->status);
    else if (!cJSON_IsArray(records) || !count)
        refuse_value(call, "records", NULL);
    else
        write_records(call, stream, records);
    cJSON_Delete(json);
}
