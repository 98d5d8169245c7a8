#include "api/local/local.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/json.h"
#include "api/local/call.h"
#include "api/local/cursor.h"
#include "api/local/writer.h"
#include "base/home.h"
#include "base/utf8.h"
#include "base/when.h"

/* DIS's limit, so that what is kept here can be copied there. */
#define METADATA_MAX 1000

/* Kafka's limit for topics. */
#define STREAM_NAME_MAX 249

/* How long a read waits before it asks again for a lock that another process holds. */
#define LOCK_RETRY_MS 20

struct local {
    struct backend backend;
    struct store *reader;
    struct writer *writer; /* NULL in a read-only mount */
    char *identity;        /* or NULL */
};

static void release_local_call(struct operation *operation)
{
    struct local_call *call = (struct local_call *)operation;

    names_drop(call->names);
    table_drop(call->table);
    free(call->metadata);
    free(call->text);
    free(call->records);
    batch_release(&call->batch);
    free(call);
}

static void end_local_call(struct local_call *call)
{
    struct answer answer = {.names = call->names,
                            .table = call->table,
                            .state = &call->state,
                            .batch = call->reads_records ? &call->batch : NULL,
                            .text = call->text};

    backend_tell_left_out(&call->local->backend, call->names);
    operation_end(&call->operation, call->operation.error.code ? &call->operation.error : NULL,
                  &answer);
}

static void read_store(void *user)
{
    struct local_call *call = user;
    struct error *error = &call->operation.error;
    struct store *store = call->local->reader;
    int status = store_begin_reading(store, error);

    if (!status)
        status = call->work(store, call);
    store_cancel(store);
    if (status == -EAGAIN && when_monotonic() < call->operation.ask.deadline) {
        timer_start(call->operation.loop, &call->operation.timer, LOCK_RETRY_MS, read_store, call);
        return;
    }
    if (status == -EAGAIN)
        error_set(error, ETIMEDOUT, "another process holds the store's lock");
    if (status == 1) {
        operation_soon(&call->operation, read_store);
        return;
    }
    if (!status)
        error->code = 0;
    end_local_call(call);
}

static bool cancel_writing(struct call *call)
{
    struct local_call *writing = (struct local_call *)call;

    return writer_cancel(writing->local->writer, writing);
}

static bool is_writing(const struct call *call)
{
    const struct local_call *writing = (const struct local_call *)call;

    return writer_has_taken(writing->local->writer, writing);
}

static struct local_call *new_local_call(struct backend *backend, const char *app,
                                         const char *stream, const struct ask *ask)
{
    struct local_call *call = calloc(1, sizeof(*call));

    if (!call)
        return NULL;
    operation_begin(&call->operation, backend->loop, ask, release_local_call);
    call->local = (struct local *)backend;
    call->has_app = app != NULL;
    snprintf(call->app, sizeof(call->app), "%s", app ? app : "");
    snprintf(call->stream, sizeof(call->stream), "%s", stream ? stream : "");
    return call;
}

static struct call *start_read(struct local_call *call, work_fn *work)
{
    if (!call)
        return NULL;
    call->work = work;
    operation_soon(&call->operation, read_store);
    return &call->operation.call;
}

static struct call *start_write(struct local_call *call, work_fn *work)
{
    if (!call)
        return NULL;
    call->work = work;
    call->operation.call = (struct call){.cancel = cancel_writing, .is_sent = is_writing};
    writer_submit(call->local->writer, call);
    return &call->operation.call;
}

static int call_no_memory(struct local_call *call)
{
    return error_set(&call->operation.error, ENOMEM, "no memory");
}

/* Lists */

static int list_apps_work(struct store *store, struct local_call *call)
{
    names_drop(call->names);
    call->names = names_new();
    return call->names ? store_list_apps(store, call->names, &call->operation.error)
                       : call_no_memory(call);
}

static struct call *list_apps(struct backend *backend, const struct ask *ask)
{
    return start_read(new_local_call(backend, NULL, NULL, ask), list_apps_work);
}

