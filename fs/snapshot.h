#ifndef FS_SNAPSHOT_H
#define FS_SNAPSHOT_H

#include "fs/request.h"

/*
 * Makes sure that the cache knows what a file of a partition says, as of settings.snapshot ago or
 * later, then goes on; cache_state tells it then, at any age. What is looked at by itself is one
 * question; where another partition of the app and the stream was looked at within
 * settings.snapshot, it is one for all of them, and one more for this one if the backend leaves the
 * metadata out of its answer. The node's place is held by the request.
 *
 * It is for those who read. What replaces or removes a checkpoint asks for it itself: a snapshot
 * may be older than another client's commit.
 */
void snapshot_need(struct request *request, const struct node *node,
                   void (*then)(struct request *request));

/* Notes that a partition is looked at; true if another one was. */
bool snapshot_note_look(struct fs *fs, const struct node *node);

/* Asks for what a node of a partition needs: for all partitions if it is the second that is looked
 * at, or they are few. cache_state tells what came. */
struct call *snapshot_get(struct fs *fs, const struct node *node, bool of_all,
                          const struct ask *ask);

/*
 * For a file that says where an app stands on a partition. A program that reads those of many
 * partitions is answered from one question for all of them: the second in settings.snapshot asks
 * it, and the answer does for the others as long. Then `told` has the state, which may be as old
 * but for what this mount committed. Else, and when the question fails or does not tell all that
 * the file says, `alone` goes on, which asks for the one partition.
 */
void snapshot_need_lag(struct request *request,
                       void (*told)(struct request *request, const struct state *state),
                       void (*alone)(struct request *request));

#endif
