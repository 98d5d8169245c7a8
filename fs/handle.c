#include "fs/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "api/records.h"
#include "base/always.h"
#include "base/hash.h"
#include "base/when.h"
#include "fs/tree.h"

bool handle_writes(int flags)
{
    return (flags & O_ACCMODE) != O_RDONLY;
}

static bool is_counted(const struct handle *handle)
{
    enum source source = tree_row(handle->node.kind)->source;

    return source == FROM_RECORDS || source == FROM_STATES || source == FROM_TABLE ||
           source == FROM_PAGE;
}

static void uncount_text(struct handle *handle)
{
    if (is_counted(handle) && ALWAYS(handle->fs->batch_bytes >= handle->text.size))
        handle->fs->batch_bytes -= handle->text.size;
}

int handle_take_text(struct handle *handle, const char *text, size_t size)
{
    struct fs *fs = handle->fs;

    uncount_text(handle);
    buf_reset(&handle->text);
    if (is_counted(handle) && size > BATCHES_MAX - fs->batch_bytes)
        return -EFBIG;
    buf_add(&handle->text, text, size);
    if (is_counted(handle))
        fs->batch_bytes += handle->text.size;
    return buf_error(&handle->text);
}

static void release_text(struct handle *handle)
{
    uncount_text(handle);
    buf_release(&handle->text);
}

size_t handle_list(const struct node *node)
{
    return hash_number(node_file(node)) % HANDLE_LISTS;
}

struct handle *handle_new(struct fs *fs, const struct node *node, int flags)
{
    struct handle *handle = calloc(1, sizeof(*handle));

    if (!handle)
        return NULL;
    handle->fs = fs;
    handle->node = *node;
    handle->flags = flags;
    handle->when = WHEN_UNKNOWN;
    place_hold(node->place);
    buf_init(&handle->text, is_counted(handle) ? BATCHES_MAX : LINES_MAX);
    buf_init(&handle->line, RECORD_MAX);
    content_init(&handle->content, handle_writes(flags), node->kind == SAVED, flags & O_APPEND);
    LIST_INSERT_HEAD(&fs->handles[handle_list(node)], handle, link);
    fs->handle_count++;
    return handle;
}

void handle_take_poll(struct handle *handle, struct fuse_pollhandle *poll)
{
    handle_forget_poll(handle);
    handle->poll = poll;
    LIST_INSERT_HEAD(&handle->fs->watched, handle, watched);
}

void handle_forget_poll(struct handle *handle)
{
    if (!handle->poll)
        return;
    fuse_pollhandle_destroy(handle->poll);
    handle->poll = NULL;
    LIST_REMOVE(handle, watched);
}

void handle_free(struct handle *handle)
{
    struct fs *fs = handle->fs;

    LIST_REMOVE(handle, link);
    if (ALWAYS(fs->handle_count > 0))
        fs->handle_count--;
    handle_forget_poll(handle);
    if (handle->scratch)
        scratch_close(fs, handle->scratch);
    release_text(handle);
    buf_release(&handle->line);
    content_release(&handle->content);
    place_drop(fs->nodes, handle->node.place);
    free(handle);
}

const struct buf *handle_text(const struct handle *handle)
{
    const struct row *row = tree_row(handle->node.kind);

    return row->source == FROM_JOURNAL ? &row->lines(handle->fs)->text : &handle->text;
}

const struct buf *handle_content(const struct handle *handle)
{
    if (handle->scratch)
        return &handle->scratch->content;
    return handle->content.is_file && handle_writes(handle->flags) ? &handle->content.text
                                                                   : handle_text(handle);
}

const struct handle *handle_writer(const struct fs *fs, const struct node *node)
{
    const struct handle *handle;
    uint64_t file = node_file(node);

    LIST_FOREACH (handle, &fs->handles[handle_list(node)], link) {
        if (handle_writes(handle->flags) && !handle->removed && node_file(&handle->node) == file)
            return handle;
    }
    return NULL;
}

const struct handle *handle_opened(const struct fs *fs, const struct node *node)
{
    const struct handle *handle;
    uint64_t inode = node_inode(node);

    LIST_FOREACH (handle, &fs->handles[handle_list(node)], link) {
        if (handle->opened && node_inode(&handle->node) == inode)
            return handle;
    }
    return NULL;
}

void handle_note_size(struct fs *fs, const struct node *node, size_t size)
{
    struct handle *handle;
    uint64_t inode = node_inode(node);

    LIST_FOREACH (handle, &fs->handles[handle_list(node)], link) {
        if (node_inode(&handle->node) == inode && handle->text.size != size)
            handle->stale = true;
    }
}

const struct handle *handle_removed(const struct fs *fs, const struct node *node)
{
    const struct handle *handle;
    uint64_t file = node_file(node);

    LIST_FOREACH (handle, &fs->handles[handle_list(node)], link) {
        if (handle->removed && node_file(&handle->node) == file)
            return handle;
    }
    return NULL;
}

static bool is_of_partition(const struct node *a, const struct node *b)
{
    return a->partition == b->partition && !strcmp(a->place->app, b->place->app) &&
           !strcmp(a->place->stream, b->place->stream);
}

static void note_removed(struct handles *handles, const struct node *node)
{
    struct handle *handle;

    LIST_FOREACH (handle, handles, link) {
        enum kind kind = handle->node.kind;

        if ((kind == CHECKPOINT || kind == METADATA || kind == SAVED) &&
            is_of_partition(&handle->node, node))
            handle->removed = true;
    }
}

void handle_note_removed(struct fs *fs, const struct node *node)
{
    for (size_t i = 0; i < HANDLE_LISTS; i++)
        note_removed(&fs->handles[i], node);
}

void handle_free_all(struct fs *fs)
{
    struct handle *handle;

    for (size_t i = 0; i < HANDLE_LISTS; i++) {
        while ((handle = LIST_FIRST(&fs->handles[i])))
            /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): freed ones have left the list */
            handle_free(handle);
    }
}
