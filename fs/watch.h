#ifndef FS_WATCH_H
#define FS_WATCH_H

#include "fs/fs.h"

/*
 * poll(2): every file is always ready for reading and writing, as regular files are. A checkpoint
 * that has another value than its program has seen adds POLLPRI and POLLERR for those who ask for
 * POLLPRI, as files of sysfs do. While somebody sleeps for that alone, the values are asked for
 * once in settings.watch, in one batch for each app and stream.
 */
void watch_poll(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info,
                struct fuse_pollhandle *poll);

/* Wakes those who wait for a partition of the app and the stream that has changed. */
void watch_news(struct fs *fs, const char *app, const char *stream);

/* Notes what the program that reads now sees. */
void watch_seen(struct handle *handle, const struct state *state);

#endif
