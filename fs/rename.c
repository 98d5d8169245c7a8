#include "fs/rename.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "fs/known.h"
#include "fs/lease.h"
#include "fs/make.h"
#include "fs/scratch.h"
#include "fs/tree.h"
#include "fs/value.h"
#include "fs/write.h"

/* The longest note of a rename: two paths. */
#define NOTE_MAX 4096

/* The request's data: both places are held. */
struct renaming {
    struct node from;
    struct node to;
    struct buf note;
};

static void release_renaming(struct fs *fs, void *data)
{
    struct renaming *renaming = data;

    buf_release(&renaming->note);
    if (renaming->from.place)
        place_drop(fs->nodes, renaming->from.place);
    if (renaming->to.place)
        place_drop(fs->nodes, renaming->to.place);
    free(renaming);
}

static struct renaming *renaming_of(const struct request *request)
{
    return request->data;
}

static bool is_saved(const struct node *node)
{
    return node->kind == SAVED;
}

/* The temporary file, unless it has gone with its directory meanwhile. */
static struct scratch *scratch_to_move(const struct request *request)
{
    const struct node *from = &renaming_of(request)->from;

    return from->place->removed ? NULL : scratch_find(from);
}

/* The new name has it: the old one goes. */
static void remove_old(struct request *request)
{
    const struct node *from = &renaming_of(request)->from;
    struct scratch *scratch = scratch_to_move(request);

    if (scratch_is(from)) {
        if (scratch)
            scratch_remove(request->fs, scratch);
        request_succeed(request);
    } else {
        remove_checkpoint(request, from);
    }
}

static void write_new(struct request *request, char *text, size_t size)
{
    const struct node *to = &renaming_of(request)->to;
    int status;

    request->failed = NULL;
    request->then = remove_old;
    if (to->kind == SAVED) {
        write_checkpoint(request, to, text, size);
        return;
    }
    status = scratch_replace(request->fs, to, text, size);
    if (status)
        request_refuse(request, -status, "cannot write the temporary file");
    else
        remove_old(request);
}

/* What the old name holds. */

static void on_saved(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;
    struct buf text = BUF_INIT(SCRATCH_SIZE_MAX);
    int status;

    if (!request_answered(request, error))
        return;
    status = value_saved(request->fs, &renaming_of(request)->from, answer->state, &text);
    if (status == -ENOMEM)
        request_refuse(request, ENOMEM, "no memory");
    else if (status)
        request_refuse(request, ENOENT, "nothing is committed there");
    else
        write_new(request, text.data, text.size);
    buf_release(&text);
}

/* The old one is going to be removed, so what it holds is asked for now. */
static void read_saved(struct request *request)
{
    struct backend *backend = request->fs->backend;
    const struct node *from = &renaming_of(request)->from;
    struct ask ask = request_ask(request, on_saved);

    request_wait(request, backend_get_checkpoint(backend, from->place->app, from->place->stream,
                                                 from->partition, &ask));
}

static void commit_scratch(struct request *request, const struct scratch *scratch)
{
    struct buf text = BUF_INIT(SCRATCH_SIZE_MAX);

    buf_add(&text, scratch->content.data, scratch->content.size);
    if (buf_error(&text))
        request_refuse(request, ENOMEM, "no memory");
    else
        write_new(request, text.data, text.size);
    buf_release(&text);
}

/* Those who have it open have it still. */
static void move_scratch(struct request *request, struct scratch *scratch)
{
    if (scratch_rename(request->fs, scratch, &renaming_of(request)->to))
        request_refuse(request, ENOMEM, "no memory");
    else
        request_succeed(request);
}

static void begin_with_scratch(struct request *request)
{
    const struct renaming *renaming = renaming_of(request);
    struct scratch *scratch = scratch_to_move(request);

    if (!scratch)
        request_refuse(request, ENOENT, "no such file");
    else if (is_saved(&renaming->to))
        commit_scratch(request, scratch);
    else
        move_scratch(request, scratch);
}

/* The request */

static bool is_renamable(const struct node *node)
{
    return node->kind == SAVED || (scratch_is(node) && !tree_is_directory(node->kind));
}

static struct subject subject_of_node(const struct node *node)
{
    return (struct subject){node->place->app, node->place->stream, node->partition};
}

/* A program that has given up, or what is at the old name cannot be read. */
static void on_not_begun(struct request *request, int code)
{
    const struct renaming *renaming = renaming_of(request);
    bool is_commit = is_saved(&renaming->to);
    struct change_order order = request_change(request, is_commit ? COMMIT : DELETE,
                                               is_commit ? &renaming->to : &renaming->from);

    change_not_started(request->fs, &order,
                       code == EINTR ? "given up before it was sent" : "nothing was sent");
}

