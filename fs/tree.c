#include "fs/tree.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/when.h"
#include "fs/scratch.h"

const struct row *tree_row(enum kind kind)
{
    return &tree_rows[kind];
}

enum kind tree_parent(enum kind kind)
{
    return tree_rows[kind].parent;
}

bool tree_is_fixed(enum kind kind)
{
    return tree_is_directory(kind) && tree_rows[kind].naming == NAMED &&
           (kind == ROOT || tree_rows[kind].parent == ROOT);
}

bool tree_question(const struct fs *fs, enum kind kind, const struct place *place,
                   struct question *question)
{
    const struct row *row = &tree_rows[kind];
    bool streams_of_app = row->list == WHAT_COMMITTED || fs->backend->abilities & APP_IS_OF_STREAM;

    if (row->naming == BY_APP)
        *question = (struct question){row->list, "", ""};
    else if (row->naming == BY_STREAM)
        *question = (struct question){row->list, streams_of_app ? place->app : "", ""};
    else
        *question = (struct question){row->list, place->app, place->stream};
    return row->naming == BY_APP || row->naming == BY_STREAM || row->naming == BY_PARTITION;
}

struct question tree_lags_question(const struct fs *fs, const char *app, const char *stream)
{
    return (struct question){fs->backend->states_lack_bounds ? WHAT_LAGS : WHAT_STATES, app,
                             stream};
}

bool tree_has_own_places(enum kind kind)
{
    enum source source = tree_rows[kind].source;

    return source == FROM_STATE || source == FROM_STATES || source == FROM_INFO ||
           source == FROM_TABLE || source == FROM_CURSOR || source == FROM_RECORDS ||
           source == FROM_PAGE || source == FROM_MOUNT;
}

bool tree_is_with_directory(enum kind kind)
{
    enum source source = tree_rows[kind].source;

    return source == FROM_NOWHERE || source == FROM_TABLE || source == FROM_CURSOR ||
           source == FROM_RECORDS;
}

bool tree_has_times(enum kind kind)
{
    for (enum kind child = APPS; child < KINDS; child++) {
        if (tree_rows[child].parent == kind && tree_rows[child].naming == BY_TIME)
            return true;
    }
    return false;
}

bool tree_has(const struct fs *fs, enum kind kind)
{
    return (tree_rows[kind].needs & fs->backend->abilities) == tree_rows[kind].needs;
}

/* Whether a name is of the form that a kind of naming takes. */
static bool name_fits(const struct fs *fs, const struct row *row, const char *name,
                      struct node *child)
{
    char sequence[SEQUENCE_MAX + 1];
    char id[FILE_NAME_ROOM];
    struct error error;
    int64_t time;

    switch (row->naming) {
    case NAMED:
        return !strcmp(name, row->name);
    case BY_APP:
    case BY_STREAM:
        return !name_from_file(name, id) && name_is_shown(id);
    case BY_PARTITION:
        return !partition_parse(name, &child->partition, &child->long_form);
    case BY_NUMBER:
        return decimal_is_unsigned(name) ||
               !backend_parse_sequence(fs->backend, name, sequence, &error);
    case BY_TIME:
        return !when_parse(name, when_now(), &time);
    case BY_CHANCE:
        return strlen(name) <= NAME_MAX;
    }
    return false;
}

/* The text of a directory for temporary files stands in front of theirs. */
static struct place *place_by_chance(const struct fs *fs, const struct place *parent,
                                     const char *name)
{
    char text[2 * NAME_MAX + 2];

    snprintf(text, sizeof(text), "%s%s%s", parent->text, *parent->text ? "/" : "", name);
    return place_get(fs->nodes, parent->app, parent->stream, text);
}

/* The place of a child that has the form of its row. */
static struct place *child_place(const struct fs *fs, const struct node *parent,
                                 const struct row *row, const char *name)
{
    const struct place *place = parent->place;
    char id[FILE_NAME_ROOM];

    switch (row->naming) {
    case NAMED:
    case BY_PARTITION:
        return place_hold(place_named(parent->place));
    case BY_APP:
        return name_from_file(name, id) ? NULL : place_get(fs->nodes, id, "", "");
    case BY_STREAM:
        return name_from_file(name, id) ? NULL : place_get(fs->nodes, place->app, id, "");
    case BY_NUMBER:
    case BY_TIME:
        return place_get(fs->nodes, place->app, place->stream, name);
    case BY_CHANCE:
        return place_by_chance(fs, place, name);
    }
    return NULL;
}

