#include "api/kafka/pool.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/kafka/error.h"
#include "base/when.h"

/* A connection of a pool. */
struct kafka_link {
    struct kafka_pool *pool;
    struct kafka_connection *connection;
    struct kafka_exchange *exchange; /* under way, or NULL */
    bool ready;
    bool former; /* of an address that the broker has no longer */
};

/* A request on its way. */
struct kafka_exchange {
    struct operation operation;
    struct lane_place place;
    struct kafka_pool *pool;
    struct kafka_request request;
    struct kafka_link *sent; /* by this; NULL before, and after the answer */
    int16_t version;
    struct timer late;
};

OPERATION_FIRST(struct kafka_exchange);

/* NULL for NULL. */
static struct kafka_exchange *exchange_at(struct lane_place *place)
{
    const size_t offset = offsetof(struct kafka_exchange, place);

    return place ? (struct kafka_exchange *)((char *)place - offset) : NULL;
}

static void pool_go(struct kafka_pool *pool);

/* Connections */

/* The last link takes its place. */
static void close_link(struct kafka_link *link)
{
    struct kafka_pool *pool = link->pool;

    for (unsigned i = 0; i < pool->count; i++) {
        if (pool->links[i] != link)
            continue;
        pool->links[i] = pool->links[--pool->count];
        break;
    }
    kafka_disconnect(link->connection);
    free(link);
}

/* A connection whose login ends takes no request: an idle one is only kept until there is another,
 * as a connection tells when the broker begins anew. */
static bool is_kept(const struct kafka_link *link)
{
    return link->ready && !link->exchange && kafka_connection_is_spent(link->connection);
}

/* Whether there is a connection that is not only kept. */
static bool serves(const struct kafka_pool *pool)
{
    for (unsigned i = 0; i < pool->count; i++) {
        if (!is_kept(pool->links[i]))
            return true;
    }
    return false;
}

static void leave_lane(struct kafka_exchange *exchange)
{
    lanes_leave(&exchange->pool->lanes, &exchange->place);
}

static void fail_exchange(struct kafka_exchange *exchange, const struct error *error)
{
    leave_lane(exchange);
    timer_stop(&exchange->late);
    exchange->operation.error = *error;
    operation_fail_soon(&exchange->operation);
}

static void fail_waiting(struct kafka_pool *pool, const struct error *error)
{
    struct lane_place *place;

    while ((place = lanes_after(&pool->lanes, NULL)))
        fail_exchange(exchange_at(place), error);
}

static void note_failure(struct kafka_pool *pool)
{
    pool->failed = when_monotonic();
    if (!pool->network->failing)
        pool->network->failing = pool->failed;
}

/* The link must not be used any more by who has sent by it. */
static void lose_exchange(struct kafka_link *link, const struct error *error)
{
    struct kafka_exchange *exchange = link->exchange;

    exchange->sent = NULL;
    link->exchange = NULL;
    fail_exchange(exchange, error);
    exchange->operation.error.is_unknown = exchange->request.changes;
}

static void on_link_lost(void *user, const struct error *error)
{
    struct kafka_link *link = user;
    struct kafka_pool *pool = link->pool;
    struct error why = *error;
    bool was_ready = link->ready;

    if (link->exchange)
        lose_exchange(link, &why);
    close_link(link);
    if (was_ready) {
        pool->closed = when_monotonic();
        pool_go(pool);
        return;
    }
    note_failure(pool);
    if (!serves(pool))
        fail_waiting(pool, &why);
}

static void on_link_ready(void *user)
{
    struct kafka_link *link = user;

    link->ready = true;
    pool_go(link->pool);
}

static void explain_unread(struct kafka_exchange *exchange, int status)
{
    const struct kafka_address *address = &exchange->pool->address;

    error_set(&exchange->operation.error, -status, "%s:%d: %s", address->host, address->port,
              status == -ENOMEM  ? "no memory"
              : status == -EFBIG ? "it answers with more than this program will hold"
                                 : "its answer cannot be read");
    exchange->operation.error.is_unknown = exchange->request.changes;
}

void kafka_request_refused(const struct kafka_request *request, int16_t code, struct error *error)
{
    kafka_error_set(code, request->app, request->topic, error);
    kafka_error_name_right(request->api, request->app, request->topic, error);
    error->is_unknown = request->changes && kafka_code_is_unclear(code);
}

