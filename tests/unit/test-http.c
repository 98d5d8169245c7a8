/*
 * The HTTP client against a server in a thread, which gives the answers of a script one after the
 * other and closes each connection.
 */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/http/http.h"
#include "base/when.h"

#define OK    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define FAIL  "HTTP/1.1 500 Bad\r\nContent-Length: 0\r\n\r\n"
#define LARGE "HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n"

static struct {
    pthread_t thread;
    int listener;
    uint16_t port; /* to serve on; 0: any */
    uint16_t last_port;
    char url[64];
    const char *const *script;    /* ends with NULL, which is an answer that never comes */
    char line[128];               /* the first of the last request */
    void *(*serve)(void *unused); /* another way to serve, or NULL */
    atomic_uint requests;
    atomic_bool ended;
    atomic_int last_try;  /* what the last request said of itself */
    atomic_uint hangs_at; /* this answer, the first being 1, breaks off, and the connection stays;
                             0: none */
} server;

static struct {
    struct loop *loop;
    struct http *http;
    unsigned ended;
    struct error error;
    int status;
    int tries;
    const char *method; /* NULL: GET */
    bool is_bulk;
    enum errand errand;
    void (*done)(void *user, const struct error *error, const struct http_answer *answer);
    unsigned wanted; /* how many are to end; 0: one */
    unsigned failed;
    bool repeated;
    struct retries retries;
} client;

static atomic_uint full_sends; /* how often a connection does not take the next bytes */

static bool is_connection(int fd)
{
    int domain = 0;

    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &(socklen_t){sizeof(domain)});
    return domain == AF_INET;
}

/* In place of the C library's, for libcurl too, whose threads send to one another. */
__attribute__((visibility("default"))) ssize_t send(int fd, const void *buf, size_t n, int flags)
{
    if (atomic_load(&full_sends) && is_connection(fd)) {
        atomic_fetch_sub(&full_sends, 1);
        errno = EAGAIN;
        return -1;
    }
    return sendto(fd, buf, n, flags, NULL, 0);
}

/* The server */

static void fill(int fd)
{
    static char data[65536];

    memset(data, ' ', sizeof(data));
    while (send(fd, data, sizeof(data), MSG_NOSIGNAL) > 0) {
    }
}

static void hang(int fd)
{
    while (!atomic_load(&server.ended) && recv(fd, &(char){0}, 1, 0) > 0) {
    }
}

static void answer(int fd, const char *text)
{
    char request[2048];
    ssize_t got = recv(fd, request, sizeof(request) - 1, 0);
    const char *header;

    request[got > 0 ? got : 0] = '\0';
    header = strstr(request, "X-Try: ");
    snprintf(server.line, sizeof(server.line), "%.*s", (int)strcspn(request, "\r"), request);
    atomic_store(&server.last_try, header ? (int)strtol(header + 7, NULL, 10) : 0);
    atomic_fetch_add(&server.requests, 1);
    if (!text) {
        hang(fd);
        return;
    }
    send(fd, text, strlen(text), MSG_NOSIGNAL);
    if (!strcmp(text, LARGE))
        fill(fd);
    if (atomic_load(&server.hangs_at) == atomic_load(&server.requests))
        hang(fd);
}

static void *serve(void *unused)
{
    int fd;

    while ((fd = accept(server.listener, NULL, NULL)) >= 0) {
        const char *text = *server.script;

        server.script += text != NULL;
        answer(fd, text);
        close(fd);
    }
    return unused;
}

static void start_server(const char *const *script)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(server.port), .sin_addr = {htonl(INADDR_ANY)}};
    socklen_t size = sizeof(address);

    server.listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(server.listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    assert_int_equal(bind(server.listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server.listener, 16), 0);
    assert_int_equal(getsockname(server.listener, (struct sockaddr *)&address, &size), 0);
    snprintf(server.url, sizeof(server.url), "http://127.0.0.1:%d/a?b=secret",
             ntohs(address.sin_port));
    server.port = 0;
    server.last_port = ntohs(address.sin_port);
    server.script = script;
    atomic_store(&server.requests, 0);
    atomic_store(&server.hangs_at, 0);
    atomic_store(&server.ended, false);
    assert_int_equal(
        pthread_create(&server.thread, NULL, server.serve ? server.serve : serve, NULL), 0);
}

static void stop_server(void)
{
    atomic_store(&server.ended, true);
    shutdown(server.listener, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.listener);
}

/* The client */

