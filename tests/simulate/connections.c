#include "tests/simulate/connections.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "tests/service/common/memory.h"
#include "tests/service/kafka/kafka.h"
#include "tests/simulate/chance.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/curl.h"
#include "tests/simulate/history.h"
#include "tests/simulate/loop.h"
#include "tests/simulate/memory.h"
#include "tests/simulate/network.h"
#include "tests/simulate/trace.h"
#include "tests/simulate/way.h"

#define FRAME_PREFIX 4 /* its length */
#define BUFFER_MAX   ((size_t)80 << 20)

/* Once in so many times not all of what is to be sent or received is, at once. */
#define PARTS 8

/* How long a program takes at most until it looks at what it can read. */
#define WAKE_MS 5

struct connection {
    LIST_ENTRY(connection) link;
    struct transfer *transfer; /* NULL once the program has closed it */
    int fd;
    int mount;
    int32_t node;
    bool is_open;
    struct buf out; /* a request, as far as it was sent */
    bool is_full;   /* no more can be sent for now */
    bool awaits_room;
    struct kafka_outcome answer; /* on its way */
    size_t delivered;            /* of its frame */
    bool is_asking;              /* a request, or its answer, is on its way */
    bool has_arrived;
    struct buf in; /* what has come, as far as it was not received */
    bool has_ended;
    bool was_reset;
    uint64_t event; /* what happens to it next, or 0 */
    uint64_t timeout;
    uint64_t wake;
};

static LIST_HEAD(, connection) connections = LIST_HEAD_INITIALIZER(connections);
static struct kafka_service *kafka;
static connections_handled_fn *tell_handled;
static int last_fd;

/* Descriptors that are none: poll(2) passes over negative ones, of which libcurl takes -1. */
void connections_open(struct kafka_service *with, connections_handled_fn *handled)
{
    kafka = with;
    tell_handled = handled;
    last_fd = CURL_SOCKET_BAD;
    way_reset();
}

static void free_connection(struct connection *connection)
{
    clock_drop(connection->event);
    clock_drop(connection->timeout);
    clock_drop(connection->wake);
    LIST_REMOVE(connection, link);
    buf_release(&connection->out);
    buf_release(&connection->in);
    buf_release(&connection->answer.frame);
    free(connection);
}

void network_close(void)
{
    struct connection *connection;

    while ((connection = LIST_FIRST(&connections)))
        free_connection(connection);
}

static struct connection *find_by_easy(const void *easy)
{
    struct connection *connection;

    LIST_FOREACH (connection, &connections, link) {
        if (connection->transfer && connection->transfer->easy == easy)
            return connection;
    }
    abort();
}

static struct connection *find_by_fd(int fd)
{
    struct connection *connection;

    LIST_FOREACH (connection, &connections, link) {
        if (connection->fd == fd)
            return connection;
    }
    return NULL;
}

/* What the program is told of */

static void wake_soon(struct connection *connection);

static bool is_ready(const struct connection *connection)
{
    return connection->in.size || connection->has_ended || connection->awaits_room;
}

/* It is told again and again until it has read. */
static void wake(void *user)
{
    struct connection *connection = user;
    int fd = connection->fd;

    connection->wake = 0;
    connection->is_full = false;
    loop_ready(fd);
    connection = find_by_fd(fd);
    if (connection)
        wake_soon(connection);
}

static void wake_soon(struct connection *connection)
{
    if (connection->transfer && connection->is_open && is_ready(connection) && !connection->wake)
        connection->wake = clock_after((int64_t)chance_below(WAKE_MS), wake, connection);
}

static void end(struct connection *connection, bool is_reset)
{
    clock_drop(connection->event);
    connection->event = 0;
    connection->has_ended = true;
    connection->was_reset = is_reset;
    if (connection->transfer)
        wake_soon(connection);
    else
        free_connection(connection);
}

/* Connecting */

static void tell_connected(struct connection *connection, CURLcode result)
{
    struct transfer *transfer = connection->transfer;
    bool before;

    clock_drop(connection->event);
    clock_drop(connection->timeout);
    connection->event = connection->timeout = 0;
    connection->is_open = !result;
    if (result)
        trace("  broker %d is not reached: %s", connection->node, curl_easy_strerror(result));
    before = memory_enter(true);
    transfer->done(transfer->user, (int)result);
    memory_leave(before);
}

static void time_out(void *user)
{
    struct connection *connection = user;

    connection->timeout = 0;
    tell_connected(connection, CURLE_OPERATION_TIMEDOUT);
}

