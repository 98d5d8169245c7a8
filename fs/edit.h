#ifndef FS_EDIT_H
#define FS_EDIT_H

#include "fs/write.h"

/*
 * Many changes that are written as one table, see fs/entry.h. Each line stands for itself: what
 * fails has a line in `errors`, the others are carried out, and in the end the first failure is
 * told. Up to EDIT_WIDTH are under way at a time, or as many as the backend can make together;
 * those of one partition one after the other, and each has the mount's time for itself. No other
 * change of the app's checkpoints on the stream is made meanwhile.
 *
 * First all states are asked for, in one request: a line that says what is committed is not sent,
 * and has no line in the journal.
 */
#define EDIT_WIDTH 64

/* Does what the lines say; as fs/write.h says. */
write_fn edit_checkpoints;

#endif
