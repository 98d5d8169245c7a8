#ifndef API_LOCAL_SQL_H
#define API_LOCAL_SQL_H

#include <stdint.h>

#include <sqlite3.h>

#include "api/error.h"

/* What all that talk to SQLite need. Each is 0 or a negative errno with an error. */

/* As sqlite3_open_v2, whose status it returns: a file may be hostile, so its triggers and views are
 * not used, and all is checked that SQLite's documentation advises to check then. */
int sql_open(const char *path, int flags, sqlite3 **db);

/* What SQLite said last; never 0. -EAGAIN: another process holds the lock. */
int sql_failed(sqlite3 *db, struct error *error);

/* Runs statements that give no rows. */
int sql_run(sqlite3 *db, const char *text, struct error *error);

/* Runs one statement: *value is the number in the first column of its first row, or 0. */
int sql_number(sqlite3 *db, const char *text, int64_t *value, struct error *error);

#endif
