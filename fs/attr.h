#ifndef FS_ATTR_H
#define FS_ATTR_H

#include "fs/request.h"

/* The requests about attributes. */
void attr_get(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info);
void attr_set(fuse_req_t fuse, fuse_ino_t inode, struct stat *attr, int to_set,
              struct fuse_file_info *info);
void attr_access(fuse_req_t fuse, fuse_ino_t inode, int mask);
void attr_statfs(fuse_req_t fuse, fuse_ino_t inode);

#endif
