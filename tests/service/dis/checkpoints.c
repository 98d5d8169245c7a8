#include <stdio.h>
#include <string.h>

#include "tests/service/common/memory.h"
#include "tests/service/dis/calls.h"

#define METADATA_MAX 1000

/* What a checkpoint belongs to. */
struct place {
    struct app *app;
    struct stream *stream;
    size_t partition;
};

static bool need_app_and_stream(struct call *call, const cJSON *json, struct place *place)
{
    const char *app = need_text(call, json, "app_name");
    const char *stream = app ? get_text(call, json, "stream_name") : NULL;
    const char *id = app ? get_text(call, json, "stream_id") : NULL;

    if (!app)
        return false;
    place->app = need_app(call, app);
    place->stream = place->app ? need_stream(call, stream, id) : NULL;
    return place->stream != NULL;
}

static bool need_place(struct call *call, const cJSON *json, struct place *place)
{
    const char *partition;

    if (!need_app_and_stream(call, json, place) ||
        !need_checkpoint_type(call, get_text(call, json, "checkpoint_type")))
        return false;
    partition = need_text(call, json, "partition_id");
    return partition && need_partition(call, place->stream, partition, &place->partition);
}

/* Characters, not bytes. Whether the service counts code points, as here, or UTF-16 units is not
 * known. */
static size_t count_characters(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

/* The code for a number that is none is a guess. So is that a commit is held to the bounds that the
 * documents name for cursors: of commits they say that the number must be valid, and no more. */
static bool need_commit_number(struct call *call, const struct place *place, const char *text,
                               int64_t *number)
{
    const struct partition *partition = &place->stream->partitions[place->partition];
    const struct dis *dis = call->service;

    if (!number_parse(text, number)) {
        refuse(call, 4216, "[%s]", text);
        return false;
    }
    if (quirk_is(&dis->service->quirks, QUIRK_COMMIT_RANGE, "checked") &&
        (*number < partition->earliest || *number > partition->latest)) {
        refuse(call, 4224, "[%lld][ should be within ][%lld][ ][%lld]", (long long)*number,
               (long long)partition->earliest, (long long)partition->latest);
        return false;
    }
    return true;
}

/* The code for metadata that is too long is a guess. */
static bool need_metadata(struct call *call, const cJSON *json, const char **metadata)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, "metadata");

    *metadata = cJSON_GetStringValue(value);
    if (value && !cJSON_IsNull(value) && !*metadata) {
        refuse_value(call, "metadata", "type");
        return false;
    }
    if (*metadata && count_characters(*metadata) > METADATA_MAX) {
        refuse_value(call, "metadata", "length");
        return false;
    }
    return true;
}

void checkpoint_commit(struct call *call)
{
    cJSON *json = need_body(call);
    struct place place;
    const char *text;
    const char *metadata;
    int64_t number;

    if (json && need_place(call, json, &place)) {
        text = need_text(call, json, "sequence_number");
        if (text && need_commit_number(call, &place, text, &number) &&
            need_metadata(call, json, &metadata)) {
            app_commit(place.app, place.stream, place.partition, number, metadata);
            answer_empty(call->answer, 201);
        }
    }
    cJSON_Delete(json);
}

/* How a missing checkpoint is told: "-1" in the documents; clients are prepared for the others. */
static void add_missing_number(const struct quirks *quirks, cJSON *json)
{
    if (quirk_is(quirks, QUIRK_NO_CHECKPOINT, "string"))
        add_text(json, "sequence_number", "-1");
    else if (quirk_is(quirks, QUIRK_NO_CHECKPOINT, "number"))
        add_number(json, "sequence_number", -1);
    else if (quirk_is(quirks, QUIRK_NO_CHECKPOINT, "empty"))
        add_text(json, "sequence_number", "");
    else if (quirk_is(quirks, QUIRK_NO_CHECKPOINT, "null"))
        must(cJSON_AddNullToObject(json, "sequence_number"));
}

static void add_checkpoint_number(const struct quirks *quirks, cJSON *json,
                                  const struct checkpoint *checkpoint)
{
    char text[24];

    if (!checkpoint) {
        add_missing_number(quirks, json);
    } else if (quirk_is(quirks, QUIRK_NUMBERS, "all")) {
        add_number(json, "sequence_number", checkpoint->number);
    } else {
        snprintf(text, sizeof(text), "%lld", (long long)checkpoint->number);
        add_text(json, "sequence_number", text);
    }
}

static void add_metadata(const struct quirks *quirks, cJSON *json,
                         const struct checkpoint *checkpoint)
{
    if (checkpoint && checkpoint->metadata)
        add_text(json, "metadata", checkpoint->metadata);
    else if (quirk_is(quirks, QUIRK_EMPTY_METADATA, "string"))
        add_text(json, "metadata", "");
    else if (quirk_is(quirks, QUIRK_EMPTY_METADATA, "null"))
        must(cJSON_AddNullToObject(json, "metadata"));
}

void checkpoint_show(struct call *call)
{
    const struct dis *dis = call->service;
    const struct checkpoint *checkpoint;
    struct place place;
    cJSON *json;

    if (!need_place(call, NULL, &place))
        return;
    checkpoint = app_checkpoint(place.app, place.stream, place.partition);
    json = must(cJSON_CreateObject());
    add_checkpoint_number(&dis->service->quirks, json, checkpoint);
    add_metadata(&dis->service->quirks, json, checkpoint);
    answer_json(call->answer, 200, json);
}

/* Removes one checkpoint, or those of all partitions; how many there were. */
static size_t uncommit(const struct place *place, bool all)
{
    size_t count = 0;

    if (!all)
        return app_uncommit(place->app, place->stream, place->partition);
    for (size_t i = 0; i < place->stream->partition_count; i++)
        count += app_uncommit(place->app, place->stream, i);
    return count;
}

/* One official client sends no checkpoint_type here. What is answered when there is nothing to
 * delete is not known. */
void checkpoint_delete(struct call *call)
{
    const struct dis *dis = call->service;
    const char *type = get_text(call, NULL, "checkpoint_type");
    const char *partition = get_text(call, NULL, "partition_id");
    struct place place;

    if (!need_app_and_stream(call, NULL, &place))
        return;
    if (type && !need_checkpoint_type(call, type))
        return;
    if (partition && !need_partition(call, place.stream, partition, &place.partition))
        return;
    if (!uncommit(&place, !partition) &&
        quirk_is(&dis->service->quirks, QUIRK_DELETE_NONE, "refused"))
        refuse(call, 4375, "[%s]", place.app->name);
    else
        answer_empty(call->answer, 204);
}