/* 0, or an error of the exchange's. */
static int take_reply(struct kafka_exchange *exchange, struct wire *wire)
{
    struct kafka_reply reply = {
        .node = exchange->pool->address.id, .version = exchange->version, .wire = wire};
    const struct kafka_request *request = &exchange->request;
    int status = request->decode(request->user, &reply);

    if (status) {
        explain_unread(exchange, status);
    } else if (reply.code) {
        kafka_request_refused(request, reply.code, &exchange->operation.error);
        exchange->operation.error.is_unknown |= request->changes && reply.has_changed;
    }
    return exchange->operation.error.code;
}

static void on_link_answered(void *user, struct wire *answer)
{
    struct kafka_link *link = user;
    struct kafka_pool *pool = link->pool;
    struct kafka_exchange *exchange = link->exchange;
    int status = take_reply(exchange, answer);

    exchange->sent = NULL;
    link->exchange = NULL;
    leave_lane(exchange);
    timer_stop(&exchange->late);
    pool->failed = 0;
    pool->network->failing = 0;
    pool->answered = when_monotonic();
    gate_answered(&pool->network->gate, &(struct gate_pass){0}, pool->answered);
    if (link->former)
        close_link(link);
    if (status)
        operation_fail(&exchange->operation);
    else
        operation_end(&exchange->operation, NULL, &no_answer);
    pool_go(pool);
}

/* False without memory. */
static bool open_link(struct kafka_pool *pool)
{
    struct kafka_link *link = calloc(1, sizeof(*link));
    struct kafka_listener listener = {on_link_ready, on_link_answered, on_link_lost, link};

    if (!link)
        return false;
    link->pool = pool;
    link->connection = kafka_connect(pool->network, &pool->address, &listener);
    if (!link->connection) {
        free(link);
        return false;
    }
    pool->links[pool->count++] = link;
    return true;
}

/* Whose turn it is */

static bool is_usable(const struct kafka_link *link)
{
    return link->ready && !link->former && !kafka_connection_is_spent(link->connection);
}

static struct kafka_link *free_link(struct kafka_pool *pool)
{
    for (unsigned i = 0; i < pool->count; i++) {
        struct kafka_link *link = pool->links[i];

        if (is_usable(link) && !link->exchange)
            return link;
    }
    return NULL;
}

static bool has_usable(const struct kafka_pool *pool)
{
    for (unsigned i = 0; i < pool->count; i++) {
        if (is_usable(pool->links[i]))
            return true;
    }
    return false;
}

/* All are closed that are only kept, or all but one while no other can be used. */
static void close_kept(struct kafka_pool *pool)
{
    bool closes = has_usable(pool);

    for (unsigned i = pool->count; i-- > 0;) {
        if (!is_kept(pool->links[i]))
            continue;
        if (closes)
            close_link(pool->links[i]);
        closes = true;
    }
}

static int send_exchange(struct kafka_exchange *exchange, struct kafka_link *link)
{
    const struct kafka_request *request = &exchange->request;
    struct buf body = BUF_INIT(16UL << 20);
    int status;

    exchange->version = kafka_choose_version(kafka_connection_versions(link->connection),
                                             request->api, request->lowest, request->highest);
    if (exchange->version < 0)
        return -EOPNOTSUPP;
    request->encode(request->user, exchange->version, &body);
    status = buf_error(&body);
    if (!status)
        status = kafka_connection_send(link->connection, request->api, exchange->version, &body);
    buf_release(&body);
    return status;
}

static void refuse_exchange(struct kafka_exchange *exchange, int status)
{
    struct error error;

    if (status == -EOPNOTSUPP)
        error_set(&error, EOPNOTSUPP,
                  "%s:%d does not know version %d of Kafka's call %d: its Kafka is older than 2.4 "
                  "or newer than this program",
                  exchange->pool->address.host, exchange->pool->address.port,
                  exchange->request.highest, exchange->request.api);
    else
        error_set_status(&error, status, "the request cannot be sent");
    fail_exchange(exchange, &error);
}

static void hand_over(struct kafka_exchange *exchange, struct kafka_link *link)
{
    int status;

    lanes_go(&exchange->pool->lanes, &exchange->place);
    status = send_exchange(exchange, link);
    if (status) {
        refuse_exchange(exchange, status);
        return;
    }
    exchange->sent = link;
    link->exchange = exchange;
}

/* How many connections are on their way to those who wait. */
static unsigned count_coming(const struct kafka_pool *pool)
{
    unsigned count = 0;

    for (unsigned i = 0; i < pool->count; i++)
        count += !pool->links[i]->ready;
    return count;
}

