#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/kafka/client.h"
#include "base/utf8.h"
#include "base/when.h"

/* What changes what is committed. Each request is sent again until it was answered: what it says is
 * the same each time, and the next change of the partition waits for it. */

/* The brokers' default of offset.metadata.max.bytes, which counts the units of UTF-16. */
#define METADATA_UNITS_MAX 4096

/* What is beyond U+FFFF is four bytes in UTF-8, and two units. */
static size_t count_units(const char *text)
{
    size_t units = 0;

    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;

        units += (byte & 0xc0) != 0x80;
        units += byte >= 0xf0;
    }
    return units;
}

/* What a commit takes in the brokers' log, where those of a request are one batch of records: the
 * default of max.message.bytes is a little more than COMMITS_MOST. */
#define COMMIT_WEIGHT 64
#define COMMITS_MOST  1000000

static size_t weigh_commit(const void *part)
{
    const struct kafka_call *call = part;

    return COMMIT_WEIGHT + strlen(call->app) + strlen(call->stream) + strlen(call->metadata);
}

static void begin_commits(const void *part, int16_t version, size_t count, struct buf *body)
{
    const struct kafka_call *call = part;

    (void)version;
    kafka_put_offset_commit(body, call->app, call->stream, call->kafka->retention_ms, count);
}

static void add_commit(const void *part, int16_t version, struct buf *body)
{
    const struct kafka_call *call = part;

    (void)version;
    kafka_put_one_commit(body, call->partition, call->offset, call->metadata,
                         call->kafka->retention_ms);
}

static int take_changed(void *user, const struct kafka_changed *changed)
{
    void *part;

    return kafka_parcel_take(user, changed->topic, changed->partition, changed->code, &part);
}

static int read_committed(struct kafka_parcel *parcel, struct wire *wire, int16_t *code)
{
    *code = 0;
    return kafka_read_committed(wire, take_changed, parcel);
}

static const struct kafka_parcel_kind commit_kind = {
    .weigh = weigh_commit,
    .most = COMMITS_MOST,
    .begin = begin_commits,
    .add = add_commit,
    .read = read_committed,
};

static void on_offset_committed(struct kafka_call *call)
{
    struct answer answer = {.state = &call->state};

    kafka_cluster_note_commit(&call->kafka->cluster, call->app, call->stream, call->partition,
                              call->offset);
    kafka_end(call, &answer);
}

static void send_offset_commit(struct kafka_call *call)
{
    int16_t version = call->kafka->retention_ms < 0 ? KAFKA_COMMIT : KAFKA_COMMIT_RETAINED;
    struct kafka_request request =
        kafka_changing_part_of(call, KAFKA_OFFSET_COMMIT, version, &commit_kind);

    kafka_ask_coordinator(call, &request, on_offset_committed);
}

/* A broker that does not know the topic may be about to learn of it. */
static void begin_offset_commit(struct kafka_call *call)
{
    size_t units = count_units(call->metadata);

    if (units > METADATA_UNITS_MAX)
        kafka_fail(call, EINVAL,
                   "the metadata has %zu units of UTF-16, in which a character beyond U+FFFF is "
                   "two: at most %d can be stored",
                   units, METADATA_UNITS_MAX);
    else if (call->checks_topic)
        kafka_need_partition(call, send_offset_commit);
    else
        send_offset_commit(call);
}

/* The texts of the state are those of the call. */
static int set_commit(struct kafka_call *call, const struct commit_order *order)
{
    call->offset = strtoll(order->sequence, NULL, 10);
    call->metadata = strdup(order->metadata);
    snprintf(call->numbers[0], sizeof(call->numbers[0]), "%s", order->sequence);
    call->state = (struct state){.partition = order->partition,
                                 .committed = WHEN_UNKNOWN,
                                 .sequence = call->numbers[0],
                                 .metadata = call->metadata};
    return call->metadata ? 0 : -ENOMEM;
}

struct call *kafka_commit(struct backend *backend, const struct commit_order *order,
                          const struct ask *ask)
{
    struct kafka_call *call =
        kafka_call_new(backend, order->app, order->stream, order->partition, ask);

    if (!call)
        return NULL;
    if (!set_commit(call, order))
        return kafka_call_start(call, begin_offset_commit);
    operation_drop(&call->operation);
    return NULL;
}

/* Deleting */

static size_t weigh_deletion(const void *part)
{
    (void)part;
    return 1;
}

static void begin_deletions(const void *part, int16_t version, size_t count, struct buf *body)
{
    const struct kafka_call *call = part;

    (void)version;
    kafka_put_offsets_of(body, call->app, call->stream, count);
}

static void add_deletion(const void *part, int16_t version, struct buf *body)
{
    (void)version;
    kafka_put_partition(body, ((const struct kafka_call *)part)->partition);
}

static int read_deletions(struct kafka_parcel *parcel, struct wire *wire, int16_t *code)
{
    return kafka_read_deleted(wire, take_changed, parcel, code);
}

static const struct kafka_parcel_kind delete_kind = {
    .weigh = weigh_deletion,
    .most = KAFKA_PARTS_MAX,
    .begin = begin_deletions,
    .add = add_deletion,
    .read = read_deletions,
};

/* With its last commit the group may be gone. */
static bool may_have_deleted_last(const struct kafka_call *call, const struct error *error)
{
    return call->may_have_changed && !strcmp(error->service_code, "GROUP_ID_NOT_FOUND");
}

static void on_deleted(struct kafka_call *call)
{
    kafka_cluster_note_commit(&call->kafka->cluster, call->app, call->stream, call->partition,
                              KAFKA_NOTHING);
    kafka_end(call, &no_answer);
}

/* Kafka deletes what is not there without an error. */
static void delete_if_committed(struct kafka_call *call)
{
    struct kafka_request request =
        kafka_changing_part_of(call, KAFKA_OFFSET_DELETE, 0, &delete_kind);

    call->forgives = may_have_deleted_last;
    if (call->committed >= 0)
        kafka_ask_coordinator(call, &request, on_deleted);
    else if (call->may_have_changed)
        on_deleted(call);
    else
        kafka_fail(call, ENOENT, "nothing is committed");
}

static void begin_delete_checkpoint(struct kafka_call *call)
{
    call->forgives = NULL;
    kafka_ask_checkpoint(call, delete_if_committed);
}

struct call *kafka_delete_checkpoint(struct backend *backend, const char *app, const char *stream,
                                     uint32_t partition, const struct ask *ask)
{
    struct kafka_call *call = kafka_call_new(backend, app, stream, partition, ask);

    return call ? kafka_call_start(call, begin_delete_checkpoint) : NULL;
}
