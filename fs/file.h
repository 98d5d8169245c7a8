#ifndef FS_FILE_H
#define FS_FILE_H

#include "fs/request.h"
#include "fs/scratch.h"

/* Opening, reading and writing files. */

/* An open file. */
struct handle {
    LIST_ENTRY(handle) link;
    struct fs *fs;
    struct node node; /* its place is held */
    int flags;        /* of open(2) */

    struct buf text; /* what it reads: as of the open, or of the last read from offset 0 */
    bool loaded;
    bool read;  /* its beginning has been read since then */
    bool stale; /* the program was told that there is another value */

    struct buf content; /* what was written so far */
    bool dirty;         /* its end is not committed yet */

    /* What the first line of the content came to when it was committed, "" before: a line that is
     * added must not shift, or look up the latest record, once more. */
    char committed[SEQUENCE_MAX + 1];

    struct scratch *scratch;

    char seen[SEQUENCE_MAX + 1]; /* the checkpoint that the program knows; "" for none */
    struct fuse_pollhandle *poll;
};

/* The longest text that is taken as a position and metadata. */
#define TEXT_MAX 65536

static inline struct handle *handle_of(const struct fuse_file_info *info)
{
    return (struct handle *)(uintptr_t)info->fh;
}

/* A file of this node that is open for writing, or NULL: it exists for its writer, also while
 * nothing is committed. */
const struct handle *file_writer(const struct fs *fs, const struct node *node);

/* What a program that truncates an open file asks for. 0 or a negative errno. */
int file_truncate(struct handle *handle, size_t size);

void file_open(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info);
void file_create(fuse_req_t fuse, fuse_ino_t parent, const char *name, mode_t mode,
                 struct fuse_file_info *info);
void file_read(fuse_req_t fuse, fuse_ino_t inode, size_t size, off_t offset,
               struct fuse_file_info *info);
void file_write(fuse_req_t fuse, fuse_ino_t inode, const char *data, size_t size, off_t offset,
                struct fuse_file_info *info);
void file_flush(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info);
void file_sync(fuse_req_t fuse, fuse_ino_t inode, int data_only, struct fuse_file_info *info);
/* Closes what is still open when the mount ends. */
void file_release_all(struct fs *fs);

void file_release(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info);

#endif
