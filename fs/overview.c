#include "fs/overview.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/fan.h"
#include "base/when.h"
#include "fs/lagtable.h"
#include "fs/page.h"
#include "fs/recent.h"
#include "fs/report.h"
#include "fs/tree.h"

/* How many apps, and how many pairs, are asked for at a time. */
#define WIDTH 32

/* How many partitions of a pair are looked at before others have their turn in the loop: of all
 * that are under way 1000. */
#define ROWS_AT_ONCE (1000 / WIDTH)

/* Partitions in the details: of all pairs together, and at least and at most of each. */
#define DETAILS_MAX 5000
#define DETAILS_FEW 10
#define DETAILS_OF  100

/* Names of what is not asked for. */
#define NAMES_SHOWN 2000

/* Far more than all these are. */
#define PAGE_MAX (16UL << 20)

struct overview;

struct app {
    const char *name;
    struct names *streams; /* NULL: they could not be had */
    struct error error;
    size_t first; /* of its pairs, */
    size_t asked; /* and how many there are: the first of its streams */
};

struct pair {
    const struct app *app;
    const char *stream;
    struct error error;
    bool is_there; /* the app has checkpoints on it */
    struct summary summary;
    struct buf details;
    size_t shown;
};

struct overview {
    struct operation operation;
    struct fs *fs;
    struct error failure; /* the first */
    int64_t deadline;     /* of its parts */
    struct names *names;  /* of all apps */
    struct app *apps;     /* those that are asked for: the first */
    size_t app_count;
    struct pair *pairs;
    size_t pair_count;
    struct standing_rules rules;
    struct buf page;
};

OPERATION_FIRST(struct overview);

static void release_overview(struct operation *operation)
{
    struct overview *overview = (struct overview *)operation;

    for (size_t i = 0; i < overview->app_count; i++)
        names_drop(overview->apps[i].streams);
    for (size_t i = 0; i < overview->pair_count; i++)
        buf_release(&overview->pairs[i].details);
    free(overview->apps);
    free(overview->pairs);
    names_drop(overview->names);
    buf_release(&overview->page);
    free(overview);
}

/* Printing */

static void print_app(struct overview *overview, const struct app *app)
{
    struct buf *page = &overview->page;
    size_t printed = 0;

    page_begin_app(page, app->name);
    for (size_t i = app->first; i < app->first + app->asked; i++) {
        const struct pair *pair = &overview->pairs[i];

        if (pair->error.code)
            page_error(page, pair->stream, &pair->error);
        else if (pair->is_there)
            page_pair(page, app->name, pair->stream, &pair->summary, &pair->details, pair->shown);
        printed += pair->error.code || pair->is_there;
    }
    if (app->error.code)
        page_error(page, NULL, &app->error);
    else if (!printed && app->asked == names_count(app->streams))
        page_note(page, "Nothing is committed.");
    page_end_app(page);
}

static void print_counts(struct overview *overview)
{
    size_t counts[STANDING_OK + 1] = {0};
    size_t failed = 0;

    for (size_t i = 0; i < overview->app_count; i++)
        failed += overview->apps[i].error.code != 0;
    for (size_t i = 0; i < overview->pair_count; i++) {
        failed += overview->pairs[i].error.code != 0;
        counts[summary_worst(&overview->pairs[i].summary)] += overview->pairs[i].is_there;
    }
    page_counts(&overview->page, counts, failed);
}

/* Names, as long as there is room for more; returns how many are left out. */
static size_t print_rest_of_app(struct overview *overview, const struct app *app, size_t *room)
{
    size_t count = app->streams ? names_count(app->streams) : 0;
    size_t i = app->asked;

    for (; i < count && *room; i++, (*room)--)
        page_rest(&overview->page, app->name, names_at(app->streams, i));
    return count - i;
}

static void print_rest(struct overview *overview)
{
    size_t count = names_count(overview->names);
    size_t room = NAMES_SHOWN;
    size_t left_out = 0;
    size_t i;

    page_begin_rest(&overview->page, overview->pair_count);
    for (i = 0; i < overview->app_count; i++)
        left_out += print_rest_of_app(overview, &overview->apps[i], &room);
    for (; i < count && room; i++, room--)
        page_rest(&overview->page, names_at(overview->names, i), NULL);
    page_end_rest(&overview->page, left_out + count - i);
}

static bool leaves_pairs(const struct overview *overview)
{
    for (size_t i = 0; i < overview->app_count; i++) {
        const struct app *app = &overview->apps[i];

        if (app->streams && app->asked < names_count(app->streams))
            return true;
    }
    return names_count(overview->names) > overview->app_count;
}

static void end_with_page(struct overview *overview)
{
    page_end(&overview->page);
    if (overview->failure.code)
        report_error(overview->fs, "read", "overview/now.html", &overview->failure);
    if (!buf_error(&overview->page)) {
        operation_end(&overview->operation, NULL, &(struct answer){.text = overview->page.data});
        return;
    }
    error_set(&overview->operation.error, -buf_error(&overview->page), "the page cannot be made");
    operation_fail(&overview->operation);
}

