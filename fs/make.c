#include "fs/make.h"

#include <errno.h>
#include <string.h>

#include "base/when.h"
#include "fs/handle.h"
#include "fs/known.h"
#include "fs/made.h"
#include "fs/scratch.h"
#include "fs/tree.h"
#include "fs/write.h"

/* What a request makes or removes. */
static void set_target(struct request *request, const struct node *node)
{
    request->target = *node;
    place_hold(node->place);
}

/* Starts a change of the target. */
static void start_change(struct request *request, enum what_changes what, done_fn *done)
{
    struct change_order order = request_change(request, what, &request->target);

    request_start_change(request, &order, done);
}

static void reply_made(struct request *request)
{
    struct stat attr;

    if (node_become_latest(request->fs->nodes, &request->target)) {
        request_refuse(request, ENOMEM, "no memory");
        return;
    }
    tree_attributes(request->fs, &request->target, 0, when_now(), &attr);
    request_reply_entry(request, &request->target, &attr, 0);
}

static void reply_removed(struct request *request)
{
    node_note_removed(request->fs->nodes, &request->target);
    request_succeed(request);
}

static bool has(const struct request *request, enum ability ability)
{
    return request->fs->backend->abilities & ability;
}

/* Whether the backend makes and removes what a row stands for. */
static bool can_make(const struct request *request, const struct row *row)
{
    return !row->make_needs || request->fs->backend->abilities & row->make_needs;
}

static void refuse_making(struct request *request)
{
    request_refuse(request, EPERM, "the service's streams and partitions are not made here");
}

/* Making */

static void on_made(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;

    (void)answer;
    if (request_answered(request, error))
        reply_made(request);
}

/* An app that its service makes later, on a stream or with the first commit, is a directory of this
 * mount until then. */
static void make_empty_app(struct request *request)
{
    made_set(request->fs, request->target.place, true);
    if (request->target.place->made)
        reply_made(request);
    else
        request_refuse(request, ENOSPC, "%d directories are empty already", MADE_MAX);
}

/* What else is planned finds it. */
static void on_app_planned(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;

    (void)answer;
    if (request_answered(request, error))
        make_empty_app(request);
}

void make_app(struct request *request, const struct node *child)
{
    set_target(request, child);
    if (has(request, CAN_MAKE_APP))
        start_change(request, MAKE_APP, request->fs->settings.plan ? on_app_planned : on_made);
    else
        make_empty_app(request);
}

void make_stream(struct request *request, const struct node *child)
{
    set_target(request, child);
    start_change(request, MAKE_STREAM, on_made);
}

static void on_app_stream_made(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;

    if (!error && !request->fs->settings.plan)
        made_set_app(request->fs, request->target.place->app, false);
    on_made(request, error, answer);
}

void make_app_stream(struct request *request, const struct node *child)
{
    if (!has(request, APP_IS_OF_STREAM)) {
        make_stream(request, child);
        return;
    }
    set_target(request, child);
    start_change(request, MAKE_APP, on_app_stream_made);
}

void make_partition(struct request *request, const struct node *child)
{
    set_target(request, child);
    start_change(request, MAKE_PARTITION, on_made);
}

/* `mkdir checkpoints/APP/STREAM` prepares for the commits that follow it (cp -r, tar x): the
 * stream, or the app on it, may well exist. */
static void on_saved_stream(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;
    bool existed = error && error->code == EEXIST;

    (void)answer;
    if (!request_answered(request, existed ? NULL : error))
        return;
    made_set(request->fs, request->target.place, true);
    if (has(request, APP_IS_OF_STREAM) && !request->fs->settings.plan) {
        request->target.place->created = request->target.place->made && !existed;
        made_set_app(request->fs, request->target.place->app, false);
    }
    reply_made(request);
}

