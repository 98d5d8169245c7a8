#ifndef BASE_WORKER_H
#define BASE_WORKER_H

#include <pthread.h>
#include <stdbool.h>

#include "base/loop.h"

/*
 * A thread beside the loop, for what would block it. Either hands things to the other under the
 * lock, and then wakes it.
 *
 * It is a member of what it belongs to, all zero before it is started.
 */
struct worker {
    bool runs;  /* it was started, and not stopped */
    bool stop;  /* guarded by the lock: `run` is to return */
    bool wakes; /* likewise: the thread is to be woken */

    struct loop *loop; /* the worker's own, from here on */
    loop_fn *ready;
    void *user;
    int event;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
};

/* Starts a thread with `run`; `ready` is called from the loop when it was woken. Both get user. 0
 * or a negative errno. */
int worker_start(struct worker *worker, struct loop *loop, void *(*run)(void *user), loop_fn *ready,
                 void *user);

/* Waits until `run` has returned; `ready` is not called any more. Nothing happens when it does not
 * run. */
void worker_stop(struct worker *worker);

void worker_lock(struct worker *worker);
void worker_unlock(struct worker *worker);

/* With the lock held: wakes the thread once it is given up. */
void worker_wake(struct worker *worker);

/* In the thread, with the lock held, which others can have meanwhile: waits until it is woken, or
 * so long at most. Either may end early. */
void worker_await(struct worker *worker);
void worker_pause(struct worker *worker, int64_t ms);

/* In the thread. */
void worker_wake_loop(struct worker *worker);

#endif
