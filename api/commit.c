#include "api/commit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/position.h"
#include "base/when.h"

/*
 * A commit asks the backend one question after the other, each only if it is needed. What is to be
 * committed is a number as long as it is worked out or compared, and a sequence, the service's own
 * form, as soon as it is final.
 */
struct commit {
    struct operation operation;
    struct backend *backend;

    char app[NAME_MAX_APP + 1];
    char stream[NAME_MAX_STREAM + 1];
    char *metadata;
    char expected[SEQUENCE_MAX + 1];
    struct commit_request request; /* its texts are those above */
    struct commit_watcher watcher;

    char number[DECIMAL_ROOM];       /* the checkpoint wanted, as far as its number matters */
    char sequence[SEQUENCE_MAX + 1]; /* the same in the service's form; "" while that is open */
    char next[DECIMAL_ROOM];         /* the record to be read next, where the position names it */
    char oldest[DECIMAL_ROOM];       /* once clamped: the oldest record */
    char current[SEQUENCE_MAX + 1];  /* what was committed when the number was worked out */
    bool current_known;
    bool clamped;
    bool deletes; /* what is to be sent is the deletion, and not the sequence */
};

OPERATION_FIRST(struct commit);

static void begin_commit_again(struct commit *commit);
static void check_and_send(struct commit *commit);

static void release_commit(struct operation *operation)
{
    struct commit *commit = (struct commit *)operation;

    free(commit->metadata);
    free(commit);
}

/* Ends the commit with its own error, in the next round of the loop: it may have begun just now. */
static void commit_fail_soon(struct commit *commit)
{
    operation_fail_soon(&commit->operation);
}

static void get_current(struct commit *commit, done_fn *done)
{
    const struct commit_request *request = &commit->request;
    struct ask ask = operation_ask(&commit->operation, done);

    operation_wait(&commit->operation,
                   backend_get_checkpoint(commit->backend, request->app, request->stream,
                                          request->partition, &ask));
}

static void locate_bound(struct commit *commit, enum cursor_kind kind, done_fn *done)
{
    const struct commit_request *request = &commit->request;
    struct cursor_order order = {.stream = request->stream,
                                 .partition = request->partition,
                                 .kind = kind,
                                 .time = request->position.time};
    struct ask ask = operation_ask(&commit->operation, done);

    operation_wait(&commit->operation, backend_locate(commit->backend, &order, &ask));
}

/* Checkpoint = next record - this: 0 if checkpoints name the next record, 1 if the last one read.
 */
static const char *gap_to_next(const struct commit *commit)
{
    return commit->backend->checkpoint_is_next ? "0" : "1";
}

static bool is_number(struct commit *commit, int status)
{
    if (!status)
        return true;
    error_set(&commit->operation.error, EBADMSG, "the service gave a position that is no number");
    commit_fail_soon(commit);
    return false;
}

/* A sequence that was written is looked into only if its number matters. */
static bool has_number(struct commit *commit)
{
    return *commit->number ||
           !backend_to_decimal(commit->backend, commit->sequence, commit->number);
}

static bool need_number(struct commit *commit)
{
    if (has_number(commit))
        return true;
    error_set(&commit->operation.error, EINVAL,
              "\"%.60s\" is no number, and so cannot be compared with what is committed or kept",
              commit->sequence);
    commit_fail_soon(commit);
    return false;
}

/* Clamping: the number becomes the nearest one from which a kept record, or the next, is read.
 * Where there is no such number, or the service refuses it, it becomes that of the oldest record.
 */

static bool take_oldest(struct commit *commit)
{
    if (!commit->clamped || decimal_compare(commit->number, commit->oldest) >= 0)
        return false;
    memcpy(commit->number, commit->oldest, sizeof(commit->oldest));
    *commit->sequence = '\0';
    return true;
}

