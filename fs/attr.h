#ifndef FS_ATTR_H
#define FS_ATTR_H

#include "fs/request.h"

/*
 * Attributes, above all the true size of a file.
 *
 * attr_known fills in what is known of a file from answers that came at not_before or later: 0,
 * -ENOENT when there is no such file now, or -EAGAIN when the backend must be asked.
 */
int attr_known(const struct fs *fs, const struct node *node, int64_t not_before, struct stat *attr);

void attr_get(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info);
void attr_set(fuse_req_t fuse, fuse_ino_t inode, struct stat *attr, int to_set,
              struct fuse_file_info *info);
void attr_access(fuse_req_t fuse, fuse_ino_t inode, int mask);
void attr_statfs(fuse_req_t fuse, fuse_ino_t inode);

#endif
