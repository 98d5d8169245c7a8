#ifndef FS_FILE_H
#define FS_FILE_H

#include "fs/request.h"

/* Opening, reading and writing files. */

/* What a program that truncates an open file asks for. 0 or a negative errno. */
int file_truncate(struct handle *handle, size_t size);

/* A file was truncated, by whichever of its names: in checkpoints/, what is written next, maybe
 * through another open file, has only that much of the old text before it. Nothing is committed by
 * that. */
void file_cut(struct fs *fs, const struct node *node, size_t size);

void file_open(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info);
void file_create(fuse_req_t fuse, fuse_ino_t parent, const char *name, mode_t mode,
                 struct fuse_file_info *info);
void file_read(fuse_req_t fuse, fuse_ino_t inode, size_t size, off_t offset,
               struct fuse_file_info *info);
void file_write(fuse_req_t fuse, fuse_ino_t inode, const char *data, size_t size, off_t offset,
                struct fuse_file_info *info);
void file_flush(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info);
void file_sync(fuse_req_t fuse, fuse_ino_t inode, int data_only, struct fuse_file_info *info);
void file_release(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info);

#endif
