#include "fs/attr.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/when.h"
#include "fs/file.h"
#include "fs/handle.h"
#include "fs/lookup.h"
#include "fs/snapshot.h"
#include "fs/tree.h"

/* What is known */

static int from_state(const struct fs *fs, const struct node *node, const struct state *state,
                      struct stat *attr)
{
    struct buf text = BUF_INIT(JOURNAL_MAX);
    const struct row *row = tree_row(node->kind);
    int status = row->print(fs, node, state, &text);
    bool is_told = row->detail != DETAIL_ALL || state->latest || !fs->backend->is_brief;

    if (!status || status == -ENODATA)
        tree_attributes(fs, node, is_told ? text.size : 0, state->committed, attr);
    buf_release(&text);
    return status;
}

static int from_states(const struct fs *fs, const struct node *node, int64_t not_before,
                       struct stat *attr)
{
    bool whole = tree_row(node->kind)->source == FROM_STATE;
    struct state state;
    int status = cache_state(fs->cache, node->place->app, node->place->stream, node->partition,
                             not_before, whole, &state);

    if (!status)
        status = from_state(fs, node, &state, attr);
    if (status != -ENODATA)
        return status;
    /* What the backend does not tell is a file all the same; opening it says why it is empty. */
    return whole || not_before == ANY_AGE ? 0 : -EAGAIN;
}

static int from_info(const struct fs *fs, const struct node *node, int64_t not_before,
                     struct stat *attr)
{
    struct question question = {WHAT_INFO, "", node->place->stream};
    struct answer answer;

    if (!cache_peek(fs->cache, &question, not_before, &answer))
        return -EAGAIN;
    tree_attributes(fs, node, strlen(answer.text) + 1, WHEN_UNKNOWN, attr);
    return 0;
}

static int from_mount(const struct fs *fs, const struct node *node, struct stat *attr)
{
    struct buf text = BUF_INIT(JOURNAL_MAX);

    tree_row(node->kind)->print_mount(fs, &text);
    tree_attributes(fs, node, text.size, when_now(), attr);
    buf_release(&text);
    return 0;
}

static int from_scratch(const struct fs *fs, const struct node *node, struct stat *attr)
{
    const struct scratch *scratch = scratch_find(fs, node);

    if (!scratch) {
        const struct handle *writer = handle_writer(fs, node);

        scratch = writer ? writer->scratch : NULL;
    }
    if (!scratch)
        return -ENOENT;
    tree_attributes(fs, node, scratch->content.size, scratch->changed, attr);
    attr->st_mode = S_IFREG | scratch->mode;
    return 0;
}

/* A checkpoint that is being written exists for its writer, with what was written so far. */
static int from_writer(const struct fs *fs, const struct node *node, struct stat *attr)
{
    const struct handle *writer = handle_writer(fs, node);

    if (!writer)
        return -ENOENT;
    tree_attributes(fs, node, writer->content.size, when_now(), attr);
    return 0;
}

int attr_known(const struct fs *fs, const struct node *node, int64_t not_before, struct stat *attr)
{
    const struct row *row = tree_row(node->kind);
    int status = 0;

    if (node->kind == SCRATCH)
        return from_scratch(fs, node, attr);
    switch (row->source) {
    case FROM_CHECKPOINT:
    case FROM_STATE:
    case FROM_SNAPSHOT:
        status = from_states(fs, node, not_before, attr);
        return status == -ENOENT && row->write ? from_writer(fs, node, attr) : status;
    case FROM_INFO:
        return from_info(fs, node, not_before, attr);
    case FROM_MOUNT:
    case FROM_JOURNAL:
        return from_mount(fs, node, attr);
    case FROM_CURSOR:
    case FROM_NOWHERE:
        tree_attributes(fs, node, 0, WHEN_UNKNOWN, attr);
        break;
    }
    return 0;
}

/* The requests. Each needs the attributes, and then goes on. */

static void with_attributes(struct request *request, int status, const struct stat *attr)
{
    if (status)
        request_refuse(request, ENOENT, "nothing is committed there");
    else if (request->then)
        request->then(request);
    else
        request_reply_attr(request, attr);
}

/* What is known as of a time, of a file or of a directory; -EAGAIN and the question to be asked. */
static int known(const struct fs *fs, const struct node *node, int64_t not_before,
                 struct stat *attr, struct question *question)
{
    int status;

