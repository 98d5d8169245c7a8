#ifndef FS_LOOKUP_H
#define FS_LOOKUP_H

#include "fs/request.h"

/*
 * Whether a name exists. A name that a list has is found without asking anybody, however old the
 * list is. One that no list has is asked for once, if it is that of an app or if mkdir could make
 * it. All others are found without asking: whether they are there, attributes and opening tell.
 */
void lookup_name(fuse_req_t fuse, fuse_ino_t parent, const char *name);

void lookup_forget(fuse_req_t fuse, fuse_ino_t inode, uint64_t count);
void lookup_forget_many(fuse_req_t fuse, size_t count, struct fuse_forget_data *forgets);

#endif
