#include "fs/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/when.h"
#include "fs/by_line.h"
#include "fs/handle.h"
#include "fs/known.h"
#include "fs/lease.h"
#include "fs/overview.h"
#include "fs/records.h"
#include "fs/snapshot.h"
#include "fs/states.h"
#include "fs/tree.h"
#include "fs/watch.h"
#include "fs/write.h"

/* A file of checkpoints/ is an ordinary one: it holds what is written where. */
static bool is_file(const struct handle *handle)
{
    return handle->node.kind == SAVED;
}

/* Loading: handle->text becomes what the file says now, then the request goes on. */

/* Ends a load with a text that was just printed, or with the error of printing it. */
static void finish_load(struct request *request, int status)
{
    struct handle *handle = request->handle;

    if (!status)
        status = buf_error(&handle->text);
    handle->loaded = !status;
    handle->read = false;
    handle->stale = handle->has_news = false;
    if (!status)
        request->then(request);
    else if (status == -ENOENT)
        request_deny(request, ENOENT);
    else if (status == -ENODATA)
        request_refuse(request, EOPNOTSUPP,
                       "the backend does not tell this, or what is committed is no number");
    else
        request_refuse(request, -status, "cannot print this: %s", strerror(-status));
}

static void load_state(struct request *request, const struct state *state)
{
    struct handle *handle = request->handle;

    buf_reset(&handle->text);
    handle->when = state->committed;
    watch_seen(handle, state);
    finish_load(
        request,
        tree_row(handle->node.kind)->print(request->fs, &handle->node, state, &handle->text));
}

/* Adds the times that are noted of a checkpoint. */
static void recall_times(const struct request *request, struct state *state)
{
    const struct place *place = request->node.place;
    struct state noted;

    if (cache_state(request->fs->cache, place->app, place->stream, state->partition, ANY_AGE, false,
                    &noted) ||
        !state_is_same(state, &noted))
        return;
    state->seen = noted.seen;
    if (state->committed == WHEN_UNKNOWN)
        state->committed = noted.committed;
}

static void on_state(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;
    const struct place *place = request->node.place;
    struct state state;

    if (!request_answered(request, error))
        return;
    state = *answer->state;
    cache_note(request->fs->cache, place->app, place->stream, &state, request->started);
    recall_times(request, &state);
    load_state(request, &state);
}

static void load_told_state(struct request *request, const struct state *told)
{
    struct state state = *told;

    recall_times(request, &state);
    load_state(request, &state);
}

static void ask_for_state(struct request *request)
{
    const struct node *node = &request->handle->node;
    const char *app = cache_app_to_ask(request->fs->cache, node->place->app);
    struct ask ask = request_ask(request, on_state);

    request_wait(request, backend_get_state(request->fs->backend, app, node->place->stream,
                                            node->partition, tree_row(node->kind)->detail, &ask));
}

static void load_text(struct request *request, const char *text)
{
    struct handle *handle = request->handle;

    buf_reset(&handle->text);
    buf_puts(&handle->text, text);
    buf_puts(&handle->text, "\n");
    finish_load(request, 0);
}

static void on_text(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;

    if (request_answered(request, error))
        load_text(request, answer->text);
}

/* Gives the file the text of a batch or a table, at the time of which it is. */
static void load_counted(struct request *request, const char *text, size_t size, int64_t when)
{
    int status = handle_take_text(request->handle, text, size);

    if (status == -EFBIG) {
        request_refuse(request, ENOMEM,
                       "the files of records, lags and gauges that are open have %lu MiB: close "
                       "some, or mount with a smaller batch=",
                       BATCHES_MAX >> 20);
        return;
    }
    request->handle->when = when;
    finish_load(request, status);
}

