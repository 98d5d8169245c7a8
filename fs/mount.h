#ifndef FS_MOUNT_H
#define FS_MOUNT_H

#include "fs/options.h"

/*
 * A mount from its beginning to its end: opens the backend, tries it, mounts, serves until somebody
 * unmounts or a signal ends it. Returns the exit status: 0, 1 when it could not mount, or
 * EXIT_USAGE when the command line is wrong.
 */
#define EXIT_USAGE 2

int mount_run(const struct options *options);

#endif
