#include "api/move.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/status.h"

struct judgement {
    struct operation operation;
    struct backend *backend;
    char from[SEQUENCE_MAX + 1]; /* "" for none */
    char to[SEQUENCE_MAX + 1];
    char text[MOVE_ROOM];
};

OPERATION_FIRST(struct judgement);

static void release_judgement(struct operation *operation)
{
    free(operation);
}

/* The partition with a checkpoint, or none. */
static struct state place_checkpoint(const struct state *partition, const char *sequence)
{
    struct state placed = *partition;

    placed.sequence = *sequence ? sequence : NULL;
    return placed;
}

/* Where nobody knows the end, the farther of the two is as good as the end. */
static const char *stand_in_end(const struct backend *backend, const struct state *a,
                                const struct state *b, char end[static DECIMAL_ROOM])
{
    char other[DECIMAL_ROOM];

    if (status_next(backend, a, end) || status_next(backend, b, other))
        return NULL;
    return decimal_compare(end, other) < 0 ? memcpy(end, other, DECIMAL_ROOM) : end;
}

/* By how many the records that can still be read become more or less. */
static void count_move(struct judgement *judgement, const struct state *from,
                       const struct state *to)
{
    const struct backend *backend = judgement->backend;
    char before[DECIMAL_ROOM];
    char after[DECIMAL_ROOM];
    char more[DECIMAL_ROOM];

    if (status_lag(backend, from, before) || status_lag(backend, to, after) ||
        decimal_subtract(more, after, before))
        snprintf(judgement->text, MOVE_ROOM, "replays or skips what cannot be counted");
    else if (decimal_is_negative(more))
        snprintf(judgement->text, MOVE_ROOM, "skips %s", more + 1);
    else
        snprintf(judgement->text, MOVE_ROOM, "replays %s", more);
}

/* Whether the backend would take it, as far as that is known. */
static bool is_in_range(struct judgement *judgement, const struct state *to)
{
    const struct backend *backend = judgement->backend;
    char beyond[DECIMAL_ROOM];

    if (!to->sequence || to->has_no_end || backend->checks_no_range ||
        ((status_expired(backend, to, beyond) || !strcmp(beyond, "0")) &&
         (status_ahead(backend, to, beyond) || !strcmp(beyond, "0"))))
        return true;
    error_set(&judgement->operation.error, ERANGE, "%s is outside what is kept, %s to %s",
              to->sequence, to->earliest, to->latest);
    return false;
}

static void on_partition(void *user, const struct error *error, const struct answer *answer)
{
    struct judgement *judgement = user;
    struct state from;
    struct state to;
    char end[DECIMAL_ROOM];

    if (!operation_answered(&judgement->operation, error))
        return;
    from = place_checkpoint(answer->state, judgement->from);
    to = place_checkpoint(answer->state, judgement->to);
    if (!is_in_range(judgement, &to)) {
        operation_fail(&judgement->operation);
        return;
    }
    if (from.has_no_end)
        from.latest = to.latest = stand_in_end(judgement->backend, &from, &to, end);
    count_move(judgement, &from, &to);
    operation_end(&judgement->operation, NULL, &(struct answer){.text = judgement->text});
}

struct call *move_judge(struct backend *backend, const struct move *move, const struct ask *ask)
{
    struct judgement *judgement = calloc(1, sizeof(*judgement));
    struct ask partition;

    if (!judgement)
        return NULL;
    operation_begin(&judgement->operation, backend->loop, ask, release_judgement);
    judgement->backend = backend;
    snprintf(judgement->from, sizeof(judgement->from), "%s", move->from ? move->from : "");
    snprintf(judgement->to, sizeof(judgement->to), "%s", move->to ? move->to : "");
    partition = operation_ask(&judgement->operation, on_partition);
    operation_wait(
        &judgement->operation,
        backend_get_state(backend, NULL, move->stream, move->partition, DETAIL_LAG, &partition));
    return &judgement->operation.call;
}
