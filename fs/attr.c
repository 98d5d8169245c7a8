#include "fs/attr.h"

#include <errno.h>
#include <unistd.h>

#include "base/when.h"
#include "fs/file.h"
#include "fs/handle.h"
#include "fs/known.h"
#include "fs/scratch.h"
#include "fs/snapshot.h"
#include "fs/tree.h"

/* Each request needs the attributes, and then goes on. */

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
        status = known_check(fs, node, not_before, question);
        tree_attributes(fs, node, 0, WHEN_UNKNOWN, attr);
        return status;
    }
    *question = (struct question){WHAT_INFO, "", node->place->stream};
    return known_attributes(fs, node, not_before, attr);
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
    int status =
        known(fs, &request->node, cache_not_before(fs->settings.snapshot), &attr, &question);

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

static void check_access(struct request *request)
{
    struct stat attr;

    tree_attributes(request->fs, &request->node, 0, WHEN_UNKNOWN, &attr);
    if (request->mask & W_OK && !(attr.st_mode & 0222))
        request_refuse(request, EROFS, "this can only be read");
    else if (request->mask & X_OK && !(attr.st_mode & 0111))
        request_refuse(request, EACCES, "this is no program");
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

/* Mode and owner: what changes nothing succeeds, so that cp -p and tar x can restore; temporary
 * files take any mode, for it goes with them. */
static int set_mode_and_owner(const struct request *request, const struct stat *wanted, int to_set)
{
    struct scratch *scratch = scratch_find(request->fs, &request->node);
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
    struct scratch *scratch = scratch_find(request->fs, &request->node);

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
