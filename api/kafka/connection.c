#include "api/kafka/connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/http/failure.h"
#include "base/always.h"

/* Until it is ready. */
#define CONNECT_MS 3000L
#define GREET_MS   4000

/* Frames of more bytes are refused, before their bytes come. */
#define FRAME_MAX    (64UL << 20)
#define FRAME_PREFIX 4 /* its length */

/* How much memory a connection keeps for frames. */
#define KEPT_MAX (64UL << 10)

/* Of a frame that is sent. */
#define SENT_MAX (16UL << 20)

struct kafka_connection {
    struct kafka_network *network;
    struct kafka_address address;
    struct kafka_listener listener;
    struct kafka_versions versions;
    CURL *easy;
    struct transfer transfer;
    curl_socket_t socket; /* CURL_SOCKET_BAD while it is not watched */
    struct timer timer;   /* it must be ready by then; or it tells soon that it is lost */
    bool ready;
    bool proven; /* it has answered a request after the first */

    struct buf out;
    size_t sent;
    bool waiting; /* for the answer of what is in out */
    int32_t correlation;
    bool has_tags; /* the head of that answer */
    struct buf in;

    char host[300]; /* with its port, for messages */
    char detail[CURL_ERROR_SIZE];
    struct error error; /* why it is lost */
};

/* Losing it */

static void tell_lost(void *user)
{
    struct kafka_connection *connection = user;

    timer_stop(&connection->timer);
    if (connection->socket != CURL_SOCKET_BAD)
        loop_unwatch(connection->network->loop, connection->socket);
    connection->socket = CURL_SOCKET_BAD;
    connection->listener.lost(connection->listener.user, &connection->error);
}

static void lose_soon(struct kafka_connection *connection)
{
    timer_start(connection->network->loop, &connection->timer, 0, tell_lost, connection);
}

/* Says who gave the address when nobody can be found there. */
static void add_origin(struct kafka_connection *connection)
{
    size_t length = strlen(connection->error.message);

    if (connection->address.id >= 0)
        snprintf(connection->error.message + length, sizeof(connection->error.message) - length,
                 " (broker %d says that it is there)", connection->address.id);
}

static void on_closed(struct kafka_connection *connection)
{
    bool plain = connection->network->easy.plain;

    error_set(&connection->error, ECONNRESET, "%s closed the connection%s", connection->host,
              connection->proven ? ""
              : plain            ? ": its port may want TLS (kafka://) or a login"
                                 : ": its port may want a client certificate (-o cert) or a login");
    tell_lost(connection);
}

static void on_silent(void *user)
{
    struct kafka_connection *connection = user;

    error_set(&connection->error, ETIMEDOUT, "%s did not answer in time", connection->host);
    tell_lost(connection);
}

/* What a long message took is given back. */
static void empty_buffer(struct buf *buf)
{
    if (buf->room > KEPT_MAX)
        buf_release(buf);
    else
        buf_reset(buf);
}

/* Sending */

/* As much as goes now; the rest when the socket can be written to. False when it is lost. */
static bool send_rest(struct kafka_connection *connection)
{
    CURLcode result = CURLE_OK;

    while (connection->sent < connection->out.size && !result) {
        size_t count = 0;

        result = curl_easy_send(connection->easy, connection->out.data + connection->sent,
                                connection->out.size - connection->sent, &count);
        connection->sent += count;
    }
    if (result && result != CURLE_AGAIN)
        return false;
    loop_watch_writing(connection->network->loop, connection->socket,
                       connection->sent < connection->out.size);
    return true;
}

/* The length of a frame stands before it. */
static int print_frame(struct kafka_connection *connection, enum kafka_api api, int16_t version,
                       const struct buf *body)
{
    struct buf head = BUF_INIT(256);

    kafka_put_head(&head, api, version, ++connection->correlation);
    empty_buffer(&connection->out);
    wire_put_int32(&connection->out, (int32_t)(head.size + body->size));
    buf_add(&connection->out, head.data, head.size);
    buf_add(&connection->out, body->data, body->size);
    buf_fail(&connection->out, buf_error(&head));
    buf_release(&head);
    return buf_error(&connection->out);
}