static int list_streams_work(struct store *store, struct local_call *call)
{
    names_drop(call->names);
    call->names = names_new();
    if (!call->names)
        return call_no_memory(call);
    if (call->which == STREAMS_COMMITTED)
        return store_list_committed(store, call->app, call->names, &call->operation.error);
    return store_list_streams(store, call->names, &call->operation.error);
}

static struct call *list_streams(struct backend *backend, enum streams which, const char *app,
                                 const struct ask *ask)
{
    struct local_call *call = new_local_call(backend, app, NULL, ask);

    if (call)
        call->which = which;
    return start_read(call, list_streams_work);
}

/* Apps */

static int find_app_work(struct store *store, struct local_call *call)
{
    return store_find_app(store, call->app, &call->operation.error);
}

static struct call *find_app(struct backend *backend, const char *app, const struct ask *ask)
{
    return start_read(new_local_call(backend, app, NULL, ask), find_app_work);
}

static int create_app_work(struct store *store, struct local_call *call)
{
    return store_create_app(store, call->app, &call->operation.error);
}

static struct call *create_app(struct backend *backend, const char *app, const char *stream,
                               const struct ask *ask)
{
    return start_write(new_local_call(backend, app, stream, ask), create_app_work);
}

static int delete_app_work(struct store *store, struct local_call *call)
{
    return store_delete_app(store, call->app, &call->operation.error);
}

static struct call *delete_app(struct backend *backend, const char *app, const char *stream,
                               const struct ask *ask)
{
    return start_write(new_local_call(backend, app, stream, ask), delete_app_work);
}

/* Streams and partitions */

static char *describe(const char *stream, const struct stream_summary *summary)
{
    cJSON *object = cJSON_CreateObject();
    char *text = NULL;

    if (cJSON_AddStringToObject(object, "stream", stream) &&
        cJSON_AddStringToObject(object, "status", "RUNNING") &&
        cJSON_AddNumberToObject(object, "partitions", (double)summary->partitions) &&
        json_add_time(object, "created", summary->created))
        text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    return text;
}

static int describe_stream_work(struct store *store, struct local_call *call)
{
    struct stream_summary summary = {0};
    int status = store_describe_stream(store, call->stream, &summary, &call->operation.error);

    if (status)
        return status;
    call->text = describe(call->stream, &summary);
    return call->text ? 0 : call_no_memory(call);
}

static struct call *describe_stream(struct backend *backend, const char *stream,
                                    const struct ask *ask)
{
    return start_read(new_local_call(backend, NULL, stream, ask), describe_stream_work);
}

static int create_stream_work(struct store *store, struct local_call *call)
{
    return store_create_stream(store, call->stream, &call->operation.error);
}

static struct call *create_stream(struct backend *backend, const char *stream,
                                  const struct ask *ask)
{
    return start_write(new_local_call(backend, NULL, stream, ask), create_stream_work);
}

static int delete_stream_work(struct store *store, struct local_call *call)
{
    return store_delete_stream(store, call->stream, &call->operation.error);
}

static struct call *delete_stream(struct backend *backend, const char *stream,
                                  const struct ask *ask)
{
    return start_write(new_local_call(backend, NULL, stream, ask), delete_stream_work);
}

static struct local_call *new_partition_call(struct backend *backend, const char *app,
                                             const char *stream, uint32_t partition,
                                             const struct ask *ask)
{
    struct local_call *call = new_local_call(backend, app, stream, ask);

    if (call)
        call->partition = partition;
    return call;
}

static int create_partition_work(struct store *store, struct local_call *call)
{
    return store_create_partition(store, call->stream, call->partition, &call->operation.error);
}

static struct call *create_partition(struct backend *backend, const char *stream,
                                     uint32_t partition, const struct ask *ask)
{
    return start_write(new_partition_call(backend, NULL, stream, partition, ask),
                       create_partition_work);
}

