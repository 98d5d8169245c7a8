#include "fs/change.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/commit.h"
#include "base/always.h"
#include "base/when.h"
#include "fs/cache.h"
#include "fs/records.h"

/* How old what is known of a partition may be to tell who holds it, or that something is committed
 * there; and how long a commit waits for the former. */
#define STATE_KNOWN_MS     60000
#define HOLDER_PATIENCE_MS 3000

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

    /* What the journal tells of it. */
    char number[SEQUENCE_MAX + 1]; /* what it sets, as far as is known yet; "" for none */
    bool knows_before;
    char before[SEQUENCE_MAX + 1]; /* "" for none */
    char *metadata_before;
    char consumer[CONSUMER_ROOM]; /* that will overwrite it, or "" */
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
    if (!is_bound)
        set_before(change, state.sequence, state.metadata);
    else if (what == SET_EARLIEST ? state.earliest : state.latest)
        set_before(change, what == SET_EARLIEST ? state.earliest : state.latest, NULL);
}

static bool has_value(const struct change *change)
{
    return change->order.about.partition != ANY_PARTITION && change->order.what != MAKE_PARTITION &&
           change->order.what != REMOVE_PARTITION;
}

/* What the change has made of the value, or was to make of it. */
static struct value value_now(const struct change *change)
{
    bool is_open = change->order.what == COMMIT && !*change->number;

    return (struct value){.is_known = !is_open,
                          .number = *change->number ? change->number : NULL,
                          .metadata = change->order.what == COMMIT ? change->metadata : NULL};
}

static struct value value_before(const struct change *change)
{
    return (struct value){.is_known = change->knows_before || !has_value(change),
                          .number = *change->before ? change->before : NULL,
                          .metadata = change->metadata_before};
}

