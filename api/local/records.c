#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "api/local/statements.h"
#include "api/local/store.h"
#include "base/when.h"

/* What partitions keep: their bounds, and the records between them. */

/* How much text a read of records makes before it lets others have the thread. */
#define READ_STEP (256 << 10)

/* A damaged store may have the greatest. */
static int64_t number_after(int64_t number)
{
    return number < INT64_MAX ? number + 1 : number;
}

/* Of a partition: its bounds and what it keeps of its records. */
struct kept {
    int64_t stream;
    int64_t partition;
    int64_t earliest;
    int64_t latest;
    bool latest_is_set;
    int64_t removed; /* no number below it has a record any more; 0 if none was ever removed */
    int64_t records;
    int64_t bytes;
};

static int check_counts(const struct kept *kept, const char *stream, struct error *error)
{
    const int64_t most = INT64_MAX / 2; /* which leaves room for what is added */

    if (kept->records >= 0 && kept->records <= most && kept->bytes >= 0 && kept->bytes <= most)
        return 0;
    return error_set(error, EBADMSG,
                     "the store is damaged: partition %" PRId64 " of stream \"%s\" cannot keep so "
                     "many records",
                     kept->partition, stream);
}

static int get_kept(struct store *store, const char *stream, uint32_t partition, struct kept *kept,
                    struct error *error)
{
    sqlite3_stmt *row = NULL;
    int status = stream_id(store, stream, &kept->stream, error);

    kept->partition = partition;
    if (!status)
        status = start_statement(store, GET_KEPT, &row, error, "ii", kept->stream, kept->partition);
    if (status)
        return status;
    status = next_row(store, row, error);
    if (status == 1) {
        kept->earliest = sqlite3_column_int64(row, 0);
        kept->latest_is_set = sqlite3_column_type(row, 1) != SQLITE_NULL;
        kept->latest = kept->latest_is_set ? sqlite3_column_int64(row, 1) : kept->earliest;
        kept->removed = sqlite3_column_int64(row, 2);
        kept->records = sqlite3_column_int64(row, 3);
        kept->bytes = sqlite3_column_int64(row, 4);
    }
    finish_statement(row);
    if (status < 0)
        return status;
    if (!status)
        return no_such_partition(error, stream, partition);
    status = check_bounds(kept->earliest, kept->latest, error);
    return status ? status : check_counts(kept, stream, error);
}

static int set_kept(struct store *store, const struct kept *kept, struct error *error)
{
    return run_statement(store, SET_KEPT, NULL, error, "iiiiiiii", kept->stream, kept->partition,
                         kept->earliest, (int64_t)kept->latest_is_set, kept->latest, kept->removed,
                         kept->records, kept->bytes);
}

static bool is_too_much(const struct store *store, const struct kept *kept)
{
    return kept->records > store->keep->records || kept->bytes > store->keep->bytes;
}

/* Removes the records below a number, and the oldest as long as there are too many. */
static int remove_records(struct store *store, struct kept *kept, int64_t below,
                          struct error *error)
{
    sqlite3_stmt *rows = NULL;
    int64_t end = 0;
    int status =
        start_statement(store, OLDEST_RECORDS, &rows, error, "ii", kept->stream, kept->partition);

    if (status)
        return status;
    while ((status = next_row(store, rows, error)) == 1) {
        int64_t number = sqlite3_column_int64(rows, 0);

        if (number >= below && !is_too_much(store, kept))
            break;
        kept->records--;
        kept->bytes -= sqlite3_column_int64(rows, 1);
        end = number_after(number);
    }
    finish_statement(rows);
    if (status < 0 || !end)
        return status < 0 ? status : 0;
    kept->removed = end;
    if (kept->earliest < end)
        kept->earliest = end;
    return run_statement(store, REMOVE_RECORDS, NULL, error, "iii", kept->stream, kept->partition,
                         end);
}

/* The number and the time of a record that a statement finds: 1, 0 if there is none, or a negative
 * errno. */
struct moment {
    int64_t number;
    int64_t time;
};

static int read_moment(struct store *store, sqlite3_stmt *row, struct moment *moment,
                       struct error *error)
{
    int status = next_row(store, row, error);

    if (status == 1)
        *moment = (struct moment){sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1)};
    finish_statement(row);
    return status;
}

static int last_record(struct store *store, const struct kept *kept, struct moment *last,
                       struct error *error)
{
    sqlite3_stmt *row = NULL;
    int status =
        start_statement(store, LAST_RECORD, &row, error, "ii", kept->stream, kept->partition);

