#ifndef FS_RENAME_H
#define FS_RENAME_H

#include "fs/request.h"

/*
 * Renaming in checkpoints/, among checkpoints and temporary files: what the old name holds is
 * committed, or written, under the new one, and then the old name is removed. Directories there
 * cannot be renamed (EXDEV), so that mv copies them and removes the old ones; elsewhere nothing can
 * (EPERM).
 */
void rename_name(fuse_req_t fuse, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
                 const char *new_name, unsigned flags);

#endif
