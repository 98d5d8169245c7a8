#include "fs/by_line.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "fs/handle.h"
#include "fs/tree.h"
#include "fs/write.h"

static enum writes writes_of(const struct handle *handle)
{
    return tree_row(handle->node.kind)->writes;
}

bool by_line_has(const struct handle *handle)
{
    return writes_of(handle) == WRITES_RECORDS || writes_of(handle) == WRITES_TABLE;
}

bool by_line_has_rest(const struct handle *handle)
{
    return handle->line.size > 0;
}

static bool is_table(const struct handle *handle)
{
    return writes_of(handle) == WRITES_TABLE;
}

/* After an interrupt nobody knows what was done: the same again would be done twice. */
static void refuse_what_follows(struct request *request, int code)
{
    buf_reset(&request->handle->line);
    request->handle->content.refused = code == EINTR ? ECANCELED : code;
}

/* What comes next may be the rest of a line that the failed write has begun. */
static void on_lines_failed(struct request *request, int code)
{
    struct content *content = &request->handle->content;

    if (!is_table(request->handle) || code == EINTR || buf_error(&request->handle->line))
        refuse_what_follows(request, code);
    else if (!content->unreported)
        content->unreported = code;
}

/* What fsync failed to do close tells once more. */
static void on_line_failed_at_sync(struct request *request, int code)
{
    refuse_what_follows(request, code);
    request->handle->content.unreported = code;
}

static void reply_lines_written(struct request *request)
{
    request_reply_written(request, request->size);
}

static void do_lines(struct request *request, struct buf *lines)
{
    const struct row *row = tree_row(request->handle->node.kind);

    if (buf_error(lines))
        request_refuse(request, ENOMEM, "no memory");
    else
        row->write(request, &request->handle->node, lines->data, lines->size);
}

/* What follows the last newline waits before the lines are sent: the request may end by that. */
static void write_lines(struct request *request, const char *data)
{
    struct handle *handle = request->handle;
    const char *newline = memrchr(data, '\n', request->size);
    size_t whole = newline ? (size_t)(newline + 1 - data) : 0;
    struct buf lines = BUF_INIT(handle->line.size + whole);

    if (newline) {
        buf_add(&lines, handle->line.data, handle->line.size);
        buf_add(&lines, data, whole);
        buf_reset(&handle->line);
    }
    buf_add(&handle->line, data + whole, request->size - whole);
    if (buf_error(&handle->line) == -EFBIG)
        request_refuse(request, EFBIG, "a line has at most %lu bytes", RECORD_MAX);
    else if (buf_error(&handle->line))
        request_refuse(request, ENOMEM, "no memory");
    else if (newline)
        do_lines(request, &lines);
    else
        reply_lines_written(request);
    buf_release(&lines);
}

/* Of a table what was written so far is the file. */
static bool is_hole(const struct request *request)
{
    const struct handle *handle = request->handle;

    return is_table(handle) && !(handle->flags & O_APPEND) &&
           (size_t)request->offset > handle->written;
}

static void note_write(const struct request *request)
{
    struct handle *handle = request->handle;
    size_t end = (size_t)request->offset + request->size;

    handle->writer = fuse_req_ctx(request->fuse)->pid;
    if (end > handle->written)
        handle->written = end;
}

void by_line_write(struct request *request, const char *data)
{
    int refused = request->handle->content.refused;

    if (is_hole(request)) {
        request_refuse(request, EINVAL,
                       "it would leave a hole: a table is written from its beginning");
        return;
    }
    note_write(request);
    if (refused) {
        write_refuse_again(request, refused);
        return;
    }
    request->failed = on_lines_failed;
    request->then = reply_lines_written;
    write_lines(request, data);
}

/* The line that waits is done with before it is sent: the request may end by that. */
static void do_rest(struct request *request, void (*failed)(struct request *request, int code))
{
    struct handle *handle = request->handle;
    struct buf rest = BUF_INIT(RECORD_MAX);

    request->failed = failed;
    request->then = request_succeed;
    buf_add(&rest, handle->line.data, handle->line.size);
    buf_reset(&handle->line);
    do_lines(request, &rest);
    buf_release(&rest);
}

/* Ends the request with what failed before, or succeeds. */
static void end_with(struct request *request, int code)
{
    if (code)
        request_deny(request, code);
    else
        request_succeed(request);
}

/* What has no newline may be cut off, and a part of a number is another one. It waits on, for who
 * closes the file may write more by another descriptor. The errno, or 0. */
static int refuse_cut_line(const struct request *request)
{
    struct error error;

    if (!by_line_has_rest(request->handle))
        return 0;
    error_set(&error, EINVAL,
              "the last line does not end in a newline, and may be cut off: it is not carried out");
    request_tell(request, &error);
    return EINVAL;
}

/* A child of the program that has written has the file, too, and closes it at its end: it is told
 * of nothing. */
static bool is_by_writer(const struct request *request)
{
    return request->handle->writer == fuse_req_ctx(request->fuse)->pid;
}

void by_line_sync(struct request *request)
{
    if (is_table(request->handle))
        end_with(request, is_by_writer(request) ? refuse_cut_line(request) : 0);
    else
        do_rest(request, on_line_failed_at_sync);
}

static void close_table(struct request *request)
{
    struct content *content = &request->handle->content;
    int before = content->unreported;
    int code = 0;

    if (is_by_writer(request)) {
        code = refuse_cut_line(request);
        content->unreported = 0;
        code = before ? before : code;
    }
    end_with(request, code);
}

static void close_records(struct request *request)
{
    struct content *content = &request->handle->content;
    int before = content->unreported;

    content->unreported = 0;
    if (before)
        request_deny(request, before);
    else
        do_rest(request, refuse_what_follows);
}

void by_line_close(struct request *request)
{
    if (is_table(request->handle))
        close_table(request);
    else
        close_records(request);
}