void make_saved_stream(struct request *request, const struct node *child)
{
    struct ask ask = request_ask(request, on_saved_stream);

    set_target(request, child);
    if (has(request, APP_IS_OF_STREAM))
        start_change(request, MAKE_APP, on_saved_stream);
    else if (has(request, CAN_MAKE_STREAM))
        start_change(request, MAKE_STREAM, on_saved_stream);
    else
        request_wait(request,
                     backend_describe_stream(request->fs->backend, child->place->stream, &ask));
}

/* rsync --delay-updates and --partial-dir put files there; without it they leave them out and
 * succeed. Whoever makes a directory that is not hidden means it to last. */
void make_scratch_directory(struct request *request, const struct node *child)
{
    struct node directory = *child;
    struct scratch *made;
    int status;

    directory.kind = SCRATCH_DIRECTORY;
    if (*request->name != '.') {
        request_refuse(request, EPERM,
                       "only directories for temporary files are made here, with a dot in front");
        return;
    }
    status = scratch_find(child) ? -EEXIST : scratch_make(request->fs, &directory, 0, &made);
    if (status) {
        request_refuse(request, -status, "no directory for temporary files: %s", strerror(-status));
        return;
    }
    directory = scratch_node(made);
    set_target(request, &directory);
    reply_made(request);
}

/* Removing */

/* Of an app that was to be made nothing is left. */
static void forget_planned_app(struct request *request)
{
    if (made_is_app(request->target.place))
        made_forget_app(request->fs, request->target.place->app);
    reply_removed(request);
}

/* All stays as it is, but for that. */
static void on_removal_planned(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;

    (void)answer;
    if (!request_answered(request, error))
        return;
    forget_planned_app(request);
}

static void start_removal(struct request *request, enum what_changes what, done_fn *done)
{
    start_change(request, what, request->fs->settings.plan ? on_removal_planned : done);
}

static void on_removed(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;

    (void)answer;
    if (!request_answered(request, error))
        return;
    known_note_gone(request->fs, &request->target);
    reply_removed(request);
}

static void on_app_removed(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;

    if (!error)
        made_forget_app(request->fs, request->target.place->app);
    on_removed(user, error, answer);
}

/* Where apps are of streams, an app goes with the last of them. */
static void on_streams(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;
    const char *app = request->target.place->app;

    if (!request_answered(request, error))
        return;
    if (names_count(answer->names))
        request_refuse(request, ENOTEMPTY, "it is on streams: rmdir apps/%.200s/%s first", app,
                       names_at(answer->names, 0));
    else
        on_app_removed(request, NULL, answer);
}

static void remove_app_of_streams(struct request *request)
{
    struct question streams = {WHAT_STREAMS, request->target.place->app, ""};
    struct ask ask = request_ask(request, on_streams);

    request_wait(request, cache_get(request->fs->cache, &streams, &ask));
}

/* Nothing was ever committed for a directory that is of this mount alone. */
static void on_begun_app_removed(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;
    bool is_ours = error && error->code == ENOENT && request->target.place->made;

    on_app_removed(request, is_ours ? NULL : error, answer);
}

void remove_app(struct request *request, const struct node *child)
{
    set_target(request, child);
    if (child->kind == SAVED_APP && made_has_stream(request->fs, child->place->app))
        request_refuse(request, ENOTEMPTY, "there are directories in it");
    else if (has(request, APP_IS_OF_STREAM) &&
             cache_is_planned(request->fs->cache, child->place->app))
        forget_planned_app(request);
    else if (has(request, APP_IS_OF_STREAM))
        remove_app_of_streams(request);
    else
        start_removal(request, REMOVE_APP, on_begun_app_removed);
}

void remove_stream(struct request *request, const struct node *child)
{
    set_target(request, child);
    start_removal(request, REMOVE_STREAM, on_removed);
}

/* The app's directory stays until it is removed itself, so that rm -r can do so; that of
 * checkpoints/ goes. */
static void on_app_stream_removed(void *user, const struct error *error,
                                  const struct answer *answer)
{
    struct request *request = user;

    if (!error) {
        made_set(request->fs, request->target.place, false);
        scratch_remove_all(request->fs, request->target.place);
        made_set_app(request->fs, request->target.place->app, true);
    }
    on_removed(request, error, answer);
}

