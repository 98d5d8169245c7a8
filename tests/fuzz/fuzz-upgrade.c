/*
 * The input is what a file holds that is opened as a store of an older version. It becomes one of
 * the next version or stays what it was, and nothing is left beside it.
 */
#include "fuzz.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "api/local/upgrade.h"

#define LAYOUT_VERSION 3

/* In memory where there is such a place: each upgrade is synchronized. */
static char directory[64] = "/dev/shm/checkpointfs-fuzz-XXXXXX";
static char path[80];

static void remove_beside(const char *ending)
{
    char name[128];

    snprintf(name, sizeof(name), "%s%s", path, ending);
    unlink(name);
}

static bool is_beside(const char *ending)
{
    char name[128];

    snprintf(name, sizeof(name), "%s%s", path, ending);
    return !access(name, F_OK);
}

static void remove_all(void)
{
    static const char *const endings[] = {"",         "-wal",       "-shm",
                                          "-journal", ".version-1", ".version-2"};

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        remove_beside(endings[i]);
}

static void remove_directory(void)
{
    remove_all();
    rmdir(directory);
}

static void make_directory(void)
{
    if (*path)
        return;
    if (!mkdtemp(directory)) {
        snprintf(directory, sizeof(directory), "/tmp/checkpointfs-fuzz-XXXXXX");
        CHECK(mkdtemp(directory));
    }
    snprintf(path, sizeof(path), "%s/store", directory);
    atexit(remove_directory);
}

static void write_file(const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "we");

    CHECK(file && fwrite(data, 1, size, file) == size && !fclose(file));
}

/* The number that a statement gives, or -1. */
static int64_t ask(const char *sql)
{
    sqlite3_stmt *statement = NULL;
    sqlite3 *db = NULL;
    int64_t number = -1;

    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}

static void check_upgraded(int64_t before)
{
    CHECK(ask("PRAGMA user_version") == (before < LAYOUT_VERSION ? LAYOUT_VERSION : before));
    CHECK(before >= LAYOUT_VERSION || ask("SELECT count(*) FROM added") == 1);
    CHECK(!is_beside(".version-1") && !is_beside(".version-2"));
}

static void upgrade(int64_t before)
{
    static const char *const steps[] = {
        "CREATE TABLE added (x INTEGER) STRICT; INSERT INTO added VALUES (1)",
        "ALTER TABLE app ADD COLUMN note TEXT NOT NULL DEFAULT ''"};
    static const struct layout layout = {.version = LAYOUT_VERSION, .schema = "", .steps = steps};
    struct error error = {0};
    int status = upgrade_store(path, &layout, &error);

    if (!status) {
        check_upgraded(before);
        return;
    }
    CHECK(error.code == -status && *error.message);
    CHECK(ask("PRAGMA user_version") == before);
    CHECK(ask("SELECT count(*) FROM added") != 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t before;

    make_directory();
    remove_all();
    write_file(data, size);
    before = ask("PRAGMA user_version");
    /* A version below 1 is none, and nobody asks to upgrade it. */
    if (before > 0)
        upgrade(before);
    CHECK(!is_beside(".version-1.part") && !is_beside(".version-2.part"));
    return 0;
}
