#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/kafka/client.h"
#include "base/utf8.h"
#include "base/when.h"

/* After so long a coordinator that has just become one is asked again what was committed last. */
#define LEARNING_MS 250

/* Texts of states */

static const char *print_offset(char text[static 24], int64_t offset)
{
    snprintf(text, 24, "%" PRId64, offset);
    return text;
}

/* A copy without the NUL at its end that the Python client stores. *text is NULL for what is no
 * text. 0 or -ENOMEM. */
static int copy_metadata(struct span metadata, char **text)
{
    size_t size = metadata.size;

    *text = NULL;
    if (size && !metadata.data[size - 1])
        size--;
    if (size && !utf8_is_text(metadata.data, size))
        return 0;
    *text = strndup(size ? metadata.data : "", size);
    return *text ? 0 : -ENOMEM;
}

/* One partition */

/* The longest metadata in UTF-8, and what is around it: an answer must not be too large. */
#define COMMIT_WEIGHT 12400
#define COMMITS_MOST  (15UL << 20)

static size_t weigh_fetched(const void *part)
{
    (void)part;
    return COMMIT_WEIGHT;
}

static void begin_fetch(const void *part, int16_t version, size_t count, struct buf *body)
{
    const struct kafka_call *call = part;

    (void)version;
    kafka_put_offsets_of(body, call->app, call->stream, count);
}

static void add_fetched(const void *part, int16_t version, struct buf *body)
{
    (void)version;
    kafka_put_partition(body, ((const struct kafka_call *)part)->partition);
}

static int take_one_commit(void *user, const struct kafka_commit *commit)
{
    struct kafka_call *call;
    void *part;
    int status = kafka_parcel_take(user, commit->topic, commit->partition, commit->code, &part);

    if (status || !part)
        return status;
    call = part;
    call->committed = commit->offset;
    call->leader_epoch = commit->leader_epoch;
    free(call->metadata);
    return copy_metadata(commit->metadata, &call->metadata);
}

static int read_fetched(struct kafka_parcel *parcel, struct wire *wire, int16_t *code)
{
    return kafka_read_commits(wire, take_one_commit, parcel, code);
}

static const struct kafka_parcel_kind fetch_kind = {
    .weigh = weigh_fetched,
    .most = COMMITS_MOST,
    .begin = begin_fetch,
    .add = add_fetched,
    .read = read_fetched,
};

static bool is_believed(struct kafka_call *call, uint32_t partition, int64_t offset)
{
    struct kafka_cluster *cluster = &call->kafka->cluster;

    if (kafka_cluster_is_outdated(cluster, call->app, call->stream, partition, offset))
        return false;
    kafka_cluster_note_read(cluster, call->app, call->stream, partition, offset, call->began);
    return true;
}

/* What was read is older than what this mount has committed. */
static void read_again(struct kafka_call *call, kafka_step *step)
{
    if (when_monotonic() + LEARNING_MS < call->operation.ask.deadline)
        kafka_wait(call, LEARNING_MS, step);
    else
        kafka_fail(
            call, ETIMEDOUT,
            "the coordinator of the group %.100s has changed, and does not know yet what was "
            "committed last",
            call->app);
}

static void fetch_one(struct kafka_call *call);

static void check_one(struct kafka_call *call)
{
    kafka_cluster_note_answer(&call->kafka->cluster, call->app);
    if (is_believed(call, call->partition, call->committed))
        call->found_then(call);
    else
        read_again(call, fetch_one);
}

static void fetch_one(struct kafka_call *call)
{
    struct kafka_request request = kafka_part_of(call, KAFKA_OFFSET_FETCH, 5, &fetch_kind);

    kafka_ask_coordinator(call, &request, check_one);
}

void kafka_ask_checkpoint(struct kafka_call *call, kafka_step *then)
{
    call->found_then = then;
    fetch_one(call);
}

static void set_checkpoint(struct kafka_call *call)
{
    struct state *state = &call->state;

    *state = (struct state){.partition = call->partition, .committed = WHEN_UNKNOWN};
    if (call->committed < 0)
        return;
    state->sequence = print_offset(call->numbers[0], call->committed);
    state->metadata = call->metadata;
}

static void end_with_checkpoint(struct kafka_call *call)
{
    struct answer answer = {.state = &call->state};

    set_checkpoint(call);
    kafka_end(call, &answer);
}

static void begin_get_checkpoint(struct kafka_call *call)
{
    kafka_ask_checkpoint(call, end_with_checkpoint);
}

