#ifndef FS_KNOWN_H
#define FS_KNOWN_H

#include <sys/stat.h>

#include "fs/fs.h"
#include "fs/tree.h"

/*
 * What is known of a node without asking the backend: whether it is there, and its attributes,
 * above all the true size of a file.
 *
 * known_attributes fills in what is known of a file from answers that came at not_before or later:
 * 0, -ENOENT when there is no such file now, or -EAGAIN when the backend must be asked.
 */
int known_attributes(const struct fs *fs, const struct node *node, int64_t not_before,
                     struct stat *attr);

/* The directory of an app, a stream or a partition that a node is, or in which it always is; the
 * root when there is none. */
struct node known_directory(const struct fs *fs, const struct node *node);

/*
 * Whether that directory is there: 0, -ENOENT, or -EAGAIN when the backend must be asked, for the
 * list of the question or for the one name. not_before is for lists that are strict.
 */
int known_check(const struct fs *fs, const struct node *node, int64_t not_before,
                struct question *question);

/* Whether a directory, or one that it is in, is known to be there no more: for NAME_TIMEOUT_MS the
 * kernel still finds the name of one that was removed from another tree, or by another client. */
bool known_is_gone(const struct fs *fs, const struct node *node);

/* The name by which the backend lists a directory, as what is missing is noted: not as a file. */
const char *known_listed_name(const struct node *node, char room[static TREE_NAME_ROOM]);

/* Whether the list that is the answer to a node's question has the node. */
bool known_is_in(const struct node *node, const struct answer *answer);

/* Notes that a directory was removed: it is gone from all trees at once, though the kernel may know
 * its name in another. */
void known_note_gone(struct fs *fs, const struct node *node);

#endif
