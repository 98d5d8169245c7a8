#include "api/resume.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct resume {
    struct operation operation;
    struct backend *backend;
    char stream[NAME_MAX_STREAM + 1];
    uint32_t partition;
    char sequence[SEQUENCE_MAX + 1]; /* what is committed */
};

OPERATION_FIRST(struct resume);

static void release_resume(struct operation *operation)
{
    free(operation);
}

static void end_resume(void *user, const struct error *error, const struct answer *answer)
{
    struct resume *resume = user;

    operation_end(&resume->operation, error, answer);
}

static void resume_get_cursor(struct resume *resume, enum cursor_kind kind, const char *sequence,
                              done_fn *done)
{
    struct ask ask = operation_ask(&resume->operation, done);
    struct cursor_order order = {.stream = resume->stream,
                                 .partition = resume->partition,
                                 .kind = kind,
                                 .sequence = sequence};

    operation_wait(&resume->operation, backend_get_cursor(resume->backend, &order, &ask));
}

/* The record before the oldest one is out of range for a service, and where "earliest" has put the
 * app: then the next record is asked for by its own number. */
static void on_resume_cursor(void *user, const struct error *error, const struct answer *answer)
{
    struct resume *resume = user;
    char next[DECIMAL_ROOM];

    if (error && error->code == ERANGE &&
        !backend_to_decimal(resume->backend, resume->sequence, next) &&
        !decimal_add(next, next, "1"))
        resume_get_cursor(resume, CURSOR_AT, next, end_resume);
    else
        end_resume(resume, error, answer);
}

static void on_resume_from(void *user, const struct error *error, const struct answer *answer)
{
    struct resume *resume = user;

    if (!operation_answered(&resume->operation, error))
        return;
    if (!answer->state->sequence) {
        resume_get_cursor(resume, CURSOR_EARLIEST, NULL, end_resume);
        return;
    }
    snprintf(resume->sequence, sizeof(resume->sequence), "%s", answer->state->sequence);
    if (resume->backend->checkpoint_is_next)
        resume_get_cursor(resume, CURSOR_AT, resume->sequence, end_resume);
    else
        resume_get_cursor(resume, CURSOR_AFTER, resume->sequence, on_resume_cursor);
}

struct call *resume_cursor(struct backend *backend, const char *app, const char *stream,
                           uint32_t partition, const struct ask *ask)
{
    struct resume *resume = calloc(1, sizeof(*resume));
    struct ask step;

    if (!resume)
        return NULL;
    operation_begin(&resume->operation, backend->loop, ask, release_resume);
    resume->backend = backend;
    resume->partition = partition;
    snprintf(resume->stream, sizeof(resume->stream), "%s", stream);
    step = operation_ask(&resume->operation, on_resume_from);
    operation_wait(&resume->operation,
                   backend_get_checkpoint(backend, app, stream, partition, &step));
    return &resume->operation.call;
}
