#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/backend.h"
#include "base/when.h"
#include "tests/numbers.h"

/*
 * checkpointfs with a backend that has no operations, and may claim every ability: what a mount
 * does of itself is left, and all that the front door refuses. With -o tree it lists one partition,
 * so that every file of the tree has a name, and does nothing else.
 *
 * This list of backends takes the place of api/backends.c.
 */

static const struct backend_operations no_operations;

/* Nothing closes it, so it is not allocated. */
static struct {
    struct backend backend;
    bool committed;
} null;

/* The one partition */

#define APP    "billing"
#define STREAM "orders"

/* An answer that is known at once. */
struct listing {
    struct operation operation;
    const char *name; /* of names; or NULL */
    bool has_table;
    bool fails;
};

OPERATION_FIRST(struct listing);

static void release_listing(struct operation *operation)
{
    free(operation);
}

/* What is listed, if there is memory for it. */
static bool fill_listing(const struct listing *listing, struct names *names, struct table *table)
{
    struct state state = {.committed = WHEN_UNKNOWN,
                          .sequence = null.committed ? "41" : NULL,
                          .metadata = null.committed ? "note" : NULL};

    return names && table && (!listing->name || !names_add(names, listing->name)) &&
           !table_put(table, &state);
}

static void end_listing(void *user)
{
    struct listing *listing = user;
    struct operation *operation = &listing->operation;
    struct names *names = names_new();
    struct table *table = table_new();

    if (!fill_listing(listing, names, table))
        error_set(&operation->error, ENOMEM, "no memory");
    else if (listing->fails)
        error_set(&operation->error, ENOENT, "there is only " APP ", and " STREAM);
    if (operation->error.code)
        operation_fail(operation);
    else
        operation_end(operation, NULL,
                      &(struct answer){.names = listing->name ? names : NULL,
                                       .table = listing->has_table ? table : NULL});
    names_drop(names);
    table_drop(table);
}

static struct call *list(const struct listing *order, const struct ask *ask)
{
    struct listing *listing = calloc(1, sizeof(*listing));

    if (!listing)
        return NULL;
    *listing = *order;
    operation_begin(&listing->operation, null.backend.loop, ask, release_listing);
    operation_soon(&listing->operation, end_listing);
    return &listing->operation.call;
}

static struct call *list_apps(struct backend *backend, const struct ask *ask)
{
    (void)backend;
    return list(&(struct listing){.name = APP}, ask);
}

static struct call *find_app(struct backend *backend, const char *app, const struct ask *ask)
{
    (void)backend;
    return list(&(struct listing){.fails = strcmp(app, APP) != 0}, ask);
}

static struct call *list_streams(struct backend *backend, enum streams which, const char *app,
                                 const struct ask *ask)
{
    (void)backend;
    (void)which;
    return list(&(struct listing){.name = STREAM, .fails = app && strcmp(app, APP) != 0}, ask);
}

static struct call *get_states(struct backend *backend, const char *app, const char *stream,
                               const struct ask *ask)
{
    (void)backend;
    (void)app;
    return list(&(struct listing){.has_table = true, .fails = strcmp(stream, STREAM) != 0}, ask);
}

static const struct backend_operations lists = {
    .list_apps = list_apps,
    .find_app = find_app,
    .list_streams = list_streams,
    .get_states = get_states,
};

static const struct backend_operations lists_with_numbers = {
    .list_apps = list_apps,
    .find_app = find_app,
    .list_streams = list_streams,
    .get_states = get_states,
    .parse_sequence = numbers_parse,
    .to_decimal = numbers_to_decimal,
};

/* Opening */

/* "none", "all", or a sum of enum ability. */
static int parse_abilities(const char *text, unsigned *abilities)
{
    unsigned long sum;
    char *end;

    if (!strcmp(text, "none") || !strcmp(text, "all")) {
        *abilities = !strcmp(text, "all") ? UINT_MAX : 0;
        return 0;
    }
    sum = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || sum > UINT_MAX)
        return -EINVAL;
    *abilities = (unsigned)sum;
    return 0;
}

static const struct backend_operations *choose_operations(const struct backend_options *options)
{
    if (backend_setting(options, "committed"))
        return &lists_with_numbers;
    return backend_setting(options, "tree") ? &lists : &no_operations;
}

static int open_null(const char *rest, bool plain, const struct backend_options *options,
                     struct backend **backend, struct error *error)
{
    const char *can = backend_setting(options, "can");
    unsigned abilities = 0;

    (void)rest;
    (void)plain;
    if (can && parse_abilities(can, &abilities))
        return error_set(error, EINVAL, "can=%.40s: it can be none, all or a number", can);
    null.committed = backend_setting(options, "committed");
    null.backend = (struct backend){.operations = choose_operations(options),
                                    .loop = options->loop,
                                    .abilities = abilities,
                                    .metadata_max = 60,
                                    .checkpoint_is_next = options->checkpoint_is_next,
                                    .states_lack_bounds = backend_setting(options, "brief")};
    *backend = &null.backend;
    return 0;
}

static const struct backend_option null_options[] = {
    {"can", OPTION_TEXT, "WHAT", "claim abilities: none, all, or their sum"},
    {"tree", OPTION_FLAG, NULL, "list the partition billing/orders/0"},
    {"committed", OPTION_FLAG, NULL, "the same, with a checkpoint on it"},
    {"brief", OPTION_FLAG, NULL, "claim that tables have no bounds"},
    {0},
};

static const struct backend_type null_backend = {
    .name = "null",
    .prefix = "null:",
    .source = "null:",
    .help = "nothing, which can do nothing",
    .options = null_options,
    .open = open_null,
};

const struct backend_type *const backend_types[] = {&null_backend, NULL};
