#ifndef API_LOCAL_STATEMENTS_H
#define API_LOCAL_STATEMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "api/error.h"
#include "api/local/files.h"

/*
 * What the files of the embedded store share: its connection, the statements that it runs, each
 * prepared once, and how apps and streams are found.
 */
enum statement {
    BEGIN,
    BEGIN_READING,
    COMMIT,
    ROLLBACK,
    STEP_BEGIN,
    STEP_UNDO,
    STEP_END,
    LIST_APPS,
    FIND_APP,
    CREATE_APP,
    DELETE_APP,
    APP_HAS_CHECKPOINTS,
    LIST_STREAMS,
    LIST_COMMITTED,
    FIND_STREAM,
    DESCRIBE_STREAM,
    CREATE_STREAM,
    DELETE_STREAM,
    STREAM_HAS_CHECKPOINTS,
    CREATE_PARTITION,
    DELETE_PARTITION,
    PARTITION_HAS_CHECKPOINTS,
    GET_STATES,
    GET_BOUNDS,
    SET_LATEST,
    ADD_WRITTEN,
    TRIM_WRITTEN,
    FIND_WRITTEN,
    LAST_WRITTEN,
    GET_KEPT,
    SET_KEPT,
    GREATEST_CHECKPOINT,
    ADD_RECORD,
    OLDEST_RECORDS,
    LAST_RECORD,
    FIND_RECORD,
    READ_RECORDS,
    REMOVE_RECORDS,
    GET_CHECKPOINT,
    PUT_CHECKPOINT,
    DELETE_CHECKPOINT,
    STATEMENTS
};

struct keep;
struct layout;

struct store {
    sqlite3 *db;
    const struct layout *layout;
    const struct keep *keep;
    bool is_older;       /* than its layout */
    bool log_is_settled; /* what was in it before the next transaction is on the disk */
    struct files files;
    sqlite3_stmt *statements[STATEMENTS];
};

/* Makes a statement ready before it is needed. 0 or a negative errno. */
int ready_statement(struct store *store, enum statement which, struct error *error);

/* Prepares a statement and binds an argument for each letter of types: i an int64_t, s a text, b a
 * struct span, whose bytes must stay until finish_statement(), which is to follow. 0 or a negative
 * errno. */
int start_statement(struct store *store, enum statement which, sqlite3_stmt **statement,
                    struct error *error, const char *types, ...);

/* Steps to the next row: 1 for a row, 0 at the end, or a negative errno. */
int next_row(struct store *store, sqlite3_stmt *statement, struct error *error);

void finish_statement(sqlite3_stmt *statement);

/* Never NULL: a damaged store can have no text where the schema wants one. */
const char *column_text(sqlite3_stmt *row, int column);

/* Runs a whole statement: 1 and the number in the first column of its first row in *number, which
 * may be NULL; 0 if it gave no row; or a negative errno. */
int run_statement(struct store *store, enum statement which, int64_t *number, struct error *error,
                  const char *types, ...);

/* Each gives the id, or ENOENT with an error. */
int app_id(struct store *store, const char *app, int64_t *id, struct error *error);
int stream_id(struct store *store, const char *stream, int64_t *id, struct error *error);

/* ENOENT, with an error that says so. */
int no_such_partition(struct error *error, const char *stream, uint32_t partition);

/* No sequence number is negative, and what is computed from one does not overflow. */
int check_bounds(int64_t earliest, int64_t latest, struct error *error);

#endif
