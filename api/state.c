#include "api/state.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/when.h"

#define TEXT_MAX (64UL << 20)

struct entry {
    uint32_t partition;
    uint32_t offset; /* of the record in text */
};

/*
 * A record in text is a mask of two bytes, then the parts that it has a bit for: times of 8
 * bytes, each text with its NUL.
 */
typedef uint16_t mask;

#define HAS_NO_END     1U
#define HAS_COMMITTED  2U
#define HAS_SEEN       4U
#define IS_CLOSED      8U
#define WENT_BACK      16U
#define IN_DOUBT       32U
#define HAS_TEXT(slot) (64U << (slot))

struct table {
    unsigned references;
    size_t count;
    size_t room;
    size_t garbage; /* bytes of records that were replaced */
    struct entry *entries;
    struct buf text;
};

/* The texts of a record in their order. */
#define TEXTS 7

static const char **text_slot(struct state *state, int index)
{
    const char **slots[TEXTS] = {&state->sequence, &state->metadata, &state->earliest,
                                 &state->latest,   &state->status,   &state->consumer,
                                 &state->details};

    return slots[index];
}

bool state_is_same(const struct state *a, const struct state *b)
{
    if (!a->sequence || !b->sequence || strcmp(a->sequence, b->sequence) != 0)
        return false;
    return !a->metadata || !b->metadata || !strcmp(a->metadata, b->metadata);
}

struct table *table_new(void)
{
    struct table *table = calloc(1, sizeof(*table));

    if (!table)
        return NULL;
    table->references = 1;
    buf_init(&table->text, TEXT_MAX);
    return table;
}

struct table *table_hold(struct table *table)
{
    table->references++;
    return table;
}

void table_drop(struct table *table)
{
    if (!table || --table->references)
        return;
    buf_release(&table->text);
    free(table->entries);
    free(table);
}

/* The index of the partition, or of the place where it belongs. */
static size_t place_of(const struct table *table, uint32_t partition, bool *found)
{
    size_t low = 0;
    size_t high = table->count;

    if (high && table->entries[high - 1].partition < partition)
        low = high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (table->entries[middle].partition < partition)
            low = middle + 1;
        else
            high = middle;
    }
    *found = low < table->count && table->entries[low].partition == partition;
    return low;
}

static mask parts_of(struct state *state)
{
    mask parts = state->has_no_end ? HAS_NO_END : 0;

    parts |= state->is_closed ? IS_CLOSED : 0;
    parts |= state->went_back ? WENT_BACK : 0;
    parts |= state->in_doubt ? IN_DOUBT : 0;
    if (state->committed != WHEN_UNKNOWN)
        parts |= HAS_COMMITTED;
    if (state->seen)
        parts |= HAS_SEEN;
    for (int i = 0; i < TEXTS; i++) {
        if (*text_slot(state, i))
            parts |= HAS_TEXT(i);
    }
    return parts;
}

static void write_record(struct buf *text, const struct state *given)
{
    struct state state = *given;
    mask parts = parts_of(&state);

    buf_add(text, &parts, sizeof(parts));
    if (parts & HAS_COMMITTED)
        buf_add(text, &state.committed, sizeof(state.committed));
    if (parts & HAS_SEEN)
        buf_add(text, &state.seen, sizeof(state.seen));
    for (int i = 0; i < TEXTS; i++) {
        if (parts & HAS_TEXT(i))
            buf_add(text, *text_slot(&state, i), strlen(*text_slot(&state, i)) + 1);
    }
}

static const char *read_time(const char *from, int64_t *when)
{
    memcpy(when, from, sizeof(*when));
    return from + sizeof(*when);
}

