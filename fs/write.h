#ifndef FS_WRITE_H
#define FS_WRITE_H

#include "fs/request.h"

/*
 * Text that programs write becomes commits here. A function of this type does what a complete text
 * says of a node. When that is done it goes on with request->then; when it fails it ends the
 * request, so that the error is that of write(2), close(2) or whatever the request was. text has a
 * NUL at text[size]; it may be changed and is not kept.
 */
typedef void write_fn(struct request *request, const struct node *node, char *text, size_t size);

write_fn write_checkpoint; /* a position and metadata; in checkpoints/ makes a missing partition */
write_fn write_metadata;   /* metadata for the checkpoint that is there */
write_fn write_bound;      /* earliest or latest of a partition */

/* Tells of what one should know of a commit that is done; `of` comes first, "" for the file. */
void write_warn(const struct request *request, const char *of, const struct answer *committed);

/* Ends a write that follows one that was refused or interrupted, with the error of that one.
 * `errors` has told why, and must not tell it of each that follows. */
void write_refuse_again(struct request *request, int code);

/* Deletes a checkpoint, then goes on with request->then. */
void write_deletion(struct request *request, const struct node *node);

#endif
