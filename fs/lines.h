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
    struct buf line; /* the one that is being added: half of that at most */
    int64_t changed; /* when the last line was added, as in base/when.h; WHEN_UNKNOWN: none was */
};

#define LINES_MAX (1UL << 20)

/* Takes the memory for all lines that there will ever be, so that none is lost for want of it: 0 or
 * -ENOMEM. The system gives it once it is written to. */
int lines_init(struct lines *lines);
void lines_release(struct lines *lines);

/* Adds one line, of that time: fields with tabs between them, up to a NULL. They are
 * escaped (base/buf.h). One that is longer than half of all is left out. */
void lines_add(struct lines *lines, int64_t when, const char *const *fields);

#endif
