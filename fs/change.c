#include "fs/change.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/commit.h"
#include "base/always.h"
#include "base/when.h"
#include "fs/cache.h"
#include "fs/plan.h"
#include "fs/records.h"
#include "fs/report.h"

/* How old what is known of a partition may be to tell who holds it, or that something is committed
 * there; and how long a commit waits for the former. */
#define STATE_KNOWN_MS     60000
#define HOLDER_PATIENCE_MS 3000

/* For so long what was seen of a checkpoint is taken for what is committed. */
#define MOMENT_MS 1000

/* How long an answer waits for the journal's file, past its own time. */
#define JOURNAL_PATIENCE_MS 3000

/* The official consumer libraries commit at least once a minute while they get records. */
#define ALIVE_NS (120 * INT64_C(1000000000))

struct change {
    struct operation operation; /* its step: the turn it waits for, or what is done in it */
    struct fs *fs;
    struct change_order order; /* its texts are those below */
    char *app;
    char *stream;
    char *metadata;
    char *note;
    char *expected;
    struct turn turn; /* its own, unless it is made within another */
    bool is_told;     /* it has its line in the journal */
    bool deletes;     /* a commit that came to a deletion */

    /* What the journal tells of it. */
    char number[SEQUENCE_MAX + 1]; /* what it sets, as far as is known yet; "" for none */
    bool knows_before;
    bool asked_before;             /* it was asked for in the change's turn */
    bool may_be_old;               /* somebody else may have committed since it was seen */
    char before[SEQUENCE_MAX + 1]; /* "" for none */
    char *metadata_before;
    char consumer[CONSUMER_ROOM]; /* that will overwrite it, or "" */
    struct plan_result plan;      /* with -o plan */

    uint64_t id;          /* in the journal */
    int64_t begun;        /* when its turn came; monotonic */
    enum result result;   /* once it is told */
    struct table *stored; /* the state in its answer, while the journal's file is awaited */
};

OPERATION_FIRST(struct change);

/* The journal */

static void set_before(struct change *change, const char *number, const char *metadata)
{
    free(change->metadata_before);
    change->metadata_before = metadata ? strdup(metadata) : NULL;
    change->knows_before = true;
    snprintf(change->before, sizeof(change->before), "%s", number ? number : "");
}

/* Whether it was seen a moment ago: for longer nobody knows what others have committed. */
static bool is_certain(const struct change *change)
{
    const struct subject *about = &change->order.about;
    struct state state;

    return !cache_state(change->fs->cache, about->app, about->stream, (uint32_t)about->partition,
                        cache_not_before(MOMENT_MS), false, &state);
}

/* What this mount knows of what was there before. */
static void look_before(struct change *change)
{
    const struct subject *about = &change->order.about;
    enum what_changes what = change->order.what;
    bool is_bound = what == SET_EARLIEST || what == SET_LATEST;
    struct state state;

    if (change->knows_before || about->partition == ANY_PARTITION ||
        cache_state(change->fs->cache, about->app, about->stream, (uint32_t)about->partition,
                    ANY_AGE, is_bound, &state))
        return;
    if (!is_bound) {
        change->may_be_old = !is_certain(change);
        set_before(change, state.sequence, state.metadata);
    } else if (what == SET_EARLIEST ? state.earliest : state.latest) {
        set_before(change, what == SET_EARLIEST ? state.earliest : state.latest, NULL);
    }
}

static bool has_value(const struct change *change)
{
    return change->order.about.partition != ANY_PARTITION && change->order.what != MAKE_PARTITION &&
           change->order.what != REMOVE_PARTITION;
}

/* Whether it is made by a commit, which may come to a deletion. */
static bool commits(const struct change *change)
{
    return change->order.what == COMMIT || change->order.what == UNDO;
}

static bool is_of_checkpoint(const struct change *change)
{
    return commits(change) || change->order.what == DELETE;
}

/* What the change has made of the value, or was to make of it. */
static struct value value_now(const struct change *change)
{
    bool is_open = commits(change) && !*change->number && !change->deletes;

