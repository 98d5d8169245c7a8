#ifndef FS_VALUE_H
#define FS_VALUE_H

#include "fs/fs.h"

/*
 * What files say: the functions that the rows of fs/rows.c name. What each kind of function takes
 * and returns is told at struct row.
 */
typedef int value_fn(const struct fs *fs, const struct node *node, const struct state *state,
                     struct buf *text);

value_fn value_checkpoint;
value_fn value_metadata;
value_fn value_lag;
value_fn value_status;
value_fn value_saved; /* the checkpoint and its metadata in one file */
value_fn value_earliest;
value_fn value_latest;
value_fn value_partition_status;

typedef void mount_value_fn(const struct fs *fs, struct buf *text);

mount_value_fn value_metrics;

typedef const struct lines *lines_fn(const struct fs *fs);

lines_fn value_commits;
lines_fn value_errors;

/* All checkpoints, as fs/entry.h says; for row->print_states. */
int value_checkpoints(const struct fs *fs, const struct table *states, struct buf *text);

typedef struct call *cursor_fn(struct fs *fs, const struct node *node, const struct ask *ask);

cursor_fn value_cursor_resume;
cursor_fn value_cursor_earliest;
cursor_fn value_cursor_latest;
cursor_fn value_cursor_at;
cursor_fn value_cursor_after;
cursor_fn value_cursor_since;
cursor_fn value_since; /* the number of the record at which that begins */

#endif
