#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/fan.h"
#include "api/kafka/client.h"
#include "base/when.h"

/*
 * The bounds of all partitions of a topic: ListOffsets of each leader, once for the beginnings and
 * once for the ends, for one request has one time for a partition. All go side by side.
 */

/* -1: not known, as of a partition that nobody leads. */
struct bound {
    uint32_t partition;
    int32_t leader;
    int64_t earliest;
    int64_t latest;
};

/* One request, and the code of a partition in its answer. */
struct question {
    struct kafka_call *call;
    int32_t leader;
    int64_t time;
    int16_t code;
};

struct kafka_bounds {
    struct bound *list; /* by partition */
    size_t count;
    struct question *questions;
    struct names *names; /* of the questions: their indexes */
};

void kafka_bounds_free(struct kafka_bounds *bounds)
{
    if (!bounds)
        return;
    free(bounds->list);
    free(bounds->questions);
    names_drop(bounds->names);
    free(bounds);
}

/* Messages */

static void encode_bounds(void *user, int16_t version, struct buf *body)
{
    const struct question *question = user;
    const struct kafka_bounds *bounds = question->call->bounds;
    size_t count = 0;

    (void)version;
    for (size_t i = 0; i < bounds->count; i++)
        count += bounds->list[i].leader == question->leader;
    kafka_put_list_offsets(body, question->call->stream, count);
    for (size_t i = 0; i < bounds->count; i++) {
        if (bounds->list[i].leader == question->leader)
            kafka_put_one_offset(body, bounds->list[i].partition, question->time);
    }
}

static int compare_bounds(const void *a, const void *b)
{
    uint32_t left = ((const struct bound *)a)->partition;
    uint32_t right = ((const struct bound *)b)->partition;

    return (left > right) - (left < right);
}

/* Only what was asked for is an answer. */
static int take_offset(void *user, const struct kafka_offset *offset)
{
    struct question *question = user;
    const struct kafka_call *call = question->call;
    struct bound key = {.partition = (uint32_t)offset->partition};
    struct bound *bound = bsearch(&key, call->bounds->list, call->bounds->count,
                                  sizeof(call->bounds->list[0]), compare_bounds);

    if (!bound || bound->leader != question->leader || offset->topic.size != strlen(call->stream) ||
        memcmp(offset->topic.data, call->stream, offset->topic.size) != 0)
        return -EBADMSG;
    if (offset->code)
        question->code = offset->code;
    else if (offset->offset < 0)
        return -EBADMSG;
    else if (question->time == KAFKA_TIME_EARLIEST)
        bound->earliest = offset->offset;
    else
        bound->latest = offset->offset;
    return 0;
}

static int decode_bounds(void *user, struct kafka_reply *reply)
{
    struct question *question = user;
    int status;

    question->code = 0;
    status = kafka_read_offsets(reply->wire, take_offset, question);
    reply->code = question->code;
    return status;
}

/* The answer */

static int put_bounds(const struct kafka_bounds *bounds, struct table *table)
{
    int status = 0;

    for (size_t i = 0; i < bounds->count && !status; i++) {
        const struct bound *bound = &bounds->list[i];
        struct state state = {.partition = bound->partition, .committed = WHEN_UNKNOWN};
        char earliest[24];
        char latest[24];

        snprintf(earliest, sizeof(earliest), "%" PRId64, bound->earliest);
        snprintf(latest, sizeof(latest), "%" PRId64, bound->latest);
        state.earliest = bound->earliest < 0 ? NULL : earliest;
        state.latest = bound->latest < 0 ? NULL : latest;
        status = table_put(table, &state);
    }
    return status;
}

static bool lacks_answer(const struct kafka_bounds *bounds)
{
    for (size_t i = 0; i < bounds->count; i++) {
        const struct bound *bound = &bounds->list[i];

        if (bound->leader >= 0 && (bound->earliest < 0 || bound->latest < 0))
            return true;
    }
    return false;
}

static void on_all_leaders(void *user, const struct error *error, const struct answer *unused)
{
    struct kafka_call *call = user;

    (void)unused;
    call->operation.step = NULL;
    if (error) {
        kafka_step_failed(call, error);
        return;
    }
    if (lacks_answer(call->bounds)) {
        kafka_fail(call, EBADMSG, "a broker left out partitions of %.100s", call->stream);
        return;
    }
    table_drop(call->table);
    call->table = table_new();
    if (call->table && !put_bounds(call->bounds, call->table))
        kafka_end(call, &(struct answer){.table = call->table});
    else
        kafka_fail(call, ENOMEM, "the partitions of %.100s take too much memory", call->stream);
}