    return (struct value){.is_known = !is_open,
                          .number = *change->number ? change->number : NULL,
                          .metadata = commits(change) ? change->metadata : ""};
}

/* NULL when it is not known. */
static const char *metadata_before(const struct change *change)
{
    bool has_any = is_of_checkpoint(change) && *change->before &&
                   change->fs->backend->abilities & CAN_STORE_METADATA;

    if (change->may_be_old)
        return NULL;
    return change->metadata_before || has_any ? change->metadata_before : "";
}

static struct value value_before(const struct change *change)
{
    return (struct value){.is_known = change->knows_before || !has_value(change),
                          .number = *change->before ? change->before : NULL,
                          .metadata = metadata_before(change)};
}

static struct journal_entry entry_of(const struct change *change)
{
    return (struct journal_entry){.id = change->id,
                                  .who = change->order.who,
                                  .what = change->order.what,
                                  .note = change->note,
                                  .about = change->order.about,
                                  .now = value_now(change),
                                  .before = value_before(change)};
}

/* What is told once. If `ask` is not NULL, the operation ends when the journal's file has it. */
static struct call *write_journal(struct change *change, enum result result, const char *reason,
                                  const struct ask *ask)
{
    char warning[CONSUMER_ROOM + 64];
    struct journal_entry entry = entry_of(change);

    if (!ALWAYS(!change->is_told))
        return NULL;
    change->is_told = true;
    entry.result = result;
    if (*change->consumer) {
        snprintf(warning, sizeof(warning), "%s seems to be alive and will overwrite this",
                 change->consumer);
        entry.note = warning;
    }
    if (reason)
        entry.note = reason;
    if (ask)
        return journal_end(&change->fs->journal, &entry, ask);
    journal_add(&change->fs->journal, &entry);
    return NULL;
}

/* The cache: what this mount changes is seen at once. */

static bool lists(struct fs *fs, enum what what, const char *app, const char *stream)
{
    struct question question = {what, app, ""};
    struct answer answer;

    return cache_peek(fs->cache, &question, ANY_AGE, &answer) && names_has(answer.names, stream);
}

/* Whether what is known of the stream lacks the partition. */
static bool is_new(struct cache *cache, const char *app, const char *stream, uint32_t partition)
{
    struct state known;

    return cache_state(cache, app, stream, partition, ANY_AGE, false, &known) == -ENOENT;
}

/* A commit may have been the first of the app at all, or on the stream, or have made the partition.
 * When it was made is now, where the backend does not tell. */
static void note_commit(struct change *change, const struct state *state)
{
    struct state noted = *state;
    struct cache *cache = change->fs->cache;
    const char *app = change->app;
    const char *stream = change->stream;

    if (!lists(change->fs, WHAT_APPS, "", app))
        cache_outdate(cache, &(struct question){WHAT_APPS, "", ""});
    if (!lists(change->fs, WHAT_COMMITTED, app, stream))
        cache_outdate(cache, &(struct question){WHAT_COMMITTED, app, ""});
    if (!lists(change->fs, WHAT_STREAMS, "", stream))
        cache_outdate(cache, &(struct question){WHAT_STREAMS, "", ""});
    if (is_new(cache, "", stream, state->partition) || is_new(cache, app, stream, state->partition))
        cache_drop_about(cache, NULL, stream);
    if (noted.committed == WHEN_UNKNOWN)
        noted.committed = when_now();
    cache_note(cache, app, stream, &noted, when_monotonic());
}

static void note_deletion(struct change *change)
{
    struct state none = {.partition = (uint32_t)change->order.about.partition,
                         .committed = WHEN_UNKNOWN};

    cache_outdate(change->fs->cache, &(struct question){WHAT_COMMITTED, change->app, ""});
    cache_note(change->fs->cache, change->app, change->stream, &none, when_monotonic());
}

/* Nobody knows what is committed there now. Which partitions there are stays known. */
static void note_doubt(struct change *change)
{
    struct cache *cache = change->fs->cache;

    doubts_add(&change->fs->doubts, &change->order.about);
    cache_drop(cache, &(struct question){WHAT_COMMITTED, change->app, ""});
    cache_doubt(cache, change->app, change->stream, (uint32_t)change->order.about.partition);
}

