#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/service/common/memory.h"
#include "tests/service/dis/calls.h"

/* Partitions of each type that an account may have. Those the control interface makes do not count
 * against it, but are counted. */
#define COMMON_QUOTA   50
#define ADVANCED_QUOTA 10

static size_t count_readable(const struct stream *stream)
{
    return stream_count_partitions(stream, PARTITION_ACTIVE) +
           stream_count_partitions(stream, PARTITION_DELETED);
}

static bool quota_allows(const struct world *world, const char *type, size_t more)
{
    size_t quota = !strcmp(type, "ADVANCED") ? ADVANCED_QUOTA : COMMON_QUOTA;
    size_t used = 0;

    for (size_t i = 0; i < world->streams.count; i++) {
        const struct stream *stream = world->streams.items[i];

        if (!strcmp(stream->type, type))
            used += stream_count_partitions(stream, PARTITION_ACTIVE);
    }
    return used + more <= quota;
}

/* A text that must be one of two or three; the first one when it is not there. */
static const char *need_word(struct call *call, const cJSON *json, const char *name,
                             const char *const words[static 3])
{
    const char *text = get_text(call, json, name);

    for (size_t i = 0; i < 3 && words[i]; i++)
        if (!text || !strcmp(text, words[i]))
            return words[i];
    refuse_value(call, name, text);
    return NULL;
}

/* A whole JSON number within bounds; `usual` when it is not there and that is allowed (not 0). */
static bool need_count(struct call *call, const cJSON *json, const char *name, int usual, int least,
                       int most, int *count)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, name);

    *count = value ? value->valueint : usual;
    if ((!value && usual) ||
        (cJSON_IsNumber(value) && *count >= least && *count <= most &&
         (double)*count >= value->valuedouble && (double)*count <= value->valuedouble))
        return true;
    refuse_value(call, name, value ? "out of range" : "null");
    return false;
}

struct stream_wish {
    const char *name;
    const char *type;
    const char *data_type;
    int partitions;
    int hours;
};

static bool read_wish(struct call *call, const cJSON *json, struct stream_wish *wish)
{
    static const char *const types[3] = {"COMMON", "ADVANCED"};
    static const char *const data_types[3] = {"BLOB", "JSON", "CSV"};

    wish->name = need_text(call, json, "stream_name");
    if (!wish->name)
        return false;
    if (!name_is_valid(wish->name, 64)) {
        refuse_value(call, "stream_name", wish->name);
        return false;
    }
    wish->type = need_word(call, json, "stream_type", types);
    wish->data_type = wish->type ? need_word(call, json, "data_type", data_types) : NULL;
    return wish->data_type &&
           need_count(call, json, "partition_count", 0, 1, WORLD_PARTITIONS_MAX,
                      &wish->partitions) &&
           need_count(call, json, "data_duration", 24, 24, 72, &wish->hours);
}

static void create(struct call *call, const struct stream_wish *wish)
{
    struct dis *dis = call->service;
    struct stream *stream;

    if (world_stream(&dis->world, wish->name)) {
        refuse(call, 4307, "[%s]", wish->name);
        return;
    }
    if (!quota_allows(&dis->world, wish->type, (size_t)wish->partitions)) {
        refuse(call, 4308, "[%s]", wish->type);
        return;
    }
    stream = world_add_stream(&dis->world, wish->name, (size_t)wish->partitions,
                              service_now_ms(dis->service));
    if (!stream) {
        refuse(call, 4308, "[%d]", WORLD_STREAMS_MAX);
        return;
    }
    stream->retention_hours = wish->hours;
    snprintf(stream->type, sizeof(stream->type), "%s", wish->type);
    snprintf(stream->data_type, sizeof(stream->data_type), "%s", wish->data_type);
    answer_empty(call->answer, 201);
}

void stream_create(struct call *call)
{
    cJSON *json = need_body(call);
    struct stream_wish wish;

    if (json && read_wish(call, json, &wish))
        create(call, &wish);
    cJSON_Delete(json);
}