static void write_journal(struct change *change, enum result result, const char *reason)
{
    char warning[CONSUMER_ROOM + 64] = "";
    const char *note = reason ? reason : change->note;
    struct journal_entry entry = {.who = change->order.who,
                                  .what = change->order.what,
                                  .result = result,
                                  .about = change->order.about,
                                  .now = value_now(change),
                                  .before = value_before(change)};

    if (!ALWAYS(!change->is_told))
        return;
    change->is_told = true;
    if (*change->consumer)
        snprintf(warning, sizeof(warning), "%s seems to be alive and will overwrite this",
                 change->consumer);
    entry.note = *warning && !reason ? warning : note;
    journal_add(&change->fs->journal, &entry);
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

/* A commit may have been the first of the app on the stream, or have made the partition. When it
 * was made is now, where the backend does not tell. */
static void note_commit(struct change *change, const struct state *state)
{
    struct state noted = *state;
    struct cache *cache = change->fs->cache;
    const char *app = change->app;
    const char *stream = change->stream;

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

/* Drops what is known of the partition: nobody knows what is committed there now. */
static void note_doubt(struct change *change)
{
    struct cache *cache = change->fs->cache;

    doubts_add(&change->fs->doubts, &change->order.about);
    cache_drop(cache, &(struct question){WHAT_COMMITTED, change->app, ""});
    cache_drop(cache, &(struct question){WHAT_STATES, change->app, change->stream});
    cache_drop(cache, &(struct question){WHAT_LAGS, change->app, change->stream});
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
    enum what_changes what = change->order.what;

    if ((what == COMMIT || what == DELETE) && result != RESULT_FAILED)
        forget_cut(change);
    if (what != COMMIT && what != DELETE)
        forget_lists(change);
    else if (result == RESULT_UNKNOWN)
        note_doubt(change);
    else if (what == COMMIT && state)
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
    free(change->app);
    free(change->stream);
    free(change->metadata);
    free(change->note);
    free(change->expected);
    free(change->metadata_before);
    free(change);
}

static bool cancel_change(struct call *call)
{
    struct change *change = (struct change *)call;
    bool may_have_changed = call_cancel(change->operation.step);
    enum result result = may_have_changed ? RESULT_UNKNOWN : RESULT_FAILED;

    note_in_cache(change, result, NULL);
    write_journal(change, result,
                  may_have_changed ? "given up while it was under way"
                                   : "given up before it was sent");
    operation_drop(&change->operation);
    return may_have_changed;
}

/* A commit that came to a deletion is one. */
static void on_change_done(void *user, const struct error *error, const struct answer *answer)
{
    struct change *change = user;
    enum result result = !error ? RESULT_OK : error->is_unknown ? RESULT_UNKNOWN : RESULT_FAILED;
    const struct state *state = answer->state;
    struct answer told = {.state = state, .text = change->consumer};
    bool is_deletion = change->order.what == COMMIT && state && !state->sequence;

    change->operation.step = NULL;
    if (is_deletion)
        change->order.what = DELETE;
    if (state && state->sequence)
        snprintf(change->number, sizeof(change->number), "%s", state->sequence);
    note_in_cache(change, result, state);
    write_journal(change, result,
                  error         ? error->message
                  : is_deletion ? "no number says that the oldest record is next"
                                : NULL);
    operation_end(&change->operation, error, &told);
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

    set_before(change, state->sequence, state->metadata);
    doubts_forget(&change->fs->doubts, &change->order.about);
}

static void on_sending(void *user, const char *sequence)
{
    struct change *change = user;

    snprintf(change->number, sizeof(change->number), "%s", sequence ? sequence : "");
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
        .clamp = fs->settings.clamp,
        .monotonic = fs->settings.monotonic,
        .reads_first = doubts_has(&fs->doubts, &change->order.about),
    };
    struct commit_watcher watcher = {
        .found = on_value_before, .sending = on_sending, .user = change};
    struct ask ask = operation_ask(&change->operation, on_change_done);

    change_wait_for(change, commit_position(fs->backend, &request, &watcher, &ask));
}

static bool is_of_alive_consumer(const struct state *state)
{
    return state->consumer && *state->consumer && state->committed != WHEN_UNKNOWN &&
           state->committed > when_now() - ALIVE_NS;
}

/* Looks into what is known of who holds the partition. False when that is too old. */
static bool find_consumer(struct change *change)
{
    struct state state = {0};
    int status = cache_state(change->fs->cache, change->app, change->stream,
                             (uint32_t)change->order.about.partition,
                             cache_not_before(STATE_KNOWN_MS), false, &state);

    if (!status && is_of_alive_consumer(&state))
        snprintf(change->consumer, CONSUMER_ROOM, "%s", state.consumer);
    return status != -EAGAIN;
}

/* States up to a minute old are good enough; if none arrive in time, the commit goes ahead without
 * them. */
static void on_holder(void *user, const struct error *unused, const struct answer *answer)
{
    struct change *change = user;

    (void)unused;
    (void)answer;
    change->operation.step = NULL;
    look_before(change);
    find_consumer(change);
    commit_change(change);
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
        commit_change(change);
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

static void refuse_while_alive(struct change *change, const char *consumer)
{
    struct error error;

    error_set(&error, EBUSY,
              "the consumer %.200s has committed in the last two minutes: stop it first", consumer);
    on_change_done(change, &error, &no_answer);
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
    change_wait_for(change, call_backend(change));
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
        change_wait_for(change, call_backend(change));
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

    if (!change->expected && (is_there || !change->fs->backend->deletes_in_silence))
        change_wait_for(change, call_backend(change));
    else
        change_wait_for(change, backend_get_checkpoint(change->fs->backend, about->app,
                                                       about->stream, partition, &ask));
}

/* Whether nobody else changes the same meanwhile. */
static bool has_turn(const struct change *change)
{
    const struct turn *turn = change->order.within ? change->order.within : &change->turn;

    return turn->queue && turn->had;
}

static void begin_change(void *user)
{
    struct change *change = user;
    bool is_of_stream = change->fs->backend->abilities & APP_IS_OF_STREAM;

    timer_stop(&change->operation.timer);
    change->operation.step = NULL;
    if (!ALWAYS(has_turn(change))) {
        error_set(&change->operation.error, EIO, "it began out of its turn");
        operation_soon(&change->operation, fail_change);
        return;
    }
    look_before(change);
    if (change->order.what == COMMIT)
        look_at_holder(change);
    else if (change->order.what == REMOVE_APP && is_of_stream)
        look_at_consumers(change);
    else if (change->order.what == DELETE)
        delete_checkpoint(change);
    else
        change_wait_for(change, call_backend(change));
}

static void change_is_late(void *user)
{
    struct change *change = user;
    struct error error;

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
    change->operation.call.cancel = cancel_change;
    change->fs = fs;
    change->order = *order;
    if (copy_texts(change, order)) {
        change_wait_for_turn(change);
        return &change->operation.call;
    }
    operation_drop(&change->operation);
    return NULL;
}

void change_not_started(struct fs *fs, const struct change_order *order, const char *reason)
{
    journal_add(&fs->journal, &(struct journal_entry){.who = order->who,
                                                      .what = order->what,
                                                      .result = RESULT_FAILED,
                                                      .note = reason,
                                                      .about = order->about});
}
