#ifndef FS_LOOKUP_H
#define FS_LOOKUP_H

#include "fs/request.h"

/*
 * Whether a name exists. A name that a list has is found without asking anybody, however old the
 * list is; one that no list has is asked for once. A file's name is found without asking: whether a
 * checkpoint is there, its attributes and its opening tell.
 */
void lookup_name(fuse_req_t fuse, fuse_ino_t parent, const char *name);

/* Notes that a directory was removed: it is gone from all trees at once, though the kernel may know
 * its name in another. */
void lookup_note_gone(struct fs *fs, const struct node *node);

/*
 * Whether a directory that the kernel knows is still there: 0, -ENOENT, or -EAGAIN when the list of
 * the question has to be asked for first. not_before is for lists that are strict.
 */
int lookup_check(const struct fs *fs, const struct node *node, int64_t not_before,
                 struct question *question);

void lookup_forget(fuse_req_t fuse, fuse_ino_t inode, uint64_t count);
void lookup_forget_many(fuse_req_t fuse, size_t count, struct fuse_forget_data *forgets);

#endif
