#include "api/local/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/local/sql.h"
#include "api/local/statements.h"
#include "base/when.h"

/* In the file's header, so that file(1) and we can tell a store from other SQLite files: "ckfs". */
#define APPLICATION_ID 1667982963
#define VERSION        2

#define TEXT_OF(macro)  TEXT_OF_(macro)
#define TEXT_OF_(value) #value

/* How long opening waits for another process that is making the store. */
#define OPEN_WAIT_MS 20000

/* Kibibytes of pages that a connection keeps in memory. */
#define CACHE_KIB 256

/* To what the log is cut after a transaction that made it longer. */
#define LOG_BYTES (16 << 20)

/* How much of the records a partition keeps. */
static const struct keep present_keep = {.records = 100000, .bytes = 64 << 20};

#define RECORD_TABLE                                                                  \
    "CREATE TABLE record ("                                                           \
    "  stream INTEGER NOT NULL, partition INTEGER NOT NULL, number INTEGER NOT NULL," \
    "  time INTEGER NOT NULL, key BLOB, data BLOB NOT NULL,"                          \
    "  PRIMARY KEY (stream, partition, number),"                                      \
    "  FOREIGN KEY (stream, partition) REFERENCES partition ON DELETE CASCADE) STRICT;"

static const char schema[] =
    "CREATE TABLE app ("
    "  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created INTEGER NOT NULL) STRICT;"
    "CREATE TABLE stream ("
    "  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created INTEGER NOT NULL) STRICT;"
    "CREATE TABLE partition ("
    "  stream INTEGER NOT NULL REFERENCES stream ON DELETE CASCADE, number INTEGER NOT NULL,"
    "  earliest INTEGER NOT NULL DEFAULT 0, latest INTEGER,"
    "  records INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,"
    "  removed INTEGER NOT NULL DEFAULT 0,"
    "  PRIMARY KEY (stream, number)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE checkpoint ("
    "  stream INTEGER NOT NULL, partition INTEGER NOT NULL, app INTEGER NOT NULL REFERENCES app,"
    "  sequence INTEGER NOT NULL, metadata TEXT NOT NULL, committed INTEGER NOT NULL,"
    "  PRIMARY KEY (stream, partition, app),"
    "  FOREIGN KEY (stream, partition) REFERENCES partition) STRICT, WITHOUT ROWID;"
    "CREATE INDEX checkpoint_of_app ON checkpoint (app, stream);"
    "CREATE TABLE written ("
    "  stream INTEGER NOT NULL, partition INTEGER NOT NULL, time INTEGER NOT NULL,"
    "  latest INTEGER NOT NULL, PRIMARY KEY (stream, partition, time),"
    "  FOREIGN KEY (stream, partition) REFERENCES partition ON DELETE CASCADE)"
    "  STRICT, WITHOUT ROWID;" RECORD_TABLE "PRAGMA application_id = " TEXT_OF(
        APPLICATION_ID) ";"
                        "PRAGMA user_version = " TEXT_OF(VERSION) ";";

/* Statements that make a version of the one before. */
static const char *const steps[VERSION - 1] = {
    "ALTER TABLE partition ADD COLUMN records INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE partition ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE partition ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;" RECORD_TABLE,
};

static const struct layout present_layout = {.version = VERSION, .schema = schema, .steps = steps};

/* Opening */

static int count_tables(struct store *store, int64_t *count, struct error *error)
{
    return sql_number(store->db, "SELECT count(*) FROM sqlite_schema", count, error);
}

/* WAL mode stays with the file. Some file systems do not have what it needs. */
static int use_log(struct store *store, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    bool used = false;
    int status;

    if (sqlite3_prepare_v2(store->db, "PRAGMA journal_mode = WAL", -1, &statement, NULL) !=
        SQLITE_OK)
        return sql_failed(store->db, error);
    status = next_row(store, statement, error);
    if (status == 1)
        used = !strcmp(column_text(statement, 0), "wal");
    sqlite3_finalize(statement);
    if (status < 0)
        return status;
    return used ? 0
                : error_set(error, EOPNOTSUPP,
                            "this file system cannot hold a store: it has no shared memory");
}

