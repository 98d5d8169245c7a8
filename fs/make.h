#ifndef FS_MAKE_H
#define FS_MAKE_H

#include "fs/request.h"

/* Making and removing: functions for the rows of fs/rows.c; each ends its request. */
typedef void make_fn(struct request *request, const struct node *child);

make_fn make_app;
make_fn make_stream;
make_fn make_app_stream;
make_fn make_partition;
make_fn make_saved_stream;
make_fn make_scratch_directory;

make_fn remove_app;
make_fn remove_stream;
make_fn remove_app_stream;
make_fn remove_partition;
make_fn remove_saved_stream;
make_fn remove_checkpoint;
make_fn remove_scratch;

/* The requests of programs. */
void make_mkdir(fuse_req_t fuse, fuse_ino_t parent, const char *name, mode_t mode);
void make_rmdir(fuse_req_t fuse, fuse_ino_t parent, const char *name);
void make_unlink(fuse_req_t fuse, fuse_ino_t parent, const char *name);
void make_mknod(fuse_req_t fuse, fuse_ino_t parent, const char *name, mode_t mode, dev_t device);
void make_symlink(fuse_req_t fuse, const char *link, fuse_ino_t parent, const char *name);
void make_link(fuse_req_t fuse, fuse_ino_t inode, fuse_ino_t parent, const char *name);

#endif
