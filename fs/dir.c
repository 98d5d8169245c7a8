#include "fs/dir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/known.h"
#include "fs/lease.h"
#include "fs/made.h"
#include "fs/scratch.h"
#include "fs/search.h"
#include "fs/tree.h"

/*
 * An open directory. Its entries are, in this order: "." and "..", the nodes with fixed names, the
 * names of apps, streams or temporary files, the partitions.
 */
struct directory {
    LIST_ENTRY(directory) link;
    struct node node; /* its place is held */
    enum kind fixed[KINDS];
    size_t fixed_count;
    enum kind named; /* what kind the names are of */
    struct names *names;
    enum kind numbered; /* what kind the partitions are of */
    uint32_t *partitions;
    size_t partition_count;
};

static void directory_free(struct fs *fs, struct directory *directory)
{
    LIST_REMOVE(directory, link);
    place_drop(fs->nodes, directory->node.place);
    names_drop(directory->names);
    free(directory->partitions);
    free(directory);
}

static struct directory *directory_new(struct fs *fs, const struct node *node)
{
    struct directory *directory = calloc(1, sizeof(*directory));

    if (!directory)
        return NULL;
    directory->node = *node;
    place_hold(node->place);
    LIST_INSERT_HEAD(&fs->directories, directory, link);
    return directory;
}

/* The kind of those children whose names are in a list, or NO_KIND. */
static enum kind listed_kind(const struct fs *fs, const struct node *node)
{
    struct question unused;

    for (enum kind kind = APPS; kind < KINDS; kind++) {
        if (tree_row(kind)->parent == node->kind && tree_question(fs, kind, node->place, &unused))
            return kind;
    }
    return NO_KIND;
}

/* Whether a file of a fixed name is there, as far as is known without asking. */
static bool is_there(const struct fs *fs, const struct node *parent, enum kind kind)
{
    struct node child = *parent;
    struct stat attr;

    child.kind = kind;
    return tree_has(fs, kind) &&
           (tree_is_directory(kind) || known_attributes(fs, &child, ANY_AGE, &attr) != -ENOENT);
}

static void add_fixed(const struct fs *fs, struct directory *directory)
{
    for (enum kind kind = APPS; kind < KINDS; kind++) {
        const struct row *row = tree_row(kind);

        if (row->parent == directory->node.kind && row->naming == NAMED && !row->is_unlisted &&
            is_there(fs, &directory->node, kind))
            directory->fixed[directory->fixed_count++] = kind;
    }
}

static int add_partitions(struct directory *directory, const struct table *table, enum kind kind)
{
    bool committed_only = tree_row(kind)->source != FROM_NOWHERE;
    size_t count = table ? table_count(table) : 0;
    struct state state;

    directory->numbered = kind;
    directory->partitions = calloc(count ? count : 1, sizeof(*directory->partitions));
    if (!directory->partitions)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        table_at(table, i, &state);
        if (state.sequence || !committed_only)
            directory->partitions[directory->partition_count++] = state.partition;
    }
    return 0;
}

static int own_names(struct directory *directory)
{
    if (!directory->names)
        directory->names = names_new();
    return directory->names ? 0 : -ENOMEM;
}

/* Those that are there, or in a directory for them. */
static int add_scratch(struct fs *fs, struct directory *directory)
{
    const struct place *place = directory->node.place;
    const struct place *stream = place_find(fs->nodes, place->app, place->stream, "");
    char inside[FILE_NAME_ROOM + 1];
    size_t length =
        (size_t)snprintf(inside, sizeof(inside), "%s%s", place->text, *place->text ? "/" : "");
    const struct scratch *scratch;
    int status = 0;

    directory->named = SCRATCH;
    if (!stream)
        return 0;
    SLIST_FOREACH (scratch, &stream->scratch, link) {
        const char *name = scratch->place->text;

        if (strncmp(name, inside, length) != 0 || strchr(name + length, '/'))
            continue;
        status = own_names(directory);
        if (!status)
            status = names_add(directory->names, name + length);
        if (status)
            break;
    }
    return status;
}

struct made {
    struct directory *directory;
    int status;
};

static void add_made_app(struct place *place, void *user)
{
    struct made *made = user;

    if (!made->status && made_is_app(place))
        made->status = names_add(made->directory->names, place->app);
}

static void add_made_stream(struct place *place, void *user)
{
    struct made *made = user;

    if (!made->status && made_is_stream(place, made->directory->node.place->app))
        made->status = names_add(made->directory->names, place->stream);
}

/* What was listed, and the directories that were made and are in no list. */
static int add_with_made(struct fs *fs, struct directory *directory, const struct names *names,
                         void (*add_made)(struct place *place, void *user))
{
    struct made made = {directory, own_names(directory)};

    for (size_t i = 0; names && i < names_count(names) && !made.status; i++)
        made.status = names_add(directory->names, names_at(names, i));
    if (!made.status)
        place_each(fs->nodes, add_made, &made);
    if (!made.status)
        names_sort(directory->names);
    return made.status;
}

