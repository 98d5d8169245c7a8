#ifndef FS_LINES_H
#define FS_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * The lines of a file that only grows at its end, such as `commits`. Past LINES_MAX bytes the
 * older half is forgotten, by whole lines. One line has half of that at most.
 */
struct lines {
    struct buf text; /* its maximum is what all lines have at most */
    int64_t changed; /* when the last line was added, as in base/when.h; WHEN_UNKNOWN: none was */
};

#define LINES_MAX (1UL << 20)

void lines_init(struct lines *lines);
void lines_release(struct lines *lines);

/* Adds one line, of that time: fields with tabs between them, up to a NULL. They are
 * escaped (base/buf.h). What is longer than half of all, or finds no memory, is lost. */
void lines_add(struct lines *lines, int64_t when, const char *const *fields);

#endif