/* The members that the list and the details have in common. */
static cJSON *describe(const struct stream *stream)
{
    cJSON *json = must(cJSON_CreateObject());

    add_text(json, "stream_id", stream->id);
    add_text(json, "stream_name", stream->name);
    add_number(json, "create_time", stream->created_ms);
    add_number(json, "retention_period", stream->retention_hours);
    add_text(json, "status", stream->status);
    add_text(json, "stream_type", stream->type);
    add_text(json, "data_type", stream->data_type);
    must(cJSON_AddFalseToObject(json, "auto_scale_enabled"));
    add_number(json, "auto_scale_min_partition_count", 0);
    add_number(json, "auto_scale_max_partition_count", 0);
    must(cJSON_AddArrayToObject(json, "tags"));
    must(cJSON_AddArrayToObject(json, "sys_tags"));
    return json;
}

void streams_list(struct call *call)
{
    const struct dis *dis = call->service;
    const struct directory *streams = &dis->world.streams;
    const char *start = request_parameter(call->request, "start_stream_name");
    size_t first = start ? directory_after(streams, start) : 0;
    size_t end = streams->count;
    cJSON *json;
    cJSON *names;
    cJSON *infos;
    size_t limit;

    if (!need_limit(call, "limit", 10, 100, &limit))
        return;
    if (end - first > limit)
        end = first + limit;
    json = must(cJSON_CreateObject());
    add_number(json, "total_number", (int64_t)streams->count);
    names = must(cJSON_AddArrayToObject(json, "stream_names"));
    add_has_more(call, json, "has_more_streams", end < streams->count, end - first == limit);
    infos = must(cJSON_AddArrayToObject(json, "stream_info_list"));
    for (size_t i = first; i < end; i++) {
        const struct stream *stream = streams->items[i];
        cJSON *info = describe(stream);

        add_number(info, "partition_count", (int64_t)count_readable(stream));
        cJSON_AddItemToArray(names, must(cJSON_CreateString(stream->name)));
        cJSON_AddItemToArray(infos, info);
    }
    answer_json(call->answer, 200, json);
}

/* Active partitions share the hashes evenly, in their order. Those that take no records say all of
 * them, which is a guess. */
static void add_hash_range(cJSON *json, const struct stream *stream, size_t number)
{
    size_t shares = 1;
    int64_t index = 0;
    int64_t step;
    int64_t last;
    char text[64];

    if (stream->partitions[number].status == PARTITION_ACTIVE) {
        shares = stream_count_partitions(stream, PARTITION_ACTIVE);
        for (size_t i = 0; i < number; i++)
            index += stream->partitions[i].status == PARTITION_ACTIVE;
    }
    step = INT64_MAX / (int64_t)shares;
    last = index + 1 == (int64_t)shares ? INT64_MAX : index * step + step - 1;
    snprintf(text, sizeof(text), "[%" PRId64 " : %" PRId64 "]", index * step, last);
    add_text(json, "hash_range", text);
}

/* An expired partition has no range; one that is not there yet has one that is no range. Both are
 * read off what a client is prepared for. */
static void add_range(const struct quirks *quirks, cJSON *json, const struct partition *partition)
{
    char text[64];

    snprintf(text, sizeof(text), "[%lld : %lld]", (long long)partition->earliest,
             (long long)partition->latest);
    if (partition->status == PARTITION_CREATING)
        add_text(json, "sequence_number_range", "");
    else if (partition->status != PARTITION_EXPIRED)
        add_text(json, "sequence_number_range", text);
    else if (quirk_is(quirks, QUIRK_EXPIRED_RANGE, "text"))
        add_text(json, "sequence_number_range", "[null : null]");
    else
        must(cJSON_AddNullToObject(json, "sequence_number_range"));
}

static cJSON *describe_partition(const struct quirks *quirks, const struct stream *stream,
                                 size_t number)
{
    const struct partition *partition = &stream->partitions[number];
    cJSON *json = must(cJSON_CreateObject());
    char text[PARTITION_ROOM];

    partition_print(text, number, true);
    add_text(json, "status", partition_status_text(partition->status));
    add_text(json, "partition_id", text);
    add_hash_range(json, stream, number);
    add_range(quirks, json, partition);
    return json;
}

