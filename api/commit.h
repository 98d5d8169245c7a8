#ifndef API_COMMIT_H
#define API_COMMIT_H

#include "api/backend.h"

struct commit_request {
    const char *app;
    const char *stream;
    uint32_t partition;
    struct position position;
    const char *metadata;
    bool make_partition;  /* as in struct commit_order */
    bool clamp;           /* a position outside the kept range becomes the nearest inside */
    bool reads_first;     /* ask what is committed before anything is sent, whatever it is for; if
                             that cannot be had, go on without */
    bool must_read;       /* the same, and without it nothing is sent */
    bool app_may_lack;    /* with that: nothing is committed by an app that is not there */
    bool monotonic;       /* refuse (EPERM) to go back behind what is committed; unless the backend
                             has CAN_COMPARE, another client may commit in between */
    const char *expected; /* the sequence number that must still be committed, as a user writes it,
                             "" for none, else ESTALE; with the same exception. NULL: any */
};

/* Whoever wants to know more of a commit than its end. Each may be NULL. */
struct commit_watcher {
    /* Told what was committed before, if that was asked for. */
    void (*found)(void *user, const struct state *state);

    /* Told what is going to be sent, right before it is: a sequence, or NULL for the deletion that
     * stands for the record before the first. */
    void (*sending)(void *user, const char *sequence);

    /* Then it is sent when the operation that this begins has ended well. What that fails with
     * counts as the backend's own refusal. */
    struct call *(*prepare)(void *user, const struct ask *ask);
    void *user;
};

/*
 * Commits a position; an operation like a backend's own, of one or more steps that are the same for
 * every backend. A sequence number costs one request; any other position, and a check for going
 * back, one more each; a clamp that becomes necessary three or four; and a decimal that a backend
 * has range_advice for, two. state: what is stored now.
 *
 * With checkpoints that name the last record read there is no number from which record 0 is read
 * next, and a service may refuse the one from which the oldest that it keeps is. If "earliest",
 * "latest" or a time comes to that, the checkpoint is deleted, for nothing committed means the
 * same, and the state has no sequence. That cannot carry metadata (ERANGE). It is so with clamp,
 * too; other positions below what is kept become the oldest number that the service takes.
 */
struct call *commit_position(struct backend *backend, const struct commit_request *request,
                             const struct commit_watcher *watcher, const struct ask *ask);

#endif
