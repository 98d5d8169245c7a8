#include "fs/lagtable.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/fan.h"
#include "api/status.h"
#include "base/when.h"
#include "fs/handle.h"
#include "fs/made.h"
#include "fs/prometheus.h"
#include "fs/recent.h"
#include "fs/tree.h"

/* How many streams are asked for at a time. */
#define WIDTH 32

/* How many rows are printed before others have their turn in the loop. */
#define ROWS_AT_ONCE 1000

struct lagtable;

/* How a text is printed: in passes over all rows, each with a head. */
struct form {
    size_t passes;
    void (*head)(struct lagtable *lagtable);
    void (*row)(struct lagtable *lagtable, const char *stream, const struct state *state);
};

/* A stream on which the app has a checkpoint. */
struct part {
    const char *stream; /* of lagtable->streams */
    struct table *table;
};

struct lagtable {
    struct operation operation;
    struct fs *fs;
    const struct form *form;
    bool is_made; /* a directory that mkdir made: where no app is, it is empty */
    char *app;
    struct names *streams;
    struct part *parts; /* in their order, once all are here */
    size_t count;
    struct error gone; /* why the last stream that is not there is not */

    struct standing_rules rules;
    struct buf text;
    size_t pass; /* the row that is printed next: so far */
    size_t part;
    size_t row;
};

OPERATION_FIRST(struct lagtable);

static void release_lagtable(struct operation *operation)
{
    struct lagtable *lagtable = (struct lagtable *)operation;

    for (size_t i = 0; i < lagtable->count; i++)
        table_drop(lagtable->parts[i].table);
    free(lagtable->parts);
    names_drop(lagtable->streams);
    buf_release(&lagtable->text);
    free(lagtable->app);
    free(lagtable);
}

/* A line for each partition */

static void print_lag_head(struct lagtable *lagtable)
{
    buf_puts(&lagtable->text,
             "#stream\tpartition\tcheckpoint\tearliest\tlatest\tlag\tmargin\tstate\tcommitted\n");
}

/* A foreign text is escaped, and what is not known is "-". */
static void print_field(struct buf *text, const char *value)
{
    if (value)
        buf_puts_escaped(text, value);
    else
        buf_puts(text, "-");
    buf_puts(text, "\t");
}

typedef int count_fn(const struct backend *backend, const struct state *state,
                     char count[static DECIMAL_ROOM]);

static void add_count(const struct lagtable *lagtable, struct buf *text, count_fn *count,
                      const struct state *state)
{
    char number[DECIMAL_ROOM];

    print_field(text, count(lagtable->fs->backend, state, number) ? NULL : number);
}

static void print_lag_row(struct lagtable *lagtable, const char *stream, const struct state *state)
{
    struct buf *text = &lagtable->text;
    char file[FILE_NAME_ROOM];
    char committed[WHEN_ROOM] = "-";

    if (state->sequence && state->committed != WHEN_UNKNOWN)
        when_format_seconds(state->committed, committed);
    buf_printf(text, "%s\t%" PRIu32 "\t", name_to_file(stream, file) ? "?" : file,
               state->partition);
    print_field(text, state->sequence);
    print_field(text, state->earliest);
    print_field(text, state->latest);
    add_count(lagtable, text, status_lag, state);
    add_count(lagtable, text, status_margin, state);
    buf_printf(text, "%s\t%s\n",
               standing_word(standing_of(lagtable->fs->backend, state, &lagtable->rules)),
               committed);
}

/* Prometheus: a metric after the other */

static int value_of_checkpoint(const struct backend *backend, const struct state *state,
                               char number[static DECIMAL_ROOM])
{
    return state->sequence ? backend_to_decimal(backend, state->sequence, number) : -ENODATA;
}

static int value_of_bound(const char *bound, char number[static DECIMAL_ROOM])
{
    return bound ? decimal_normalize(number, bound) : -ENODATA;
}

static int value_of_earliest(const struct backend *backend, const struct state *state,
                             char number[static DECIMAL_ROOM])
{
    (void)backend;
    return value_of_bound(state->earliest, number);
}

static int value_of_latest(const struct backend *backend, const struct state *state,
                           char number[static DECIMAL_ROOM])
{
    (void)backend;
    return value_of_bound(state->latest, number);
}

static int value_of_time(const struct backend *backend, const struct state *state,
                         char number[static DECIMAL_ROOM])
{
    (void)backend;
    if (!state->sequence || state->committed == WHEN_UNKNOWN)
        return -ENODATA;
    snprintf(number, DECIMAL_ROOM, "%" PRId64, state->committed / 1000000000);
    return 0;
}

