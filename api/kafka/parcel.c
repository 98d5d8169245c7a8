#include "api/kafka/parcel.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/kafka/error.h"
#include "api/name.h"
#include "base/when.h"

/* Nothing lighter is too large for a broker. */
#define LEAST_WEIGHT 50000

struct part {
    struct call call;
    TAILQ_ENTRY(part) link;
    struct kafka_parcel *parcel;
    struct ask ask;
    struct kafka_request request;
    size_t weight;
    bool is_answered;
    int16_t code;
    bool was_unclear; /* what was sent before may have changed something */
};

struct kafka_parcel {
    LIST_ENTRY(kafka_parcel) link; /* while it gathers */
    bool gathers;
    struct kafka_cluster *cluster;
    struct kafka_pool *pool;
    struct kafka_request request; /* that of all; its texts are those below */
    char app[NAME_MAX_APP + 1];
    char topic[NAME_MAX_STREAM + 1];

    TAILQ_HEAD(parts, part) parts;
    void *by_partition; /* a tree of tsearch(3) */
    size_t weight;
    int64_t deadline;   /* the latest of all */
    enum errand errand; /* of the last, or of one that is urgent */
    struct timer timer; /* sends it; then tells those whose time is up before that of others */
    struct call *exchange;
    size_t sent_weight; /* of the request, with those that were given up since */
    size_t sent_count;
    bool is_held; /* while its parts are told: it is not to be freed */
};

static int compare_parts(const void *a, const void *b)
{
    uint32_t left = ((const struct part *)a)->request.partition;
    uint32_t right = ((const struct part *)b)->request.partition;

    return (left > right) - (left < right);
}

static struct part *find_part(const struct kafka_parcel *parcel, uint32_t partition)
{
    struct part key = {.request.partition = partition};
    struct part **found = tfind(&key, &parcel->by_partition, compare_parts);

    return found ? *found : NULL;
}

/* The end */

static void stop_gathering(struct kafka_parcel *parcel)
{
    if (parcel->gathers)
        LIST_REMOVE(parcel, link);
    parcel->gathers = false;
}

/* With a request that nobody waits for any more. */
static void free_if_empty(struct kafka_parcel *parcel)
{
    if (!TAILQ_EMPTY(&parcel->parts) || parcel->is_held)
        return;
    stop_gathering(parcel);
    timer_stop(&parcel->timer);
    call_cancel(parcel->exchange);
    free(parcel);
}

static void take_out(struct part *part)
{
    struct kafka_parcel *parcel = part->parcel;

    TAILQ_REMOVE(&parcel->parts, part, link);
    tdelete(part, &parcel->by_partition, compare_parts);
    parcel->weight -= part->weight;
    part->parcel = NULL;
}

/* One that is in no parcel. */
static void end_part(struct part *part, const struct error *error)
{
    struct ask ask = part->ask;

    free(part);
    ask.done(ask.user, error, &no_answer);
}

static void end_without_memory(struct part *part)
{
    struct error error;

    error_set(&error, ENOMEM, "no memory");
    error.is_unknown = part->was_unclear;
    end_part(part, &error);
}

static bool is_part_sent(const struct call *call)
{
    const struct part *part = (const struct part *)call;

    return part->was_unclear || call_is_sent(part->parcel->exchange);
}

static bool cancel_part(struct call *call)
{
    struct part *part = (struct part *)call;
    struct kafka_parcel *parcel = part->parcel;
    bool sent = is_part_sent(call);

    take_out(part);
    free(part);
    free_if_empty(parcel);
    return sent;
}

/* Gathering */

static bool is_alike(const struct kafka_request *a, const struct kafka_request *b)
{
    return a->kind == b->kind && a->highest == b->highest && !strcmp(a->app, b->app) &&
           !strcmp(a->topic, b->topic);
}

static size_t most_of(const struct kafka_parcel *parcel)
{
    size_t most = parcel->request.kind->most;
    size_t learned = parcel->cluster->change_most;

    return parcel->request.changes && learned && learned < most ? learned : most;
}

/* A broker takes a partition once in a request. */
static bool takes_part(const struct kafka_parcel *parcel, const struct kafka_pool *pool,
                       const struct part *part)
{
    return parcel->pool == pool && is_alike(&parcel->request, &part->request) &&
           parcel->weight + part->weight <= most_of(parcel) &&
           !find_part(parcel, part->request.partition);
}

