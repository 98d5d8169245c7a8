#include "base/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "base/always.h"
#include "base/descriptors.h"
#include "base/when.h"

/* The longest single wait: curl_multi_poll() takes an int. */
#define WAIT_MAX_MS 60000

/* Of a backend's connections, most of all. */
#define WATCH_MAX 512

/* Connections that are kept, in use or not: with fewer than are in use, libcurl closes one with
 * each request that ends. */
#define CONNECTIONS_KEPT 1024

/* As many as a service allows: it says how many. */
#define STREAMS_OF_CONNECTION 1000L

struct watch {
    loop_fn *ready;
    void *user;
};

struct loop {
    CURLM *multi;
    struct timers timers;
    struct curl_waitfd fds[WATCH_MAX];
    struct pollfd ended[WATCH_MAX];
    struct watch watches[WATCH_MAX];
    unsigned watched;
    bool unexplained; /* something ended the last wait that is not known */
    bool has_new;     /* transfers that libcurl has not begun */
    bool stopped;
};

struct loop *loop_new(void)
{
    struct loop *loop = calloc(1, sizeof(*loop));

    if (!loop)
        return NULL;
    timers_init(&loop->timers);
    loop->multi = curl_multi_init();
    if (!loop->multi) {
        free(loop);
        return NULL;
    }
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
    free(loop);
}

int loop_watch(struct loop *loop, int fd, loop_fn *ready, void *user)
{
    if (loop->watched == WATCH_MAX)
        return -ENOMEM;
    loop->fds[loop->watched] = (struct curl_waitfd){.fd = fd, .events = CURL_WAIT_POLLIN};
    loop->watches[loop->watched++] = (struct watch){.ready = ready, .user = user};
    return 0;
}

void loop_unwatch(struct loop *loop, int fd)
{
    for (unsigned i = 0; i < loop->watched; i++) {
        if (loop->fds[i].fd != fd)
            continue;
        loop->watched--;
        loop->fds[i] = loop->fds[loop->watched];
        loop->watches[i] = loop->watches[loop->watched];
        return;
    }
}

void loop_watch_writing(struct loop *loop, int fd, bool writing)
{
    for (unsigned i = 0; i < loop->watched; i++) {
        if (loop->fds[i].fd == fd)
            loop->fds[i].events = CURL_WAIT_POLLIN | (writing ? CURL_WAIT_POLLOUT : 0);
    }
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
    int64_t wait = next ? next->due - when_monotonic() : WAIT_MAX_MS;

    if (wait > WAIT_MAX_MS)
        return WAIT_MAX_MS;
    return wait < 0 ? 0 : (int)wait;
}

/*
 * libcurl does not pass on POLLERR and POLLHUP, which /dev/fuse gives once it is unmounted. When
 * more descriptors ended the wait than ours can be read, the others are mostly those of transfers.
 * When it is so again in the next round, poll(2) tells whether one of ours has ended.
 */
static void find_ended(struct loop *loop, int ready)
{
    bool was_unexplained = loop->unexplained;

    for (unsigned i = 0; i < loop->watched; i++)
        ready -= loop->fds[i].revents != 0;
    loop->unexplained = ready > 0;
    if (!was_unexplained || !loop->unexplained)
        return;
    for (unsigned i = 0; i < loop->watched; i++)
        loop->ended[i] = (struct pollfd){.fd = loop->fds[i].fd, .events = POLLIN};
    if (poll(loop->ended, loop->watched, 0) <= 0)
        return;
    for (unsigned i = 0; i < loop->watched; i++) {
        if (loop->ended[i].revents)
            loop->fds[i].revents = loop->ended[i].revents;
    }
}

static void call_watches(struct loop *loop)
{
    for (unsigned i = 0; i < loop->watched; i++) {
        if (!loop->fds[i].revents)
            continue;
        loop->fds[i].revents = 0;
        loop->watches[i].ready(loop->watches[i].user);
    }
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
    loop->has_new = true;
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

/* Moves all transfers on, and tells of those that have ended. */
static void run_transfers(struct loop *loop)
{
    CURLMsg *message;
    int count;

    loop->has_new = false;
    curl_multi_perform(loop->multi, &count);
    while ((message = curl_multi_info_read(loop->multi, &count))) {
        int result = (int)message->data.result;
        struct transfer *transfer = NULL;

        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        if (!transfer->stays)
            transfer_stop(transfer);
        transfer->done(transfer->user, result);
    }
}

void loop_run(struct loop *loop)
{
    for (loop->stopped = false; !loop->stopped;) {
        int ready = 0;

        curl_multi_poll(loop->multi, loop->fds, loop->watched, wait_ms(loop), &ready);
        find_ended(loop, ready);
        call_watches(loop);
        run_transfers(loop);
        if (!loop->stopped)
            timers_fire(&loop->timers);
        if (!loop->stopped && loop->has_new)
            run_transfers(loop);
    }
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}