static const struct {
    const char *name;
    const char *help;
    count_fn *value;
} gauges[] = {
    {"checkpointfs_lag_records", "Records that the app can still read.", status_lag},
    {"checkpointfs_margin_records", "Records between the oldest that is kept and the next one.",
     status_margin},
    {"checkpointfs_checkpoint", "The number that is committed.", value_of_checkpoint},
    {"checkpointfs_earliest", "The number of the oldest record that is kept.", value_of_earliest},
    {"checkpointfs_latest", "The number of the next record to be written.", value_of_latest},
    {"checkpointfs_expired_records", "Records that were deleted before they were read.",
     status_expired},
    {"checkpointfs_committed_timestamp_seconds", "When that was committed, since 1970.",
     value_of_time},
};

static void print_gauge_head(struct lagtable *lagtable)
{
    prometheus_head(&lagtable->text, gauges[lagtable->pass].name, "gauge",
                    gauges[lagtable->pass].help);
}

/* What is not known has no line. */
static void print_gauge_row(struct lagtable *lagtable, const char *stream,
                            const struct state *state)
{
    struct buf *text = &lagtable->text;
    char number[DECIMAL_ROOM];

    if (gauges[lagtable->pass].value(lagtable->fs->backend, state, number))
        return;
    buf_printf(text, "%s{", gauges[lagtable->pass].name);
    prometheus_label(text, "source", lagtable->fs->source);
    buf_puts(text, ",");
    prometheus_label(text, "app", lagtable->app);
    buf_puts(text, ",");
    prometheus_label(text, "stream", stream);
    buf_printf(text, ",partition=\"%" PRIu32 "\"} %s\n", state->partition, number);
}

static const struct form lag_form = {1, print_lag_head, print_lag_row};
static const struct form gauge_form = {sizeof(gauges) / sizeof(gauges[0]), print_gauge_head,
                                       print_gauge_row};

/* Printing */

static void end_with_text(struct lagtable *lagtable)
{
    int status = buf_error(&lagtable->text);

    if (status) {
        error_set_status(&lagtable->operation.error, status,
                         "it would be larger than a file may be here");
        operation_fail(&lagtable->operation);
    } else {
        operation_end(&lagtable->operation, NULL, &(struct answer){.text = lagtable->text.data});
    }
}

/* Prints the next row, or what stands in front of it. False past the last. */
static bool print_next(struct lagtable *lagtable)
{
    const struct part *part = &lagtable->parts[lagtable->part];
    struct state state;

    if (lagtable->part == lagtable->count) {
        lagtable->part = 0;
        if (++lagtable->pass == lagtable->form->passes)
            return false;
        lagtable->form->head(lagtable);
    } else if (lagtable->row == table_count(part->table)) {
        lagtable->row = 0;
        lagtable->part++;
    } else {
        table_at(part->table, lagtable->row++, &state);
        lagtable->form->row(lagtable, part->stream, &state);
    }
    return true;
}

static void print_some(void *user)
{
    struct lagtable *lagtable = user;
    unsigned printed = 0;

    while (printed < ROWS_AT_ONCE && print_next(lagtable))
        printed++;
    if (printed == ROWS_AT_ONCE && !buf_error(&lagtable->text))
        operation_soon(&lagtable->operation, print_some);
    else
        end_with_text(lagtable);
}

static int compare_parts(const void *a, const void *b)
{
    return strcmp(((const struct part *)a)->stream, ((const struct part *)b)->stream);
}

struct standing_rules lagtable_rules(const struct fs *fs)
{
    return (struct standing_rules){.near_percent = fs->settings.near,
                                   .stalled = fs->settings.stalled * 1000000,
                                   .now = when_now()};
}

static void begin_to_print(struct lagtable *lagtable)
{
    qsort(lagtable->parts, lagtable->count, sizeof(lagtable->parts[0]), compare_parts);
    lagtable->rules = lagtable_rules(lagtable->fs);
    lagtable->form->head(lagtable);
    print_some(lagtable);
}

/* Asking */

static struct call *ask_for_part(void *user, const char *stream, const struct ask *ask)
{
    const struct lagtable *lagtable = user;
    struct question question = tree_lags_question(lagtable->fs, lagtable->app, stream);

    return cache_get(lagtable->fs->cache, &question, ask);
}

