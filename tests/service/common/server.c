#include "tests/service/common/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/when.h"
#include "tests/service/common/memory.h"

#define CONNECTIONS_MAX   8192
#define CONNECTION_MEMORY (128 * 1024)
#define BACKLOG           1024
#define BLOCK_SIZE        ((size_t)64 * 1024)

/* How often it is looked whether clients of answers that wait are still there. */
#define WATCH_MS 20

/* Between the first half of an answer and its broken end, so that the half arrives. */
#define MIDDLE_PAUSE_MS 20

struct client {
    LIST_ENTRY(client) link;
    int fd;
    unsigned busy;
};

/* A request and its answer. */
struct exchange {
    TAILQ_ENTRY(exchange) link; /* among those that wait */
    struct server *server;
    struct MHD_Connection *connection;
    struct client *client;
    struct request request;
    struct answer answer;
    bool started;
    bool handled;
    bool waiting;
    bool rested; /* waited before the next part of a body in parts */
    bool gone;   /* the client went away while it waited */
    int64_t due;
};

TAILQ_HEAD(exchanges, exchange);
LIST_HEAD(clients, client);

struct server {
    struct MHD_Daemon *daemon;
    struct server_hooks hooks;
    struct exchanges waiting; /* in the order they are due */
    struct clients clients;
    int64_t next_watch;
    int signals;
    int epoll;
    bool stopping; /* nothing waits any more */
};

/* ---- waiting ---- */

/* Does nothing with the connection until the time has come; for ever when it is negative. */
static void wait_for(struct exchange *exchange, int64_t delay_ms)
{
    struct exchanges *waiting = &exchange->server->waiting;
    struct exchange *before;

    exchange->due = delay_ms < 0 ? INT64_MAX : when_monotonic() + delay_ms;
    exchange->waiting = true;
    before = TAILQ_LAST(waiting, exchanges);
    while (before && before->due > exchange->due)
        before = TAILQ_PREV(before, exchanges, link);
    if (before)
        TAILQ_INSERT_AFTER(waiting, before, exchange, link);
    else
        TAILQ_INSERT_HEAD(waiting, exchange, link);
    MHD_suspend_connection(exchange->connection);
}

static void go_on(struct exchange *exchange)
{
    TAILQ_REMOVE(&exchange->server->waiting, exchange, link);
    exchange->waiting = false;
    MHD_resume_connection(exchange->connection);
}

static void wake_due(struct server *server)
{
    int64_t now = when_monotonic();
    struct exchange *first;

    while ((first = TAILQ_FIRST(&server->waiting)) && first->due <= now)
        go_on(first);
}

static bool is_gone(const struct exchange *exchange)
{
    struct pollfd fd = {.fd = exchange->client->fd, .events = POLLRDHUP};

    return poll(&fd, 1, 0) == 1;
}

/* A connection that waits is not looked at by the library, so it is done here. */
static void wake_gone(struct server *server)
{
    int64_t now = when_monotonic();
    struct exchange *exchange = TAILQ_FIRST(&server->waiting);

    if (now < server->next_watch)
        return;
    server->next_watch = now + WATCH_MS;
    while (exchange) {
        struct exchange *next = TAILQ_NEXT(exchange, link);

        exchange->gone = is_gone(exchange);
        if (exchange->gone)
            go_on(exchange);
        exchange = next;
    }
}

/* ---- delivering answers ---- */

/* To the client the connection is reset; to this side the socket stays, for the library to close.
 */
static void reset_connection(const struct exchange *exchange)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

    (void)connect(exchange->client->fd, &nobody, sizeof(nobody));
}

static size_t total_size(const struct answer *answer)
{
    if (answer->delivery == DELIVER_ENDLESS)
        return SIZE_MAX;
    return answer->body.size > answer->pad_to ? answer->body.size : answer->pad_to;
}

/* How much of the body may go out now; 0 after it was put off, -1 for the broken end. */
static ssize_t next_size(struct exchange *exchange, uint64_t position)
{
    const struct answer *answer = &exchange->answer;
    size_t half = total_size(answer) / 2;

    switch (answer->delivery) {
    case DELIVER_RESET_MIDDLE:
    case DELIVER_CLOSE_MIDDLE:
        if (position < half)
            return (ssize_t)(half - position);
        if (exchange->rested)
            return -1;
        exchange->rested = true;
        wait_for(exchange, MIDDLE_PAUSE_MS);
        return 0;
    case DELIVER_DRIP:
        exchange->rested = !exchange->rested && position;
        if (!exchange->rested)
            return (ssize_t)answer->drip_bytes;
        wait_for(exchange, answer->drip_ms);
        return 0;
    case DELIVER_WHOLE:
    case DELIVER_NEVER:
    case DELIVER_RESET:
    case DELIVER_HANG_UP:
    case DELIVER_RAW:
    case DELIVER_ENDLESS:
        break;
    }
    return (ssize_t)BLOCK_SIZE;
}

