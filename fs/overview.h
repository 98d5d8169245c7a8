#ifndef FS_OVERVIEW_H
#define FS_OVERVIEW_H

#include "fs/fs.h"

/* How many pairs of app and stream are asked for; of the others the page has the names. */
#define OVERVIEW_PAIRS_MAX 500

/*
 * text: a page for people with all apps, as a row for each stream on which one has checkpoints,
 * from the questions that files of lag/ ask. What cannot be had says why in its row, and the first
 * such error has a line in `errors`. Its parts have three
 * quarters of the time that is left, so that the page is there before who asks gives up.
 */
struct call *overview_make(struct fs *fs, const struct ask *ask);

#endif
