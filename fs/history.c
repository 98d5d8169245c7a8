#include "fs/history.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/when.h"

/* More than one key has: two names and a number, all escaped. */
#define KEY_MAX 8192

#define VOID 0 /* as a hash: of no subject that is looked for */

/* A line of a partition: its key's hash, and where it begins among all lines that there ever were.
 */
struct mark {
    uint64_t hash;
    size_t at;
};

int history_init(struct history *history)
{
    history->marks = NULL;
    history->mark_count = history->mark_room = 0;
    return lines_init(&history->lines, HISTORY_MAX);
}

void history_release(struct history *history)
{
    lines_release(&history->lines);
    free(history->marks);
}

/* Subjects */

static void print_file_name(const char *name, char text[static FILE_NAME_ROOM])
{
    if (!*name)
        snprintf(text, FILE_NAME_ROOM, "-");
    else if (name_to_file(name, text))
        snprintf(text, FILE_NAME_ROOM, FIELD_NOT_KNOWN);
}

void subject_print(const struct subject *about, struct subject_text *text)
{
    print_file_name(about->app, text->app);
    print_file_name(about->stream, text->stream);
    if (about->partition == ANY_PARTITION)
        snprintf(text->partition, sizeof(text->partition), "-");
    else
        partition_format((uint32_t)about->partition, false, text->partition);
}

static void print_subject_key(const struct subject *about, struct buf *key)
{
    struct subject_text text;

    subject_print(about, &text);
    lines_print(key, (const char *const[]){text.app, text.stream, text.partition, NULL});
}

/* Lines */

bool line_split(const char *line, size_t size, struct column columns[static FIELD_COUNT])
{
    const char *end = line + size;

    for (int i = 0; i < FIELD_COUNT; i++) {
        const char *tab = memchr(line, '\t', (size_t)(end - line));

        if (!tab != (i == FIELD_COUNT - 1))
            return false;
        columns[i] = (struct column){line, (size_t)((tab ? tab : end) - line)};
        line = tab ? tab + 1 : end;
    }
    return true;
}

bool column_is(const struct column *column, const char *text)
{
    return column->size == strlen(text) && !memcmp(column->text, text, column->size);
}

static void put_key(const struct column columns[static FIELD_COUNT], struct buf *key)
{
    buf_reset(key);
    buf_add(key, columns[FIELD_APP].text, columns[FIELD_APP].size);
    buf_puts(key, "\t");
    buf_add(key, columns[FIELD_STREAM].text, columns[FIELD_STREAM].size);
    buf_puts(key, "\t");
    buf_add(key, columns[FIELD_PARTITION].text, columns[FIELD_PARTITION].size);
}

static uint64_t hash_of_key(const struct buf *key)
{
    return buf_error(key) ? VOID : hash_add(HASH_BEGIN, key->data);
}

uint64_t line_subject(const struct column columns[static FIELD_COUNT])
{
    struct buf key = BUF_INIT(KEY_MAX);
    uint64_t hash;

    put_key(columns, &key);
    hash = hash_of_key(&key);
    buf_release(&key);
    return hash;
}

uint64_t subject_hash(const struct subject *about)
{
    struct buf key = BUF_INIT(KEY_MAX);
    uint64_t hash;

    print_subject_key(about, &key);
    hash = hash_of_key(&key);
    buf_release(&key);
    return hash;
}

/* Marks of lines that are forgotten go when they are half of all. */
static void forget_marks(struct history *history)
{
    size_t first = 0;

    while (first < history->mark_count && history->marks[first].at < history->lines.dropped)
        first++;
    if (first <= history->mark_count / 2)
        return;
    history->mark_count -= first;
    memmove(history->marks, history->marks + first, history->mark_count * sizeof(*history->marks));
}

/* Without memory the line is not marked: it is shown, and cannot be undone. */
static void add_mark(struct history *history, struct mark mark)
{
    if (history->mark_count == history->mark_room) {
        size_t room = history->mark_room ? history->mark_room * 2 : 64;
        struct mark *marks = realloc(history->marks, room * sizeof(*marks));

        if (!marks)
            return;
        history->marks = marks;
        history->mark_room = room;
    }
    history->marks[history->mark_count++] = mark;
}

static int64_t time_of(const struct column *column)
{
    char text[WHEN_ROOM] = "";
    int64_t when;

    if (column->size < sizeof(text))
        memcpy(text, column->text, column->size);
    return when_parse(text, 0, &when) ? WHEN_UNKNOWN : when;
}

size_t history_add(struct history *history, const char *line, size_t size)
{
    struct lines *lines = &history->lines;
    struct column columns[FIELD_COUNT];
    size_t at;

    if (!line_split(line, size, columns) ||
        !lines_add_printed(lines, time_of(&columns[FIELD_TIME]), line, size))
        return SIZE_MAX;
    at = lines->dropped + lines->text.size - size - 1;
    forget_marks(history);
    if (!column_is(&columns[FIELD_PARTITION], "-"))
        add_mark(history, (struct mark){line_subject(columns), at});
    return at;
}

/* Marks are in order. */
void history_void(struct history *history, size_t at)
{
    size_t from = 0;
    size_t to = history->mark_count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (history->marks[middle].at < at)
            from = middle + 1;
        else
            to = middle;
    }
    if (from < history->mark_count && history->marks[from].at == at)
        history->marks[from].hash = VOID;
}

/* Going back */

