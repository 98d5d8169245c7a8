#ifndef FS_RECORDS_H
#define FS_RECORDS_H

#include "fs/fs.h"

/*
 * Reading records. Each of these is an operation whose answer is a batch: what a file of records/
 * says from when it was opened. Reading commits nothing.
 */

/* Of an app: what comes after its checkpoint, which is asked for first. */
struct call *records_resume(struct fs *fs, const struct node *node, const struct ask *ask);

/* The same, once there is a record, or the partition is finished. All who wait for the same app and
 * partition share one request in each settings.watch. */
struct call *records_wait(struct fs *fs, const struct node *node, const struct ask *ask);

/* Of a stream: from a place on; and the bytes of one record. */
struct call *records_earliest(struct fs *fs, const struct node *node, const struct ask *ask);
struct call *records_at(struct fs *fs, const struct node *node, const struct ask *ask);
struct call *records_after(struct fs *fs, const struct node *node, const struct ask *ask);
struct call *records_since(struct fs *fs, const struct node *node, const struct ask *ask);
struct call *records_data(struct fs *fs, const struct node *node, const struct ask *ask);

/* This mount has changed something: "" stands for all apps, or streams. Who waits for records of
 * that looks anew at once. */
void records_note_change(struct fs *fs, const struct subject *about);

#endif
