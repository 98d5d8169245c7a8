#include "fs/append.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/handle.h"
#include "fs/records.h"

bool append_has_rest(const struct handle *handle)
{
    return handle->line.size > 0;
}

/* After an interrupt nobody knows what was stored: the same again would be stored twice. */
static void on_write_failed(struct request *request, int code)
{
    buf_reset(&request->handle->line);
    request->handle->content.refused = code == EINTR ? ECANCELED : code;
}

/* What fsync failed to store close tells once more. */
static void on_sync_failed(struct request *request, int code)
{
    on_write_failed(request, code);
    request->handle->content.unreported = code;
}

static void on_appended(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;
    struct subject about = {"", request->node.place->stream, request->node.partition};

    (void)answer;
    if (!request_answered(request, error))
        return;
    cache_outdate_about(request->fs->cache, NULL, about.stream);
    records_note_change(request->fs, &about);
    request->then(request);
}

static void append(struct request *request, const struct span *records, size_t count)
{
    struct ask ask = request_ask(request, on_appended);
    struct append_order order = {.stream = request->node.place->stream,
                                 .partition = request->node.partition,
                                 .records = records,
                                 .count = count};

    request_wait(request, backend_append_records(request->fs->backend, &order, &ask));
}

static void refuse_line(struct request *request, int code)
{
    if (code == EFBIG)
        request_refuse(request, EFBIG, "a record has at most %lu bytes", RECORD_MAX);
    else
        request_refuse(request, code, "no memory");
}

/* Takes what waited for its newline out of the file: no other write continues it now. */
static struct buf take_line(struct handle *handle)
{
    struct buf line = handle->line;

    buf_init(&handle->line, RECORD_MAX);
    return line;
}

static size_t count_lines(const char *data, size_t size)
{
    size_t count = 0;

    for (size_t i = 0; i < size; i++)
        count += data[i] == '\n';
    return count;
}

/* The lines of whole ones, of which the first ends the line that waited. 0 or an errno. */
static int split(struct buf *waited, const char *data, size_t size, struct span *lines)
{
    const char *end = data + size;
    size_t count = 0;

    while (data < end) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        struct span line = {data, (size_t)(newline - data)};

        if (!count) {
            buf_add(waited, line.data, line.size);
            line = (struct span){waited->data, waited->size};
        }
        if (buf_error(waited) || line.size > RECORD_MAX)
            return buf_error(waited) == -ENOMEM ? ENOMEM : EFBIG;
        lines[count++] = line;
        data = newline + 1;
    }
    return 0;
}

static void append_lines(struct request *request, struct buf *waited, const char *data, size_t size)
{
    size_t count = count_lines(data, size);
    struct span *lines = calloc(count ? count : 1, sizeof(*lines));
    int code = lines ? split(waited, data, size, lines) : ENOMEM;

    if (code)
        refuse_line(request, code);
    else
        append(request, lines, count);
    free(lines);
}

static void reply_written(struct request *request)
{
    request_reply_written(request, request->size);
}

/* What follows the last newline waits before the lines are sent: the request may end by that. */
void append_write(struct request *request, const char *data)
{
    struct handle *handle = request->handle;
    const char *newline = memrchr(data, '\n', request->size);
    size_t whole = newline ? (size_t)(newline + 1 - data) : 0;
    struct buf waited = BUF_INIT(RECORD_MAX);

    if (handle->content.refused) {
        request_refuse(request, handle->content.refused,
                       "a write before was refused, and so is all that follows: open the file "
                       "anew");
        return;
    }
    request->failed = on_write_failed;
    request->then = reply_written;
    if (newline)
        waited = take_line(handle);
    buf_add(&handle->line, data + whole, request->size - whole);
    if (buf_error(&handle->line))
        refuse_line(request, -buf_error(&handle->line));
    else if (newline)
        append_lines(request, &waited, data, whole);
    else
        reply_written(request);
    buf_release(&waited);
}

static void append_rest(struct request *request)
{
    struct buf line = take_line(request->handle);

    request->then = request_succeed;
    append(request, &(struct span){line.data, line.size}, 1);
    buf_release(&line);
}

void append_at_sync(struct request *request)
{
    request->failed = on_sync_failed;
    append_rest(request);
}

void append_at_close(struct request *request)
{
    request->failed = on_write_failed;
    append_rest(request);
}
