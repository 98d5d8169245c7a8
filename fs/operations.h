#ifndef FS_OPERATIONS_H
#define FS_OPERATIONS_H

#include "fs/fs.h"

/* The operations that libfuse calls, with a struct fs as their user data. */
extern const struct fuse_lowlevel_ops fs_operations;

/* 0 or a negative errno. The loop, the backend, the source's text and the metrics stay the
 * caller's. */
int fs_init(struct fs *fs, struct loop *loop, struct backend *backend, const char *source,
            const struct settings *settings, struct metrics *metrics);

/* Closes all files and frees what fs_init made; no request may be under way. */
void fs_release(struct fs *fs);

#endif