static void send_parcel(void *user);

static struct kafka_parcel *new_parcel(struct kafka_cluster *cluster, struct kafka_pool *pool,
                                       const struct part *part)
{
    struct kafka_parcel *parcel = calloc(1, sizeof(*parcel));

    if (!parcel)
        return NULL;
    parcel->cluster = cluster;
    parcel->pool = pool;
    parcel->request = part->request;
    snprintf(parcel->app, sizeof(parcel->app), "%s", part->request.app);
    snprintf(parcel->topic, sizeof(parcel->topic), "%s", part->request.topic);
    parcel->request.app = parcel->app;
    parcel->request.topic = parcel->topic;
    TAILQ_INIT(&parcel->parts);
    LIST_INSERT_HEAD(&cluster->parcels, parcel, link);
    parcel->gathers = true;
    timer_start(pool->network->loop, &parcel->timer, 0, send_parcel, parcel);
    return parcel;
}

/* 0 or -ENOMEM. */
static int put_part(struct kafka_cluster *cluster, struct kafka_pool *pool, struct part *part)
{
    struct kafka_parcel *parcel = LIST_FIRST(&cluster->parcels);

    while (parcel && !takes_part(parcel, pool, part))
        parcel = LIST_NEXT(parcel, link);
    if (!parcel)
        parcel = new_parcel(cluster, pool, part);
    if (!parcel)
        return -ENOMEM;
    if (!tsearch(part, &parcel->by_partition, compare_parts)) {
        free_if_empty(parcel);
        return -ENOMEM;
    }
    TAILQ_INSERT_TAIL(&parcel->parts, part, link);
    part->parcel = parcel;
    parcel->weight += part->weight;
    if (part->ask.deadline > parcel->deadline)
        parcel->deadline = part->ask.deadline;
    if (!errand_is_urgent(parcel->errand))
        parcel->errand = part->ask.errand;
    return 0;
}

struct call *kafka_parcel_ask(struct kafka_cluster *cluster, struct kafka_pool *pool,
                              const struct kafka_request *request, const struct ask *ask)
{
    struct part *part = calloc(1, sizeof(*part));

    if (!part)
        return NULL;
    part->call = (struct call){.cancel = cancel_part, .is_sent = is_part_sent};
    part->ask = *ask;
    part->request = *request;
    part->weight = request->kind->weigh(request->user);
    if (!put_part(cluster, pool, part))
        return &part->call;
    free(part);
    return NULL;
}

/* The request. Those that were given up before it goes out are left out. */

static void encode_parcel(void *user, int16_t version, struct buf *body)
{
    struct kafka_parcel *parcel = user;
    const struct kafka_parcel_kind *kind = parcel->request.kind;
    const struct part *part;

    parcel->sent_weight = parcel->weight;
    parcel->sent_count = 0;
    TAILQ_FOREACH (part, &parcel->parts, link)
        parcel->sent_count++;
    kind->begin(TAILQ_FIRST(&parcel->parts)->request.user, version, parcel->sent_count, body);
    TAILQ_FOREACH (part, &parcel->parts, link)
        kind->add(part->request.user, version, body);
}

int kafka_parcel_take(struct kafka_parcel *parcel, struct span topic, int32_t partition,
                      int16_t code, void **who)
{
    struct part *part = find_part(parcel, (uint32_t)partition);

    *who = NULL;
    if (topic.size != strlen(parcel->topic) || memcmp(topic.data, parcel->topic, topic.size) != 0 ||
        (part && part->is_answered))
        return -EBADMSG;
    if (!part)
        return 0;
    part->is_answered = true;
    part->code = code;
    *who = part->request.user;
    return 0;
}

static int decode_parcel(void *user, struct kafka_reply *reply)
{
    struct kafka_parcel *parcel = user;

    return parcel->request.kind->read(parcel, reply->wire, &reply->code);
}

/* The answer */

/*
 * A coordinator writes what it is to commit as one batch of records, which cannot be longer than
 * max.message.bytes of the topic __consumer_offsets. Before Kafka 4 it refuses more with a code of
 * its own, since then with one that it has for what else goes wrong, too.
 */
