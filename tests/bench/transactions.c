/*
 * bench-transactions DATABASE SECONDS: how many transactions in a second SQLite does, one after the
 * other, each with one row that is replaced, as durable as those of the embedded store
 * (api/local/store.c). Prints "rate 1234.5".
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SETUP                                                                                      \
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"                                        \
    "CREATE TABLE IF NOT EXISTS checkpoint (stream INTEGER NOT NULL, partition INTEGER NOT NULL, " \
    "app INTEGER NOT NULL,"                                                                        \
    " sequence INTEGER NOT NULL, metadata TEXT NOT NULL, committed INTEGER NOT NULL,"              \
    " PRIMARY KEY (stream, partition, app)) STRICT, WITHOUT ROWID;"
#define PUT "INSERT OR REPLACE INTO checkpoint VALUES (1, 1, 1, ?, '', ?)"

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int transact(sqlite3 *db, sqlite3_stmt *put, sqlite3_int64 number)
{
    if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL))
        return -1;
    sqlite3_bind_int64(put, 1, number);
    sqlite3_bind_int64(put, 2, number);
    if (sqlite3_step(put) != SQLITE_DONE || sqlite3_reset(put))
        return -1;
    return sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) ? -1 : 0;
}

static int run(sqlite3 *db, sqlite3_stmt *put, double seconds)
{
    double began = now_s(), now = began;
    long done = 0;

    while (now < began + seconds) {
        if (transact(db, put, done))
            return -1;
        done++;
        now = now_s();
    }
    printf("rate %.1f\n", (double)done / (now - began));
    return 0;
}

int main(int count, char **words)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *put = NULL;
    int status = -1;

    if (count != 3) {
        fprintf(stderr, "Usage: bench-transactions DATABASE SECONDS\n");
        return 2;
    }
    if (!sqlite3_open(words[1], &db) && !sqlite3_exec(db, SETUP, NULL, NULL, NULL) &&
        !sqlite3_prepare_v2(db, PUT, -1, &put, NULL))
        status = run(db, put, strtod(words[2], NULL));
    if (status)
        fprintf(stderr, "bench-transactions: %s\n", sqlite3_errmsg(db));
    sqlite3_finalize(put);
    sqlite3_close(db);
    return status ? 1 : 0;
}
