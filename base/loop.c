#include "base/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/always.h"
#include "base/descriptors.h"
#include "base/when.h"

/* The longest single wait: epoll_wait() takes an int. */
#define WAIT_MAX_MS 60000

/* Of a backend's connections, most of all. */
#define WATCH_MAX 512

/* Taken in one round; the kernel gives the others, which waited longer, in the next. */
#define EVENTS_MAX 64

/* In what the kernel is told with a descriptor: it is a watched one, not one of libcurl's. */
#define WATCHED (1ULL << 32)

#define NEVER INT64_MAX

/* Connections that are kept, in use or not: with fewer than are in use, libcurl closes one with
 * each request that ends. */
#define CONNECTIONS_KEPT 1024

/* As many as a service allows: it says how many. */
#define STREAMS_OF_CONNECTION 1000L

struct watch {
    int fd;
    loop_fn *ready;
    void *user;
};

struct loop {
    CURLM *multi;
    int epoll;
    int64_t transfers_due; /* when libcurl has something to do, of when_monotonic(), or NEVER */
    struct timers timers;
    struct watch watches[WATCH_MAX];
    unsigned watched;
    struct epoll_event events[EVENTS_MAX]; /* of the round under way */
    int ready;                             /* how many */
    bool stopped;
};

/* Has the kernel begin to tell of a descriptor's events, or tell of others from now on. */
static int set_events(struct loop *loop, int operation, int fd, uint32_t events, uint64_t whose)
{
    struct epoll_event event = {.events = events, .data.u64 = whose | (uint32_t)fd};

    return epoll_ctl(loop->epoll, operation, fd, &event) ? -ENOMEM : 0;
}

/*
 * libcurl tells which of its sockets it waits for, and for what. `known` is NULL for one that it
 * has not told of before. The kernel may know of one no more: libcurl has closed it without a word,
 * and the next one has its number. Where the kernel has no memory for one, its request ends with
 * its time.
 */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *known)
{
    struct loop *loop = user;
    uint32_t events =
        ((what & CURL_POLL_IN) ? EPOLLIN : 0U) | ((what & CURL_POLL_OUT) ? EPOLLOUT : 0U);

    (void)easy;
    if (what == CURL_POLL_REMOVE)
        (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
    else if (known && !set_events(loop, EPOLL_CTL_MOD, fd, events, 0))
        return 0;
    else if (!set_events(loop, EPOLL_CTL_ADD, fd, events, 0))
        curl_multi_assign(loop->multi, fd, loop);
    return 0;
}

/* libcurl tells after how many ms it has something to do; -1 for nothing. */
static int on_due(CURLM *multi, long delay_ms, void *user)
{
    struct loop *loop = user;

    (void)multi;
    if (delay_ms > 0)
        loop->transfers_due = when_monotonic() + delay_ms;
    else
        loop->transfers_due = delay_ms ? NEVER : INT64_MIN;
    return 0;
}

struct loop *loop_new(void)
{
    struct loop *loop = calloc(1, sizeof(*loop));

    if (!loop)
        return NULL;
    timers_init(&loop->timers);
    loop->transfers_due = NEVER;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->multi = curl_multi_init();
    if (loop->epoll < 0 || !loop->multi) {
        loop_free(loop);
        return NULL;
    }
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
    curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, on_due);
    curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
    curl_multi_setopt(loop->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    curl_multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS, (long)descriptors_for(CONNECTIONS_KEPT));
    curl_multi_setopt(loop->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, STREAMS_OF_CONNECTION);
    return loop;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    (void)ALWAYS(!timers_first(&loop->timers));
    curl_multi_cleanup(loop->multi);
    if (loop->epoll >= 0)
        close(loop->epoll);
    free(loop);
}

static struct watch *find_watch(struct loop *loop, int fd)
{
    for (unsigned i = 0; i < loop->watched; i++) {
        if (loop->watches[i].fd == fd)
            return &loop->watches[i];
    }
    return NULL;
}

int loop_watch(struct loop *loop, int fd, loop_fn *ready, void *user)
{
    if (loop->watched == WATCH_MAX || set_events(loop, EPOLL_CTL_ADD, fd, EPOLLIN, WATCHED))
        return -ENOMEM;
    loop->watches[loop->watched++] = (struct watch){.fd = fd, .ready = ready, .user = user};
    return 0;
}

/* What the round under way still has to tell of a descriptor is of no other with its number. */
static void drop_events(struct loop *loop, int fd)
{
    for (int i = 0; i < loop->ready; i++) {
        if (loop->events[i].data.u64 == (WATCHED | (uint32_t)fd))
            loop->events[i].events = 0;
    }
}

