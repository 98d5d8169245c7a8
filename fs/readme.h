#ifndef FS_README_H
#define FS_README_H

#include "fs/fs.h"

/* Prints the file README: a line for each row of the tree's table that says what it is and that
 * this mount has, and what is to be known to use them. It is the same as long as the mount. */
void readme_print(const struct fs *fs, struct buf *text);

#endif
