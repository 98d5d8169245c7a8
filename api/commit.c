#include "api/commit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"

/*
 * A commit asks the backend one question after the other, each only if it is needed; `step` is the
 * one under way. Numbers are decimals until the last moment, when parse_sequence gives the
 * service's form.
 */
struct commit {
    struct call call;
    struct backend *backend;
    struct ask ask;
    struct call *step;
    struct timer timer; /* tells of an error that was found at once */
    struct error error;

    char app[NAME_MAX_APP + 1];
    char stream[NAME_MAX_STREAM + 1];
    char *metadata;
    struct commit_request request; /* its texts are those above */

    char number[DECIMAL_ROOM];       /* the checkpoint wanted */
    char oldest[DECIMAL_ROOM];       /* while clamping: what locate(EARLIEST) said */
    char sequence[SEQUENCE_MAX + 1]; /* the number in the service's form */
    char current[SEQUENCE_MAX + 1];  /* what was committed when the number was worked out */
    bool current_known;
    bool clamped;
};

static void begin_again(struct commit *commit);
static void check_and_send(struct commit *commit);

static void free_commit(struct commit *commit)
{
    timer_stop(&commit->timer);
    free(commit->metadata);
    free(commit);
}

static void cancel(struct call *call)
{
    struct commit *commit = (struct commit *)call;

    call_cancel(commit->step);
    free_commit(commit);
}

static void finish(struct commit *commit, const struct error *error, const struct answer *answer)
{
    commit->ask.done(commit->ask.user, error, answer);
    free_commit(commit);
}

static void fail(void *user)
{
    static const struct answer nothing;
    struct commit *commit = user;

    finish(commit, &commit->error, &nothing);
}

/* Ends the commit with its own error, in the next round of the loop: it may have begun just now. */
static void fail_soon(struct commit *commit)
{
    timer_start(commit->backend->loop, &commit->timer, 0, fail, commit);
}

/* Notes the question under way; without memory for one the commit fails. */
static void wait_for(struct commit *commit, struct call *step)
{
    commit->step = step;
    if (step)
        return;
    error_set(&commit->error, ENOMEM, "no memory");
    fail_soon(commit);
}

/* Begins every answer's handling: false when the commit has failed by it. */
static bool answered(struct commit *commit, const struct error *error)
{
    commit->step = NULL;
    if (!error)
        return true;
    commit->error = *error;
    fail_soon(commit);
    return false;
}

static struct ask ask_then(struct commit *commit, done_fn *done)
{
    return (struct ask){.deadline = commit->ask.deadline, .done = done, .user = commit};
}

static void get_current(struct commit *commit, done_fn *done)
{
    const struct commit_request *request = &commit->request;
    struct ask ask = ask_then(commit, done);

    wait_for(commit, commit->backend->operations->get_checkpoint(
                         commit->backend, request->app, request->stream, request->partition, &ask));
}

static void locate(struct commit *commit, enum cursor_kind kind, done_fn *done)
{
    const struct commit_request *request = &commit->request;
    struct cursor_order order = {.stream = request->stream,
                                 .partition = request->partition,
                                 .kind = kind,
                                 .time = request->position.time};
    struct ask ask = ask_then(commit, done);

    wait_for(commit, commit->backend->operations->locate(commit->backend, &order, &ask));
}

/* What a checkpoint's number is less than the record that is read next. */
static const char *step_to_next(const struct commit *commit)
{
    return commit->backend->checkpoint_is_next ? "0" : "1";
}

static bool take_number(struct commit *commit, int status)
{
    if (!status)
        return true;
    error_set(&commit->error, EBADMSG, "the service gave a position that is no number");
    fail_soon(commit);
    return false;
}

/* Clamping: the number becomes the nearest one from which a kept record, or the next, is read. */

static void on_newest(void *user, const struct error *error, const struct answer *answer)
{
    struct commit *commit = user;
    char most[DECIMAL_ROOM];
    char least[DECIMAL_ROOM];

    if (!answered(commit, error) ||
        !take_number(commit, decimal_subtract(most, answer->text, step_to_next(commit))) ||
        !take_number(commit, decimal_subtract(least, commit->oldest, step_to_next(commit))))
        return;
    if (decimal_compare(commit->number, most) > 0)
        memcpy(commit->number, most, sizeof(most));
    if (decimal_compare(commit->number, least) < 0)
        memcpy(commit->number, least, sizeof(least));
    check_and_send(commit);
}

