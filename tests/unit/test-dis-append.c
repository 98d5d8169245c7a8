/*
 * How many requests an order of records becomes, what is in each, and what is said when the service
 * does not answer as it should. The service is a thread that counts.
 */
#include "ask.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#define REQUEST_MAX  (8UL << 20)
#define REQUESTS_MAX 16

/* What the service does with one of its requests in another way. */
enum oddity { NONE, ANSWERS_TOO_FEW, ANSWERS_NOTHING };

static struct {
    pthread_t thread;
    int listener;
    char source[64];
    enum oddity oddity;
    size_t odd; /* which request */
    size_t requests;
    size_t records[REQUESTS_MAX];
    size_t sizes[REQUESTS_MAX]; /* of the bodies */
    char first[REQUESTS_MAX];   /* of the first record's base64 */
    char text[REQUEST_MAX];
} server;

static struct {
    struct loop *loop;
    struct backend *backend;
    struct reply reply;
} client;

/* The service */

/* Reads a request; its body, or NULL when the client breaks off. */
static const char *hear(int fd)
{
    size_t size = 0;
    size_t wanted = 0;
    const char *body = NULL;

    while (!body || size < wanted) {
        ssize_t count = recv(fd, server.text + size, REQUEST_MAX - 1 - size, 0);

        if (count <= 0)
            return NULL;
        size += (size_t)count;
        server.text[size] = '\0';
        if (body)
            continue;
        body = strstr(server.text, "\r\n\r\n");
        if (body)
            wanted = (size_t)(body + 4 - server.text) +
                     strtoul(strstr(server.text, "Content-Length: ") + 16, NULL, 10);
    }
    return body + 4;
}

static size_t count_records(const char *body, char *first)
{
    static const char member[] = "\"data\":\"";
    size_t count = 0;

    for (body = strstr(body, member); body; body = strstr(body, member)) {
        body += sizeof(member) - 1;
        if (!count++)
            *first = *body;
    }
    return count;
}

static void answer(int fd, size_t count)
{
    struct buf text = BUF_INIT(1 << 20);
    struct buf whole = BUF_INIT(1 << 20);

    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%s{\"partition_id\":\"shardId-0000000000\",\"sequence_number\":\"%zu\"}",
                   i ? "," : "", i);
    buf_printf(&whole,
               "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n"
               "Content-Length: %zu\r\n\r\n{\"failed_record_count\":0,\"records\":[%s]}",
               text.size + 38, text.data);
    for (size_t sent = 0; sent < whole.size;) {
        ssize_t more = send(fd, whole.data + sent, whole.size - sent, MSG_NOSIGNAL);

        if (more <= 0)
            break;
        sent += (size_t)more;
    }
    buf_release(&whole);
    buf_release(&text);
}

static void serve_one(int fd)
{
    const char *body = hear(fd);
    size_t number = server.requests;

    if (!body || number == REQUESTS_MAX)
        return;
    server.records[number] = count_records(body, &server.first[number]);
    server.sizes[number] = strlen(body);
    server.requests++;
    if (server.oddity == NONE || number != server.odd)
        answer(fd, server.records[number]);
    else if (server.oddity == ANSWERS_TOO_FEW)
        answer(fd, server.records[number] - 1);
}

static void *serve(void *unused)
{
    int fd;

    while ((fd = accept(server.listener, NULL, NULL)) >= 0) {
        serve_one(fd);
        close(fd);
    }
    return unused;
}

static void start_server(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);

    server.requests = 0;
    server.oddity = NONE;
    server.listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(server.listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server.listener, 16), 0);
    assert_int_equal(getsockname(server.listener, (struct sockaddr *)&address, &size), 0);
    snprintf(server.source, sizeof(server.source), "dis+http://127.0.0.1:%d/project",
             ntohs(address.sin_port));
    assert_int_equal(pthread_create(&server.thread, NULL, serve, NULL), 0);
}

/* The client */

static int begin(void **state)
{
    struct backend_options options = {0};
    struct error error = {0};

    (void)state;
    start_server();
    client.loop = loop_new();
    assert_non_null(client.loop);
    options.loop = client.loop;
    assert_int_equal(backend_open(server.source, &options, &client.backend, &error), 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    backend_close(client.backend);
    reply_release(&client.reply);
    client.reply = (struct reply){0};
    loop_free(client.loop);
    shutdown(server.listener, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.listener);
    return 0;
}

/* Records of that size, no two neighbours of which begin alike. */
static struct span *make_records(size_t count, size_t size)
{
    struct span *records = calloc(count, sizeof(*records));

    assert_non_null(records);
    for (size_t i = 0; i < count; i++) {
        char *data = calloc(1, size);

        assert_non_null(data);
        data[0] = (char)(i % 26 * 4);
        records[i] = (struct span){data, size};
    }
    return records;
}

/* Its errno, or 0. */
static int append(size_t count, size_t size)
{
    struct span *records = make_records(count, size);
    struct append_order order = {.stream = "s", .records = records, .count = count};
    struct ask ask = ask_into(&client.reply);
    struct call *call = backend_append_records(client.backend, &order, &ask);

    /* The order is copied. */
    for (size_t i = 0; i < count; i++)
        free((char *)(uintptr_t)records[i].data);
    free(records);
    assert_non_null(call);
    run_until(client.loop, &client.reply);
    return client.reply.error.code;
}

static void check_request(size_t number, size_t records, char first)
{
    assert_int_equal(server.records[number], records);
    assert_int_equal(server.first[number], first);
    assert_true(server.sizes[number] <= 4UL << 20);
}

TEST(nothing_is_no_request)
{
    assert_int_equal(append(0, 0), 0);
    assert_int_equal(server.requests, 0);
}

TEST(a_request_has_500_records)
{
    assert_int_equal(append(1001, 1), 0);
    assert_int_equal(server.requests, 3);
    check_request(0, 500, 'A');
    check_request(1, 500, (char)('A' + 500 % 26));
    check_request(2, 1, (char)('A' + 1000 % 26));
}

TEST(a_request_has_4_MiB)
{
    assert_int_equal(append(5, RECORD_MAX), 0);
    assert_int_equal(server.requests, 3);
    check_request(0, 2, 'A');
    check_request(1, 2, 'C');
    check_request(2, 1, 'E');
}

TEST(an_answer_of_fewer_records_tells_nothing)
{
    server.oddity = ANSWERS_TOO_FEW;
    server.odd = 0;
    assert_int_equal(append(2, 1), EBADMSG);
    assert_true(client.reply.error.is_unknown);
    assert_int_equal(server.requests, 1);
}

TEST(a_lost_answer_is_unknown_and_says_what_is_stored)
{
    server.oddity = ANSWERS_NOTHING;
    server.odd = 1;
    assert_int_equal(append(1200, 1), ECONNRESET);
    assert_true(client.reply.error.is_unknown);
    assert_non_null(strstr(client.reply.error.message, "at least 500 of 1200 records are stored"));
    assert_int_equal(server.requests, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_no_request, begin, end),
        cmocka_unit_test_setup_teardown(a_request_has_500_records, begin, end),
        cmocka_unit_test_setup_teardown(a_request_has_4_MiB, begin, end),
        cmocka_unit_test_setup_teardown(an_answer_of_fewer_records_tells_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_lost_answer_is_unknown_and_says_what_is_stored, begin,
                                        end),
    };

    setenv("OS_TOKEN", "token", 1);
    return cmocka_run_group_tests_name("dis-append", tests, NULL, NULL);
}
