#include <errno.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "api/json.h"
#include "api/kafka/client.h"

/* Lists */

static void end_with_names(struct kafka_call *call)
{
    struct answer answer = {.names = call->names};

    backend_tell_left_out(&call->kafka->backend, call->names);
    kafka_end(call, &answer);
}

/* Kafka's own topics, which can be looked at by name. */
static void end_with_topics(struct kafka_call *call)
{
    char sentence[300];

    if (call->text.size) {
        snprintf(sentence, sizeof(sentence), "topics of Kafka's own are not listed: %.200s",
                 call->text.data);
        backend_leave_out(&call->kafka->backend, sentence);
    }
    end_with_names(call);
}

static void begin_list_topics(struct kafka_call *call)
{
    kafka_ask_topics(call, KAFKA_ALL_TOPICS, end_with_topics);
}

static void begin_list_committed(struct kafka_call *call)
{
    kafka_ask_committed_topics(call, end_with_names);
}

struct call *kafka_list_streams(struct backend *backend, enum streams which, const char *app,
                                const struct ask *ask)
{
    struct kafka_call *call = kafka_call_new(backend, app, NULL, 0, ask);
    bool all = which == STREAMS_ALL;

    return call ? kafka_call_start(call, all ? begin_list_topics : begin_list_committed) : NULL;
}

/* One topic */

struct health {
    size_t without_leader;
    size_t under_replicated;
};

static struct health health_of(const struct kafka_topic *topic)
{
    struct health health = {0};

    for (size_t i = 0; i < topic->count; i++) {
        const struct kafka_partition *partition = &topic->partitions[i];

        health.without_leader += partition->leader < 0;
        health.under_replicated += partition->in_sync < partition->replicas;
    }
    return health;
}

static int print_topic(const struct kafka_topic *topic, struct buf *text)
{
    cJSON *object = cJSON_CreateObject();
    struct health health = health_of(topic);
    int replicas = topic->count ? topic->partitions[0].replicas : 0;
    int status = -ENOMEM;

    if (json_add_text(object, "stream", topic->name) &&
        cJSON_AddNumberToObject(object, "partitions", (double)topic->count) &&
        cJSON_AddNumberToObject(object, "replicas", replicas) &&
        cJSON_AddNumberToObject(object, "without_leader", (double)health.without_leader) &&
        cJSON_AddNumberToObject(object, "under_replicated", (double)health.under_replicated) &&
        cJSON_AddBoolToObject(object, "internal", topic->is_internal))
        status = json_print(object, text);
    cJSON_Delete(object);
    return status;
}

static void end_with_topic(struct kafka_call *call)
{
    const struct kafka_topic *topic = kafka_found_topic(call);
    struct answer answer = {0};

    if (!topic)
        return;
    if (print_topic(topic, &call->text)) {
        kafka_fail(call, ENOMEM, "no memory");
        return;
    }
    answer.text = call->text.data;
    kafka_end(call, &answer);
}

static void begin_describe(struct kafka_call *call)
{
    kafka_cluster_forget_topic(&call->kafka->cluster, call->stream);
    kafka_need_topic(call, 0, end_with_topic);
}

struct call *kafka_describe_stream(struct backend *backend, const char *stream,
                                   const struct ask *ask)
{
    struct kafka_call *call = kafka_call_new(backend, NULL, stream, 0, ask);

    return call ? kafka_call_start(call, begin_describe) : NULL;
}
