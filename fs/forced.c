#include "fs/forced.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"
#include "fs/cache.h"

#define KNOWN_MS    60000
#define PATIENCE_MS 3000

/* The official consumer libraries commit at least once a minute while they get records. */
#define ALIVE_NS (120 * INT64_C(1000000000))

/* A commit that waits until it is known who holds the partition. */
struct forced {
    struct call call;
    struct fs *fs;
    struct ask ask;
    struct call *step;
    struct commit_request request; /* its texts are those below */
    char *app;
    char *stream;
    char *metadata;
    char *consumer; /* the caller's */
};

static void release(struct forced *forced)
{
    free(forced->app);
    free(forced->stream);
    free(forced->metadata);
    free(forced);
}

static bool cancel(struct call *call)
{
    struct forced *forced = (struct forced *)call;
    bool may_have_changed = call_cancel(forced->step);

    release(forced);
    return may_have_changed;
}

static void on_committed(void *user, const struct error *error, const struct answer *answer)
{
    struct forced *forced = user;

    forced->ask.done(forced->ask.user, error, answer);
    release(forced);
}

/* Looks into what is known. False when that is too old. */
static bool find_consumer(const struct fs *fs, const struct commit_request *request,
                          char consumer[static CONSUMER_ROOM])
{
    struct state state = {0};
    int status = cache_state(fs->cache, request->app, request->stream, request->partition,
                             cache_not_before(KNOWN_MS), false, &state);

    *consumer = '\0';
    if (!status && state.consumer && state.committed != WHEN_UNKNOWN &&
        state.committed > when_now() - ALIVE_NS)
        snprintf(consumer, CONSUMER_ROOM, "%s", state.consumer);
    return status != -EAGAIN;
}

static void on_states(void *user, const struct error *unused, const struct answer *answer)
{
    static const struct answer nothing;
    struct forced *forced = user;
    struct ask ask = {forced->ask.deadline, on_committed, forced};
    struct error error;

    (void)unused;
    (void)answer;
    find_consumer(forced->fs, &forced->request, forced->consumer);
    forced->step = commit_position(forced->fs->backend, &forced->request, &ask);
    if (forced->step)
        return;
    error_set(&error, ENOMEM, "no memory");
    on_committed(forced, &error, &nothing);
}

static struct forced *new_forced(struct fs *fs, const struct commit_request *request,
                                 const struct ask *ask)
{
    struct forced *forced = calloc(1, sizeof(*forced));

    if (!forced)
        return NULL;
    *forced = (struct forced){.call = {cancel},
                              .fs = fs,
                              .ask = *ask,
                              .request = *request,
                              .app = strdup(request->app),
                              .stream = strdup(request->stream),
                              .metadata = strdup(request->metadata)};
    forced->request.app = forced->app;
    forced->request.stream = forced->stream;
    forced->request.metadata = forced->metadata;
    if (forced->app && forced->stream && forced->metadata)
        return forced;
    release(forced);
    return NULL;
}

struct call *forced_commit(struct fs *fs, const struct commit_request *request,
                           char consumer[static CONSUMER_ROOM], const struct ask *ask)
{
    struct question states = {WHAT_STATES, request->app, request->stream};
    struct ask look = {when_monotonic() + PATIENCE_MS, on_states, NULL};
    struct forced *forced;

    *consumer = '\0';
    if (!fs->backend->is_forced || find_consumer(fs, request, consumer))
        return commit_position(fs->backend, request, ask);
    forced = new_forced(fs, request, ask);
    if (!forced)
        return NULL;
    forced->consumer = consumer;
    look.user = forced;
    if (look.deadline > ask->deadline)
        look.deadline = ask->deadline;
    forced->step = cache_get(fs->cache, &states, &look);
    if (forced->step)
        return &forced->call;
    release(forced);
    return NULL;
}