static int make_client_of(bool is_here)
{
    const struct endpoint here = {
        .scheme = "http", .name = "127.0.0.1", .host = "127.0.0.1", .loopback = is_here};
    struct http_options options = {.endpoint = &here, .retries = &client.retries};
    struct error error;

    memset(&client, 0, sizeof(client));
    client.loop = loop_new();
    if (!client.loop)
        return -ENOMEM;
    options.loop = client.loop;
    return http_new(&options, &client.http, &error);
}

static int make_client(void **state)
{
    (void)state;
    unsetenv("http_proxy");
    return make_client_of(true);
}

static int free_client(void **state)
{
    (void)state;
    http_free(client.http);
    loop_free(client.loop);
    return 0;
}

static int prepare(void *user, struct http_headers *headers, struct error *error)
{
    char text[16];

    (void)user;
    (void)error;
    snprintf(text, sizeof(text), "%d", ++client.tries);
    assert_int_equal(http_add_header(headers, "X-Bad", "a\r\nb"), -EINVAL);
    return http_add_header(headers, "X-Try", text);
}

static enum http_verdict judge(void *user, const struct http_answer *got, struct error *error)
{
    (void)user;
    if (got->status == 200)
        return HTTP_DONE;
    error_set(error, http_status_errno(got->status), "status %d", got->status);
    return got->status == 401 ? HTTP_REFUSED : got->status == 429 ? HTTP_THROTTLED : HTTP_BROKEN;
}

static void on_done(void *user, const struct error *error, const struct http_answer *got)
{
    (void)user;
    client.ended++;
    client.error = error ? *error : (struct error){0};
    client.status = got ? got->status : 0;
    client.repeated = got && got->repeated;
    client.failed += error != NULL;
    if (client.ended == (client.wanted ? client.wanted : 1))
        loop_stop(client.loop);
}

static struct http_request *start(bool idempotent, int64_t timeout)
{
    struct http_order order = {.method = client.method ? client.method : "GET",
                               .url = server.url,
                               .idempotent = idempotent,
                               .is_bulk = client.is_bulk,
                               .errand = client.errand,
                               .deadline = when_monotonic() + timeout,
                               .prepare = prepare,
                               .judge = judge,
                               .done = client.done ? client.done : on_done};
    struct http_request *request = http_start(client.http, &order);

    assert_non_null(request);
    assert_int_equal(client.ended, 0);
    return request;
}

/* One request from beginning to end: its errno or 0. */
static int run(bool idempotent, int64_t timeout)
{
    client.ended = 0;
    client.tries = 0;
    start(idempotent, timeout);
    loop_run(client.loop);
    assert_int_equal(client.ended, 1);
    assert_null(strstr(client.error.message, "secret"));
    return client.error.code;
}

static void on_time(void *user)
{
    http_cancel(user);
    loop_stop(client.loop);
}

static void on_late(void *user)
{
    assert_false(client.ended);
    http_abandon(user);
    loop_stop(client.loop);
}

static void test_tries_again(void **state)
{
    static const char *const script[] = {FAIL, FAIL, OK, FAIL, OK, NULL};

    (void)state;
    start_server(script);
    assert_int_equal(run(true, 10000), 0);
    assert_int_equal(client.tries, 3);
    assert_int_equal(atomic_load(&server.last_try), 3);
    assert_int_equal(run(false, 10000), EIO);
    assert_int_equal(client.tries, 1);
    assert_int_equal(client.status, 500);
    assert_int_equal(run(false, 10000), 0);
    assert_int_equal(atomic_load(&server.requests), 5);
    stop_server();
}

/* The connection takes no byte at once, and is lost when it has taken all. */
static void test_what_is_sent_late_is_sent(void **state)
{
    static const char *const script[] = {"", OK, NULL};

    (void)state;
    start_server(script);
    client.method = "POST";
    atomic_store(&full_sends, 1);
    assert_true(run(false, 10000) != 0);
    assert_int_equal(atomic_load(&full_sends), 0);
    assert_true(client.error.is_unknown);
    assert_int_equal(client.tries, 1);
    assert_int_equal(atomic_load(&server.requests), 1);
    stop_server();
}

static void test_retry_after_is_kept_or_final(void **state)
{
    static const char *const script[] = {
        "HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n", OK,
        "HTTP/1.1 429 Slow\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n", NULL};
    int64_t begin = when_monotonic();

    (void)state;
    start_server(script);
    assert_int_equal(run(true, 5000), 0);
    assert_true(when_monotonic() - begin >= 1000);
    begin = when_monotonic();
    assert_int_equal(run(true, 5000), EBUSY);
    assert_true(when_monotonic() - begin < 1000);
    stop_server();
}

