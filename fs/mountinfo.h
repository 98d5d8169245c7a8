#ifndef FS_MOUNTINFO_H
#define FS_MOUNTINFO_H

#include <stdbool.h>

/*
 * What is mounted where, as /proc/self/mountinfo tells: see proc(5). Texts are cut to fit. Nothing
 * is asked of what is mounted, so that neither a file system that hangs, nor one that keeps this
 * user out, nor an automount is disturbed.
 */
struct mounted {
    char type[64];    /* "fuse.checkpointfs" */
    char source[256]; /* "local:/var/lib/checkpoints.db" */
};

/* How our own mounts are called there; it must not be changed. */
#define MOUNTED_SUBTYPE "checkpointfs"
#define MOUNTED_TYPE    "fuse." MOUNTED_SUBTYPE

/* Whether something is mounted right at a path, which has no links in it: the uppermost. */
bool mountinfo_find(const char *path, struct mounted *mounted);

/* Whether that is one of ours. */
bool mountinfo_is_ours(const char *path, struct mounted *mounted);

#endif
