#include <stdio.h>
#include <string.h>

#include "tests/service/common/memory.h"
#include "tests/service/dis/calls.h"

void app_create(struct call *call)
{
    struct dis *dis = call->service;
    cJSON *json = need_body(call);
    const char *name = json ? need_text(call, json, "app_name") : NULL;

    if (name && !name_is_valid(name, 200))
        refuse_value(call, "app_name", name);
    else if (name && world_app(&dis->world, name))
        refuse(call, 4330, "[%s]", name);
    else if (name && !world_add_app(&dis->world, name, service_now_ms(dis->service)))
        refuse(call, 4329, "[%d]", WORLD_APPS_MAX);
    else if (name)
        answer_empty(call->answer, 201);
    cJSON_Delete(json);
}

static cJSON *describe(const struct app *app)
{
    cJSON *json = must(cJSON_CreateObject());
    cJSON *streams;

    add_text(json, "app_name", app->name);
    add_text(json, "app_id", app->id);
    add_number(json, "create_time", app->created_ms);
    streams = must(cJSON_AddArrayToObject(json, "commit_checkpoint_stream_names"));
    for (size_t i = 0; i < app->commitment_count; i++)
        cJSON_AddItemToArray(streams, must(cJSON_CreateString(app->commitments[i].stream->name)));
    return json;
}

/* A page of those apps that committed on the stream, or of all when it is NULL. */
static void list(struct call *call, const struct stream *stream, size_t limit)
{
    const struct dis *dis = call->service;
    const struct directory *apps = &dis->world.apps;
    const char *start = request_parameter(call->request, "start_app_name");
    size_t first = start ? directory_after(apps, start) : 0;
    cJSON *json = must(cJSON_CreateObject());
    cJSON *page = must(cJSON_CreateArray());
    size_t total = 0;
    size_t listed = 0;
    bool more = false;

    for (size_t i = 0; i < apps->count; i++) {
        const struct app *app = apps->items[i];

        if (stream && !app_commitment(app, stream))
            continue;
        total++;
        more |= i >= first && listed == limit;
        if (i >= first && listed < limit) {
            cJSON_AddItemToArray(page, describe(app));
            listed++;
        }
    }
    add_has_more(call, json, "has_more_app", more, listed == limit);
    cJSON_AddItemToObject(json, "apps", page);
    add_number(json, "total_number", (int64_t)total);
    answer_json(call->answer, 200, json);
}

void apps_list(struct call *call)
{
    const char *name = request_parameter(call->request, "stream_name");
    const struct stream *stream = NULL;
    size_t limit;

    if (!need_limit(call, "limit", 10, 100, &limit))
        return;
    if (name)
        stream = need_stream(call, name, NULL);
    if (!name || stream)
        list(call, stream, limit);
}

void app_show(struct call *call)
{
    const struct app *app = need_app(call, call->captured[1]);

    if (app)
        answer_json(call->answer, 200, describe(app));
}

/* When an app counts as being used is not known. */
void app_delete(struct call *call)
{
    struct dis *dis = call->service;
    struct app *app = need_app(call, call->captured[1]);

    if (!app)
        return;
    if (app->commitment_count && quirk_is(&dis->service->quirks, QUIRK_APP_DELETE, "unused")) {
        refuse(call, 4331, "[%s]", app->name);
        return;
    }
    world_remove_app(&dis->world, app);
    answer_empty(call->answer, 204);
}

static void add_state_partition(const struct quirks *quirks, cJSON *json, size_t partition)
{
    char text[PARTITION_ROOM];

    if (!quirk_is(quirks, QUIRK_NUMBERS, "off")) {
        add_number(json, "partition_id", (int64_t)partition);
        return;
    }
    partition_print(text, partition, quirk_is(quirks, QUIRK_PARTITION_FORM, "shard"));
    add_text(json, "partition_id", text);
}

static void add_state_number(const struct quirks *quirks, cJSON *json,
                             const struct checkpoint *checkpoint)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", checkpoint ? (long long)checkpoint->number : -1LL);
    if (!quirk_is(quirks, QUIRK_NUMBERS, "off") ||
        (!checkpoint && quirk_is(quirks, QUIRK_NO_CHECKPOINT, "number")))
        add_number(json, "sequence_number", checkpoint ? checkpoint->number : -1);
    else
        add_text(json, "sequence_number", text);
}

static void add_state_metadata(const struct quirks *quirks, cJSON *json,
                               const struct checkpoint *checkpoint)
{
    const char *metadata = checkpoint && checkpoint->metadata ? checkpoint->metadata : "";

    if (quirk_is(quirks, QUIRK_METADATA, "string"))
        add_text(json, "metadata", metadata);
    else if (quirk_is(quirks, QUIRK_METADATA, "null"))
        must(cJSON_AddNullToObject(json, "metadata"));
}

/* Which of the two forms of partition numbers the service uses here is not known, nor whether the
 * metadata is there. */
static cJSON *describe_state(const struct quirks *quirks, const struct app *app,
                             const struct stream *stream, size_t number)
{
    const struct checkpoint *checkpoint = app_checkpoint(app, stream, number);
    const struct partition *partition = &stream->partitions[number];
    cJSON *json = must(cJSON_CreateObject());

    add_state_partition(quirks, json, number);
    add_state_number(quirks, json, checkpoint);
    add_number(json, "latest_offset", partition->latest);
    add_number(json, "earliest_offset", partition->earliest);
    add_text(json, "checkpoint_type", "LAST_READ");
    add_text(json, "status", partition_status_text(partition->status));
    add_state_metadata(quirks, json, checkpoint);
    return json;
}

/* The first partition of the page: the one after start_partition_id. */
static bool need_start(struct call *call, size_t *first)
{
    const char *start = request_parameter(call->request, "start_partition_id");

    *first = 0;
    if (!start)
        return true;
    if (!partition_read(start, first)) {
        refuse(call, 4201, "[%s]", start);
        return false;
    }
    ++*first;
    return true;
}

static void answer_states(struct call *call, const struct app *app, const struct stream *stream,
                          size_t first, size_t limit)
{
    const struct dis *dis = call->service;
    cJSON *json = must(cJSON_CreateObject());
    cJSON *states = must(cJSON_CreateArray());
    size_t end = stream->partition_count;

    if (first < end && end - first > limit)
        end = first + limit;
    for (size_t i = first; i < end; i++)
        cJSON_AddItemToArray(states, describe_state(&dis->service->quirks, app, stream, i));
    add_has_more(call, json, "has_more", end < stream->partition_count && first < end,
                 first < end && end - first == limit);
    add_text(json, "stream_name", stream->name);
    add_text(json, "app_name", app->name);
    cJSON_AddItemToObject(json, "partition_consuming_states", states);
    answer_json(call->answer, 200, json);
}

void app_states(struct call *call)
{
    const struct dis *dis = call->service;
    const struct app *app = need_app(call, call->captured[1]);
    const struct stream *stream =
        app ? need_stream(call, call->captured[2], request_parameter(call->request, "stream_id"))
            : NULL;
    size_t first;
    size_t limit;

    if (!stream ||
        !need_checkpoint_type(call, request_parameter(call->request, "checkpoint_type")) ||
        !need_start(call, &first) || !need_limit(call, "limit", 100, 1000, &limit))
        return;
    if (!app_commitment(app, stream) &&
        quirk_is(&dis->service->quirks, QUIRK_UNCOMMITTED_APP, "refused"))
        refuse(call, 4375, "[%s]", app->name);
    else
        answer_states(call, app, stream, first, limit);
}
