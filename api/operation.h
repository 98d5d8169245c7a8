#ifndef API_OPERATION_H
#define API_OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/errand.h"
#include "api/error.h"
#include "base/loop.h"

struct batch;
struct names;
struct state;
struct table;

/*
 * An asynchronous operation: asked for, under way, answered.
 *
 * It copies its arguments, returns at once, and later, never before it has returned, calls `done`
 * exactly once from the loop. Until then it can be cancelled; `done` is not called any more. When
 * there is no memory for an operation it returns NULL and `done` is not called; whatever else is
 * wrong, `done` tells.
 */

/* Something under way. Who starts it owns it until `done` runs or call_cancel returns. */
struct call {
    bool (*cancel)(struct call *call);
    bool (*is_sent)(const struct call *call);                /* NULL: never */
    const struct error *(*trouble)(const struct call *call); /* NULL: none */
    bool (*finish)(struct call *call);                       /* NULL: it cannot */
};

/*
 * Gives a call up. True if it was to change something and may have changed it all the same: a
 * request was sent, and nobody has seen its answer. NULL is allowed.
 */
static inline bool call_cancel(struct call *call)
{
    return call && call->cancel(call);
}

/* Whether cancelling it now would tell that something may have been changed. NULL is allowed. */
static inline bool call_is_sent(const struct call *call)
{
    return call && call->is_sent && call->is_sent(call);
}

/* Instead of giving it up: a call whose end is known, though something else is still waited for,
 * ends now, and tells. False if nobody knows its end. NULL is allowed. */
static inline bool call_finish(struct call *call)
{
    return call && call->finish && call->finish(call);
}

/* Why it is not answered yet, where something has failed that is tried again: says more than that
 * there was no answer in time. NULL while nothing has; lasts until the loop goes on. NULL is
 * allowed. */
static inline const struct error *call_trouble(const struct call *call)
{
    return call && call->trouble ? call->trouble(call) : NULL;
}

/*
 * What an operation found out; which member is set stands with the operation. It lasts as long as
 * the callback; names and table can be held longer.
 */
struct answer {
    struct names *names;
    struct table *table;
    const struct state *state;
    const struct batch *batch;
    const char *text;
};

/* The answer of what failed, or has nothing to tell. */
extern const struct answer no_answer;

/* error is NULL when the operation succeeded; else the answer is all NULL. */
typedef void done_fn(void *user, const struct error *error, const struct answer *answer);

/* Whom to tell, and until when to try: milliseconds of when_monotonic(). Past it, ETIMEDOUT. What
 * for, only who asks a backend on the way to something else says; the door knows. */
struct ask {
    int64_t deadline;
    done_fn *done;
    void *user;
    enum errand errand;
};

/*
 * The head of every struct that is an operation: its first member, checked by OPERATION_FIRST. The
 * functions below do for all operations what is the same in each. `release` frees the struct and
 * what it holds, but for what the head holds.
 */
struct operation {
    struct call call;
    struct loop *loop;
    struct ask ask;
    struct timer timer; /* ends it soon */
    struct call *step;  /* what it waits for, or NULL */
    struct error error; /* why it fails; code 0 as long as it does not */
    bool ended;         /* done is being called: nobody may end or cancel it once more */
    void (*release)(struct operation *operation);
};

#define OPERATION_FIRST(type) \
    _Static_assert(offsetof(type, operation) == 0, "the operation must be the first member")

/* Fills in the head of a struct that is all zero. Cancelling it cancels its step. */
void operation_begin(struct operation *operation, struct loop *loop, const struct ask *ask,
                     void (*release)(struct operation *operation));

/* Each of these ends the operation: tells who asked, then frees it. operation_fail tells
 * operation->error. */
void operation_end(struct operation *operation, const struct error *error,
                   const struct answer *answer);
void operation_fail(struct operation *operation);

/* Calls `then` in the next round of the loop: for what is known before the operation has returned.
 * It gets the operation. */
void operation_soon(struct operation *operation, loop_fn *then);

/* operation_fail in the next round of the loop. */
void operation_fail_soon(struct operation *operation);

/* Frees the operation without telling anybody. */
void operation_drop(struct operation *operation);

/* For a step, which has the same deadline and errand; done is called with the operation. */
struct ask operation_ask(struct operation *operation, done_fn *done);

/* Notes the step that is under way. For NULL the operation fails soon, with ENOMEM. */
void operation_wait(struct operation *operation, struct call *step);

/* Begins the handling of a step's answer. False when the step has failed, and the operation with
 * it. */
bool operation_answered(struct operation *operation, const struct error *error);

#endif