/* Makes the tables in an empty file, unless another process has just done so. */
static int make_schema(struct store *store, struct error *error)
{
    int64_t tables = 0;
    int status = store_begin(store, error);

    if (status)
        return status;
    status = count_tables(store, &tables, error);
    if (!status && !tables)
        status = sql_run(store->db, store->layout->schema, error);
    if (!status)
        status = store_end(store, error);
    if (status)
        store_cancel(store);
    return status;
}

/* An older store that can be written is left for the caller to upgrade. */
static int check_version(struct store *store, const char *path, enum store_mode mode,
                         struct error *error)
{
    int newest = store->layout->version;
    int64_t application = 0;
    int64_t version = 0;
    int status = sql_number(store->db, "PRAGMA application_id", &application, error);

    if (!status)
        status = sql_number(store->db, "PRAGMA user_version", &version, error);
    if (status)
        return status;
    if (application != APPLICATION_ID || version < 1)
        return error_set(error, EBADMSG,
                         "%s is no checkpointfs store but another program's database", path);
    if (version > newest)
        return error_set(error, EPROTONOSUPPORT,
                         "the store %s is of version %" PRId64
                         ", and this checkpointfs knows up to %d: use a newer one",
                         path, version, newest);
    store->is_older = version < newest;
    if (store->is_older && mode == STORE_READ)
        return error_set(error, EPROTONOSUPPORT,
                         "the store %s is of the older version %" PRId64
                         ": mount it once without -o ro",
                         path, version);
    return 0;
}

static int prepare_statement(struct store *store, enum store_mode mode, struct error *error)
{
    int64_t application = 0;
    int64_t tables = 0;
    int status = sql_run(store->db, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;", error);

    if (!status)
        status = count_tables(store, &tables, error);
    if (!status)
        status = sql_number(store->db, "PRAGMA application_id", &application, error);
    if (!status && !tables && !application && mode == STORE_MAKE) {
        status = use_log(store, error);
        if (!status)
            status = make_schema(store, error);
    }
    return status;
}

static int cannot_make(const char *path, int code, struct error *error)
{
    const char *slash = strrchr(path, '/');
    int length = slash ? (int)(slash - path) : 0;
    char directory[PATH_MAX];

    snprintf(directory, sizeof(directory), "%.*s", length, path);
    if (code == ENOENT && !strncmp(path, "~/", 2))
        return error_set(error, ENOENT,
                         "no directory for the store %s: shells leave ~ alone there, write $HOME",
                         path);
    if (code == ENOENT && length && access(directory, F_OK))
        return error_set(error, ENOENT, "no directory for the store %s: first mkdir -p %s", path,
                         directory);
    return error_set(error, code, "cannot make the store %s: %s", path, strerror(code));
}

/* Makes an empty file that only its owner can read; SQLite gives its companions the same mode. */
static int make_file(const char *path, struct error *error)
{
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC | O_NOCTTY, 0600);

    if (fd < 0)
        return cannot_make(path, errno, error);
    close(fd);
    return 0;
}

/* Why SQLite cannot open a file. */
static int cannot_open(struct store *store, const char *path, enum store_mode mode,
                       struct error *error)
{
    if (!store->db || sqlite3_errcode(store->db) == SQLITE_NOMEM)
        return error_set(error, ENOMEM, "no memory");
    if (access(path, F_OK) && mode == STORE_READ)
        return error_set(error, ENOENT, "there is no store %s: mount it once without -o ro", path);
    return error_set(error, EACCES, "cannot open the store %s: %s", path,
                     sqlite3_errmsg(store->db));
}

/* Makes what SQLite said of the file name it. */
static int name_file(struct error *error, const char *path, int status)
{
    struct error said = *error;

    if (status == -EBADMSG)
        return error_set(error, EBADMSG, "%s is no checkpointfs store, or it is damaged", path);
    return error_set(error, -status, "%s: %s", path, said.message);
}