bool tree_takes(const struct fs *fs, const struct node *node)
{
    switch (tree_rows[node->kind].naming) {
    case BY_APP:
        return backend_takes_app(fs->backend, node->place->app);
    case BY_STREAM:
        return backend_takes_stream(fs->backend, node->place->stream);
    default:
        return true;
    }
}

/* A temporary file has a place for it alone; only what there is tells the directories for them from
 * these. */
static void find_scratch(const struct fs *fs, struct node *node)
{
    const struct scratch *scratch = scratch_named(fs, node);
    struct place *name = node->place;

    if (!scratch)
        return;
    *node = scratch_node(scratch);
    place_hold(node->place);
    place_drop(fs->nodes, name);
}

int tree_child(const struct fs *fs, const struct node *parent, const char *name, struct node *child)
{
    for (enum kind kind = APPS; kind < KINDS; kind++) {
        struct node found = *parent;

        if (tree_rows[kind].parent != parent->kind || !tree_has(fs, kind) ||
            !name_fits(fs, &tree_rows[kind], name, &found))
            continue;
        found.kind = kind;
        found.place = child_place(fs, parent, &tree_rows[kind], name);
        if (!found.place)
            return -ENOMEM;
        if (scratch_is(&found))
            find_scratch(fs, &found);
        *child = found;
        return 0;
    }
    return -ENOENT;
}

static const char *name_by_chance(const struct node *node, char room[static TREE_NAME_ROOM])
{
    const char *text = node->place->text;
    size_t directory = strcspn(text, "/");

    if (node->kind == SCRATCH_INSIDE)
        return text + directory + 1;
    snprintf(room, TREE_NAME_ROOM, "%.*s", (int)directory, text);
    return room;
}

const char *tree_name(const struct node *node, char room[static TREE_NAME_ROOM])
{
    switch (tree_rows[node->kind].naming) {
    case NAMED:
        break;
    case BY_APP:
        return name_to_file(node->place->app, room) ? "?" : room;
    case BY_STREAM:
        return name_to_file(node->place->stream, room) ? "?" : room;
    case BY_PARTITION:
        partition_format(node->partition, node->long_form, room);
        return room;
    case BY_NUMBER:
    case BY_TIME:
        return node->place->text;
    case BY_CHANCE:
        return name_by_chance(node, room);
    }
    return tree_rows[node->kind].name;
}

void tree_print_path(const struct node *node, struct buf *path)
{
    char room[TREE_NAME_ROOM];
    enum kind line[8];
    int depth = 0;

    for (enum kind kind = node->kind; kind != ROOT; kind = tree_rows[kind].parent)
        line[depth++] = kind;
    while (depth > 0) {
        struct node ancestor = *node;

        ancestor.kind = line[--depth];
        buf_puts(path, tree_name(&ancestor, room));
        if (depth)
            buf_puts(path, "/");
    }
}

static bool can_write(const struct fs *fs, enum kind kind)
{
    enum writes writes = tree_rows[kind].writes;

    if (fs->settings.read_only)
        return false;
    return writes != WRITES_BOUND || fs->backend->abilities & CAN_SET_BOUND;
}

void tree_attributes(const struct fs *fs, const struct node *node, size_t size, int64_t when,
                     struct stat *attr)
{
    mode_t mode = tree_rows[node->kind].mode & ~fs->settings.umask;

    if (!S_ISDIR(mode) && !can_write(fs, node->kind))
        mode &= ~(mode_t)0222;
    if (when == WHEN_UNKNOWN)
        when = fs->started;
    *attr = (struct stat){
        .st_ino = node_number(node),
        .st_mode = mode,
        .st_nlink = 1,
        .st_uid = fs->settings.uid,
        .st_gid = fs->settings.gid,
        .st_size = (off_t)size,
        .st_blocks = (blkcnt_t)((size + 511) / 512),
        .st_blksize = 65536,
    };
    attr->st_mtim.tv_sec = (time_t)(when / 1000000000 - (when % 1000000000 < 0));
    attr->st_mtim.tv_nsec = (long)((when % 1000000000 + 1000000000) % 1000000000);
    attr->st_ctim = attr->st_mtim;
    attr->st_atim = attr->st_mtim;
}