/* An app of which everything is in another place has no section. */
static bool has_section(const struct app *app)
{
    return app->error.code || app->asked || !app->streams || !names_count(app->streams);
}

static void print_page(struct overview *overview)
{
    page_begin(&overview->page, overview->fs);
    print_counts(overview);
    for (size_t i = 0; i < overview->app_count; i++) {
        if (has_section(&overview->apps[i]))
            print_app(overview, &overview->apps[i]);
    }
    if (!names_count(overview->names))
        page_note(&overview->page, "There are no apps.");
    if (leaves_pairs(overview))
        print_rest(overview);
    end_with_page(overview);
}

static void note_first_failure(struct overview *overview, const struct error *error)
{
    if (!overview->failure.code)
        overview->failure = *error;
}

/* One pair: its table is looked at in pieces, and then not kept */

struct look {
    struct operation operation;
    struct overview *overview;
    struct pair *pair;
    struct table *table;
    unsigned char *standings; /* of each row, once it was looked at */
    size_t count;
    size_t next;
};

OPERATION_FIRST(struct look);

static void release_look(struct operation *operation)
{
    struct look *look = (struct look *)operation;

    table_drop(look->table);
    free(look->standings);
    free(look);
}

static size_t details_of_each(const struct overview *overview)
{
    size_t share = DETAILS_MAX / overview->pair_count;

    if (share > DETAILS_OF)
        return DETAILS_OF;
    return share < DETAILS_FEW ? DETAILS_FEW : share;
}

/* Those that are in one standing, as far as there is room. */
static void print_details_in(struct look *look, enum standing standing, size_t room)
{
    struct pair *pair = look->pair;
    struct state state;

    for (size_t i = 0; i < look->count && pair->shown < room; i++) {
        if (look->standings[i] != standing)
            continue;
        table_at(look->table, i, &state);
        page_partition(&pair->details, look->overview->fs, &state, standing);
        pair->shown++;
    }
}

static void end_look(struct look *look)
{
    page_begin_details(&look->pair->details, look->overview->fs);
    for (size_t i = 0; i <= STANDING_OK; i++)
        print_details_in(look, page_by_severity[i], details_of_each(look->overview));
    operation_end(&look->operation, NULL, &no_answer);
}

static void look_at_some(void *user)
{
    struct look *look = user;
    const struct backend *backend = look->overview->fs->backend;
    size_t end = look->count - look->next < ROWS_AT_ONCE ? look->count : look->next + ROWS_AT_ONCE;
    struct state state;

    for (; look->next < end; look->next++) {
        enum standing standing;

        table_at(look->table, look->next, &state);
        standing = standing_of(backend, &state, &look->overview->rules);
        look->standings[look->next] = (unsigned char)standing;
        summary_add(&look->pair->summary, backend, &state, standing);
    }
    if (look->next < look->count)
        operation_soon(&look->operation, look_at_some);
    else
        end_look(look);
}

static void on_pair_table(void *user, const struct error *error, const struct answer *answer)
{
    struct look *look = user;

    if (!operation_answered(&look->operation, error))
        return;
    look->pair->is_there = table_has_checkpoint(answer->table);
    look->count = look->pair->is_there ? table_count(answer->table) : 0;
    look->table = table_hold(answer->table);
    look->standings = calloc(look->count + 1, 1);
    if (look->standings) {
        look_at_some(look);
        return;
    }
    error_set(&look->operation.error, ENOMEM, "no memory");
    operation_fail(&look->operation);
}

static struct call *look_at_pair(void *user, const char *name, const struct ask *ask)
{
    struct overview *overview = user;
    struct pair *pair = &overview->pairs[strtoul(name, NULL, 10)];
    struct question question = tree_lags_question(overview->fs, pair->app->name, pair->stream);
    struct look *look = calloc(1, sizeof(*look));
    struct ask step;

    if (!look)
        return NULL;
    operation_begin(&look->operation, overview->fs->loop, ask, release_look);
    look->overview = overview;
    look->pair = pair;
    step = operation_ask(&look->operation, on_pair_table);
    operation_wait(&look->operation, cache_get(overview->fs->cache, &question, &step));
    return &look->operation.call;
}

/* Of a stream that has gone nothing can be read any more. */
static int take_look(void *user, const char *name, const struct error *error,
                     const struct answer *unused, struct error *failure)
{
    struct overview *overview = user;
    struct pair *pair = &overview->pairs[strtoul(name, NULL, 10)];

    (void)unused;
    (void)failure;
    if (!error || error->code == ENOENT)
        return 0;
    pair->is_there = false;
    pair->error = *error;
    note_first_failure(overview, error);
    return 0;
}

/* Doing so with each of many */

/* Those of an array have their index for a name. */
static struct names *name_indexes(size_t count)
{
    struct names *names = names_new();
    char name[24];
    int status = names ? 0 : -ENOMEM;

    for (size_t i = 0; i < count && !status; i++) {
        snprintf(name, sizeof(name), "%zu", i);
        status = names_add(names, name);
    }
    if (!status)
        return names;
    names_drop(names);
    return NULL;
}

