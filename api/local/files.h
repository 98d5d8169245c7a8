#ifndef API_LOCAL_FILES_H
#define API_LOCAL_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "api/error.h"

/*
 * The files of an open store: the database, SQLite's log of what is not in it yet ("-wal") and the
 * index of that log ("-shm"). SQLite goes on writing into a file that was removed or replaced, and
 * what it writes there is gone when it closes the file. So we look whether they are what they were.
 */
struct companion {
    char *path;
    int fd; /* for statx(2) alone: closing it leaves SQLite's locks */
    uint64_t size;
};

struct files {
    char *path;            /* of the database, absolute */
    struct statx database; /* all zero when it could not be looked at */
    struct companion log;  /* without a path when the store has none */
    struct companion index;
    const volatile uint8_t *header; /* of the index, in memory; NULL when there is none */
};

/* Marks the files of a connection that has read from the database. 0 or a negative errno with an
 * error; files_release in either case. header is valid as long as the connection. */
int files_mark(struct files *files, sqlite3 *db, const char *path, struct error *error);
void files_release(struct files *files);

/*
 * ESTALE, with an error that says what to do, when another program has removed or replaced a file
 * or cut it short. A database that is put back is right again. It costs three statx(2).
 *
 * Before files_mark all is well. Of the content it is noticed that the database is empty, that the
 * index is shorter than it was, and that the log is shorter than the index says.
 */
int files_check(const struct files *files, struct error *error);

/* Whether log and index can be read to their ends: else SQLite must leave them alone. */
bool files_are_readable(const struct files *files);

#endif
