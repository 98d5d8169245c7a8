#ifndef FS_JOURNAL_H
#define FS_JOURNAL_H

#include <stddef.h>

#include "base/buf.h"

/*
 * The lines of a file that only grows at its end, such as `commits`. Past JOURNAL_MAX bytes the
 * older half is forgotten, by whole lines.
 */
struct journal {
    struct buf text;
};

#define JOURNAL_MAX (1UL << 20)

void journal_init(struct journal *journal);
void journal_release(struct journal *journal);

/* Adds one line of fields with tabs between them, up to a NULL. Control characters of a field are
 * escaped. What does not fit for want of memory is lost. */
void journal_add(struct journal *journal, const char *const *fields);

#endif