static const struct node *find_node(int32_t id)
{
    return &kafka->nodes[id - 1];
}

static void reach(void *user)
{
    struct connection *connection = user;

    connection->event = 0;
    tell_connected(connection, find_node(connection->node)->up ? CURLE_OK : CURLE_COULDNT_CONNECT);
}

static void be_refused(void *user)
{
    struct connection *connection = user;

    connection->event = 0;
    tell_connected(connection, CURLE_COULDNT_CONNECT);
}

static int32_t node_of(const struct easy *easy)
{
    const char *port = strrchr(easy->url, ':');

    for (size_t i = 0; i < kafka->world.node_count; i++) {
        if (kafka->nodes[i].port == strtol(port + 1, NULL, 10))
            return kafka->nodes[i].id;
    }
    abort();
}

/* Refused, or never answered. */
static void begin_to_connect(struct connection *connection)
{
    const struct easy *easy = connection->transfer->easy;

    connection->timeout = clock_after(easy->connect_timeout_ms, time_out, connection);
    if (!way_is_faulty())
        connection->event = clock_after(way_take() + way_take(), reach, connection);
    else if (chance_once_in(2))
        connection->event = clock_after(way_take() + way_take(), be_refused, connection);
}

void network_connect(struct transfer *transfer)
{
    struct connection *connection = must_calloc(1, sizeof(*connection));
    struct easy *easy = transfer->easy;

    connection->transfer = transfer;
    connection->mount = mount_by(transfer->loop);
    connection->node = node_of(easy);
    connection->fd = easy->socket = --last_fd;
    buf_init(&connection->out, BUFFER_MAX);
    buf_init(&connection->in, BUFFER_MAX);
    LIST_INSERT_HEAD(&connections, connection, link);
    begin_to_connect(connection);
}

/* The program closes it. What it has sent may be on its way still. */
void network_end(struct transfer *transfer)
{
    struct connection *connection = find_by_easy(transfer->easy);

    connection->transfer = NULL;
    clock_drop(connection->timeout);
    clock_drop(connection->wake);
    connection->timeout = connection->wake = 0;
    if (connection->has_ended || !connection->is_asking || connection->has_arrived ||
        !chance_once_in(2))
        free_connection(connection);
}

void connections_lose(int32_t node)
{
    struct connection *next;

    for (struct connection *connection = LIST_FIRST(&connections); connection; connection = next) {
        next = LIST_NEXT(connection, link);
        if (connection->node == node && connection->is_open)
            end(connection, true);
    }
}

/* No backend that is simulated here does this. */
void network_begin(struct transfer *transfer)
{
    (void)transfer;
    abort();
}

/* The broker */

/* Answers that are none, and those that do not come, with what was asked done, or not; those that
 * come in the end, or in part, tell of what was done. */
static const char *const spoilt[] = {
    "reset",   "reset-middle", "close-middle", "close", "truncated", "garbage", "mixed",
    "hang-up", "never",        "html",         "tls",   "huge",      "drip",
};

/* What a broker says that has not done what was asked, or has, and does not know. */
static const char *const refusals[] = {"NOT_COORDINATOR", "COORDINATOR_NOT_AVAILABLE",
                                       "COORDINATOR_LOAD_IN_PROGRESS", "NOT_LEADER_OR_FOLLOWER",
                                       "REQUEST_TIMED_OUT"};
static const char *const doubts[] = {"REQUEST_TIMED_OUT", "NOT_COORDINATOR",
                                     "COORDINATOR_NOT_AVAILABLE"};

#define ANY_OF(list) ((list)[chance_below(sizeof(list) / sizeof((list)[0]))])

static void arm_fault(void)
{
    struct fault fault;
    bool is_code = chance_once_in(3);
    bool executes = chance_once_in(2);

    if (fault_init(&fault, is_code ? "status" : ANY_OF(spoilt)))
        abort();
    fault.execute |= executes;
    if (is_code)
        snprintf(fault.code, sizeof(fault.code), "%s",
                 executes ? ANY_OF(doubts) : ANY_OF(refusals));
    if (fault_arm(&kafka->service->faults, &fault))
        abort();
}

static void deliver(void *user);

static void deliver_up_to(struct connection *connection, size_t size)
{
    struct kafka_outcome *answer = &connection->answer;

    buf_add(&connection->in, answer->frame.data + connection->delivered,
            size - connection->delivered);
    connection->delivered = size;
    wake_soon(connection);
}