/* Drops cached lists that the change may have invalidated; also after a failure, for the change may
 * have been carried out. */
static void forget_lists(struct change *change)
{
    struct cache *cache = change->fs->cache;

    if (*change->app) {
        cache_outdate(cache, &(struct question){WHAT_APPS, "", ""});
        cache_drop_about(cache, change->app, NULL);
    } else {
        cache_outdate(cache, &(struct question){WHAT_STREAMS, "", ""});
        cache_drop_about(cache, NULL, change->stream);
    }
}

/* What was truncated before is another text now. */
static void forget_cut(struct change *change)
{
    struct node node = {.kind = SAVED,
                        .partition = (uint32_t)change->order.about.partition,
                        .place = place_find(change->fs->nodes, change->app, change->stream, "")};

    if (node.place)
        cuts_forget(&change->fs->cuts, node_file(&node));
}

static void note_in_cache(struct change *change, enum result result, const struct state *state)
{
    if (is_of_checkpoint(change) && result != RESULT_FAILED)
        forget_cut(change);
    if (!is_of_checkpoint(change))
        forget_lists(change);
    else if (result == RESULT_UNKNOWN)
        note_doubt(change);
    else if (result == RESULT_OK && state && state->sequence)
        note_commit(change, state);
    else if (result == RESULT_OK)
        note_deletion(change);
    if (result == RESULT_OK)
        doubts_forget(&change->fs->doubts, &change->order.about);
    if (result != RESULT_FAILED)
        records_note_change(change->fs, &change->order.about);
}

/* The end */

static void release_change(struct operation *operation)
{
    struct change *change = (struct change *)operation;

    turn_leave(&change->turn);
    table_drop(change->stored);
    free(change->app);
    free(change->stream);
    free(change->metadata);
    free(change->note);
    free(change->expected);
    free(change->metadata_before);
    free(change);
}

/* Of one whose end is told. */
static bool may_have_changed(const struct change *change)
{
    return change->result == RESULT_OK || change->result == RESULT_UNKNOWN;
}

static bool is_change_sent(const struct call *call)
{
    const struct change *change = (const struct change *)call;

    return change->is_told ? may_have_changed(change) : call_is_sent(change->operation.step);
}

static bool cancel_change(struct call *call)
{
    struct change *change = (struct change *)call;
    bool was_sent = call_cancel(change->operation.step);
    bool may_be_done;

    if (!change->is_told) {
        change->result = was_sent ? RESULT_UNKNOWN : RESULT_FAILED;
        note_in_cache(change, change->result, NULL);
        write_journal(change, change->result,
                      was_sent ? "given up while it was under way" : "given up before it was sent",
                      NULL);
    }
    may_be_done = may_have_changed(change);
    operation_drop(&change->operation);
    return may_be_done;
}

static void tell_end(struct change *change, const struct error *error, const struct state *state)
{
    operation_end(&change->operation, error,
                  &(struct answer){.state = state, .text = change->consumer});
}

static void tell_of_journal(const struct change *change, const struct error *error)
{
    char path[2 * FILE_NAME_ROOM + PARTITION_ROOM + 16];
    struct subject_text about;
    struct error told;

    subject_print(&change->order.about, &about);
    snprintf(path, sizeof(path), "apps/%s/%s/%s", about.app, about.stream, about.partition);
    error_set(&told, error->code, "it has ended as commits says, but its line is not there: %.350s",
              error->message);
    report_error(change->fs, "journal", path, &told);
}

/* What became of the change is known, whether or not the journal's file could be written. */
static void tell_stored_end(struct change *change)
{
    const struct error *failure = change->operation.error.code ? &change->operation.error : NULL;
    struct state state;

    if (change->stored)
        table_at(change->stored, 0, &state);
    tell_end(change, failure, change->stored ? &state : NULL);
}

static void on_journal_written(void *user, const struct error *error, const struct answer *answer)
{
    struct change *change = user;

    (void)answer;
    change->operation.step = NULL;
    if (error)
        tell_of_journal(change, error);
    tell_stored_end(change);
}

