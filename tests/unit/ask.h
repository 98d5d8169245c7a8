#ifndef TESTS_UNIT_ASK_H
#define TESTS_UNIT_ASK_H

#include "test.h"

#include "api/backend.h"
#include "base/when.h"

/*
 * What the callback of one operation told. A reply is all zero before its operation starts, and is
 * released when the test is through with it.
 */
struct reply {
    struct loop *loop; /* stopped by the callback; may be NULL */
    unsigned count;
    struct error error;
    struct names *names;
    struct table *table;
    char *text;
    char *lines;    /* the text of a batch, which is in text too where nothing else is */
    size_t records; /* of that batch */
    bool has_state;
    struct state state; /* its texts are copies */
};

static inline const char *copy_of(const char *text)
{
    char *copy = text ? strdup(text) : NULL;

    assert_int_equal(copy == NULL, text == NULL);
    return copy;
}

static inline void note_reply(void *user, const struct error *error, const struct answer *answer)
{
    struct reply *reply = user;

    reply->count++;
    assert_int_equal(reply->count, 1);
    assert_non_null(answer);
    if (reply->loop)
        loop_stop(reply->loop);
    if (error) {
        assert_int_not_equal(error->code, 0);
        assert_true(!answer->names && !answer->table && !answer->state && !answer->batch &&
                    !answer->text);
        reply->error = *error;
        return;
    }
    reply->names = answer->names ? names_hold(answer->names) : NULL;
    reply->table = answer->table ? table_hold(answer->table) : NULL;
    reply->lines = (char *)(uintptr_t)copy_of(answer->batch ? answer->batch->text.data : NULL);
    reply->records = answer->batch ? answer->batch->count : 0;
    reply->text = (char *)(uintptr_t)copy_of(answer->text ? answer->text : reply->lines);
    reply->has_state = answer->state != NULL;
    if (!answer->state)
        return;
    reply->state = *answer->state;
    reply->state.sequence = copy_of(answer->state->sequence);
    reply->state.metadata = copy_of(answer->state->metadata);
    reply->state.earliest = copy_of(answer->state->earliest);
    reply->state.latest = copy_of(answer->state->latest);
    reply->state.consumer = copy_of(answer->state->consumer);
    reply->state.details = copy_of(answer->state->details);
    reply->state.status = NULL;
}

static inline void reply_release(struct reply *reply)
{
    names_drop(reply->names);
    table_drop(reply->table);
    free(reply->text);
    free(reply->lines);
    free((char *)(uintptr_t)reply->state.sequence);
    free((char *)(uintptr_t)reply->state.metadata);
    free((char *)(uintptr_t)reply->state.earliest);
    free((char *)(uintptr_t)reply->state.latest);
    free((char *)(uintptr_t)reply->state.consumer);
    free((char *)(uintptr_t)reply->state.details);
    *reply = (struct reply){.loop = reply->loop};
}

/* An ask that a minute is long enough for. */
static inline struct ask ask_into(struct reply *reply)
{
    return (struct ask){.deadline = when_monotonic() + 60000, .done = note_reply, .user = reply};
}

static inline void end_of_time(void *user)
{
    loop_stop(user);
}

/* Runs the loop for a moment, or until a callback stops it. */
static inline void run_for(struct loop *loop, int64_t ms)
{
    struct timer timer = {0};

    timer_start(loop, &timer, ms, end_of_time, loop);
    loop_run(loop);
    timer_stop(&timer);
}

/* Runs the loop until the operation has ended, and a little longer: it must not end twice. */
static inline void run_until(struct loop *loop, struct reply *reply)
{
    reply->loop = loop;
    assert_int_equal(reply->count, 0);
    run_for(loop, 30000);
    assert_int_equal(reply->count, 1);
    run_for(loop, 1);
}

#endif