static void on_states(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;
    struct buf text = BUF_INIT(TABLE_MAX);
    int status;

    if (!request_answered(request, error))
        return;
    status = tree_row(request->handle->node.kind)->print_states(request->fs, answer->table, &text);
    if (status)
        finish_load(request, status);
    else
        load_counted(request, text.data, text.size, states_time(answer->table));
    buf_release(&text);
}

static void on_table(void *user, const struct error *error, const struct answer *answer)
{
    if (request_answered(user, error))
        load_counted(user, answer->text, strlen(answer->text), when_now());
}

static void read_page(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;

    if (!request_answered(request, error))
        return;
    load_counted(request, answer->text, strlen(answer->text), when_now());
}

/* Who was told of a size has the page that it is of. */
static void load_page(struct request *request)
{
    struct fs *fs = request->fs;
    const struct kept *kept = &fs->overview;
    struct ask ask = request_ask(request, read_page);

    if (kept_take(&fs->overview))
        load_counted(request, kept->text.data, kept->text.size, kept->when);
    else
        request_wait(request, overview_make(fs, &ask));
}

/* The last of a partition that nothing is written to any more: whoever waits for more is told. */
static bool is_end(const struct request *request, const struct batch *batch)
{
    return request->is_waiting && !batch->count && batch->is_finished;
}

static void on_batch(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;
    const struct batch *batch = answer->batch;

    if (!request_answered(request, error))
        return;
    if (is_end(request, batch)) {
        request_refuse(request, ENODATA, "the partition is closed, and read to its end");
        return;
    }
    request->fs->records_read += batch->count;
    request->fs->bytes_read += batch->bytes;
    load_counted(request, batch->text.data, batch->text.size, when_now());
}

/* A program that does not want to be blocked has what is there. */
static void load_records(struct request *request)
{
    struct fs *fs = request->fs;
    const struct node *node = &request->handle->node;
    const struct row *row = tree_row(node->kind);
    struct ask ask;

    request->is_waiting = row->waits && !(request->handle->flags & O_NONBLOCK);
    if (request->is_waiting)
        request->patience = PATIENCE_WITHOUT_END;
    ask = request_ask(request, on_batch);
    request_wait(request, (request->is_waiting ? records_wait : row->read_records)(fs, node, &ask));
}

/* From the states of all partitions, which are known by now. */
static void load_snapshot(struct request *request)
{
    const struct node *node = &request->handle->node;
    struct state state;
    int status = cache_state(request->fs->cache, node->place->app, node->place->stream,
                             node->partition, ANY_AGE, false, &state);

    if (status)
        finish_load(request, status == -EAGAIN ? -ENOMEM : status);
    else
        load_state(request, &state);
}

static void load_mount(struct request *request)
{
    struct handle *handle = request->handle;

    buf_reset(&handle->text);
    handle->when = when_now();
    tree_row(handle->node.kind)->print_mount(request->fs, &handle->text);
    finish_load(request, 0);
}

/* What is going to be changed is asked for by itself. */
static enum source source_of_text(const struct handle *handle)
{
    enum source source = tree_row(handle->node.kind)->source;

    return source == FROM_SNAPSHOT && handle_writes(handle->flags) ? FROM_CHECKPOINT : source;
}

