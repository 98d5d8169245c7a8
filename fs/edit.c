#include "fs/edit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"
#include "fs/entry.h"

/* How much longer than its time a change may take, before all are given up. */
#define GRACE_MS 5000

/* What a number becomes that is not known any more: nothing is equal to it. */
#define NOT_KNOWN "?"

/* So many changes without an answer, and none with one in between: the others are not tried. */
#define SILENT_MAX EDIT_WIDTH

#define BUCKETS 1024

/* A change that is under way. */
struct arm {
    TAILQ_ENTRY(arm) link;
    LIST_ENTRY(arm) neighbour; /* in its bucket */
    struct edit *edit;
    struct call *call;
    unsigned line;
    uint32_t partition;
    bool removes;
};

struct edit {
    struct operation operation; /* its step: the question for the states */
    struct request *request;
    struct change_order base; /* of all its changes */
    struct table *states;     /* all, and what has become of them since */
    int64_t asked;            /* when_monotonic, of the question for them */
    char *text;               /* what was written */
    char *rest;               /* its lines that are not read yet, or NULL */

    struct entry entry; /* the line that is carried out */
    bool has_entry;
    unsigned line;
    size_t next; /* of the states, if it is a line of all */

    TAILQ_HEAD(arms, arm) arms;
    LIST_HEAD(bucket, arm) buckets[BUCKETS]; /* the same, by partition */
    size_t under_way;
    unsigned failed;
    unsigned first;  /* the line of the first failure */
    unsigned silent; /* changes that had no answer, since one had */
};

OPERATION_FIRST(struct edit);

static void edit_go_on(struct edit *edit);

/* The end */

static void release_edit(struct operation *operation)
{
    struct edit *edit = (struct edit *)operation;

    table_drop(edit->states);
    free(edit->text);
    free(edit);
}

static void free_arm(struct arm *arm)
{
    struct edit *edit = arm->edit;

    TAILQ_REMOVE(&edit->arms, arm, link);
    LIST_REMOVE(arm, neighbour);
    edit->under_way--;
    free(arm);
}

static bool cancel_arms(struct edit *edit)
{
    bool sent = false;
    struct arm *arm;

    while ((arm = TAILQ_FIRST(&edit->arms))) {
        sent |= call_cancel(arm->call);
        free_arm(arm); /* NOLINT(clang-analyzer-unix.Malloc): freed ones have left the list */
    }
    return sent;
}

static bool cancel_edit(struct call *call)
{
    struct edit *edit = (struct edit *)call;
    bool sent = cancel_arms(edit);

    call_cancel(edit->operation.step);
    operation_drop(&edit->operation);
    return sent;
}

static bool is_edit_sent(const struct call *call)
{
    const struct edit *edit = (const struct edit *)call;
    const struct arm *arm;

    TAILQ_FOREACH (arm, &edit->arms, link) {
        if (call_is_sent(arm->call))
            return true;
    }
    return false;
}

static const struct error *trouble_of_edit(const struct call *call)
{
    const struct edit *edit = (const struct edit *)call;
    const struct error *trouble = call_trouble(edit->operation.step);
    const struct arm *arm;

    TAILQ_FOREACH (arm, &edit->arms, link) {
        if (trouble)
            break;
        trouble = call_trouble(arm->call);
    }
    return trouble;
}

static bool is_at_end(const struct edit *edit)
{
    return !edit->rest && !edit->has_entry;
}

/* The message of the first failure stands behind how many there are. */
static void end_edit(void *user)
{
    struct edit *edit = user;
    struct error *error = &edit->operation.error;
    char first[sizeof(error->message)];

    if (!edit->failed && !is_at_end(edit)) {
        error_set(error, EINTR, "interrupted, with lines that were not tried");
        operation_fail(&edit->operation);
        return;
    }
    if (!edit->failed) {
        operation_end(&edit->operation, NULL, &no_answer);
        return;
    }
    snprintf(first, sizeof(first), "%s", error->message);
    snprintf(error->message, sizeof(error->message), "%u lines of this write failed, %s; %.300s",
             edit->failed,
             is_at_end(edit) ? "its others are done" : "and not all others were tried", first);
    operation_fail(&edit->operation);
}

/* Failures */

static void note_failed_line(struct edit *edit, unsigned line, const struct error *error)
{
    request_tell(edit->request, error);
    if (!edit->failed++ || line < edit->first) {
        edit->first = line;
        edit->operation.error = *error;
    }
}

static void note_failed_change(struct edit *edit, const struct arm *arm, const struct error *error)
{
    struct error told = *error;

    snprintf(told.message, sizeof(told.message), "line %u, partition %u: %.350s", arm->line,
             arm->partition, error->message);
    note_failed_line(edit, arm->line, &told);
}

static void refuse_edited_line(struct edit *edit, int code, const char *why)
{
    struct error error;

    error_set(&error, code, "line %u: %.370s", edit->line, why);
    note_failed_line(edit, edit->line, &error);
}

