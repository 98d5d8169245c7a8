/*
 * bench-service: a service in the shapes of DIS (below /v2/) and of SLS (all else) that answers as
 * fast as one thread can, to measure with. It checks no signature and no header. It listens on a
 * free port of 127.0.0.1, prints the port, and ends when who started it ends.
 *
 * Requests on one connection are answered in the order in which they came, each --delay
 * milliseconds after it came. GET /control tells how many requests came of each kind, how many
 * connections, how many were unanswered at most, and how many round trips those took that waited:
 * one that comes behind an answer of the first is of the second, and so on. Its words change
 * something: reset=1 sets the counts to 0, delay=MS and hang=KIND ("" for none) what the options
 * set. SIGUSR1 prints the same counts. Requests to /control are not counted, and never wait.
 */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/service/http.h"
#include "tests/bench/service/world.h"

#define INPUT_MAX       (64U << 10)
#define OUTPUT_MAX      (512UL << 20)
#define CONNECTIONS_MAX 65536
#define EVENTS          256
#define NS_IN_MS        1000000LL
#define NS_IN_S         1000000000LL

/* Its place in the table is its descriptor. An answer that waits holds a number, which tells
 * whether the connection is still the one that it was for. */
struct connection {
    int fd;
    uint64_t number;
    size_t size;
    bool is_full; /* more of the output than the kernel takes: it tells when it takes more */
    struct buf out;
    char input[INPUT_MAX + 1];
};

/* An answer that waits for its time. All wait for as long, so that the first is always due first.
 */
struct waiting {
    STAILQ_ENTRY(waiting) next;
    struct connection *connection;
    uint64_t number;
    long long due;
    unsigned long round_trip; /* one more than that of what had been answered when it was asked */
    struct buf answer;
};

static struct connection *connections[CONNECTIONS_MAX];
static STAILQ_HEAD(, waiting) queue = STAILQ_HEAD_INITIALIZER(queue);
static uint64_t accepted;
static unsigned long counts[CALLS];
static unsigned long round_trips; /* of what is answered; see struct waiting */
static unsigned long first_accepted, unanswered, most_unanswered;
static long long delay;  /* in nanoseconds */
static int hanging = -1; /* the call that is never answered */
static int listener, events;
static volatile sig_atomic_t wants_counts;

static long long monotonic(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_IN_S + now.tv_nsec;
}

static void must(bool good, const char *what)
{
    if (good)
        return;
    perror(what);
    exit(1);
}

/* Counting and controlling */

static void print_counts(struct buf *text)
{
    for (int i = 0; i < CALLS; i++)
        buf_printf(text, "%s %lu\n", call_names[i], counts[i]);
    buf_printf(text, "connections %lu\nmost-unanswered %lu\nround-trips %lu\n",
               (unsigned long)accepted - first_accepted, most_unanswered, round_trips);
}

static void reset_counts(void)
{
    memset(counts, 0, sizeof(counts));
    first_accepted = accepted;
    most_unanswered = unanswered = round_trips = 0;
}

static void set_hanging(const char *name)
{
    hanging = -1;
    for (int i = 0; i < CALLS; i++)
        if (!strcmp(call_names[i], name))
            hanging = i;
}

static void set_delay(const char *ms)
{
    delay = (long long)(strtod(ms, NULL) * NS_IN_MS);
}

void control_answer(const struct query *query, struct answer *answer)
{
    print_counts(&answer->body);
    if (*query_word(query, "reset"))
        reset_counts();
    if (*query_word(query, "delay"))
        set_delay(query_word(query, "delay"));
    if (strstr(query->words, "hang="))
        set_hanging(query_word(query, "hang"));
}

/* Connections */

static void watch(struct connection *connection, int operation, bool output)
{
    struct epoll_event event = {.events = EPOLLIN | (output ? EPOLLOUT : 0U),
                                .data.ptr = connection};

    must(!epoll_ctl(events, operation, connection->fd, &event), "epoll_ctl");
    connection->is_full = output;
}

static void open_connection(int fd)
{
    int on = 1;
    struct connection *connection = fd < CONNECTIONS_MAX ? connections[fd] : NULL;

    if (fd >= CONNECTIONS_MAX) {
        close(fd);
        return;
    }
    if (!connection) {
        connection = connections[fd] = malloc(sizeof(struct connection));
        must(connection, "malloc");
        buf_init(&connection->out, OUTPUT_MAX);
    }
    buf_reset(&connection->out);
    connection->fd = fd;
    connection->number = ++accepted;
    connection->size = 0;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    watch(connection, EPOLL_CTL_ADD, false);
}

static void close_connection(struct connection *connection)
{
    close(connection->fd);
    connection->number = 0;
    buf_release(&connection->out);
}

/* Sends what can be sent at once. */
static void flush(struct connection *connection)
{
    ssize_t sent = send(connection->fd, connection->out.data, connection->out.size, MSG_NOSIGNAL);

    if (sent < 0 && errno != EAGAIN) {
        close_connection(connection);
        return;
    }
    buf_drop_front(&connection->out, sent < 0 ? 0 : (size_t)sent);
    if (connection->is_full != (connection->out.size > 0))
        watch(connection, EPOLL_CTL_MOD, connection->out.size > 0);
}

/* Answers */

static void count_call(enum call call)
{
    counts[call]++;
    unanswered++;
    if (unanswered > most_unanswered)
        most_unanswered = unanswered;
}

static void answer_later(struct connection *connection, struct buf *answer)
{
    struct waiting *waiting = malloc(sizeof(*waiting));

    must(waiting, "malloc");
    *waiting = (struct waiting){.connection = connection,
                                .number = connection->number,
                                .due = monotonic() + delay,
                                .round_trip = round_trips + 1,
                                .answer = *answer};
    STAILQ_INSERT_TAIL(&queue, waiting, next);
}

