#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "api/kafka/client.h"
#include "base/when.h"

#define PAUSE_FIRST_MS 20
#define PAUSE_MAX_MS   320

/* A call fails when no broker has answered anybody for so long, and it has tried each. */
#define OUTAGE_MS 3000

#define TEXT_MAX (1UL << 20)

OPERATION_FIRST(struct kafka_call);

/* Outages */

static struct gate *gate_of(struct kafka_call *call)
{
    return &call->kafka->cluster.network.gate;
}

/* Why the call is not to wait for what others wait for in vain, or NULL: in an outage one is let
 * through at a time. */
static const struct error *why_shut_out(struct kafka_call *call)
{
    const struct gate *gate = gate_of(call);
    int64_t now = when_monotonic();
    bool may_go = gate_width(gate, 1, now) && gate_lets(gate, call->pass.errand, now);

    return gate_is_out(gate, now) && !may_go ? gate_reason(gate, now) : NULL;
}

/* Beginning and ending */

static void release_call(struct operation *operation)
{
    struct kafka_call *call = (struct kafka_call *)operation;

    timer_stop(&call->pause);
    gate_ended(gate_of(call), &call->pass);
    free(call->metadata);
    kafka_bounds_free(call->bounds);
    kafka_topic_release(&call->topic);
    kafka_description_release(&call->description);
    names_drop(call->names);
    table_drop(call->table);
    buf_release(&call->text);
    if (call->release_data)
        call->release_data(call->data);
    free(call);
}

static bool is_kafka_call_sent(const struct call *call)
{
    const struct kafka_call *kafka_call = (const struct kafka_call *)call;

    return kafka_call->may_have_changed || call_is_sent(kafka_call->operation.step);
}

static bool cancel_kafka_call(struct call *call)
{
    struct kafka_call *kafka_call = (struct kafka_call *)call;
    bool sent = call_cancel(kafka_call->operation.step);

    sent |= kafka_call->may_have_changed;
    operation_drop(&kafka_call->operation);
    return sent;
}

static const struct error *trouble_of_kafka_call(const struct call *call)
{
    const struct kafka_call *kafka_call = (const struct kafka_call *)call;

    return kafka_call->trouble.code ? &kafka_call->trouble : NULL;
}

struct kafka_call *kafka_call_new(struct backend *backend, const char *app, const char *stream,
                                  uint32_t partition, const struct ask *ask)
{
    struct kafka_call *call = calloc(1, sizeof(*call));

    if (!call)
        return NULL;
    operation_begin(&call->operation, backend->loop, ask, release_call);
    call->operation.call = (struct call){.cancel = cancel_kafka_call,
                                         .is_sent = is_kafka_call_sent,
                                         .trouble = trouble_of_kafka_call};
    call->kafka = (struct kafka *)backend;
    call->has_app = app;
    snprintf(call->app, sizeof(call->app), "%s", app ? app : "");
    snprintf(call->stream, sizeof(call->stream), "%s", stream ? stream : "");
    call->partition = partition;
    call->began = call->pass.began = when_monotonic();
    call->pass.errand = ask->errand;
    call->earliest = call->latest = call->committed = -1;
    buf_init(&call->text, TEXT_MAX);
    return call;
}

void kafka_end(struct kafka_call *call, const struct answer *answer)
{
    operation_end(&call->operation, NULL, answer);
}

/* What is not sent again ends with the error of what was sent last. */
static void end_with_error(struct kafka_call *call)
{
    if (!call->is_once)
        call->operation.error.is_unknown = call->may_have_changed;
    if (call->explain)
        call->explain(call);
    operation_fail(&call->operation);
}

/* Steps of a call may end it at once, which an operation must not before it has returned. */
static void begin_call(void *user)
{
    struct kafka_call *call = user;
    const struct error *reason = why_shut_out(call);

    if (reason) {
        call->operation.error = *reason;
        end_with_error(call);
        return;
    }
    gate_sent(gate_of(call), &call->pass, when_monotonic());
    call->begin(call);
}

struct call *kafka_call_start(struct kafka_call *call, kafka_step *begin)
{
    call->begin = begin;
    timer_start(call->operation.loop, &call->pause, 0, begin_call, call);
    return &call->operation.call;
}

