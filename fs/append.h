#ifndef FS_APPEND_H
#define FS_APPEND_H

#include "fs/write.h"

/* What programs write to `new`: each line is a record, without its newline. They are stored in
 * their order. As fs/write.h says. */
write_fn append_lines;

#endif