void remove_app_stream(struct request *request, const struct node *child)
{
    if (!has(request, APP_IS_OF_STREAM)) {
        remove_stream(request, child);
        return;
    }
    set_target(request, child);
    start_removal(request, REMOVE_APP, on_app_stream_removed);
}

void remove_partition(struct request *request, const struct node *child)
{
    set_target(request, child);
    start_removal(request, REMOVE_PARTITION, on_removed);
}

static void on_states_of_stream(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;
    struct place *place = request->target.place;
    bool is_gone = error && error->code == ENOENT;

    if (!request_answered(request, is_gone ? NULL : error))
        return;
    if ((!is_gone && table_has_checkpoint(answer->table)) || !SLIST_EMPTY(&place->scratch)) {
        request_refuse(request, ENOTEMPTY, "there are checkpoints or temporary files in it");
    } else if (place->created && !is_gone) {
        start_removal(request, REMOVE_APP, on_app_stream_removed);
    } else {
        made_set(request->fs, place, false);
        reply_removed(request);
    }
}

/* What is about to be committed there must be seen, for the app may go with the directory. */
static void look_into_stream(struct request *request)
{
    const struct place *place = request->target.place;
    struct question question = {WHAT_STATES, place->app, place->stream};
    struct ask ask = request_ask(request, on_states_of_stream);
    struct answer answer;

    if (!place->created && cache_peek(request->fs->cache, &question,
                                      cache_not_before(request->fs->settings.snapshot), &answer))
        on_states_of_stream(request, NULL, &answer);
    else
        request_wait(request, cache_get(request->fs->cache, &question, &ask));
}

void remove_saved_stream(struct request *request, const struct node *child)
{
    struct subject all = {child->place->app, child->place->stream, ANY_PARTITION};

    set_target(request, child);
    request_take_turn(request, &all, 1, look_into_stream);
}

/* The last checkpoint's directory stays for the rmdir that rm -r sends next. */
static void on_checkpoint_removed(struct request *request)
{
    handle_note_removed(request->fs, &request->target);
    if (request->target.kind == SAVED)
        made_set(request->fs, request->target.place, true);
    request_succeed(request);
}

void remove_checkpoint(struct request *request, const struct node *child)
{
    set_target(request, child);
    request->then = on_checkpoint_removed;
    write_deletion(request, child);
}

void remove_scratch(struct request *request, const struct node *child)
{
    struct scratch *scratch = scratch_find(child);

    if (!scratch) {
        request_refuse(request, ENOENT, "no such file");
    } else if (scratch_has_files(request->fs, child)) {
        request_refuse(request, ENOTEMPTY, "there are temporary files in it");
    } else {
        scratch_remove(request->fs, scratch);
        request_succeed(request);
    }
}

/* The requests */

/* Says how a name is written, or why there can be none like it. */
static void refuse_spelling(struct request *request, const struct row *row)
{
    const struct backend *backend = request->fs->backend;
    const char *name = request->name;
    char file[FILE_NAME_ROOM];
    bool is_taken = row->naming == BY_APP      ? backend_takes_app(backend, name)
                    : row->naming == BY_STREAM ? backend_takes_stream(backend, name)
                                               : false;

    if (is_taken && !name_to_file(name, file) && strcmp(name, file) != 0)
        request_refuse(request, EINVAL, "this name is written %s", file);
    else
        request_refuse(request, EINVAL, "the backend takes no such name");
}

/* Why a name cannot be made where it was asked for. */
static void refuse_name(struct request *request)
{
    enum kind parent = request->node.kind;

    for (enum kind kind = APPS; kind < KINDS; kind++) {
        const struct row *row = tree_row(kind);

        if (row->parent == parent && row->make && row->naming != BY_CHANCE &&
            can_make(request, row)) {
            refuse_spelling(request, row);
            return;
        }
    }
    request_refuse(request, EPERM, "no directories are made here");
}

