#ifndef FS_REPORT_H
#define FS_REPORT_H

#include "fs/fs.h"

/* Prints the file `status` of the root: what the mount is of, its options, and how it does, as a
 * line of JSON without secrets. Nothing is asked of the backend. */
void report_print(const struct fs *fs, struct buf *text);

/* Adds a line to `errors`. One with a code is the last failure, too. operation is a constant. */
void report_error(struct fs *fs, const char *operation, const char *path,
                  const struct error *error);

/* Frees what was noted. */
void report_release(struct fs *fs);

#endif