static void test_deadline(void **state)
{
    static const char *const script[] = {NULL};
    int64_t begin = when_monotonic();

    (void)state;
    start_server(script);
    assert_int_equal(run(true, 300), ETIMEDOUT);
    assert_in_range(when_monotonic() - begin, 290, 2000);
    stop_server();
}

static void test_a_try_with_no_time_left_hides_no_error(void **state)
{
    static const char *const script[] = {FAIL, NULL};

    (void)state;
    start_server(script);
    assert_int_equal(run(true, 300), EIO);
    assert_int_equal(client.tries, 2);
    stop_server();
}

static void test_too_large(void **state)
{
    static const char *const script[] = {LARGE, NULL};

    (void)state;
    start_server(script);
    assert_int_equal(run(true, 10000), EBADMSG);
    assert_int_equal(client.tries, 1);
    stop_server();
}

static void test_too_much_of_what_was_asked_for(void **state)
{
    static const char *const script[] = {LARGE, NULL};

    (void)state;
    client.is_bulk = true;
    start_server(script);
    assert_int_equal(run(true, 10000), EFBIG);
    assert_int_equal(client.tries, 1);
    stop_server();
    client.is_bulk = false;
}

static void serve_again(void *user)
{
    server.port = server.last_port;
    start_server(user);
}

static void test_a_restart_is_not_seen(void **state)
{
    static const char *const script[] = {OK, NULL};
    struct timer timer = {0};

    (void)state;
    for (int idempotent = 0; idempotent < 2; idempotent++) {
        start_server(script);
        assert_int_equal(run(true, 10000), 0);
        stop_server();
        client.method = "POST";
        timer_start(client.loop, &timer, 300, serve_again, (void *)(uintptr_t)script);
        assert_int_equal(run(idempotent, 10000), 0);
        assert_true(client.tries > 1);
        assert_int_equal(atomic_load(&server.requests), 1);
        client.method = NULL;
        stop_server();
    }
}

static void test_what_cannot_be_reached_fails_at_once(void **state)
{
    static const char *const script[] = {OK, NULL};

    (void)state;
    start_server(script);
    assert_int_equal(run(true, 10000), 0);
    stop_server();
    assert_int_equal(run(true, 10000), ECONNREFUSED);
    assert_int_equal(client.tries, 6);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(run(true, 10000), ECONNREFUSED);
        assert_int_equal(client.tries, 0);
    }
    usleep(1050000);
    assert_int_equal(run(true, 10000), ECONNREFUSED);
    assert_int_equal(client.tries, 1);
}

static void test_silence_is_waited_for_once(void **state)
{
    static const char *const script[] = {OK, NULL};
    int64_t begin;

    (void)state;
    start_server(script);
    assert_int_equal(run(true, 3100), 0);
    begin = when_monotonic();
    assert_int_equal(run(true, 3100), ETIMEDOUT);
    /* The probe has less time than it asks for, and what comes then is not sent. */
    assert_int_equal(run(true, 20000), ETIMEDOUT);
    assert_int_equal(client.tries, 1);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(run(true, 20000), ETIMEDOUT);
        assert_int_equal(client.tries, 0);
    }
    assert_true(when_monotonic() - begin < 10000);
    stop_server();
}

static void test_who_waits_for_a_silent_probe_is_told(void **state)
{
    static const char *const script[] = {OK, NULL};
    struct http_request *probe;

    (void)state;
    start_server(script);
    assert_int_equal(run(true, 3100), 0);
    assert_int_equal(run(true, 3100), ETIMEDOUT);
    client.ended = 0;
    client.tries = 0;
    client.method = "POST"; /* which is waited for to the end */
    probe = start(true, 20000);
    start(true, 20000);
    loop_run(client.loop);
    assert_int_equal(client.tries, 1);
    assert_int_equal(client.error.code, ETIMEDOUT);
    assert_false(client.error.is_unknown);
    http_cancel(probe);
    stop_server();
}

/* Of several errands: two that are under way and silent, one that waits for each, and one more. */
static struct {
    struct http_request *requests[5];
    unsigned count;
    struct timer timer;
} silent;

static void start_silent(enum errand errand)
{
    client.errand = errand;
    silent.requests[silent.count++] = start(true, 20000);
}

