#ifndef API_SHARE_H
#define API_SHARE_H

#include <stdbool.h>
#include <sys/queue.h>

#include "api/operation.h"

/*
 * Many who wait for one answer: each with a deadline of its own, and each can give up by itself.
 * When the last has given up, `deserted` is called, for what nobody waits for need not go on; not
 * while share_tell tells.
 */
struct sharer;

struct share {
    struct loop *loop;
    void (*deserted)(void *user);
    void *user;
    const char *late;                           /* what those are told whose time is up, */
    const struct error *(*trouble)(void *user); /* unless this, which may be NULL, says more */
    int64_t grace; /* they wait for so many ms longer: what is asked may say more than that */
    TAILQ_HEAD(sharers, sharer) sharers;
    unsigned round; /* tells those who wait from those who come while they are told */
    bool telling;
};

void share_init(struct share *share, struct loop *loop, const char *late, int64_t grace_ms,
                void (*deserted)(void *user), void *user);

/* Waits with the others; an operation like any other. */
struct call *share_join(struct share *share, const struct ask *ask);

/* Tells all who wait now. A callback may join again, and is then not among them. */
void share_tell(struct share *share, const struct error *error, const struct answer *answer);

/* Before its memory goes: nobody waits any more. */
void share_release(struct share *share);

/* Whether nobody waits, and nobody is being told. */
bool share_is_idle(const struct share *share);

#endif
