#include "tests/service/dis/seed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/common/base64.h"
#include "tests/service/common/memory.h"
#include "tests/service/common/seed.h"
#include "tests/service/dis/calls.h"

static const char *put_app(void *service, const struct pairs *values)
{
    struct dis *dis = service;
    const char *name = value_of(values, "name");

    if (!name)
        return "an app needs a name";
    if (world_app(&dis->world, name))
        return NULL;
    return world_add_app(&dis->world, name, service_now_ms(dis->service)) ? NULL : "too many apps";
}

static bool read_status(const char *text, enum partition_status *status)
{
    for (int i = PARTITION_CREATING; i <= PARTITION_EXPIRED; i++) {
        if (strcmp(text, partition_status_text((enum partition_status)i)) != 0)
            continue;
        *status = (enum partition_status)i;
        return true;
    }
    return false;
}

/* Bounds and status, those of them that are given. */
static const char *change_partition(struct dis *dis, struct partition *partition,
                                    const struct pairs *values, const char *status)
{
    int64_t earliest = partition->earliest;
    int64_t latest = partition->latest;

    if (!value_number(values, "earliest", &earliest) || !value_number(values, "latest", &latest))
        return "a bound is not a number";
    if (latest < earliest)
        return "the latest is before the earliest";
    if (status && !read_status(status, &partition->status))
        return "status must be CREATING, ACTIVE, DELETED or EXPIRED";
    if (value_of(values, "earliest") || value_of(values, "latest"))
        partition_set_bounds(&dis->world, partition, earliest, latest,
                             service_now_ms(dis->service));
    return NULL;
}

static const char *put_partition(void *service, const struct pairs *values)
{
    struct dis *dis = service;
    const char *name = value_of(values, "stream");
    const char *text = value_of(values, "partition");
    struct stream *stream = name ? world_stream(&dis->world, name) : NULL;
    const char *wrong = NULL;
    size_t only = 0;

    if (!stream)
        return "no such stream";
    if (text && (!partition_read(text, &only) || only >= stream->partition_count))
        return "no such partition";
    for (size_t i = 0; i < stream->partition_count && !wrong; i++)
        if (!text || i == only)
            wrong =
                change_partition(dis, &stream->partitions[i], values, value_of(values, "status"));
    return wrong;
}

static const char *set_stream_words(struct stream *stream, const struct pairs *values)
{
    const struct {
        const char *name;
        char *to;
        size_t room;
    } words[] = {
        {"status", stream->status, sizeof(stream->status)},
        {"type", stream->type, sizeof(stream->type)},
        {"data_type", stream->data_type, sizeof(stream->data_type)},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const char *text = value_of(values, words[i].name);

        if (text && (size_t)snprintf(words[i].to, words[i].room, "%s", text) >= words[i].room)
            return "a word is too long";
    }
    return NULL;
}

static const char *put_stream(void *service, const struct pairs *values)
{
    struct dis *dis = service;
    const char *name = value_of(values, "name");
    struct stream *stream = name ? world_stream(&dis->world, name) : NULL;
    int64_t partitions = stream ? (int64_t)stream->partition_count : 1;
    const char *wrong = NULL;

    if (!name || !value_number(values, "partitions", &partitions) ||
        partitions > WORLD_PARTITIONS_MAX)
        return "a stream needs a name and a number of partitions";
    if (!stream)
        stream =
            world_add_stream(&dis->world, name, (size_t)partitions, service_now_ms(dis->service));
    if (!stream || (size_t)partitions < stream->partition_count)
        return "too many streams, or fewer partitions than there are";
    stream_add_partitions(stream, (size_t)partitions - stream->partition_count);
    if (!value_number(values, "retention", &stream->retention_hours) ||
        stream->retention_hours > 1000000)
        return "retention is a number of hours";
    for (size_t i = 0; i < stream->partition_count && !wrong; i++)
        wrong = change_partition(dis, &stream->partitions[i], values, NULL);
    return wrong ? wrong : set_stream_words(stream, values);
}

struct place {
    struct app *app;
    struct stream *stream;
    size_t partition;
};

static const char *find_place(struct dis *dis, const struct pairs *values, struct place *place)
{
    const char *app = value_of(values, "app");
    const char *stream = value_of(values, "stream");
    const char *partition = value_of(values, "partition");

    place->app = app ? world_app(&dis->world, app) : NULL;
    place->stream = stream ? world_stream(&dis->world, stream) : NULL;
    if (!place->app || !place->stream)
        return "no such app or stream";
    if (!partition || !partition_read(partition, &place->partition) ||
        place->partition >= place->stream->partition_count)
        return "no such partition";
    return NULL;
}

/* The partition of a stream, both of which must be there. */
static struct partition *find_partition(struct dis *dis, const struct pairs *values)
{
    const char *stream = value_of(values, "stream");
    const char *partition = value_of(values, "partition");
    const struct stream *found = stream ? world_stream(&dis->world, stream) : NULL;
    size_t number;

    if (!found || !partition || !partition_read(partition, &number) ||
        number >= found->partition_count)
        return NULL;
    return &found->partitions[number];
}