static int open_database(struct store *store, const char *path, enum store_mode mode,
                         struct error *error)
{
    int flags =
        SQLITE_OPEN_NOMUTEX | (mode == STORE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    char limits[96];
    int status;

    if (sql_open(path, flags, &store->db) != SQLITE_OK)
        return cannot_open(store, path, mode, error);
    sqlite3_busy_timeout(store->db, OPEN_WAIT_MS);
    sqlite3_snprintf(sizeof(limits), limits,
                     "PRAGMA cache_size = -%d; PRAGMA journal_size_limit = %d", CACHE_KIB,
                     LOG_BYTES);
    status = sql_run(store->db, limits, error);
    if (!status)
        status = prepare_statement(store, mode, error);
    sqlite3_busy_timeout(store->db, 0);
    if (status)
        return name_file(error, path, status);
    status = check_version(store, path, mode, error);
    return status ? status : files_mark(&store->files, store->db, path, error);
}

/* Opens it as it is. */
static int open_store(const char *path, enum store_mode mode, const struct layout *layout,
                      struct store **store, struct error *error)
{
    struct store *opened = calloc(1, sizeof(*opened));
    int status;

    if (!opened) {
        error_set(error, ENOMEM, "no memory");
        return -ENOMEM;
    }
    opened->layout = layout;
    opened->keep = &present_keep;
    status = open_database(opened, path, mode, error);
    if (status)
        store_close(opened);
    else
        *store = opened;
    return status;
}

static int open_and_upgrade(const char *path, enum store_mode mode, const struct layout *layout,
                            struct store **store, struct error *error)
{
    struct store *opened = NULL;
    int status = open_store(path, mode, layout, &opened, error);

    if (!status && opened->is_older) {
        store_close(opened);
        status = upgrade_store(path, layout, error);
        if (!status)
            status = open_store(path, mode, layout, &opened, error);
    }
    if (!status)
        *store = opened;
    return status;
}

int store_open_as(const char *path, enum store_mode mode, const struct layout *layout,
                  struct store **store, struct error *error)
{
    char *plain;
    int status = mode == STORE_MAKE ? make_file(path, error) : 0;

    if (status)
        return status;
    /* SQLite takes "file:..." for a URI, and ":memory:" for no file at all; "./" in front says no.
     */
    if (asprintf(&plain, "%s%s", *path == '/' ? "" : "./", path) < 0)
        return error_set(error, ENOMEM, "no memory");
    status = open_and_upgrade(plain, mode, layout, store, error);
    free(plain);
    return status;
}

int store_open(const char *path, enum store_mode mode, struct store **store, struct error *error)
{
    return store_open_as(path, mode, &present_layout, store, error);
}

/* The last connection takes what is in the log into the file. Of a log that was cut it would take
 * what was never committed, and reading an index that was cut would end us. */
static void close_database(struct store *store)
{
    if (!files_are_readable(&store->files))
        sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_close(store->db);
    files_release(&store->files);
}

void store_close(struct store *store)
{
    if (!store)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    close_database(store);
    free(store);
}

/* Transactions */

static int run_plain(struct store *store, enum statement which, struct error *error)
{
    return run_statement(store, which, NULL, error, "");
}

/* What a process had in the log when it was killed may be a whole transaction that was not synced.
 * SQLite finds it there, and writes after it. If a sync fails then, Linux forgets what it could not
 * write, and says so once: later ones succeed, and a power failure takes all that came after the
 * gap. So we take the log into the file before we add to it: when we come, and after a commit of
 * ours that failed, which may be how we learn of the gap. What a process that reads for long keeps
 * us from taking in, we try to take in each time. */
static int settle_log(struct store *store, struct error *error)
{
    int in_log = 0;
    int taken = 0;
    int status =
        sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &taken);

    if (status == SQLITE_BUSY)
        return error_set(error, EAGAIN, "another process is taking the store's log in");
    if (status != SQLITE_OK)
        return sql_failed(store->db, error);
    store->log_is_settled = taken == in_log;
    return 0;
}

