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

static void on_checkpoint(void *user, const struct error *error, const struct answer *answer)
{
    struct resume *resume = user;
    struct ask ask = {.deadline = resume->ask.deadline, .done = finish, .user = resume};
    struct cursor_order order = {.stream = resume->stream, .partition = resume->partition};
    struct error no_memory;

    if (error) {
        finish(resume, error, answer);
        return;
    }
    order.sequence = answer->state->sequence;
    order.kind = !order.sequence                       ? CURSOR_EARLIEST
                 : resume->backend->checkpoint_is_next ? CURSOR_AT
                                                       : CURSOR_AFTER;
    resume->step = resume->backend->operations->get_cursor(resume->backend, &order, &ask);
    if (!resume->step) {
        error_set(&no_memory, ENOMEM, "no memory");
        finish(resume, &no_memory, &(struct answer){0});
    }
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
