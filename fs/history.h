#ifndef FS_HISTORY_H
#define FS_HISTORY_H

#include "api/error.h"
#include "api/name.h"
#include "api/state.h"
#include "fs/lines.h"

/*
 * The lines of the journal, newest last, and which of them tell of which partition: what `commits`
 * shows, and what `undo` goes back by.
 *
 * A line has these fields, with tabs between them.
 */
enum field {
    FIELD_TIME,
    FIELD_UID, /* "uid=N" */
    FIELD_PID, /* "pid=N" */
    FIELD_COMMAND,
    FIELD_RESULT,
    FIELD_WHAT,
    FIELD_NOTE,
    FIELD_APP,
    FIELD_STREAM,
    FIELD_OLD_METADATA,
    FIELD_PARTITION, /* from here on it is a line of a table of checkpoints: fs/entry.h */
    FIELD_NUMBER,
    FIELD_METADATA,
    FIELD_OLD_NUMBER,
    FIELD_COUNT,
};

/* "-" stands for what there is not: of a number, nothing is committed. A number or an old metadata
 * that is not known is this. Other texts are escaped (base/buf.h). */
#define FIELD_NOT_KNOWN "?"

/* A field of a line, without a NUL. */
struct column {
    const char *text;
    size_t size;
};

bool column_is(const struct column *column, const char *text);

/* False for what is no line of a journal. */
bool line_split(const char *line, size_t size, struct column columns[static FIELD_COUNT]);

/* What a line is about, as a number; the same as that of the subject. */
uint64_t line_subject(const struct column columns[static FIELD_COUNT]);
uint64_t subject_hash(const struct subject *about);

/* What a line says it is about. */
struct subject_text {
    char app[FILE_NAME_ROOM];
    char stream[FILE_NAME_ROOM];
    char partition[PARTITION_ROOM];
};

void subject_print(const struct subject *about, struct subject_text *text);

struct history {
    struct lines lines;
    struct mark *marks; /* one for each line of a partition, in order */
    size_t mark_count;
    size_t mark_room;
};

/* What all lines have at most: those of a table of 10,000 partitions can be undone. */
#define HISTORY_MAX (8UL << 20)

/* 0 or -ENOMEM; to be released in either case. */
int history_init(struct history *history);
void history_release(struct history *history);

/* Adds a line, without a newline; where it is, for history_void. What is no line of a journal is
 * left out. */
size_t history_add(struct history *history, const char *line, size_t size);

/* A line stays to be seen, and tells of no change any more. */
void history_void(struct history *history, size_t at);

/* Where a partition is to go back to. */
struct past {
    char number[SEQUENCE_MAX + 1]; /* "" for nothing committed */
    char *metadata;                /* of that; the caller's to free */
    bool must_be_last;             /* only if this is committed still; else whatever is: */
    char last[SEQUENCE_MAX + 1];   /* "" for nothing */
};

/*
 * Finds what was committed by an app on a partition before its last change there, of those that
 * were not undone yet. A change that failed, or was only planned, is none. What an undo with an
 * unknown end was to bring back is found once more.
 * 0, or -ENODATA, or -ENOMEM, with an error. It is not ENOENT, which says that there is no such
 * name.
 */
int history_find_past(const struct history *history, const struct subject *about, struct past *past,
                      struct error *error);

#endif