/* What takes back is ready before there is anything to take back, so that it needs no memory. */
static int prepare_to_take_back(struct store *store, struct error *error)
{
    int status = ready_statement(store, ROLLBACK, error);

    if (!status)
        status = ready_statement(store, STEP_UNDO, error);
    return status ? status : ready_statement(store, STEP_END, error);
}

int store_begin(struct store *store, struct error *error)
{
    int status = files_check(&store->files, error);

    if (!status)
        status = prepare_to_take_back(store, error);
    if (!status && !store->log_is_settled)
        status = settle_log(store, error);
    return status ? status : run_plain(store, BEGIN, error);
}

int store_begin_reading(struct store *store, struct error *error)
{
    int status = files_check(&store->files, error);

    if (!status)
        status = ready_statement(store, ROLLBACK, error);
    return status ? status : run_plain(store, BEGIN_READING, error);
}

/* The files may have gone since the transaction began, so we look again when it is durable. Who
 * takes them away after that takes what was committed with them, and no program can prevent that.
 * What remains unseen is content that is overwritten in place, and a log that is cut between our
 * two looks: writing makes it long again. */
int store_end(struct store *store, struct error *error)
{
    int status = run_plain(store, COMMIT, error);

    store->log_is_settled &= !status;
    return status ? status : files_check(&store->files, error);
}

bool store_is_lost(struct store *store)
{
    return sqlite3_get_autocommit(store->db);
}

void store_cancel(struct store *store)
{
    struct error ignored;

    if (!store_is_lost(store))
        run_plain(store, ROLLBACK, &ignored);
}

int store_step_begin(struct store *store, struct error *error)
{
    return run_plain(store, STEP_BEGIN, error);
}

int store_step_end(struct store *store, int status, struct error *error)
{
    struct error ignored;

    if (store_is_lost(store))
        return status;
    if (status && run_plain(store, STEP_UNDO, &ignored) < 0) {
        store_cancel(store);
        return status;
    }
    if (run_plain(store, STEP_END, status ? &ignored : error) < 0 && !status)
        return -error->code;
    return status;
}

static int bounds_of(struct store *store, int64_t stream, const char *name, uint32_t partition,
                     struct bounds *bounds, struct error *error)
{
    sqlite3_stmt *row = NULL;
    int status = start_statement(store, GET_BOUNDS, &row, error, "ii", stream, (int64_t)partition);

    if (status)
        return status;
    status = next_row(store, row, error);
    if (status == 1) {
        bounds->earliest = sqlite3_column_int64(row, 0);
        bounds->latest_is_set = sqlite3_column_type(row, 1) != SQLITE_NULL;
        bounds->latest = bounds->latest_is_set ? sqlite3_column_int64(row, 1) : bounds->earliest;
    }
    finish_statement(row);
    if (status < 0)
        return status;
    return status ? check_bounds(bounds->earliest, bounds->latest, error)
                  : no_such_partition(error, name, partition);
}

/* What a checkpoint is found by. */
struct ids {
    int64_t app;
    int64_t stream;
};

static int find_ids(struct store *store, const char *app, const char *stream, uint32_t partition,
                    struct ids *ids, struct bounds *bounds, struct error *error)
{
    int status = app_id(store, app, &ids->app, error);

    if (!status)
        status = stream_id(store, stream, &ids->stream, error);
    if (!status)
        status = bounds_of(store, ids->stream, stream, partition, bounds, error);
    return status;
}

/* Apps and streams */

/* NULL for one that holds a NUL. */
static const char *column_name(sqlite3_stmt *row, int column)
{
    const char *name = column_text(row, column);

    return strlen(name) == (size_t)sqlite3_column_bytes(row, column) ? name : NULL;
}

/* Other programs may have put anything into a store. */
static int list(struct store *store, sqlite3_stmt *rows, const char *what, struct names *names,
                struct error *error)
{
    int status;

    while ((status = next_row(store, rows, error)) == 1) {
        status = names_add_listed(names, what, column_name(rows, 0));
        if (status) {
            error_set_status(error, status, "the list is too long");
            break;
        }
    }
    finish_statement(rows);
    return status;
}

