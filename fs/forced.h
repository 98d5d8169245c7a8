#ifndef FS_FORCED_H
#define FS_FORCED_H

#include "api/commit.h"
#include "fs/fs.h"

/* Room for the name of a consumer, which is cut to it. */
#define CONSUMER_ROOM 80

/*
 * Commits as commit_position does. When the backend overrules the consumer that holds a partition,
 * it looks first who that is: a consumer that is alive goes on from where it is, and its next
 * commit overwrites this one. `consumer` lasts as long as the call, and is told before it is done:
 * the name of one that has committed in the last two minutes, or "". What is known of the
 * partitions serves if it is less than a minute old; what cannot be had in time is done without.
 */
struct call *forced_commit(struct fs *fs, const struct commit_request *request,
                           char consumer[static CONSUMER_ROOM], const struct ask *ask);

#endif
