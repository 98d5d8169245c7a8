#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "api/json.h"
#include "api/kafka/client.h"

/* What only status tells, and what costs a request of its own: of a group and its members. */

/* Names are cut at so many bytes: members choose theirs. */
#define SHOWN_MAX 1000

void kafka_description_release(struct description *description)
{
    free(description->state);
    free(description->protocol);
    free(description->client);
    *description = (struct description){0};
}

/* JSON */

static bool add_number_unless_negative(cJSON *object, const char *name, int32_t number)
{
    return number < 0 ? cJSON_AddNullToObject(object, name) != NULL
                      : cJSON_AddNumberToObject(object, name, number) != NULL;
}

static bool add_group(cJSON *object, const struct kafka_call *call)
{
    const struct description *group = &call->description;

    return json_add_text(object, "group_state", group->state) &&
           json_add_text(object, "group_type", group->type) &&
           json_add_text(object, "protocol", group->protocol) &&
           add_number_unless_negative(
               object, "coordinator",
               kafka_cluster_coordinator(&call->kafka->cluster, call->app)) &&
           add_number_unless_negative(object, "leader_epoch",
                                      call->committed < 0 ? -1 : call->leader_epoch);
}

static bool add_partition(cJSON *object, const struct kafka_partition *partition)
{
    return add_number_unless_negative(object, "leader", partition->leader) &&
           add_number_unless_negative(object, "leader_epoch", partition->leader_epoch) &&
           cJSON_AddNumberToObject(object, "replicas", partition->replicas) &&
           cJSON_AddNumberToObject(object, "in_sync", partition->in_sync) &&
           cJSON_AddNumberToObject(object, "offline", partition->offline);
}

static bool add_all(cJSON *object, const struct kafka_call *call)
{
    const struct kafka_topic *topic =
        kafka_cluster_topic(&call->kafka->cluster, call->stream, INT64_MAX);
    const struct kafka_partition *partition =
        topic ? kafka_topic_partition(topic, call->partition) : NULL;

    if (call->has_app)
        return add_group(object, call);
    return !partition || add_partition(object, partition);
}

static void print_details(struct kafka_call *call)
{
    cJSON *object = cJSON_CreateObject();

    buf_reset(&call->text);
    if (!object || !add_all(object, call) || json_print(object, &call->text))
        kafka_fail(call, ENOMEM, "what status tells takes too much memory");
    else
        call->found_then(call);
    cJSON_Delete(object);
}

/* Groups */

static void describe_nothing(struct kafka_call *call)
{
    call->without = NULL;
    print_details(call);
}

static char *copy_words(struct span text)
{
    return strndup(text.data ? text.data : "", text.size < SHOWN_MAX ? text.size : SHOWN_MAX);
}

/* Nobody's answer is a reason for status to tell nothing: what was refused is not known. */
static int take_group(struct kafka_call *call, const struct kafka_group *group, const char *type,
                      struct kafka_reply *reply)
{
    struct description *description = &call->description;
    kafka_description_release(description);
    if (reply->code || !group->is_there)
        return 0;
    description->type = type;
    description->state = copy_words(group->state);
    if (group->protocol.size)
        description->protocol = copy_words(group->protocol);
    if (group->tells_client)
        description->client = copy_words(group->client);
    return !description->state || (group->protocol.size && !description->protocol) ||
                   (group->tells_client && !description->client)
               ? -ENOMEM
               : 0;
}

/* What is final and not of a failing broker says that it is not known. */
static void forgive(struct kafka_reply *reply)
{
    struct error error;

    if (!reply->code)
        return;
    kafka_error_set(reply->code, "", "", &error);
    if (kafka_retry_of(&error) == KAFKA_FINAL)
        reply->code = 0;
}

static void encode_describe_consumers(void *user, int16_t version, struct buf *body)
{
    const struct kafka_call *call = user;

    (void)version;
    kafka_put_describe_consumers(body, call->app);
}

static int decode_consumer_group(void *user, struct kafka_reply *reply)
{
    struct kafka_call *call = user;
    struct kafka_group group;
    int status =
        kafka_read_consumer_group(reply->wire, call->stream, call->partition, &group, &reply->code);

    if (!status)
        status = take_group(call, &group, "consumer", reply);
    forgive(reply);
    return status;
}

/* A group of the other kind, or none. */
static void on_classic_group(struct kafka_call *call)
{
    struct kafka_request request = kafka_request_of(
        call, KAFKA_DESCRIBE_CONSUMERS, 0, encode_describe_consumers, decode_consumer_group);

    if (call->description.type) {
        describe_nothing(call);
        return;
    }
    call->without = describe_nothing;
    kafka_ask_coordinator(call, &request, describe_nothing);
}

static void encode_describe_group(void *user, int16_t version, struct buf *body)
{
    const struct kafka_call *call = user;

    (void)version;
    kafka_put_describe_group(body, call->app);
}

static int decode_classic_group(void *user, struct kafka_reply *reply)
{
    struct kafka_call *call = user;
    struct kafka_group group;
    int status =
        kafka_read_classic_group(reply->wire, call->stream, call->partition, &group, &reply->code);

    if (!status)
        status = take_group(call, &group, "classic", reply);
    forgive(reply);
    return status;
}

void kafka_describe(struct kafka_call *call, kafka_step *then)
{
    struct kafka_request request = kafka_request_of(call, KAFKA_DESCRIBE_GROUPS, 4,
                                                    encode_describe_group, decode_classic_group);

    call->found_then = then;
    kafka_description_release(&call->description);
    if (call->has_app)
        kafka_ask_coordinator(call, &request, on_classic_group);
    else
        print_details(call);
}