struct call *kafka_get_checkpoint(struct backend *backend, const char *app, const char *stream,
                                  uint32_t partition, const struct ask *ask)
{
    struct kafka_call *call = kafka_call_new(backend, app, stream, partition, ask);

    return call ? kafka_call_start(call, begin_get_checkpoint) : NULL;
}

/* One partition with its bounds. What is committed is read first, and then the end: so a lag is
 * never below 0. */

static void end_with_state(struct kafka_call *call)
{
    struct answer answer = {.state = &call->state};

    set_checkpoint(call);
    if (call->earliest >= 0)
        call->state.earliest = print_offset(call->numbers[1], call->earliest);
    if (call->latest >= 0)
        call->state.latest = print_offset(call->numbers[2], call->latest);
    if (call->detail == DETAIL_ALL) {
        call->state.consumer = call->description.client;
        call->state.details = call->text.data;
    }
    kafka_end(call, &answer);
}

static void on_latest(struct kafka_call *call)
{
    call->latest = call->offset;
    if (call->detail == DETAIL_ALL)
        kafka_describe(call, end_with_state);
    else
        end_with_state(call);
}

static void ask_latest(struct kafka_call *call)
{
    if (call->detail >= DETAIL_LATEST)
        kafka_ask_offset(call, KAFKA_TIME_LATEST, on_latest);
    else
        end_with_state(call);
}

static void on_earliest(struct kafka_call *call)
{
    call->earliest = call->offset;
    ask_latest(call);
}

static void ask_bounds(struct kafka_call *call)
{
    if (call->detail == DETAIL_NONE)
        end_with_state(call);
    else if (call->detail == DETAIL_LATEST)
        ask_latest(call);
    else
        kafka_ask_offset(call, KAFKA_TIME_EARLIEST, on_earliest);
}

static void begin_get_state(struct kafka_call *call)
{
    if (call->has_app)
        kafka_ask_checkpoint(call, ask_bounds);
    else
        ask_bounds(call);
}

/* Without bounds nothing but Metadata tells whether there is such a partition. */
static void begin_get_bare_state(struct kafka_call *call)
{
    kafka_need_partition(call, begin_get_state);
}

struct call *kafka_get_state(struct backend *backend, const char *app, const char *stream,
                             uint32_t partition, enum detail detail, const struct ask *ask)
{
    struct kafka_call *call = kafka_call_new(backend, app, stream, partition, ask);

    if (!call)
        return NULL;
    call->detail = detail;
    return kafka_call_start(call, detail == DETAIL_NONE ? begin_get_bare_state : begin_get_state);
}

/* All partitions of a stream */

/* What an answer is read into: a call, and the code of one of its partitions. */
struct commits {
    struct kafka_call *call;
    int16_t code;
};

static bool is_about(const struct kafka_commit *commit, const char *topic)
{
    return commit->topic.size == strlen(topic) &&
           !memcmp(commit->topic.data, topic, commit->topic.size);
}

static int read_commits_of(struct kafka_call *call, struct kafka_reply *reply,
                           int (*take)(void *user, const struct kafka_commit *commit))
{
    struct commits commits = {.call = call};
    int status = kafka_read_commits(reply->wire, take, &commits, &reply->code);

    if (!status && !reply->code)
        reply->code = commits.code;
    if (!status && !reply->code)
        kafka_cluster_note_answer(&call->kafka->cluster, call->app);
    return status;
}

static int put_partitions(struct kafka_call *call, const struct kafka_topic *topic)
{
    int status = 0;

    table_drop(call->table);
    call->table = table_new();
    if (!call->table)
        return -ENOMEM;
    for (size_t i = 0; i < topic->count && !status; i++)
        status = table_put(call->table,
                           &(struct state){.partition = (uint32_t)topic->partitions[i].partition,
                                           .committed = WHEN_UNKNOWN});
    return status;
}

static void encode_fetch_stream(void *user, int16_t version, struct buf *body)
{
    const struct kafka_call *call = user;

    (void)version;
    kafka_put_offset_fetch(body, call->app, call->stream, 0, (uint32_t)table_count(call->table));
}

