#ifndef FS_NOTES_H
#define FS_NOTES_H

#include <stddef.h>

#include "api/backend.h"

/*
 * What a mount knows better than an answer about the partitions of an app and a stream: what it
 * committed itself, or asked for of one partition alone. The values are in a table; the notes say
 * how young they are there. Times are those of when_monotonic.
 */

/* The most partitions of which something younger than the table may be known. */
#define NOTES_MAX 256

struct note {
    uint32_t partition;
    bool whole;   /* with all that is to be had without asking for more */
    int64_t at;   /* what is noted was true then, or later */
    int64_t told; /* when that was learned */
};

/* All zero to begin with. */
struct notes {
    struct note *list; /* in the order they came */
    unsigned count;
};

void notes_release(struct notes *notes);

/* Bytes in use. */
size_t notes_size(const struct notes *notes);

/* Bounds that were told are so no more: no note is whole. */
void notes_age(struct notes *notes);

/* The note of a partition, or NULL; it lasts until the notes change. */
const struct note *notes_find(const struct notes *notes, uint32_t partition);

/* Nothing is noted of a partition any more. */
void notes_forget(struct notes *notes, uint32_t partition);

/* Remembers that the table knows of a partition as of a time, and whether the whole. Past NOTES_MAX
 * the oldest note is forgotten, and *lost is its time. 0 or -ENOMEM. */
int notes_add(struct notes *notes, const struct state *state, bool whole, int64_t at,
              int64_t *lost);

/* When the last one was learned; INT64_MIN without any. */
int64_t notes_told(const struct notes *notes);

/* Puts a checkpoint into a table that may know more of the partition than the checkpoint. The
 * state's texts must not come from this table. 0 or a negative errno. */
int notes_put(const struct backend *backend, struct table *table, const struct state *checkpoint);

/* Whether all that is noted was learned then, or later. */
bool notes_are_young(const struct notes *notes, int64_t not_before);

/* Carries the checkpoints noted in a table into one that was asked for at a time, if they are
 * younger, and forgets the notes of what is older. 0 or -ENOMEM. */
int notes_carry(const struct backend *backend, struct notes *notes, const struct table *from,
                struct table *into, int64_t asked);

/* An answer's table with what the backend did not tell of its checkpoints, from what is known,
 * which may be NULL: the same table if it has none. Held for the caller; NULL when there is no
 * memory. */
struct table *notes_complete(const struct backend *backend, const struct table *known,
                             struct table *table);

#endif