/* Does not wait any longer for the journal's file, which gets the line all the same. */
static bool finish_change(struct call *call)
{
    struct change *change = (struct change *)call;

    if (!change->is_told || !change->operation.step)
        return false;
    call_cancel(change->operation.step);
    change->operation.step = NULL;
    tell_stored_end(change);
    return true;
}

/* False without memory. */
static bool store_state(struct change *change, const struct state *state)
{
    change->stored = state ? table_new() : NULL;
    return !state || (change->stored && !table_put(change->stored, state));
}

/* The answer waits for the journal's file. */
static void end_when_written(struct change *change, const char *reason, const struct error *error,
                             const struct state *state)
{
    struct ask ask = operation_ask(&change->operation, on_journal_written);
    int64_t least = when_monotonic() + JOURNAL_PATIENCE_MS;

    if (ask.deadline < least)
        ask.deadline = least;
    change->operation.error = error ? *error : (struct error){0};
    if (!store_state(change, state)) {
        write_journal(change, change->result, reason, NULL);
        tell_end(change, error, state);
        return;
    }
    change->operation.step = write_journal(change, change->result, reason, &ask);
    if (change->operation.step)
        return;
    tell_of_journal(change, &(struct error){.code = ENOMEM, .message = "no memory"});
    tell_end(change, error, state);
}

/* What the journal says of the end. */
static const char *reason_of(const struct change *change, const struct error *error)
{
    if (error)
        return error->message;
    if (change->plan.is_planned)
        return *change->plan.words ? change->plan.words : NULL;
    return change->order.what == DELETE && change->deletes
               ? "no number says that the oldest record is next"
               : NULL;
}

static enum result result_of(const struct change *change, const struct error *error)
{
    if (!error)
        return change->plan.is_planned ? RESULT_PLANNED : RESULT_OK;
    return error->is_unknown ? RESULT_UNKNOWN : RESULT_FAILED;
}

/* What an undo was to find is not there any more. */
static void judge_undo(const struct change *change, struct error *error)
{
    if (change->order.what == UNDO && error->code == ESTALE)
        error->code = EBUSY;
}

static void end_change(struct change *change, const struct error *error, const struct state *state)
{
    const char *reason;

    /* A commit that came to a deletion is one. */
    if (change->order.what == COMMIT && state && !state->sequence)
        change->order.what = DELETE;
    if (state && state->sequence && !change->plan.is_planned)
        snprintf(change->number, sizeof(change->number), "%s", state->sequence);
    change->result = result_of(change, error);
    reason = reason_of(change, error);
    if (!change->plan.is_planned)
        note_in_cache(change, change->result, state);
    if (journal_is_kept(&change->fs->journal)) {
        end_when_written(change, reason, error, state);
        return;
    }
    write_journal(change, change->result, reason, NULL);
    tell_end(change, error, state);
}

/* What would be committed. */
static struct state planned_state(const struct change *change)
{
    return (struct state){.partition = (uint32_t)change->order.about.partition,
                          .sequence = *change->number ? change->number : NULL,
                          .metadata = change->metadata,
                          .committed = WHEN_UNKNOWN};
}

static void on_change_done(void *user, const struct error *error, const struct answer *answer)
{
    struct change *change = user;
    struct state planned = planned_state(change);
    struct error judged;

    change->operation.step = NULL;
    if (change->plan.is_planned) {
        end_change(change, NULL, is_of_checkpoint(change) ? &planned : NULL);
    } else if (error) {
        judged = *error;
        judge_undo(change, &judged);
        end_change(change, &judged, NULL);
    } else {
        end_change(change, NULL, answer->state);
    }
}

/* Without memory for a step the change has failed. */
static void fail_change(void *user)
{
    struct change *change = user;
    struct error error = change->operation.error;

    on_change_done(change, &error, &no_answer);
}

static void change_wait_for(struct change *change, struct call *step)
{
    change->operation.step = step;
    if (step)
        return;
    error_set(&change->operation.error, ENOMEM, "no memory");
    operation_soon(&change->operation, fail_change);
}

