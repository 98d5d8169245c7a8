#include "api/kafka/connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "api/http/endpoint.h"
#include "api/http/failure.h"
#include "api/kafka/error.h"
#include "base/always.h"
#include "base/base64.h"

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

/* A login that lasts for a time is left so much before its end: a share of it, or some seconds. */
#define EARLY_SHARE  10
#define EARLY_MAX_MS 10000

/* How far it has come. */
enum stage { GREETING, CHOOSING, LOGGING_IN, READY };

struct kafka_connection {
    struct kafka_network *network;
    struct kafka_address address;
    struct kafka_listener listener;
    struct kafka_versions versions;
    CURL *easy;
    struct transfer transfer;
    curl_socket_t socket; /* CURL_SOCKET_BAD while it is not watched */
    struct timer timer;   /* it must be ready by then; or it tells soon that it is lost */
    enum stage stage;
    bool proven; /* it has answered a request since it is ready */

    struct kafka_turn turn; /* to log in */
    struct kafka_sasl sasl;
    struct timer end; /* of the login */
    bool spent;       /* that is near */

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

/* What a long message took is given back. */
static void empty_buffer(struct buf *buf)
{
    if (buf->room > KEPT_MAX)
        buf_release(buf);
    else
        buf_reset(buf);
}

/* The same of one that held a secret. */
static void wipe_buffer(struct buf *buf)
{
    if (buf->room)
        OPENSSL_cleanse(buf->data, buf->room);
    buf_release(buf);
}

static void end_turn(struct kafka_connection *connection)
{
    kafka_login_leave(&connection->turn);
    kafka_sasl_end(&connection->sasl);
    if (connection->stage != READY)
        wipe_buffer(&connection->out);
}

/* Nothing calls it any more but its owner. */
static void stop_all(struct kafka_connection *connection)
{
    timer_stop(&connection->timer);
    timer_stop(&connection->end);
    if (connection->socket != CURL_SOCKET_BAD)
        loop_unwatch(connection->network->loop, connection->socket);
    connection->socket = CURL_SOCKET_BAD;
    end_turn(connection);
}

static void tell_lost(void *user)
{
    struct kafka_connection *connection = user;

    stop_all(connection);
    connection->listener.lost(connection->listener.user, &connection->error);
}

static void lose_soon(struct kafka_connection *connection)
{
    timer_start(connection->network->loop, &connection->timer, 0, tell_lost, connection);
}

static void add_words(struct kafka_connection *connection, const char *words)
{
    size_t length = strlen(connection->error.message);

    snprintf(connection->error.message + length, sizeof(connection->error.message) - length, "%s",
             words);
}

/* What a listener without TLS does with its greeting; and who gave the address when nobody can be
 * found there. */
static void add_hints(struct kafka_connection *connection)
{
    char origin[64];

    if (connection->error.code == ECONNRESET && !connection->network->easy.plain)
        add_words(connection, ": its port may speak no TLS (kafka+plain://)");
    snprintf(origin, sizeof(origin), " (broker %d says that it is there)", connection->address.id);
    if (connection->address.id >= 0)
        add_words(connection, origin);
}

/* What it may mean that a broker closes a connection without a word. */
static const char *guess_reason(const struct kafka_connection *connection)
{
    if (connection->proven)
        return "";
    if (connection->stage == CHOOSING || connection->stage == LOGGING_IN)
        return " during the login";
    return connection->network->easy.plain
               ? ": its port may want TLS (kafka://) or a login"
               : ": its port may want a client certificate (-o cert) or a login";
}

/* With TLS 1.3 a broker refuses a client's certificate after the handshake, by an alert whose name
 * OpenSSL tells. */
static bool is_refused_by_tls(const struct kafka_connection *connection)
{
    const char *alert = strstr(connection->detail, " alert ");

    return !connection->proven && alert &&
           (strstr(alert, "certificate") || strstr(alert, "unknown ca"));
}

static void on_closed(struct kafka_connection *connection)
{
    if (is_refused_by_tls(connection))
        error_set(&connection->error, EPROTO,
                  "%s ended TLS: its port may want a client certificate (-o cert, key), or another "
                  "one: %.150s",
                  connection->host, connection->detail);
    else
        error_set(&connection->error, ECONNRESET, "%s closed the connection%s", connection->host,
                  guess_reason(connection));
    tell_lost(connection);
}

static void on_silent(void *user)
{
    struct kafka_connection *connection = user;

    if (connection->turn.waits)
        error_set(&connection->error, ETIMEDOUT, "another login did not end in time");
    else
        error_set(&connection->error, ETIMEDOUT, "%s did not answer in time", connection->host);
    tell_lost(connection);
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
    if (!ALWAYS(connection->stage == READY && !connection->waiting))
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

/* Logging in */

static void become_ready(struct kafka_connection *connection)
{
    timer_stop(&connection->timer);
    connection->stage = READY;
    connection->listener.ready(connection->listener.user);
}

static void on_no_memory(struct kafka_connection *connection)
{
    error_set(&connection->error, ENOMEM, "no memory");
    lose_soon(connection);
}

/* Sends a body that is told apart from its frame, and wipes it. */
static void send_login(struct kafka_connection *connection, enum kafka_api api, struct buf *body)
{
    if (buf_error(body) || send_frame(connection, api, 1, body))
        on_no_memory(connection);
    wipe_buffer(body);
}

/* Another connection's login was refused. */
static void on_refused(void *user, const struct error *error)
{
    struct kafka_connection *connection = user;

    connection->error = *error;
    lose_soon(connection);
}

/* The error says what the broker did, without its name. */
static void refuse_login(struct kafka_connection *connection, const struct error *error)
{
    connection->error = *error;
    snprintf(connection->error.message, sizeof(connection->error.message), "%.100s %.290s",
             connection->host, error->message);
    if (error->code == EACCES)
        kafka_login_refuse(&connection->turn, &connection->error);
    tell_lost(connection);
}

/* A code of Kafka's, with what it means here, and more words of the broker, which may repeat what
 * it was sent: secrets are looked for in all of them, as a part of one may be left where they are
 * cut. */
static void refuse_by_code(struct kafka_connection *connection, int16_t code, const char *what,
                           struct span words)
{
    char *said = strndup(words.size ? words.data : "", words.size);
    struct error error;

    kafka_error_set(code, "", "", &error);
    if (said)
        kafka_login_scrub(&connection->network->login, said);
    snprintf(error.message, sizeof(error.message), "%s%.200s", what, said ? said : "");
    free(said);
    refuse_login(connection, &error);
}

static void choose_mechanism(void *user)
{
    struct kafka_connection *connection = user;
    const struct kafka_login *login = &connection->network->login;
    struct buf body = BUF_INIT(SENT_MAX);

    if (kafka_choose_version(&connection->versions, KAFKA_SASL_HANDSHAKE, 1, 1) < 0 ||
        kafka_choose_version(&connection->versions, KAFKA_SASL_AUTHENTICATE, 1, 1) < 0) {
        error_set(&connection->error, EOPNOTSUPP, "%s knows no login that is done here",
                  connection->host);
        lose_soon(connection);
        return;
    }
    timer_start(connection->network->loop, &connection->timer, GREET_MS, on_silent, connection);
    connection->stage = CHOOSING;
    kafka_put_sasl_handshake(&body, kafka_mechanism_name(login->secret.mechanism));
    send_login(connection, KAFKA_SASL_HANDSHAKE, &body);
}

static void say_next(struct kafka_connection *connection, struct span said);

static void on_chosen(struct kafka_connection *connection, struct wire *answer)
{
    unsigned char random[24];
    char nonce[BASE64_ROOM(sizeof(random))];
    char mechanisms[100];
    int16_t code;

    if (kafka_read_sasl_handshake(answer, mechanisms, sizeof(mechanisms), &code)) {
        on_garbage(connection);
    } else if (*mechanisms && code) {
        refuse_by_code(connection, code, "takes another login: -o sasl may be ",
                       (struct span){mechanisms, strlen(mechanisms)});
    } else if (code) {
        refuse_by_code(connection, code, "takes no login at this port", (struct span){0});
    } else if (RAND_bytes(random, sizeof(random)) != 1) {
        on_no_memory(connection);
    } else {
        base64_encode(random, sizeof(random), nonce);
        kafka_sasl_begin(&connection->sasl, nonce);
        connection->stage = LOGGING_IN;
        say_next(connection, (struct span){0});
    }
}

static void on_end_of_login(void *user)
{
    struct kafka_connection *connection = user;

    connection->spent = true;
}

static void note_lifetime(struct kafka_connection *connection, int64_t lifetime)
{
    int64_t early = lifetime / EARLY_SHARE;

    if (early > EARLY_MAX_MS)
        early = EARLY_MAX_MS;
    if (lifetime)
        timer_start(connection->network->loop, &connection->end, lifetime - early, on_end_of_login,
                    connection);
}

static void on_logged_in(struct kafka_connection *connection)
{
    kafka_login_succeed(&connection->turn);
    end_turn(connection);
    become_ready(connection);
}

/* Answers what the broker has said, unless all is said. */
static void say_next(struct kafka_connection *connection, struct span said)
{
    struct buf message = BUF_INIT(SENT_MAX);
    struct buf body = BUF_INIT(SENT_MAX);
    struct error error;
    int status = kafka_sasl_next(&connection->sasl, &connection->network->login.secret, said,
                                 &message, &error);

    if (status > 0) {
        kafka_put_sasl_authenticate(&body, &message);
        send_login(connection, KAFKA_SASL_AUTHENTICATE, &body);
    } else if (status < 0) {
        refuse_login(connection, &error);
    }
    wipe_buffer(&message);
    if (!status)
        on_logged_in(connection);
}

static void on_said(struct kafka_connection *connection, struct wire *wire)
{
    struct kafka_authenticated answer;

    if (kafka_read_sasl_authenticate(wire, &answer)) {
        on_garbage(connection);
    } else if (answer.code) {
        refuse_by_code(connection, answer.code, "refuses the login: ", answer.reason);
    } else {
        note_lifetime(connection, answer.lifetime);
        say_next(connection, answer.message);
    }
}

static void on_greeted(struct kafka_connection *connection, struct wire *answer)
{
    struct kafka_login *login = &connection->network->login;
    int16_t code = 0;

    if (kafka_read_versions(answer, &connection->versions, &code) || code) {
        on_garbage(connection);
        return;
    }
    if (!kafka_login_is_wanted(login)) {
        become_ready(connection);
        return;
    }
    connection->turn.go = choose_mechanism;
    connection->turn.refuse = on_refused;
    connection->turn.user = connection;
    kafka_login_enter(login, &connection->turn);
}

static void on_frame(struct kafka_connection *connection)
{
    struct wire answer =
        wire_of(connection->in.data + FRAME_PREFIX, connection->in.size - FRAME_PREFIX);
    int32_t correlation = wire_int32(&answer);

    if (connection->has_tags)
        wire_skip_tags(&answer);
    if (answer.broken || correlation != connection->correlation ||
        connection->sent < connection->out.size) {
        on_garbage(connection);
        return;
    }
    connection->waiting = false;
    switch (connection->stage) {
    case GREETING:
        on_greeted(connection, &answer);
        break;
    case CHOOSING:
        on_chosen(connection, &answer);
        break;
    case LOGGING_IN:
        on_said(connection, &answer);
        break;
    case READY:
        connection->proven = true;
        connection->listener.answered(connection->listener.user, &answer);
        break;
    }
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

enum reading { READ_ALL, READ_WAITS, READ_CLOSED, READ_GARBAGE, READ_NO_MEMORY };

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

        if (buf_error(&connection->in) == -ENOMEM)
            return READ_NO_MEMORY;
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
    case READ_NO_MEMORY:
        on_no_memory(connection);
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
        add_hints(connection);
        tell_lost(connection);
        return;
    }
    curl_easy_getinfo(connection->easy, CURLINFO_ACTIVESOCKET, &connection->socket);
    if (connection->socket == CURL_SOCKET_BAD ||
        loop_watch(connection->network->loop, connection->socket, on_socket, connection) ||
        send_frame(connection, KAFKA_VERSIONS, 0, &nothing))
        on_no_memory(connection);
}

static void print_host(struct kafka_connection *connection)
{
    bool is_ipv6 = strchr(connection->address.host, ':');

    snprintf(connection->host, sizeof(connection->host), "%s%s%s:%d", is_ipv6 ? "[" : "",
             connection->address.host, is_ipv6 ? "]" : "", connection->address.port);
}

/* ALL_PROXY alone is for what is no HTTP. This machine, in the clear, is not reached by a proxy. */
static const char *find_proxy(const struct kafka_connection *connection, const char *url)
{
    struct endpoint endpoint = {0};
    struct error unused;
    const char *proxy = getenv("all_proxy");

    if (connection->network->easy.plain && !endpoint_parse(url, &endpoint, &unused) &&
        endpoint.loopback)
        return "";
    if (!proxy || !*proxy)
        proxy = getenv("ALL_PROXY");
    return proxy ? proxy : "";
}

/* 0 or -ENOMEM. A session of TLS is not resumed: certificates that are read anew must count. */
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
    curl_easy_setopt(connection->easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
    curl_easy_setopt(connection->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(connection->easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    curl_easy_setopt(connection->easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    curl_easy_setopt(connection->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(connection->easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(connection->easy, CURLOPT_ERRORBUFFER, connection->detail);
    return curl_easy_setopt(connection->easy, CURLOPT_URL, url) ||
                   curl_easy_setopt(connection->easy, CURLOPT_PROXY, find_proxy(connection, url))
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
    if (kafka_login_check(&network->login, &connection->error)) {
        lose_soon(connection);
        return connection;
    }
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
    stop_all(connection);
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

bool kafka_connection_is_spent(const struct kafka_connection *connection)
{
    return connection->spent;
}