    if (tree_is_directory(node->kind)) {
        status = lookup_check(fs, node, not_before, question);
        tree_attributes(fs, node, 0, WHEN_UNKNOWN, attr);
        return status;
    }
    *question = (struct question){WHAT_INFO, "", node->place->stream};
    return attr_known(fs, node, not_before, attr);
}

static void reply_known(struct request *request)
{
    struct question question;
    struct stat attr;
    int status = known(request->fs, &request->node, ANY_AGE, &attr, &question);

    with_attributes(request, status == -EAGAIN ? -ENOENT : status, &attr);
}

static void on_asked(void *user, const struct error *error, const struct answer *answer)
{
    (void)answer;
    if (request_answered(user, error))
        reply_known(user);
}

static void reply(struct request *request)
{
    struct fs *fs = request->fs;
    struct ask ask = request_ask(request, on_asked);
    struct question question;
    struct stat attr;
    int status = known(fs, &request->node, fs_not_before(fs->settings.snapshot), &attr, &question);

    request->quiet = true;
    if (status != -EAGAIN)
        with_attributes(request, status, &attr);
    else if (tree_row(request->node.kind)->print)
        snapshot_need(request, &request->node, reply_known);
    else
        request_wait(request, cache_get(fs->cache, &question, &ask));
}

void attr_get(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info)
{
    struct request *request = request_new(fuse, "getattr", inode, NULL);

    (void)info;
    if (request)
        reply(request);
}

/* What the program asked for is in request->size: the mask of access(2). */
static void check_access(struct request *request)
{
    struct stat attr;

    tree_attributes(request->fs, &request->node, 0, WHEN_UNKNOWN, &attr);
    if (request->size & W_OK && !(attr.st_mode & 0222))
        request_refuse(request, EROFS, "this can only be read");
    else if (request->size & X_OK && !(attr.st_mode & 0111))
        request_refuse(request, EACCES, "this is no program");
    else
        request_succeed(request);
}

void attr_access(fuse_req_t fuse, fuse_ino_t inode, int mask)
{
    struct request *request = request_new(fuse, "access", inode, NULL);

    if (!request)
        return;
    request->size = (size_t)mask;
    request->then = check_access;
    reply(request);
}

/* Mode and owner: what changes nothing succeeds, so that cp -p and tar x can restore; temporary
 * files take any mode, for it goes with them. */
static int set_mode_and_owner(const struct request *request, const struct stat *wanted, int to_set)
{
    struct scratch *scratch =
        request->node.kind == SCRATCH ? scratch_find(request->fs, &request->node) : NULL;
    struct stat now;

    tree_attributes(request->fs, &request->node, 0, WHEN_UNKNOWN, &now);
    if (to_set & FUSE_SET_ATTR_UID && wanted->st_uid != now.st_uid)
        return -EPERM;
    if (to_set & FUSE_SET_ATTR_GID && wanted->st_gid != now.st_gid)
        return -EPERM;
    if (!(to_set & FUSE_SET_ATTR_MODE))
        return 0;
    if (scratch)
        scratch->mode = wanted->st_mode & 0777;
    else if ((wanted->st_mode & 07777) != (now.st_mode & 07777))
        return -EPERM;
    return 0;
}

static int set_size(const struct request *request, size_t size, const struct fuse_file_info *info)
{
    struct scratch *scratch =
        request->node.kind == SCRATCH ? scratch_find(request->fs, &request->node) : NULL;

    if (info)
        return file_truncate(handle_of(info), size);
    return scratch ? scratch_resize(scratch, size) : 0;
}

/* Truncating alone commits nothing; times are what they are. */
void attr_set(fuse_req_t fuse, fuse_ino_t inode, struct stat *attr, int to_set,
              struct fuse_file_info *info)
{
    struct request *request = request_new(fuse, "setattr", inode, NULL);
    int status;

    if (!request)
        return;
    status = set_mode_and_owner(request, attr, to_set);
    if (!status && to_set & FUSE_SET_ATTR_SIZE)
        status = set_size(request, (size_t)attr->st_size, info);
    if (status)
        request_refuse(request, -status, "%s",
                       status == -EPERM ? "mode and owner are those of the mount"
                                        : "the file would be too large");
    else
        reply(request);
}

void attr_statfs(fuse_req_t fuse, fuse_ino_t inode)
{
    struct statvfs stat = {.f_bsize = 4096, .f_frsize = 4096, .f_namemax = 255};

    (void)inode;
    fuse_reply_statfs(fuse, &stat);
}
