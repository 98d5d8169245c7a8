#include "api/local/sql.h"

#include <errno.h>
#include <stddef.h>

static int errno_of(int sqlite_code)
{
    switch (sqlite_code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return EAGAIN;
    case SQLITE_FULL:
        return ENOSPC;
    case SQLITE_READONLY:
        return EROFS;
    case SQLITE_NOMEM:
        return ENOMEM;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
        return EACCES;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return EBADMSG;
    default:
        return EIO;
    }
}

/* https://sqlite.org/security.html, but for its look at all of the file: that takes as long as the
 * file is, and what is damaged is noticed where it is read. */
static int distrust(sqlite3 *db)
{
    static const struct {
        int option;
        int value;
    } options[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
        {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        sqlite3_db_config(db, options[i].option, options[i].value, NULL);
    return sqlite3_exec(db, "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;", NULL, NULL, NULL);
}

int sql_open(const char *path, int flags, sqlite3 **db)
{
    int status = sqlite3_open_v2(path, db, flags | SQLITE_OPEN_EXRESCODE, NULL);

    return status == SQLITE_OK ? distrust(*db) : status;
}

int sql_failed(sqlite3 *db, struct error *error)
{
    int code = sqlite3_extended_errcode(db);

    return error_set(error, errno_of(code), "the store: %s", sqlite3_errmsg(db));
}

int sql_run(sqlite3 *db, const char *text, struct error *error)
{
    return sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : sql_failed(db, error);
}

int sql_number(sqlite3 *db, const char *text, int64_t *value, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int status;

    if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK)
        return sql_failed(db, error);
    status = sqlite3_step(statement);
    *value = status == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    status = status == SQLITE_ROW || status == SQLITE_DONE ? 0 : sql_failed(db, error);
    sqlite3_finalize(statement);
    return status;
}