static void load_text_of(struct request *request, void (*then)(struct request *request))
{
    struct fs *fs = request->fs;
    const struct node *node = &request->handle->node;
    const struct row *row = tree_row(node->kind);
    const char *app = *node->place->app ? node->place->app : NULL;
    struct ask ask = request_ask(request, on_state);
    struct ask ask_states = request_ask(request, on_states);
    struct ask ask_text = request_ask(request, on_text);
    struct ask ask_table = request_ask(request, on_table);

    request->then = then;
    switch (source_of_text(request->handle)) {
    case FROM_CHECKPOINT:
        request_wait(request, backend_get_checkpoint(fs->backend, app, node->place->stream,
                                                     node->partition, &ask));
        break;
    case FROM_STATE:
        snapshot_need_lag(request, load_told_state, ask_for_state);
        break;
    case FROM_SNAPSHOT:
        snapshot_need(request, node, load_snapshot);
        break;
    case FROM_STATES:
        request_wait(request, states_get(fs, node->place, &ask_states));
        break;
    case FROM_INFO:
        request_wait(request, backend_describe_stream(fs->backend, node->place->stream, &ask_text));
        break;
    case FROM_TABLE:
        request_wait(request, row->get_table(fs, node, &ask_table));
        break;
    case FROM_PAGE:
        load_page(request);
        break;
    case FROM_CURSOR:
        request_wait(request, row->get_cursor(fs, node, &ask_text));
        break;
    case FROM_RECORDS:
        load_records(request);
        break;
    case FROM_MOUNT:
    case FROM_TEXT:
        load_mount(request);
        break;
    case FROM_JOURNAL:
    case FROM_MEMORY:
    case FROM_NOWHERE:
        finish_load(request, 0);
        break;
    }
}

/* Truncating */

/* A file of checkpoints/ is one file for all who have it open. Those who have written to it are in
 * the middle of a text of their own. */
void file_cut(struct fs *fs, const struct node *node, size_t size)
{
    struct handle *handle;

    if (node->kind != SAVED)
        return;
    LIST_FOREACH (handle, &fs->handles[handle_list(node)], link) {
        struct content *content = &handle->content;

        if (node_file(&handle->node) == node_file(node) && content_is_untouched(content) &&
            size < content->text.size)
            buf_resize(&content->text, size);
    }
    cuts_note(&fs->cuts, node_file(node), size);
}

/* Opening */

/* The handle goes with the request until that has answered the open. */
static void release_handle(struct fs *fs, void *data)
{
    (void)fs;
    if (data)
        handle_free(data);
}

static struct fuse_file_info open_info(struct request *request)
{
    struct handle *handle = request->handle;
    struct fuse_file_info info = {.direct_io = !handle->in_pages,
                                  .keep_cache = handle->in_pages,
                                  .noflush = !handle_writes(handle->flags),
                                  .fh = (uint64_t)(uintptr_t)handle};

    handle->opened = true;
    request->data = NULL;
    return info;
}

static void reply_file_open(struct request *request)
{
    struct fuse_file_info info = open_info(request);

    if (request_reply_open(request, &info))
        handle_free(handle_of(&info));
}

/* A text that is not asked for again while the file is open. */
static bool is_final(const struct handle *handle)
{
    enum source source = tree_row(handle->node.kind)->source;

    return source == FROM_CURSOR || source == FROM_RECORDS || source == FROM_PAGE;
}

/*
 * For sendfile(2), splice(2) and mmap(2) the kernel reads its own pages, up to the size that it
 * knows. Both it learns here, before the open is answered. It locks the pages for that: so nobody
 * else may have the file open, whose READ waits for our answer and holds that lock.
 */
static void store_text(struct handle *handle)
{
    const struct buf *loaded = handle_text(handle);
    struct fuse_bufvec text = FUSE_BUFVEC_INIT(loaded->size);

    text.buf[0].mem = loaded->data;
    if (loaded->size)
        handle->in_pages = !fuse_lowlevel_notify_store(handle->fs->session,
                                                       node_inode(&handle->node), 0, &text, 0) &&
                           is_final(handle);
}

/* A journal that is read up to where it was looked up has whole lines, and the inode of a place of
 * its own has the size of its first text. */
static bool is_cut_short(const struct handle *handle)
{
    enum kind kind = handle->node.kind;

    return handle->text.size > handle->told && !tree_has_own_places(kind) &&
           tree_row(kind)->source != FROM_JOURNAL;
}

/* When others have it open, the kernel learns a greater size by looking the name up once more. */
static void reply_opened(struct request *request)
{
    struct handle *handle = request->handle;
    bool is_alone = !handle_opened(handle->fs, &handle->node);

    if (is_alone)
        store_text(handle);
    if (!is_alone && is_cut_short(handle) &&
        request_looks_again(request, node_inode(&request->node)))
        request_reply_gone(request);
    else
        reply_file_open(request);
}

