#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/timers.h"

/*
 * The one loop of the program. Everything runs in its thread, one callback at a time; a callback
 * must not block. It waits in epoll_wait() for descriptors and for the sockets of libcurl, so that
 * a round costs by what has happened, not by how much is waited for.
 */
struct loop;
struct crowd;

/* NULL when there is no memory. libcurl keeps state that does not survive fork(2): make it after.
 */
struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* Calls ready whenever fd can be read, has failed or has ended, until loop_unwatch. 0 or -ENOMEM,
 * also for one that is watched, and for more than a few hundred. */
int loop_watch(struct loop *loop, int fd, loop_fn *ready, void *user);

/* Whether ready is also called whenever a watched fd can be written to. */
void loop_watch_writing(struct loop *loop, int fd, bool writing);

void loop_unwatch(struct loop *loop, int fd);

/*
 * Starts a timer, or starts it anew. With a delay of 0 or less it fires in the next round of the
 * loop.
 *
 * A timer is a member of what it belongs to, all zero before its first use. It fires once; timers
 * of the same time fire in the order they were started. Its owner stops it before its memory goes.
 */
void timer_start(struct loop *loop, struct timer *timer, int64_t delay_ms, loop_fn *fire,
                 void *user);
void timer_stop(struct timer *timer);

/*
 * A transfer of libcurl among the loop's, which share connections. It is a member of what it
 * belongs to, all zero before its first use. `done` is called once from the loop, when the easy
 * handle can be used again, with a CURLcode; it is not called after transfer_stop. The easy handle
 * (a CURL) stays its owner's, and its CURLOPT_PRIVATE is the loop's. Where there is no memory to
 * wait for one, all that are under way end with CURLE_OUT_OF_MEMORY.
 */
typedef void transfer_fn(void *user, int result);

struct transfer {
    LIST_ENTRY(transfer) link; /* among the loop's that have not ended */
    struct loop *loop;         /* NULL while nothing is under way */
    struct crowd *crowd;       /* of the loop */
    void *easy;
    transfer_fn *done;
    void *user;
    bool stays; /* after its end */
    bool has_ended;
    bool is_adrift; /* it has no socket */
};

/* 0 or -ENOMEM. */
int transfer_start(struct loop *loop, struct transfer *transfer, void *easy, transfer_fn *done,
                   void *user);

/* The same with a handle that only connects (CURLOPT_CONNECT_ONLY). It stays among the loop's after
 * `done`, for libcurl closes the connection of one that leaves: until transfer_stop. */
int transfer_connect(struct loop *loop, struct transfer *transfer, void *easy, transfer_fn *done,
                     void *user);

/* Gives a transfer up at once; nothing happens when none is under way. */
void transfer_stop(struct transfer *transfer);

/* Runs until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