static void begin_rename(struct request *request)
{
    if (is_saved(&renaming_of(request)->from))
        read_saved(request);
    else
        begin_with_scratch(request);
}

/* Both halves of a rename are lines of the journal that tell of it. */
static void note_rename(struct request *request)
{
    struct renaming *renaming = renaming_of(request);

    buf_puts(&renaming->note, "rename of ");
    tree_print_path(&renaming->from, &renaming->note);
    buf_puts(&renaming->note, " to ");
    tree_print_path(&renaming->to, &renaming->note);
    request->note = renaming->note.data;
}

/* No other change of either checkpoint may come between what is read, written and removed. */
static void begin_in_turn(struct request *request)
{
    const struct renaming *renaming = renaming_of(request);
    struct subject subjects[SUBJECTS_MAX];
    unsigned count = 0;

    note_rename(request);
    if (is_saved(&renaming->from))
        subjects[count++] = subject_of_node(&renaming->from);
    if (is_saved(&renaming->to))
        subjects[count++] = subject_of_node(&renaming->to);
    if (!count) {
        begin_rename(request);
        return;
    }
    request->failed = on_not_begun;
    request_take_turn(request, subjects, count, begin_rename);
}

/* What cannot be removed in the end is not renamed in part. */
static bool can_delete(const struct fs *fs)
{
    return fs->backend->abilities & CAN_DELETE_CHECKPOINT;
}

/* Whether a checkpoint, which goes away where it is, must not go there: then that is said. */
static bool refuse_move(struct request *request, const struct node *to)
{
    if (to->kind == SCRATCH_INSIDE)
        request_refuse(request, EPERM,
                       "no checkpoint is moved there, for that directory is in memory alone");
    else if (!can_delete(request->fs))
        request_refuse(request, EOPNOTSUPP,
                       "the service cannot delete one checkpoint, so none can be renamed: copy it");
    else if (request->fs->settings.monotonic)
        request_refuse(request, EPERM, "the mount is monotonic: it removes nothing, so copy it");
    else
        return false;
    return true;
}

static void check_rename(struct request *request, unsigned flags)
{
    const struct renaming *renaming = renaming_of(request);

    if (request->fs->settings.read_only)
        request_refuse(request, EROFS, "the mount is read-only");
    else if (node_file(&renaming->from) == node_file(&renaming->to))
        request_succeed(request);
    else if (renaming->from.kind == SAVED_APP || renaming->from.kind == SAVED_STREAM ||
             renaming->from.kind == SCRATCH_DIRECTORY)
        request_refuse(request, EXDEV, "directories are copied and removed instead");
    else if (!is_renamable(&renaming->from) || !is_renamable(&renaming->to))
        request_refuse(request, EPERM, "only checkpoints/ has files that can be renamed");
    else if (is_saved(&renaming->from) && refuse_move(request, &renaming->to))
        return;
    else if (flags & ~(unsigned)RENAME_NOREPLACE)
        request_refuse(request, EINVAL, "files cannot be exchanged");
    else if (is_saved(&renaming->from) && lease_is_given(&renaming->from) &&
             request_looks_again(request, node_inode(&renaming->from)))
        request_reply_gone(request);
    else
        begin_in_turn(request);
}

void rename_name(fuse_req_t fuse, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
                 const char *new_name, unsigned flags)
{
    struct fs *fs = fuse_req_userdata(fuse);
    struct request *request = request_new(fuse, "rename", parent, name);
    struct renaming *renaming = calloc(1, sizeof(*renaming));
    struct node target;
    int status;

    if (!request || !renaming) {
        free(renaming);
        if (request)
            request_refuse(request, ENOMEM, "no memory");
        return;
    }
    buf_init(&renaming->note, NOTE_MAX);
    request->data = renaming;
    request->release_data = release_renaming;
    status = tree_child(fs, &request->node, name, &renaming->from);
    if (status) {
        request_refuse_name(request, status, ENOENT, "no such name");
        return;
    }
    status = node_of(fs->nodes, new_parent, &target);
    if (!status)
        status = tree_child(fs, &target, new_name, &renaming->to);
    if (status)
        request_refuse_name(request, status, EPERM, "nothing can be renamed to this");
    else if (known_is_gone(fs, &target))
        request_refuse(request, ENOENT, "the directory has gone");
    else
        check_rename(request, flags);
}
