#include "api/local/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"
#include "base/worker.h"

/* How long to wait before asking again for a lock that another process holds. */
#define LOCK_RETRY_MS 10

/* The most calls in one transaction; and it is full with the call that brings it to so many bytes
 * of records, for SQLite's log holds all of it. */
#define BATCH_MAX   256
#define BATCH_BYTES (8 << 20)

STAILQ_HEAD(calls, local_call);

struct writer {
    struct store *store;
    writer_done_fn *done;

    struct worker worker; /* whose lock guards all below */
    struct calls waiting;
    struct calls finished;
};

/* To be called with the lock held. */
static void take_waiting(struct writer *writer, struct calls *batch)
{
    size_t bytes = 0;

    for (int i = 0; i < BATCH_MAX && bytes < BATCH_BYTES && !STAILQ_EMPTY(&writer->waiting); i++) {
        struct local_call *call = STAILQ_FIRST(&writer->waiting);

        STAILQ_REMOVE_HEAD(&writer->waiting, link);
        STAILQ_INSERT_TAIL(batch, call, link);
        bytes += call->size;
    }
}

/* Takes as many waiting calls as go into one transaction; false when the writer is to stop. Waits
 * for the first. */
static bool take_batch(struct writer *writer, struct calls *batch)
{
    bool stop;

    worker_lock(&writer->worker);
    while (!writer->worker.stop && STAILQ_EMPTY(&writer->waiting))
        worker_await(&writer->worker);
    stop = writer->worker.stop;
    if (!stop)
        take_waiting(writer, batch);
    worker_unlock(&writer->worker);
    return !stop;
}

static void hand_back(struct writer *writer, struct calls *calls)
{
    if (STAILQ_EMPTY(calls))
        return;
    worker_lock(&writer->worker);
    STAILQ_CONCAT(&writer->finished, calls);
    worker_unlock(&writer->worker);
    worker_wake_loop(&writer->worker);
}

static bool is_cancelled(struct writer *writer, const struct local_call *call)
{
    bool cancelled;

    worker_lock(&writer->worker);
    cancelled = call->cancelled;
    worker_unlock(&writer->worker);
    return cancelled;
}

/* Moves the calls that need no more work from the batch to ended: too late, or cancelled. */
static void expire_calls(struct writer *writer, struct calls *batch, struct calls *ended)
{
    struct calls left = STAILQ_HEAD_INITIALIZER(left);
    int64_t now = when_monotonic();
    struct local_call *call;

    while ((call = STAILQ_FIRST(batch))) {
        STAILQ_REMOVE_HEAD(batch, link);
        if (call->operation.ask.deadline <= now)
            error_set(&call->operation.error, ETIMEDOUT, "another process holds the store's lock");
        if (call->operation.ask.deadline <= now || is_cancelled(writer, call))
            STAILQ_INSERT_TAIL(ended, call, link);
        else
            STAILQ_INSERT_TAIL(&left, call, link);
    }
    STAILQ_CONCAT(batch, &left);
}

/* Waits a moment; false when the writer is to stop. */
static bool wait_for_lock(struct writer *writer)
{
    bool stop;

    worker_lock(&writer->worker);
    if (!writer->worker.stop)
        worker_pause(&writer->worker, LOCK_RETRY_MS);
    stop = writer->worker.stop;
    worker_unlock(&writer->worker);
    return !stop;
}

static void fail_all(struct calls *batch, const struct error *error)
{
    struct local_call *call;

    STAILQ_FOREACH(call, batch, link)
    call->operation.error = *error;
}

/* Begins a transaction for the batch; what cannot wait longer for the lock leaves it. */
static bool begin_batch(struct writer *writer, struct calls *batch)
{
    struct calls ended = STAILQ_HEAD_INITIALIZER(ended);
    struct error error;
    int status;

    for (;;) {
        expire_calls(writer, batch, &ended);
        hand_back(writer, &ended);
        if (STAILQ_EMPTY(batch))
            return false;
        status = store_begin(writer->store, &error);
        if (!status)
            return true;
        if (status != -EAGAIN || !wait_for_lock(writer))
            break;
    }
    fail_all(batch, &error);
    return false;
}