static size_t size_told(const struct handle *handle)
{
    struct stat attr;

    return known_attributes(handle->fs, &handle->node, ANY_AGE, &attr) ? 0 : (size_t)attr.st_size;
}

/* One that is opened again while it is open, as /dev/stdin is, has the text that it has, and never
 * another: who reads the one must not commit what the other has. */
static void share_text(struct request *request, const struct handle *other)
{
    struct handle *handle = request->handle;

    handle->in_pages = other->in_pages;
    handle->loaded = !handle_take_text(handle, other->text.data, other->text.size);
    if (handle->loaded)
        reply_file_open(request);
    else
        request_refuse(request, ENOMEM, "no memory for one more of the same text");
}

static void open_to_read(struct request *request)
{
    struct handle *handle = request->handle;
    const struct handle *other = handle_opened(handle->fs, &handle->node);

    handle->told = size_told(handle);
    if (other && is_final(handle))
        share_text(request, other);
    else
        load_text_of(request, reply_opened);
}

/* A file of checkpoints/ that is not truncated begins with what it holds. */
static void open_content(struct request *request)
{
    struct handle *handle = request->handle;
    const struct buf *text = &handle->text;

    buf_add(&handle->content.text, text->data,
            cuts_left(&request->fs->cuts, node_file(&handle->node), text->size));
    reply_file_open(request);
}

static bool can_be_written(const struct fs *fs, const struct node *node)
{
    struct stat attr;

    tree_attributes(fs, node, 0, WHEN_UNKNOWN, &attr);
    return tree_row(node->kind)->writes != WRITES_NOTHING && attr.st_mode & 0222;
}

static bool may_open(struct request *request, int flags)
{
    bool has_text = tree_row(request->node.kind)->source != FROM_NOWHERE;

    if (!handle_writes(flags) && has_text)
        return true;
    if (!handle_writes(flags))
        request_refuse(request, EACCES, "this file can only be written");
    else if (request->fs->settings.read_only)
        request_refuse(request, EROFS, "the mount is read-only");
    else if (!can_be_written(request->fs, &request->node))
        request_refuse(request, EROFS, "this file can only be read");
    else
        return true;
    return false;
}

static void open_scratch(struct request *request)
{
    struct handle *handle = request->handle;

    handle->scratch = scratch_find(&handle->node);
    if (!handle->scratch) {
        request_refuse(request, ENOENT, "the temporary file is gone");
        return;
    }
    scratch_open(handle->scratch);
    if (handle->flags & O_TRUNC && scratch_resize(handle->scratch, 0))
        request_refuse(request, ENOMEM, "no memory");
    else
        reply_file_open(request);
}

/* By a lease that was broken the kernel may know another size of the file. */
static bool must_look_again(struct request *request)
{
    return lease_is_broken(&request->node) &&
           request_looks_again(request, node_inode(&request->node));
}

void file_open(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info)
{
    struct request *request = request_new(fuse, "open", inode, NULL);

    if (!request || !may_open(request, info->flags))
        return;
    if (must_look_again(request)) {
        request_reply_gone(request);
        return;
    }
    if (info->flags & O_TRUNC)
        file_cut(request->fs, &request->node, 0);
    request->handle = handle_new(request->fs, &request->node, info->flags);
    request->data = request->handle;
    request->release_data = release_handle;
    if (!request->handle)
        request_refuse(request, ENOMEM, "no memory");
    else if (tree_row(request->node.kind)->source == FROM_MEMORY)
        open_scratch(request);
    else if (!handle_writes(info->flags))
        open_to_read(request);
    else if (is_file(request->handle) && !(info->flags & O_TRUNC))
        load_text_of(request, open_content);
    else
        reply_file_open(request);
}