/* The columns of a marked line; false when the line is forgotten, or about something else. */
static bool read_marked(const struct history *history, const struct mark *mark,
                        const struct buf *key, struct column columns[static FIELD_COUNT])
{
    const struct buf *text = &history->lines.text;
    struct buf other = BUF_INIT(KEY_MAX);
    const char *line;
    bool same;

    if (mark->at < history->lines.dropped)
        return false;
    line = text->data + (mark->at - history->lines.dropped);
    if (!line_split(line, strcspn(line, "\n"), columns))
        return false;
    put_key(columns, &other);
    same = !buf_error(&other) && !strcmp(other.data, key->data);
    buf_release(&other);
    return same;
}

static int refuse_past(struct error *error, const char *why)
{
    return error_set(error, ENODATA, "%s", why);
}

/* A number of a line: 0, or -EINVAL if it is not known. */
static int take_line_number(const struct column *column, char number[static SEQUENCE_MAX + 1])
{
    if (column_is(column, FIELD_NOT_KNOWN) || column->size > SEQUENCE_MAX)
        return -EINVAL;
    memcpy(number, column->text, column->size);
    number[column_is(column, "-") ? 0 : column->size] = '\0';
    return 0;
}

/* Takes a number and its metadata as where to go. */
static int take_past(const struct column *number, const struct column *metadata, struct past *past,
                     struct error *error)
{
    if (take_line_number(number, past->number))
        return refuse_past(error,
                           "what was committed here before is not known; with -o journal=FILE "
                           "the mount always asks for it");
    past->metadata = strndup(metadata->text, metadata->size);
    if (!past->metadata)
        return error_set(error, ENOMEM, "no memory");
    return buf_unescape(past->metadata) < 0 ? refuse_past(error, "the journal's line is damaged")
                                            : 0;
}

/* What a line says was there before; of an undo with an unknown end, what it was to bring back. */
static int take_past_of(const struct column columns[static FIELD_COUNT], struct past *past,
                        struct error *error)
{
    if (column_is(&columns[FIELD_WHAT], "undo"))
        return take_past(&columns[FIELD_NUMBER], &columns[FIELD_METADATA], past, error);
    if (column_is(&columns[FIELD_OLD_METADATA], FIELD_NOT_KNOWN))
        return refuse_past(error,
                           "what was committed here before is not known for certain; with -o "
                           "journal=FILE the mount always asks for it");
    return take_past(&columns[FIELD_OLD_NUMBER], &columns[FIELD_OLD_METADATA], past, error);
}

static bool tells_of_change(const struct column columns[static FIELD_COUNT])
{
    const struct column *what = &columns[FIELD_WHAT];
    const struct column *result = &columns[FIELD_RESULT];

    return (column_is(what, "commit") || column_is(what, "delete") || column_is(what, "undo")) &&
           (column_is(result, "ok") || column_is(result, "unknown"));
}

/* Newest first. Each undo that has ended well takes one change before it away; one with an unknown
 * end is the past only if nothing came after it. */
static bool is_past(const struct column columns[static FIELD_COUNT], size_t *undone)
{
    bool is_undo = column_is(&columns[FIELD_WHAT], "undo");

    if (is_undo && column_is(&columns[FIELD_RESULT], "ok")) {
        ++*undone;
        return false;
    }
    if (!*undone)
        return true;
    if (!is_undo)
        --*undone;
    return false;
}

/* The changes of one subject, newest first. */
struct changes {
    const struct history *history;
    struct buf key;
    uint64_t hash;
    size_t left;
    struct column columns[FIELD_COUNT]; /* of the one that was found */
};

static void begin_changes(const struct history *history, const struct subject *about,
                          struct changes *changes)
{
    *changes =
        (struct changes){.history = history, .key = BUF_INIT(KEY_MAX), .left = history->mark_count};
    print_subject_key(about, &changes->key);
    changes->hash = hash_of_key(&changes->key);
}

static bool find_change(struct changes *changes)
{
    while (changes->left) {
        const struct mark *mark = &changes->history->marks[--changes->left];

        if (mark->hash != VOID && mark->hash == changes->hash &&
            read_marked(changes->history, mark, &changes->key, changes->columns) &&
            tells_of_change(changes->columns))
            return true;
    }
    return false;
}

/* What is to be committed still: what this change has left, if it has ended well. */
static int take_last(const struct column columns[static FIELD_COUNT], struct past *past,
                     struct error *error)
{
    if (!column_is(&columns[FIELD_RESULT], "ok"))
        return 0;
    past->must_be_last = true;
    return take_line_number(&columns[FIELD_NUMBER], past->last)
               ? refuse_past(error, "what the last change has left here is not known")
               : 0;
}

/* One with an unknown end does not tell what it has left: then it is what the newest has. */
static int go_back_in(struct changes *changes, struct past *past, struct error *error)
{
    size_t undone = 0;
    int status = 0;

    for (bool is_newest = true; !status && find_change(changes); is_newest = false) {
        bool found = is_past(changes->columns, &undone);

        if (is_newest || found)
            status = take_last(changes->columns, past, error);
        if (found)
            return status ? status : take_past_of(changes->columns, past, error);
    }
    return status ? status
                  : refuse_past(error, "no change is known here that is not undone; those of "
                                       "earlier mounts are known by -o journal=FILE alone");
}

int history_find_past(const struct history *history, const struct subject *about, struct past *past,
                      struct error *error)
{
    struct changes changes;
    int status;

    *past = (struct past){0};
    begin_changes(history, about, &changes);
    status = go_back_in(&changes, past, error);
    buf_release(&changes.key);
    return status;
}