static int delete_partition_work(struct store *store, struct local_call *call)
{
    return store_delete_partition(store, call->stream, call->partition, &call->operation.error);
}

static struct call *delete_partition(struct backend *backend, const char *stream,
                                     uint32_t partition, const struct ask *ask)
{
    return start_write(new_partition_call(backend, NULL, stream, partition, ask),
                       delete_partition_work);
}

/* Reads a decimal into an int64_t; ERANGE past 9223372036854775807. */
static int to_number(const char *text, int64_t *number, struct error *error)
{
    char *end;

    if (!decimal_is_unsigned(text))
        return error_set(error, EINVAL, "\"%.60s\" is not a sequence number", text);
    errno = 0;
    *number = strtoll(text, &end, 10);
    if (errno)
        return error_set(error, ERANGE, "%.100s is out of range: the greatest is %" PRId64, text,
                         INT64_MAX);
    return 0;
}

/* Ends a call that cannot begin because of its arguments. */
static int bad_argument(struct store *store, struct local_call *call)
{
    (void)store;
    return -call->operation.error.code;
}

static int set_bound_work(struct store *store, struct local_call *call)
{
    return store_set_bound(store, call->stream, call->partition, call->sets_earliest, call->number,
                           &call->operation.error);
}

static struct call *set_bound(struct backend *backend, const char *stream, uint32_t partition,
                              bool earliest, const char *value, const struct ask *ask)
{
    struct local_call *call = new_partition_call(backend, NULL, stream, partition, ask);

    if (!call)
        return NULL;
    call->sets_earliest = earliest;
    if (to_number(value, &call->number, &call->operation.error))
        return start_read(call, bad_argument);
    return start_write(call, set_bound_work);
}

/* States and checkpoints */

static int get_states_work(struct store *store, struct local_call *call)
{
    table_drop(call->table);
    call->table = table_new();
    if (!call->table)
        return call_no_memory(call);
    return store_get_states(store, call->has_app ? call->app : NULL, call->stream, call->table,
                            &call->operation.error);
}

static struct call *get_states(struct backend *backend, const char *app, const char *stream,
                               const struct ask *ask)
{
    return start_read(new_local_call(backend, app, stream, ask), get_states_work);
}

/* Makes what is stored the state that is answered. */
static void set_checkpoint(struct local_call *call, const struct stored_checkpoint *checkpoint)
{
    free(call->metadata);
    call->metadata = checkpoint->metadata;
    snprintf(call->sequence, sizeof(call->sequence), "%" PRId64, checkpoint->sequence);
    call->state.sequence = call->sequence;
    call->state.metadata = call->metadata;
    call->state.committed = checkpoint->committed;
}

static int get_checkpoint_work(struct store *store, struct local_call *call)
{
    struct stored_checkpoint checkpoint = {0};
    bool found = false;
    int status = store_get_checkpoint(store, call->app, call->stream, call->partition, &checkpoint,
                                      &found, &call->operation.error);

    if (status)
        return status;
    call->state = (struct state){.partition = call->partition, .committed = WHEN_UNKNOWN};
    if (found)
        set_checkpoint(call, &checkpoint);
    return 0;
}

static struct call *get_checkpoint(struct backend *backend, const char *app, const char *stream,
                                   uint32_t partition, const struct ask *ask)
{
    return start_read(new_partition_call(backend, app, stream, partition, ask),
                      get_checkpoint_work);
}

static int get_state_work(struct store *store, struct local_call *call)
{
    struct bounds bounds = {0};
    int status =
        store_get_bounds(store, call->stream, call->partition, &bounds, &call->operation.error);

    call->state = (struct state){.partition = call->partition, .committed = WHEN_UNKNOWN};
    if (!status && call->has_app)
        status = get_checkpoint_work(store, call);
    if (status)
        return status;
    snprintf(call->earliest, sizeof(call->earliest), "%" PRId64, bounds.earliest);
    snprintf(call->latest, sizeof(call->latest), "%" PRId64, bounds.latest);
    call->state.earliest = call->earliest;
    call->state.latest = call->latest;
    call->state.has_no_end = !bounds.latest_is_set;
    return 0;
}