int store_list_apps(struct store *store, struct names *names, struct error *error)
{
    sqlite3_stmt *rows = NULL;
    int status = start_statement(store, LIST_APPS, &rows, error, "");

    return status ? status : list(store, rows, "an app", names, error);
}

int store_find_app(struct store *store, const char *app, struct error *error)
{
    int64_t id = 0;

    return app_id(store, app, &id, error);
}

int store_create_app(struct store *store, const char *app, struct error *error)
{
    int status = run_statement(store, FIND_APP, NULL, error, "s", app);

    if (status == 1)
        return error_set(error, EEXIST, "there is an app \"%s\" already", app);
    return status ? status : run_statement(store, CREATE_APP, NULL, error, "si", app, when_now());
}

int store_delete_app(struct store *store, const char *app, struct error *error)
{
    int64_t id = 0;
    int status = app_id(store, app, &id, error);

    if (!status)
        status = run_statement(store, APP_HAS_CHECKPOINTS, NULL, error, "i", id);
    if (status == 1)
        return error_set(error, ENOTEMPTY, "app \"%s\" has checkpoints: remove them first", app);
    return status ? status : run_statement(store, DELETE_APP, NULL, error, "i", id);
}

int store_list_streams(struct store *store, struct names *names, struct error *error)
{
    sqlite3_stmt *rows = NULL;
    int status = start_statement(store, LIST_STREAMS, &rows, error, "");

    return status ? status : list(store, rows, "a stream", names, error);
}

int store_list_committed(struct store *store, const char *app, struct names *names,
                         struct error *error)
{
    sqlite3_stmt *rows = NULL;
    int64_t id = 0;
    int status = app_id(store, app, &id, error);

    if (!status)
        status = start_statement(store, LIST_COMMITTED, &rows, error, "i", id);
    return status ? status : list(store, rows, "a stream", names, error);
}

int store_describe_stream(struct store *store, const char *stream, struct stream_summary *summary,
                          struct error *error)
{
    sqlite3_stmt *row = NULL;
    int64_t id = 0;
    int status = stream_id(store, stream, &id, error);

    if (!status)
        status = start_statement(store, DESCRIBE_STREAM, &row, error, "i", id);
    if (status)
        return status;
    status = next_row(store, row, error);
    if (status == 1) {
        summary->created = sqlite3_column_int64(row, 0);
        summary->partitions = sqlite3_column_int64(row, 1);
    }
    finish_statement(row);
    return status < 0 ? status : 0;
}

int store_create_stream(struct store *store, const char *stream, struct error *error)
{
    int status = run_statement(store, FIND_STREAM, NULL, error, "s", stream);

    if (status == 1)
        return error_set(error, EEXIST, "there is a stream \"%s\" already", stream);
    return status ? status
                  : run_statement(store, CREATE_STREAM, NULL, error, "si", stream, when_now());
}

int store_delete_stream(struct store *store, const char *stream, struct error *error)
{
    int64_t id = 0;
    int status = stream_id(store, stream, &id, error);

    if (!status)
        status = run_statement(store, STREAM_HAS_CHECKPOINTS, NULL, error, "i", id);
    if (status == 1)
        return error_set(error, ENOTEMPTY, "apps have checkpoints on stream \"%s\"", stream);
    return status ? status : run_statement(store, DELETE_STREAM, NULL, error, "i", id);
}

/* Makes the stream if it is missing. */
static int need_stream(struct store *store, const char *stream, int64_t *id, struct error *error)
{
    int status = run_statement(store, FIND_STREAM, id, error, "s", stream);

    if (!status)
        status = run_statement(store, CREATE_STREAM, NULL, error, "si", stream, when_now());
    return status < 0 ? status : stream_id(store, stream, id, error);
}

int store_create_partition(struct store *store, const char *stream, uint32_t partition,
                           struct error *error)
{
    struct bounds bounds = {0};
    int64_t id = 0;
    int status = need_stream(store, stream, &id, error);

