#ifndef FS_CHANGE_H
#define FS_CHANGE_H

#include "api/position.h"
#include "api/queue.h"
#include "fs/fs.h"

/*
 * One change of what the backend holds, from the moment a program asks for it to its line in the
 * journal: whatever this mount changes comes this way.
 *
 * It waits until no change of the same partition that came earlier is under way, by whichever file
 * it came; that uses up its own time. Then it does all its steps. When it has ended, or was given
 * up, the cache knows what became of it, the journal has its line, and the next one has its turn.
 */

/* Room for the name of a consumer, which is cut to it. */
#define CONSUMER_ROOM 80

struct change_order {
    enum what_changes what;
    struct subject about; /* "" for what it has nothing to do with */
    struct caller who;
    const char *note;    /* for the journal; or NULL */
    struct turn *within; /* the turn in which it is made; NULL: it waits for one of its own */

    /* Of COMMIT */
    struct position position;
    const char *metadata; /* "" for none */
    bool make_partition;  /* as in struct commit_order */

    /* Of COMMIT and DELETE: as in struct commit_request; and what was committed a moment ago, for
     * the journal, or NULL. */
    const char *expected;
    const struct state *before;
    int64_t asked; /* when_monotonic, of that */

    /* The new value of SET_EARLIEST and SET_LATEST, a decimal number. */
    const char *bound;
};

/* state: what is stored now, after COMMIT. text: after a COMMIT that overruled the consumer which
 * holds the partition, the name of that consumer if it seems to be alive: it will overwrite this.
 * An operation like a backend's. */
struct call *change_start(struct fs *fs, const struct change_order *order, const struct ask *ask);

/* Leaves the line of a change that a program asked for and that was never started. */
void change_not_started(struct fs *fs, const struct change_order *order, const char *reason);

#endif