static void start_second_pair(void *unused)
{
    (void)unused;
    start_silent(ERRAND_LOCATE);
    start_silent(ERRAND_LOCATE);
}

static void stop_loop(void *unused)
{
    (void)unused;
    loop_stop(client.loop);
}

static void start_another(void *unused, const struct error *error, const struct http_answer *got)
{
    (void)unused;
    (void)got;
    assert_int_equal(error->code, ETIMEDOUT);
    start_silent(ERRAND_COMMIT);
    timer_start(client.loop, &silent.timer, 1, stop_loop, NULL);
}

static void test_what_is_asked_when_another_is_refused_goes_at_once(void **state)
{
    static const char *const script[] = {OK, NULL};

    (void)state;
    start_server(script);
    assert_int_equal(run(true, 3100), 0);
    assert_int_equal(run(true, 3100), ETIMEDOUT);
    client.ended = 0;
    client.tries = 0;
    client.method = "POST"; /* which is waited for to the end */
    start_silent(ERRAND_OTHER);
    client.done = start_another;
    start(true, 20000);
    client.done = NULL;
    timer_start(client.loop, &silent.timer, 500, start_second_pair, NULL);
    loop_run(client.loop);
    assert_int_equal(client.tries, 3);
    assert_int_equal(client.ended, 0);
    while (silent.count)
        http_cancel(silent.requests[--silent.count]);
    stop_server();
}

/* The body of an answer is silent, but not the service. */
static void test_a_slow_answer_is_no_silence(void **state)
{
    static const char *const script[] = {OK, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n", OK,
                                         NULL};

    (void)state;
    start_server(script);
    assert_int_equal(run(true, 10000), 0);
    atomic_store(&server.hangs_at, 2);
    assert_int_equal(run(true, 1000), ETIMEDOUT);
    assert_int_equal(run(true, 10000), 0);
    stop_server();
}

#define BUSY "HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n"
#define FULL "HTTP/1.1 503 Full\r\nContent-Length: 0\r\n\r\n"

static void test_throttling_for_good(void **state)
{
    static const char *const script[] = {OK,   BUSY, FULL, BUSY, FULL, BUSY,
                                         FULL, BUSY, FULL, BUSY, NULL};

    (void)state;
    start_server(script);
    assert_int_equal(run(true, 10000), 0);
    assert_true(run(true, 7000) != 0);
    assert_true(client.tries > 1);
    assert_true(client.status == 503 || client.status == 429);
    for (int i = 0; i < 100; i++) {
        int code = run(true, 20000);

        assert_true(code == EBUSY || code == EIO);
        assert_int_equal(client.tries, 0);
    }
    stop_server();
}

/* One that comes late has little time left after the pause, and no answer in it. */
static void test_who_was_kept_waiting_is_told_why(void **state)
{
    static const char *const script[] = {
        "HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n", NULL};

    (void)state;
    start_server(script);
    assert_int_equal(run(true, 500), EBUSY);
    assert_int_equal(run(true, 1050), EBUSY);
    stop_server();
}

/* Each of ten is throttled once, in one wave: they do not take ten pauses. */
static void test_all_slow_down_together(void **state)
{
    static const char *const script[] = {BUSY, OK, BUSY, OK, OK, OK, OK, OK, OK, OK, OK, OK, NULL};
    int64_t begin;

    (void)state;
    start_server(script);
    client.wanted = 10;
    for (int i = 0; i < 10; i++)
        start(true, 20000);
    begin = when_monotonic();
    loop_run(client.loop);
    assert_int_equal(client.ended, 10);
    assert_int_equal(client.failed, 0);
    assert_int_equal(atomic_load(&server.requests), 12);
    assert_true(when_monotonic() - begin >= 50);
    stop_server();
}

static void test_an_interrupted_request_says_nothing(void **state)
{
    static const char *const script[] = {OK, NULL};
    struct timer timer = {0};

    (void)state;
    start_server(script);
    assert_int_equal(run(true, 10000), 0);
    client.ended = 0;
    timer_start(client.loop, &timer, 3100, on_time, start(true, 10000));
    loop_run(client.loop);
    client.tries = 0;
    timer_start(client.loop, &timer, 2500, on_time, start(true, 10000));
    loop_run(client.loop);
    /* The second was no probe, which would have been given up. */
    assert_int_equal(client.ended, 0);
    assert_int_equal(client.tries, 1);
    stop_server();
}