/* Commits */

static void on_value_before(void *user, const struct state *state)
{
    struct change *change = user;

    set_before(change, state->sequence, state->metadata ? state->metadata : "");
    change->may_be_old = false;
    cache_note(change->fs->cache, change->app, change->stream, state, change->begun);
    doubts_forget(&change->fs->doubts, &change->order.about);
}

static void on_sending(void *user, const char *sequence)
{
    struct change *change = user;

    change->deletes = !sequence;
    snprintf(change->number, sizeof(change->number), "%s", sequence ? sequence : "");
}

/* Before anything is sent */

/* Whether something is to be done then. */
static bool must_prepare(const struct change *change)
{
    return change->fs->settings.plan || journal_is_kept(&change->fs->journal);
}

static struct call *plan_change(struct change *change, const struct ask *ask)
{
    struct move move = {.stream = change->stream,
                        .partition = (uint32_t)change->order.about.partition,
                        .from = *change->before ? change->before : NULL,
                        .to = *change->number ? change->number : NULL};
    struct plan_order order = {.fs = change->fs,
                               .move = is_of_checkpoint(change) ? &move : NULL,
                               .make_partition = change->order.make_partition,
                               .removed_app =
                                   change->order.what == REMOVE_APP ? change->app : NULL};

    return plan_start(&order, &change->plan, ask);
}

static struct call *prepare_sending(void *user, const struct ask *ask)
{
    struct change *change = user;
    struct journal_entry entry = entry_of(change);

    return change->fs->settings.plan ? plan_change(change, ask)
                                     : journal_begin(&change->fs->journal, &entry, ask);
}

/* Whether the old value is to be asked for, so that the journal is right: where that takes no
 * request, or it is kept, or all is only planned. Not if it was, in the turn of the change. */
static bool must_ask_before(const struct change *change)
{
    bool is_asked = change->asked_before && value_before(change).metadata;

    return !is_asked && (must_prepare(change) || change->fs->backend->abilities & CAN_COMPARE);
}

static void commit_change(struct change *change)
{
    struct fs *fs = change->fs;
    struct commit_request request = {
        .app = change->app,
        .stream = change->stream,
        .partition = (uint32_t)change->order.about.partition,
        .position = change->order.position,
        .metadata = change->metadata,
        .expected = change->expected,
        .make_partition = change->order.make_partition,
        .clamp = fs->settings.clamp && change->order.what != UNDO,
        .monotonic = fs->settings.monotonic,
        .reads_first = doubts_has(&fs->doubts, &change->order.about) || must_ask_before(change),
        .must_read = must_prepare(change) && must_ask_before(change),
        .app_may_lack = fs->settings.plan,
    };
    struct commit_watcher watcher = {.found = on_value_before,
                                     .sending = on_sending,
                                     .prepare = must_prepare(change) ? prepare_sending : NULL,
                                     .user = change};
    struct ask ask = operation_ask(&change->operation, on_change_done);

    change_wait_for(change, commit_position(fs->backend, &request, &watcher, &ask));
}

static bool is_of_alive_consumer(const struct state *state)
{
    return state->consumer && *state->consumer && state->committed != WHEN_UNKNOWN &&
           state->committed > when_now() - ALIVE_NS;
}

/* Soon: the change may have begun just now. */
static void refuse_soon(struct change *change, const struct error *error)
{
    change->operation.error = *error;
    operation_soon(&change->operation, fail_change);
}

static void refuse_while_alive(struct change *change, const char *consumer)
{
    struct error error;

    error_set(&error, EBUSY,
              "the consumer %.200s has committed in the last two minutes: stop it first", consumer);
    refuse_soon(change, &error);
}

static void note_consumer(struct change *change, const struct state *state)
{
    if (is_of_alive_consumer(state))
        snprintf(change->consumer, CONSUMER_ROOM, "%s", state->consumer);
}

