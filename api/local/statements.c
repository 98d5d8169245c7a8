#include "api/local/statements.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#include "api/local/sql.h"
#include "api/records.h"

static const char *const sql[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [BEGIN_READING] = "BEGIN",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [STEP_BEGIN] = "SAVEPOINT step",
    [STEP_UNDO] = "ROLLBACK TO step",
    [STEP_END] = "RELEASE step",
    [LIST_APPS] = "SELECT name FROM app ORDER BY name",
    [FIND_APP] = "SELECT id FROM app WHERE name = ?",
    [CREATE_APP] = "INSERT INTO app (name, created) VALUES (?, ?)",
    [DELETE_APP] = "DELETE FROM app WHERE id = ?",
    [APP_HAS_CHECKPOINTS] = "SELECT 1 FROM checkpoint WHERE app = ? LIMIT 1",
    [LIST_STREAMS] = "SELECT name FROM stream ORDER BY name",
    [LIST_COMMITTED] = "SELECT name FROM stream WHERE EXISTS (SELECT 1 FROM checkpoint"
                       " WHERE app = ? AND stream = stream.id) ORDER BY name",
    [FIND_STREAM] = "SELECT id FROM stream WHERE name = ?",
    [DESCRIBE_STREAM] = "SELECT created, (SELECT count(*) FROM partition WHERE stream = stream.id)"
                        " FROM stream WHERE id = ?",
    [CREATE_STREAM] = "INSERT INTO stream (name, created) VALUES (?, ?)",
    [DELETE_STREAM] = "DELETE FROM stream WHERE id = ?",
    [STREAM_HAS_CHECKPOINTS] = "SELECT 1 FROM checkpoint WHERE stream = ? LIMIT 1",
    [CREATE_PARTITION] = "INSERT INTO partition (stream, number) VALUES (?, ?)",
    [DELETE_PARTITION] = "DELETE FROM partition WHERE stream = ? AND number = ?",
    [PARTITION_HAS_CHECKPOINTS] =
        "SELECT 1 FROM checkpoint WHERE stream = ? AND partition = ? LIMIT 1",
    [GET_STATES] = "SELECT number, earliest, latest, sequence, metadata, committed"
                   " FROM partition p LEFT JOIN checkpoint c"
                   " ON c.stream = p.stream AND c.partition = p.number AND c.app = ?2"
                   " WHERE p.stream = ?1 ORDER BY number",
    [GET_BOUNDS] = "SELECT earliest, latest FROM partition WHERE stream = ? AND number = ?",
    [SET_LATEST] = "UPDATE partition SET latest = ?3 WHERE stream = ?1 AND number = ?2",
    [ADD_WRITTEN] = "INSERT OR REPLACE INTO written VALUES (?1, ?2, ?4, ?3)",
    [TRIM_WRITTEN] = "DELETE FROM written WHERE stream = ?1 AND partition = ?2 AND time <="
                     " (SELECT time FROM written WHERE stream = ?1 AND partition = ?2"
                     "  ORDER BY time DESC LIMIT 1 OFFSET 1000)",
    [FIND_WRITTEN] = "SELECT latest FROM written WHERE stream = ? AND partition = ? AND time < ?"
                     " ORDER BY time DESC LIMIT 1",
    [LAST_WRITTEN] = "SELECT max(time) FROM written WHERE stream = ? AND partition = ?",
    [GET_KEPT] = "SELECT earliest, latest, removed, records, bytes"
                 " FROM partition WHERE stream = ? AND number = ?",
    [SET_KEPT] = "UPDATE partition SET earliest = ?3, latest = iif(?4, ?5, NULL), removed = ?6,"
                 " records = ?7, bytes = ?8 WHERE stream = ?1 AND number = ?2",
    [GREATEST_CHECKPOINT] =
        "SELECT ifnull(max(sequence), -1) FROM checkpoint WHERE stream = ? AND partition = ?",
    [ADD_RECORD] = "INSERT INTO record (stream, partition, number, time, data)"
                   " VALUES (?, ?, ?, ?, ?)",
    [OLDEST_RECORDS] = "SELECT number, ifnull(length(key), 0) + length(data) FROM record"
                       " WHERE stream = ? AND partition = ? ORDER BY number",
    [LAST_RECORD] = "SELECT number, time FROM record"
                    " WHERE stream = ? AND partition = ? ORDER BY number DESC LIMIT 1",
    [FIND_RECORD] = "SELECT number, time FROM record WHERE stream = ? AND partition = ?"
                    " AND number >= ? AND number < ? ORDER BY number LIMIT 1",
    [READ_RECORDS] = "SELECT number, time, key, data FROM record"
                     " WHERE stream = ? AND partition = ? AND number > ? ORDER BY number",
    [REMOVE_RECORDS] = "DELETE FROM record WHERE stream = ? AND partition = ? AND number < ?",
    [GET_CHECKPOINT] = "SELECT sequence, committed, metadata FROM checkpoint"
                       " WHERE stream = ? AND partition = ? AND app = ?",
    [PUT_CHECKPOINT] = "INSERT OR REPLACE INTO checkpoint"
                       " (stream, partition, app, sequence, committed, metadata)"
                       " VALUES (?, ?, ?, ?, ?, ?)",
    [DELETE_CHECKPOINT] = "DELETE FROM checkpoint WHERE stream = ? AND partition = ? AND app = ?",
};