static struct call *get_state(struct backend *backend, const char *app, const char *stream,
                              uint32_t partition, enum detail detail, const struct ask *ask)
{
    (void)detail;
    return start_read(new_partition_call(backend, app, stream, partition, ask), get_state_work);
}

static int commit_work(struct store *store, struct local_call *call)
{
    struct store_commit order = {
        .app = call->app,
        .stream = call->stream,
        .partition = call->partition,
        .sequence = call->number,
        .metadata = call->metadata,
        .expected = call->has_expected ? &call->expected : NULL,
        .is_next = call->local->backend.checkpoint_is_next,
        .make_partition = call->make_partition,
    };
    int64_t committed = 0;
    int status = store_commit(store, &order, &committed, &call->operation.error);

    if (status)
        return status;
    snprintf(call->sequence, sizeof(call->sequence), "%" PRId64, call->number);
    call->state = (struct state){.partition = call->partition,
                                 .committed = committed,
                                 .sequence = call->sequence,
                                 .metadata = call->metadata};
    return 0;
}

static struct call *local_commit(struct backend *backend, const struct commit_order *order,
                                 const struct ask *ask)
{
    struct local_call *call =
        new_partition_call(backend, order->app, order->stream, order->partition, ask);

    if (!call)
        return NULL;
    call->make_partition = order->make_partition;
    call->has_expected = order->expected != NULL;
    call->expected = -1;
    call->metadata = strdup(order->metadata);
    if (!call->metadata)
        call_no_memory(call);
    if (!call->metadata || to_number(order->sequence, &call->number, &call->operation.error) ||
        (order->expected && *order->expected &&
         to_number(order->expected, &call->expected, &call->operation.error)))
        return start_read(call, bad_argument);
    return start_write(call, commit_work);
}

static int delete_checkpoint_work(struct store *store, struct local_call *call)
{
    return store_delete_checkpoint(store, call->app, call->stream, call->partition,
                                   &call->operation.error);
}

static struct call *local_delete_checkpoint(struct backend *backend, const char *app,
                                            const char *stream, uint32_t partition,
                                            const struct ask *ask)
{
    return start_write(new_partition_call(backend, app, stream, partition, ask),
                       delete_checkpoint_work);
}

/* Cursors */

/* The first record that a cursor reads, for the kinds that do not name it. */
static int locate_first(struct store *store, struct local_call *call, const struct bounds *bounds,
                        int64_t *first)
{
    if (call->cursor == CURSOR_SINCE)
        return store_locate(store, call->stream, call->partition, call->time, first,
                            &call->operation.error);
    *first = call->cursor == CURSOR_EARLIEST ? bounds->earliest : bounds->latest;
    return 0;
}

/* As DIS does: a number must lie within the bounds, of which latest is one, for it is where a
 * reader waits for new records. */
static int check_cursor(struct local_call *call, const struct bounds *bounds)
{
    int64_t below = call->cursor == CURSOR_AFTER ? 1 : 0;

    if (!bounds->latest_is_set ||
        (call->number >= bounds->earliest - below && call->number <= bounds->latest - below))
        return 0;
    return error_set(&call->operation.error, ERANGE,
                     "%" PRId64 " is out of range: earliest is %" PRId64 " and latest %" PRId64,
                     call->number, bounds->earliest, bounds->latest);
}

static int get_cursor_work(struct store *store, struct local_call *call)
{
    bool named = call->cursor == CURSOR_AT || call->cursor == CURSOR_AFTER;
    struct bounds bounds = {0};
    int64_t starting = call->number;
    int status =
        store_get_bounds(store, call->stream, call->partition, &bounds, &call->operation.error);

    if (!status)
        status =
            named ? check_cursor(call, &bounds) : locate_first(store, call, &bounds, &starting);
    if (status)
        return status;
    snprintf(call->sequence, sizeof(call->sequence), "%" PRId64, starting);
    call->text =
        local_cursor_text(call->stream, call->partition, call->cursor, call->sequence, when_now());
    return call->text ? 0 : call_no_memory(call);
}

