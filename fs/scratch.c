#include "fs/scratch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/always.h"
#include "base/when.h"

/* The place of a node's directory, if anybody knows it; not held. */
static struct place *directory_of(const struct fs *fs, const struct node *node)
{
    return place_find(fs->nodes, node->place->app, node->place->stream, "");
}

bool scratch_is(const struct node *node)
{
    return node->kind == SCRATCH || node->kind == SCRATCH_DIRECTORY || node->kind == SCRATCH_INSIDE;
}

static struct scratch *find_named(const struct place *directory, const char *name, size_t length,
                                  bool is_directory)
{
    struct scratch *scratch;

    SLIST_FOREACH (scratch, &directory->scratch, link) {
        if (!strncmp(scratch->name, name, length) && !scratch->name[length] &&
            scratch->is_directory == is_directory)
            return scratch;
    }
    return NULL;
}

struct scratch *scratch_find(const struct fs *fs, const struct node *node)
{
    const struct place *directory = scratch_is(node) ? directory_of(fs, node) : NULL;
    const char *name = node->place->text;

    return directory ? find_named(directory, name, strlen(name), node->kind == SCRATCH_DIRECTORY)
                     : NULL;
}

bool scratch_has_files(const struct fs *fs, const struct node *node)
{
    const struct place *directory = directory_of(fs, node);
    size_t length = strlen(node->place->text);
    const struct scratch *scratch;

    if (!directory)
        return false;
    SLIST_FOREACH (scratch, &directory->scratch, link) {
        if (!strncmp(scratch->name, node->place->text, length) && scratch->name[length] == '/')
            return true;
    }
    return false;
}

static struct scratch *new_scratch(const char *name)
{
    struct scratch *made = calloc(1, sizeof(*made));

    if (made)
        made->name = strdup(name);
    if (made && made->name)
        return made;
    free(made);
    return NULL;
}

static int add(struct fs *fs, const struct node *node, mode_t mode, struct scratch **scratch)
{
    struct place *directory = place_get(fs->nodes, node->place->app, node->place->stream, "");
    struct scratch *made = directory ? new_scratch(node->place->text) : NULL;

    if (made) {
        made->mode = mode & 0777;
        made->is_directory = node->kind == SCRATCH_DIRECTORY;
        made->changed = when_now();
        buf_init(&made->content, SCRATCH_SIZE_MAX);
        SLIST_INSERT_HEAD(&directory->scratch, made, link);
        fs->scratch_count++;
        *scratch = made;
    }
    if (directory)
        place_drop(fs->nodes, directory);
    return made ? 0 : -ENOMEM;
}

int scratch_make(struct fs *fs, const struct node *node, mode_t mode, struct scratch **scratch)
{
    return fs->scratch_count >= SCRATCH_COUNT_MAX ? -ENOSPC : add(fs, node, mode, scratch);
}

static void free_scratch(struct fs *fs, struct scratch *scratch)
{
    if (ALWAYS(fs->scratch_count > 0))
        fs->scratch_count--;
    buf_release(&scratch->content);
    free(scratch->name);
    free(scratch);
}

static void remove_from(struct fs *fs, struct place *directory, struct scratch *scratch)
{
    SLIST_REMOVE(&directory->scratch, scratch, scratch, link);
    scratch->removed = true;
    if (!scratch->opened)
        free_scratch(fs, scratch);
}

static void remove_at(struct fs *fs, const struct node *node, struct scratch *scratch)
{
    struct place *directory = directory_of(fs, node);

    if (!scratch)
        return;
    place_hold(directory);
    remove_from(fs, directory, scratch);
    place_drop(fs->nodes, directory);
}

void scratch_remove(struct fs *fs, const struct node *node)
{
    remove_at(fs, node, scratch_find(fs, node));
}

static void move(struct fs *fs, struct scratch *scratch, struct place *from, struct place *to)
{
    place_hold(from);
    SLIST_REMOVE(&from->scratch, scratch, scratch, link);
    SLIST_INSERT_HEAD(&to->scratch, scratch, link);
    place_drop(fs->nodes, from);
}

int scratch_rename(struct fs *fs, const struct node *from, const struct node *to)
{
    struct scratch *scratch = scratch_find(fs, from);
    struct place *directory = place_get(fs->nodes, to->place->app, to->place->stream, "");
    char *name = strdup(to->place->text);
    bool good = directory && name;

    if (good) {
        scratch_remove(fs, to);
        move(fs, scratch, directory_of(fs, from), directory);
        free(scratch->name);
        scratch->name = name;
    } else {
        free(name);
    }
    if (directory)
        place_drop(fs->nodes, directory);
    return good ? 0 : -ENOMEM;
}

int scratch_replace(struct fs *fs, const struct node *node, const char *text, size_t size)
{
    struct scratch *old = scratch_find(fs, node);
    struct scratch *made;
    int status;

    /* An old one that nobody has open leaves its room. */
    if (fs->scratch_count >= SCRATCH_COUNT_MAX && (!old || old->opened))
        return -ENOSPC;
    status = add(fs, node, 0644, &made);
    if (status)
        return status;
    status = scratch_write(made, 0, text, size);
    remove_at(fs, node, status ? made : old);
    return status;
}

void scratch_remove_all(struct fs *fs, struct place *directory)
{
    while (!SLIST_EMPTY(&directory->scratch))
        remove_from(fs, directory, SLIST_FIRST(&directory->scratch));
}

void scratch_open(struct scratch *scratch)
{
    scratch->opened++;
}

void scratch_close(struct fs *fs, struct scratch *scratch)
{
    if (!ALWAYS(scratch->opened > 0))
        return;
    if (!--scratch->opened && scratch->removed)
        free_scratch(fs, scratch);
}

/* Ends a change: an error is told, and does not stick. */
static int changed(struct scratch *scratch)
{
    int status = buf_error(&scratch->content);

    scratch->content.error = 0;
    if (!status)
        scratch->changed = when_now();
    return status;
}

int scratch_write(struct scratch *scratch, size_t offset, const char *data, size_t size)
{
    buf_write_at(&scratch->content, offset, data, size);
    return changed(scratch);
}

int scratch_resize(struct scratch *scratch, size_t size)
{
    buf_resize(&scratch->content, size);
    return changed(scratch);
}
