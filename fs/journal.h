#ifndef FS_JOURNAL_H
#define FS_JOURNAL_H

#include <stdint.h>
#include <sys/queue.h>

#include "api/name.h"
#include "api/operation.h"
#include "fs/caller.h"
#include "fs/history.h"
#include "fs/journalfile.h"
#include "fs/syslog.h"

/*
 * The journal: a line for everything that a mount has changed, or tried to. It is what `commits`
 * shows, fs/history.h says what is in it, and the system's log has the same lines with the source
 * before them.
 *
 * A journal that is kept has a file, which other mounts may add to, too. There each line has two
 * fields in front: an id of the change, and the source. The lines of a change have the same id: its
 * intent, one or more whose result is "begun", before anything is sent, if it comes so far; and one
 * that tells its end. An intent without that has an unknown end.
 */
enum what_changes {
    COMMIT,
    DELETE,
    UNDO, /* a commit, or a deletion, that brings back what was there before */
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
    RESULT_PLANNED, /* it is right, and was not sent */
    RESULT_BEGUN,   /* in the file alone: it is about to be sent */
};

/* A checkpoint, or a bound, as a line tells of it. */
struct value {
    bool is_known;
    const char *number;   /* NULL: there is none */
    const char *metadata; /* "": none; NULL: it is not known, or the number is not certain */
};

struct journal_entry {
    uint64_t id; /* of journal_new_id, in all lines of a change */
    struct caller who;
    enum what_changes what;
    enum result result;
    const char *note;     /* why it failed, or what one should know of it; or NULL */
    struct subject about; /* "" for no app, or no stream; ANY_PARTITION for no partition */
    struct value now;
    struct value before;
};

LIST_HEAD(intents, intent); /* those in a bucket */

#define INTENT_BUCKETS 1024

struct journal {
    struct history history;
    struct syslog syslog;
    const char *source;       /* of the mount; the caller's */
    struct buf source_text;   /* what the file calls it, escaped */
    struct journalfile *file; /* NULL: it is in memory alone */
    struct loop *loop;        /* of the file */
    void (*lost)(void *user, const struct error *error);
    void *user;
    char mount[24]; /* what the ids of this mount begin with in the file */
    uint64_t last_id;
    TAILQ_HEAD(, intent) intents; /* of other mounts, whose end is not told yet; oldest first */
    unsigned intent_count;
    struct intents by_id[INTENT_BUCKETS];
    struct intents by_subject[INTENT_BUCKETS];
};

/* 0, or -ENOMEM; to be closed in either case. */
int journal_open(struct journal *journal, const char *source);
void journal_close(struct journal *journal);

/* Where a journal is kept. */
struct journal_place {
    const char *path;   /* absolute */
    const char *source; /* what tells its lines from those of others */
    void (*lost)(void *user, const struct error *error); /* told of a line that nobody waited for,
                                                            and that could not be written */
    void *user;
};

/* Keeps it in a file, and takes over what that tells of the same source. 0 or a negative errno with
 * an error. */
int journal_keep(struct journal *journal, struct loop *loop, const struct journal_place *place,
                 struct error *error);

/* Whether there is a file: then what is to be sent waits for journal_begin, and its answer for
 * journal_end. */
bool journal_is_kept(const struct journal *journal);

uint64_t journal_new_id(struct journal *journal);

/* In a journal that is kept: ends when the line of what is about to be sent is on the disk. An
 * error says that nothing must be sent. */
struct call *journal_begin(struct journal *journal, struct journal_entry *entry,
                           const struct ask *ask);

/* Adds the line of how a change has ended. In the file it may come to be a little later. */
void journal_add(struct journal *journal, const struct journal_entry *entry);

/* The same in a journal that is kept: ends when the line is on the disk. */
struct call *journal_end(struct journal *journal, const struct journal_entry *entry,
                         const struct ask *ask);

/* In a journal that is kept: ends when what other mounts have added is known. */
struct call *journal_catch_up(struct journal *journal, const struct ask *ask);

#endif