void kafka_fail(struct kafka_call *call, int code, const char *format, ...)
{
    char message[300];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    error_set(&call->operation.error, code, "%s", message);
    end_with_error(call);
}

/* Trying again */

static void go_on_after(void *user)
{
    struct kafka_call *call = user;

    call->then(call);
}

void kafka_wait(struct kafka_call *call, int64_t ms, kafka_step *then)
{
    call->then = then;
    timer_start(call->operation.loop, &call->pause, ms, go_on_after, call);
}

static int64_t pause_of(unsigned tries)
{
    int64_t pause = tries < 5 ? PAUSE_FIRST_MS << tries : PAUSE_MAX_MS;
    uint32_t number = 0;

    RAND_bytes((unsigned char *)&number, sizeof(number));
    return pause - (int64_t)(number % (uint32_t)(pause / 2));
}

/* Whether nobody has answered for so long that nobody will be waited for. */
static bool is_out(const struct kafka_call *call)
{
    const struct kafka_cluster *cluster = &call->kafka->cluster;
    int64_t failing = cluster->network.failing;

    return kafka_retry_of(&call->trouble) == KAFKA_LOST && failing &&
           when_monotonic() - failing > OUTAGE_MS && kafka_cluster_has_failed(cluster, call->began);
}

static void note_outage(struct kafka_call *call)
{
    enum gate_failure failure = call->trouble.code == ETIMEDOUT ? GATE_SILENT : GATE_UNREACHABLE;

    gate_failed(gate_of(call), &call->pass, failure, &call->trouble, when_monotonic());
}

/* What a broker refuses for good says that it was the right one. */
static void forget_route(struct kafka_call *call, const struct error *error, enum kafka_retry retry)
{
    if (retry == KAFKA_AGAIN || (retry == KAFKA_FINAL && *error->service_code))
        return;
    call->checks_topic |= retry == KAFKA_IF_TOPIC_IS;
    if (retry != KAFKA_IF_TOPIC_IS && call->has_app)
        kafka_cluster_lose_coordinator(&call->kafka->cluster, call->app);
    kafka_cluster_forget_topic(&call->kafka->cluster, call->stream);
    call->kafka->cluster.brokers_when = 0;
}

static void count_retry(struct kafka_call *call, enum kafka_retry retry)
{
    struct retries *retries = &call->kafka->backend.retries;

    if (retry == KAFKA_LOST)
        retries->connection++;
    else
        retries->broken++;
}

/* That the time is up in the midst of one more try says less than what the last one had. */
static void note_trouble(struct kafka_call *call, const struct error *error)
{
    bool is_late = error->code == ETIMEDOUT && when_monotonic() >= call->operation.ask.deadline;

    if (!is_late || !call->trouble.code)
        call->trouble = *error;
}

void kafka_step_failed(struct kafka_call *call, const struct error *error)
{
    bool is_over = call->is_once && error->is_unknown;
    enum kafka_retry retry = kafka_retry_of(error);
    int64_t pause = pause_of(call->tries++);

    call->operation.step = NULL;
    note_trouble(call, error);
    call->may_have_changed |= error->is_unknown;
    forget_route(call, error, retry);
    if (is_over || retry == KAFKA_FINAL || is_out(call) ||
        when_monotonic() + pause >= call->operation.ask.deadline) {
        if (is_out(call))
            note_outage(call);
        call->operation.error = call->trouble;
        call->operation.error.is_unknown = error->is_unknown;
        end_with_error(call);
        return;
    }
    count_retry(call, retry);
    kafka_wait(call, pause, call->begin);
}

/* Requests */

struct kafka_request kafka_request_of(struct kafka_call *call, enum kafka_api api, int16_t version,
                                      void (*encode)(void *user, int16_t version, struct buf *body),
                                      int (*decode)(void *user, struct kafka_reply *reply))
{
    return (struct kafka_request){.api = api,
                                  .lowest = version,
                                  .highest = version,
                                  .patience = KAFKA_PATIENCE_MS,
                                  .app = call->app,
                                  .topic = call->stream,
                                  .encode = encode,
                                  .decode = decode,
                                  .user = call};
}