    if (status)
        return status;
    status = bounds_of(store, id, stream, partition, &bounds, error);
    if (!status)
        return error_set(error, EEXIST, "there is a partition %" PRIu32 " already", partition);
    if (status != -ENOENT)
        return status;
    return run_statement(store, CREATE_PARTITION, NULL, error, "ii", id, (int64_t)partition);
}

int store_delete_partition(struct store *store, const char *stream, uint32_t partition,
                           struct error *error)
{
    struct bounds bounds = {0};
    int64_t id = 0;
    int status = stream_id(store, stream, &id, error);

    if (!status)
        status = bounds_of(store, id, stream, partition, &bounds, error);
    if (!status)
        status = run_statement(store, PARTITION_HAS_CHECKPOINTS, NULL, error, "ii", id,
                               (int64_t)partition);
    if (status == 1)
        return error_set(error, ENOTEMPTY, "apps have checkpoints on partition %" PRIu32,
                         partition);
    if (status)
        return status;
    return run_statement(store, DELETE_PARTITION, NULL, error, "ii", id, (int64_t)partition);
}

/* States and bounds */

static int put_state(struct table *table, sqlite3_stmt *row)
{
    int64_t first = sqlite3_column_int64(row, 1);
    bool set = sqlite3_column_type(row, 2) != SQLITE_NULL;
    bool committed = sqlite3_column_type(row, 3) != SQLITE_NULL;
    char earliest[24];
    char latest[24];
    char sequence[24];
    struct state state = {
        .partition = (uint32_t)sqlite3_column_int64(row, 0),
        .committed = committed ? sqlite3_column_int64(row, 5) : WHEN_UNKNOWN,
        .sequence = committed ? sequence : NULL,
        .metadata = committed ? column_text(row, 4) : NULL,
        .earliest = earliest,
        .latest = latest,
        .has_no_end = !set,
    };

    sqlite3_snprintf(sizeof(earliest), earliest, "%lld", first);
    sqlite3_snprintf(sizeof(latest), latest, "%lld", set ? sqlite3_column_int64(row, 2) : first);
    sqlite3_snprintf(sizeof(sequence), sequence, "%lld", sqlite3_column_int64(row, 3));
    return table_put(table, &state);
}

int store_get_states(struct store *store, const char *app, const char *stream, struct table *table,
                     struct error *error)
{
    sqlite3_stmt *rows = NULL;
    struct ids ids = {0};
    int status = app ? app_id(store, app, &ids.app, error) : 0;

    if (!status)
        status = stream_id(store, stream, &ids.stream, error);
    if (!status)
        status = start_statement(store, GET_STATES, &rows, error, "ii", ids.stream, ids.app);
    if (status)
        return status;
    while ((status = next_row(store, rows, error)) == 1) {
        status = put_state(table, rows);
        if (status) {
            error_set_status(error, status, "the stream has too many partitions");
            break;
        }
    }
    finish_statement(rows);
    return status;
}

int store_get_bounds(struct store *store, const char *stream, uint32_t partition,
                     struct bounds *bounds, struct error *error)
{
    int64_t id = 0;
    int status = stream_id(store, stream, &id, error);

    return status ? status : bounds_of(store, id, stream, partition, bounds, error);
}

/* Checkpoints */

static int read_checkpoint(struct store *store, const struct ids *ids, uint32_t partition,
                           struct stored_checkpoint *checkpoint, bool *found, struct error *error)
{
    sqlite3_stmt *row = NULL;
    int status = start_statement(store, GET_CHECKPOINT, &row, error, "iii", ids->stream,
                                 (int64_t)partition, ids->app);

    if (status)
        return status;
    status = next_row(store, row, error);
    *found = status == 1;
    if (*found) {
        checkpoint->sequence = sqlite3_column_int64(row, 0);
        checkpoint->committed = sqlite3_column_int64(row, 1);
        checkpoint->metadata = strdup(column_text(row, 2));
        status = checkpoint->metadata ? 0 : error_set(error, ENOMEM, "no memory");
    }
    finish_statement(row);
    return status;
}