void loop_unwatch(struct loop *loop, int fd)
{
    struct watch *watch = find_watch(loop, fd);

    if (!watch)
        return;
    (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
    drop_events(loop, fd);
    *watch = loop->watches[--loop->watched];
}

void loop_watch_writing(struct loop *loop, int fd, bool writing)
{
    uint32_t events = EPOLLIN | (writing ? EPOLLOUT : 0U);

    if (find_watch(loop, fd))
        (void)set_events(loop, EPOLL_CTL_MOD, fd, events, WATCHED);
}

/* The last time that there is stands for what is later. */
static int64_t time_after(int64_t delay_ms)
{
    int64_t now = when_monotonic();

    if (delay_ms < 0)
        return now;
    return delay_ms < INT64_MAX - now ? now + delay_ms : INT64_MAX;
}

void timer_start(struct loop *loop, struct timer *timer, int64_t delay_ms, loop_fn *fire,
                 void *user)
{
    timer_stop(timer);
    timer->loop = loop;
    timer->due = time_after(delay_ms);
    timer->fire = fire;
    timer->user = user;
    timers_add(&loop->timers, timer);
}

void timer_stop(struct timer *timer)
{
    if (!timer->loop)
        return;
    timers_remove(&timer->loop->timers, timer);
}

static int wait_ms(const struct loop *loop)
{
    const struct timer *next = timers_first(&loop->timers);
    int64_t due = next && next->due < loop->transfers_due ? next->due : loop->transfers_due;
    int64_t now;

    if (due == NEVER)
        return WAIT_MAX_MS;
    now = when_monotonic();
    if (due <= now)
        return 0;
    return due - now < WAIT_MAX_MS ? (int)(due - now) : WAIT_MAX_MS;
}

int transfer_start(struct loop *loop, struct transfer *transfer, void *easy, transfer_fn *done,
                   void *user)
{
    if (!ALWAYS(!transfer->loop))
        return -EIO;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    if (curl_multi_add_handle(loop->multi, easy))
        return -ENOMEM;
    *transfer = (struct transfer){.loop = loop, .easy = easy, .done = done, .user = user};
    return 0;
}

int transfer_connect(struct loop *loop, struct transfer *transfer, void *easy, transfer_fn *done,
                     void *user)
{
    int status = transfer_start(loop, transfer, easy, done, user);

    if (!status)
        transfer->stays = true;
    return status;
}

void transfer_stop(struct transfer *transfer)
{
    if (!transfer->loop)
        return;
    curl_multi_remove_handle(transfer->loop->multi, transfer->easy);
    transfer->loop = NULL;
}

static void tell_ended(struct loop *loop)
{
    CURLMsg *message;
    int count;

    while ((message = curl_multi_info_read(loop->multi, &count))) {
        int result = (int)message->data.result;
        struct transfer *transfer = NULL;

        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        if (!transfer->stays)
            transfer_stop(transfer);
        transfer->done(transfer->user, result);
    }
}

/* Moves on what is new among the transfers, what is late, and what has waited long enough. */
static void run_due_transfers(struct loop *loop)
{
    int running;

    if (loop->transfers_due == NEVER || loop->transfers_due > when_monotonic())
        return;
    loop->transfers_due = NEVER;
    curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    tell_ended(loop);
}

static void move_transfer(struct loop *loop, int fd, uint32_t events)
{
    int what = ((events & (EPOLLIN | EPOLLHUP)) ? CURL_CSELECT_IN : 0) |
               ((events & EPOLLOUT) ? CURL_CSELECT_OUT : 0) |
               ((events & EPOLLERR) ? CURL_CSELECT_ERR : 0);
    int running;

    curl_multi_socket_action(loop->multi, fd, what, &running);
}

static void take_event(struct loop *loop, const struct epoll_event *event)
{
    int fd = (int)(uint32_t)event->data.u64;
    const struct watch *watch;

    if (!event->events)
        return;
    if (!(event->data.u64 & WATCHED)) {
        move_transfer(loop, fd, event->events);
        return;
    }
    watch = find_watch(loop, fd);
    if (watch)
        watch->ready(watch->user);
}

static void take_events(struct loop *loop)
{
    loop->ready = epoll_wait(loop->epoll, loop->events, EVENTS_MAX, wait_ms(loop));
    for (int i = 0; i < loop->ready; i++)
        take_event(loop, &loop->events[i]);
    loop->ready = 0;
    tell_ended(loop);
}

void loop_run(struct loop *loop)
{
    for (loop->stopped = false; !loop->stopped;) {
        take_events(loop);
        run_due_transfers(loop);
        if (!loop->stopped)
            timers_fire(&loop->timers);
        if (!loop->stopped)
            run_due_transfers(loop);
    }
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}
