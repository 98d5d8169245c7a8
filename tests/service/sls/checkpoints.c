#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/service/common/memory.h"
#include "tests/service/sls/calls.h"
#include "tests/service/sls/cursor.h"

/* Reading */

static void add_position(cJSON *array, const struct shard *shard, const struct position *position)
{
    cJSON *json = must(cJSON_CreateObject());

    add_number(json, "shard", shard->id);
    add_text(json, "checkpoint", position->checkpoint ? position->checkpoint : "");
    add_number(json, "updateTime", position->update_us);
    add_text(json, "consumer", position->writer ? position->writer : "");
    cJSON_AddItemToArray(array, json);
}

/* That every shard is listed is read off what clients expect; what stands for one on which nothing
 * was committed, beside the empty checkpoint, is a guess. */
void checkpoints_show(struct call *call)
{
    const char *only = request_parameter(call->request, "shard");
    struct logstore *logstore = need_logstore(call);
    struct group *group = logstore ? need_group(call, logstore) : NULL;
    int64_t number = -1;
    cJSON *array;

    if (!group)
        return;
    if (only && !number_parse(only, &number)) {
        refuse(call, 400, "ParameterInvalid", "invalid shard id.");
        return;
    }
    array = must(cJSON_CreateArray());
    for (size_t i = 0; i < logstore->shard_count; i++) {
        const struct shard *shard = &logstore->shards[i];
        const struct position *position = group_position(group, logstore, shard);

        if ((only && shard->id != number) ||
            (!position->checkpoint && has_quirk(call, QUIRK_EMPTY_SHARDS, "absent")))
            continue;
        add_position(array, shard, position);
    }
    answer_array(call, array);
}

/* Writing */

struct update {
    int64_t shard;
    const char *checkpoint;
    const char *consumer; /* "" for none */
    bool forced;
};

/* Clients write the flag in either case. That it is false when it is missing is a guess. */
static bool read_flag(const char *text, bool *flag)
{
    *flag = text && !strcasecmp(text, "true");
    return !text || *flag || !strcasecmp(text, "false");
}

static bool read_update(struct call *call, const cJSON *json, struct update *update)
{
    const char *consumer = request_parameter(call->request, "consumer");

    update->consumer = consumer ? consumer : "";
    update->checkpoint = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "checkpoint"));
    if (!read_flag(request_parameter(call->request, "forceSuccess"), &update->forced))
        refuse(call, 400, "ParameterInvalid", "forceSuccess is invalid");
    else if (!json_number(json, "shard", &update->shard) || !update->checkpoint)
        refuse(call, 400, "JsonInfoInvalid", "shard or checkpoint is of error format.");
    else
        return true;
    return false;
}

/* Only that it is base64 is documented to be checked. An empty one is a guess. */
static bool check_checkpoint(struct call *call, const char *checkpoint)
{
    char *text = cursor_text(checkpoint);
    int64_t number;
    bool good =
        text && (!has_quirk(call, QUIRK_CHECKPOINT_CHECK, "number") || number_parse(text, &number));

    free(text);
    if (!good)
        refuse(call, 400, "InvalidShardCheckPoint", "shard checkpoint not encoded by base64.");
    return good;
}

/* The error without a consumer is a guess. */
static bool check_owner(struct call *call, struct group *group, const struct position *position,
                        const struct update *update)
{
    const struct sls *sls = call->service;
    const struct consumer *consumer;

    if (update->forced)
        return true;
    if (!*update->consumer) {
        refuse(call, 400, "ParameterInvalid", "consumer is needed unless forceSuccess is true");
        return false;
    }
    consumer = group_consumer(group, update->consumer, service_now_ms(sls->service));
    if (!consumer)
        refuse(call, 404, "ConsumerNotExist", "consumer not exist in the consumer group");
    else if (position->owner != consumer)
        refuse(call, 400, "ConsumerNotMatch", "consumer does not hold the shard");
    else
        return true;
    return false;
}

static const char *writer_of(const struct call *call, const struct position *position,
                             const struct update *update)
{
    if (*update->consumer || !position->writer)
        return update->consumer;
    return has_quirk(call, QUIRK_FORCED_CONSUMER, "clear") ? "" : position->writer;
}

static void commit(struct call *call, struct logstore *logstore, struct group *group,
                   const cJSON *json)
{
    const struct sls *sls = call->service;
    const struct shard *shard;
    struct position *position;
    struct update update;

    if (!read_update(call, json, &update))
        return;
    shard = logstore_shard(logstore, update.shard);
    if (!shard)
        refuse_shard(call, 404, "shard not exist.");
    if (!shard || !check_checkpoint(call, update.checkpoint))
        return;
    position = group_position(group, logstore, shard);
    group_expire(group, service_now_ms(sls->service));
    if (!check_owner(call, group, position, &update))
        return;
    position_commit(position, update.checkpoint, writer_of(call, position, &update), now_us(sls));
    answer_empty(call->answer, 200);
}

void checkpoint_update(struct call *call, struct logstore *logstore, struct group *group)
{
    cJSON *json = need_object(call);

    if (json)
        commit(call, logstore, group, json);
    cJSON_Delete(json);
}