/* Creating: a checkpoint that is not there is opened for writing, a temporary file is made. */

static void reply_create(struct request *request, const struct node *node, int flags)
{
    struct fuse_file_info info;
    struct stat attr;

    request->handle = handle_new(request->fs, node, flags);
    if (!request->handle) {
        request_refuse(request, ENOMEM, "no memory");
        return;
    }
    request->handle->scratch = scratch_find(node);
    if (request->handle->scratch)
        scratch_open(request->handle->scratch);
    info = open_info(request);
    tree_attributes(request->fs, node, 0, when_now(), &attr);
    if (request_reply_create(request, node, &attr, &info))
        handle_free(handle_of(&info));
}

/* Makes sure that there is a temporary file: the node becomes its own. */
static int need_scratch(const struct request *request, struct node *node, mode_t mode)
{
    struct fs *fs = request->fs;
    struct scratch *made;
    int status = 0;

    if (scratch_find(node))
        return 0;
    status = known_is_gone(fs, &request->node) ? -ENOENT : scratch_make(fs, node, mode, &made);
    if (!status)
        *node = scratch_node(made);
    return status;
}

static void create_node(struct request *request, const struct node *node, mode_t mode, int flags)
{
    struct node file = *node;
    int status = 0;

    if (request->fs->settings.read_only) {
        request_refuse(request, EROFS, "the mount is read-only");
        return;
    }
    if (tree_row(node->kind)->writes == WRITES_NOTHING) {
        request_refuse(request, EPERM, "there are no other files here");
        return;
    }
    if (!can_be_written(request->fs, node)) {
        request_refuse(request, EROFS, "this file can only be read");
        return;
    }
    if (tree_row(node->kind)->source == FROM_MEMORY)
        status = need_scratch(request, &file, mode);
    if (status)
        request_refuse(request, -status, "cannot make a temporary file: %s", strerror(-status));
    else
        reply_create(request, &file, flags);
}

void file_create(fuse_req_t fuse, fuse_ino_t parent, const char *name, mode_t mode,
                 struct fuse_file_info *info)
{
    struct fs *fs = fuse_req_userdata(fuse);
    struct request *request = request_new(fuse, "create", parent, name);
    struct node child;
    int status;

    if (!request)
        return;
    if (strlen(name) > NAME_MAX) {
        request_refuse(request, ENAMETOOLONG, "a name has at most %d bytes", NAME_MAX);
        return;
    }
    status = tree_child(fs, &request->node, name, &child);
    if (status) {
        request_refuse_name(request, status, EPERM, "there are no other files here");
        return;
    }
    create_node(request, &child, mode, info->flags);
    place_drop(fs->nodes, child.place);
}

/* Reading */

static void reply_slice(struct request *request, const struct buf *text)
{
    size_t offset = (size_t)request->offset;
    size_t rest = offset < text->size ? text->size - offset : 0;

    request_reply_data(request, text->data + (rest ? offset : 0),
                       rest < request->size ? rest : request->size);
}

static void reply_read(struct request *request)
{
    request->handle->read |= request->offset == 0;
    reply_slice(request, handle_text(request->handle));
}

/* What was removed while it was open is read as it was when it was opened: some programs remove a
 * file, make it anew, and only then read the old one. In apps/ who reads again asks again, and
 * anywhere who waited for a change. */
static bool is_as_opened(const struct handle *handle)
{
    return is_final(handle) ||
           (handle->removed && !handle->has_news && (is_file(handle) || !handle->read));
}

static bool must_load(const struct handle *handle, off_t offset)
{
    if (is_as_opened(handle))
        return !handle->loaded;
    return !handle->loaded || (offset == 0 && (handle->read || handle->stale || handle->has_news));
}

void file_read(fuse_req_t fuse, fuse_ino_t inode, size_t size, off_t offset,
               struct fuse_file_info *info)
{
    struct request *request = request_new(fuse, "read", inode, NULL);
    struct handle *handle = handle_of(info);

