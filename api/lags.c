#include "api/lags.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct lags {
    struct operation operation;
    struct backend *backend;
    char *stream;
    struct table *states;
};

OPERATION_FIRST(struct lags);

static void release_lags(struct operation *operation)
{
    struct lags *lags = (struct lags *)operation;

    table_drop(lags->states);
    free(lags->stream);
    free(lags);
}

/* A partition of which only one of the two tells has what that tells. */
static int merge(struct table *merged, const struct table *states, const struct table *bounds)
{
    struct state state;
    struct state bound;
    int status = 0;

    for (size_t i = 0; i < table_count(bounds) && !status; i++) {
        table_at(bounds, i, &bound);
        status = table_put(merged, &bound);
    }
    for (size_t i = 0; i < table_count(states) && !status; i++) {
        table_at(states, i, &state);
        if (!table_find(bounds, state.partition, &bound)) {
            state.earliest = bound.earliest;
            state.latest = bound.latest;
            state.is_closed = bound.is_closed;
            state.status = bound.status;
        }
        status = table_put(merged, &state);
    }
    return status;
}

static void on_bounds(void *user, const struct error *error, const struct answer *answer)
{
    struct lags *lags = user;
    struct table *merged;

    if (error && error->code == EOPNOTSUPP) {
        operation_end(&lags->operation, NULL, &(struct answer){.table = lags->states});
        return;
    }
    if (!operation_answered(&lags->operation, error))
        return;
    merged = table_new();
    if (merged && !merge(merged, lags->states, answer->table)) {
        operation_end(&lags->operation, NULL, &(struct answer){.table = merged});
    } else {
        error_set(&lags->operation.error, ENOMEM, "no memory");
        operation_fail(&lags->operation);
    }
    table_drop(merged);
}

static void on_states(void *user, const struct error *error, const struct answer *answer)
{
    struct lags *lags = user;
    struct ask ask = operation_ask(&lags->operation, on_bounds);

    if (!operation_answered(&lags->operation, error))
        return;
    if (!lags->backend->states_lack_bounds || !table_count(answer->table)) {
        operation_end(&lags->operation, NULL, answer);
        return;
    }
    lags->states = table_hold(answer->table);
    operation_wait(&lags->operation, backend_get_bounds(lags->backend, lags->stream, &ask));
}

struct call *lags_get(struct backend *backend, const char *app, const char *stream,
                      const struct ask *ask)
{
    struct lags *lags = calloc(1, sizeof(*lags));
    struct ask step;

    if (!lags)
        return NULL;
    operation_begin(&lags->operation, backend->loop, ask, release_lags);
    lags->backend = backend;
    lags->stream = strdup(stream);
    step = operation_ask(&lags->operation, on_states);
    operation_wait(&lags->operation,
                   lags->stream ? backend_get_states(backend, app, stream, &step) : NULL);
    return &lags->operation.call;
}