static void test_an_abandoned_request_tells_of_silence(void **state)
{
    static const char *const script[] = {OK, NULL};
    struct timer timer = {0};

    (void)state;
    start_server(script);
    assert_int_equal(run(true, 10000), 0);
    client.ended = 0;
    timer_start(client.loop, &timer, 3100, on_late, start(true, 30000));
    loop_run(client.loop);
    assert_int_equal(client.ended, 0);
    assert_int_equal(run(true, 30000), ETIMEDOUT);
    assert_int_equal(client.tries, 1);
    assert_int_equal(run(true, 30000), ETIMEDOUT);
    assert_int_equal(client.tries, 0);
    stop_server();
}

static void test_lock_out(void **state)
{
    static const char *const script[] = {"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", OK, NULL};
    struct error error;

    (void)state;
    start_server(script);
    assert_int_equal(run(true, 10000), EACCES);
    error_set(&error, EACCES, "locked");
    http_lock_out(client.http, 60000, &error);
    assert_int_equal(run(true, 10000), EACCES);
    assert_string_equal(client.error.message, "locked");
    assert_int_equal(client.tries, 0);
    http_reload(client.http);
    assert_int_equal(run(true, 10000), 0);
    stop_server();
}

static void test_clock(void **state)
{
    static const char *const script[] = {
        "HTTP/1.1 200 OK\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n",
        NULL};
    int64_t then;

    (void)state;
    assert_int_equal(when_parse("2000-01-01T00:00:00Z", 0, &then), 0);
    start_server(script);
    assert_true(http_now(client.http) - then > 86400 * INT64_C(1000000000));
    assert_int_equal(run(true, 10000), 0);
    assert_true(http_now(client.http) - then < 60 * INT64_C(1000000000));
    stop_server();
}

static void test_cancel(void **state)
{
    static const char *const script[] = {NULL};
    struct timer timer = {0};

    (void)state;
    start_server(script);
    /* One is under way, and as nothing was answered yet the other waits for it. */
    timer_start(client.loop, &timer, 100, on_time, start(true, 10000));
    http_cancel(start(true, 10000));
    loop_run(client.loop);
    assert_int_equal(client.ended, 0);
    assert_int_equal(client.tries, 1);
    stop_server();
}

/* It closes no connection before the client does. */
static struct {
    int fds[64];
    unsigned count;
} open_ends;

static void *serve_open(void *unused)
{
    int fd;

    while ((fd = accept(server.listener, NULL, NULL)) >= 0) {
        open_ends.fds[open_ends.count++] = fd;
        answer(fd, OK);
    }
    return unused;
}

/* One request to each of so many addresses: how many connections the client has then. */
static unsigned count_kept(bool idempotent, unsigned requests)
{
    static const char *const none[] = {NULL};
    unsigned kept = 0;

    server.serve = serve_open;
    start_server(none);
    server.serve = NULL;
    for (unsigned i = 1; i <= requests; i++) {
        snprintf(server.url, sizeof(server.url), "http://127.0.0.%u:%d/a", i, server.last_port);
        assert_int_equal(run(idempotent, 10000), 0);
    }
    stop_server();
    assert_int_equal(open_ends.count, requests);
    while (open_ends.count) {
        int fd = open_ends.fds[--open_ends.count];

        kept += recv(fd, &(char){0}, 1, MSG_DONTWAIT) < 0;
        close(fd);
    }
    return kept;
}

static void test_keeps_no_connection_that_is_used_once(void **state)
{
    (void)state;
    assert_int_equal(count_kept(false, 50), 0);
}

static void test_keeps_half_as_many_connections_as_there_are_descriptors(void **state)
{
    struct rlimit limit;
    struct rlimit small;

    free_client(state);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    small = limit;
    small.rlim_cur = 64;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &small), 0);
    assert_int_equal(make_client(state), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_in_range(count_kept(true, 50), 1, 32);
}

/* By one connection it answers once, and loses it with the next request; by the next it answers.
 * That each request came is seen by what the client was told. */
static void *serve_kept(void *unused)
{
    char request[2048];
    int fd = accept(server.listener, NULL, NULL);

    recv(fd, request, sizeof(request), 0);
    send(fd, OK, strlen(OK), MSG_NOSIGNAL);
    recv(fd, request, sizeof(request), 0);
    close(fd);
    fd = accept(server.listener, NULL, NULL);
    recv(fd, request, sizeof(request), 0);
    send(fd, OK, strlen(OK), MSG_NOSIGNAL);
    close(fd);
    return unused;
}