static void deliver_piece(struct connection *connection)
{
    size_t left = connection->answer.frame.size - connection->delivered;

    deliver_up_to(connection, connection->delivered + 1 + chance_below(left));
    if (connection->delivered < connection->answer.frame.size)
        connection->event = clock_after(way_take(), deliver, connection);
    else
        connection->is_asking = false;
}

static void deliver(void *user)
{
    struct connection *connection = user;
    const struct kafka_outcome *answer = &connection->answer;

    connection->event = 0;
    switch (answer->delivery) {
    case DELIVER_DRIP:
        deliver_piece(connection);
        return;
    case DELIVER_RESET:
    case DELIVER_HANG_UP:
        break;
    case DELIVER_RESET_MIDDLE:
    case DELIVER_CLOSE_MIDDLE:
        deliver_up_to(connection, answer->frame.size / 2);
        break;
    default:
        deliver_up_to(connection, answer->frame.size);
        connection->is_asking = false;
        if (!answer->closes)
            return;
    }
    end(connection, answer->delivery == DELIVER_RESET || answer->delivery == DELIVER_RESET_MIDDLE);
}

static void arrive(void *user)
{
    struct connection *connection = user;
    struct kafka_outcome *answer = &connection->answer;
    const char *request = connection->out.data + FRAME_PREFIX;
    int16_t api = (int16_t)(((unsigned char)request[0] << 8) | (unsigned char)request[1]);

    connection->event = 0;
    connection->has_arrived = true;
    if (way_is_faulty())
        arm_fault();
    buf_release(&answer->frame);
    kafka_take(kafka, connection->node, request, connection->out.size - FRAME_PREFIX, answer);
    buf_reset(&connection->out);
    connection->delivered = 0;
    trace("  call %d arrives at broker %d%s", api, connection->node,
          connection->transfer ? "" : ", though its connection was closed");
    if (answer->wrong)
        history_blame("a request of call %d is none: %s", api, answer->wrong);
    else
        tell_handled(connection->mount, !connection->transfer, api);
    if (!connection->transfer)
        free_connection(connection);
    else if (answer->delivery != DELIVER_NEVER)
        connection->event = clock_after(way_take(), deliver, connection);
}

/* Whether all of a request was sent. */
static bool is_whole(const struct connection *connection)
{
    const unsigned char *at = (const unsigned char *)connection->out.data;
    size_t size;

    if (connection->out.size < FRAME_PREFIX)
        return false;
    size = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
    if (connection->out.size > FRAME_PREFIX + size)
        history_blame("more was sent than a request");
    return connection->out.size >= FRAME_PREFIX + size;
}

/* libcurl, of a handle that has connected */

static size_t choose_part(size_t size)
{
    return size > 1 && chance_once_in(PARTS) ? 1 + chance_below(size - 1) : size;
}

CURLcode curl_easy_send(CURL *easy, const void *data, size_t size, size_t *count)
{
    struct connection *connection = find_by_easy(easy);
    bool before;

    *count = 0;
    if (connection->has_ended)
        return CURLE_SEND_ERROR;
    if (connection->is_full)
        return CURLE_AGAIN;
    if (connection->is_asking)
        history_blame("a request was sent while another one was under way");
    before = memory_enter(false);
    *count = choose_part(size);
    connection->is_full = *count < size;
    buf_add(&connection->out, data, *count);
    way_note_sent(connection->mount);
    if (is_whole(connection)) {
        connection->is_asking = true;
        connection->has_arrived = false;
        connection->event = clock_after(way_take(), arrive, connection);
    }
    memory_leave(before);
    return CURLE_OK;
}

void network_await_room(int fd, bool awaits)
{
    struct connection *connection = find_by_fd(fd);
    bool before = memory_enter(false);

    connection->awaits_room = awaits;
    wake_soon(connection);
    memory_leave(before);
}

CURLcode curl_easy_recv(CURL *easy, void *data, size_t room, size_t *count)
{
    struct connection *connection = find_by_easy(easy);
    size_t size = connection->in.size < room ? connection->in.size : room;

    *count = 0;
    if (!size && connection->has_ended)
        return connection->was_reset ? CURLE_RECV_ERROR : CURLE_OK;
    if (!size)
        return CURLE_AGAIN;
    *count = choose_part(size);
    memcpy(data, connection->in.data, *count);
    buf_drop_front(&connection->in, *count);
    return CURLE_OK;
}