/* Copies the next part of the body; what is behind its end is blanks. */
static ssize_t produce(void *user, uint64_t position, char *out, size_t room)
{
    struct exchange *exchange = user;
    const struct buf *body = &exchange->answer.body;
    size_t left = total_size(&exchange->answer) - (size_t)position;
    bool ended = exchange->gone || exchange->server->stopping;
    ssize_t size = ended ? -1 : next_size(exchange, position);

    if (size < 0) {
        if (exchange->answer.delivery == DELIVER_RESET_MIDDLE)
            reset_connection(exchange);
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    room = room < left ? room : left;
    room = room < (size_t)size ? room : (size_t)size;
    for (size_t i = 0; i < room; i++)
        out[i] = (char)(position + i < body->size ? body->data[position + i] : ' ');
    return (ssize_t)room;
}

static struct MHD_Response *make_response(struct exchange *exchange)
{
    const struct answer *answer = &exchange->answer;
    bool endless = answer->delivery == DELIVER_ENDLESS;

    if (answer->delivery == DELIVER_WHOLE && !answer->pad_to)
        return must(MHD_create_response_from_buffer(answer->body.size, answer->body.data,
                                                    MHD_RESPMEM_PERSISTENT));
    return must(MHD_create_response_from_callback(endless ? MHD_SIZE_UNKNOWN : total_size(answer),
                                                  BLOCK_SIZE, produce, exchange, NULL));
}

static enum MHD_Result deliver(struct exchange *exchange)
{
    const struct answer *answer = &exchange->answer;
    struct MHD_Response *response;
    enum MHD_Result result;

    if (exchange->gone || answer->delivery == DELIVER_NEVER || answer->delivery == DELIVER_HANG_UP)
        return MHD_NO;
    if (answer->delivery == DELIVER_RAW) {
        (void)send(exchange->client->fd, answer->body.data, answer->body.size, MSG_NOSIGNAL);
        return MHD_NO;
    }
    if (answer->delivery == DELIVER_RESET ||
        (answer->delivery == DELIVER_RESET_MIDDLE && !total_size(answer))) {
        reset_connection(exchange);
        return MHD_NO;
    }
    if (answer->delivery == DELIVER_CLOSE_MIDDLE && !total_size(answer))
        return MHD_NO;
    response = make_response(exchange);
    for (size_t i = 0; i < answer->headers.count; i++)
        MHD_add_response_header(response, answer->headers.items[i].name,
                                answer->headers.items[i].value);
    result = MHD_queue_response(exchange->connection, answer->status, response);
    MHD_destroy_response(response);
    return result;
}

/* ---- taking requests ---- */

static enum MHD_Result take_header(void *user, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct request *request = user;

    (void)kind;
    pairs_add(&request->headers, name, value ? value : "");
    return MHD_YES;
}

/* The first thing that is known of a request; the only place where its target is as it was sent. */
static void *begin(void *user, const char *target, struct MHD_Connection *connection)
{
    struct exchange *exchange = must_calloc(1, sizeof(*exchange));
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    exchange->server = user;
    exchange->connection = connection;
    exchange->client = info->socket_context;
    exchange->client->busy++;
    request_init(&exchange->request);
    answer_init(&exchange->answer);
    request_set_target(&exchange->request, target);
    return exchange;
}

static bool is_secure(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_PROTOCOL);

    return info && info->protocol;
}

static void handle(struct exchange *exchange)
{
    const struct server_hooks *hooks = &exchange->server->hooks;

    exchange->handled = true;
    exchange->request.secure = is_secure(exchange->connection);
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, take_header,
                              &exchange->request);
    hooks->handle(hooks->user, &exchange->request, &exchange->answer);
}

/* Whether no time ends its waiting. */
static bool is_kept(const struct answer *answer)
{
    return answer->held || answer->delivery == DELIVER_NEVER;
}

