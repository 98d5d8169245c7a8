/*
 * What the HTTP client says of a server that breaks off, or talks something else than was asked
 * for. The server is a thread that does the same to all connections.
 */
#include "test.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/resource.h>
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
    bool by_proxy; /* which is the server */
    bool starves;  /* no descriptor is left when it connects */
    int taken[64];
    unsigned taken_count;
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

static void take_descriptors(void)
{
    while (client.taken_count < COUNT(client.taken)) {
        int fd = open("/", O_PATH);

        if (fd < 0)
            return;
        client.taken[client.taken_count++] = fd;
    }
    fail_msg("more descriptors than expected");
}

static void give_descriptors_back(void)
{
    while (client.taken_count)
        close(client.taken[--client.taken_count]);
}

static int prepare(void *user, struct http_headers *headers, struct error *error)
{
    (void)user;
    (void)headers;
    (void)error;
    client.tries++;
    if (client.starves && !client.taken_count)
        take_descriptors();
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

    assert_non_null(client.loop);
    start_server(conduct);
    snprintf(url, sizeof(url), "http://user:secret@127.0.0.1:%d", server.port);
    if (client.by_proxy) {
        here.loopback = false;
        setenv("http_proxy", url, 1);
        setenv("https_proxy", url, 1);
    }
    snprintf(url, sizeof(url), "%s://127.0.0.1:%d/", scheme, server.port);
    snprintf(here.scheme, sizeof(here.scheme), "%s", scheme);
    order.url = url;
    client.tries = 0;
    assert_int_equal(http_new(&options, &http, &client.error), 0);
    assert_non_null(http_start(http, &order));
    loop_run(client.loop);
    give_descriptors_back();
    http_free(http);
    loop_free(client.loop);
    stop_server();
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    assert_null(strstr(client.error.message, "secret"));
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
    unsetenv("no_proxy");
    unsetenv("NO_PROXY");
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

#define OK   "HTTP/1.1 200 OK\r\n"
#define LONG ((size_t)1 << 20)

/* An answer with one long line: what is before and after it. */
static void make_long_answer(struct conduct *conduct, char *text, const char *before)
{
    memset(text, 'a', LONG);
    memcpy(text, before, strlen(before));
    memcpy(text + LONG - 4, "\r\n\r\n", 4);
    *conduct = (struct conduct){.listens = true, .says = text, .size = LONG};
}

TEST(a_header_that_is_too_long_is_no_lack_of_memory)
{
    static const char *const beginnings[] = {OK "X-Long: ", OK, "HTTP/1.1 200 "};
    char *text = malloc(LONG);
    struct conduct conduct;

    assert_non_null(text);
    for (size_t i = 0; i < COUNT(beginnings); i++) {
        make_long_answer(&conduct, text, beginnings[i]);
        if (ask("http", &conduct, 20000) != EBADMSG)
            fail_msg("%zu: %s", i, client.error.message);
        assert_int_equal(client.tries, 1);
    }
    free(text);
}

TEST(too_many_headers_are_EBADMSG)
{
    static const char one[] = "X-Many: 45678901234567890123456789012\r\n";
    char *text = malloc(LONG);
    struct conduct conduct = {.listens = true, .says = text, .size = LONG};
    size_t used = strlen(OK);

    assert_non_null(text);
    memcpy(text, OK, used);
    for (; used + sizeof(one) <= LONG; used += strlen(one))
        memcpy(text + used, one, strlen(one));
    memset(text + used, '\n', LONG - used);
    assert_int_equal(ask("http", &conduct, 20000), EBADMSG);
    assert_int_equal(client.tries, 1);
    free(text);
}

#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"

TEST(bad_chunks_are_told_at_once)
{
    static const struct conduct conducts[] = {
        {.listens = true, SAYS(CHUNKED "zz\r\nab\r\n")},
        {.listens = true, SAYS(CHUNKED "fffffffffffffffffffff\r\nab\r\n")},
        {.listens = true, SAYS(CHUNKED "2\r\nabcd\r\n0\r\n\r\n")},
    };

    for (size_t i = 0; i < COUNT(conducts); i++) {
        if (ask("http", &conducts[i], 20000) != EBADMSG)
            fail_msg("%zu: %s", i, client.error.message);
        assert_int_equal(client.tries, 1);
    }
}

TEST(a_body_that_breaks_off_is_tried_again)
{
    static const struct conduct conducts[] = {
        {.listens = true, SAYS(CHUNKED "5\r\nab")},
        {.listens = true, .resets = true, SAYS(OK "Content-Length: 5\r\n\r\nab")},
    };

    for (size_t i = 0; i < COUNT(conducts); i++) {
        if (ask("http", &conducts[i], 600) != ECONNRESET)
            fail_msg("%zu: %s", i, client.error.message);
        assert_true(client.tries > 1);
    }
}

#define ASKS \
    "HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"

TEST(a_proxy_that_wants_credentials_says_so)
{
    static const struct conduct conduct = {.listens = true, SAYS(ASKS)};
    static const char *const schemes[] = {"http", "https"};

    for (size_t i = 0; i < COUNT(schemes); i++) {
        client.by_proxy = true;
        assert_int_equal(ask(schemes[i], &conduct, 20000), EACCES);
        client.by_proxy = false;
        assert_int_equal(client.tries, 1);
        assert_non_null(strstr(client.error.message, "proxy"));
        assert_non_null(strstr(client.error.message, "password"));
    }
}

TEST(a_proxy_that_does_not_connect_is_no_lost_connection)
{
    static const struct conduct conduct = {.listens = true,
                                           SAYS("HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n")};

    client.by_proxy = true;
    assert_int_equal(ask("https", &conduct, 20000), ECONNREFUSED);
    client.by_proxy = false;
    assert_non_null(strstr(client.error.message, "502"));
}

TEST(a_lack_of_descriptors_is_no_refusal)
{
    static const struct conduct conduct = {.listens = true};
    static const char *const schemes[] = {"http", "https"};
    struct rlimit limit;
    struct rlimit small;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    small = limit;
    small.rlim_cur = COUNT(client.taken);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &small), 0);
    client.starves = true;
    for (size_t i = 0; i < COUNT(schemes); i++) {
        if (ask(schemes[i], &conduct, 600) != EMFILE)
            fail_msg("%s: %s", schemes[i], client.error.message);
        assert_true(client.tries > 1);
    }
    client.starves = false;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_lost_in_the_handshake_is_lost_and_tried_again),
        cmocka_unit_test(no_tls_is_told_at_once),
        cmocka_unit_test(a_header_that_is_too_long_is_no_lack_of_memory),
        cmocka_unit_test(too_many_headers_are_EBADMSG),
        cmocka_unit_test(bad_chunks_are_told_at_once),
        cmocka_unit_test(a_body_that_breaks_off_is_tried_again),
        cmocka_unit_test(a_proxy_that_wants_credentials_says_so),
        cmocka_unit_test(a_proxy_that_does_not_connect_is_no_lost_connection),
        cmocka_unit_test(a_lack_of_descriptors_is_no_refusal),
    };

    return cmocka_run_group_tests(tests, no_proxy, NULL);
}