    return status ? status : read_moment(store, row, last, error);
}

/* The first record of a range of numbers, the end excluded. */
static int find_record(struct store *store, const struct kept *kept, int64_t begin, int64_t end,
                       struct moment *first, struct error *error)
{
    sqlite3_stmt *row = NULL;
    int status = start_statement(store, FIND_RECORD, &row, error, "iiii", kept->stream,
                                 kept->partition, begin, end);

    return status ? status : read_moment(store, row, first, error);
}

/* The time of what is written to a partition, which is never before what was written earlier: else
 * a time would lead behind records that came after it. */
static int time_of_writing(struct store *store, const struct kept *kept, int64_t *time,
                           struct error *error)
{
    struct moment last = {0};
    int64_t now = when_now();
    int status =
        run_statement(store, LAST_WRITTEN, time, error, "ii", kept->stream, kept->partition);

    if (status >= 0)
        status = last_record(store, kept, &last, error);
    if (*time < last.time)
        *time = last.time;
    if (*time < now)
        *time = now;
    return status < 0 ? status : 0;
}

static int say_disorder(const struct kept *kept, struct error *error)
{
    return error_set(error, ERANGE,
                     "earliest cannot be greater than latest: they are %" PRId64 " and %" PRId64,
                     kept->earliest, kept->latest);
}

static int set_earliest(struct store *store, struct kept *kept, int64_t value, struct error *error)
{
    int status;

    if (kept->latest_is_set && value > kept->latest)
        return say_disorder(kept, error);
    if (value < kept->removed)
        return error_set(error, ERANGE,
                         "the records below %" PRId64 " are gone: earliest cannot be less",
                         kept->removed);
    status = remove_records(store, kept, value, error);
    kept->earliest = value;
    return status ? status : set_kept(store, kept, error);
}

static int set_latest(struct store *store, const struct kept *kept, int64_t value,
                      struct error *error)
{
    struct moment last = {.number = -1};
    int64_t time = 0;
    int status;

    if (value < kept->earliest)
        return say_disorder(kept, error);
    status = last_record(store, kept, &last, error);
    if (status >= 0 && value <= last.number)
        return error_set(error, ERANGE, "latest must be greater than %" PRId64 ", the last record",
                         last.number);
    if (status >= 0)
        status = time_of_writing(store, kept, &time, error);
    if (!status)
        status = run_statement(store, SET_LATEST, NULL, error, "iii", kept->stream, kept->partition,
                               value);
    if (!status)
        status = run_statement(store, ADD_WRITTEN, NULL, error, "iiii", kept->stream,
                               kept->partition, value, time);
    return status ? status
                  : run_statement(store, TRIM_WRITTEN, NULL, error, "ii", kept->stream,
                                  kept->partition);
}

int store_set_bound(struct store *store, const char *stream, uint32_t partition, bool earliest,
                    int64_t value, struct error *error)
{
    struct kept kept = {0};
    int status = get_kept(store, stream, partition, &kept, error);

    if (status)
        return status;
    return earliest ? set_earliest(store, &kept, value, error)
                    : set_latest(store, &kept, value, error);
}

/* Between any two numbers, as a damaged store may have them. */
static int64_t middle_of(int64_t begin, int64_t end)
{
    return (int64_t)((uint64_t)begin + ((uint64_t)end - (uint64_t)begin) / 2);
}

/* The number after the last record that is older than a time, or earliest: by halving, for times
 * never go down. */
static int number_at(struct store *store, const struct kept *kept, int64_t time, int64_t *number,
                     struct error *error)
{
    int64_t begin = kept->earliest;
    int64_t end = kept->latest;

    *number = begin;
    while (begin < end) {
        int64_t middle = middle_of(begin, end);
        struct moment first = {0};
        int status = find_record(store, kept, middle, end, &first, error);

        if (status < 0)
            return status;
        if (status && first.time < time)
            begin = *number = number_after(first.number);
        else
            end = middle;
    }
    return 0;
}

int store_locate(struct store *store, const char *stream, uint32_t partition, int64_t time,
                 int64_t *sequence, struct error *error)
{
    struct kept kept = {0};
    int64_t written = 0;
    int status = get_kept(store, stream, partition, &kept, error);

    if (!status)
        status = number_at(store, &kept, time, sequence, error);
    if (!status)
        status = run_statement(store, FIND_WRITTEN, &written, error, "iii", kept.stream,
                               kept.partition, time);
    if (status < 0)
        return status;
    if (*sequence < written)
        *sequence = written;
    if (*sequence > kept.latest)
        *sequence = kept.latest;
    return 0;
}