/* What is committed, as far as this mount knows. A line of all is of those that there were. */

static void know(struct edit *edit, uint32_t partition, const struct state *now)
{
    struct state unknown = {.partition = partition, .sequence = NOT_KNOWN};
    struct state before;

    if (edit->request->fs->settings.plan || table_find(edit->states, partition, &before))
        return;
    if (!now || table_put(edit->states, now))
        (void)table_put(edit->states, &unknown);
}

/* NULL when it is not known. */
static const struct state *find_known(const struct edit *edit, struct state *state)
{
    const struct place *place = edit->request->node.place;
    struct subject about = {place->app, place->stream, edit->entry.partition};

    if (doubts_has(&edit->request->fs->doubts, &about) ||
        table_find(edit->states, edit->entry.partition, state) ||
        (state->sequence && !strcmp(state->sequence, NOT_KNOWN)))
        return NULL;
    return state;
}

/* Carrying out */

static void on_line_done(void *user, const struct error *error, const struct answer *answer)
{
    struct arm *arm = user;
    struct edit *edit = arm->edit;
    struct state none = {.partition = arm->partition, .committed = WHEN_UNKNOWN};
    char of[40];

    edit->silent = error && error->code == ETIMEDOUT ? edit->silent + 1 : 0;
    if (error) {
        note_failed_change(edit, arm, error);
        know(edit, arm->partition, NULL);
    } else if (!arm->removes) {
        snprintf(of, sizeof(of), "partition %u: ", arm->partition);
        write_warn(edit->request, of, answer);
        know(edit, arm->partition, answer->state);
    } else {
        know(edit, arm->partition, &none);
    }
    free_arm(arm);
    edit_go_on(edit);
}

static struct change_order order_of(const struct edit *edit, const struct state *before)
{
    const struct entry *entry = &edit->entry;
    struct change_order order = edit->base;

    order.what = entry->removes ? DELETE : COMMIT;
    order.about.partition = entry->partition;
    order.position = entry->position;
    order.metadata = entry->metadata;
    order.expected = entry->expected;
    order.before = before;
    order.asked = edit->asked;
    return order;
}

static struct arm *new_arm(struct edit *edit)
{
    struct arm *arm = calloc(1, sizeof(*arm));

    if (!arm)
        return NULL;
    *arm = (struct arm){.edit = edit,
                        .line = edit->line,
                        .partition = edit->entry.partition,
                        .removes = edit->entry.removes};
    TAILQ_INSERT_TAIL(&edit->arms, arm, link);
    LIST_INSERT_HEAD(&edit->buckets[arm->partition % BUCKETS], arm, neighbour);
    edit->under_way++;
    return arm;
}

static void start_arm(struct edit *edit, const struct state *before)
{
    struct fs *fs = edit->request->fs;
    struct change_order order = order_of(edit, before);
    struct arm *arm = new_arm(edit);
    struct ask ask = {
        .deadline = when_monotonic() + fs->settings.timeout, .done = on_line_done, .user = arm};

    if (arm)
        arm->call = change_start(fs, &order, &ask);
    if (arm && arm->call)
        return;
    if (arm)
        free_arm(arm);
    refuse_edited_line(edit, ENOMEM, "no memory");
}

/* Lines */

/* The next line that says something, or NULL. */
static char *next_line(struct edit *edit)
{
    char *line;

    do {
        line = strsep(&edit->rest, "\n");
        edit->line++;
    } while (line && entry_is_blank(line));
    return line;
}

/* A line of records/ may say where it is from. */
static bool is_from_there(const struct edit *edit, struct error *error)
{
    const struct entry *entry = &edit->entry;

    if (entry->is_of_all && entry->position.has_partition)
        return !error_set(error, EINVAL, "that line is of one partition, and not of all");
    return !position_check_place(&entry->position, edit->request->node.place->stream,
                                 entry->partition, error);
}

static bool can_be_done(struct edit *edit)
{
    unsigned abilities = edit->request->fs->backend->abilities;
    struct error error;

    if (edit->entry.removes && !(abilities & CAN_DELETE_CHECKPOINT))
        refuse_edited_line(edit, EOPNOTSUPP, "the service cannot delete one checkpoint");
    else if (*edit->entry.metadata && !(abilities & CAN_STORE_METADATA))
        refuse_edited_line(edit, EOPNOTSUPP, "the backend stores no metadata");
    else if (!is_from_there(edit, &error))
        refuse_edited_line(edit, error.code, error.message);
    else
        return true;
    return false;
}

/* A line that cannot be read has failed, and others follow. */
static bool read_entry(struct edit *edit)
{
    size_t metadata_max = edit->request->fs->backend->metadata_max;
    char *line;

    while (!edit->has_entry && (line = next_line(edit))) {
        struct error error;

        if (entry_parse(line, when_now(), metadata_max, &edit->entry, &error))
            refuse_edited_line(edit, error.code, error.message);
        else
            edit->has_entry = can_be_done(edit);
        edit->next = 0;
    }
    return edit->has_entry;
}

