#include "fs/notes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/always.h"
#include "base/when.h"

void notes_release(struct notes *notes)
{
    free(notes->list);
    *notes = (struct notes){0};
}

size_t notes_size(const struct notes *notes)
{
    return notes->count ? NOTES_MAX * sizeof(*notes->list) : 0;
}

void notes_age(struct notes *notes)
{
    for (unsigned i = 0; i < notes->count; i++)
        notes->list[i].whole = false;
}

const struct note *notes_find(const struct notes *notes, uint32_t partition)
{
    for (unsigned i = notes->count; i > 0; i--) {
        if (notes->list[i - 1].partition == partition)
            return &notes->list[i - 1];
    }
    return NULL;
}

static void remove_notes(struct notes *notes, unsigned from, unsigned count)
{
    if (!ALWAYS(from + count <= notes->count))
        return;
    memmove(notes->list + from, notes->list + from + count,
            (notes->count - from - count) * sizeof(*notes->list));
    notes->count -= count;
}

int64_t notes_told(const struct notes *notes)
{
    return notes->count ? notes->list[notes->count - 1].told : INT64_MIN;
}

void notes_forget(struct notes *notes, uint32_t partition)
{
    const struct note *note = notes_find(notes, partition);

    if (note)
        remove_notes(notes, (unsigned)(note - notes->list), 1);
}

int notes_add(struct notes *notes, const struct state *state, bool whole, int64_t at, int64_t *lost)
{
    if (!notes->list)
        notes->list = calloc(NOTES_MAX, sizeof(*notes->list));
    if (!notes->list)
        return -ENOMEM;
    notes_forget(notes, state->partition);
    if (notes->count == NOTES_MAX) {
        *lost = notes->list[0].at;
        remove_notes(notes, 0, 1);
    }
    notes->list[notes->count++] = (struct note){
        .partition = state->partition,
        .whole = whole,
        .at = at,
        .told = when_monotonic(),
    };
    return 0;
}

/*
 * Fills in what a backend did not tell of a checkpoint that was known before. When a number was
 * committed for no consumer, as a mount that forces commits, then the same number later is no
 * evidence of a consumer that is alive, even if the service still names one.
 */
static void complete_from(struct state *state, const struct state *known, bool is_forced)
{
    if (is_forced && known->consumer && !*known->consumer)
        state->consumer = known->consumer;
    if (state->committed == WHEN_UNKNOWN)
        state->committed = known->committed;
    if (known->seen)
        state->seen = known->seen;
}

/* Whether the number is less than the one that was known, or is the same, which was less than the
 * one before. */
static bool went_back(const struct backend *backend, const struct state *state,
                      const struct state *known)
{
    char number[DECIMAL_ROOM];
    char before[DECIMAL_ROOM];
    int order;

    if (!state->sequence || !known->sequence ||
        backend_to_decimal(backend, state->sequence, number) ||
        backend_to_decimal(backend, known->sequence, before))
        return false;
    order = decimal_compare(number, before);
    return order < 0 || (!order && known->went_back);
}

/* The same from what is known of the partition, or NULL; a checkpoint that is new is seen now. The
 * texts are those of `known`. */
static void complete_checkpoint(const struct backend *backend, struct state *state,
                                const struct state *known, bool is_forced)
{
    if (known && state_is_same(state, known))
        complete_from(state, known, is_forced);
    if (known)
        state->went_back = went_back(backend, state, known);
    if (state->sequence && !state->seen)
        state->seen = when_now();
}

int notes_put(const struct backend *backend, struct table *table, const struct state *checkpoint)
{
    struct table *copy = table_new(); /* keeps the texts that the table tells while it changes */
    struct state merged = *checkpoint;
    struct state known;
    int status = copy ? 0 : -ENOMEM;

    if (!status && !table_find(table, checkpoint->partition, &known)) {
        status = table_put(copy, &known);
        if (!status)
            status = table_find(copy, checkpoint->partition, &known);
        merged.has_no_end = merged.latest ? merged.has_no_end : known.has_no_end;
        merged.earliest = merged.earliest ? merged.earliest : known.earliest;
        merged.latest = merged.latest ? merged.latest : known.latest;
        merged.status = merged.status ? merged.status : known.status;
        merged.consumer = merged.consumer ? merged.consumer : known.consumer;
        merged.is_closed |= known.is_closed;
        complete_checkpoint(backend, &merged, &known, true);
    } else {
        complete_checkpoint(backend, &merged, NULL, true);
    }
    if (!status)
        status = table_put(table, &merged);
    table_drop(copy);
    return status;
}

bool notes_are_young(const struct notes *notes, int64_t not_before)
{
    for (unsigned i = 0; i < notes->count; i++) {
        if (notes->list[i].told < not_before)
            return false;
    }
    return true;
}

int notes_carry(const struct backend *backend, struct notes *notes, const struct table *from,
                struct table *into, int64_t asked)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < notes->count; i++) {
        struct state state;

        if (notes->list[i].at < asked || table_find(from, notes->list[i].partition, &state))
            continue;
        notes->list[kept++] = notes->list[i];
        state.earliest = state.latest = state.status = state.consumer = state.details = NULL;
        if (notes_put(backend, into, &state))
            return -ENOMEM;
    }
    notes->count = kept;
    return 0;
}

struct table *notes_complete(const struct backend *backend, const struct table *known,
                             struct table *table)
{
    struct table *completed;

    if (!table_has_checkpoint(table))
        return table_hold(table);
    completed = table_new();
    for (size_t i = 0; completed && i < table_count(table); i++) {
        struct state state;
        struct state old;

        table_at(table, i, &state);
        complete_checkpoint(backend, &state,
                            known && !table_find(known, state.partition, &old) ? &old : NULL,
                            backend->is_forced);
        if (table_put(completed, &state)) {
            table_drop(completed);
            return NULL;
        }
    }
    return completed;
}