/* Looks into what is known of who holds the partition. False when that is too old. */
static bool find_consumer(struct change *change)
{
    const struct settings *settings = &change->fs->settings;
    struct state state = {0};
    int64_t age = settings->idle_only ? settings->snapshot : STATE_KNOWN_MS;
    int status =
        cache_state(change->fs->cache, change->app, change->stream,
                    (uint32_t)change->order.about.partition, cache_not_before(age), false, &state);

    if (!status)
        note_consumer(change, &state);
    return status != -EAGAIN;
}

static void commit_unless_held(struct change *change)
{
    if (*change->consumer && change->fs->settings.idle_only)
        refuse_while_alive(change, change->consumer);
    else
        commit_change(change);
}

/* States up to a minute old are good enough; if none arrive in time, the commit goes ahead without
 * them. Not if it must know. */
static void on_holder(void *user, const struct error *error, const struct answer *answer)
{
    struct change *change = user;
    uint32_t partition = (uint32_t)change->order.about.partition;
    struct state state;

    change->operation.step = NULL;
    if (error && change->fs->settings.idle_only) {
        on_change_done(change, error, &no_answer);
        return;
    }
    look_before(change);
    if (!error && !table_find(answer->table, partition, &state))
        note_consumer(change, &state);
    commit_unless_held(change);
}

/* A consumer that is alive goes on from where it is, and its next commit overwrites one that was
 * forced: so it is looked first who that is. */
static void look_at_holder(struct change *change)
{
    struct question states = {WHAT_STATES, change->app, change->stream};
    struct ask ask = operation_ask(&change->operation, on_holder);
    int64_t patience = when_monotonic() + HOLDER_PATIENCE_MS;

    if (ask.deadline > patience)
        ask.deadline = patience;
    if (!change->fs->backend->is_forced || find_consumer(change))
        commit_unless_held(change);
    else
        change_wait_for(change, cache_get(change->fs->cache, &states, &ask));
}

/* Its turn has come. */

static struct call *call_backend(struct change *change)
{
    struct backend *backend = change->fs->backend;
    uint32_t partition = (uint32_t)change->order.about.partition;
    const char *app = change->app;
    const char *stream = change->stream;
    struct ask ask = operation_ask(&change->operation, on_change_done);

    switch (change->order.what) {
    case COMMIT:
    case UNDO:
        break;
    case DELETE:
        return backend_delete_checkpoint(backend, app, stream, partition, &ask);
    case MAKE_APP:
        return backend_create_app(backend, app, *stream ? stream : NULL, &ask);
    case REMOVE_APP:
        return backend_delete_app(backend, app, *stream ? stream : NULL, &ask);
    case MAKE_STREAM:
        return backend_create_stream(backend, stream, &ask);
    case REMOVE_STREAM:
        return backend_delete_stream(backend, stream, &ask);
    case MAKE_PARTITION:
        return backend_create_partition(backend, stream, partition, &ask);
    case REMOVE_PARTITION:
        return backend_delete_partition(backend, stream, partition, &ask);
    case SET_EARLIEST:
    case SET_LATEST:
        return backend_set_bound(backend, stream, partition, change->order.what == SET_EARLIEST,
                                 change->number, &ask);
    }
    return NULL;
}

static void on_prepared(void *user, const struct error *error, const struct answer *answer)
{
    struct change *change = user;

    change->operation.step = NULL;
    if (error)
        on_change_done(change, error, answer);
    else
        change_wait_for(change, call_backend(change));
}

/* All but commits, which are sent by api/commit.h. */
static void send_change(struct change *change)
{
    struct ask ask = operation_ask(&change->operation, on_prepared);

    change_wait_for(change,
                    must_prepare(change) ? prepare_sending(change, &ask) : call_backend(change));
}

static void on_consumers(void *user, const struct error *error, const struct answer *answer)
{
    struct change *change = user;
    struct state state;

    change->operation.step = NULL;
    if (error) {
        on_change_done(change, error, &no_answer);
        return;
    }
    for (size_t i = 0; i < table_count(answer->table); i++) {
        table_at(answer->table, i, &state);
        if (is_of_alive_consumer(&state)) {
            refuse_while_alive(change, state.consumer);
            return;
        }
    }
    send_change(change);
}