static bool has_room(const struct kafka_pool *pool)
{
    return !serves(pool) || (pool->count < POOL_WIDTH && pool->network->open < NETWORK_WIDTH);
}

static bool may_any_go(const void *unused, enum errand errand)
{
    (void)unused;
    (void)errand;
    return true;
}

/* Whose turn it is, or NULL. */
static struct kafka_exchange *next_exchange(const struct kafka_pool *pool)
{
    return exchange_at(lanes_next(&pool->lanes, POOL_WIDTH, may_any_go, NULL));
}

static void open_links(struct kafka_pool *pool)
{
    unsigned coming = count_coming(pool);
    unsigned wanted = lanes_ready(&pool->lanes, POOL_WIDTH);
    struct error error;

    while (coming < wanted && has_room(pool) && open_link(pool))
        coming++;
    if (!pool->lanes.waiting || serves(pool))
        return;
    error_set(&error, ENOMEM, "no memory");
    fail_waiting(pool, &error);
}

static void pool_go(struct kafka_pool *pool)
{
    struct kafka_exchange *exchange;
    struct kafka_link *link;

    close_kept(pool);
    while ((exchange = next_exchange(pool)) && (link = free_link(pool)))
        hand_over(exchange, link);
    open_links(pool);
}

/* Exchanges */

static void release_exchange(struct operation *operation)
{
    struct kafka_exchange *exchange = (struct kafka_exchange *)operation;
    struct kafka_pool *pool = exchange->pool;
    struct kafka_link *link = exchange->sent;

    timer_stop(&exchange->late);
    leave_lane(exchange);
    if (link)
        close_link(link);
    free(exchange);
    pool_go(pool);
}

static bool is_exchange_sent(const struct call *call)
{
    const struct kafka_exchange *exchange = (const struct kafka_exchange *)call;

    return exchange->operation.error.is_unknown || (exchange->sent && exchange->request.changes);
}

/* The answer cannot be told from that of the next request but by waiting for it: its connection
 * goes. */
static bool cancel_exchange(struct call *call)
{
    bool sent = is_exchange_sent(call);

    operation_drop(&((struct kafka_exchange *)call)->operation);
    return sent;
}

static void on_late(void *user)
{
    struct kafka_exchange *exchange = user;
    struct kafka_pool *pool = exchange->pool;
    struct kafka_link *link = exchange->sent;
    struct error error;

    error_set(&error, ETIMEDOUT, "%s:%d did not answer in time", pool->address.host,
              pool->address.port);
    note_failure(pool);
    if (!link) {
        fail_exchange(exchange, &error);
        return;
    }
    lose_exchange(link, &error);
    close_link(link);
}

struct call *kafka_pool_ask(struct kafka_pool *pool, const struct kafka_request *request,
                            const struct ask *ask)
{
    struct kafka_exchange *exchange = calloc(1, sizeof(*exchange));
    int64_t left = ask->deadline - when_monotonic();

    if (!exchange)
        return NULL;
    operation_begin(&exchange->operation, pool->network->loop, ask, release_exchange);
    exchange->operation.call =
        (struct call){.cancel = cancel_exchange, .is_sent = is_exchange_sent};
    exchange->pool = pool;
    exchange->request = *request;
    timer_start(pool->network->loop, &exchange->late,
                left < request->patience ? left : request->patience, on_late, exchange);
    lanes_wait(&pool->lanes, &exchange->place, ask->errand, when_monotonic());
    pool_go(pool);
    return &exchange->operation.call;
}

/* Pools */

void kafka_pool_init(struct kafka_pool *pool, struct kafka_network *network,
                     const struct kafka_address *address)
{
    *pool = (struct kafka_pool){.network = network, .address = *address};
    lanes_init(&pool->lanes);
}

void kafka_pool_release(struct kafka_pool *pool)
{
    while (pool->count)
        close_link(pool->links[0]);
}

void kafka_pool_renew(struct kafka_pool *pool)
{
    for (unsigned i = pool->count; i-- > 0;) {
        pool->links[i]->former = true;
        if (!pool->links[i]->exchange)
            close_link(pool->links[i]);
    }
    pool_go(pool);
}

void kafka_pool_move(struct kafka_pool *pool, const struct kafka_address *address)
{
    pool->address = *address;
    pool->failed = 0;
    kafka_pool_renew(pool);
}
