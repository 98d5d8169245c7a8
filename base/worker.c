#include "base/worker.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static void look_at_event(void *user)
{
    struct worker *worker = user;
    uint64_t count;

    if (read(worker->event, &count, sizeof(count)) < 0)
        return;
    worker->ready(worker->user);
}

static void release_worker(struct worker *worker)
{
    loop_unwatch(worker->loop, worker->event);
    if (worker->event >= 0)
        close(worker->event);
    pthread_cond_destroy(&worker->wake);
    pthread_mutex_destroy(&worker->lock);
    worker->runs = false;
}

int worker_start(struct worker *worker, struct loop *loop, void *(*run)(void *user), loop_fn *ready,
                 void *user)
{
    int status;

    *worker = (struct worker){.runs = true, .loop = loop, .ready = ready, .user = user};
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->wake, NULL);
    worker->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    status = worker->event < 0 ? -errno : loop_watch(loop, worker->event, look_at_event, worker);
    if (!status)
        status = -pthread_create(&worker->thread, NULL, run, user);
    if (status)
        release_worker(worker);
    return status;
}

void worker_stop(struct worker *worker)
{
    if (!worker->runs)
        return;
    worker_lock(worker);
    worker->stop = true;
    worker_wake(worker);
    worker_unlock(worker);
    pthread_join(worker->thread, NULL);
    release_worker(worker);
}

void worker_lock(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
}

/* Who was woken while the lock is held would only wait for it. */
void worker_unlock(struct worker *worker)
{
    bool wakes = worker->wakes;

    worker->wakes = false;
    pthread_mutex_unlock(&worker->lock);
    if (wakes)
        pthread_cond_signal(&worker->wake);
}

void worker_wake(struct worker *worker)
{
    worker->wakes = true;
}

void worker_await(struct worker *worker)
{
    pthread_cond_wait(&worker->wake, &worker->lock);
}

void worker_pause(struct worker *worker, int64_t ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(ms % 1000) * 1000000L;
    until.tv_sec += (time_t)(ms / 1000) + until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_clockwait(&worker->wake, &worker->lock, CLOCK_MONOTONIC, &until);
}

void worker_wake_loop(struct worker *worker)
{
    uint64_t one = 1;

    if (write(worker->event, &one, sizeof(one)) < 0)
        return; /* the counter is at its maximum, and the loop will wake all the same */
}
