#ifndef FS_LINES_H
#define FS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * The lines of a file that only grows at its end, such as `commits`. Past its maximum the older
 * half is forgotten, by whole lines.
 */
struct lines {
    struct buf text; /* its maximum is what all lines have at most */
    struct buf line; /* the one that is being added */
    size_t dropped;  /* bytes of forgotten lines: what stood there in all of them */
    int64_t changed; /* when the last line was added, as in base/when.h; WHEN_UNKNOWN: none was */
};

#define LINES_MAX (1UL << 20)

/* What one line has at most, with its newline. */
#define LINE_MAX_SIZE (LINES_MAX / 2)

/* And in the journal's file, which is read back: without its newline. */
#define JOURNAL_LINE_MAX LINE_MAX_SIZE

/* Takes the memory for all lines that there will ever be, so that none is lost for want of it: 0 or
 * -ENOMEM. The system gives it once it is written to. max is at least LINES_MAX. */
int lines_init(struct lines *lines, size_t max);
void lines_release(struct lines *lines);

/* Prints a line without its newline: fields with tabs between them, up to a NULL. They are escaped
 * (base/buf.h). */
void lines_print(struct buf *line, const char *const *fields);

/* Adds one line, of that time. One that is longer than lines are is left out. */
void lines_add(struct lines *lines, int64_t when, const char *const *fields);

/* The same for a line that is printed, of so many bytes without its newline. False for one that is
 * left out. */
bool lines_add_printed(struct lines *lines, int64_t when, const char *line, size_t size);

#endif
