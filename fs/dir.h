#ifndef FS_DIR_H
#define FS_DIR_H

#include "fs/request.h"

/*
 * Directories. What is in one is settled when it is opened, and reading it asks nobody. Opening
 * waits for a list only if there is none, or none young enough for checkpoints/; an old one is
 * used, and refreshed for the next time.
 */
void dir_open(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info);
void dir_read(fuse_req_t fuse, fuse_ino_t inode, size_t size, off_t offset,
              struct fuse_file_info *info);
void dir_read_plus(fuse_req_t fuse, fuse_ino_t inode, size_t size, off_t offset,
                   struct fuse_file_info *info);
void dir_release(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info);

/* Closes what is still open when the mount ends. */
void dir_release_all(struct fs *fs);

#endif