static int send_frame(struct kafka_connection *connection, enum kafka_api api, int16_t version,
                      const struct buf *body)
{
    int status = print_frame(connection, api, version, body);

    if (status)
        return status;
    connection->sent = 0;
    connection->waiting = true;
    connection->has_tags = kafka_head_has_tags(api, version);
    empty_buffer(&connection->in);
    if (!send_rest(connection)) {
        error_set(&connection->error, ECONNRESET, "%s closed the connection", connection->host);
        lose_soon(connection);
    }
    return 0;
}

int kafka_connection_send(struct kafka_connection *connection, enum kafka_api api, int16_t version,
                          const struct buf *body)
{
    if (!ALWAYS(connection->ready && !connection->waiting))
        return -EIO;
    return send_frame(connection, api, version, body);
}

/* Receiving */

/* What speaks there, judged by its first bytes. */
static const char *guess_speaker(const struct buf *in)
{
    if (!memcmp(in->data, "\x15\x03", 2))
        return ": its port speaks TLS, so write kafka://";
    return memcmp(in->data, "HTTP", FRAME_PREFIX) != 0 ? "" : ": its port speaks HTTP";
}

static void on_garbage(struct kafka_connection *connection)
{
    const char *speaker = connection->in.size >= FRAME_PREFIX ? guess_speaker(&connection->in) : "";

    error_set(&connection->error, EBADMSG, "%s does not answer as a Kafka broker%s",
              connection->host, speaker);
    tell_lost(connection);
}

static void on_greeted(struct kafka_connection *connection, struct wire *answer)
{
    int16_t code = 0;

    if (kafka_read_versions(answer, &connection->versions, &code) || code) {
        on_garbage(connection);
        return;
    }
    timer_stop(&connection->timer);
    connection->ready = true;
    connection->listener.ready(connection->listener.user);
}

static void on_frame(struct kafka_connection *connection)
{
    struct wire answer =
        wire_of(connection->in.data + FRAME_PREFIX, connection->in.size - FRAME_PREFIX);
    int32_t correlation = wire_int32(&answer);

    if (connection->has_tags)
        wire_skip_tags(&answer);
    if (answer.broken || correlation != connection->correlation) {
        on_garbage(connection);
        return;
    }
    connection->waiting = false;
    if (!connection->ready) {
        on_greeted(connection, &answer);
        return;
    }
    connection->proven = true;
    connection->listener.answered(connection->listener.user, &answer);
}

/* The size of the frame that has begun to come, with its prefix, or how much is needed to tell; 0
 * when it is none. */
static size_t frame_size(const struct kafka_connection *connection)
{
    struct wire prefix = wire_of(connection->in.data, connection->in.size);
    int32_t size;

    if (connection->in.size < FRAME_PREFIX)
        return FRAME_PREFIX;
    size = wire_int32(&prefix);
    return size < FRAME_PREFIX || (size_t)size > FRAME_MAX ? 0 : FRAME_PREFIX + (size_t)size;
}

enum reading { READ_ALL, READ_WAITS, READ_CLOSED, READ_GARBAGE };

/* Reads up to the end of the frame: TLS may hold bytes that no longer make the socket readable. */
static enum reading read_frame(struct kafka_connection *connection)
{
    char bytes[16384];

    if (!connection->waiting)
        empty_buffer(&connection->in);
    for (;;) {
        size_t whole = frame_size(connection);
        size_t count = 0;
        CURLcode result;

        if (!whole || connection->in.size > whole || buf_error(&connection->in))
            return READ_GARBAGE;
        if (connection->in.size == whole && whole > FRAME_PREFIX)
            return READ_ALL;
        result = curl_easy_recv(connection->easy, bytes, sizeof(bytes), &count);
        if (result == CURLE_AGAIN)
            return READ_WAITS;
        if (result || !count)
            return READ_CLOSED;
        if (!connection->waiting)
            return READ_GARBAGE;
        buf_add(&connection->in, bytes, count);
    }
}