static bool may_be_too_large(const struct kafka_parcel *parcel, const struct part *part)
{
    return parcel->request.changes && parcel->sent_count > 1 && part->is_answered &&
           parcel->sent_weight / 2 >= LEAST_WEIGHT &&
           (part->code == KAFKA_INVALID_COMMIT_OFFSET_SIZE ||
            part->code == KAFKA_UNKNOWN_SERVER_ERROR);
}

/* In a parcel half as heavy. */
static void put_again(struct part *part)
{
    struct kafka_parcel *parcel = part->parcel;
    struct kafka_cluster *cluster = parcel->cluster;
    size_t half = parcel->sent_weight / 2;

    if (!cluster->change_most || cluster->change_most > half)
        cluster->change_most = half;
    take_out(part);
    part->was_unclear |= kafka_code_is_unclear(part->code);
    part->is_answered = false;
    if (put_part(cluster, parcel->pool, part))
        end_without_memory(part);
}

static void explain_left_out(const struct kafka_parcel *parcel, struct error *error)
{
    const struct kafka_address *address = &parcel->pool->address;

    error_set(error, EBADMSG, "%s:%d left out partition%s of the topic %.100s", address->host,
              address->port, parcel->sent_count > 1 ? "s" : " that it was asked for",
              parcel->topic);
    error->is_unknown = parcel->request.changes;
}

/* By what became of all, or of itself. */
static void tell_part(struct part *part, const struct error *of_all)
{
    struct kafka_parcel *parcel = part->parcel;
    struct error error = {0};

    if (of_all)
        error = *of_all;
    else if (!part->is_answered)
        explain_left_out(parcel, &error);
    else if (part->code)
        kafka_request_refused(&parcel->request, part->code, &error);
    error.is_unknown |= part->was_unclear;
    take_out(part);
    end_part(part, error.code ? &error : NULL);
}

static void on_parcel_answered(void *user, const struct error *error, const struct answer *unused)
{
    struct kafka_parcel *parcel = user;
    struct part *part;

    (void)unused;
    parcel->exchange = NULL;
    parcel->is_held = true;
    while ((part = TAILQ_FIRST(&parcel->parts))) {
        if (!error && may_be_too_large(parcel, part))
            put_again(part);
        else
            /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): freed ones have left the list */
            tell_part(part, error);
    }
    parcel->is_held = false;
    free_if_empty(parcel);
}

/* Deadlines */

static struct part *find_late(const struct kafka_parcel *parcel, int64_t now)
{
    struct part *part;

    TAILQ_FOREACH (part, &parcel->parts, link) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): freed ones have left the list */
        if (part->ask.deadline <= now)
            return part;
    }
    return NULL;
}

static void on_some_late(void *user);

/* The request itself has the time of those that have the longest. */
static void wait_for_earliest(struct kafka_parcel *parcel)
{
    int64_t earliest = parcel->deadline;
    const struct part *part;

    TAILQ_FOREACH (part, &parcel->parts, link) {
        if (part->ask.deadline < earliest)
            earliest = part->ask.deadline;
    }
    if (earliest < parcel->deadline)
        timer_start(parcel->pool->network->loop, &parcel->timer, earliest - when_monotonic(),
                    on_some_late, parcel);
}

static void on_some_late(void *user)
{
    struct kafka_parcel *parcel = user;
    const struct kafka_address *address = &parcel->pool->address;
    int64_t now = when_monotonic();
    struct part *part;
    struct error error;

    error_set(&error, ETIMEDOUT, "%s:%d did not answer in time", address->host, address->port);
    error.is_unknown = call_is_sent(parcel->exchange);
    parcel->is_held = true;
    while ((part = find_late(parcel, now)))
        tell_part(part, &error);
    parcel->is_held = false;
    if (TAILQ_EMPTY(&parcel->parts))
        free_if_empty(parcel);
    else
        wait_for_earliest(parcel);
}

static void send_parcel(void *user)
{
    struct kafka_parcel *parcel = user;
    struct kafka_request request = parcel->request;
    struct ask ask = {parcel->deadline, on_parcel_answered, parcel, parcel->errand};
    struct error error;

    stop_gathering(parcel);
    request.encode = encode_parcel;
    request.decode = decode_parcel;
    request.user = parcel;
    parcel->exchange = kafka_pool_ask(parcel->pool, &request, &ask);
    if (parcel->exchange) {
        wait_for_earliest(parcel);
        return;
    }
    error_set(&error, ENOMEM, "no memory");
    on_parcel_answered(parcel, &error, &no_answer);
}
