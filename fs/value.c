#include "fs/value.h"

#include <errno.h>

#include "api/resume.h"
#include "api/status.h"
#include "base/when.h"
#include "fs/entry.h"

static int print_line(const char *line, struct buf *text)
{
    if (!line)
        return -ENODATA;
    buf_puts(text, line);
    buf_puts(text, "\n");
    return buf_error(text);
}

int value_checkpoint(const struct fs *fs, const struct node *node, const struct state *state,
                     struct buf *text)
{
    (void)fs;
    (void)node;
    return state->sequence ? print_line(state->sequence, text) : -ENOENT;
}

int value_metadata(const struct fs *fs, const struct node *node, const struct state *state,
                   struct buf *text)
{
    (void)node;
    if (!state->sequence)
        return -ENOENT;
    if (!(fs->backend->abilities & CAN_STORE_METADATA))
        return 0;
    if (!state->metadata)
        return -ENODATA;
    return *state->metadata ? print_line(state->metadata, text) : 0;
}

int value_lag(const struct fs *fs, const struct node *node, const struct state *state,
              struct buf *text)
{
    char lag[DECIMAL_ROOM];

    (void)node;
    return status_lag(fs->backend, state, lag) ? -ENODATA : print_line(lag, text);
}

int value_status(const struct fs *fs, const struct node *node, const struct state *state,
                 struct buf *text)
{
    return status_print(fs->backend, node->place->app, node->place->stream, state, text);
}

int value_saved(const struct fs *fs, const struct node *node, const struct state *state,
                struct buf *text)
{
    int status = value_checkpoint(fs, node, state, text);

    return status ? status : value_metadata(fs, node, state, text);
}

int value_checkpoints(const struct fs *fs, const struct table *states, struct buf *text)
{
    bool has_metadata = fs->backend->abilities & CAN_STORE_METADATA;
    bool is_told = true;
    struct state state;

    for (size_t i = 0; i < table_count(states); i++) {
        table_at(states, i, &state);
        is_told &= entry_print(&state, has_metadata, text);
    }
    return is_told ? buf_error(text) : -ENODATA;
}

int value_earliest(const struct fs *fs, const struct node *node, const struct state *state,
                   struct buf *text)
{
    (void)fs;
    (void)node;
    return print_line(state->earliest, text);
}

int value_latest(const struct fs *fs, const struct node *node, const struct state *state,
                 struct buf *text)
{
    (void)fs;
    (void)node;
    return print_line(state->latest, text);
}

int value_partition_status(const struct fs *fs, const struct node *node, const struct state *state,
                           struct buf *text)
{
    return status_print(fs->backend, NULL, node->place->stream, state, text);
}

/* The mount itself */

const struct lines *value_commits(const struct fs *fs)
{
    return &fs->journal.history.lines;
}

const struct lines *value_errors(const struct fs *fs)
{
    return &fs->errors;
}

void value_metrics(const struct fs *fs, struct buf *text)
{
    const char *source = fs->source;

    metrics_gauge(text, source, "checkpointfs_cache_bytes", "Bytes of answers that are kept.",
                  cache_size(fs->cache));
    metrics_gauge(text, source, "checkpointfs_places",
                  "Apps, streams and pairs of them that are in use.", nodes_count(fs->nodes));
    metrics_gauge(text, source, "checkpointfs_requests_waiting",
                  "Requests that wait for an answer.", fs->request_count);
    metrics_gauge(text, source, "checkpointfs_open_files", "Files that programs hold open.",
                  fs->handle_count);
    metrics_gauge(text, source, "checkpointfs_batch_bytes",
                  "Bytes of records and of tables that open files have.", fs->batch_bytes);
    metrics_counter(text, source, "checkpointfs_records_read_total", "Records that were read.",
                    fs->records_read);
    metrics_counter(text, source, "checkpointfs_record_bytes_read_total",
                    "Bytes of the keys and data of records that were read.", fs->bytes_read);
    metrics_gauge(text, source, "checkpointfs_start_time_seconds",
                  "When the mount began, since 1970.", (uint64_t)(fs->started / 1000000000));
    metrics_retries(text, source, &fs->backend->retries);
    metrics_print(fs->metrics, source, text);
}

/* Cursors */

struct call *value_cursor_resume(struct fs *fs, const struct node *node, const struct ask *ask)
{
    return resume_cursor(fs->backend, node->place->app, node->place->stream, node->partition, ask);
}

static struct call *order_cursor(struct fs *fs, const struct node *node, struct cursor_order *order,
                                 const struct ask *ask)
{
    order->stream = node->place->stream;
    order->partition = node->partition;
    return backend_get_cursor(fs->backend, order, ask);
}

struct call *value_cursor_earliest(struct fs *fs, const struct node *node, const struct ask *ask)
{
    return order_cursor(fs, node, &(struct cursor_order){.kind = CURSOR_EARLIEST}, ask);
}

struct call *value_cursor_latest(struct fs *fs, const struct node *node, const struct ask *ask)
{
    return order_cursor(fs, node, &(struct cursor_order){.kind = CURSOR_LATEST}, ask);
}

struct call *value_cursor_at(struct fs *fs, const struct node *node, const struct ask *ask)
{
    return order_cursor(
        fs, node, &(struct cursor_order){.kind = CURSOR_AT, .sequence = node->place->text}, ask);
}

struct call *value_cursor_after(struct fs *fs, const struct node *node, const struct ask *ask)
{
    return order_cursor(
        fs, node, &(struct cursor_order){.kind = CURSOR_AFTER, .sequence = node->place->text}, ask);
}

/* An age counts back from when the file is opened. */
static int order_since(const struct node *node, struct cursor_order *order)
{
    *order = (struct cursor_order){
        .stream = node->place->stream, .partition = node->partition, .kind = CURSOR_SINCE};
    return when_parse(node->place->text, when_now(), &order->time);
}

struct call *value_cursor_since(struct fs *fs, const struct node *node, const struct ask *ask)
{
    struct cursor_order order;

    return order_since(node, &order) ? NULL : backend_get_cursor(fs->backend, &order, ask);
}

struct call *value_since(struct fs *fs, const struct node *node, const struct ask *ask)
{
    struct cursor_order order;

    return order_since(node, &order) ? NULL : backend_locate(fs->backend, &order, ask);
}