struct kafka_request kafka_change_of(struct kafka_call *call, enum kafka_api api, int16_t version,
                                     void (*encode)(void *user, int16_t version, struct buf *body),
                                     int (*decode)(void *user, struct kafka_reply *reply))
{
    struct kafka_request request = kafka_request_of(call, api, version, encode, decode);

    request.changes = true;
    request.patience = KAFKA_COMMIT_PATIENCE_MS;
    return request;
}

struct kafka_request kafka_part_of(struct kafka_call *call, enum kafka_api api, int16_t version,
                                   const struct kafka_parcel_kind *kind)
{
    struct kafka_request request = kafka_request_of(call, api, version, NULL, NULL);

    request.kind = kind;
    request.partition = call->partition;
    return request;
}

struct kafka_request kafka_changing_part_of(struct kafka_call *call, enum kafka_api api,
                                            int16_t version, const struct kafka_parcel_kind *kind)
{
    struct kafka_request request = kafka_change_of(call, api, version, NULL, NULL);

    request.kind = kind;
    request.partition = call->partition;
    return request;
}

static void on_request(void *user, const struct error *error, const struct answer *answer)
{
    struct kafka_call *call = user;

    (void)answer;
    call->operation.step = NULL;
    if (error && error->code == EOPNOTSUPP && call->without)
        call->without(call);
    else if (error && !(call->forgives && call->forgives(call, error)))
        kafka_step_failed(call, error);
    else
        call->then(call);
}

static void ask_pool(struct kafka_call *call, struct kafka_pool *pool,
                     const struct kafka_request *request, kafka_step *then)
{
    struct ask ask = operation_ask(&call->operation, on_request);

    call->then = then;
    operation_wait(&call->operation,
                   request->kind ? kafka_parcel_ask(&call->kafka->cluster, pool, request, &ask)
                                 : kafka_pool_ask(pool, request, &ask));
    if (!call->operation.step)
        call->operation.error.is_unknown = call->may_have_changed;
}

static void ask_any(struct kafka_call *call, const struct kafka_request *request, kafka_step *then)
{
    ask_pool(call, kafka_cluster_any(&call->kafka->cluster), request, then);
}

/* Coordinators */

static void encode_find_coordinator(void *user, int16_t version, struct buf *body)
{
    const struct kafka_call *call = user;

    (void)version;
    kafka_put_find_coordinator(body, call->app);
}

static int decode_coordinator(void *user, struct kafka_reply *reply)
{
    struct kafka_call *call = user;
    struct kafka_cluster *cluster = &call->kafka->cluster;
    struct kafka_address address;
    int status = kafka_read_coordinator(reply->wire, &address, &reply->code);

    if (status || reply->code)
        return status;
    status = kafka_cluster_list_broker(cluster, &address);
    if (!status)
        kafka_cluster_note_coordinator(cluster, call->app, address.id);
    return status;
}

static void send_to_coordinator(struct kafka_call *call)
{
    struct kafka_cluster *cluster = &call->kafka->cluster;
    int32_t node = kafka_cluster_coordinator(cluster, call->app);
    struct kafka_pool *pool = kafka_cluster_find(cluster, node);

    kafka_cluster_suspect_coordinator(cluster, call->app);
    if (pool)
        ask_pool(call, pool, &call->after, call->after_then);
    else
        kafka_fail(call, ENOMEM, "no memory for the coordinator of the group %.100s", call->app);
}

void kafka_ask_coordinator(struct kafka_call *call, const struct kafka_request *request,
                           kafka_step *then)
{
    const struct kafka_cluster *cluster = &call->kafka->cluster;
    int32_t node = kafka_cluster_coordinator(cluster, call->app);
    struct kafka_request find = kafka_request_of(call, KAFKA_FIND_COORDINATOR, 2,
                                                 encode_find_coordinator, decode_coordinator);

    call->after = *request;
    call->after_then = then;
    if (kafka_cluster_find(cluster, node))
        send_to_coordinator(call);
    else
        ask_any(call, &find, send_to_coordinator);
}

/* Metadata */

static int take_broker(void *user, const struct kafka_address *address)
{
    struct kafka_call *call = user;

    return kafka_cluster_list_broker(&call->kafka->cluster, address);
}