static void on_oldest(void *user, const struct error *error, const struct answer *answer)
{
    struct commit *commit = user;

    if (answered(commit, error) &&
        take_number(commit, decimal_normalize(commit->oldest, answer->text)))
        locate(commit, CURSOR_LATEST, on_newest);
}

/* False when it must not be, or was done before. */
static bool clamps(struct commit *commit)
{
    if (!commit->request.clamp || commit->request.position.kind == POSITION_PRESENT ||
        commit->clamped)
        return false;
    commit->clamped = true;
    locate(commit, CURSOR_EARLIEST, on_oldest);
    return true;
}

/* Tries once to mend an error by clamping; else it is final. */
static void clamp_or_fail(struct commit *commit)
{
    if (commit->error.code != ERANGE || !clamps(commit))
        fail_soon(commit);
}

/* A backend that takes any number gives no error that tells when to clamp. */
static void clamp_or_send(struct commit *commit)
{
    if (!commit->backend->takes_any || !clamps(commit))
        check_and_send(commit);
}

/* Sending */

static void on_deleted(void *user, const struct error *error, const struct answer *answer)
{
    struct commit *commit = user;
    struct state state = {.partition = commit->request.partition, .committed = INT64_MIN};
    struct answer none = {.state = &state};

    (void)answer;
    if (error && error->code == ENOENT)
        error = NULL;
    if (answered(commit, error))
        finish(commit, NULL, &none);
}

/* "The oldest record is next" when that is record 0 and checkpoints name the last record read. */
static void delete_checkpoint(struct commit *commit)
{
    const struct commit_request *request = &commit->request;
    struct ask ask = ask_then(commit, on_deleted);

    if (*request->metadata || !commit->backend->operations->delete_checkpoint) {
        error_set(
            &commit->error, ERANGE,
            "no number is before record 0, where the partition begins: remove the checkpoint");
        fail_soon(commit);
        return;
    }
    wait_for(commit, commit->backend->operations->delete_checkpoint(
                         commit->backend, request->app, request->stream, request->partition, &ask));
}

static void on_sent(void *user, const struct error *error, const struct answer *answer)
{
    struct commit *commit = user;

    commit->step = NULL;
    if (!error) {
        finish(commit, NULL, answer);
        return;
    }
    commit->error = *error;
    if (error->code == ESTALE && commit->current_known && when_monotonic() < commit->ask.deadline)
        begin_again(commit);
    else
        clamp_or_fail(commit);
}

static void send(struct commit *commit)
{
    const struct commit_request *request = &commit->request;
    bool compare = commit->current_known && commit->backend->abilities & CAN_COMPARE;
    struct commit_order order = {.app = request->app,
                                 .stream = request->stream,
                                 .partition = request->partition,
                                 .sequence = commit->sequence,
                                 .metadata = request->metadata,
                                 .expected = compare ? commit->current : NULL,
                                 .make_partition = request->make_partition};
    struct ask ask = ask_then(commit, on_sent);

    if (decimal_is_negative(commit->number)) {
        delete_checkpoint(commit);
        return;
    }
    if (commit->backend->operations->parse_sequence(commit->number, commit->sequence,
                                                    &commit->error)) {
        clamp_or_fail(commit);
        return;
    }
    wait_for(commit, commit->backend->operations->commit(commit->backend, &order, &ask));
}

/* Not going back */

/* Notes what the number to be committed is judged by. */
static void set_current(struct commit *commit, const struct state *state)
{
    const char *current = state->sequence ? state->sequence : "";

    commit->current_known = true;
    snprintf(commit->current, sizeof(commit->current), "%s", current);
}

/* 0, or a negative errno and the commit's error when the number is less than what is committed. */
static int check_order(struct commit *commit)
{
    char current[DECIMAL_ROOM];

    if (!*commit->current)
        return 0;
    if (commit->backend->operations->to_decimal(commit->current, current))
        return error_set(&commit->error, EBADMSG, "what is committed is no number");
    if (decimal_compare(commit->number, current) >= 0)
        return 0;
    return error_set(&commit->error, EPERM,
                     "%s is behind %s, which is committed, and the mount is monotonic",
                     commit->number, current);
}