/* The bytes must stay until the statement is finished. Of no bytes SQLite would make NULL. */
static int bind_bytes(sqlite3_stmt *statement, int i, const struct span *bytes)
{
    return sqlite3_bind_blob64(statement, i, bytes->size ? bytes->data : "", bytes->size,
                               SQLITE_STATIC);
}

/* Binds one argument for each letter of types: i an int64_t, s a text, b a struct span. */
static int bind(sqlite3_stmt *statement, const char *types, va_list *arguments)
{
    int status = SQLITE_OK;

    for (int i = 1; types[i - 1] && status == SQLITE_OK; i++) {
        if (types[i - 1] == 'i')
            status = sqlite3_bind_int64(statement, i, va_arg(*arguments, int64_t));
        else if (types[i - 1] == 'b')
            status = bind_bytes(statement, i, va_arg(*arguments, const struct span *));
        else
            status = sqlite3_bind_text(statement, i, va_arg(*arguments, const char *), -1,
                                       SQLITE_TRANSIENT);
    }
    return status;
}

int ready_statement(struct store *store, enum statement which, struct error *error)
{
    sqlite3_stmt **cached = &store->statements[which];

    if (*cached || sqlite3_prepare_v3(store->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, cached,
                                      NULL) == SQLITE_OK)
        return 0;
    return sql_failed(store->db, error);
}

static int start_with(struct store *store, enum statement which, sqlite3_stmt **statement,
                      struct error *error, const char *types, va_list *arguments)
{
    int status = ready_statement(store, which, error);

    if (status)
        return status;
    *statement = store->statements[which];
    return bind(*statement, types, arguments) == SQLITE_OK ? 0 : sql_failed(store->db, error);
}

int start_statement(struct store *store, enum statement which, sqlite3_stmt **statement,
                    struct error *error, const char *types, ...)
{
    va_list arguments;
    int status;

    va_start(arguments, types);
    status = start_with(store, which, statement, error, types, &arguments);
    va_end(arguments);
    return status;
}

int next_row(struct store *store, sqlite3_stmt *statement, struct error *error)
{
    int status = sqlite3_step(statement);

    if (status == SQLITE_ROW)
        return 1;
    return status == SQLITE_DONE ? 0 : sql_failed(store->db, error);
}

void finish_statement(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

const char *column_text(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return text ? text : "";
}

int run_statement(struct store *store, enum statement which, int64_t *number, struct error *error,
                  const char *types, ...)
{
    sqlite3_stmt *statement = NULL;
    va_list arguments;
    int status;

    va_start(arguments, types);
    status = start_with(store, which, &statement, error, types, &arguments);
    va_end(arguments);
    if (status)
        return status;
    status = next_row(store, statement, error);
    if (status == 1 && number)
        *number = sqlite3_column_int64(statement, 0);
    finish_statement(statement);
    return status;
}

/* Looking up */

static int no_such(struct error *error, int status, const char *kind, const char *name,
                   const char *hint)
{
    return status < 0 ? status : error_set(error, ENOENT, "no %s \"%s\"%s", kind, name, hint);
}

int app_id(struct store *store, const char *app, int64_t *id, struct error *error)
{
    int status = run_statement(store, FIND_APP, id, error, "s", app);

    return status == 1 ? 0 : no_such(error, status, "app", app, ": mkdir apps/NAME makes one");
}

int stream_id(struct store *store, const char *stream, int64_t *id, struct error *error)
{
    int status = run_statement(store, FIND_STREAM, id, error, "s", stream);

    return status == 1 ? 0
                       : no_such(error, status, "stream", stream, ": mkdir streams/NAME makes one");
}

int no_such_partition(struct error *error, const char *stream, uint32_t partition)
{
    return error_set(error, ENOENT, "no partition %" PRIu32 " in stream \"%s\": mkdir makes one",
                     partition, stream);
}

int check_bounds(int64_t earliest, int64_t latest, struct error *error)
{
    if (earliest >= 0 && latest >= 0)
        return 0;
    return error_set(error, EBADMSG, "the store is damaged: a sequence number is negative");
}