/* Called for the head of a request, each part of its body, its end, and when it waited. */
static enum MHD_Result access_handler(void *user, struct MHD_Connection *connection,
                                      const char *url, const char *method, const char *version,
                                      const char *data, size_t *size, void **context)
{
    struct exchange *exchange = *context;

    (void)user;
    (void)connection;
    (void)url;
    (void)version;
    if (!exchange->started) {
        exchange->started = true;
        request_set_method(&exchange->request, method);
        return MHD_YES;
    }
    if (*size) {
        buf_add(&exchange->request.body, data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (exchange->server->stopping)
        return MHD_NO;
    if (!exchange->handled) {
        handle(exchange);
        if (is_kept(&exchange->answer) || exchange->answer.delay_ms > 0) {
            wait_for(exchange, is_kept(&exchange->answer) ? -1 : exchange->answer.delay_ms);
            return MHD_YES;
        }
    }
    return deliver(exchange);
}

static void end(void *user, struct MHD_Connection *connection, void **context,
                enum MHD_RequestTerminationCode code)
{
    struct server *server = user;
    struct exchange *exchange = *context;

    (void)connection;
    if (!exchange)
        return;
    if (exchange->waiting)
        TAILQ_REMOVE(&server->waiting, exchange, link);
    exchange->client->busy--;
    if (exchange->handled)
        server->hooks.finished(server->hooks.user, &exchange->request,
                               code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    request_clear(&exchange->request);
    answer_release(&exchange->answer);
    free(exchange);
    *context = NULL;
}

static void open_client(struct server *server, struct MHD_Connection *connection, void **context)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct client *client = must_calloc(1, sizeof(*client));
    int on = 1;

    client->fd = info->connect_fd;
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    LIST_INSERT_HEAD(&server->clients, client, link);
    *context = client;
}

static void note_connection(void *user, struct MHD_Connection *connection, void **context,
                            enum MHD_ConnectionNotificationCode code)
{
    struct server *server = user;
    bool opened = code == MHD_CONNECTION_NOTIFY_STARTED;

    server->hooks.connected(server->hooks.user, opened);
    if (opened) {
        open_client(server, connection, context);
        return;
    }
    LIST_REMOVE((struct client *)*context, link);
    free(*context);
    *context = NULL;
}

/* ---- the server ---- */

static struct MHD_Daemon *start(struct server *server, uint16_t port, const char *certificate,
                                const char *key)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key},
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)certificate},
        {MHD_OPTION_END, 0, NULL},
    };

    if (!certificate)
        tls[0].option = MHD_OPTION_END;
    else
        flags |= MHD_USE_TLS;
    return MHD_start_daemon(flags, port, NULL, NULL, access_handler, server, MHD_OPTION_SOCK_ADDR,
                            (struct sockaddr *)&address, MHD_OPTION_URI_LOG_CALLBACK, begin, server,
                            MHD_OPTION_NOTIFY_COMPLETED, end, server, MHD_OPTION_NOTIFY_CONNECTION,
                            note_connection, server, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            (size_t)CONNECTION_MEMORY, MHD_OPTION_LISTEN_BACKLOG_SIZE,
                            (unsigned)BACKLOG, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

struct server *server_new(uint16_t port, const char *certificate, const char *key,
                          const struct server_hooks *hooks)
{
    struct server *server = must_calloc(1, sizeof(*server));
    sigset_t ends;

    server->hooks = *hooks;
    TAILQ_INIT(&server->waiting);
    LIST_INIT(&server->clients);
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    server->signals = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    server->daemon = start(server, port, certificate, key);
    if (server->signals >= 0 && server->daemon) {
        server->epoll = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
        return server;
    }
    server_free(server);
    return NULL;
}

void server_free(struct server *server)
{
    struct exchange *exchange;

    server->stopping = true;
    while ((exchange = TAILQ_FIRST(&server->waiting)))
        go_on(exchange);
    if (server->daemon) {
        MHD_run(server->daemon);
        MHD_stop_daemon(server->daemon);
    }
    if (server->signals >= 0)
        close(server->signals);
    free(server);
}

uint16_t server_port(const struct server *server)
{
    return MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

/* Milliseconds until something has to be done although nothing came in; -1 for never. */
static int next_timeout(const struct server *server)
{
    const struct exchange *first = TAILQ_FIRST(&server->waiting);
    int64_t now = when_monotonic();
    int64_t next = INT64_MAX;
    MHD_UNSIGNED_LONG_LONG library;

    if (first)
        next = first->due < server->next_watch ? first->due - now : server->next_watch - now;
    if (server->hooks.beside) {
        int64_t due = server->hooks.beside->due(server->hooks.beside->user);

        if (due != INT64_MAX && due - now < next)
            next = due - now;
    }
    if (MHD_get_timeout(server->daemon, &library) == MHD_YES && (int64_t)library < next)
        next = (int64_t)library;
    if (next == INT64_MAX)
        return -1;
    return next < 0 ? 0 : (int)(next > 1000 ? 1000 : next);
}

void server_run(struct server *server)
{
    const struct server_beside *beside = server->hooks.beside;
    struct pollfd fds[] = {
        {.fd = server->epoll, .events = POLLIN},
        {.fd = server->signals, .events = POLLIN},
        {.fd = beside ? beside->fd : -1, .events = POLLIN},
    };

    while (!fds[1].revents) {
        if (poll(fds, 3, next_timeout(server)) < 0 && errno != EINTR)
            return;
        if (beside)
            beside->run(beside->user);
        wake_due(server);
        wake_gone(server);
        MHD_run(server->daemon);
    }
}

void server_close_idle(struct server *server)
{
    const struct server_beside *beside = server->hooks.beside;
    const struct client *client;

    LIST_FOREACH (client, &server->clients, link) {
        if (!client->busy)
            shutdown(client->fd, SHUT_RDWR);
    }
    if (beside)
        beside->close_idle(beside->user);
}

/* They are due at once: the library goes on with no connection while it is amid another. */
void server_let_go(struct server *server)
{
    const struct server_beside *beside = server->hooks.beside;
    struct exchange *exchange = TAILQ_FIRST(&server->waiting);

    if (beside)
        beside->let_go(beside->user);
    while (exchange) {
        struct exchange *next = TAILQ_NEXT(exchange, link);

        if (exchange->answer.held) {
            TAILQ_REMOVE(&server->waiting, exchange, link);
            exchange->due = 0;
            TAILQ_INSERT_HEAD(&server->waiting, exchange, link);
        }
        exchange = next;
    }
}
