#include "fs/attr.h"

#include <errno.h>
#include <unistd.h>

#include "base/when.h"
#include "fs/file.h"
#include "fs/handle.h"
#include "fs/known.h"
#include "fs/lease.h"
#include "fs/overview.h"
#include "fs/scratch.h"
#include "fs/search.h"
#include "fs/snapshot.h"
#include "fs/tree.h"

/* Each request needs the attributes, and then goes on. */

static void with_attributes(struct request *request, const struct stat *attr)
{
    if (request->then)
        request->then(request);
    else
        request_reply_attr(request, attr, lease_give(request->fs, &request->node));
}

/*
 * Under default_permissions the kernel asks for attributes before every open, also of a file that
 * is about to be made, and would fail the open by ENOENT. At ESTALE it looks the name up again and
 * learns there that there is no such file: so each call ends as it does for any missing file. Only
 * fstat(2) cannot look again: it sees ESTALE of a checkpoint that somebody else has removed.
 */
static void refuse_missing(struct request *request)
{
    if (request->then)
        request_deny(request, ENOENT);
    else
        request_reply_gone(request);
}

/* Files */

/* Of an open file whose checkpoint was removed. */
static void reply_removed(struct request *request, const struct handle *handle)
{
    struct stat attr;

    tree_attributes(request->fs, &request->node, handle_content(handle)->size, WHEN_UNKNOWN, &attr);
    attr.st_nlink = 0;
    request_reply_attr(request, &attr, 0);
}

static void reply_as_known(struct request *request, int status, const struct stat *attr)
{
    const struct handle *removed = status ? handle_removed(request->fs, &request->node) : NULL;

    if (!status) {
        handle_note_size(request->fs, &request->node, (size_t)attr->st_size);
        with_attributes(request, attr);
    } else if (removed && !request->then) {
        reply_removed(request, removed);
    } else if (status != -ENOENT) {
        request_refuse(request, ENOMEM, "no memory");
    } else {
        refuse_missing(request);
    }
}

static void reply_known(struct request *request)
{
    struct stat attr;
    int status = known_attributes(request->fs, &request->node, ANY_AGE, &attr);

    reply_as_known(request, status, &attr);
}

/* What tells of a file that no state of one partition tells of. */
static struct question question_of(const struct node *node)
{
    if (tree_row(node->kind)->source == FROM_STATES)
        return (struct question){WHAT_STATES, node->place->app, node->place->stream};
    return (struct question){WHAT_INFO, "", node->place->stream};
}

static void reply_file(struct request *request);

/* Somebody who shared the answer may have dropped it already: then it is asked for again. */
static void on_told(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;
    struct stat attr;
    int status;

    (void)answer;
    if (!request_answered(request, error))
        return;
    status = known_attributes(request->fs, &request->node, ANY_AGE, &attr);
    if (status == -EAGAIN)
        reply_file(request);
    else
        reply_as_known(request, status, &attr);
}

static void reply_file(struct request *request)
{
    struct fs *fs = request->fs;
    const struct node *node = &request->node;
    struct question question = question_of(node);
    struct ask ask = request_ask(request, on_told);
    struct stat attr;
    int status = known_attributes(fs, node, cache_not_before(fs->settings.snapshot), &attr);

    request->quiet = true;
    if (status != -EAGAIN && tree_row(node->kind)->print)
        snapshot_note_look(fs, node);
    if (status != -EAGAIN)
        reply_as_known(request, status, &attr);
    else if (tree_row(node->kind)->print)
        snapshot_need(request, node, reply_known);
    else
        request_wait(request, cache_get(fs->cache, &question, &ask));
}

/* Directories, and files that are wherever their directory is */

static void reply_found(struct request *request)
{
    struct stat attr;

    tree_attributes(request->fs, &request->node, 0, WHEN_UNKNOWN, &attr);
    with_attributes(request, &attr);
}

/* What programs hold of a directory after it was removed. */
static void reply_former(struct request *request)
{
    struct stat attr;

    tree_attributes(request->fs, &request->node, 0, WHEN_UNKNOWN, &attr);
    attr.st_nlink = 0;
    with_attributes(request, &attr);
}