/* Reads the record at an entry and returns its length. */
static size_t read_record(const struct table *table, const struct entry *entry, struct state *state)
{
    const char *start = table->text.data + entry->offset;
    const char *next = start + sizeof(mask);
    mask parts;

    memcpy(&parts, start, sizeof(parts));
    *state = (struct state){.partition = entry->partition,
                            .has_no_end = parts & HAS_NO_END,
                            .is_closed = parts & IS_CLOSED,
                            .went_back = parts & WENT_BACK,
                            .in_doubt = parts & IN_DOUBT,
                            .committed = WHEN_UNKNOWN};
    if (parts & HAS_COMMITTED)
        next = read_time(next, &state->committed);
    if (parts & HAS_SEEN)
        next = read_time(next, &state->seen);
    for (int i = 0; i < TEXTS; i++) {
        if (!(parts & HAS_TEXT(i)))
            continue;
        *text_slot(state, i) = next;
        next += strlen(next) + 1;
    }
    return (size_t)(next - start);
}

static int insert_entry(struct table *table, size_t index)
{
    if (table->count == TABLE_PARTITIONS_MAX)
        return -EFBIG;
    if (table->count == table->room) {
        size_t room = table->room ? table->room + table->room / 2 : 16;
        struct entry *grown = reallocarray(table->entries, room, sizeof(*grown));

        if (!grown)
            return -ENOMEM;
        table->entries = grown;
        table->room = room;
    }
    memmove(table->entries + index + 1, table->entries + index,
            (table->count - index) * sizeof(*table->entries));
    table->count++;
    return 0;
}

/* Writes all records into a new text, without those that were replaced. */
static void compact(struct table *table)
{
    struct buf text = BUF_INIT(TEXT_MAX);
    struct state state;

    for (size_t i = 0; i < table->count; i++) {
        size_t length = read_record(table, &table->entries[i], &state);
        buf_add(&text, table->text.data + table->entries[i].offset, length);
    }
    if (buf_error(&text)) {
        buf_release(&text);
        return;
    }
    text.size = 0;
    for (size_t i = 0; i < table->count; i++) {
        size_t length = read_record(table, &table->entries[i], &state);
        table->entries[i].offset = (uint32_t)text.size;
        text.size += length;
    }
    buf_release(&table->text);
    table->text = text;
    table->garbage = 0;
}

int table_put(struct table *table, const struct state *state)
{
    size_t offset = table->text.size;
    bool found;
    size_t index = place_of(table, state->partition, &found);
    struct state old;
    int status = 0;

    write_record(&table->text, state);
    status = buf_error(&table->text);
    if (!status && !found)
        status = insert_entry(table, index);
    if (status) {
        table->text.error = 0;
        buf_resize(&table->text, offset);
        return status;
    }
    if (found)
        table->garbage += read_record(table, &table->entries[index], &old);
    table->entries[index] = (struct entry){state->partition, (uint32_t)offset};
    if (table->garbage > 4096 && table->garbage > table->text.size / 2)
        compact(table);
    return 0;
}

size_t table_count(const struct table *table)
{
    return table->count;
}

void table_at(const struct table *table, size_t index, struct state *state)
{
    read_record(table, &table->entries[index], state);
}

int table_find(const struct table *table, uint32_t partition, struct state *state)
{
    bool found;
    size_t index = place_of(table, partition, &found);

    if (!found)
        return -ENOENT;
    table_at(table, index, state);
    return 0;
}

int table_doubt(struct table *table, uint32_t partition)
{
    bool found;
    size_t index = place_of(table, partition, &found);
    char *record;
    mask parts;

    if (!found)
        return -ENOENT;
    record = table->text.data + table->entries[index].offset;
    memcpy(&parts, record, sizeof(parts));
    parts |= IN_DOUBT;
    memcpy(record, &parts, sizeof(parts));
    return 0;
}

bool table_has_same(const struct table *a, const struct table *b)
{
    struct state left;
    struct state right;

    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        table_at(a, i, &left);
        table_at(b, i, &right);
        if (left.partition != right.partition ||
            ((left.sequence || right.sequence) && !state_is_same(&left, &right)))
            return false;
    }
    return true;
}

bool table_has_checkpoint(const struct table *table)
{
    struct state state;

    for (size_t i = 0; i < table->count; i++) {
        table_at(table, i, &state);
        if (state.sequence)
            return true;
    }
    return false;
}

size_t table_size(const struct table *table)
{
    return sizeof(*table) + table->room * sizeof(*table->entries) + table->text.room;
}