static void check_kept(const char *method)
{
    static const char *const none[] = {NULL};

    client.method = method;
    server.serve = serve_kept;
    start_server(none);
    server.serve = NULL;
    assert_int_equal(run(true, 5000), 0);
    assert_false(client.repeated);
    assert_int_equal(run(true, 5000), 0);
    assert_true(client.repeated);
    assert_int_equal(client.tries, 1);
    stop_server();
}

static void test_tells_what_libcurl_has_sent_again(void **state)
{
    (void)state;
    check_kept("DELETE");
    assert_int_equal(client.retries.connection, 1);
    check_kept("GET");
    assert_int_equal(client.retries.connection, 2);
}

/* A proxy in the clear is asked for a whole URL, the service itself for what follows its address.
 */
static void check_line(bool by_proxy)
{
    static const char *const script[] = {OK, NULL};
    char expected[sizeof(server.line)];

    start_server(script);
    if (by_proxy)
        setenv("http_proxy", server.url, 1);
    assert_int_equal(run(true, 5000), 0);
    unsetenv("http_proxy");
    stop_server();
    snprintf(expected, sizeof(expected), "GET %s HTTP/1.1",
             by_proxy ? server.url : strstr(server.url, "/a"));
    assert_string_equal(server.line, expected);
}

static void test_asks_for_what_follows_the_address(void **state)
{
    (void)state;
    check_line(false);
}

static void test_asks_a_proxy_for_the_whole_url(void **state)
{
    free_client(state);
    assert_int_equal(make_client_of(false), 0);
    check_line(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_asks_for_what_follows_the_address, make_client,
                                        free_client),
        cmocka_unit_test_setup_teardown(test_asks_a_proxy_for_the_whole_url, make_client,
                                        free_client),
        cmocka_unit_test_setup_teardown(test_tries_again, make_client, free_client),
        cmocka_unit_test_setup_teardown(test_what_is_sent_late_is_sent, make_client, free_client),
        cmocka_unit_test_setup_teardown(test_keeps_no_connection_that_is_used_once, make_client,
                                        free_client),
        cmocka_unit_test_setup_teardown(
            test_keeps_half_as_many_connections_as_there_are_descriptors, make_client, free_client),
        cmocka_unit_test_setup_teardown(test_tells_what_libcurl_has_sent_again, make_client,
                                        free_client),
        cmocka_unit_test_setup_teardown(test_retry_after_is_kept_or_final, make_client,
                                        free_client),
        cmocka_unit_test_setup_teardown(test_deadline, make_client, free_client),
        cmocka_unit_test_setup_teardown(test_a_try_with_no_time_left_hides_no_error, make_client,
                                        free_client),
        cmocka_unit_test_setup_teardown(test_too_large, make_client, free_client),
        cmocka_unit_test_setup_teardown(test_too_much_of_what_was_asked_for, make_client,
                                        free_client),
        cmocka_unit_test_setup_teardown(test_a_restart_is_not_seen, make_client, free_client),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_reached_fails_at_once, make_client,
                                        free_client),
        cmocka_unit_test_setup_teardown(test_silence_is_waited_for_once, make_client, free_client),
        cmocka_unit_test_setup_teardown(test_who_waits_for_a_silent_probe_is_told, make_client,
                                        free_client),
        cmocka_unit_test_setup_teardown(test_what_is_asked_when_another_is_refused_goes_at_once,
                                        make_client, free_client),
        cmocka_unit_test_setup_teardown(test_a_slow_answer_is_no_silence, make_client, free_client),
        cmocka_unit_test_setup_teardown(test_throttling_for_good, make_client, free_client),
        cmocka_unit_test_setup_teardown(test_who_was_kept_waiting_is_told_why, make_client,
                                        free_client),
        cmocka_unit_test_setup_teardown(test_all_slow_down_together, make_client, free_client),
        cmocka_unit_test_setup_teardown(test_an_interrupted_request_says_nothing, make_client,
                                        free_client),
        cmocka_unit_test_setup_teardown(test_an_abandoned_request_tells_of_silence, make_client,
                                        free_client),
        cmocka_unit_test_setup_teardown(test_lock_out, make_client, free_client),
        cmocka_unit_test_setup_teardown(test_clock, make_client, free_client),
        cmocka_unit_test_setup_teardown(test_cancel, make_client, free_client),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
