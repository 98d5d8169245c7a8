#include "base/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Nothing but curl_multi_socket_all() moves a transfer that has no socket. */
#define CURL_DISABLE_DEPRECATION
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

/* How often transfers without a socket are looked after. When an address of a service is lost,
 * libcurl 7.88.1 begins to connect to the next one when it is called again, whatever for. */
#define LOOK_MS 50

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

LIST_HEAD(transfer_list, transfer);

/* Transfers that libcurl moves on together, and the connections they share. */
struct crowd {
    CURLM *multi;
    unsigned size;
    bool is_left; /* by the loop, which has another: it goes with the last that stays */
};

struct loop {
    int epoll;
    struct crowd *crowd;            /* NULL when there was no memory for another */
    struct transfer_list transfers; /* that have not ended */
    int64_t transfers_due;          /* when libcurl has something to do, or NEVER */
    unsigned adrift;                /* how many of them have no socket */
    int64_t look_due;               /* when these are looked after, or NEVER */
    bool is_blind;                  /* one of their sockets would not be heard of */
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

/* libcurl may close a socket that is not connected without a word, and take the next one with its
 * number for the same. */
static void watch_socket(struct loop *loop, int fd, uint32_t events, bool is_new)
{
    int first = is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    int second = is_new ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

    if (set_events(loop, first, fd, events, 0) && set_events(loop, second, fd, events, 0))
        loop->is_blind = true;
}

static void set_adrift(struct transfer *transfer, bool is_adrift)
{
    struct loop *loop = transfer->loop;

    if (transfer->is_adrift == is_adrift)
        return;
    transfer->is_adrift = is_adrift;
    loop->adrift += is_adrift ? 1U : -1U;
    if (!loop->adrift)
        loop->look_due = NEVER;
}

/* libcurl tells which of its sockets it waits for, and for what. `known` is NULL for one that it
 * has not told of before. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *known)
{
    struct loop *loop = user;
    struct transfer *transfer = NULL;
    uint32_t events =
        ((what & CURL_POLL_IN) ? EPOLLIN : 0U) | ((what & CURL_POLL_OUT) ? EPOLLOUT : 0U);

    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
    } else {
        watch_socket(loop, fd, events, !known);
        curl_multi_assign(loop->crowd->multi, fd, loop);
    }
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    if (transfer)
        set_adrift(transfer, what == CURL_POLL_REMOVE);
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

static void crowd_free(struct crowd *crowd)
{
    if (!crowd)
        return;
    curl_multi_cleanup(crowd->multi);
    free(crowd);
}

static struct crowd *crowd_new(struct loop *loop)
{
    struct crowd *crowd = calloc(1, sizeof(*crowd));

    if (!crowd)
        return NULL;
    crowd->multi = curl_multi_init();
    if (!crowd->multi) {
        free(crowd);
        return NULL;
    }
    curl_multi_setopt(crowd->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(crowd->multi, CURLMOPT_SOCKETDATA, loop);
    curl_multi_setopt(crowd->multi, CURLMOPT_TIMERFUNCTION, on_due);
    curl_multi_setopt(crowd->multi, CURLMOPT_TIMERDATA, loop);
    curl_multi_setopt(crowd->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    curl_multi_setopt(crowd->multi, CURLMOPT_MAXCONNECTS, (long)descriptors_for(CONNECTIONS_KEPT));
    curl_multi_setopt(crowd->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, STREAMS_OF_CONNECTION);
    return crowd;
}

static void leave_crowd(struct transfer *transfer)
{
    struct crowd *crowd = transfer->crowd;

    if (!crowd)
        return;
    transfer->crowd = NULL;
    curl_multi_remove_handle(crowd->multi, transfer->easy);
    set_adrift(transfer, false);
    if (--crowd->size == 0 && crowd->is_left)
        crowd_free(crowd);
}

/* From now on the loop hears of the sockets and times of its next crowd. */
static void leave_behind(struct crowd *crowd)
{
    curl_multi_setopt(crowd->multi, CURLMOPT_SOCKETFUNCTION, NULL);
    curl_multi_setopt(crowd->multi, CURLMOPT_TIMERFUNCTION, NULL);
    crowd->is_left = true;
    if (!crowd->size)
        crowd_free(crowd);
}

struct loop *loop_new(void)
{
    struct loop *loop = calloc(1, sizeof(*loop));