    if (!request)
        return;
    request->handle = handle;
    request->size = size;
    request->offset = offset;
    if (handle->scratch || (is_file(handle) && handle_writes(handle->flags)))
        reply_slice(request, handle_content(handle));
    else if (must_load(handle, offset))
        load_text_of(request, reply_read);
    else
        reply_read(request);
}

/* Writing */

static void reply_written(struct request *request)
{
    request_reply_written(request, request->size);
}

/* Does what the handle's content says, then goes on. A bound is an order, and done with. */
static void commit_content(struct request *request, void (*then)(struct request *request))
{
    struct handle *handle = request->handle;
    const struct row *row = tree_row(handle->node.kind);
    struct buf text = BUF_INIT(CONTENT_RECORD_MAX + SEQUENCE_MAX);

    request->then = then;
    content_print(&handle->content, &text);
    content_take(&handle->content, row->writes == WRITES_BOUND);
    if (buf_error(&text))
        request_refuse(request, ENOMEM, "no memory");
    else
        row->write(request, &handle->node, text.data, text.size);
    buf_release(&text);
}

/*
 * After a commit more lines on the same open file are its metadata: bash's printf writes line by
 * line. A program that commits one number after the other without opening the file anew would have
 * them stored as metadata, so a line that could be the next position is refused.
 */
static bool is_ambiguous(const struct handle *handle, size_t offset)
{
    const struct backend *backend = handle->fs->backend;
    struct position position;
    struct error error;
    char sequence[SEQUENCE_MAX + 1];
    char line[256];
    const char *text = handle->content.text.data + offset;
    size_t length = strcspn(text, "\n");

    if (handle->node.kind != CHECKPOINT || offset == 0 ||
        handle->content.text.data[offset - 1] != '\n')
        return false;
    if (!strncmp(text, POSITION_OF_RECORD, strlen(POSITION_OF_RECORD)))
        return true;
    if (length >= sizeof(line))
        return false;
    memcpy(line, text, length);
    line[length] = '\0';
    if (position_parse(line, when_now(), &position, &error))
        return false;
    return position.kind != POSITION_SEQUENCE ||
           !backend_parse_sequence(backend, position.sequence, sequence, &error) ||
           error.code == ERANGE;
}

static void write_scratch(struct request *request, const char *data)
{
    struct scratch *scratch = request->handle->scratch;
    size_t offset =
        (request->handle->flags & O_APPEND) ? scratch->content.size : (size_t)request->offset;
    int status = scratch_write(scratch, offset, data, request->size);

    if (status == -EFBIG)
        request_refuse(request, EFBIG, "a temporary file holds at most %d bytes", SCRATCH_SIZE_MAX);
    else if (status)
        request_refuse(request, -status, "no memory");
    else
        reply_written(request);
}

static void on_write_failed(struct request *request, int code)
{
    content_refuse(&request->handle->content, code);
}

static void refuse_length(struct request *request)
{
    if (*request->handle->content.text.data == '{')
        request_refuse(request, EINVAL,
                       "a line of records/ with more than %lu MiB is not taken whole: its number "
                       "alone will do, which cut -d '\"' -f 4 prints",
                       CONTENT_RECORD_MAX >> 20);
    else
        request_refuse(request, EINVAL, "more than %d bytes are no position with metadata",
                       CONTENT_MAX);
}

static void refuse_write(struct request *request, int code)
{
    if (code == ESPIPE)
        request_refuse(request, EINVAL,
                       "it would leave a hole: a new text begins at offset 0, and more of it where "
                       "it ends");
    else if (code == EFBIG)
        refuse_length(request);
    else
        write_refuse_again(request, code);
}