static void move_inside(struct commit *commit, const char least[static DECIMAL_ROOM],
                        const char most[static DECIMAL_ROOM])
{
    *commit->sequence = '\0';
    if (decimal_compare(commit->number, most) > 0)
        memcpy(commit->number, most, DECIMAL_ROOM);
    if (decimal_compare(commit->number, least) < 0)
        memcpy(commit->number, least, DECIMAL_ROOM);
    if (decimal_is_negative(commit->number))
        take_oldest(commit);
    check_and_send(commit);
}

static void send_if_inside(struct commit *commit, const char *least, const char *most)
{
    if (decimal_compare(commit->number, least) >= 0 && decimal_compare(commit->number, most) <= 0) {
        check_and_send(commit);
        return;
    }
    error_set(&commit->operation.error, ERANGE, "%s is outside what is kept, %s to %s; %s",
              commit->number, least, most, commit->backend->range_advice);
    commit_fail_soon(commit);
}

static void on_newest(void *user, const struct error *error, const struct answer *answer)
{
    struct commit *commit = user;
    char most[DECIMAL_ROOM];
    char least[DECIMAL_ROOM];

    if (!operation_answered(&commit->operation, error) || !need_number(commit) ||
        !is_number(commit, decimal_subtract(most, answer->text, gap_to_next(commit))) ||
        !is_number(commit, decimal_subtract(least, commit->oldest, gap_to_next(commit))))
        return;
    if (commit->clamped)
        move_inside(commit, least, most);
    else
        send_if_inside(commit, least, most);
}

static void on_oldest(void *user, const struct error *error, const struct answer *answer)
{
    struct commit *commit = user;

    if (operation_answered(&commit->operation, error) &&
        is_number(commit, decimal_normalize(commit->oldest, answer->text)))
        locate_bound(commit, CURSOR_LATEST, on_newest);
}

/* False when it must not be, or was done before. */
static bool clamps(struct commit *commit)
{
    if (!commit->request.clamp || commit->request.position.kind == POSITION_PRESENT ||
        commit->clamped)
        return false;
    commit->clamped = true;
    locate_bound(commit, CURSOR_EARLIEST, on_oldest);
    return true;
}

/* Tries once to mend an error by clamping; else it is final. */
static void clamp_or_fail(struct commit *commit)
{
    if (commit->operation.error.code != ERANGE || !clamps(commit))
        commit_fail_soon(commit);
}

/* A backend that takes any number gives no error that tells when to clamp. What is no number has no
 * place among those that are kept. */
static void clamp_or_send(struct commit *commit)
{
    if (!commit->backend->checks_no_range || !has_number(commit) || !clamps(commit))
        check_and_send(commit);
}

/* A decimal that a user has written, to a backend that would take any. */
static void guard_or_send(struct commit *commit)
{
    if (commit->backend->range_advice && !commit->request.clamp &&
        decimal_is_unsigned(commit->request.position.sequence) && has_number(commit))
        locate_bound(commit, CURSOR_EARLIEST, on_oldest);
    else
        clamp_or_send(commit);
}

/* Sending */

static void end_deleted(struct commit *commit)
{
    struct state state = {.partition = commit->request.partition, .committed = INT64_MIN};
    struct answer none = {.state = &state};

    operation_end(&commit->operation, NULL, &none);
}

static void on_none_there(void *user, const struct error *error, const struct answer *answer)
{
    struct commit *commit = user;

    (void)answer;
    if (operation_answered(&commit->operation, error))
        end_deleted(commit);
}

/* What was not there may be the checkpoint, and then all is well; or the app, or the partition. */
static void on_deleted(void *user, const struct error *error, const struct answer *answer)
{
    struct commit *commit = user;
    bool is_absent = error && error->code == ENOENT;

    (void)answer;
    if (!operation_answered(&commit->operation, is_absent ? NULL : error))
        return;
    if (is_absent)
        get_current(commit, on_none_there);
    else
        end_deleted(commit);
}

static void on_sent(void *user, const struct error *error, const struct answer *answer);

