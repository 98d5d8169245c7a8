/*
 * What the HTTP client says of a server that breaks off, or talks something else than was asked
 * for. The server is a thread that does the same to all connections.
 */
#include "test.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include "api/http/http.h"
#include "base/when.h"

/* What the server does to a connection; a text with its size, as it may hold NULs. */
struct conduct {
    bool listens; /* to what the client says first */
    const char *says;
    size_t size;
    bool resets; /* rather than closes */
};

#define SAYS(text) .says = (text), .size = sizeof(text) - 1

static struct {
    pthread_t thread;
    int listener;
    int port;
    const struct conduct *conduct;
} server;

static struct {
    struct loop *loop;
    struct error error;
    unsigned tries;
} client;

/* The server */

/* Without this the end of a connection that has unread data is a reset. */
static void drain(int fd)
{
    char data[4096];

    shutdown(fd, SHUT_WR);
    while (recv(fd, data, sizeof(data), 0) > 0) {
    }
}

static void treat(int fd, const struct conduct *conduct)
{
    static const struct linger now = {.l_onoff = 1};
    char data[4096];

    if (conduct->listens && recv(fd, data, sizeof(data), 0) <= 0)
        return;
    send(fd, conduct->says, conduct->size, MSG_NOSIGNAL);
    if (conduct->resets)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    else
        drain(fd);
}

static void *serve(void *unused)
{
    int fd;

    while ((fd = accept(server.listener, NULL, NULL)) >= 0) {
        treat(fd, server.conduct);
        close(fd);
    }
    return unused;
}

static void start_server(const struct conduct *conduct)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);

    server.conduct = conduct;
    server.listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(server.listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server.listener, 16), 0);
    assert_int_equal(getsockname(server.listener, (struct sockaddr *)&address, &size), 0);
    server.port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server.thread, NULL, serve, NULL), 0);
}

static void stop_server(void)
{
    shutdown(server.listener, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.listener);
}

/* The client */

static int prepare(void *user, struct http_headers *headers, struct error *error)
{
    (void)user;
    (void)headers;
    (void)error;
    client.tries++;
    return 0;
}

static enum http_verdict judge(void *user, const struct http_answer *got, struct error *error)
{
    (void)user;
    if (got->status == 200)
        return HTTP_DONE;
    error_set(error, http_status_errno(got->status), "status %d", got->status);
    return HTTP_FAILED;
}

static void on_done(void *user, const struct error *error, const struct http_answer *got)
{
    (void)user;
    (void)got;
    client.error = error ? *error : (struct error){0};
    loop_stop(client.loop);
}

/* The errno of one request, or 0; client.error and client.tries tell more. */
static int ask(const char *scheme, const struct conduct *conduct, int64_t timeout)
{
    struct endpoint here = {.name = "127.0.0.1", .host = "127.0.0.1", .loopback = true};
    struct http_options options = {.endpoint = &here, .loop = client.loop = loop_new()};
    struct http_order order = {.method = "GET",
                               .idempotent = true,
                               .deadline = when_monotonic() + timeout,
                               .prepare = prepare,
                               .judge = judge,
                               .done = on_done};
    struct http *http = NULL;
    char url[64];

    start_server(conduct);
    snprintf(url, sizeof(url), "%s://127.0.0.1:%d/", scheme, server.port);
    snprintf(here.scheme, sizeof(here.scheme), "%s", scheme);
    order.url = url;
    client.tries = 0;
    assert_int_equal(http_new(&options, &http, &client.error), 0);
    assert_non_null(http_start(http, &order));
    loop_run(client.loop);
    http_free(http);
    loop_free(client.loop);
    stop_server();
    return client.error.code;
}

static int no_proxy(void **state)
{
    (void)state;
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("HTTPS_PROXY");
    unsetenv("all_proxy");
    unsetenv("ALL_PROXY");
    return 0;
}

/* The first bytes of a record that says that it goes on. */
#define HALF_A_RECORD "\x16\x03\x03\x00\x7a\x02\x00"
#define ALERT         "\x15\x03\x03\x00\x02"

TEST(a_connection_lost_in_the_handshake_is_lost_and_tried_again)
{
    static const struct conduct conducts[] = {
        {.resets = true},
        {.listens = true, .resets = true},
        {.listens = true, .resets = true, SAYS(HALF_A_RECORD)},
        {.listens = false},
        {.listens = true},
        {.listens = true, SAYS(HALF_A_RECORD)},
        {.listens = true, SAYS(ALERT "\x01\x00")},
    };

    for (size_t i = 0; i < COUNT(conducts); i++) {
        if (ask("https", &conducts[i], 600) != ECONNRESET)
            fail_msg("%zu: %s", i, client.error.message);
        if (client.tries < 2)
            fail_msg("%zu: %s", i, client.error.message);
    }
}

TEST(no_tls_is_told_at_once)
{
    static const struct conduct conducts[] = {
        {.listens = true, SAYS("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")},
        {SAYS("SSH-2.0-OpenSSH_9.2\r\n")},
        {.listens = true, SAYS("\x01\x02\x03\x04\x05\x06\x07\x08")},
        {.listens = true, SAYS("\x16\x03\x03\xff\xff and so on")},
        {.listens = true, SAYS(ALERT "\x02\x28")}, /* handshake_failure */
        {.listens = true, SAYS(ALERT "\x02\x46")}, /* protocol_version */
    };

    for (size_t i = 0; i < COUNT(conducts); i++) {
        if (ask("https", &conducts[i], 20000) != EPROTO)
            fail_msg("%zu: %s", i, client.error.message);
        assert_int_equal(client.tries, 1);
        assert_non_null(strstr(client.error.message, "no TLS"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_lost_in_the_handshake_is_lost_and_tried_again),
        cmocka_unit_test(no_tls_is_told_at_once),
    };

    return cmocka_run_group_tests(tests, no_proxy, NULL);
}