static struct local_call *new_cursor_call(struct backend *backend, const struct cursor_order *order,
                                          const struct ask *ask)
{
    struct local_call *call =
        new_partition_call(backend, NULL, order->stream, order->partition, ask);

    if (!call)
        return NULL;
    call->cursor = order->kind;
    call->time = order->time;
    return call;
}

static struct call *local_get_cursor(struct backend *backend, const struct cursor_order *order,
                                     const struct ask *ask)
{
    struct local_call *call = new_cursor_call(backend, order, ask);

    if (call && order->sequence &&
        to_number(order->sequence, &call->number, &call->operation.error))
        return start_read(call, bad_argument);
    return start_read(call, get_cursor_work);
}

static int locate_work(struct store *store, struct local_call *call)
{
    struct bounds bounds = {0};
    int64_t first = 0;
    int status =
        store_get_bounds(store, call->stream, call->partition, &bounds, &call->operation.error);

    if (!status && call->cursor != CURSOR_EARLIEST && !bounds.latest_is_set)
        return error_set(&call->operation.error, ERANGE,
                         "nobody has written streams/%s/%" PRIu32
                         "/latest yet, so which record is the next is not known",
                         call->stream, call->partition);
    if (!status)
        status = locate_first(store, call, &bounds, &first);
    if (status)
        return status;
    if (asprintf(&call->text, "%" PRId64, first) < 0) {
        call->text = NULL;
        return call_no_memory(call);
    }
    return 0;
}

static struct call *local_locate(struct backend *backend, const struct cursor_order *order,
                                 const struct ask *ask)
{
    return start_read(new_cursor_call(backend, order, ask), locate_work);
}

/* Records */

/* Where a read begins: after a number. */
static int find_start(struct store *store, struct local_call *call, const struct bounds *bounds)
{
    bool named = call->cursor == CURSOR_AT || call->cursor == CURSOR_AFTER;
    int64_t first = call->number;
    int status = named ? check_cursor(call, bounds) : locate_first(store, call, bounds, &first);

    call->after = call->cursor == CURSOR_AFTER ? first : first - 1;
    return status;
}

/* Reads on, unless what comes next was removed meanwhile: then the batch ends there. */
static int read_on(struct store *store, struct local_call *call, const struct bounds *bounds)
{
    const struct store_read read = {.stream = call->stream,
                                    .partition = call->partition,
                                    .is_next = call->local->backend.checkpoint_is_next};

    if (call->after < bounds->earliest - 1)
        return 0;
    return store_read_records(store, &read, &call->after, &call->batch, &call->operation.error);
}

static int read_records_work(struct store *store, struct local_call *call)
{
    struct bounds bounds = {0};
    int status =
        store_get_bounds(store, call->stream, call->partition, &bounds, &call->operation.error);

    if (!status && !call->has_started)
        status = find_start(store, call, &bounds);
    if (status)
        return status;
    call->has_started = true;
    return read_on(store, call, &bounds);
}

/* Below earliest there may have been one: that is ERANGE, as in a batch. */
static int read_record_work(struct store *store, struct local_call *call)
{
    struct bounds bounds = {0};
    int status =
        store_get_bounds(store, call->stream, call->partition, &bounds, &call->operation.error);

    if (status)
        return status;
    if (call->number < bounds.earliest)
        return check_cursor(call, &bounds);
    call->after = call->number - 1;
    status = read_on(store, call, &bounds);
    if (status >= 0 && (!call->batch.count || call->after != call->number))
        return error_set(&call->operation.error, ENOENT, "there is no record %" PRId64,
                         call->number);
    return status < 0 ? status : 0;
}

