#ifndef FS_LAGTABLE_H
#define FS_LAGTABLE_H

#include "api/standing.h"
#include "fs/fs.h"

/*
 * A whole app at once: a text about every partition of each stream on which it has a checkpoint.
 * Each of these is an operation whose answer is a text. All streams are asked side by side; if one
 * fails, the whole fails, for a table with holes would be taken for a whole one.
 */

/* The table that files of lag/ are: a line for each partition, with tabs between its fields. */
struct call *lagtable_lags(struct fs *fs, const struct node *node, const struct ask *ask);

/* The same numbers in the format of Prometheus. */
struct call *lagtable_gauges(struct fs *fs, const struct node *node, const struct ask *ask);

/* names: the streams on which the app may have checkpoints. */
struct call *lagtable_streams(struct fs *fs, const char *app, const struct ask *ask);

/* By what the states of partitions are told, as of this moment. */
struct standing_rules lagtable_rules(const struct fs *fs);

#endif