/* Without an answer it is empty. */
static int fill_directory(struct fs *fs, struct directory *directory, enum kind listed,
                          const struct answer *answer)
{
    int status = 0;

    add_fixed(fs, directory);
    if (directory->node.kind == SCRATCH_DIRECTORY)
        return add_scratch(fs, directory);
    if (listed == NO_KIND)
        return 0;
    if (tree_row(listed)->naming == BY_PARTITION) {
        status = add_partitions(directory, answer->table, listed);
        return !status && listed == SAVED ? add_scratch(fs, directory) : status;
    }
    directory->named = listed;
    if (listed == SAVED_STREAM)
        return add_with_made(fs, directory, answer->names, add_made_stream);
    if (tree_row(listed)->naming == BY_APP && fs->made_count)
        return add_with_made(fs, directory, answer->names, add_made_app);
    directory->names = answer->names ? names_hold(answer->names) : NULL;
    return status;
}

/* Opening */

static void reply_dir_open(struct request *request, enum kind listed, const struct answer *answer)
{
    struct fs *fs = request->fs;
    struct directory *directory = directory_new(fs, &request->node);
    struct fuse_file_info info = {.fh = (uint64_t)(uintptr_t)directory};

    if (!directory || fill_directory(fs, directory, listed, answer)) {
        if (directory)
            directory_free(fs, directory);
        request_refuse(request, ENOMEM, "no memory");
        return;
    }
    if (request_reply_open(request, &info))
        directory_free(fs, directory);
}

/* A directory that mkdir made stays while it is empty, also when its app or stream has gone. */
static bool is_left_empty(const struct request *request, const struct error *error)
{
    return error && error->code == ENOENT && made_has(&request->node);
}

static void on_dir_list(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;

    if (request_answered(request, is_left_empty(request, error) ? NULL : error))
        reply_dir_open(request, listed_kind(request->fs, &request->node), answer);
}

/* A directory whose names are in a list is there if the list is. */
static void open_listed(struct request *request, enum kind listed, const struct question *question)
{
    struct fs *fs = request->fs;
    bool strict = tree_row(listed)->strict;
    struct ask ask = request_ask(request, on_dir_list);
    struct answer answer = {0};

    if (cache_peek(fs->cache, question, strict ? cache_not_before(fs->settings.snapshot) : ANY_AGE,
                   &answer)) {
        reply_dir_open(request, listed, &answer);
        cache_refresh(fs->cache, question, cache_not_before(fs->settings.listing));
    } else {
        request_wait(request, cache_get(fs->cache, question, &ask));
    }
}

static void open_found(struct request *request)
{
    const struct answer none = {0};
    struct fs *fs = request->fs;
    const struct node *node = &request->node;
    struct question states = {WHAT_STATES, node->place->app, node->place->stream};

    /* A partition shows a checkpoint only if there is one. */
    if (node->kind == APP_PARTITION)
        cache_refresh_one(fs->cache, &states, node->partition,
                          cache_not_before(fs->settings.listing));
    reply_dir_open(request, NO_KIND, &none);
}

void dir_open(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info)
{
    struct request *request = request_new(fuse, "opendir", inode, NULL);
    struct question question;
    enum kind listed;

    (void)info;
    if (!request)
        return;
    listed = listed_kind(request->fs, &request->node);
    if (listed == NO_KIND)
        search_begin(request, &request->node, open_found);
    else if (tree_question(request->fs, listed, request->node.place, &question))
        open_listed(request, listed, &question);
}

/* Reading */

/* An entry's name, and what it is; false past the last. */
struct entry {
    char name[FILE_NAME_ROOM];
    struct stat attr;
    struct node node; /* of a partition; else its kind is NO_KIND */
};

static void set_entry(struct entry *entry, const struct fs *fs, const struct node *node,
                      const char *name)
{
    snprintf(entry->name, sizeof(entry->name), "%s", name);
    entry->attr = (struct stat){.st_ino = node_latest_inode(fs->nodes, node),
                                .st_mode = tree_row(node->kind)->mode};
}

static void name_entry(struct entry *entry, const struct fs *fs, const struct directory *directory,
                       const char *name)
{
    const struct place *place = directory->node.place;
    enum kind kind = directory->named;
    const char *app = tree_row(kind)->naming == BY_APP ? name : place->app;
    const char *stream = tree_row(kind)->naming == BY_STREAM ? name : place->stream;

    if (name_to_file(name, entry->name))
        snprintf(entry->name, sizeof(entry->name), "%s", name);
    entry->attr.st_ino = node_inode_of(fs->nodes, kind, app, stream, "");
    entry->attr.st_mode = tree_row(kind)->mode;
}

static void name_scratch_entry(struct entry *entry, const struct fs *fs,
                               const struct directory *directory, const char *name)
{
    struct node child = {.kind = SCRATCH, .place = directory->node.place};
    int status = tree_child(fs, &directory->node, name, &child);

    set_entry(entry, fs, &child, name);
    if (!status)
        place_drop(fs->nodes, child.place);
}