/* Asking */

static struct call *ask_one_leader(void *user, const char *index, const struct ask *ask)
{
    struct kafka_call *call = user;
    struct question *question = &call->bounds->questions[strtoul(index, NULL, 10)];
    struct kafka_pool *pool = kafka_cluster_find(&call->kafka->cluster, question->leader);
    struct kafka_request request =
        kafka_request_of(call, KAFKA_LIST_OFFSETS, 5, encode_bounds, decode_bounds);

    request.user = question;
    return pool ? kafka_pool_ask(pool, &request, ask) : NULL;
}

/* The partitions, each with its leader if that is a broker that is there. */
static int copy_partitions(const struct kafka_cluster *cluster, const struct kafka_topic *topic,
                           struct kafka_bounds *bounds)
{
    bounds->list = calloc(topic->count + 1, sizeof(bounds->list[0]));
    if (!bounds->list)
        return -ENOMEM;
    for (size_t i = 0; i < topic->count; i++) {
        int32_t leader = topic->partitions[i].leader;

        bounds->list[bounds->count++] =
            (struct bound){.partition = (uint32_t)topic->partitions[i].partition,
                           .leader = kafka_cluster_find(cluster, leader) ? leader : KAFKA_NOBODY,
                           .earliest = -1,
                           .latest = -1};
    }
    qsort(bounds->list, bounds->count, sizeof(bounds->list[0]), compare_bounds);
    return 0;
}

static int add_question(struct kafka_call *call, int32_t leader, int64_t time)
{
    struct kafka_bounds *bounds = call->bounds;
    size_t count = names_count(bounds->names);
    char index[24];

    bounds->questions[count] = (struct question){.call = call, .leader = leader, .time = time};
    snprintf(index, sizeof(index), "%zu", count);
    return names_add(bounds->names, index);
}

static bool is_asked(const struct kafka_bounds *bounds, int32_t leader)
{
    for (size_t i = 0; i < names_count(bounds->names); i++) {
        if (bounds->questions[i].leader == leader)
            return true;
    }
    return false;
}

/* Two questions to each broker that leads some. */
static int make_questions(struct kafka_call *call)
{
    struct kafka_bounds *bounds = call->bounds;
    int status = 0;

    bounds->names = names_new();
    bounds->questions = calloc(2 * call->kafka->cluster.count + 1, sizeof(bounds->questions[0]));
    if (!bounds->names || !bounds->questions)
        status = -ENOMEM;
    for (size_t i = 0; !status && i < bounds->count; i++) {
        int32_t leader = bounds->list[i].leader;

        if (leader == KAFKA_NOBODY || is_asked(bounds, leader))
            continue;
        status = add_question(call, leader, KAFKA_TIME_EARLIEST);
        if (!status)
            status = add_question(call, leader, KAFKA_TIME_LATEST);
    }
    return status;
}

static void ask_leaders(struct kafka_call *call)
{
    const struct kafka_topic *topic = kafka_found_topic(call);
    struct ask ask = operation_ask(&call->operation, on_all_leaders);
    struct fan_order order = {.loop = call->operation.loop, .start = ask_one_leader, .user = call};

    if (!topic)
        return;
    kafka_bounds_free(call->bounds);
    call->bounds = calloc(1, sizeof(*call->bounds));
    if (!call->bounds || copy_partitions(&call->kafka->cluster, topic, call->bounds) ||
        make_questions(call)) {
        kafka_fail(call, ENOMEM, "no memory");
        return;
    }
    order.names = call->bounds->names;
    order.width = names_count(order.names);
    operation_wait(&call->operation, fan_start(&order, &ask));
}

static void begin_get_bounds(struct kafka_call *call)
{
    kafka_need_topic(call, KAFKA_TOPIC_AGE_MS, ask_leaders);
}

struct call *kafka_get_bounds(struct backend *backend, const char *stream, const struct ask *ask)
{
    struct kafka_call *call = kafka_call_new(backend, NULL, stream, 0, ask);

    return call ? kafka_call_start(call, begin_get_bounds) : NULL;
}