static void on_socket(void *user)
{
    struct kafka_connection *connection = user;

    if (connection->sent < connection->out.size && !send_rest(connection)) {
        on_closed(connection);
        return;
    }
    switch (read_frame(connection)) {
    case READ_ALL:
        on_frame(connection);
        break;
    case READ_WAITS:
        break;
    case READ_CLOSED:
        on_closed(connection);
        break;
    case READ_GARBAGE:
        on_garbage(connection);
        break;
    }
}

/* Connecting */

static void on_connected(void *user, int result)
{
    static const struct buf nothing = BUF_INIT(0);
    struct kafka_connection *connection = user;

    if (result) {
        failure_describe(connection->easy, (CURLcode)result, connection->host, connection->detail,
                         &connection->error);
        add_origin(connection);
        tell_lost(connection);
        return;
    }
    curl_easy_getinfo(connection->easy, CURLINFO_ACTIVESOCKET, &connection->socket);
    if (connection->socket == CURL_SOCKET_BAD ||
        loop_watch(connection->network->loop, connection->socket, on_socket, connection) ||
        send_frame(connection, KAFKA_VERSIONS, 0, &nothing)) {
        error_set(&connection->error, ENOMEM, "no memory");
        lose_soon(connection);
    }
}

static void print_host(struct kafka_connection *connection)
{
    bool is_ipv6 = strchr(connection->address.host, ':');

    snprintf(connection->host, sizeof(connection->host), "%s%s%s:%d", is_ipv6 ? "[" : "",
             connection->address.host, is_ipv6 ? "]" : "", connection->address.port);
}

/* 0 or -ENOMEM. */
static int prepare_easy(struct kafka_connection *connection)
{
    char url[320];

    connection->easy = easy_new(&connection->network->easy);
    if (!connection->easy)
        return -ENOMEM;
    snprintf(url, sizeof(url), "%s://%s/", connection->network->easy.plain ? "http" : "https",
             connection->host);
    curl_easy_setopt(connection->easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(connection->easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(connection->easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    curl_easy_setopt(connection->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(connection->easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(connection->easy, CURLOPT_ERRORBUFFER, connection->detail);
    return curl_easy_setopt(connection->easy, CURLOPT_URL, url) ||
                   curl_easy_setopt(connection->easy, CURLOPT_PROXY, "")
               ? -ENOMEM
               : 0;
}

struct kafka_connection *kafka_connect(struct kafka_network *network,
                                       const struct kafka_address *address,
                                       const struct kafka_listener *listener)
{
    struct kafka_connection *connection = calloc(1, sizeof(*connection));

    if (!connection)
        return NULL;
    network->open++;
    connection->network = network;
    connection->address = *address;
    connection->listener = *listener;
    connection->socket = CURL_SOCKET_BAD;
    buf_init(&connection->out, SENT_MAX);
    buf_init(&connection->in, FRAME_PREFIX + FRAME_MAX);
    print_host(connection);
    timer_start(network->loop, &connection->timer, GREET_MS, on_silent, connection);
    if (!prepare_easy(connection) && !transfer_connect(network->loop, &connection->transfer,
                                                       connection->easy, on_connected, connection))
        return connection;
    kafka_disconnect(connection);
    return NULL;
}

void kafka_disconnect(struct kafka_connection *connection)
{
    if (!connection)
        return;
    connection->network->open--;
    timer_stop(&connection->timer);
    if (connection->socket != CURL_SOCKET_BAD)
        loop_unwatch(connection->network->loop, connection->socket);
    transfer_stop(&connection->transfer);
    curl_easy_cleanup(connection->easy);
    buf_release(&connection->out);
    buf_release(&connection->in);
    free(connection);
}

const struct kafka_versions *kafka_connection_versions(const struct kafka_connection *connection)
{
    return &connection->versions;
}
