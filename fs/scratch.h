#ifndef FS_SCRATCH_H
#define FS_SCRATCH_H

#include <sys/queue.h>

#include "fs/fs.h"

/*
 * Temporary files in the directories of checkpoints/: what editors, rsync and git write before they
 * rename it over the real thing. They are in memory only, private to the mount, and gone with it.
 * rsync makes a directory for them, whose name begins with a dot; it is one of them, and those in
 * it are named with it: ".~tmp~/0".
 *
 * A file is in the list of its directory's place, has a place for it alone, which says what it is
 * called, and lives until it has been removed and closed.
 */
struct scratch {
    SLIST_ENTRY(scratch) link;
    struct place *place; /* held */
    struct buf content;
    mode_t mode; /* permission bits */
    int64_t changed;
    unsigned opened;
};

/* The greatest size of one, and how many there may be in a mount. */
#define SCRATCH_SIZE_MAX  65536
#define SCRATCH_COUNT_MAX 256

/* Whether a node is one of them, or a directory for them. */
bool scratch_is(const struct node *node);

/* The file or directory that a node is, or NULL: there is none, or the node is no such thing. One
 * that was removed is found by its node while it is open. */
struct scratch *scratch_find(const struct node *node);

/* The one that has a node's name, or NULL. */
struct scratch *scratch_named(const struct fs *fs, const struct node *node);

/* Its node; the place is not held. */
struct node scratch_node(const struct scratch *scratch);

/* Whether anything is in a directory for them. */
bool scratch_has_files(const struct fs *fs, const struct node *node);

/* Makes an empty one, which must not exist, or a directory, where its directory is there: 0,
 * -ENOSPC or -ENOMEM. */
int scratch_make(struct fs *fs, const struct node *node, mode_t mode, struct scratch **scratch);

/* Gives a file another name. One that has it goes, and stays what it is for those who have it open.
 * 0 or -ENOMEM. */
int scratch_rename(struct fs *fs, struct scratch *scratch, const struct node *to);

/* Makes one with that text, in the place of one that may be there. 0, -EFBIG, -ENOSPC or -ENOMEM.
 */
int scratch_replace(struct fs *fs, const struct node *node, const char *text, size_t size);

/* Removes it from its directory. */
void scratch_remove(struct fs *fs, struct scratch *scratch);

/* Removes all of a directory, which the caller holds; or all of an app, or of the mount for NULL.
 */
void scratch_remove_all(struct fs *fs, struct place *directory);
void scratch_remove_of_app(struct fs *fs, const char *app);

void scratch_open(struct scratch *scratch);
void scratch_close(struct fs *fs, struct scratch *scratch);

/* 0, -EFBIG or -ENOMEM; what was there stays when it fails. */
int scratch_write(struct scratch *scratch, size_t offset, const char *data, size_t size);
int scratch_resize(struct scratch *scratch, size_t size);

#endif
