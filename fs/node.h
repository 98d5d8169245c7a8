#ifndef FS_NODE_H
#define FS_NODE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "fs/kind.h"

/*
 * What an inode number stands for.
 *
 * A node is a kind of file, a partition, and a place: the app, the stream and the text that its
 * path names. All of it is packed into the inode number, so that 100,000 partitions that were
 * looked up take no memory:
 *
 *     bits 63-32 the place's id | 31-7 the partition | 6 its long name | 5-0 the kind
 *
 * Only places take memory. One lives from the first lookup of anything in it until the kernel has
 * forgotten all of that, nobody holds the place, and no temporary file is in it. A place's id is
 * made from its names, so that an inode number stays the same for the life of the mount, also when
 * the kernel forgot it in between (two live places whose ids would be equal excepted: the later one
 * moves).
 */
struct scratch;

struct node {
    enum kind kind;
    bool long_form; /* the partition was named shardId-%010d */
    uint32_t partition;
    struct place *place; /* never NULL: what has no names has the empty place */
};

/*
 * Some files say something else to each program that opens them, and how much is known only then.
 * The kernel takes a file's size, and what sendfile(2) and mmap(2) read, from its inode. So each
 * look-up of such a file makes a place of its own, and with that an inode that no other program
 * opens. It has no names of its own, and shows the inode number of the place that it is of.
 *
 * A temporary file is one file whatever its name is, and another of the same name is another file.
 * So it has a place for it alone, in which there is no other node: its inode number is the place's
 * id and no more, and shows as such. So has a directory that is there again after it was removed:
 * in an inode that rmdir(2) has removed the kernel finds and makes nothing, for as long as anybody
 * holds it.
 */
struct place {
    uint32_t id;
    struct place *of;  /* of a place of its own: that of these names, which it holds; else NULL */
    struct node alone; /* of a place for one node: that one; else its kind is NO_KIND */
    bool removed;      /* and that has no name any more: only those who hold it know it */
    uint64_t follows;  /* and it is there again after the directory with this inode; or 0 */
    struct scratch *file; /* or it is this temporary file; or NULL */
    unsigned holds;
    uint64_t lookups;
    bool made;    /* a directory that mkdir made and that may be empty: in checkpoints/, or an app
                     that is of no stream yet */
    bool created; /* and with it the app was made on the stream */
    int64_t leased_until;          /* of when_monotonic(): of files here, see fs/lease.h; */
    int64_t broken_until;          /* and of those that may be broken */
    SLIST_HEAD(, scratch) scratch; /* temporary files in this directory of checkpoints/ */
    const char *app;               /* "" where there is none; these three are one allocation */
    const char *stream;
    const char *text; /* the name under at/, after/ and since/, or of a temporary file */
};

struct nodes;

struct nodes *nodes_new(void);
void nodes_free(struct nodes *nodes);

/* Finds or makes a place and holds it; NULL when there is no memory. */
struct place *place_get(struct nodes *nodes, const char *app, const char *stream, const char *text)
    __attribute__((nonnull));

/* The place, not held, or NULL when nobody knows it. */
struct place *place_find(struct nodes *nodes, const char *app, const char *stream,
                         const char *text);

/* Makes a place of its own, which is held; NULL when there is no memory. */
struct place *place_own(struct nodes *nodes, struct place *of);

/* Makes one for a node alone, which is held; NULL when there is no memory. */
struct place *place_alone(struct nodes *nodes, const struct node *node);

/* The node that is alone there has the name of another, and its kind, from now on. */
void place_rename(struct nodes *nodes, struct place *place, const struct node *to);

/* The one that has the names: a place is that itself, unless it is one of its own. */
struct place *place_named(struct place *place);

struct place *place_hold(struct place *place);
void place_drop(struct nodes *nodes, struct place *place);

/* Calls fn for every place; fn must not add or remove places. Those that nobody needs any more
 * after what it did are freed then. */
void place_each(struct nodes *nodes, void (*fn)(struct place *place, void *user), void *user);

/* The node of an inode number that the kernel knows; 0, or -ESTALE for one that it cannot know. The
 * place is not held. */
int node_of(struct nodes *nodes, uint64_t inode, struct node *node);

/* What the kernel knows it by. */
uint64_t node_inode(const struct node *node);

/* What programs know it by: that of a place of its own is the number of its file. */
uint64_t node_number(const struct node *node);

/* The same by the partition's short name: two nodes with one number are one file, whichever of its
 * two names they came by. */
uint64_t node_file(const struct node *node);

/* A directory was removed, and the kernel was told so: the next one of its names is another. May be
 * forgotten for want of memory. */
void node_note_removed(struct nodes *nodes, const struct node *node);

/* Whether it was removed: who still asks for it holds it. */
bool node_is_removed(const struct nodes *nodes, const struct node *node);

/* Makes of a directory's node, whose place is held, that of the directory which has its names now:
 * 0, or -ENOMEM. */
int node_become_latest(struct nodes *nodes, struct node *node);

/* The inode number that it has then, or would have. */
uint64_t node_latest_inode(const struct nodes *nodes, const struct node *node);

/* The inode number that a place would have, without making it: for directory listings. */
uint64_t node_inode_of(struct nodes *nodes, enum kind kind, const char *app, const char *stream,
                       const char *text);

/* Counts what the kernel was told of, and what it forgot. More than it was told of is all of it:
 * what the kernel says is not in this program's hands. */
void node_remember(const struct node *node);
void node_forget(struct nodes *nodes, uint64_t inode, uint64_t count);

/* How many places there are. */
unsigned nodes_count(const struct nodes *nodes);

#endif
