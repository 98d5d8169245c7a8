#include "api/resume.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct resume {
    struct call call;
    struct backend *backend;
    struct ask ask;
    struct call *step;
    char stream[NAME_MAX_STREAM + 1];
    uint32_t partition;
    char sequence[SEQUENCE_MAX + 1]; /* what is committed */
};

static void cancel(struct call *call)
{
    struct resume *resume = (struct resume *)call;

    call_cancel(resume->step);
    free(resume);
}

static void finish(void *user, const struct error *error, const struct answer *answer)
{
    struct resume *resume = user;

    resume->ask.done(resume->ask.user, error, answer);
    free(resume);
}

static void get_cursor(struct resume *resume, enum cursor_kind kind, const char *sequence,
                       done_fn *done)
{
    struct ask ask = {.deadline = resume->ask.deadline, .done = done, .user = resume};
    struct cursor_order order = {.stream = resume->stream,
                                 .partition = resume->partition,
                                 .kind = kind,
                                 .sequence = sequence};
    struct error no_memory;

    resume->step = resume->backend->operations->get_cursor(resume->backend, &order, &ask);
    if (resume->step)
        return;
    error_set(&no_memory, ENOMEM, "no memory");
    finish(resume, &no_memory, &(struct answer){0});
}

/* The record before the oldest one is out of range for a service, and where "earliest" has put the
 * app: then the next record is asked for by its own number. */
static void on_cursor(void *user, const struct error *error, const struct answer *answer)
{
    struct resume *resume = user;
    char next[DECIMAL_ROOM];

    if (error && error->code == ERANGE &&
        !resume->backend->operations->to_decimal(resume->sequence, next) &&
        !decimal_add(next, next, "1"))
        get_cursor(resume, CURSOR_AT, next, finish);
    else
        finish(resume, error, answer);
}

static void on_checkpoint(void *user, const struct error *error, const struct answer *answer)
{
    struct resume *resume = user;

    if (error) {
        finish(resume, error, answer);
        return;
    }
    if (!answer->state->sequence) {
        get_cursor(resume, CURSOR_EARLIEST, NULL, finish);
        return;
    }
    snprintf(resume->sequence, sizeof(resume->sequence), "%s", answer->state->sequence);
    if (resume->backend->checkpoint_is_next)
        get_cursor(resume, CURSOR_AT, resume->sequence, finish);
    else
        get_cursor(resume, CURSOR_AFTER, resume->sequence, on_cursor);
}

struct call *resume_cursor(struct backend *backend, const char *app, const char *stream,
                           uint32_t partition, const struct ask *ask)
{
    struct resume *resume = calloc(1, sizeof(*resume));
    struct ask step = {.deadline = ask->deadline, .done = on_checkpoint, .user = resume};

    if (!resume)
        return NULL;
    resume->call.cancel = cancel;
    resume->backend = backend;
    resume->ask = *ask;
    resume->partition = partition;
    snprintf(resume->stream, sizeof(resume->stream), "%s", stream);
    resume->step = backend->operations->get_checkpoint(backend, app, stream, partition, &step);
    if (!resume->step) {
        free(resume);
        return NULL;
    }
    return &resume->call;
}