static void send_deletion(struct commit *commit)
{
    const struct commit_request *request = &commit->request;
    struct ask ask = operation_ask(&commit->operation, on_deleted);

    operation_wait(&commit->operation,
                   backend_delete_checkpoint(commit->backend, request->app, request->stream,
                                             request->partition, &ask));
}

static void send_sequence(struct commit *commit)
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
    struct ask ask = operation_ask(&commit->operation, on_sent);

    operation_wait(&commit->operation, backend_commit(commit->backend, &order, &ask));
}

static void send_prepared(struct commit *commit)
{
    if (commit->deletes)
        send_deletion(commit);
    else
        send_sequence(commit);
}

static void on_prepared(void *user, const struct error *error, const struct answer *answer)
{
    if (error)
        on_sent(user, error, answer);
    else
        send_prepared(user);
}

static void prepare(struct commit *commit)
{
    const struct commit_watcher *watcher = &commit->watcher;
    struct ask ask = operation_ask(&commit->operation, on_prepared);

    if (watcher->sending)
        watcher->sending(watcher->user, commit->deletes ? NULL : commit->sequence);
    if (watcher->prepare)
        operation_wait(&commit->operation, watcher->prepare(watcher->user, &ask));
    else
        send_prepared(commit);
}

/* "The oldest record is next" when no number says so: nothing committed does. */
static void delete_instead(struct commit *commit)
{
    const struct commit_request *request = &commit->request;

    if (*request->metadata || !(commit->backend->abilities & CAN_DELETE_CHECKPOINT)) {
        error_set(&commit->operation.error, ERANGE,
                  "no number says that record %s, the oldest, is next: remove the checkpoint%s",
                  commit->next, *request->metadata ? ", which leaves nothing to note" : "");
        commit_fail_soon(commit);
        return;
    }
    commit->deletes = true;
    prepare(commit);
}

static void on_oldest_now(void *user, const struct error *error, const struct answer *answer)
{
    struct commit *commit = user;
    char oldest[DECIMAL_ROOM];

    if (!operation_answered(&commit->operation, error) ||
        !is_number(commit, decimal_normalize(oldest, answer->text)))
        return;
    if (decimal_compare(commit->next, oldest) <= 0)
        delete_instead(commit);
    else
        clamp_or_fail(commit);
}

/* The service has refused the number. Some refuse the one before the oldest record. */
static void mend_range(struct commit *commit)
{
    if (commit->request.position.kind == POSITION_EARLIEST)
        delete_instead(commit);
    else if (*commit->next)
        locate_bound(commit, CURSOR_EARLIEST, on_oldest_now);
    else if (take_oldest(commit))
        check_and_send(commit);
    else
        clamp_or_fail(commit);
}

static void on_sent(void *user, const struct error *error, const struct answer *answer)
{
    struct commit *commit = user;

    commit->operation.step = NULL;
    if (!error) {
        operation_end(&commit->operation, NULL, answer);
        return;
    }
    commit->operation.error = *error;
    if (error->code == ESTALE && commit->current_known &&
        when_monotonic() < commit->operation.ask.deadline)
        begin_commit_again(commit);
    else if (error->code == ERANGE)
        mend_range(commit);
    else
        commit_fail_soon(commit);
}

/* A position that is none. */
static void delete_as_asked(struct commit *commit)
{
    if (commit->backend->abilities & CAN_DELETE_CHECKPOINT) {
        commit->deletes = true;
        prepare(commit);
        return;
    }
    error_set(&commit->operation.error, EOPNOTSUPP, "the service cannot delete one checkpoint");
    commit_fail_soon(commit);
}

static void send_commit(struct commit *commit)
{
    commit->deletes = false;
    if (commit->request.position.kind == POSITION_NOTHING) {
        delete_as_asked(commit);
        return;
    }
    if (!*commit->sequence && decimal_is_negative(commit->number)) {
        delete_instead(commit);
        return;
    }
    if (!*commit->sequence && backend_parse_sequence(commit->backend, commit->number,
                                                     commit->sequence, &commit->operation.error)) {
        clamp_or_fail(commit);
        return;
    }
    prepare(commit);
}

