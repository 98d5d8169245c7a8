#ifndef FS_LEASE_H
#define FS_LEASE_H

#include "fs/fs.h"

/*
 * For how long the kernel answers by itself for the attributes of a file in checkpoints/, and for a
 * name that a listing told it: as long as the answer lasts from which it was told. So `ls -l`, `du`
 * and `tar` ask this program nothing of each file. Nothing else has a lease: what is in apps/ is
 * always asked for.
 *
 * What this mount changes is seen at once: the lease is broken, and the kernel asks for the
 * attributes anew. That waits for no lock that a request may hold. To take a name back would: it
 * goes on to stand for the same file, of the size that was told. So who opens a file whose lease
 * may be broken looks it up once more, and so does who gives it another name, which would inherit
 * the lease. Names are leased by listings alone: the kernel lets no one list a directory while it
 * renames something there.
 */

/* Gives a lease on what is known of a node: seconds, 0 for none. */
double lease_give(struct fs *fs, const struct node *node);

/* Breaks the lease on a partition's file. */
void lease_break(struct fs *fs, const char *app, const char *stream, uint32_t partition);

/* The same of all partitions in a table. */
void lease_break_all(struct fs *fs, const char *app, const char *stream, const struct table *table);

/* Of none of them: what is known is newer, but no change of this mount. */
void lease_doubt(struct fs *fs, const char *app, const char *stream);

/* Whether one in the node's place has not run out; and whether one of those was broken. */
bool lease_is_given(const struct node *node);
bool lease_is_broken(const struct node *node);

#endif