static void answer_stream(struct call *call, const struct stream *stream, size_t first,
                          size_t limit)
{
    const struct dis *dis = call->service;
    cJSON *json = describe(stream);
    cJSON *partitions = must(cJSON_AddArrayToObject(json, "partitions"));
    size_t end = stream->partition_count;

    if (first < end && end - first > limit)
        end = first + limit;
    for (size_t i = first; i < end; i++)
        cJSON_AddItemToArray(partitions, describe_partition(&dis->service->quirks, stream, i));
    add_number(json, "last_modified_time", stream->modified_ms);
    add_number(json, "writable_partition_count",
               (int64_t)stream_count_partitions(stream, PARTITION_ACTIVE));
    add_number(json, "readable_partition_count", (int64_t)count_readable(stream));
    add_has_more(call, json, "has_more_partitions", first < end && end < stream->partition_count,
                 first < end && end - first == limit);
    must(cJSON_AddArrayToObject(json, "update_partition_counts"));
    answer_json(call->answer, 200, json);
}

/* Only the long form of the start is taken: what one edition of the documents says, and clients do.
 */
void stream_show(struct call *call)
{
    const struct stream *stream =
        need_stream(call, call->captured[1], request_parameter(call->request, "stream_id"));
    const char *start = request_parameter(call->request, "start_partitionId");
    size_t first = 0;
    size_t limit;

    if (!stream || !need_limit(call, "limit_partitions", 100, 1000, &limit))
        return;
    if (start && (strncmp(start, "shardId-", 8) != 0 || !partition_read(start, &first))) {
        refuse(call, 4201, "[%s]", start);
        return;
    }
    answer_stream(call, stream, first + (start != NULL), limit);
}

/* New partitions come at the end; those too many are marked from the end, and stay readable. */
static void scale(struct dis *dis, struct stream *stream, size_t target)
{
    size_t active = stream_count_partitions(stream, PARTITION_ACTIVE);

    if (active < target)
        stream_add_partitions(stream, target - active);
    for (size_t i = stream->partition_count; i-- > 0 && active > target;) {
        if (stream->partitions[i].status != PARTITION_ACTIVE)
            continue;
        stream->partitions[i].status = PARTITION_DELETED;
        active--;
    }
    stream->modified_ms = service_now_ms(dis->service);
}

/* The members of the answer are those of client libraries. */
static void answer_scaled(struct call *call, const struct stream *stream, size_t before,
                          size_t target)
{
    cJSON *json = must(cJSON_CreateObject());

    add_text(json, "stream_name", stream->name);
    add_number(json, "current_partition_count", (int64_t)before);
    add_number(json, "target_partition_count", (int64_t)target);
    answer_json(call->answer, 200, json);
}

void stream_scale(struct call *call)
{
    struct dis *dis = call->service;
    cJSON *json = need_body(call);
    struct stream *stream = json ? need_stream(call, call->captured[1], NULL) : NULL;
    size_t before;
    int target;

    if (stream &&
        need_count(call, json, "target_partition_count", 0, 1, WORLD_PARTITIONS_MAX, &target)) {
        before = stream_count_partitions(stream, PARTITION_ACTIVE);
        if ((size_t)target > before &&
            !quota_allows(&dis->world, stream->type, (size_t)target - before)) {
            refuse(call, 4308, "[%s]", stream->type);
        } else {
            scale(dis, stream, (size_t)target);
            answer_scaled(call, stream, before, (size_t)target);
        }
    }
    cJSON_Delete(json);
}

void stream_delete(struct call *call)
{
    struct dis *dis = call->service;
    struct stream *stream = need_stream(call, call->captured[1], NULL);

    if (!stream)
        return;
    world_remove_stream(&dis->world, stream);
    answer_empty(call->answer, 204);
}