/* What a hole is judged by: what the program has read, or else what it could have learned. */
static size_t size_held(const struct handle *handle)
{
    struct stat attr;

    if (handle->flags & O_TRUNC)
        return 0;
    if (handle->loaded || known_attributes(handle->fs, &handle->node, ANY_AGE, &attr))
        return handle->text.size;
    return (size_t)attr.st_size;
}

static void write_content(struct request *request, const char *data)
{
    struct handle *handle = request->handle;
    struct content *content = &handle->content;
    size_t place = 0;
    int status;

    if (request->offset && content_is_untouched(content))
        content->held = size_held(handle);
    status = content_write(content, data, request->size, (size_t)request->offset, &place);
    cuts_forget(&request->fs->cuts, node_file(&handle->node));
    if (status) {
        refuse_write(request, -status);
        return;
    }
    request->failed = on_write_failed;
    if (is_ambiguous(handle, place))
        request_refuse(request, EINVAL,
                       "a further line is metadata, and this one looks like a position: write both "
                       "at once, or open the file anew to commit again");
    else if (request->size && data[request->size - 1] == '\n')
        commit_content(request, reply_written);
    else
        reply_written(request);
}

void file_write(fuse_req_t fuse, fuse_ino_t inode, const char *data, size_t size, off_t offset,
                struct fuse_file_info *info)
{
    struct request *request = request_new(fuse, "write", inode, NULL);
    struct handle *handle = handle_of(info);

    if (!request) {
        content_refuse(&handle->content, ENOMEM);
        return;
    }
    request->handle = handle;
    request->size = size;
    request->offset = offset;
    if (handle->scratch)
        write_scratch(request, data);
    else if (by_line_has(handle))
        by_line_write(request, data);
    else
        write_content(request, data);
}

int file_truncate(struct handle *handle, size_t size)
{
    int status = 0;

    if (handle->scratch)
        return scratch_resize(handle->scratch, size);
    file_cut(handle->fs, &handle->node, size);
    if (handle_writes(handle->flags))
        status = content_truncate(&handle->content, size);
    return status;
}

static void on_sync_failed(struct request *request, int code)
{
    content_refuse_sync(&request->handle->content, code);
}

static void on_close_failed(struct request *request, int code)
{
    request->handle->content.refused = code;
}

/* A text that did not end in a newline; a shell flushes before its first write. */
static bool has_rest(const struct content *content)
{
    return content->dirty && content->text.size;
}

static void commit_rest(struct request *request, void (*failed)(struct request *request, int code))
{
    const struct content *content = &request->handle->content;

    request->failed = failed;
    if (has_rest(content))
        commit_content(request, request_succeed);
    else
        request_succeed(request);
}

/* Some programs take an error of fsync for "this cannot be synchronized" and go on. What was
 * committed needs no memory here: who was told so must not be told otherwise. */
void file_flush(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info)
{
    struct content *content = &handle_of(info)->content;
    int unreported = content->unreported;
    struct request *request;

    if (!unreported && !has_rest(content) && !by_line_has_rest(handle_of(info))) {
        fuse_reply_err(fuse, 0);
        return;
    }
    request = request_new(fuse, "close", inode, NULL);
    if (!request)
        return;
    request->handle = handle_of(info);
    if (by_line_has(request->handle)) {
        by_line_close(request);
        return;
    }
    content->unreported = 0;
    if (unreported)
        request_refuse(request, unreported, "what fsync could not commit is not committed");
    else
        commit_rest(request, on_close_failed);
}

void file_sync(fuse_req_t fuse, fuse_ino_t inode, int data_only, struct fuse_file_info *info)
{
    struct request *request = request_new(fuse, "fsync", inode, NULL);

    (void)data_only;
    if (!request)
        return;
    request->handle = handle_of(info);
    if (by_line_has_rest(request->handle))
        by_line_sync(request);
    else
        commit_rest(request, on_sync_failed);
}

void file_release(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info)
{
    (void)inode;
    handle_free(handle_of(info));
    fuse_reply_err(fuse, 0);
}
