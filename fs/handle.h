#ifndef FS_HANDLE_H
#define FS_HANDLE_H

#include <sys/queue.h>

#include "fs/content.h"
#include "fs/fs.h"
#include "fs/scratch.h"

/* An open file. */
struct handle {
    LIST_ENTRY(handle) link;    /* in the list of its file */
    LIST_ENTRY(handle) watched; /* while it has poll */
    struct fs *fs;
    struct node node; /* its place is held */
    int flags;        /* of open(2) */
    bool opened;      /* the kernel may read it */
    bool in_pages;    /* and reads it in its own pages, where the text is */
    size_t told;      /* the size that it knew when it began to open it */

    struct buf text; /* what it reads: as of the open, or of the last read from offset 0 */
    int64_t when;    /* the time that the file has with it, or WHEN_UNKNOWN */
    bool loaded;
    bool read;     /* its beginning has been read since then */
    bool stale;    /* the program was told another size */
    bool has_news; /* and this: that there is another value, by poll(2) */

    struct content content; /* what was written so far */
    struct buf line;        /* whose newline has not come: fs/by_line.h */
    pid_t writer;           /* the thread that wrote last, by lines, */
    size_t written;         /* and where what was written ends */

    struct scratch *scratch;

    bool removed; /* the checkpoint was removed while it was open */

    bool has_seen;               /* the program has asked for the checkpoint */
    char seen[SEQUENCE_MAX + 1]; /* and this is what it knows; "" for none */
    struct fuse_pollhandle *poll;
};

static inline struct handle *handle_of(const struct fuse_file_info *info)
{
    return (struct handle *)(uintptr_t)info->fh;
}

/* Whether the flags of open(2) are those of a file that is written to. */
bool handle_writes(int flags);

/* One of the mount's open files from now on, or NULL. */
struct handle *handle_new(struct fs *fs, const struct node *node, int flags);
void handle_free(struct handle *handle);

/* Closes what is still open when the mount ends. */
void handle_free_all(struct fs *fs);

/* In which list of fs->handles all open files of this node's file (node_file) are, the one that was
 * opened last first; others may be there too. So none is searched among all. */
size_t handle_list(const struct node *node);

/* A table of checkpoints has at most this many bytes. */
#define TABLE_MAX (64UL << 20)

/* Gives a file its text, in place of the one that it has. 0, -EFBIG when the batches and tables of
 * all open files together would be more than BATCHES_MAX, or -ENOMEM. */
int handle_take_text(struct handle *handle, const char *text, size_t size);

/* What it says once it is loaded. The lines of a journal are not copied: they are those of now. */
const struct buf *handle_text(const struct handle *handle);

/* What the file holds for the program that has it open. */
const struct buf *handle_content(const struct handle *handle);

/* A file of this node that is open for writing, or NULL: it exists for its writer, also while
 * nothing is committed. */
const struct handle *handle_writer(const struct fs *fs, const struct node *node);

/* An open file with this very inode, the one that was opened last; or NULL. */
const struct handle *handle_opened(const struct fs *fs, const struct node *node);

/* Programs are told of another size than some open files with this inode have: those begin anew. */
void handle_note_size(struct fs *fs, const struct node *node, size_t size);

/* Some file of this node that was open when the checkpoint was removed, or NULL: it can still be
 * read, and has attributes. */
const struct handle *handle_removed(const struct fs *fs, const struct node *node);

/* The checkpoint of a partition was removed: its files are not there any more. */
void handle_note_removed(struct fs *fs, const struct node *node);

/* A program waits by poll(2). Who waited by the same open file before is forgotten. */
void handle_take_poll(struct handle *handle, struct fuse_pollhandle *poll);

/* Forgets the one that waits, if any does. */
void handle_forget_poll(struct handle *handle);

#endif
