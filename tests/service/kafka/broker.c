#include "tests/service/kafka/broker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/when.h"
#include "tests/service/common/memory.h"

/* socket.request.max.bytes, which is 100 MiB there. */
#define REQUEST_MAX ((size_t)8 * 1024 * 1024)
#define BACKLOG     1024
#define EVENTS      64

/* Between the first half of an answer and its broken end, so that the half arrives. */
#define MIDDLE_PAUSE_MS 20

#define NEVER INT64_MAX

struct peer {
    LIST_ENTRY(peer) link;
    struct brokers *brokers;
    int32_t node;
    int fd;
    struct buf in;
    bool busy;    /* its request was taken, and is not yet answered in full */
    bool counted; /* as pipelined */
    bool gone;    /* to be freed */
    int64_t due;  /* when the next part of the answer goes out, or the next request is taken */
    struct kafka_outcome answer; /* while busy */
    size_t sent;
};

LIST_HEAD(peers, peer);

struct brokers {
    struct kafka_service *kafka;
    int epoll;
    int listeners[WORLD_BROKERS_MAX];
    struct peers peers;
};

/* ---- connections ---- */

static void end_request(struct peer *peer, bool in_full)
{
    struct stats *stats = &peer->brokers->kafka->service->stats;

    if (!peer->busy)
        return;
    peer->busy = false;
    stats->in_flight--;
    stats->aborted += !in_full;
    buf_release(&peer->answer.frame);
}

/* Its memory goes in brokers_run, so that whoever walks over the peers can go on. */
static void drop_peer(struct peer *peer, bool reset)
{
    const struct linger hard = {.l_onoff = 1};

    if (peer->gone)
        return;
    end_request(peer, false);
    if (reset)
        setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    close(peer->fd);
    buf_release(&peer->in);
    peer->brokers->kafka->stats.open--;
    peer->gone = true;
    peer->due = NEVER;
}

static void free_gone(struct brokers *brokers)
{
    struct peer *peer = LIST_FIRST(&brokers->peers);

    while (peer) {
        struct peer *next = LIST_NEXT(peer, link);

        if (peer->gone) {
            LIST_REMOVE(peer, link);
            free(peer);
        }
        peer = next;
    }
}

static int watch(struct brokers *brokers, int fd, uint64_t data, uint32_t events, int change)
{
    struct epoll_event event = {.events = events, .data.u64 = data};

    return epoll_ctl(brokers->epoll, change, fd, &event);
}

static void watch_peer(struct peer *peer, bool writes, int change)
{
    uint32_t events = EPOLLRDHUP | EPOLLIN | (writes ? EPOLLOUT : 0);

    watch(peer->brokers, peer->fd, (uint64_t)(uintptr_t)peer, events, change);
}

/* ---- answers ---- */

/* How much of the answer goes out before the next pause; and behind it, how it ends. */
static size_t next_end(const struct peer *peer)
{
    size_t whole = peer->answer.frame.size;

    switch (peer->answer.delivery) {
    case DELIVER_RESET_MIDDLE:
    case DELIVER_CLOSE_MIDDLE:
        return whole / 2;
    case DELIVER_DRIP:
        return peer->sent + peer->answer.drip_bytes < whole ? peer->sent + peer->answer.drip_bytes
                                                            : whole;
    default:
        return whole;
    }
}

/* The next request is taken when all answers that are due are on their way. */
static void finish_answer(struct peer *peer)
{
    int32_t mute_ms = peer->answer.mute_ms;
    bool closes = peer->answer.closes;

    end_request(peer, true);
    if (closes) {
        drop_peer(peer, false);
        return;
    }
    peer->due = when_monotonic() + mute_ms;
}

/* True when all up to there is out. */
static bool send_up_to(struct peer *peer, size_t end)
{
    while (peer->sent < end) {
        ssize_t count = send(peer->fd, peer->answer.frame.data + peer->sent, end - peer->sent,
                             MSG_NOSIGNAL | MSG_DONTWAIT);

        if (count < 0 && errno == EAGAIN) {
            watch_peer(peer, true, EPOLL_CTL_MOD);
            peer->due = NEVER;
            return false;
        }
        if (count < 0) {
            drop_peer(peer, false);
            return false;
        }
        peer->sent += (size_t)count;
    }
    return true;
}

