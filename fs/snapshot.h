#ifndef FS_SNAPSHOT_H
#define FS_SNAPSHOT_H

#include "fs/request.h"

/*
 * Makes sure that the cache knows what a file of a partition says, as of settings.snapshot ago or
 * later, then goes on; cache_state tells it then, at any age. That is one question for all
 * partitions, and one more for this one if the backend leaves the metadata out of its answer. The
 * node's place is held by the request.
 *
 * It is for those who read. What replaces or removes a checkpoint asks for it itself: a snapshot
 * may be older than another client's commit.
 */
void snapshot_need(struct request *request, const struct node *node,
                   void (*then)(struct request *request));

#endif
