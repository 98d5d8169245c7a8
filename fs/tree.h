#ifndef FS_TREE_H
#define FS_TREE_H

#include <sys/stat.h>

#include "fs/fs.h"

/*
 * The tree as a table: what each kind of node is called, where it stands, its mode, and by which
 * functions it is listed, read, written, made and removed. A new file is a row and its functions.
 */

/* What the name of a node is. */
enum naming {
    NAMED,        /* fixed: the row's name */
    BY_APP,       /* an app */
    BY_STREAM,    /* a stream */
    BY_PARTITION, /* a partition */
    BY_NUMBER,    /* a sequence number: found, not listed */
    BY_TIME,      /* a time: found, not listed */
    BY_CHANCE,    /* any name that is no partition: a temporary file, or a directory for them */
};

/* Where the text of a file comes from. */
enum source {
    FROM_NOWHERE,    /* a directory, or a file that is only written to */
    FROM_CHECKPOINT, /* get_checkpoint, when it is opened */
    FROM_STATE,      /* get_state, when it is opened */
    FROM_SNAPSHOT,   /* the states of all partitions, a short time old */
    FROM_STATES,     /* those of all partitions, asked for when it is opened */
    FROM_INFO,       /* describe_stream, when it is opened */
    FROM_TABLE,      /* all partitions of an app, when it is opened; its size is 0 until then */
    FROM_CURSOR,     /* a cursor, or where one begins; the same */
    FROM_RECORDS,    /* the same of a batch of records */
    FROM_PAGE,       /* the overview, when its attributes are asked for, or it is opened */
    FROM_MOUNT,      /* the mount itself, when it is opened */
    FROM_TEXT,       /* the same, and it never changes */
    FROM_JOURNAL,    /* the mount itself, whenever it is read: the text only grows */
    FROM_MEMORY,     /* a temporary file, which has its own */
};

/* What a text says that is written to a file. */
enum writes {
    WRITES_NOTHING,  /* it cannot be written to */
    WRITES_POSITION, /* a position and metadata: what the checkpoint is to be */
    WRITES_METADATA, /* metadata for the checkpoint that is there */
    WRITES_BOUND,    /* the earliest or the latest record of a partition */
    WRITES_BYTES,    /* anything: a temporary file keeps it */
    WRITES_TABLE,    /* lines, each of which is a change: fs/edit.h */
    WRITES_RECORDS,  /* lines, each of which is a record: fs/by_line.h */
};

struct row {
    const char *name;
    const char *help; /* what it is, for README; NULL for a directory that needs no line there */
    enum kind parent;
    enum naming naming;
    mode_t mode;
    enum source source;
    enum writes writes;

    /* What of a state the file needs. */
    enum detail detail;

    /* The list that has the names, when they are apps, streams or partitions. One that is strict is
     * at most settings.snapshot old; another is used at any age, and refreshed meanwhile. */
    enum what list;
    bool strict;

    bool is_unlisted; /* a fixed name that is found and not listed: who browses must not read it */
    bool waits;       /* opening it waits until there is something to read */

    /* Prints what a file says of a partition's state: 0, -ENOENT when there is no such file now, or
     * -ENODATA when the state does not tell. */
    int (*print)(const struct fs *fs, const struct node *node, const struct state *state,
                 struct buf *text);

    /* Prints what the states of all partitions are to be; the same, but for -ENOENT. */
    int (*print_states)(const struct fs *fs, const struct table *states, struct buf *text);

    /* Prints what the mount itself says, always anew. */
    void (*print_mount)(const struct fs *fs, struct buf *text);

    /* The lines that a file of the mount shows, which has the time of the last. */
    const struct lines *(*lines)(const struct fs *fs);

    /* Starts the operation that gets a cursor, or the number of the record at which one begins. */
    struct call *(*get_cursor)(struct fs *fs, const struct node *node, const struct ask *ask);

    /* Starts the operation that gets the text of a table. */
    struct call *(*get_table)(struct fs *fs, const struct node *node, const struct ask *ask);

    /* Starts the operation that reads a batch of records. */
    struct call *(*read_records)(struct fs *fs, const struct node *node, const struct ask *ask);

    /* Does what a text says that was written to the file; see fs/write.h. NULL for a file that
     * cannot be written to, or that only keeps its bytes. */
    void (*write)(struct request *request, const struct node *node, char *text, size_t size);

    /* Each handles a whole request about a child of this kind, or is NULL (EPERM). */
    void (*make)(struct request *request, const struct node *child);   /* mkdir */
    void (*remove)(struct request *request, const struct node *child); /* rmdir or unlink */

    unsigned needs;      /* abilities of the backend without which there is no such node */
    unsigned make_needs; /* and without any of which none is made or removed (EPERM); 0: none */
};

/* The table: fs/rows.c, which stands above the functions that it names. */
extern const struct row tree_rows[KINDS];

const struct row *tree_row(enum kind kind);

static inline bool tree_is_directory(enum kind kind)
{
    return S_ISDIR(tree_row(kind)->mode);
}

/* Whether it is a directory that is always there: the skeleton of the tree. */
bool tree_is_fixed(enum kind kind);

/* The list that has a name of this kind; place is its own, or its directory's. False for kinds
 * whose names are in no list. */
bool tree_question(const struct fs *fs, enum kind kind, const struct place *place,
                   struct question *question);

/* What is asked of the partitions of an app and a stream by who needs their lags. */
struct question tree_lags_question(const struct fs *fs, const char *app, const char *stream);

/*
 * Whether each look-up of such a file has a place of its own (fs/node.h). Not those that programs
 * lock, watch, or write to side by side: of these there is one inode for all.
 */
bool tree_has_own_places(enum kind kind);

/* Whether it is there if its directory is: a directory itself, and what says something only when it
 * is opened. */
bool tree_is_with_directory(enum kind kind);

/* Whether the names in a directory of this kind are times. */
bool tree_has_times(enum kind kind);

/* Whether a mount with this backend has nodes of this kind. */
bool tree_has(const struct fs *fs, enum kind kind);

/*
 * The node that a name stands for in a directory, if the name could be one: 0, -ENOENT, or -ENOMEM.
 * Whether it exists is another question (fs/lookup.h). child->place is held for the caller.
 */
int tree_child(const struct fs *fs, const struct node *parent, const char *name,
               struct node *child);

/* Whether the backend would take a new app, or a new stream, of the node's name. One that it would
 * not take can be there all the same, as other clients have made it; then a list has it. So names
 * that file managers try are asked for nowhere. True for other kinds. */
bool tree_takes(const struct fs *fs, const struct node *node);

/* The node that contains this one's siblings; not held. Of the root, the root. */
enum kind tree_parent(enum kind kind);

/* The file name of a node: a constant, the place's text, or what is written to `room`. */
#define TREE_NAME_ROOM FILE_NAME_ROOM

const char *tree_name(const struct node *node, char room[static TREE_NAME_ROOM]);

/* "apps/billing/orders/0/checkpoint"; "" for the root. */
void tree_print_path(const struct node *node, struct buf *path);

/* The attributes of a node, with a size and a time that the caller knows. */
void tree_attributes(const struct fs *fs, const struct node *node, size_t size, int64_t when,
                     struct stat *attr);

#endif