static bool is_broken_off(const struct peer *peer)
{
    return peer->answer.delivery == DELIVER_RESET_MIDDLE ||
           peer->answer.delivery == DELIVER_CLOSE_MIDDLE;
}

/* The next part of an answer, or its end. */
static void deliver(struct peer *peer)
{
    enum delivery delivery = peer->answer.delivery;
    size_t end = next_end(peer);

    if (delivery == DELIVER_RESET || delivery == DELIVER_HANG_UP ||
        (is_broken_off(peer) && peer->sent >= end)) {
        drop_peer(peer, delivery == DELIVER_RESET || delivery == DELIVER_RESET_MIDDLE);
        return;
    }
    if (!send_up_to(peer, end))
        return;
    if (is_broken_off(peer))
        peer->due = when_monotonic() + MIDDLE_PAUSE_MS;
    else if (end < peer->answer.frame.size)
        peer->due = when_monotonic() + peer->answer.drip_ms;
    else
        finish_answer(peer);
}

/* ---- requests ---- */

/* The size of the request at the beginning, or 0 when not all of it is there; SIZE_MAX for none. */
static size_t whole_request(const struct peer *peer)
{
    struct reader in = {.at = (const unsigned char *)peer->in.data, .left = peer->in.size};
    int32_t size = peer->in.size < 4 ? 0 : read_int32(&in);

    if (peer->in.size < 4)
        return 0;
    if (size < 8 || (size_t)size > REQUEST_MAX)
        return SIZE_MAX;
    return in.left >= (size_t)size ? (size_t)size : 0;
}

static void begin_request(struct peer *peer)
{
    struct stats *stats = &peer->brokers->kafka->service->stats;

    stats->requests++;
    if (++stats->in_flight > stats->in_flight_most)
        stats->in_flight_most = stats->in_flight;
    peer->busy = true;
    peer->counted = false;
    peer->sent = 0;
}

static void refuse_frame(struct peer *peer)
{
    struct kafka_service *kafka = peer->brokers->kafka;

    log_failure(&kafka->service->log, "a request has no length that one can have");
    kafka->stats.malformed++;
    drop_peer(peer, false);
}

static void take_next(struct peer *peer)
{
    size_t size = whole_request(peer);
    bool waits;

    if (size == SIZE_MAX)
        refuse_frame(peer);
    if (!size || size == SIZE_MAX)
        return;
    begin_request(peer);
    kafka_take(peer->brokers->kafka, peer->node, peer->in.data + 4, size, &peer->answer);
    buf_drop_front(&peer->in, size + 4);
    if (peer->answer.wrong) {
        drop_peer(peer, false);
        return;
    }
    waits = peer->answer.held || peer->answer.delivery == DELIVER_NEVER;
    peer->due = waits ? NEVER : when_monotonic() + peer->answer.delay_ms;
    if (!waits && !peer->answer.delay_ms)
        deliver(peer);
}

static void read_peer(struct peer *peer)
{
    char block[65536];
    ssize_t count;

    while ((count = recv(peer->fd, block, sizeof(block), MSG_DONTWAIT)) > 0)
        buf_add(&peer->in, block, (size_t)count);
    if (!count || (errno != EAGAIN && errno != EINTR) || buf_error(&peer->in)) {
        drop_peer(peer, false);
        return;
    }
    if (peer->busy && !peer->counted && peer->in.size) {
        peer->brokers->kafka->stats.pipelined++;
        peer->counted = true;
    }
    if (!peer->busy && peer->due == NEVER)
        take_next(peer);
}

