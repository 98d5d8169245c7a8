#ifndef FS_JOURNAL_H
#define FS_JOURNAL_H

#include <stdint.h>

#include "api/name.h"
#include "fs/caller.h"
#include "fs/lines.h"
#include "fs/syslog.h"

/*
 * The journal: a line for everything that a mount has changed, or tried to. It is what `commits`
 * shows, and the system's log has the same lines with the source before them.
 *
 * A line has fourteen fields with tabs between them:
 *
 *     time  uid=N  pid=N  command  result  what  note  app  stream  old-metadata
 *     partition  number  metadata  old-number
 *
 * The last four are a line of the table of checkpoints: what is to be committed, and what must be
 * committed for that. "-" stands for what there is not, of a number too: nothing is committed. "?"
 * is a number that is not known. Texts are escaped (buf_puts_escaped in base/buf.h); names of apps
 * and streams are file names.
 */
enum what_changes {
    COMMIT,
    DELETE,
    MAKE_APP,
    REMOVE_APP,
    MAKE_STREAM,
    REMOVE_STREAM,
    MAKE_PARTITION,
    REMOVE_PARTITION,
    SET_EARLIEST,
    SET_LATEST,
};

enum result {
    RESULT_OK,
    RESULT_FAILED,  /* nothing was changed */
    RESULT_UNKNOWN, /* it was sent, and its answer was lost, garbled or not waited for */
};

/* A checkpoint, or a bound, as a line tells of it. */
struct value {
    bool is_known;
    const char *number;   /* NULL: there is none */
    const char *metadata; /* NULL or "": none */
};

struct journal_entry {
    struct caller who;
    enum what_changes what;
    enum result result;
    const char *note;     /* why it failed, or what one should know of it; or NULL */
    struct subject about; /* "" for no app, or no stream; ANY_PARTITION for no partition */
    struct value now;
    struct value before;
};

struct journal {
    struct lines lines;
    struct syslog syslog;
    const char *source; /* of the mount; the caller's */
};

/* 0, or -ENOMEM; to be closed in either case. */
int journal_open(struct journal *journal, const char *source);
void journal_close(struct journal *journal);

void journal_add(struct journal *journal, const struct journal_entry *entry);

#endif
