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

struct scratch *scratch_find(const struct node *node)
{
    return node->place->file;
}

struct scratch *scratch_named(const struct fs *fs, const struct node *node)
{
    const struct place *directory = directory_of(fs, node);
    struct scratch *scratch;

    if (!directory)
        return NULL;
    SLIST_FOREACH (scratch, &directory->scratch, link) {
        if (!strcmp(scratch->place->text, node->place->text))
            return scratch;
    }
    return NULL;
}

struct node scratch_node(const struct scratch *scratch)
{
    return scratch->place->alone;
}

bool scratch_has_files(const struct fs *fs, const struct node *node)
{
    const struct place *directory = directory_of(fs, node);
    size_t length = strlen(node->place->text);
    const struct scratch *scratch;

    if (!directory)
        return false;
    SLIST_FOREACH (scratch, &directory->scratch, link) {
        const char *name = scratch->place->text;

        if (!strncmp(name, node->place->text, length) && name[length] == '/')
            return true;
    }
    return false;
}

static struct scratch *new_scratch(struct fs *fs, const struct node *node)
{
    struct scratch *made = calloc(1, sizeof(*made));

    if (made)
        made->place = place_alone(fs->nodes, node);
    if (made && made->place) {
        made->place->file = made;
        return made;
    }
    free(made);
    return NULL;
}

static int add(struct fs *fs, const struct node *node, mode_t mode, struct scratch **scratch)
{
    struct place *directory = place_get(fs->nodes, node->place->app, node->place->stream, "");
    struct scratch *made = directory ? new_scratch(fs, node) : NULL;

    if (made) {
        made->mode = mode & 0777;
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
    scratch->place->file = NULL;
    place_drop(fs->nodes, scratch->place);
    buf_release(&scratch->content);
    free(scratch);
}

static void remove_from(struct fs *fs, struct place *directory, struct scratch *scratch)
{
    SLIST_REMOVE(&directory->scratch, scratch, scratch, link);
    scratch->place->removed = true;
    if (!scratch->opened)
        free_scratch(fs, scratch);
}

void scratch_remove(struct fs *fs, struct scratch *scratch)
{
    const struct node node = scratch_node(scratch);
    struct place *directory = place_hold(directory_of(fs, &node));

    remove_from(fs, directory, scratch);
    place_drop(fs->nodes, directory);
}

int scratch_rename(struct fs *fs, struct scratch *scratch, const struct node *to)
{
    const struct node node = scratch_node(scratch);
    struct place *from = directory_of(fs, &node);
    struct place *directory = place_get(fs->nodes, to->place->app, to->place->stream, "");
    struct scratch *old = scratch_named(fs, to);

    if (!directory)
        return -ENOMEM;
    place_hold(from);
    SLIST_REMOVE(&from->scratch, scratch, scratch, link);
    SLIST_INSERT_HEAD(&directory->scratch, scratch, link);
    place_rename(fs->nodes, scratch->place, to);
    if (old)
        remove_from(fs, directory, old);
    place_drop(fs->nodes, from);
    place_drop(fs->nodes, directory);
    return 0;
}

int scratch_replace(struct fs *fs, const struct node *node, const char *text, size_t size)
{
    struct scratch *old = scratch_named(fs, node);
    struct scratch *made;
    int status;

    /* An old one that nobody has open leaves its room. */
    if (fs->scratch_count >= SCRATCH_COUNT_MAX && (!old || old->opened))
        return -ENOSPC;
    status = add(fs, node, 0644, &made);
    if (status)
        return status;
    status = scratch_write(made, 0, text, size);
    if (status || old)
        scratch_remove(fs, status ? made : old);
    return status;
}

void scratch_remove_all(struct fs *fs, struct place *directory)
{
    while (!SLIST_EMPTY(&directory->scratch))
        remove_from(fs, directory, SLIST_FIRST(&directory->scratch));
}

/* What is looked for among all places. */
struct walk {
    const char *app; /* NULL: any */
    struct place *found;
};

static void find_directory(struct place *place, void *user)
{
    struct walk *walk = user;

    if (!SLIST_EMPTY(&place->scratch) && (!walk->app || !strcmp(place->app, walk->app)))
        walk->found = place;
}

static struct place *any_directory(struct fs *fs, const char *app)
{
    struct walk walk = {.app = app};

    place_each(fs->nodes, find_directory, &walk);
    return walk.found;
}

void scratch_remove_of_app(struct fs *fs, const char *app)
{
    struct place *directory;

    while ((directory = any_directory(fs, app))) {
        place_hold(directory);
        scratch_remove_all(fs, directory);
        place_drop(fs->nodes, directory);
    }
}

void scratch_open(struct scratch *scratch)
{
    scratch->opened++;
}

void scratch_close(struct fs *fs, struct scratch *scratch)
{
    if (!ALWAYS(scratch->opened > 0))
        return;
    if (!--scratch->opened && scratch->place->removed)
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