/* Not going back */

/* Notes what the number to be committed is judged by. */
static void set_current(struct commit *commit, const struct state *state)
{
    const char *current = state->sequence ? state->sequence : "";

    commit->current_known = true;
    snprintf(commit->current, sizeof(commit->current), "%s", current);
    if (commit->watcher.found)
        commit->watcher.found(commit->watcher.user, state);
}

/* Whether the number is not less than what is committed; else the commit fails. */
static bool is_in_order(struct commit *commit)
{
    char current[DECIMAL_ROOM];

    if (!*commit->current)
        return true;
    if (backend_to_decimal(commit->backend, commit->current, current))
        error_set(&commit->operation.error, EBADMSG, "what is committed is no number");
    else if (decimal_compare(commit->number, current) >= 0)
        return true;
    else
        error_set(&commit->operation.error, EPERM,
                  "%s is behind %s, which is committed, and the mount is monotonic", commit->number,
                  current);
    commit_fail_soon(commit);
    return false;
}

static bool goes_not_back(struct commit *commit)
{
    if (commit->request.position.kind != POSITION_NOTHING)
        return need_number(commit) && is_in_order(commit);
    if (!*commit->current)
        return true;
    error_set(&commit->operation.error, EPERM, "%s is committed, and the mount is monotonic",
              commit->current);
    commit_fail_soon(commit);
    return false;
}

static bool is_expected(struct commit *commit)
{
    const char *expected = commit->request.expected;
    const char *current = *commit->current ? commit->current : NULL;

    if (!expected || backend_is_sequence(commit->backend, expected, current))
        return true;
    error_set(&commit->operation.error, ESTALE, "%s is committed, and no longer %s",
              current ? current : "nothing", *expected ? expected : "nothing");
    commit_fail_soon(commit);
    return false;
}

static bool must_read_first(const struct commit_request *request)
{
    return request->monotonic || request->must_read || request->expected;
}

/* Whether what was found out is that nothing is committed, by an app that is yet to be made. */
static bool lacks_app(const struct commit *commit, const struct error *error)
{
    return commit->request.app_may_lack && error && error->code == ENOENT;
}

static void on_compared(void *user, const struct error *error, const struct answer *answer)
{
    struct commit *commit = user;
    struct state nothing = {
        .partition = commit->request.partition, .committed = WHEN_UNKNOWN, .metadata = ""};

    if (lacks_app(commit, error)) {
        commit->operation.step = NULL;
        set_current(commit, &nothing);
    } else if (error && !must_read_first(&commit->request)) {
        commit->operation.step = NULL;
        commit->request.reads_first = false;
    } else if (operation_answered(&commit->operation, error)) {
        set_current(commit, answer->state);
    } else {
        return;
    }
    check_and_send(commit);
}

static void check_and_send(struct commit *commit)
{
    const struct commit_request *request = &commit->request;

    if ((must_read_first(request) || request->reads_first) && !commit->current_known)
        get_current(commit, on_compared);
    else if (is_expected(commit) && (!request->monotonic || goes_not_back(commit)))
        send_commit(commit);
}

/* Positions */

static void on_located(void *user, const struct error *error, const struct answer *answer)
{
    struct commit *commit = user;

    if (operation_answered(&commit->operation, error) &&
        is_number(commit, decimal_normalize(commit->next, answer->text)) &&
        is_number(commit, decimal_subtract(commit->number, commit->next, gap_to_next(commit))))
        check_and_send(commit);
}

