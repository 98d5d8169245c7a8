#ifndef SIMULATE_HISTORY_H
#define SIMULATE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What happened to the checkpoints of one app on one stream, by several mounts of one service, and
 * whether it may have. The embedded store is such a service too: what it carried out is what a
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
 */
enum act { ACT_COMMIT, ACT_SHIFT, ACT_METADATA, ACT_DELETE, ACT_READ, ACT_READ_SAVED };

enum ending { PENDING, ACKNOWLEDGED, REFUSED, UNKNOWN };

#define HISTORY_PARTITIONS 4
#define HISTORY_STEP       1000
#define NOTHING            (-1)
#define MOUNTS_MAX         3
#define NO_MOUNT           (-1)
#define ANY_MOUNT          (-2)

/* A service that compares and sets in one step makes shifts and metadata exact: they add to what
 * was committed at that moment, whoever else commits. */
void history_start(bool compares);
void history_stop(void);

/* A program begins to use a mount; the number of what it does, from 1. */
int history_begin(int mount, enum act act, unsigned partition);

/* It has ended; of a read, what it saw, or NOTHING. */
void history_end(int number, enum ending ending, int64_t seen);

/* A mount has had an answer that tells what is committed, after so many ms, or has given up:
 * what it shows from then on may be as old as the question. */
void history_asked(int mount, int64_t took_ms);

/* The service has carried a change out, in the name of somebody: sequence is NOTHING after a
 * deletion. mount is that by which it came, NO_MOUNT for a consumer beside them, or ANY_MOUNT when
 * nobody can tell. Late is what a program has given up: it comes in the midst of others, and nobody
 * can help that. */
void history_applied(unsigned partition, int64_t sequence, const char *metadata, int mount,
                     bool is_late);

/* What was not acknowledged, by a mount that was killed, is undone: that is committed again. */
void history_undone(unsigned partition, int64_t sequence);

/* Something must not have happened. */
void history_blame(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The first thing that must not have happened, or NULL. */
const char *history_fault(void);

#endif