/* A backend whose apps are of streams deletes one with all its checkpoints, also under a consumer
 * that goes on. */
static void look_at_consumers(struct change *change)
{
    struct question states = {WHAT_STATES, change->app, change->stream};
    struct ask ask = operation_ask(&change->operation, on_consumers);

    change_wait_for(change, cache_get(change->fs->cache, &states, &ask));
}

/* Why what is committed is not to be deleted: 0, or an errno with an error. */
static int judge_deletion(const struct change *change, const char *sequence, struct error *error)
{
    const char *expected = change->expected;

    if (!sequence)
        return error_set(error, ENOENT, "nothing is committed there");
    if (expected && !backend_is_sequence(change->fs->backend, expected, sequence))
        return error_set(error, ESTALE, "%s is committed, and no longer %s", sequence,
                         *expected ? expected : "nothing");
    return 0;
}

static void on_checkpoint_before(void *user, const struct error *error, const struct answer *answer)
{
    struct change *change = user;
    struct error judgement;

    change->operation.step = NULL;
    if (!error) {
        on_value_before(change, answer->state);
        if (judge_deletion(change, answer->state->sequence, &judgement))
            error = &judgement;
    }
    if (error)
        on_change_done(change, error, &no_answer);
    else
        send_change(change);
}

/* Nothing is deleted that is not there: where the backend would not say so, and nothing recent
 * tells that it is, it is asked for. */
static void delete_checkpoint(struct change *change)
{
    const struct subject *about = &change->order.about;
    uint32_t partition = (uint32_t)about->partition;
    struct ask ask = operation_ask(&change->operation, on_checkpoint_before);
    struct state state;
    bool is_there = !cache_state(change->fs->cache, about->app, about->stream, partition,
                                 cache_not_before(STATE_KNOWN_MS), false, &state) &&
                    state.sequence;

    if (!change->expected && (is_there || !change->fs->backend->deletes_in_silence) &&
        !must_ask_before(change))
        send_change(change);
    else
        change_wait_for(change, backend_get_checkpoint(change->fs->backend, about->app,
                                                       about->stream, partition, &ask));
}

/* Undoing */

/* Goes on as a commit of what the journal tells. */
static void go_back(struct change *change)
{
    struct past past;
    struct error error;
    int status =
        history_find_past(&change->fs->journal.history, &change->order.about, &past, &error);
    char *expected = !status && past.must_be_last ? strdup(past.last) : NULL;

    if (status) {
        free(past.metadata);
        refuse_soon(change, &error);
        return;
    }
    free(change->metadata);
    free(change->expected);
    change->metadata = past.metadata;
    change->expected = expected;
    change->order.position.kind = *past.number ? POSITION_SEQUENCE : POSITION_NOTHING;
    memcpy(change->order.position.sequence, past.number, sizeof(past.number));
    if (past.must_be_last && !expected) {
        error_set(&error, ENOMEM, "no memory");
        refuse_soon(change, &error);
        return;
    }
    look_at_holder(change);
}

static void on_caught_up(void *user, const struct error *error, const struct answer *answer)
{
    struct change *change = user;

    change->operation.step = NULL;
    if (error)
        on_change_done(change, error, answer);
    else
        go_back(change);
}

static void undo(struct change *change)
{
    struct journal *journal = &change->fs->journal;
    struct ask ask = operation_ask(&change->operation, on_caught_up);

    if (journal_is_kept(journal))
        change_wait_for(change, journal_catch_up(journal, &ask));
    else
        go_back(change);
}

/* Whether nobody else changes the same meanwhile. */
static bool has_turn(const struct change *change)
{
    const struct turn *turn = change->order.within ? change->order.within : &change->turn;

    return turn->queue && turn->had;
}

static bool removes(const struct change *change)
{
    enum what_changes what = change->order.what;

    return what == DELETE || what == REMOVE_APP || what == REMOVE_STREAM ||
           what == REMOVE_PARTITION;
}