/* Works on each call, as a step of its own; false when the whole transaction is lost. */
static bool work_on_batch(struct writer *writer, struct calls *batch, struct error *error)
{
    struct local_call *call;

    STAILQ_FOREACH(call, batch, link)
    {
        int status = store_step_begin(writer->store, &call->operation.error);

        if (!status) {
            status = call->work(writer->store, call);
            status = store_step_end(writer->store, status, &call->operation.error);
        }
        if (!status)
            call->operation.error.code = 0;
        if (store_is_lost(writer->store)) {
            *error = call->operation.error;
            if (!status)
                error_set(error, EIO, "the store has lost the transaction");
            return false;
        }
    }
    return true;
}

static void write_batch(struct writer *writer, struct calls *batch)
{
    struct error error = {0};

    if (begin_batch(writer, batch)) {
        bool worked = work_on_batch(writer, batch, &error);

        if (!worked || store_end(writer->store, &error)) {
            /* What a commit that failed has left on the disk, nobody knows. */
            error.is_unknown = worked;
            store_cancel(writer->store);
            fail_all(batch, &error);
        }
    }
    hand_back(writer, batch);
}

static void *run_writer(void *user)
{
    struct writer *writer = user;
    struct calls batch = STAILQ_HEAD_INITIALIZER(batch);

    while (take_batch(writer, &batch))
        write_batch(writer, &batch);
    return NULL;
}

/* In the loop's thread: tells those who asked. */
static void deliver(void *user)
{
    struct writer *writer = user;
    struct local_call *call;

    for (;;) {
        worker_lock(&writer->worker);
        call = STAILQ_FIRST(&writer->finished);
        if (call)
            STAILQ_REMOVE_HEAD(&writer->finished, link);
        worker_unlock(&writer->worker);
        if (!call)
            return;
        if (call->cancelled)
            operation_drop(&call->operation);
        else
            writer->done(call);
    }
}

int writer_start(struct loop *loop, struct store *store, writer_done_fn *done,
                 struct writer **writer, struct error *error)
{
    struct writer *started = calloc(1, sizeof(*started));
    int status;

    if (!started)
        return error_set(error, ENOMEM, "no memory");
    *started = (struct writer){.store = store, .done = done};
    STAILQ_INIT(&started->waiting);
    STAILQ_INIT(&started->finished);
    status = worker_start(&started->worker, loop, run_writer, deliver, started);
    if (status) {
        free(started);
        return error_set(error, -status, "cannot start the writer: %s", strerror(-status));
    }
    *writer = started;
    return 0;
}

static void free_all(struct calls *calls)
{
    struct local_call *call;

    while ((call = STAILQ_FIRST(calls))) {
        STAILQ_REMOVE_HEAD(calls, link);
        operation_drop(&call->operation);
    }
}

void writer_stop(struct writer *writer)
{
    if (!writer)
        return;
    worker_stop(&writer->worker);
    free_all(&writer->waiting);
    free_all(&writer->finished);
    store_close(writer->store);
    free(writer);
}

void writer_submit(struct writer *writer, struct local_call *call)
{
    worker_lock(&writer->worker);
    STAILQ_INSERT_TAIL(&writer->waiting, call, link);
    worker_wake(&writer->worker);
    worker_unlock(&writer->worker);
}

/* To be called with the lock held. */
static bool is_waiting(const struct writer *writer, const struct local_call *call)
{
    const struct local_call *waiting;

    STAILQ_FOREACH(waiting, &writer->waiting, link)
    {
        if (waiting == call)
            return true;
    }
    return false;
}

bool writer_has_taken(struct writer *writer, const struct local_call *call)
{
    bool waits;

    worker_lock(&writer->worker);
    waits = is_waiting(writer, call);
    worker_unlock(&writer->worker);
    return !waits;
}

bool writer_cancel(struct writer *writer, struct local_call *call)
{
    bool waits;

    worker_lock(&writer->worker);
    call->cancelled = true;
    waits = is_waiting(writer, call);
    if (waits)
        STAILQ_REMOVE(&writer->waiting, call, local_call, link);
    worker_unlock(&writer->worker);
    if (waits)
        operation_drop(&call->operation);
    return !waits;
}