static void begin_fan(struct overview *overview, size_t count, struct fan_order *order,
                      done_fn *done)
{
    struct ask ask = operation_ask(&overview->operation, done);
    struct names *names = name_indexes(count);

    ask.deadline = overview->deadline;
    order->loop = overview->operation.loop;
    order->names = names;
    order->width = WIDTH;
    order->user = overview;
    operation_wait(&overview->operation, names ? fan_start(order, &ask) : NULL);
    names_drop(names);
}

static void on_pairs(void *user, const struct error *error, const struct answer *unused)
{
    struct overview *overview = user;

    (void)unused;
    if (operation_answered(&overview->operation, error))
        print_page(overview);
}

static size_t count_pairs(const struct overview *overview)
{
    size_t count = 0;

    for (size_t i = 0; i < overview->app_count && count < OVERVIEW_PAIRS_MAX; i++)
        count += overview->apps[i].streams ? names_count(overview->apps[i].streams) : 0;
    return count < OVERVIEW_PAIRS_MAX ? count : OVERVIEW_PAIRS_MAX;
}

static void add_pairs(struct overview *overview, struct app *app, size_t max)
{
    size_t count = app->streams ? names_count(app->streams) : 0;

    app->first = overview->pair_count;
    for (; app->asked < count && overview->pair_count < max; app->asked++) {
        struct pair *pair = &overview->pairs[overview->pair_count++];

        pair->app = app;
        pair->stream = names_at(app->streams, app->asked);
        summary_init(&pair->summary);
        buf_init(&pair->details, PAGE_MAX);
    }
}

static void ask_for_pairs(struct overview *overview)
{
    struct fan_order order = {.start = look_at_pair, .take = take_look};
    size_t count = count_pairs(overview);

    overview->pairs = calloc(count + 1, sizeof(overview->pairs[0]));
    if (!overview->pairs) {
        operation_wait(&overview->operation, NULL);
        return;
    }
    for (size_t i = 0; i < overview->app_count; i++)
        add_pairs(overview, &overview->apps[i], count);
    begin_fan(overview, count, &order, on_pairs);
}

/* Streams of apps */

static struct call *ask_for_streams(void *user, const char *name, const struct ask *ask)
{
    const struct overview *overview = user;

    return lagtable_streams(overview->fs, overview->apps[strtoul(name, NULL, 10)].name, ask);
}

/* An app that has gone since it was listed has none. */
static int take_streams(void *user, const char *name, const struct error *error,
                        const struct answer *answer, struct error *failure)
{
    struct overview *overview = user;
    struct app *app = &overview->apps[strtoul(name, NULL, 10)];

    if (error && error->code != ENOENT) {
        app->error = *error;
        note_first_failure(overview, error);
        return 0;
    }
    app->streams = error ? names_new() : names_hold(answer->names);
    return app->streams ? 0 : error_set(failure, ENOMEM, "no memory");
}

static void on_streams_of_all(void *user, const struct error *error, const struct answer *unused)
{
    struct overview *overview = user;

    (void)unused;
    if (operation_answered(&overview->operation, error))
        ask_for_pairs(overview);
}

static void begin_with_apps(struct overview *overview)
{
    struct fan_order order = {.start = ask_for_streams, .take = take_streams};
    size_t count = names_count(overview->names);

    if (count > OVERVIEW_PAIRS_MAX)
        count = OVERVIEW_PAIRS_MAX;
    overview->apps = calloc(count + 1, sizeof(overview->apps[0]));
    if (!overview->apps) {
        operation_wait(&overview->operation, NULL);
        return;
    }
    overview->app_count = count;
    for (size_t i = 0; i < count; i++)
        overview->apps[i].name = names_at(overview->names, i);
    begin_fan(overview, count, &order, on_streams_of_all);
}

static void print_page_of_failure(struct overview *overview, const struct error *error)
{
    note_first_failure(overview, error);
    page_begin(&overview->page, overview->fs);
    page_error(&overview->page, NULL, error);
    end_with_page(overview);
}

static void on_all_apps(void *user, const struct error *error, const struct answer *answer)
{
    struct overview *overview = user;

    overview->operation.step = NULL;
    if (error) {
        print_page_of_failure(overview, error);
        return;
    }
    overview->names = names_hold(answer->names);
    begin_with_apps(overview);
}

struct call *overview_make(struct fs *fs, const struct ask *ask)
{
    struct overview *overview = calloc(1, sizeof(*overview));
    struct question apps = {WHAT_APPS, "", ""};
    int64_t now = when_monotonic();
    struct ask step;

    if (!overview)
        return NULL;
    operation_begin(&overview->operation, fs->loop, ask, release_overview);
    overview->fs = fs;
    overview->deadline = now + (ask->deadline - now) / 4 * 3;
    overview->rules = lagtable_rules(fs);
    buf_init(&overview->page, PAGE_MAX);
    step = operation_ask(&overview->operation, on_all_apps);
    step.deadline = overview->deadline;
    operation_wait(&overview->operation,
                   recent_names(fs->cache, fs->loop, &apps, fs->settings.listing, &step));
    return &overview->operation.call;
}