    if (!loop)
        return NULL;
    timers_init(&loop->timers);
    LIST_INIT(&loop->transfers);
    loop->transfers_due = loop->look_due = NEVER;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->crowd = crowd_new(loop);
    if (loop->epoll < 0 || !loop->crowd) {
        loop_free(loop);
        return NULL;
    }
    return loop;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    (void)ALWAYS(!timers_first(&loop->timers));
    crowd_free(loop->crowd);
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

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int wait_ms(struct loop *loop)
{
    const struct timer *next = timers_first(&loop->timers);
    int64_t due = earlier(next ? next->due : NEVER, loop->transfers_due);
    int64_t now;

    if (due == NEVER && !loop->adrift)
        return WAIT_MAX_MS;
    now = when_monotonic();
    if (loop->adrift)
        loop->look_due = earlier(loop->look_due, now + LOOK_MS);
    due = earlier(earlier(due, loop->look_due), now + WAIT_MAX_MS);
    return due <= now ? 0 : (int)(due - now);
}

int transfer_start(struct loop *loop, struct transfer *transfer, void *easy, transfer_fn *done,
                   void *user)
{
    if (!ALWAYS(!transfer->loop))
        return -EIO;
    if (!loop->crowd)
        loop->crowd = crowd_new(loop);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    if (!loop->crowd || curl_multi_add_handle(loop->crowd->multi, easy))
        return -ENOMEM;
    *transfer = (struct transfer){
        .loop = loop, .crowd = loop->crowd, .easy = easy, .done = done, .user = user};
    loop->crowd->size++;
    set_adrift(transfer, true);
    LIST_INSERT_HEAD(&loop->transfers, transfer, link);
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
    if (!transfer->has_ended)
        LIST_REMOVE(transfer, link);
    leave_crowd(transfer);
    transfer->loop = NULL;
}

static void end_transfer(struct transfer *transfer, int result)
{
    if (transfer->stays) {
        LIST_REMOVE(transfer, link);
        transfer->has_ended = true;
        set_adrift(transfer, false);
    } else {
        transfer_stop(transfer);
    }
    transfer->done(transfer->user, result);
}

static void tell_ended(struct loop *loop)
{
    CURLMsg *message;
    int count;

    while (loop->crowd && (message = curl_multi_info_read(loop->crowd->multi, &count))) {
        int result = (int)message->data.result;
        struct transfer *transfer = NULL;

        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        end_transfer(transfer, result);
    }
}

/* Ends all transfers, and goes on without their connections. */
static void abandon_transfers(struct loop *loop)
{
    struct transfer_list abandoned = LIST_HEAD_INITIALIZER(abandoned);
    struct crowd *crowd = loop->crowd;
    struct transfer *transfer;

    while ((transfer = LIST_FIRST(&loop->transfers))) {
        LIST_REMOVE(transfer, link);
        LIST_INSERT_HEAD(&abandoned, transfer, link);
        leave_crowd(transfer);
    }
    leave_behind(crowd);
    loop->crowd = NULL;
    loop->transfers_due = NEVER;
    while ((transfer = LIST_FIRST(&abandoned)))
        end_transfer(transfer, CURLE_OUT_OF_MEMORY);
}

/*
 * libcurl tells of a socket once. Where it has no memory to note one, or the kernel has none to
 * watch it, nobody would hear of its transfer until its time is over; and which one that is, nobody
 * knows. libcurl 7.88.1 moreover divides by zero when a socket has that number again.
 */
static void check_sight(struct loop *loop, CURLMcode result)
{
    if (result != CURLM_OUT_OF_MEMORY && !loop->is_blind)
        return;
    loop->is_blind = false;
    tell_ended(loop);
    abandon_transfers(loop);
}

static void move_transfers(struct loop *loop, int fd, int events)
{
    int running;

    if (loop->crowd)
        check_sight(loop, curl_multi_socket_action(loop->crowd->multi, fd, events, &running));
}

/* Moves on what is new among the transfers, what is late, and what has waited long enough. */
static void run_due_transfers(struct loop *loop)
{
    if (loop->transfers_due == NEVER || loop->transfers_due > when_monotonic())
        return;
    loop->transfers_due = NEVER;
    move_transfers(loop, CURL_SOCKET_TIMEOUT, 0);
    tell_ended(loop);
}

static void look_after_adrift(struct loop *loop)
{
    int running;

    if (!loop->adrift || loop->look_due > when_monotonic())
        return;
    loop->look_due = NEVER;
    check_sight(loop, curl_multi_socket_all(loop->crowd->multi, &running));
    tell_ended(loop);
}

static int curl_events(uint32_t events)
{
    return ((events & (EPOLLIN | EPOLLHUP)) ? CURL_CSELECT_IN : 0) |
           ((events & EPOLLOUT) ? CURL_CSELECT_OUT : 0) |
           ((events & EPOLLERR) ? CURL_CSELECT_ERR : 0);
}

static void take_event(struct loop *loop, const struct epoll_event *event)
{
    int fd = (int)(uint32_t)event->data.u64;
    const struct watch *watch;

    if (!event->events)
        return;
    if (!(event->data.u64 & WATCHED)) {
        move_transfers(loop, fd, curl_events(event->events));
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
        look_after_adrift(loop);
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
