#ifndef FS_CLEANER_H
#define FS_CLEANER_H

/*
 * Starts a process that waits for the end of this one, and then unmounts what is dead at a path. It
 * must be started before there are secrets, threads or a mount, and holds nothing open of what this
 * process has. It outlives the signals that end a daemon. 0 or a negative errno.
 *
 * libfuse has an option for this that works for root alone, and with allow_other: fusermount3 may
 * not look into other mounts of a user.
 */
int cleaner_start(const char *path);

#endif