static int take_partition(void *user, const struct kafka_partition *partition)
{
    struct kafka_call *call = user;
    struct kafka_topic *topic = &call->topic;

    if (partition->partition > (int32_t)PARTITION_MAX)
        return -EBADMSG;
    if (topic->count == KAFKA_PARTITIONS_MAX)
        return -EFBIG;
    if (topic->count == topic->room) {
        size_t room = topic->room ? topic->room * 2 : 16;
        struct kafka_partition *grown =
            reallocarray(topic->partitions, room, sizeof(*topic->partitions));

        if (!grown)
            return -ENOMEM;
        topic->partitions = grown;
        topic->room = room;
    }
    topic->partitions[topic->count++] = *partition;
    return 0;
}

static int take_topic(void *user, struct span name, bool is_internal, int16_t code)
{
    struct kafka_call *call = user;

    if (call->topic.name || name.size != strlen(call->stream) ||
        memcmp(name.data, call->stream, name.size) != 0)
        return -EBADMSG;
    call->topic.name = strdup(call->stream);
    call->topic.is_internal = is_internal;
    call->topic.code = code;
    return call->topic.name ? 0 : -ENOMEM;
}

static void encode_topic(void *user, int16_t version, struct buf *body)
{
    const struct kafka_call *call = user;

    (void)version;
    kafka_put_metadata(body, KAFKA_ONE_TOPIC, call->stream);
}

static int decode_topic(void *user, struct kafka_reply *reply)
{
    struct kafka_call *call = user;
    struct kafka_metadata_visitor visitor = {take_broker, take_partition, take_topic, call};
    int status;

    kafka_topic_release(&call->topic);
    kafka_cluster_begin_brokers(&call->kafka->cluster);
    status = kafka_read_metadata(reply->wire, &visitor);
    if (!status && !call->topic.name)
        status = -EBADMSG;
    if (!status && !call->topic.code)
        kafka_cluster_note_topic(&call->kafka->cluster, &call->topic);
    return status;
}

/* That Metadata does not know a topic is final: it is what tells whether there is one. */
static void on_topic(struct kafka_call *call)
{
    struct error error;

    if (!call->topic.name) {
        call->after_then(call);
        return;
    }
    kafka_error_set(call->topic.code, "", call->stream, &error);
    kafka_error_name_right(KAFKA_METADATA, "", call->stream, &error);
    if (kafka_retry_of(&error) == KAFKA_IF_TOPIC_IS)
        kafka_fail(call, ENOENT, "there is no topic %.100s", call->stream);
    else
        kafka_step_failed(call, &error);
}

void kafka_need_topic(struct kafka_call *call, int64_t age_ms, kafka_step *then)
{
    struct kafka_request request =
        kafka_request_of(call, KAFKA_METADATA, 8, encode_topic, decode_topic);

    call->after_then = then;
    if (kafka_cluster_topic(&call->kafka->cluster, call->stream, age_ms))
        then(call);
    else
        ask_any(call, &request, on_topic);
}

const struct kafka_topic *kafka_found_topic(struct kafka_call *call)
{
    const struct kafka_topic *topic =
        kafka_cluster_topic(&call->kafka->cluster, call->stream, INT64_MAX);

    if (!topic)
        kafka_fail(call, EIO, "the topic %.100s is known no more", call->stream);
    return topic;
}

/* All topics */

static int take_name(void *user, struct span name, bool is_internal, int16_t code)
{
    struct kafka_call *call = user;
    char text[NAME_MAX_STREAM + 1] = "";

    (void)code;
    if (name.size >= sizeof(text))
        return -EBADMSG;
    memcpy(text, name.data, name.size);
    if (!is_internal)
        return names_add_listed(call->names, "the topic", strlen(text) == name.size ? text : NULL);
    buf_printf(&call->text, "%s%s", call->text.size ? ", " : "", text);
    return 0;
}

static void encode_all_topics(void *user, int16_t version, struct buf *body)
{
    (void)user;
    (void)version;
    kafka_put_metadata(body, KAFKA_ALL_TOPICS, NULL);
}

static void encode_no_topic(void *user, int16_t version, struct buf *body)
{
    (void)user;
    (void)version;
    kafka_put_metadata(body, KAFKA_NO_TOPIC, NULL);
}