/* Whether there may be a new one of this name. Of a stream that is not made here the service knows
 * whether it is there. */
static bool takes_new(const struct request *request, const struct node *child)
{
    bool exists = tree_row(child->kind)->naming == BY_STREAM && !has(request, CAN_MAKE_STREAM);

    return exists || tree_takes(request->fs, child);
}

static void make_node(struct request *request, const struct node *child)
{
    const struct row *row = tree_row(child->kind);

    if (request->fs->settings.read_only)
        request_refuse(request, EROFS, "the mount is read-only");
    else if (known_is_gone(request->fs, &request->node))
        request_refuse(request, ENOENT, "the directory has gone");
    else if (row->make && !can_make(request, row))
        refuse_making(request);
    else if (!row->make || child->long_form || !takes_new(request, child))
        refuse_name(request);
    else
        row->make(request, child);
}

void make_mkdir(fuse_req_t fuse, fuse_ino_t parent, const char *name, mode_t mode)
{
    struct fs *fs = fuse_req_userdata(fuse);
    struct request *request = request_new(fuse, "mkdir", parent, name);
    struct node child;
    int status;

    (void)mode;
    if (!request)
        return;
    status = tree_child(fs, &request->node, name, &child);
    if (status == -ENOMEM) {
        request_refuse(request, ENOMEM, "no memory");
        return;
    }
    if (status) {
        refuse_name(request);
        return;
    }
    make_node(request, &child);
    place_drop(fs->nodes, child.place);
}

/* Whether it is known to have gone, or what it is in. The last checkpoint's directory may be known
 * to be empty, and so to be gone: rm -r removes it all the same. */
static bool has_gone(const struct request *request, const struct node *child)
{
    bool tells = tree_is_directory(child->kind) && !tree_row(child->kind)->strict;

    return known_is_gone(request->fs, tells ? child : &request->node);
}

static void remove_node(struct request *request, const struct node *child)
{
    const struct row *row = tree_row(child->kind);

    if (request->fs->settings.read_only)
        request_refuse(request, EROFS, "the mount is read-only");
    else if (!row->remove)
        request_refuse(request, EPERM, "this is a part of the tree and cannot be removed");
    else if (row->make && !can_make(request, row))
        refuse_making(request);
    else if (has_gone(request, child))
        request_refuse(request, ENOENT, "it has gone");
    else
        row->remove(request, child);
}

static void remove_name(fuse_req_t fuse, const char *operation, fuse_ino_t parent, const char *name)
{
    struct fs *fs = fuse_req_userdata(fuse);
    struct request *request = request_new(fuse, operation, parent, name);
    struct node child;
    int status;

    if (!request)
        return;
    status = tree_child(fs, &request->node, name, &child);
    if (status) {
        request_refuse_name(request, status, ENOENT, "no such name");
        return;
    }
    remove_node(request, &child);
    place_drop(fs->nodes, child.place);
}

void make_rmdir(fuse_req_t fuse, fuse_ino_t parent, const char *name)
{
    remove_name(fuse, "rmdir", parent, name);
}

void make_unlink(fuse_req_t fuse, fuse_ino_t parent, const char *name)
{
    remove_name(fuse, "unlink", parent, name);
}

void make_mknod(fuse_req_t fuse, fuse_ino_t parent, const char *name, mode_t mode, dev_t device)
{
    struct request *request = request_new(fuse, "mknod", parent, name);

    (void)mode;
    (void)device;
    if (request)
        request_refuse(request, EPERM, "no special files are made here");
}

void make_symlink(fuse_req_t fuse, const char *link, fuse_ino_t parent, const char *name)
{
    struct request *request = request_new(fuse, "symlink", parent, name);

    (void)link;
    if (request)
        request_refuse(request, EPERM, "no links are made here");
}

void make_link(fuse_req_t fuse, fuse_ino_t inode, fuse_ino_t parent, const char *name)
{
    struct request *request = request_new(fuse, "link", parent, name);

    (void)inode;
    if (request)
        request_refuse(request, EPERM, "no links are made here");
}
