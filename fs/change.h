#ifndef FS_CHANGE_H
#define FS_CHANGE_H

#include "fs/request.h"

/* Making and removing: functions for the rows of fs/rows.c; each ends its request. */
typedef void change_fn(struct request *request, const struct node *child);

change_fn make_app;
change_fn make_stream;
change_fn make_app_stream;
change_fn make_partition;
change_fn make_saved_stream;

change_fn remove_app;
change_fn remove_stream;
change_fn remove_app_stream;
change_fn remove_partition;
change_fn remove_saved_stream;
change_fn remove_checkpoint;
change_fn remove_scratch;

/* The requests of programs. */
void change_mkdir(fuse_req_t fuse, fuse_ino_t parent, const char *name, mode_t mode);
void change_rmdir(fuse_req_t fuse, fuse_ino_t parent, const char *name);
void change_unlink(fuse_req_t fuse, fuse_ino_t parent, const char *name);
void change_mknod(fuse_req_t fuse, fuse_ino_t parent, const char *name, mode_t mode, dev_t device);
void change_symlink(fuse_req_t fuse, const char *link, fuse_ino_t parent, const char *name);
void change_link(fuse_req_t fuse, fuse_ino_t inode, fuse_ino_t parent, const char *name);

#endif
