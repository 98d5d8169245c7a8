#ifndef SIMULATE_HISTORY_H
#define SIMULATE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What happened to the checkpoints of two apps on one stream, by several mounts of one service, and
 * whether it may have. One app is always there. The other is made and removed, and so are, where
 * mounts can, a stream and its partition: whether such a thing is there is a register as a
 * checkpoint is. The embedded store is such a service too: what it carried out is what a
 * connection of the history's own finds there at the end of each transaction.
 *
 * The service says what it carried out, and when: that is the order that everything else is held
 * against. Each change of a program has a number of its own, so that what was carried out tells
 * whose change it was:
 *
 *     a commit        CHANGE * 1000, with the metadata "c CHANGE" or none
 *     a shift by +1   whatever is committed, plus 1
 *     metadata        whatever is committed, with the metadata "m CHANGE"
 *
 *     an undo         what was committed at some time before
 *
 * Making and removing a thing has no number: any change of that kind may be the one. With an app
 * all its checkpoints go, at once.
 *
 * What must hold:
 *
 * - What was acknowledged was carried out between its beginning and its end, and not after it.
 * - What was refused, as the journal says, was never carried out; nor is a line that follows a
 *   refused one on the same open file.
 * - Nobody is interrupted by a signal that ends no program.
 * - A shift adds to what was committed at that moment, and metadata leaves that as it is, but for
 *   what others than its mount commit meanwhile, and what comes late.
 * - What was carried out stays, when mounts are killed and power fails; of a mount that was killed
 *   all that it had not acknowledged may have been carried out, or may be when others begin, and
 *   that may be undone when power fails before anybody has committed more.
 * - A read shows what was committed at some moment while it went on, and nothing that was there
 *   before an acknowledged change of the mount. What comes from a snapshot, and that there is
 *   nothing, may be a second old, counted from the answer that told of it.
 * - That there is a thing may be as old as it likes, and so may a list of apps, but not older than
 *   an acknowledged change of the mount.
 * - EEXIST, ENOENT and ENOTEMPTY are true at some moment.
 * - An undo brings back what was there, and only where what is committed came by its mount, or one
 *   with the same journal, unless others commit meanwhile or an earlier change of these is in
 * doubt. With a journal that is kept, it is what was there before that change, also when it was the
 *   change of another mount, or of one that has ended.
 * - A mount that plans changes nothing.
 * - An app that has had a checkpoint all the while is not removed, unless the service has it so;
 *   and none under a consumer that is known to be alive.
 */
enum act {
    ACT_COMMIT,
    ACT_SHIFT,
    ACT_METADATA,
    ACT_DELETE,
    ACT_READ,
    ACT_READ_SAVED,
    ACT_MAKE,
    ACT_REMOVE,
    ACT_FIND,
    ACT_LIST,
    ACT_LIST_ANEW, /* not an old one */
    ACT_UNDO
};

enum ending { PENDING, ACKNOWLEDGED, REFUSED, UNKNOWN };

#define HISTORY_PARTITIONS 4 /* of each app */
#define HISTORY_STEP       1000
#define NOTHING            (-1)
#define MOUNTS_MAX         3
#define NO_MOUNT           (-1)
#define ANY_MOUNT          (-2)

/* The apps, and the stream on which they have their checkpoints. */
#define APP_THAT_STAYS "billing"
#define APP_THAT_GOES  "made"
#define THE_STREAM     "orders"

/* The stream that is made and removed. */
#define STREAM_THAT_GOES "fresh"

/* A place is a checkpoint: first those of the app that stays, then those of the other, by their
 * partitions; or a thing. */
#define CHECKPOINT_PLACES (2 * HISTORY_PARTITIONS)
enum { THING_APP = CHECKPOINT_PLACES, THING_STREAM, THING_PARTITION, PLACES };

/* What a register of a thing has. */
#define IS_THERE 1

/* The place of a checkpoint, or PLACES of one that is no concern of ours. */
unsigned history_place(const char *app, int64_t partition);

struct history_rules {
    /* The service compares and sets in one step, so shifts and metadata are exact: they add to what
     * was committed at that moment, whoever else commits. And no app goes that has checkpoints. */
    bool compares;
    bool removes_with_checkpoints; /* apps */
    /* An app is there from its first commit on, and may go with its last. Before it, it is a
     * directory of the mount alone, of which the history knows nothing. */
    bool apps_follow_commits;
    bool deletes_nothing; /* a deletion is done, too, where there is nothing any more */
};

void history_start(const struct history_rules *rules);

/* From the next start on a line is written for each call of the functions below that tells of what
 * happened: what tests/simulate/judge.c reads. "" for none. */
void history_export(const char *path);
void history_stop(void);

/* That mount plans from now on. */
void history_plans(int mount);

/* Told of what the service has carried out, before it is judged. */
typedef void history_applied_fn(unsigned place, int64_t sequence, const char *metadata, int mount);

/* These mounts, a bit each, share a journal that is kept. */
void history_keeps_journals(unsigned mounts, history_applied_fn *applied);

/* What was added to it then may tell of what was never carried out, or not tell of what was. */
void history_doubt_journals(int64_t when);

/* A program begins to use a mount; the number of what it does, from 1. */
int history_begin(int mount, enum act act, unsigned place);

/* It has ended, with an errno or 0; of a read, what it saw, or NOTHING. What is lenient may say
 * EEXIST, ENOTEMPTY or that it is done for other reasons than what is at the place: in checkpoints/
 * directories are there for a while by themselves. */
struct outcome {
    enum ending ending;
    int error;
    int64_t seen;
    bool is_lenient;
    bool is_saved; /* below checkpoints/, where a stream is a directory when it has a checkpoint */
};
void history_end(int number, const struct outcome *outcome);

/* A mount has had an answer that tells what is committed, or of names alone, after so many ms, or
 * has given up: what it shows from then on may be as old as the question. */
void history_asked(int mount, int64_t took_ms, bool of_names);

/* The service has carried a change out, in the name of somebody: sequence is NOTHING after a
 * deletion. mount is that by which it came, NO_MOUNT for a consumer beside them, or ANY_MOUNT when
 * nobody can tell. Late is what a program has given up: it comes in the midst of others, and nobody
 * can help that. */
void history_applied(unsigned place, int64_t sequence, const char *metadata, int mount,
                     bool is_late);

/* A consumer beside the mounts has committed; with a name, by which it is known to be alive. */
void history_consumed(unsigned place, int64_t sequence, bool has_name);

/* Tells of the last commit there whether it was by such a one. */
void history_named(unsigned place, bool has_name);

/* The same of a thing, that it has made or removed. */
void history_made(unsigned thing, int mount, bool is_late);
void history_removed(unsigned thing, int mount, bool is_late);

/* With the change that was told of last the thing came to be there, or went (NOTHING): as an app
 * does with its first commit. */
void history_follows(unsigned thing, int64_t value);

/* From here on a list of apps may lack one that is there: each broker of Kafka lists its own, and
 * an app may have moved from one to the other in between. */
void history_moves_apps(void);

/* What was not acknowledged, by a mount that was killed, is undone: that is there again. */
void history_undone(unsigned place, int64_t value);

/* Something must not have happened. */
void history_blame(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The first thing that must not have happened, or NULL. */
const char *history_fault(void);

#endif
