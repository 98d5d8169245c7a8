#include "api/share.h"

#include <errno.h>
#include <stdlib.h>

#include "base/always.h"
#include "base/when.h"

struct sharer {
    struct operation operation;
    TAILQ_ENTRY(sharer) link;
    struct share *share;
    unsigned round;
};

OPERATION_FIRST(struct sharer);

void share_init(struct share *share, struct loop *loop, const char *late, int64_t grace_ms,
                void (*deserted)(void *user), void *user)
{
    *share = (struct share){
        .loop = loop, .deserted = deserted, .user = user, .late = late, .grace = grace_ms};
    TAILQ_INIT(&share->sharers);
}

void share_release(struct share *share)
{
    struct error error;

    if (ALWAYS(share_is_idle(share)))
        return;
    error_set(&error, EIO, "what was waited for is gone");
    share_tell(share, &error, &no_answer);
}

bool share_is_idle(const struct share *share)
{
    return TAILQ_EMPTY(&share->sharers) && !share->telling;
}

static void release_sharer(struct operation *operation)
{
    struct sharer *sharer = (struct sharer *)operation;
    struct share *share = sharer->share;

    TAILQ_REMOVE(&share->sharers, sharer, link);
    free(sharer);
    if (share_is_idle(share))
        share->deserted(share->user);
}

static const struct error *trouble_of_share(const struct share *share)
{
    return share->trouble ? share->trouble(share->user) : NULL;
}

static const struct error *trouble_of_sharer(const struct call *call)
{
    return trouble_of_share(((const struct sharer *)call)->share);
}

static void sharer_is_late(void *user)
{
    struct sharer *sharer = user;
    struct ask ask = sharer->operation.ask;
    const struct error *trouble = trouble_of_share(sharer->share);
    struct error error;

    if (trouble)
        error = *trouble;
    else
        error_set(&error, ETIMEDOUT, "%s", sharer->share->late);
    operation_drop(&sharer->operation);
    ask.done(ask.user, &error, &no_answer);
}

struct call *share_join(struct share *share, const struct ask *ask)
{
    struct sharer *sharer = calloc(1, sizeof(*sharer));
    int64_t left = ask->deadline + share->grace - when_monotonic();

    if (!sharer)
        return NULL;
    operation_begin(&sharer->operation, share->loop, ask, release_sharer);
    sharer->operation.call.trouble = trouble_of_sharer;
    sharer->share = share;
    sharer->round = share->round;
    TAILQ_INSERT_TAIL(&share->sharers, sharer, link);
    timer_start(share->loop, &sharer->operation.timer, left > 0 ? left : 0, sharer_is_late, sharer);
    return &sharer->operation.call;
}

void share_tell(struct share *share, const struct error *error, const struct answer *answer)
{
    unsigned round = ++share->round;
    bool telling = share->telling;
    struct sharer *sharer;

    share->telling = true;
    /* Those who joined meanwhile stand behind, and are of this round or of a later one. */
    while ((sharer = TAILQ_FIRST(&share->sharers)) && (int)(sharer->round - round) < 0) {
        struct ask ask = sharer->operation.ask;

        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): freed ones have left the queue */
        operation_drop(&sharer->operation);
        ask.done(ask.user, error, error ? &no_answer : answer);
    }
    share->telling = telling;
}