static bool get_entry(const struct fs *fs, const struct directory *directory, size_t index,
                      struct entry *entry)
{
    size_t names = directory->names ? names_count(directory->names) : 0;
    struct node node = directory->node;
    char name[PARTITION_ROOM];

    entry->node.kind = NO_KIND;
    if (index < 2) {
        node.kind = index ? tree_parent(node.kind) : node.kind;
        set_entry(entry, fs, &node, index ? ".." : ".");
        return true;
    }
    node.place = place_named(node.place); /* what is in a directory is not alone with it */
    index -= 2;
    if (index < directory->fixed_count) {
        node.kind = directory->fixed[index];
        set_entry(entry, fs, &node, tree_row(node.kind)->name);
        return true;
    }
    index -= directory->fixed_count;
    if (index < names) {
        (directory->named == SCRATCH ? name_scratch_entry : name_entry)(
            entry, fs, directory, names_at(directory->names, index));
        return true;
    }
    index -= names;
    if (index >= directory->partition_count)
        return false;
    node.kind = directory->numbered;
    node.partition = directory->partitions[index];
    partition_format(node.partition, false, name);
    set_entry(entry, fs, &node, name);
    entry->node = node;
    return true;
}

/* A part of a directory, as it is told. */
struct part {
    struct fs *fs;
    fuse_req_t fuse;
    off_t next; /* the offset after the last entry */
    char *text;
    size_t size;
    size_t room;
    uint64_t inode; /* of an entry that was looked up by the way */
    unsigned looked_up;
};

/* False when there is no room for it. */
typedef bool add_fn(struct part *part, const struct entry *entry);

static bool count_added(struct part *part, size_t length)
{
    if (length > part->room - part->size)
        return false;
    part->size += length;
    return true;
}

static bool add_plain(struct part *part, const struct entry *entry)
{
    return count_added(part, fuse_add_direntry(part->fuse, part->text + part->size,
                                               part->room - part->size, entry->name, &entry->attr,
                                               part->next));
}

/* Attributes are told with a lease on them, or not at all: then the entry has no inode, and the
 * kernel looks the name up when somebody wants it. */
static bool add_leased(struct part *part, const struct entry *entry)
{
    struct fuse_entry_param told = {.attr = entry->attr};
    double lease = entry->node.kind == NO_KIND ? 0 : lease_give(part->fs, &entry->node);

    if (lease > 0 && !known_attributes(part->fs, &entry->node, ANY_AGE, &told.attr)) {
        told.ino = node_inode(&entry->node);
        told.attr_timeout = told.entry_timeout = lease;
    }
    if (!count_added(part, fuse_add_direntry_plus(part->fuse, part->text + part->size,
                                                  part->room - part->size, entry->name, &told,
                                                  part->next)))
        return false;
    if (told.ino) {
        node_remember(&entry->node);
        part->inode = told.ino;
        part->looked_up++;
    }
    return true;
}

static void reply_part(struct request *request, const struct directory *directory, add_fn *add,
                       struct part *part)
{
    struct entry entry = {0};
    struct fs *fs = request->fs;

    while (get_entry(fs, directory, (size_t)part->next, &entry)) {
        part->next++;
        if (!add(part, &entry))
            break;
    }
    /* They are of one place, in which so many are forgotten. */
    if (request_reply_data(request, part->text, part->size) && part->looked_up)
        node_forget(fs->nodes, part->inode, part->looked_up);
}

static void tell_part(fuse_req_t fuse, fuse_ino_t inode, size_t size, off_t offset,
                      const struct fuse_file_info *info, add_fn *add)
{
    const struct directory *directory = (const struct directory *)(uintptr_t)info->fh;
    struct request *request = request_new(fuse, "readdir", inode, NULL);
    struct part part = {.fuse = fuse, .next = offset, .room = size};

    if (!request)
        return;
    part.fs = request->fs;
    part.text = malloc(size);
    if (part.text)
        reply_part(request, directory, add, &part);
    else
        request_refuse(request, ENOMEM, "no memory");
    free(part.text);
}

void dir_read(fuse_req_t fuse, fuse_ino_t inode, size_t size, off_t offset,
              struct fuse_file_info *info)
{
    tell_part(fuse, inode, size, offset, info, add_plain);
}

void dir_read_plus(fuse_req_t fuse, fuse_ino_t inode, size_t size, off_t offset,
                   struct fuse_file_info *info)
{
    tell_part(fuse, inode, size, offset, info, add_leased);
}

void dir_release(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info)
{
    (void)inode;
    directory_free(fuse_req_userdata(fuse), (struct directory *)(uintptr_t)info->fh);
    fuse_reply_err(fuse, 0);
}

void dir_release_all(struct fs *fs)
{
    struct directory *directory;

    while ((directory = LIST_FIRST(&fs->directories)))
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): freed ones have left the list */
        directory_free(fs, directory);
}