static void refuse_removal(struct change *change)
{
    error_set(&change->operation.error, EPERM, "the mount is monotonic: it removes nothing");
    operation_soon(&change->operation, fail_change);
}

static void begin_change(void *user)
{
    struct change *change = user;
    bool is_of_stream = change->fs->backend->abilities & APP_IS_OF_STREAM;

    timer_stop(&change->operation.timer);
    change->operation.step = NULL;
    if (!ALWAYS(has_turn(change) && !change->is_told)) {
        error_set(&change->operation.error, EIO, "it began out of its turn");
        operation_soon(&change->operation, fail_change);
        return;
    }
    change->begun = when_monotonic();
    look_before(change);
    if (change->fs->settings.monotonic && removes(change))
        refuse_removal(change);
    else if (change->order.what == COMMIT)
        look_at_holder(change);
    else if (change->order.what == UNDO)
        undo(change);
    else if (change->order.what == REMOVE_APP && is_of_stream)
        look_at_consumers(change);
    else if (change->order.what == DELETE)
        delete_checkpoint(change);
    else
        send_change(change);
}

static void change_is_late(void *user)
{
    struct change *change = user;
    struct error error;

    /* What its end waits for must not be where its turn comes. */
    turn_leave(&change->turn);
    error_set(&error, ETIMEDOUT, "an earlier change of the same partition did not end in time");
    on_change_done(change, &error, &no_answer);
}

/* All of an app waits for all that is about to change in it. */
static struct subject subject_of_change(const struct change *change)
{
    struct subject about = change->order.about;

    if (*about.app && !*about.stream)
        about.stream = NULL;
    return about;
}

static void change_wait_for_turn(struct change *change)
{
    struct subject about = subject_of_change(change);
    int64_t left = change->operation.ask.deadline - when_monotonic();

    if (change->order.within ||
        turn_take(&change->fs->queue, &change->turn, &about, 1, begin_change, change)) {
        begin_change(change);
        return;
    }
    change->operation.step = &change->turn.call;
    timer_start(change->fs->loop, &change->operation.timer, left > 0 ? left : 0, change_is_late,
                change);
}

static bool copy_texts(struct change *change, const struct change_order *order)
{
    change->app = strdup(order->about.app);
    change->stream = strdup(order->about.stream);
    change->metadata = strdup(order->metadata ? order->metadata : "");
    change->note = order->note ? strdup(order->note) : NULL;
    change->expected = order->expected ? strdup(order->expected) : NULL;
    change->order.about.app = change->app;
    change->order.about.stream = change->stream;
    if (order->before)
        set_before(change, order->before->sequence, order->before->metadata);
    snprintf(change->number, sizeof(change->number), "%s",
             order->bound ? order->bound : order->position.sequence);
    return change->app && change->stream && change->metadata && (change->note || !order->note) &&
           (change->expected || !order->expected);
}

struct call *change_start(struct fs *fs, const struct change_order *order, const struct ask *ask)
{
    struct change *change = calloc(1, sizeof(*change));

    if (!change)
        return NULL;
    operation_begin(&change->operation, fs->loop, ask, release_change);
    change->operation.ask.errand = ERRAND_PREPARE;
    change->operation.call.cancel = cancel_change;
    change->operation.call.is_sent = is_change_sent;
    change->operation.call.finish = finish_change;
    change->fs = fs;
    change->order = *order;
    if (order->what == COMMIT && order->position.kind == POSITION_UNDO)
        change->order.what = UNDO;
    change->id = journal_new_id(&fs->journal);
    change->asked_before = order->before && when_monotonic() - order->asked <= MOMENT_MS;
    if (copy_texts(change, order)) {
        change_wait_for_turn(change);
        return &change->operation.call;
    }
    operation_drop(&change->operation);
    return NULL;
}

void change_not_started(struct fs *fs, const struct change_order *order, const char *reason)
{
    journal_add(&fs->journal, &(struct journal_entry){.id = journal_new_id(&fs->journal),
                                                      .who = order->who,
                                                      .what = order->what,
                                                      .result = RESULT_FAILED,
                                                      .note = reason,
                                                      .about = order->about});
}