static struct call *local_read_records(struct backend *backend, const struct read_order *order,
                                       const struct ask *ask)
{
    struct local_call *call = new_cursor_call(backend, &order->from, ask);

    if (!call)
        return NULL;
    call->reads_records = true;
    batch_init(&call->batch, order->form, order->limit);
    if (order->from.sequence &&
        to_number(order->from.sequence, &call->number, &call->operation.error))
        return start_read(call, bad_argument);
    return start_read(call, order->form == RECORD_BYTES ? read_record_work : read_records_work);
}

static int append_work(struct store *store, struct local_call *call)
{
    return store_append_records(store, call->stream, call->partition, call->records, call->count,
                                &call->operation.error);
}

/* How large a copy of the records is; 0 for one that is too large. */
static size_t size_of_copy(const struct append_order *order)
{
    size_t size = order->count * sizeof(struct span) + 1;

    for (size_t i = 0; i < order->count; i++) {
        if (order->records[i].size > RECORD_MAX)
            return 0;
        size += order->records[i].size;
    }
    return size;
}

/* The spans, and their bytes behind them. */
static void copy_records(struct span *copy, const struct append_order *order)
{
    char *bytes = (char *)(copy + order->count);

    for (size_t i = 0; i < order->count; i++) {
        size_t size = order->records[i].size;

        copy[i] = (struct span){bytes, size};
        if (size)
            memcpy(bytes, order->records[i].data, size);
        bytes += size;
    }
}

static int take_records(struct local_call *call, const struct append_order *order)
{
    size_t size = size_of_copy(order);

    if (!size)
        return error_set(&call->operation.error, EFBIG, "a record has at most %lu bytes",
                         RECORD_MAX);
    call->records = malloc(size);
    if (!call->records)
        return call_no_memory(call);
    copy_records(call->records, order);
    call->count = order->count;
    call->size = size;
    return 0;
}

static struct call *local_append_records(struct backend *backend, const struct append_order *order,
                                         const struct ask *ask)
{
    struct local_call *call =
        new_partition_call(backend, NULL, order->stream, order->partition, ask);

    if (!call)
        return NULL;
    if (take_records(call, order))
        return start_read(call, bad_argument);
    return start_write(call, append_work);
}

static int local_parse_sequence(const char *text, char sequence[static SEQUENCE_MAX + 1],
                                struct error *error)
{
    int64_t number = 0;
    int status = to_number(text, &number, error);

    if (!status)
        snprintf(sequence, SEQUENCE_MAX + 1, "%" PRId64, number);
    return status;
}

static int to_decimal(const char *sequence, char decimal[static DECIMAL_ROOM])
{
    return decimal_normalize(decimal, sequence) ? -EBADMSG : 0;
}

/* Names: what Kafka has too, so that its groups and topics can be copied here. */

static bool takes_app(const char *name)
{
    char file[FILE_NAME_ROOM];

    return *name && utf8_is_valid(name) && !name_to_file(name, file);
}

static bool takes_stream(const char *name)
{
    size_t length = strlen(name);

    return length >= 1 && length <= STREAM_NAME_MAX && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0 &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
               length;
}

/* Opening */

static void close_local(struct backend *backend)
{
    struct local *local = (struct local *)backend;

    /* The last connection to close takes what is in the log into the file: it must be one that
     * writes. */
    store_close(local->reader);
    writer_stop(local->writer);
    free(local->identity);
    free(local);
}

static const struct backend_operations operations = {
    .list_apps = list_apps,
    .find_app = find_app,
    .create_app = create_app,
    .delete_app = delete_app,
    .list_streams = list_streams,
    .describe_stream = describe_stream,
    .get_states = get_states,
    .get_state = get_state,
    .get_checkpoint = get_checkpoint,
    .commit = local_commit,
    .delete_checkpoint = local_delete_checkpoint,
    .get_cursor = local_get_cursor,
    .locate = local_locate,
    .read_records = local_read_records,
    .append_records = local_append_records,
    .create_stream = create_stream,
    .delete_stream = delete_stream,
    .create_partition = create_partition,
    .delete_partition = delete_partition,
    .set_bound = set_bound,
    .parse_sequence = local_parse_sequence,
    .to_decimal = to_decimal,
    .takes_app = takes_app,
    .takes_stream = takes_stream,
    .close = close_local,
};