static int decode_topics(void *user, struct kafka_reply *reply)
{
    struct kafka_call *call = user;
    struct kafka_metadata_visitor visitor = {take_broker, NULL, take_name, call};
    int status;

    names_drop(call->names);
    call->names = names_new();
    if (!call->names)
        return -ENOMEM;
    buf_reset(&call->text);
    kafka_cluster_begin_brokers(&call->kafka->cluster);
    status = kafka_read_metadata(reply->wire, &visitor);
    names_sort(call->names);
    return status;
}

void kafka_ask_topics(struct kafka_call *call, enum kafka_topics which, kafka_step *then)
{
    struct kafka_request request = kafka_request_of(
        call, KAFKA_METADATA, 8, which == KAFKA_ALL_TOPICS ? encode_all_topics : encode_no_topic,
        decode_topics);

    ask_any(call, &request, then);
}

/* Leaders of partitions */

/* The partition may have been made after the topic was asked for. */
static void look_for_partition(struct kafka_call *call)
{
    struct kafka_cluster *cluster = &call->kafka->cluster;
    const struct kafka_topic *topic = kafka_found_topic(call);

    if (!topic)
        return;
    if (kafka_topic_partition(topic, call->partition)) {
        call->found_then(call);
    } else if (topic->when < call->began) {
        kafka_cluster_forget_topic(cluster, call->stream);
        kafka_need_topic(call, 0, look_for_partition);
    } else {
        kafka_fail(call, ENOENT, "the topic %.100s has no partition %u", call->stream,
                   call->partition);
    }
}

void kafka_need_partition(struct kafka_call *call, kafka_step *then)
{
    call->found_then = then;
    kafka_need_topic(call, KAFKA_TOPIC_AGE_MS, look_for_partition);
}

static void fail_without_leader(struct kafka_call *call)
{
    struct error error;

    kafka_error_set(KAFKA_LEADER_NOT_AVAILABLE, "", call->stream, &error);
    kafka_step_failed(call, &error);
}

static void send_to_leader(struct kafka_call *call)
{
    const struct kafka_topic *topic = kafka_found_topic(call);
    const struct kafka_partition *partition =
        topic ? kafka_topic_partition(topic, call->partition) : NULL;
    struct kafka_pool *leader =
        partition ? kafka_cluster_find(&call->kafka->cluster, partition->leader) : NULL;

    if (leader)
        ask_pool(call, leader, &call->after, call->leader_then);
    else if (topic)
        fail_without_leader(call);
}

void kafka_ask_leader(struct kafka_call *call, const struct kafka_request *request,
                      kafka_step *then)
{
    call->after = *request;
    call->leader_then = then;
    kafka_need_partition(call, send_to_leader);
}

/* Offsets */

static size_t weigh_bound(const void *part)
{
    (void)part;
    return 1;
}

static void begin_offsets(const void *part, int16_t version, size_t count, struct buf *body)
{
    const struct kafka_call *call = part;

    (void)version;
    kafka_put_list_offsets(body, call->stream, count);
}

static void add_offset(const void *part, int16_t version, struct buf *body)
{
    const struct kafka_call *call = part;

    (void)version;
    kafka_put_one_offset(body, call->partition, call->time);
}

static int take_listed_offset(void *user, const struct kafka_offset *offset)
{
    void *part;
    int status = kafka_parcel_take(user, offset->topic, offset->partition, offset->code, &part);

    if (!status && part)
        ((struct kafka_call *)part)->offset = offset->offset;
    return status;
}

static int read_listed_offsets(struct kafka_parcel *parcel, struct wire *wire, int16_t *code)
{
    *code = 0;
    return kafka_read_offsets(wire, take_listed_offset, parcel);
}

static const struct kafka_parcel_kind offsets_kind = {
    .weigh = weigh_bound,
    .most = KAFKA_PARTS_MAX,
    .begin = begin_offsets,
    .add = add_offset,
    .read = read_listed_offsets,
};

void kafka_ask_offset(struct kafka_call *call, int64_t time, kafka_step *then)
{
    struct kafka_request request = kafka_part_of(call, KAFKA_LIST_OFFSETS, 5, &offsets_kind);

    call->time = time;
    kafka_ask_leader(call, &request, then);
}