/* A line of all is one of each partition after the other. */
static bool take_next_partition(struct edit *edit)
{
    struct state state;

    edit->has_entry = edit->next < table_count(edit->states);
    if (edit->has_entry) {
        table_at(edit->states, edit->next, &state);
        edit->entry.partition = state.partition;
    }
    return edit->has_entry;
}

static bool has_entry(struct edit *edit)
{
    while (read_entry(edit)) {
        if (!edit->entry.is_of_all || take_next_partition(edit))
            return true;
    }
    return false;
}

static void finish_entry(struct edit *edit)
{
    edit->next++;
    edit->has_entry = edit->entry.is_of_all;
}

/* So many changes may be under way. */
static size_t width_of(const struct edit *edit)
{
    size_t together = edit->request->fs->backend->changes_together;

    return together > EDIT_WIDTH ? together : EDIT_WIDTH;
}

static bool is_under_way(const struct edit *edit, uint32_t partition)
{
    const struct arm *arm;

    LIST_FOREACH (arm, &edit->buckets[partition % BUCKETS], neighbour) {
        if (arm->partition == partition)
            return true;
    }
    return false;
}

/* What is under way for the same partition ends first. */
static bool has_free_arm(const struct edit *edit)
{
    return edit->under_way < width_of(edit) && !is_under_way(edit, edit->entry.partition);
}

static void give_edit_up(void *user)
{
    struct edit *edit = user;
    bool sent = cancel_arms(edit);

    error_set(&edit->operation.error, ETIMEDOUT, "no answer in time");
    edit->operation.error.is_unknown = sent;
    operation_fail(&edit->operation);
}

/* Unless it says what is committed. */
static void carry_out_entry(struct edit *edit)
{
    struct state state;
    const struct state *before = find_known(edit, &state);

    if (!before || !entry_is_met(&edit->entry, edit->request->fs->backend, before))
        start_arm(edit, before);
}

static bool may_go_on(const struct edit *edit)
{
    return !edit->request->leaves && edit->silent < SILENT_MAX;
}

static void edit_go_on(struct edit *edit)
{
    while (may_go_on(edit) && has_entry(edit) && has_free_arm(edit)) {
        carry_out_entry(edit);
        finish_entry(edit);
    }
    if (edit->under_way)
        timer_start(edit->operation.loop, &edit->operation.timer,
                    edit->request->fs->settings.timeout + GRACE_MS, give_edit_up, edit);
    else
        operation_soon(&edit->operation, end_edit);
}

static void on_states_before(void *user, const struct error *error, const struct answer *answer)
{
    struct edit *edit = user;

    if (!operation_answered(&edit->operation, error))
        return;
    edit->states = table_hold(answer->table);
    edit_go_on(edit);
}

/* The beginning: within the request's turn, so that this mount changes nothing else meanwhile. */

static struct edit *edit_new(struct request *request, char *text, const struct ask *ask)
{
    struct edit *edit = calloc(1, sizeof(*edit));

    if (!edit)
        return NULL;
    operation_begin(&edit->operation, request->fs->loop, ask, release_edit);
    edit->operation.ask.errand = ERRAND_PREPARE;
    edit->operation.call =
        (struct call){.cancel = cancel_edit, .is_sent = is_edit_sent, .trouble = trouble_of_edit};
    TAILQ_INIT(&edit->arms);
    edit->request = request;
    edit->base = request_change(request, COMMIT, &request->node);
    edit->text = edit->rest = text;
    return edit;
}

static struct call *edit_start(struct request *request, char *text, const struct ask *ask)
{
    const struct place *place = request->node.place;
    const char *app = cache_app_to_ask(request->fs->cache, place->app);
    struct edit *edit = edit_new(request, text, ask);
    struct ask states;

    if (!edit) {
        free(text);
        return NULL;
    }
    edit->asked = when_monotonic();
    states = operation_ask(&edit->operation, on_states_before);
    operation_wait(&edit->operation,
                   backend_get_states(request->fs->backend, app, place->stream, &states));
    return &edit->operation.call;
}

static void on_edited(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;

    (void)answer;
    if (request_answered(request, error))
        request->then(request);
}

static void release_written(struct fs *fs, void *data)
{
    (void)fs;
    free(data);
}

static void begin(struct request *request)
{
    char *text = request->data;
    struct ask ask = request_ask(request, on_edited);

    request->data = NULL;
    request->patience = PATIENCE_WITHOUT_END;
    request_wait(request, edit_start(request, text, &ask));
}

void edit_checkpoints(struct request *request, const struct node *node, char *text, size_t size)
{
    struct subject all = {node->place->app, node->place->stream, ANY_PARTITION};

    if (strlen(text) != size) {
        request_refuse(request, EINVAL, "a table is text and cannot hold a NUL byte");
        return;
    }
    request->data = strdup(text);
    request->release_data = release_written;
    if (request->data)
        request_take_turn(request, &all, 1, begin);
    else
        request_refuse(request, ENOMEM, "no memory");
}