static void on_compared(void *user, const struct error *error, const struct answer *answer)
{
    struct commit *commit = user;

    if (!answered(commit, error))
        return;
    set_current(commit, answer->state);
    check_and_send(commit);
}

static void check_and_send(struct commit *commit)
{
    if (commit->request.monotonic && !commit->current_known)
        get_current(commit, on_compared);
    else if (commit->request.monotonic && check_order(commit))
        fail_soon(commit);
    else
        send(commit);
}

/* Positions */

static void on_located(void *user, const struct error *error, const struct answer *answer)
{
    struct commit *commit = user;

    if (answered(commit, error) &&
        take_number(commit, decimal_subtract(commit->number, answer->text, step_to_next(commit))))
        check_and_send(commit);
}

/* A number below 0 is out of range, not a way to say "none". */
static void check_shifted(struct commit *commit)
{
    if (!decimal_is_negative(commit->number)) {
        clamp_or_send(commit);
        return;
    }
    error_set(&commit->error, ERANGE, "%s is before the first record", commit->number);
    clamp_or_fail(commit);
}

/* A sum of more digits than numbers have becomes the greatest, which is out of every range. */
static void shift(struct commit *commit)
{
    const char *by = commit->request.position.shift;

    if (!decimal_add(commit->number, commit->number, by) && decimal_is_valid(commit->number))
        return;
    memset(commit->number, '9', DECIMAL_MAX);
    commit->number[DECIMAL_MAX] = '\0';
}

static void on_current(void *user, const struct error *error, const struct answer *answer)
{
    struct commit *commit = user;
    const struct position *position = &commit->request.position;

    if (!answered(commit, error))
        return;
    set_current(commit, answer->state);
    if (!answer->state->sequence) {
        error_set(&commit->error, ENOENT, "nothing is committed that could be %s",
                  position->kind == POSITION_SHIFT ? "shifted" : "given metadata");
        fail_soon(commit);
        return;
    }
    if (!take_number(commit, commit->backend->operations->to_decimal(answer->state->sequence,
                                                                     commit->number)))
        return;
    if (position->kind == POSITION_SHIFT)
        shift(commit);
    check_shifted(commit);
}

static void take_sequence(struct commit *commit)
{
    const char *text = commit->request.position.sequence;
    const struct backend_operations *operations = commit->backend->operations;

    if (operations->parse_sequence(text, commit->sequence, &commit->error)) {
        if (decimal_is_unsigned(text) && !decimal_normalize(commit->number, text))
            clamp_or_fail(commit);
        else
            fail_soon(commit);
    } else if (take_number(commit, operations->to_decimal(commit->sequence, commit->number))) {
        clamp_or_send(commit);
    }
}

static void begin(struct commit *commit)
{
    switch (commit->request.position.kind) {
    case POSITION_SEQUENCE:
        take_sequence(commit);
        break;
    case POSITION_EARLIEST:
        locate(commit, CURSOR_EARLIEST, on_located);
        break;
    case POSITION_LATEST:
        locate(commit, CURSOR_LATEST, on_located);
        break;
    case POSITION_TIME:
        locate(commit, CURSOR_SINCE, on_located);
        break;
    case POSITION_SHIFT:
    case POSITION_PRESENT:
        get_current(commit, on_current);
        break;
    }
}

/* Somebody else has committed since the number was worked out. */
static void begin_again(struct commit *commit)
{
    commit->current_known = false;
    commit->clamped = false;
    begin(commit);
}

struct call *commit_position(struct backend *backend, const struct commit_request *request,
                             const struct ask *ask)
{
    struct commit *commit = calloc(1, sizeof(*commit));

    if (!commit)
        return NULL;
    commit->call.cancel = cancel;
    commit->backend = backend;
    commit->ask = *ask;
    commit->request = *request;
    commit->metadata = strdup(request->metadata);
    if (!commit->metadata) {
        free(commit);
        return NULL;
    }
    snprintf(commit->app, sizeof(commit->app), "%s", request->app);
    snprintf(commit->stream, sizeof(commit->stream), "%s", request->stream);
    commit->request.app = commit->app;
    commit->request.stream = commit->stream;
    commit->request.metadata = commit->metadata;
    begin(commit);
    return &commit->call;
}
