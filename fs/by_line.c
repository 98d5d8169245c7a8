#include "fs/by_line.h"

#include <errno.h>
#include <string.h>

#include "fs/handle.h"
#include "fs/tree.h"

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

/* After an interrupt nobody knows what was done: the same again would be done twice. */
static void on_lines_failed(struct request *request, int code)
{
    struct content *content = &request->handle->content;
    bool goes_on = writes_of(request->handle) == WRITES_TABLE && code != EINTR;

    buf_reset(&request->handle->line);
    if (!goes_on)
        content->refused = code == EINTR ? ECANCELED : code;
    else if (!content->unreported)
        content->unreported = code;
}

static void on_line_failed_at_close(struct request *request, int code)
{
    buf_reset(&request->handle->line);
    request->handle->content.refused = code == EINTR ? ECANCELED : code;
}

/* What fsync failed to do close tells once more. */
static void on_line_failed_at_sync(struct request *request, int code)
{
    on_line_failed_at_close(request, code);
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

void by_line_write(struct request *request, const char *data)
{
    int refused = request->handle->content.refused;

    if (refused) {
        request_refuse(request, refused,
                       "a write before was refused, and so is all that follows: open the file "
                       "anew");
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

void by_line_sync(struct request *request)
{
    do_rest(request, on_line_failed_at_sync);
}

void by_line_close(struct request *request)
{
    do_rest(request, on_line_failed_at_close);
}