/* Records */

void store_set_keep(struct store *store, const struct keep *keep)
{
    store->keep = keep;
}

/* While nobody has set latest, whatever is committed is a record that was read elsewhere: ours come
 * after it. */
static int begin_numbers(struct store *store, struct kept *kept, struct error *error)
{
    int64_t greatest = -1;
    int status;

    if (kept->latest_is_set)
        return 0;
    status = run_statement(store, GREATEST_CHECKPOINT, &greatest, error, "ii", kept->stream,
                           kept->partition);
    if (greatest >= kept->latest)
        kept->latest = number_after(greatest);
    return status < 0 ? status : 0;
}

static size_t size_of(const struct span *records, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += records[i].size;
    return size;
}

static int check_room(const struct store *store, const struct kept *kept,
                      const struct span *records, size_t count, struct error *error)
{
    if ((int64_t)count > store->keep->records ||
        (int64_t)size_of(records, count) > store->keep->bytes)
        return error_set(error, EFBIG,
                         "a partition keeps %" PRId64 " records, of %" PRId64 " bytes together",
                         store->keep->records, store->keep->bytes);
    if (kept->latest > INT64_MAX - (int64_t)count)
        return error_set(error, ERANGE, "there are no numbers left for %zu records", count);
    return 0;
}

static int add_records(struct store *store, struct kept *kept, const struct span *records,
                       size_t count, struct error *error)
{
    int64_t time = 0;
    int status = time_of_writing(store, kept, &time, error);

    for (size_t i = 0; i < count && !status; i++)
        status = run_statement(store, ADD_RECORD, NULL, error, "iiiib", kept->stream,
                               kept->partition, kept->latest + (int64_t)i, time, &records[i]);
    kept->latest_is_set = true;
    kept->latest += (int64_t)count;
    kept->records += (int64_t)count;
    kept->bytes += (int64_t)size_of(records, count);
    return status;
}

int store_append_records(struct store *store, const char *stream, uint32_t partition,
                         const struct span *records, size_t count, struct error *error)
{
    struct kept kept = {0};
    int status = get_kept(store, stream, partition, &kept, error);

    if (!status)
        status = begin_numbers(store, &kept, error);
    if (!status)
        status = check_room(store, &kept, records, count, error);
    if (!status)
        status = add_records(store, &kept, records, count, error);
    if (!status)
        status = remove_records(store, &kept, kept.earliest, error);
    return status ? status : set_kept(store, &kept, error);
}

static const struct span *column_bytes(sqlite3_stmt *row, int column, struct span *bytes)
{
    bytes->data = sqlite3_column_blob(row, column);
    bytes->size = (size_t)sqlite3_column_bytes(row, column);
    if (!bytes->data)
        *bytes = (struct span){"", 0};
    return sqlite3_column_type(row, column) == SQLITE_NULL ? NULL : bytes;
}

static void put_record(sqlite3_stmt *row, bool is_next, struct batch *batch)
{
    int64_t number = sqlite3_column_int64(row, 0);
    char sequence[24];
    char checkpoint[24];
    struct span key;
    struct record record = {
        .checkpoint = checkpoint,
        .sequence = sequence,
        .time = sqlite3_column_int64(row, 1),
        .key = column_bytes(row, 2, &key),
    };

    column_bytes(row, 3, &record.data);
    snprintf(sequence, sizeof(sequence), "%" PRId64, number);
    snprintf(checkpoint, sizeof(checkpoint), "%" PRId64, is_next ? number_after(number) : number);
    batch_add(batch, &record);
}

int store_read_records(struct store *store, const struct store_read *read, int64_t *after,
                       struct batch *batch, struct error *error)
{
    size_t pause = batch->text.size + READ_STEP;
    sqlite3_stmt *rows = NULL;
    int64_t id = 0;
    int status = stream_id(store, read->stream, &id, error);

    if (!status)
        status = start_statement(store, READ_RECORDS, &rows, error, "iii", id,
                                 (int64_t)read->partition, *after);
    if (status)
        return status;
    do {
        status = batch_is_full(batch) ? 0 : next_row(store, rows, error);
        if (status == 1) {
            put_record(rows, read->is_next, batch);
            *after = sqlite3_column_int64(rows, 0);
        }
    } while (status == 1 && batch->text.size < pause && !buf_error(&batch->text));
    finish_statement(rows);
    if (status >= 0 && buf_error(&batch->text))
        return error_set(error, -buf_error(&batch->text), "no memory for the records");
    return status;
}