/* The default path; the caller frees it. */
static char *default_path(void)
{
    const char *data = getenv("XDG_DATA_HOME");
    char *path;

    if (!data || *data != '/')
        return home_path(".local/share/checkpointfs/checkpoints.db");
    return asprintf(&path, "%s/checkpointfs/checkpoints.db", data) < 0 ? NULL : path;
}

/* Makes the directories above path, like mkdir -p. */
static int make_parents(const char *path, struct error *error)
{
    char *copy = strdup(path);
    int status = 0;

    if (!copy)
        return error_set(error, ENOMEM, "no memory");
    for (char *slash = strchr(copy + 1, '/'); slash && !status; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0700) && errno != EEXIST)
            status =
                error_set(error, errno, "cannot make the directory %s: %s", copy, strerror(errno));
        *slash = '/';
    }
    free(copy);
    return status;
}

/* The path of the store, for the caller to free. Only the one at its usual place has its directory
 * made. */
static int choose_path(const char *given, const struct backend_options *options, char **path,
                       struct error *error)
{
    int status = 0;

    *path = *given ? strdup(given) : default_path();
    if (!*path)
        return error_set(error, ENOMEM, "no memory");
    if (!*given && !options->read_only)
        status = make_parents(*path, error);
    if (status)
        free(*path);
    return status;
}

static int open_stores(struct local *local, const char *path, const struct backend_options *options,
                       struct error *error)
{
    struct store *writing = NULL;
    int status = 0;

    if (!options->read_only)
        status = store_open(path, STORE_MAKE, &writing, error);
    if (!status)
        status = store_open(path, STORE_READ, &local->reader, error);
    if (!status && writing)
        status = writer_start(local->backend.loop, writing, end_local_call, &local->writer, error);
    if (status)
        store_close(writing);
    return status;
}

/* Without memory, or when the file has just gone, the source must do. */
static void note_identity(struct local *local, const char *path)
{
    char *real = realpath(path, NULL);

    if (real && asprintf(&local->identity, "local:%s", real) < 0)
        local->identity = NULL;
    local->backend.identity = local->identity;
    free(real);
}

static int open_local(const char *path, bool plain, const struct backend_options *options,
                      struct backend **backend, struct error *error)
{
    struct local *local;
    char *chosen;
    int status = choose_path(path, options, &chosen, error);

    (void)plain;
    if (status)
        return status;
    local = calloc(1, sizeof(*local));
    if (!local) {
        free(chosen);
        return error_set(error, ENOMEM, "no memory");
    }
    local->backend = (struct backend){
        .operations = &operations,
        .loop = options->loop,
        .abilities = CAN_STORE_METADATA | CAN_MAKE_APP | CAN_DELETE_APP | CAN_DELETE_CHECKPOINT |
                     CAN_MAKE_STREAM | CAN_SET_BOUND | CAN_GIVE_CURSOR | CAN_COMPARE |
                     CAN_READ_RECORDS | CAN_APPEND_RECORDS | RECORDS_ARE_BYTES,
        .metadata_max = METADATA_MAX,
        .checkpoint_is_next = options->checkpoint_is_next,
    };
    status = open_stores(local, chosen, options, error);
    if (!status)
        note_identity(local, chosen);
    free(chosen);
    if (status) {
        store_close(local->reader);
        free(local);
        return status;
    }
    *backend = &local->backend;
    return 0;
}

static const struct backend_option no_options[] = {{0}};

const struct backend_type local_backend = {
    .name = "local",
    .prefix = "local:",
    .source = "local:PATH",
    .help = "an embedded store: that file, or one in your home",
    .options = no_options,
    .open = open_local,
};