static void on_peer(struct peer *peer, uint32_t events)
{
    if (peer->gone)
        return;
    if (events & EPOLLOUT) {
        watch_peer(peer, false, EPOLL_CTL_MOD);
        deliver(peer);
    }
    if (!peer->gone && events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        read_peer(peer);
}

static void accept_peer(struct brokers *brokers, int32_t node)
{
    struct peer *peer;
    int on = 1;
    int fd = accept4(brokers->listeners[node - 1], NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    peer = must_calloc(1, sizeof(*peer));
    *peer = (struct peer){.brokers = brokers, .node = node, .fd = fd, .due = NEVER};
    buf_init(&peer->in, 2 * REQUEST_MAX);
    LIST_INSERT_HEAD(&brokers->peers, peer, link);
    brokers->kafka->stats.connections++;
    brokers->kafka->stats.open++;
    watch_peer(peer, false, EPOLL_CTL_ADD);
}

/* ---- beside the control interface ---- */

static void take_events(struct brokers *brokers)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(brokers->epoll, events, EVENTS, 0);

    for (int i = 0; i < count; i++) {
        if (events[i].data.u64 <= WORLD_BROKERS_MAX)
            accept_peer(brokers, (int32_t)events[i].data.u64);
        else
            on_peer((struct peer *)(uintptr_t)events[i].data.u64, events[i].events);
    }
}

static void take_due(struct brokers *brokers)
{
    int64_t now = when_monotonic();
    struct peer *peer;

    LIST_FOREACH (peer, &brokers->peers, link) {
        if (peer->gone || peer->due > now)
            continue;
        peer->due = NEVER;
        if (peer->busy)
            deliver(peer);
        else
            take_next(peer);
    }
}

static void brokers_run(void *user)
{
    take_events(user);
    take_due(user);
    free_gone(user);
}

static int64_t brokers_due(void *user)
{
    const struct brokers *brokers = user;
    const struct peer *peer;
    int64_t due = NEVER;

    LIST_FOREACH (peer, &brokers->peers, link)
        if (peer->due < due)
            due = peer->due;
    return due;
}

static void brokers_close_idle(void *user)
{
    struct brokers *brokers = user;
    struct peer *peer;

    LIST_FOREACH (peer, &brokers->peers, link)
        if (!peer->busy)
            drop_peer(peer, false);
}

static void brokers_let_go(void *user)
{
    struct brokers *brokers = user;
    struct peer *peer;

    LIST_FOREACH (peer, &brokers->peers, link) {
        if (!peer->busy || !peer->answer.held)
            continue;
        peer->answer.held = false;
        peer->due = when_monotonic() + peer->answer.delay_ms;
    }
}

struct server_beside brokers_beside(struct brokers *brokers)
{
    return (struct server_beside){.fd = brokers->epoll,
                                  .run = brokers_run,
                                  .due = brokers_due,
                                  .close_idle = brokers_close_idle,
                                  .let_go = brokers_let_go,
                                  .user = brokers};
}

/* ---- listeners ---- */

static int listen_on(struct brokers *brokers, int32_t id, uint16_t *port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(*port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;

    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&address, size) || listen(fd, BACKLOG) ||
        getsockname(fd, (struct sockaddr *)&address, &size) ||
        watch(brokers, fd, (uint64_t)id, EPOLLIN, EPOLL_CTL_ADD)) {
        int status = -errno;

        close(fd);
        return status;
    }
    *port = ntohs(address.sin_port);
    brokers->listeners[id - 1] = fd;
    return 0;
}

struct brokers *brokers_new(struct kafka_service *kafka)
{
    struct brokers *brokers = must_calloc(1, sizeof(*brokers));

    brokers->kafka = kafka;
    brokers->epoll = epoll_create1(EPOLL_CLOEXEC);
    LIST_INIT(&brokers->peers);
    if (brokers->epoll < 0)
        abort();
    return brokers;
}

void brokers_free(struct brokers *brokers)
{
    for (size_t i = 0; i < brokers->kafka->world.node_count; i++)
        brokers_stop(brokers, (int32_t)i + 1);
    free_gone(brokers);
    close(brokers->epoll);
    free(brokers);
}

int brokers_add(struct brokers *brokers, uint16_t port)
{
    struct world *world = &brokers->kafka->world;
    int32_t id = (int32_t)world->node_count + 1;
    int status = world->node_count < WORLD_BROKERS_MAX ? listen_on(brokers, id, &port) : -ENOSPC;

    if (!status)
        world->nodes[world->node_count++] = (struct node){id, true, port};
    return status;
}

int brokers_stop(struct brokers *brokers, int32_t id)
{
    struct node *node = &brokers->kafka->nodes[id - 1];
    struct peer *peer;

    if (node->up)
        close(brokers->listeners[id - 1]);
    node->up = false;
    LIST_FOREACH (peer, &brokers->peers, link)
        if (peer->node == id)
            drop_peer(peer, false);
    return 0;
}

int brokers_start(struct brokers *brokers, int32_t id)
{
    struct node *node = &brokers->kafka->nodes[id - 1];
    int status = node->up ? 0 : listen_on(brokers, id, &node->port);

    if (!status)
        node->up = true;
    return status;
}
