#include "api/resume.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct resume {
    struct operation operation;
    struct backend *backend;
    char stream[NAME_MAX_STREAM + 1];
    uint32_t partition;
    bool reads;                      /* records, not a cursor */
    size_t limit;                    /* of their batch */
    char sequence[SEQUENCE_MAX + 1]; /* what is committed; "" for nothing */
};

OPERATION_FIRST(struct resume);

static void release_resume(struct operation *operation)
{
    free(operation);
}

/* Begins at a place: gets a cursor there, or reads from there. */
static void begin_at(struct resume *resume, enum cursor_kind kind, const char *sequence,
                     done_fn *done)
{
    struct backend *backend = resume->backend;
    struct ask ask = operation_ask(&resume->operation, done);
    struct read_order order = {
        .from = {.stream = resume->stream,
                 .partition = resume->partition,
                 .kind = kind,
                 .sequence = sequence},
        .limit = resume->limit,
    };

    operation_wait(&resume->operation, resume->reads
                                           ? backend_read_records(backend, &order, &ask)
                                           : backend_get_cursor(backend, &order.from, &ask));
}

/* Whether the next record is beyond the end, rather than deleted. */
static bool is_beyond(const struct resume *resume, const char *oldest)
{
    char next[DECIMAL_ROOM];

    return !backend_to_decimal(resume->backend, resume->sequence, next) &&
           !decimal_add(next, next, resume->backend->checkpoint_is_next ? "0" : "1") &&
           decimal_compare(next, oldest) >= 0;
}

/* What was committed is kept no more: says what is, if the backend tells. */
static void explain_loss(void *user, const struct error *error, const struct answer *answer)
{
    struct resume *resume = user;

    if (!error && is_beyond(resume, answer->text))
        error_set(
            &resume->operation.error, ERANGE,
            "%s is committed, and there are not so many records: echo latest > checkpoint, or "
            "earliest, is in their range",
            resume->sequence);
    else
        error_set(
            &resume->operation.error, ERANGE,
            "%s is committed, and the records after it are kept no more%s%.40s: echo earliest > "
            "checkpoint goes on at the oldest",
            resume->sequence, error ? "" : "; the oldest has number ", error ? "" : answer->text);
    operation_fail(&resume->operation);
}

static void find_oldest(struct resume *resume)
{
    struct ask ask = operation_ask(&resume->operation, explain_loss);
    struct cursor_order order = {
        .stream = resume->stream, .partition = resume->partition, .kind = CURSOR_EARLIEST};

    operation_wait(&resume->operation, backend_locate(resume->backend, &order, &ask));
}

static void end_resume(void *user, const struct error *error, const struct answer *answer)
{
    struct resume *resume = user;
    struct answer whole = *answer;

    if (error && error->code == ERANGE && resume->reads && *resume->sequence) {
        find_oldest(resume);
        return;
    }
    if (resume->reads)
        whole.text = resume->sequence;
    operation_end(&resume->operation, error, &whole);
}

/* The record before the oldest one is out of range for a service, and where "earliest" has put the
 * app: then a cursor for the next record is asked for by its own number. */
static void on_begun_after(void *user, const struct error *error, const struct answer *answer)
{
    struct resume *resume = user;
    char next[DECIMAL_ROOM];

    if (error && error->code == ERANGE &&
        !backend_to_decimal(resume->backend, resume->sequence, next) &&
        !decimal_add(next, next, "1"))
        begin_at(resume, CURSOR_AT, next, end_resume);
    else
        end_resume(resume, error, answer);
}

static void begin_after(struct resume *resume, const char *committed)
{
    snprintf(resume->sequence, sizeof(resume->sequence), "%s", committed);
    if (!*committed)
        begin_at(resume, CURSOR_EARLIEST, NULL, end_resume);
    else if (resume->backend->checkpoint_is_next)
        begin_at(resume, CURSOR_AT, resume->sequence, end_resume);
    else
        begin_at(resume, CURSOR_AFTER, resume->sequence,
                 resume->reads ? end_resume : on_begun_after);
}

static void on_committed(void *user, const struct error *error, const struct answer *answer)
{
    struct resume *resume = user;

    if (operation_answered(&resume->operation, error))
        begin_after(resume, answer->state->sequence ? answer->state->sequence : "");
}

static void ask_what_is_committed(struct resume *resume, const char *app)
{
    struct ask ask = operation_ask(&resume->operation, on_committed);

    operation_wait(&resume->operation, backend_get_checkpoint(resume->backend, app, resume->stream,
                                                              resume->partition, &ask));
}

static struct resume *resume_new(struct backend *backend, const char *stream, uint32_t partition,
                                 const struct ask *ask)
{
    struct resume *resume = calloc(1, sizeof(*resume));

    if (!resume)
        return NULL;
    operation_begin(&resume->operation, backend->loop, ask, release_resume);
    resume->backend = backend;
    resume->partition = partition;
    snprintf(resume->stream, sizeof(resume->stream), "%s", stream);
    return resume;
}

struct call *resume_cursor(struct backend *backend, const char *app, const char *stream,
                           uint32_t partition, const struct ask *ask)
{
    struct resume *resume = resume_new(backend, stream, partition, ask);

    if (!resume)
        return NULL;
    ask_what_is_committed(resume, app);
    return &resume->operation.call;
}

struct call *resume_records(struct backend *backend, const struct resume_order *order,
                            const struct ask *ask)
{
    struct resume *resume = resume_new(backend, order->stream, order->partition, ask);

    if (!resume)
        return NULL;
    resume->reads = true;
    resume->limit = order->limit;
    if (order->committed)
        begin_after(resume, order->committed);
    else
        ask_what_is_committed(resume, order->app);
    return &resume->operation.call;
}