static int take_commit_of_stream(void *user, const struct kafka_commit *commit)
{
    struct commits *commits = user;
    struct kafka_call *call = commits->call;
    struct state state = {.partition = (uint32_t)commit->partition, .committed = WHEN_UNKNOWN};
    char number[24];
    char *metadata;
    int status;

    if (!is_about(commit, call->stream) || commit->partition > (int32_t)PARTITION_MAX)
        return -EBADMSG;
    if (commit->code)
        commits->code = commit->code;
    call->has_outdated |= !is_believed(call, state.partition, commit->offset);
    if (commit->offset < 0)
        return 0;
    status = copy_metadata(commit->metadata, &metadata);
    if (status)
        return status;
    state.sequence = print_offset(number, commit->offset);
    state.metadata = metadata;
    status = table_put(call->table, &state);
    free(metadata);
    return status;
}

static int decode_commits_of_stream(void *user, struct kafka_reply *reply)
{
    return read_commits_of(user, reply, take_commit_of_stream);
}

static void begin_get_states(struct kafka_call *call);

static void on_commits_of_stream(struct kafka_call *call)
{
    struct answer answer = {.table = call->table};

    if (call->has_outdated)
        read_again(call, begin_get_states);
    else
        kafka_end(call, &answer);
}

static void fetch_stream(struct kafka_call *call)
{
    const struct kafka_topic *topic = kafka_found_topic(call);
    struct kafka_request request = kafka_request_of(call, KAFKA_OFFSET_FETCH, 5,
                                                    encode_fetch_stream, decode_commits_of_stream);
    struct answer answer = {0};
    int status;

    if (!topic)
        return;
    status = put_partitions(call, topic);
    answer.table = call->table;
    if (status)
        kafka_fail(call, -status, "the partitions of %.100s take too much memory", call->stream);
    else if (call->has_app && topic->count)
        kafka_ask_coordinator(call, &request, on_commits_of_stream);
    else
        kafka_end(call, &answer);
}

static void begin_get_states(struct kafka_call *call)
{
    call->has_outdated = false;
    kafka_need_topic(call, KAFKA_TOPIC_AGE_MS, fetch_stream);
}

struct call *kafka_get_states(struct backend *backend, const char *app, const char *stream,
                              const struct ask *ask)
{
    struct kafka_call *call = kafka_call_new(backend, app, stream, 0, ask);

    return call ? kafka_call_start(call, begin_get_states) : NULL;
}

/* All topics with commits of an app */

static void encode_fetch_all(void *user, int16_t version, struct buf *body)
{
    const struct kafka_call *call = user;

    (void)version;
    kafka_put_offset_fetch(body, call->app, NULL, 0, 0);
}

static int take_topic_of_commit(void *user, const struct kafka_commit *commit)
{
    struct commits *commits = user;
    struct kafka_call *call = commits->call;
    size_t count = names_count(call->names);
    char name[NAME_MAX_STREAM + 1] = "";

    if (commit->code)
        commits->code = commit->code;
    if (commit->offset < 0)
        return 0;
    if (commit->topic.size >= sizeof(name))
        return -EBADMSG;
    call->has_commits = true;
    memcpy(name, commit->topic.data, commit->topic.size);
    call->uncertain += kafka_cluster_is_uncertain(&call->kafka->cluster, call->app, name,
                                                  (uint32_t)commit->partition);
    if (count && !strcmp(names_at(call->names, count - 1), name))
        return 0;
    return names_add_listed(call->names, "the topic",
                            strlen(name) == commit->topic.size ? name : NULL);
}

static int decode_all_commits(void *user, struct kafka_reply *reply)
{
    struct kafka_call *call = user;
    int status;

    names_drop(call->names);
    call->names = names_new();
    call->has_commits = false;
    call->uncertain = 0;
    if (!call->names)
        return -ENOMEM;
    status = read_commits_of(call, reply, take_topic_of_commit);
    names_sort(call->names);
    return status;
}

static void fetch_all(struct kafka_call *call);

/* None must be missing: what has no commits is deleted. */
static void check_all(struct kafka_call *call)
{
    if (call->uncertain < kafka_cluster_count_uncertain(&call->kafka->cluster, call->app))
        read_again(call, fetch_all);
    else
        call->found_then(call);
}

static void fetch_all(struct kafka_call *call)
{
    struct kafka_request request =
        kafka_request_of(call, KAFKA_OFFSET_FETCH, 5, encode_fetch_all, decode_all_commits);

    kafka_ask_coordinator(call, &request, check_all);
}

void kafka_ask_committed_topics(struct kafka_call *call, kafka_step *then)
{
    call->found_then = then;
    fetch_all(call);
}
