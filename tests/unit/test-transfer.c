/*
 * Transfers of a loop that lack memory: of libcurl for what it allocates, or of the kernel for a
 * socket to wait for. Their server is a thread that has one answer, and keeps connections open.
 */
#include "test.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "base/loop.h"

#define CONNECTIONS_MAX 32
#define TOGETHER        3
#define ALLOCATIONS_MAX 2000

/* A transfer that is not heard of would wait for so long; a test that sees one fails. */
#define TRANSFER_MS 5000L
#define PATIENCE_MS 2000

static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static struct {
    pthread_t thread;
    in_port_t port;
    char url[64];
    struct pollfd fds[CONNECTIONS_MAX]; /* the first is the listener */
    nfds_t count;
} server;

/* What the client's thread lacks: the allocation and the socket with these numbers, from 1. */
static struct {
    pthread_t thread;
    unsigned allocation;
    unsigned socket;
} lacks;

struct scene {
    struct loop *loop;
    struct transfer transfers[TOGETHER];
    CURL *easies[TOGETHER];
    int results[TOGETHER];
    unsigned under_way;
    struct timer patience;
    struct curl_slist *addresses; /* of the server */
    struct timer dying;
    int lost; /* listens at an address that is lost */
};

/* The server */

static void take_connection(void)
{
    int fd = accept(server.fds[0].fd, NULL, NULL);

    if (server.count < CONNECTIONS_MAX)
        server.fds[server.count++] = (struct pollfd){.fd = fd, .events = POLLIN};
    else
        close(fd);
}

static void answer(struct pollfd *client)
{
    char asked[4096];

    if (recv(client->fd, asked, sizeof(asked), 0) > 0) {
        send(client->fd, ANSWER, sizeof(ANSWER) - 1, MSG_NOSIGNAL);
        return;
    }
    close(client->fd);
    *client = server.fds[--server.count];
}

static void *serve(void *unused)
{
    while (poll(server.fds, server.count, -1) > 0 && !(server.fds[0].revents & POLLHUP)) {
        for (nfds_t i = server.count; --i > 0;) {
            if (server.fds[i].revents)
                answer(&server.fds[i]);
        }
        if (server.fds[0].revents)
            take_connection();
    }
    while (server.count > 0)
        close(server.fds[--server.count].fd);
    return unused;
}

static int start_server(void **unused)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)unused;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    server.port = ntohs(address.sin_port);
    snprintf(server.url, sizeof(server.url), "http://service:%d/", server.port);
    server.fds[0] = (struct pollfd){.fd = fd, .events = POLLIN};
    server.count = 1;
    return pthread_create(&server.thread, NULL, serve, NULL);
}

static int stop_server(void **unused)
{
    (void)unused;
    shutdown(server.fds[0].fd, SHUT_RDWR);
    return pthread_join(server.thread, NULL);
}

/* What is lacking */

static bool is_lacking(unsigned *number)
{
    return *number && pthread_equal(pthread_self(), lacks.thread) && --*number == 0;
}

static void *may_malloc(size_t size)
{
    return is_lacking(&lacks.allocation) ? NULL : malloc(size);
}

static void *may_realloc(void *old, size_t size)
{
    return is_lacking(&lacks.allocation) ? NULL : realloc(old, size);
}

static void *may_calloc(size_t count, size_t size)
{
    return is_lacking(&lacks.allocation) ? NULL : calloc(count, size);
}

static char *may_strdup(const char *text)
{
    return is_lacking(&lacks.allocation) ? NULL : strdup(text);
}

int __real_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event);

int __wrap_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    int result = __real_epoll_ctl(epoll, operation, fd, event);

    if (operation == EPOLL_CTL_ADD && !result && is_lacking(&lacks.socket)) {
        __real_epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
        errno = ENOSPC;
        return -1;
    }
    return result;
}

/* The client */

static size_t drop(char *data, size_t size, size_t count, void *user)
{
    (void)data;
    (void)user;
    return size * count;
}

static void on_done(void *user, int result)
{
    struct scene *scene = user;

    for (unsigned i = 0; i < TOGETHER; i++) {
        if (!scene->transfers[i].loop && scene->results[i] < 0)
            scene->results[i] = result;
    }
    if (--scene->under_way == 0)
        loop_stop(scene->loop);
}

static void lose_patience(void *user)
{
    (void)user;
    fail_msg("a transfer was never heard of");
}

/* NULL without memory. */
static CURL *new_easy(const struct scene *scene)
{
    CURL *easy = curl_easy_init();

    if (!easy)
        return NULL;
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, TRANSFER_MS);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_RESOLVE, scene->addresses);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    if (!curl_easy_setopt(easy, CURLOPT_URL, server.url))
        return easy;
    curl_easy_cleanup(easy);
    return NULL;
}

static void start(struct scene *scene, unsigned i)
{
    CURL *easy = scene->easies[i] = new_easy(scene);

    scene->results[i] = CURLE_OUT_OF_MEMORY;
    if (!easy || transfer_start(scene->loop, &scene->transfers[i], easy, on_done, scene))
        return;
    scene->results[i] = -1;
    scene->under_way++;
}

static void wait_for(struct scene *scene, int64_t patience)
{
    timer_start(scene->loop, &scene->patience, patience, lose_patience, scene);
    if (scene->under_way)
        loop_run(scene->loop);
    timer_stop(&scene->patience);
}

/* Some transfers side by side, until all have ended. */
static void run_transfers(struct scene *scene)
{
    for (unsigned i = 0; i < TOGETHER; i++)
        start(scene, i);
    wait_for(scene, PATIENCE_MS);
    for (unsigned i = 0; i < TOGETHER; i++)
        curl_easy_cleanup(scene->easies[i]);
}