/* The error of a stream names it. */
static int fail_with_stream(const char *stream, const struct error *error, struct error *failure)
{
    char file[FILE_NAME_ROOM];

    *failure = *error;
    snprintf(failure->message, sizeof(failure->message), "%.64s: %.*s",
             name_to_file(stream, file) ? "?" : file, (int)sizeof(failure->message) - 70,
             error->message);
    return -error->code;
}

/* Of a stream that has gone, since it was listed or for good, nothing can be read any more. */
static int take_part(void *user, const char *stream, const struct error *error,
                     const struct answer *answer, struct error *failure)
{
    struct lagtable *lagtable = user;

    if (error && error->code == ENOENT) {
        fail_with_stream(stream, error, &lagtable->gone);
        return 0;
    }
    if (error)
        return fail_with_stream(stream, error, failure);
    if (table_has_checkpoint(answer->table))
        lagtable->parts[lagtable->count++] =
            (struct part){.stream = stream, .table = table_hold(answer->table)};
    return 0;
}

/* Where every stream has gone, the app may be what has. */
static void on_parts(void *user, const struct error *error, const struct answer *unused)
{
    struct lagtable *lagtable = user;

    (void)unused;
    if (!operation_answered(&lagtable->operation, error))
        return;
    if (!lagtable->count && lagtable->gone.code && !lagtable->is_made) {
        lagtable->operation.error = lagtable->gone;
        operation_fail(&lagtable->operation);
    } else {
        begin_to_print(lagtable);
    }
}

static void ask_for_parts(struct lagtable *lagtable)
{
    struct ask ask = operation_ask(&lagtable->operation, on_parts);
    struct fan_order order = {.loop = lagtable->operation.loop,
                              .names = lagtable->streams,
                              .width = WIDTH,
                              .start = ask_for_part,
                              .take = take_part,
                              .user = lagtable};

    lagtable->parts = calloc(names_count(lagtable->streams) + 1, sizeof(lagtable->parts[0]));
    operation_wait(&lagtable->operation, lagtable->parts ? fan_start(&order, &ask) : NULL);
}

static void on_streams(void *user, const struct error *error, const struct answer *answer)
{
    struct lagtable *lagtable = user;
    bool is_empty = error && error->code == ENOENT && lagtable->is_made;

    if (!operation_answered(&lagtable->operation, is_empty ? NULL : error))
        return;
    lagtable->streams = is_empty ? names_new() : names_hold(answer->names);
    if (lagtable->streams) {
        ask_for_parts(lagtable);
        return;
    }
    error_set(&lagtable->operation.error, ENOMEM, "no memory");
    operation_fail(&lagtable->operation);
}

/*
 * Which streams the app has checkpoints on is asked anew, for one that a list lacks would be
 * missing in silence. Where that costs a request for each stream, as apps are of streams, a list of
 * names does, and what those say who are asked then decides.
 */
struct call *lagtable_streams(struct fs *fs, const char *app, const struct ask *ask)
{
    bool is_of_stream = fs->backend->abilities & APP_IS_OF_STREAM;
    struct question question = {is_of_stream ? WHAT_STREAMS : WHAT_COMMITTED, app, ""};
    int64_t age = is_of_stream ? fs->settings.listing : fs->settings.snapshot;

    return recent_names(fs->cache, fs->loop, &question, age, ask);
}

static void need_streams(struct lagtable *lagtable)
{
    struct ask ask = operation_ask(&lagtable->operation, on_streams);

    operation_wait(&lagtable->operation, lagtable_streams(lagtable->fs, lagtable->app, &ask));
}

static struct call *start(struct fs *fs, const struct node *node, const struct form *form,
                          const struct ask *ask)
{
    struct lagtable *lagtable = calloc(1, sizeof(*lagtable));

    if (!lagtable)
        return NULL;
    operation_begin(&lagtable->operation, fs->loop, ask, release_lagtable);
    lagtable->fs = fs;
    lagtable->form = form;
    lagtable->is_made = made_has(node);
    lagtable->app = strdup(node->place->app);
    buf_init(&lagtable->text, BATCHES_MAX);
    if (lagtable->app)
        need_streams(lagtable);
    else
        operation_wait(&lagtable->operation, NULL);
    return &lagtable->operation.call;
}

struct call *lagtable_lags(struct fs *fs, const struct node *node, const struct ask *ask)
{
    return start(fs, node, &lag_form, ask);
}

struct call *lagtable_gauges(struct fs *fs, const struct node *node, const struct ask *ask)
{
    return start(fs, node, &gauge_form, ask);
}