/* A sum of more digits than numbers have becomes the greatest, which is out of every range. */
static void shift_current(struct commit *commit, const char *current)
{
    if (!is_number(commit, backend_to_decimal(commit->backend, current, commit->number)))
        return;
    if (decimal_add(commit->number, commit->number, commit->request.position.shift) ||
        !decimal_is_valid(commit->number)) {
        memset(commit->number, '9', DECIMAL_MAX);
        commit->number[DECIMAL_MAX] = '\0';
    }
    if (!decimal_is_negative(commit->number)) {
        clamp_or_send(commit);
        return;
    }
    /* A number below 0 is out of range here, not a way to say "none". */
    error_set(&commit->operation.error, ERANGE, "%s is before the first record", commit->number);
    clamp_or_fail(commit);
}

static void on_current(void *user, const struct error *error, const struct answer *answer)
{
    struct commit *commit = user;
    bool shifts = commit->request.position.kind == POSITION_SHIFT;

    if (!operation_answered(&commit->operation, error))
        return;
    set_current(commit, answer->state);
    if (!*commit->current) {
        error_set(&commit->operation.error, ENOENT, "nothing is committed that could be %s",
                  shifts ? "shifted" : "given metadata");
        commit_fail_soon(commit);
    } else if (shifts) {
        shift_current(commit, commit->current);
    } else {
        memcpy(commit->sequence, commit->current, sizeof(commit->sequence));
        check_and_send(commit);
    }
}

static void take_sequence(struct commit *commit)
{
    const char *text = commit->request.position.sequence;

    if (!backend_parse_sequence(commit->backend, text, commit->sequence,
                                &commit->operation.error)) {
        guard_or_send(commit);
    } else {
        *commit->sequence = '\0';
        if (commit->operation.error.code == EINVAL)
            position_explain(&commit->operation.error, text);
        if (decimal_is_unsigned(text) && !decimal_normalize(commit->number, text))
            clamp_or_fail(commit);
        else
            commit_fail_soon(commit);
    }
}

static void begin_commit(struct commit *commit)
{
    switch (commit->request.position.kind) {
    case POSITION_SEQUENCE:
        take_sequence(commit);
        break;
    case POSITION_EARLIEST:
        locate_bound(commit, CURSOR_EARLIEST, on_located);
        break;
    case POSITION_LATEST:
        locate_bound(commit, CURSOR_LATEST, on_located);
        break;
    case POSITION_TIME:
        locate_bound(commit, CURSOR_SINCE, on_located);
        break;
    case POSITION_SHIFT:
    case POSITION_PRESENT:
        get_current(commit, on_current);
        break;
    case POSITION_NOTHING:
        check_and_send(commit);
        break;
    case POSITION_UNDO:
        error_set(&commit->operation.error, EINVAL, "nobody knows here what there is to undo");
        commit_fail_soon(commit);
        break;
    }
}

/* Somebody else has committed since the number was worked out. */
static void begin_commit_again(struct commit *commit)
{
    *commit->number = '\0';
    *commit->next = '\0';
    *commit->sequence = '\0';
    commit->current_known = false;
    commit->clamped = false;
    begin_commit(commit);
}

struct call *commit_position(struct backend *backend, const struct commit_request *request,
                             const struct commit_watcher *watcher, const struct ask *ask)
{
    struct commit *commit = calloc(1, sizeof(*commit));

    if (!commit)
        return NULL;
    operation_begin(&commit->operation, backend->loop, ask, release_commit);
    commit->backend = backend;
    commit->request = *request;
    if (watcher)
        commit->watcher = *watcher;
    commit->metadata = strdup(request->metadata);
    snprintf(commit->app, sizeof(commit->app), "%s", request->app);
    snprintf(commit->stream, sizeof(commit->stream), "%s", request->stream);
    commit->request.app = commit->app;
    commit->request.stream = commit->stream;
    commit->request.metadata = commit->metadata;
    if (request->expected) {
        snprintf(commit->expected, sizeof(commit->expected), "%s", request->expected);
        commit->request.expected = commit->expected;
    }
    if (commit->metadata) {
        begin_commit(commit);
        return &commit->operation.call;
    }
    operation_drop(&commit->operation);
    return NULL;
}