static void all_are_well(const struct scene *scene)
{
    for (unsigned i = 0; i < TOGETHER; i++)
        assert_int_equal(scene->results[i], CURLE_OK);
}

static void some_ended_without_memory(const struct scene *scene)
{
    unsigned count = 0;

    for (unsigned i = 0; i < TOGETHER; i++)
        count += scene->results[i] == CURLE_OUT_OF_MEMORY;
    assert_in_range(count, 1, TOGETHER);
}

static void has_addresses(struct scene *scene, const char *addresses)
{
    char text[64];

    snprintf(text, sizeof(text), "service:%d:%s", server.port, addresses);
    curl_slist_free_all(scene->addresses);
    scene->addresses = curl_slist_append(NULL, text);
    assert_non_null(scene->addresses);
}

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    scene->loop = loop_new();
    assert_non_null(scene->loop);
    has_addresses(scene, "127.0.0.1");
    lacks.thread = pthread_self();
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    lacks.allocation = lacks.socket = 0;
    loop_free(scene->loop);
    curl_slist_free_all(scene->addresses);
    free(scene);
    return 0;
}

/* With the next loop's first transfers, and with those that find connections kept by others. */
static void all_end_whichever_allocation_fails(bool is_first)
{
    bool has_failed = true;

    for (unsigned number = 1; has_failed; number++) {
        struct scene *scene = NULL;

        assert_true(number < ALLOCATIONS_MAX);
        setup((void **)&scene);
        if (!is_first)
            run_transfers(scene);
        lacks.allocation = number;
        run_transfers(scene);
        has_failed = !lacks.allocation;
        lacks.allocation = 0;
        run_transfers(scene);
        all_are_well(scene);
        run_transfers(scene);
        all_are_well(scene);
        teardown((void **)&scene);
    }
}

TEST(first_transfers_end_whichever_allocation_fails)
{
    all_end_whichever_allocation_fails(true);
}

TEST(transfers_on_connections_that_were_kept_end_whichever_allocation_fails)
{
    all_end_whichever_allocation_fails(false);
}

static void transfers_end_at_once_where_the_kernel_cannot_wait_for_a_socket(void **state)
{
    struct scene *scene = *state;

    lacks.socket = 2;
    run_transfers(scene);
    assert_int_equal(lacks.socket, 0);
    some_ended_without_memory(scene);
    run_transfers(scene);
    all_are_well(scene);
}

static void on_connected(void *user, int result)
{
    struct scene *scene = user;

    assert_int_equal(result, CURLE_OK);
    loop_stop(scene->loop);
}

/* Sends something, and waits for the server's answer. */
static void ask_by(CURL *easy)
{
    struct pollfd connection = {.fd = -1, .events = POLLIN};
    char got[sizeof(ANSWER)];
    size_t size = 0;

    assert_int_equal(curl_easy_send(easy, "?", 1, &size), CURLE_OK);
    assert_int_equal(curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &connection.fd), CURLE_OK);
    assert_int_equal(poll(&connection, 1, PATIENCE_MS), 1);
    assert_int_equal(curl_easy_recv(easy, got, sizeof(got), &size), CURLE_OK);
    assert_int_equal(size, sizeof(ANSWER) - 1);
}

static void a_connection_stays_when_all_transfers_end(void **state)
{
    struct scene *scene = *state;
    struct transfer transfer = {0};
    CURL *easy = new_easy(scene);

    assert_non_null(easy);
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    assert_int_equal(transfer_connect(scene->loop, &transfer, easy, on_connected, scene), 0);
    loop_run(scene->loop);
    ask_by(easy);
    lacks.socket = 1;
    run_transfers(scene);
    some_ended_without_memory(scene);
    ask_by(easy);
    run_transfers(scene);
    all_are_well(scene);
    ask_by(easy);
    transfer_stop(&transfer);
    curl_easy_cleanup(easy);
}

/* Listens at 127.0.0.2, where a connection is begun and then lost: with its queue full the kernel
 * hears nothing, until it sends once more, when nobody listens. */
static void listen_in_vain(struct scene *scene, int *waiting)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK + 1)},
                                  .sin_port = htons(server.port)};
    socklen_t size = sizeof(address);

    scene->lost = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(scene->lost, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(scene->lost, 0), 0);
    *waiting = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(*waiting, (struct sockaddr *)&address, size), 0);
}

static void stop_listening(void *user)
{
    const struct scene *scene = user;

    close(scene->lost);
}

static void the_next_address_is_used_when_one_is_lost(void **state)
{
    struct scene *scene = *state;
    int waiting;

    listen_in_vain(scene, &waiting);
    has_addresses(scene, "127.0.0.2,127.0.0.1");
    start(scene, 0);
    timer_start(scene->loop, &scene->dying, 200, stop_listening, scene);
    wait_for(scene, PATIENCE_MS);
    curl_easy_cleanup(scene->easies[0]);
    close(waiting);
    assert_int_equal(scene->results[0], CURLE_OK);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_transfers_end_whichever_allocation_fails),
        cmocka_unit_test(transfers_on_connections_that_were_kept_end_whichever_allocation_fails),
        SCENE(the_next_address_is_used_when_one_is_lost),
        SCENE(transfers_end_at_once_where_the_kernel_cannot_wait_for_a_socket),
        SCENE(a_connection_stays_when_all_transfers_end),
    };

    curl_global_init_mem(CURL_GLOBAL_ALL, may_malloc, free, may_realloc, may_strdup, may_calloc);
    return cmocka_run_group_tests_name("transfer", tests, start_server, stop_server);
}
