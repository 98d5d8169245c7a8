#include "fs/states.h"

#include <errno.h>
#include <stdlib.h>

#include "api/fan.h"
#include "base/when.h"

int64_t state_time(const struct state *state)
{
    return state->committed == WHEN_UNKNOWN && state->seen ? state->seen : state->committed;
}

int64_t states_time(const struct table *states)
{
    int64_t youngest = WHEN_UNKNOWN;
    struct state state;

    for (size_t i = 0; i < table_count(states); i++) {
        table_at(states, i, &state);
        if (state.sequence && state_time(&state) > youngest)
            youngest = state_time(&state);
    }
    return youngest;
}

/* Asking */

/* How many partitions are asked for their metadata at a time. */
#define WIDTH 64

struct states {
    struct operation operation;
    struct fs *fs;
    struct place *place; /* held */
    struct table *table;
};

OPERATION_FIRST(struct states);

static void release_states(struct operation *operation)
{
    struct states *states = (struct states *)operation;

    table_drop(states->table);
    place_drop(states->fs->nodes, states->place);
    free(states);
}

static void end_states(void *user)
{
    struct states *states = user;

    operation_end(&states->operation, NULL, &(struct answer){.table = states->table});
}

/* Metadata, of one partition after the other */

static struct call *get_one(void *user, const char *partition, const struct ask *ask)
{
    const struct states *states = user;

    return backend_get_checkpoint(states->fs->backend, states->place->app, states->place->stream,
                                  (uint32_t)strtoul(partition, NULL, 10), ask);
}

/* The bounds are not asked for here, and nobody looks for them. */
static int take_one(void *user, const char *partition, const struct error *error,
                    const struct answer *answer, struct error *failure)
{
    const struct states *states = user;

    (void)partition;
    if (error)
        *failure = *error;
    else if (table_put(states->table, answer->state))
        error_set(failure, ENOMEM, "no memory");
    return -failure->code;
}

static void on_metadata(void *user, const struct error *error, const struct answer *answer)
{
    struct states *states = user;

    (void)answer;
    if (operation_answered(&states->operation, error))
        end_states(states);
}

static bool lacks_metadata(const struct states *states, const struct state *state)
{
    return states->fs->backend->abilities & CAN_STORE_METADATA && state->sequence &&
           !state->metadata;
}

/* The numbers of the partitions whose metadata is not told. NULL without memory. */
static struct names *find_lacking(const struct states *states)
{
    struct names *names = names_new();
    struct state state;
    char number[PARTITION_ROOM];
    int status = names ? 0 : -ENOMEM;

    for (size_t i = 0; !status && i < table_count(states->table); i++) {
        table_at(states->table, i, &state);
        partition_format(state.partition, false, number);
        if (lacks_metadata(states, &state))
            status = names_add(names, number);
    }
    if (status) {
        names_drop(names);
        names = NULL;
    }
    return names;
}

static void get_metadata(struct states *states, struct names *names)
{
    struct fan_order order = {.loop = states->fs->loop,
                              .names = names,
                              .width = WIDTH,
                              .start = get_one,
                              .take = take_one,
                              .user = states};
    struct ask ask = operation_ask(&states->operation, on_metadata);

    operation_wait(&states->operation, fan_start(&order, &ask));
}

static void on_all_states(void *user, const struct error *error, const struct answer *answer)
{
    struct states *states = user;
    struct names *lacking;

    if (!operation_answered(&states->operation, error))
        return;
    states->table = table_hold(answer->table);
    lacking = find_lacking(states);
    if (!lacking) {
        error_set(&states->operation.error, ENOMEM, "no memory");
        operation_fail(&states->operation);
        return;
    }
    if (names_count(lacking))
        get_metadata(states, lacking);
    else
        operation_soon(&states->operation, end_states);
    names_drop(lacking);
}

struct call *states_get(struct fs *fs, struct place *place, const struct ask *ask)
{
    struct states *states = calloc(1, sizeof(*states));
    struct ask step;

    if (!states)
        return NULL;
    operation_begin(&states->operation, fs->loop, ask, release_states);
    states->fs = fs;
    states->place = place_hold(place);
    step = operation_ask(&states->operation, on_all_states);
    operation_wait(&states->operation,
                   backend_get_states(fs->backend, place->app, place->stream, &step));
    return &states->operation.call;
}
