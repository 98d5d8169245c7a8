#include "fs/lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"
#include "fs/handle.h"
#include "fs/known.h"
#include "fs/lease.h"
#include "fs/missing.h"
#include "fs/search.h"
#include "fs/tree.h"

/* A lookup holds its directory's lock in the kernel, and who waits for that cannot be killed: no
 * lookup waits longer, nor do those together that stood behind one which waited in vain. */
#define PATIENCE_MS 1000

/* What is looked up: the request's data. Its place is held. */

static void release_node(struct fs *fs, void *data)
{
    struct node *node = data;

    place_drop(fs->nodes, node->place);
    free(node);
}

static const struct node *node_looked_up(const struct request *request)
{
    return request->data;
}

/*
 * What is known of a file, or what those read who have it open. Up to this size sendfile(2) reads
 * for all of them: who was told of another one begins anew. -ENOMEM where it cannot be told.
 */
static int find_attributes(struct fs *fs, const struct node *node, struct stat *attr)
{
    const struct handle *opened = handle_opened(fs, node);
    int status = known_attributes(fs, node, ANY_AGE, attr);

    if (status == -ENOMEM)
        return status;
    if (status)
        tree_attributes(fs, node, opened ? opened->text.size : 0, WHEN_UNKNOWN, attr);
    if (!tree_is_directory(node->kind))
        handle_note_size(fs, node, (size_t)attr->st_size);
    return 0;
}

static void reply_found(struct request *request)
{
    const struct node *node = node_looked_up(request);
    struct stat attr;

    if (find_attributes(request->fs, node, &attr))
        request_refuse(request, ENOMEM, "no memory");
    else
        request_reply_entry(request, node, &attr, lease_give(request->fs, node));
}

static void reply_missing(struct request *request)
{
    request_deny(request, ENOENT);
}

/* Names that are in lists */

/*
 * A directory that mkdir could make here must not be found before it is there, nor must an app, nor
 * what the backend would not take.
 * Whether a stream or a partition is there whoever opens it, or asks for its attributes, is told.
 */
static bool is_found_unseen(const struct fs *fs, const struct node *node)
{
    const struct row *row = tree_row(node->kind);

    return row->naming != BY_APP && !row->strict && tree_takes(fs, node) &&
           !(row->make_needs & fs->backend->abilities);
}

/* Whoever stands behind one that waited and was not answered would wait for as long. */
static void on_failed(struct request *request, int code)
{
    struct fs *fs = request->fs;
    int64_t now = when_monotonic();
    bool answered = code == ENOENT || code == EACCES || code == EINTR;

    if (answered || now - request->started < PATIENCE_MS / 2)
        return;
    fs->waited_in_vain = now;
    fs->vain_code = code;
}

static void search(struct request *request)
{
    struct fs *fs = request->fs;

    if (fs->waited_in_vain && when_monotonic() < fs->waited_in_vain + PATIENCE_MS) {
        request_refuse(request, fs->vain_code, "no answer in time to the lookup before this one");
        return;
    }
    if (request->patience > PATIENCE_MS)
        request->patience = PATIENCE_MS;
    request->failed = on_failed;
    search_begin(request, node_looked_up(request), reply_found);
}

static void find_listed(struct request *request)
{
    const struct fs *fs = request->fs;
    const struct node *node = node_looked_up(request);
    struct question unused;
    int status = known_check(fs, node, cache_not_before(fs->settings.snapshot), &unused);

    if (status == -ENOENT)
        reply_missing(request);
    else if (!status || is_found_unseen(fs, node))
        reply_found(request);
    else
        search(request);
}

/* Files of fixed names, and temporary ones */

/* A kernel that was told by ESTALE that a file is not there looks it up again at once, and must
 * then learn that it is missing, however young the mount wants its answers to be. */
static int64_t not_before_for_absence(const struct fs *fs)
{
    int64_t snapshot = fs->settings.snapshot;

    return cache_not_before(snapshot < NAME_TIMEOUT_MS ? NAME_TIMEOUT_MS : snapshot);
}

/* A file is found unless something recent tells that nothing is committed there. */
static void find_file(struct request *request)
{
    const struct fs *fs = request->fs;
    const struct node *node = node_looked_up(request);
    struct stat unused;

    if (known_attributes(fs, node, not_before_for_absence(fs), &unused) == -ENOENT)
        reply_missing(request);
    else
        reply_found(request);
}

static void find_node(struct request *request)
{
    const struct node *node = node_looked_up(request);
    struct question unused;

    if (tree_is_directory(node->kind) ||
        tree_question(request->fs, node->kind, node->place, &unused))
        find_listed(request);
    else
        find_file(request);
}

static int become_own(struct nodes *nodes, struct node *node)
{
    struct place *own = place_own(nodes, node->place);

    if (!own)
        return -ENOMEM;
    place_drop(nodes, node->place);
    node->place = own;
    return 0;
}

/* What the name stands for: with a place of its own if the file is of those that have one, and of
 * directories the latest. */
static int find_child(struct request *request, struct node *child)
{
    struct nodes *nodes = request->fs->nodes;
    int status = tree_child(request->fs, &request->node, request->name, child);

    if (status)
        return status;
    status = tree_has_own_places(child->kind) ? become_own(nodes, child)
                                              : node_become_latest(nodes, child);
    if (status)
        place_drop(nodes, child->place);
    return status;
}

/* File managers look for words, such as .hidden and autorun.inf; who means a time begins it so. */
static void refuse_name(struct request *request, int code)
{
    const char *advice = when_advice(request->name);
    bool is_time = code == ENOENT && tree_has_times(request->node.kind) &&
                   strchr("@-0123456789", *request->name);

    request->quiet = !is_time;
    if (!is_time)
        request_refuse(request, code, code == ENOMEM ? "no memory" : "no such name");
    else
        request_refuse(request, code, "\"%.60s\" is not a time%s%s; a time is " WHEN_FORMS,
                       request->name, advice ? ": " : "", advice ? advice : "");
}

void lookup_name(fuse_req_t fuse, fuse_ino_t parent, const char *name)
{
    struct request *request = request_new(fuse, "lookup", parent, name);
    struct node *node = calloc(1, sizeof(*node));
    int status;

    if (!request || !node) {
        free(node);
        if (request)
            request_refuse(request, ENOMEM, "no memory");
        return;
    }
    request->quiet = true;
    status = find_child(request, node);
    if (status) {
        free(node);
        refuse_name(request, -status);
        return;
    }
    request->data = node;
    request->release_data = release_node;
    find_node(request);
}

void lookup_forget(fuse_req_t fuse, fuse_ino_t inode, uint64_t count)
{
    struct fs *fs = fuse_req_userdata(fuse);

    node_forget(fs->nodes, inode, count);
    fuse_reply_none(fuse);
}

void lookup_forget_many(fuse_req_t fuse, size_t count, struct fuse_forget_data *forgets)
{
    struct fs *fs = fuse_req_userdata(fuse);

    for (size_t i = 0; i < count; i++)
        node_forget(fs->nodes, forgets[i].ino, forgets[i].nlookup);
    fuse_reply_none(fuse);
}