int store_get_checkpoint(struct store *store, const char *app, const char *stream,
                         uint32_t partition, struct stored_checkpoint *checkpoint, bool *found,
                         struct error *error)
{
    struct bounds bounds = {0};
    struct ids ids = {0};
    int status = find_ids(store, app, stream, partition, &ids, &bounds, error);

    return status ? status : read_checkpoint(store, &ids, partition, checkpoint, found, error);
}

/* Whether a number is committed already. */
static int is_present(struct store *store, const struct ids *ids, uint32_t partition,
                      int64_t sequence, bool *present, struct error *error)
{
    struct stored_checkpoint checkpoint = {0};
    bool found = false;
    int status = read_checkpoint(store, ids, partition, &checkpoint, &found, error);

    free(checkpoint.metadata);
    *present = !status && found && checkpoint.sequence == sequence;
    return status;
}

/* What is committed already may be committed again, with other metadata, wherever the range is now.
 */
static int check_range(struct store *store, const struct ids *ids, const struct bounds *bounds,
                       const struct store_commit *commit, struct error *error)
{
    int64_t below = commit->is_next ? 0 : 1;
    bool present;
    int status;

    if (!bounds->latest_is_set || (commit->sequence >= bounds->earliest - below &&
                                   commit->sequence <= bounds->latest - below))
        return 0;
    status = is_present(store, ids, commit->partition, commit->sequence, &present, error);
    if (status || present)
        return status;
    return error_set(error, ERANGE,
                     "%" PRId64 " is out of range: earliest is %" PRId64 " and latest %" PRId64
                     ", so %" PRId64 " to %" PRId64 " can be committed",
                     commit->sequence, bounds->earliest, bounds->latest,
                     bounds->earliest > below ? bounds->earliest - below : 0,
                     bounds->latest - below);
}

static int check_expected(struct store *store, const struct ids *ids,
                          const struct store_commit *commit, struct error *error)
{
    struct stored_checkpoint present = {.sequence = -1};
    bool found = false;
    int status = read_checkpoint(store, ids, commit->partition, &present, &found, error);

    free(present.metadata);
    if (!status && present.sequence != *commit->expected)
        return error_set(error, ESTALE, "somebody else has committed meanwhile");
    return status;
}

/* Makes stream and partition if they are missing. */
static int need_partition(struct store *store, const char *stream, uint32_t partition,
                          struct error *error)
{
    int status = store_create_partition(store, stream, partition, error);

    return status == -EEXIST ? 0 : status;
}

int store_commit(struct store *store, const struct store_commit *commit, int64_t *committed,
                 struct error *error)
{
    struct bounds bounds = {0};
    struct ids ids = {0};
    int status = app_id(store, commit->app, &ids.app, error);

    if (!status && commit->make_partition)
        status = need_partition(store, commit->stream, commit->partition, error);
    if (!status)
        status =
            find_ids(store, commit->app, commit->stream, commit->partition, &ids, &bounds, error);
    if (!status)
        status = check_range(store, &ids, &bounds, commit, error);
    if (!status && commit->expected)
        status = check_expected(store, &ids, commit, error);
    if (status)
        return status;
    *committed = when_now();
    return run_statement(store, PUT_CHECKPOINT, NULL, error, "iiiiis", ids.stream,
                         (int64_t)commit->partition, ids.app, commit->sequence, *committed,
                         commit->metadata);
}

int store_delete_checkpoint(struct store *store, const char *app, const char *stream,
                            uint32_t partition, struct error *error)
{
    struct bounds bounds = {0};
    struct ids ids = {0};
    int status = find_ids(store, app, stream, partition, &ids, &bounds, error);

    if (!status)
        status = run_statement(store, DELETE_CHECKPOINT, NULL, error, "iii", ids.stream,
                               (int64_t)partition, ids.app);
    if (!status && !sqlite3_changes(store->db))
        return error_set(error, ENOENT, "nothing is committed on partition %" PRIu32, partition);
    return status;
}