/* A file with an inode of its own has the attributes of the text that its program reads. */
static bool reply_as_opened(struct request *request)
{
    const struct handle *handle = handle_opened(request->fs, &request->node);
    struct stat attr;

    if (!handle || !handle->loaded || !tree_has_own_places(request->node.kind))
        return false;
    tree_attributes(request->fs, &request->node, handle->text.size, handle->when, &attr);
    if (handle->in_pages && !request->then)
        request_reply_final_attr(request, &attr);
    else
        with_attributes(request, &attr);
    return true;
}

/* The overview */

static void tell_page(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;
    struct fs *fs = request->fs;

    if (!request_answered(request, error))
        return;
    if (kept_tell(&fs->overview) || kept_put(&fs->overview, fs->loop, answer->text))
        reply_known(request);
    else
        request_refuse(request, ENOMEM, "no memory");
}

/* Browsers take the size of a file before they open it: so the page is made here. Only who looks up
 * its name, which is in no listing, comes here. */
static void reply_page(struct request *request)
{
    struct fs *fs = request->fs;
    struct ask ask = request_ask(request, tell_page);

    if (request->then || kept_tell(&fs->overview))
        reply_known(request);
    else
        request_wait(request, overview_make(fs, &ask));
}

static void reply(struct request *request)
{
    if (reply_as_opened(request))
        return;
    if (tree_is_directory(request->node.kind) &&
        node_is_removed(request->fs->nodes, &request->node))
        reply_former(request);
    else if (tree_is_with_directory(request->node.kind))
        search_begin(request, &request->node, reply_found);
    else if (tree_row(request->node.kind)->source == FROM_PAGE)
        reply_page(request);
    else
        reply_file(request);
}

void attr_get(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info)
{
    struct request *request = request_new(fuse, "getattr", inode, NULL);

    (void)info;
    if (request)
        reply(request);
}

static void check_access(struct request *request)
{
    struct stat attr;

    tree_attributes(request->fs, &request->node, 0, WHEN_UNKNOWN, &attr);
    if (request->mask & W_OK && !(attr.st_mode & 0222))
        request_deny(request, EROFS);
    else if (request->mask & X_OK && !(attr.st_mode & 0111))
        request_deny(request, EACCES);
    else
        request_succeed(request);
}

void attr_access(fuse_req_t fuse, fuse_ino_t inode, int mask)
{
    struct request *request = request_new(fuse, "access", inode, NULL);

    if (!request)
        return;
    request->mask = mask;
    request->then = check_access;
    reply(request);
}

/* Only temporary files have modes of their own, which go with them. */
static void set_mode(const struct request *request, mode_t mode)
{
    struct scratch *scratch = scratch_find(&request->node);

    if (scratch)
        scratch->mode = mode & 0777;
}

static int set_size(const struct request *request, size_t size, const struct fuse_file_info *info)
{
    struct scratch *scratch = scratch_find(&request->node);

    if (info)
        return file_truncate(handle_of(info), size);
    if (scratch)
        return scratch_resize(scratch, size);
    file_cut(request->fs, &request->node, size);
    return 0;
}

/*
 * Truncating alone commits nothing. Modes, owners and times stay what they are, and setting them
 * succeeds, for install(1), rsync -a, tar x and logrotate do so after they have done their work.
 * The kernel lets in whoever mounted, or else checks who may do it.
 */
void attr_set(fuse_req_t fuse, fuse_ino_t inode, struct stat *attr, int to_set,
              struct fuse_file_info *info)
{
    struct request *request = request_new(fuse, "setattr", inode, NULL);
    int status = 0;

    if (!request)
        return;
    if (to_set & FUSE_SET_ATTR_MODE)
        set_mode(request, attr->st_mode);
    if (to_set & FUSE_SET_ATTR_SIZE)
        status = set_size(request, (size_t)attr->st_size, info);
    if (status)
        request_refuse(request, -status, "the file would be too large");
    else
        reply(request);
}

void attr_statfs(fuse_req_t fuse, fuse_ino_t inode)
{
    struct statvfs stat = {.f_bsize = 4096, .f_frsize = 4096, .f_namemax = 255};

    (void)inode;
    fuse_reply_statfs(fuse, &stat);
}