static void answered(void)
{
    unanswered -= unanswered > 0;
}

/* Takes one request; returns how many bytes it was. */
static ssize_t take_request(struct connection *connection, char *data, size_t size)
{
    struct buf answer = {.data = buf_empty, .max = OUTPUT_MAX};
    enum call call = OTHER_CALL;
    struct buf *out = delay || hanging >= 0 ? &answer : &connection->out;
    ssize_t taken = http_take(data, size, out, &call);
    bool is_control = call == (enum call)CONTROL;

    if (taken <= 0)
        return taken;
    if (!is_control)
        count_call(call);
    if (out == &connection->out) {
        answered();
    } else if (is_control) {
        buf_add(&connection->out, answer.data, answer.size);
    } else if ((int)call != hanging) {
        answer_later(connection, &answer);
        return taken;
    }
    buf_release(&answer);
    return taken;
}

static void take_requests(struct connection *connection)
{
    size_t at = 0;
    ssize_t taken = 1;

    while (at < connection->size && taken > 0) {
        taken = take_request(connection, connection->input + at, connection->size - at);
        at += taken > 0 ? (size_t)taken : 0;
    }
    memmove(connection->input, connection->input + at, connection->size - at);
    connection->size -= at;
    if (taken < 0 || connection->size == INPUT_MAX)
        close_connection(connection);
    else if (connection->out.size)
        flush(connection);
}

static void read_connection(struct connection *connection)
{
    ssize_t got =
        recv(connection->fd, connection->input + connection->size, INPUT_MAX - connection->size, 0);

    if (got > 0) {
        connection->size += (size_t)got;
        take_requests(connection);
    } else if (!got || errno != EAGAIN) {
        close_connection(connection);
    }
}

static void send_due(void)
{
    struct waiting *waiting;
    long long now = monotonic();

    while ((waiting = STAILQ_FIRST(&queue)) && waiting->due <= now) {
        struct connection *connection = waiting->connection;

        STAILQ_REMOVE_HEAD(&queue, next);
        answered();
        if (waiting->round_trip > round_trips)
            round_trips = waiting->round_trip;
        if (connection->number == waiting->number) {
            buf_add(&connection->out, waiting->answer.data, waiting->answer.size);
            flush(connection);
        }
        buf_release(&waiting->answer);
        free(waiting);
    }
}

/* The loop */

static void accept_all(void)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
        open_connection(fd);
}

static void handle(const struct epoll_event *event)
{
    struct connection *connection = event->data.ptr;

    if (!connection) {
        accept_all();
        return;
    }
    if (connection->number && event->events & EPOLLOUT)
        flush(connection);
    if (connection->number && event->events & ~(unsigned)EPOLLOUT)
        read_connection(connection);
}

static int wait_for_events(struct epoll_event *happened)
{
    struct waiting *first = STAILQ_FIRST(&queue);
    long long left = first ? first->due - monotonic() : 0;
    struct timespec span = {left > 0 ? left / NS_IN_S : 0, left > 0 ? left % NS_IN_S : 0};

    return epoll_pwait2(events, happened, EVENTS, first ? &span : NULL, NULL);
}

static void run(void)
{
    struct epoll_event happened[EVENTS];

    for (;;) {
        int count = wait_for_events(happened);

        for (int i = 0; i < count; i++)
            handle(&happened[i]);
        send_due();
        if (wants_counts) {
            struct buf text = BUF_INIT(OUTPUT_MAX);

            wants_counts = 0;
            print_counts(&text);
            printf("%s", text.data);
            fflush(stdout);
            buf_release(&text);
        }
    }
}

static void on_signal(int number)
{
    (void)number;
    wants_counts = 1;
}

static void listen_on(unsigned short port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    struct epoll_event event = {.events = EPOLLIN};

    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    events = epoll_create1(EPOLL_CLOEXEC);
    must(listener >= 0 && events >= 0 && !bind(listener, (struct sockaddr *)&address, size) &&
             !listen(listener, SOMAXCONN) && !epoll_ctl(events, EPOLL_CTL_ADD, listener, &event) &&
             !getsockname(listener, (struct sockaddr *)&address, &size),
         "listen");
    printf("%u\n", ntohs(address.sin_port));
    fflush(stdout);
}

static void prepare_process(void)
{
    struct rlimit files;
    struct sigaction action = {.sa_handler = on_signal};

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigaction(SIGUSR1, &action, NULL);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

static const struct option options[] = {
    {"apps", required_argument, NULL, 'a'},
    {"streams", required_argument, NULL, 's'},
    {"partitions", required_argument, NULL, 'p'},
    {"delay", required_argument, NULL, 'd'},
    {"hang", required_argument, NULL, 'h'},
    {"port", required_argument, NULL, 'P'},
    {0},
};

static unsigned parse_number(const char *text, unsigned most)
{
    unsigned long number = strtoul(text, NULL, 10);

    return number > most ? most : (unsigned)number;
}

int main(int count, char **words)
{
    struct world_size size = {.apps = 1, .streams = 1, .partitions = 1000};
    unsigned port = 0;
    int option;

    while ((option = getopt_long(count, words, "", options, NULL)) != -1) {
        if (option == 'a')
            size.apps = parse_number(optarg, 9999);
        else if (option == 's')
            size.streams = parse_number(optarg, 9999);
        else if (option == 'p')
            size.partitions = parse_number(optarg, 1000000);
        else if (option == 'd')
            set_delay(optarg);
        else if (option == 'h')
            set_hanging(optarg);
        else if (option == 'P')
            port = parse_number(optarg, UINT16_MAX);
        else
            return 2;
    }
    prepare_process();
    world_make(size);
    listen_on((unsigned short)port);
    run();
}