static const char *put_record(void *service, const struct pairs *values)
{
    struct dis *dis = service;
    struct partition *partition = find_partition(dis, values);
    const char *data = value_of(values, "data");
    char *plain = data ? base64_read(data, false) : NULL;
    const char *wrong = !partition ? "no such stream or partition"
                        : !plain   ? "a record needs data in base64"
                                   : NULL;

    free(plain);
    if (wrong)
        return wrong;
    return partition_append(&dis->world, partition, value_of(values, "key"), data,
                            service_now_ms(dis->service)) < 0
               ? "too many records"
               : NULL;
}

static const char *put_checkpoint(void *service, const struct pairs *values)
{
    struct dis *dis = service;
    struct place place;
    const char *wrong = find_place(dis, values, &place);
    int64_t number = -1;

    if (wrong)
        return wrong;
    if (!value_number(values, "sequence", &number) || number < 0)
        return "a checkpoint needs a sequence number";
    app_commit(place.app, place.stream, place.partition, number, value_of(values, "metadata"));
    return NULL;
}

static const char *remove_checkpoint(void *service, const struct pairs *values)
{
    struct dis *dis = service;
    struct place place;
    const char *wrong = find_place(dis, values, &place);

    if (!wrong)
        app_uncommit(place.app, place.stream, place.partition);
    return wrong;
}

static const char *make(void *service, const struct pairs *values)
{
    struct dis *dis = service;
    const char *app_prefix = value_of(values, "app_prefix");
    const char *stream_prefix = value_of(values, "stream_prefix");
    const char *wrong;

    wrong = seed_many(dis, values, "apps", app_prefix ? app_prefix : "app-", put_app);
    if (!wrong)
        wrong = seed_many(dis, values, "streams", stream_prefix ? stream_prefix : "stream-",
                          put_stream);
    return wrong;
}

static void app_call(struct call *call)
{
    seed_one(call, put_app);
}

static void stream_call(struct call *call)
{
    seed_one(call, put_stream);
}

static void partition_call(struct call *call)
{
    seed_one(call, put_partition);
}

static void record_call(struct call *call)
{
    seed_one(call, put_record);
}

static void checkpoint_call(struct call *call)
{
    seed_one(call, put_checkpoint);
}

static void uncheckpoint_call(struct call *call)
{
    seed_one(call, remove_checkpoint);
}

static void make_call(struct call *call)
{
    seed_one(call, make);
}

static void all_call(struct call *call)
{
    static const struct {
        const char *name;
        seed_put *put_one;
    } kinds[] = {
        {"apps", put_app},       {"streams", put_stream},         {"partitions", put_partition},
        {"records", put_record}, {"checkpoints", put_checkpoint},
    };
    cJSON *json = request_json(call->request);
    const char *wrong = cJSON_IsObject(json) ? NULL : "the body is not a JSON object";

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !wrong; i++)
        wrong = seed_all(call->service, cJSON_GetObjectItemCaseSensitive(json, kinds[i].name),
                         kinds[i].put_one);
    seed_answer(call, wrong);
    cJSON_Delete(json);
}

/* One line: app stream partition number metadata */
static void print_commitment(struct buf *out, const struct app *app,
                             const struct commitment *commitment)
{
    for (size_t i = 0; i < commitment->count; i++) {
        const struct checkpoint *checkpoint = &commitment->checkpoints[i];

        if (!checkpoint->set)
            continue;
        buf_printf(out, "%s %s %zu %lld%s", app->name, commitment->stream->name, i,
                   (long long)checkpoint->number, checkpoint->metadata ? " " : "");
        if (checkpoint->metadata)
            buf_puts_escaped(out, checkpoint->metadata);
        buf_puts(out, "\n");
    }
}

static void checkpoints_call(struct call *call)
{
    const struct dis *dis = call->service;

    answer_text(call->answer, 200, "%s", "");
    for (size_t i = 0; i < dis->world.apps.count; i++) {
        const struct app *app = dis->world.apps.items[i];

        for (size_t c = 0; c < app->commitment_count; c++)
            print_commitment(&call->answer->body, app, &app->commitments[c]);
    }
}

/* One line for each that was written: number key data */
static void records_call(struct call *call)
{
    const struct partition *partition = find_partition(call->service, &call->request->query);

    answer_text(call->answer, 200, "%s", "");
    for (size_t i = 0; partition && i < partition->record_count; i++) {
        const struct record *record = &partition->records[i];

        buf_printf(&call->answer->body, "%lld %s ", (long long)record->number,
                   record->key ? record->key : "-");
        buf_puts(&call->answer->body, record->data);
        buf_puts(&call->answer->body, "\n");
    }
}

static void apps_call(struct call *call)
{
    const struct dis *dis = call->service;

    answer_text(call->answer, 200, "%s", "");
    for (size_t i = 0; i < dis->world.apps.count; i++)
        buf_printf(&call->answer->body, "%s\n",
                   ((const struct app *)dis->world.apps.items[i])->name);
}

const struct route seed_routes[] = {
    {"POST", "/_control/seed", all_call},
    {"POST", "/_control/make", make_call},
    {"POST", "/_control/app", app_call},
    {"POST", "/_control/stream", stream_call},
    {"POST", "/_control/partition", partition_call},
    {"POST", "/_control/record", record_call},
    {"GET", "/_control/records", records_call},
    {"POST", "/_control/checkpoint", checkpoint_call},
    {"DELETE", "/_control/checkpoint", uncheckpoint_call},
    {"GET", "/_control/checkpoints", checkpoints_call},
    {"GET", "/_control/apps", apps_call},
};

const size_t seed_route_count = sizeof(seed_routes) / sizeof(seed_routes[0]);
