#include "test.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>

#include <sqlite3.h>

#include "api/local/store.h"

/*
 * Stores of the versions before ours, as the program of then made them, are carried over without
 * loss. A schema that stands here is never changed. How any upgrade goes is in test-upgrade.c.
 */
static const char version_1[] =
    "PRAGMA journal_mode = WAL;"
    "CREATE TABLE app ("
    "  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created INTEGER NOT NULL) STRICT;"
    "CREATE TABLE stream ("
    "  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created INTEGER NOT NULL) STRICT;"
    "CREATE TABLE partition ("
    "  stream INTEGER NOT NULL REFERENCES stream ON DELETE CASCADE, number INTEGER NOT NULL,"
    "  earliest INTEGER NOT NULL DEFAULT 0, latest INTEGER,"
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
    "  STRICT, WITHOUT ROWID;"
    "PRAGMA application_id = 1667982963;"
    "PRAGMA user_version = 1;";

static const char content[] =
    "INSERT INTO app VALUES (1, 'billing', 11), (2, 'idle', 12), (5, 'caf\xc3\xa9', 13);"
    "INSERT INTO stream VALUES (1, 'orders', 21), (4, 'empty', 22);"
    "INSERT INTO partition VALUES (1, 0, 10, 100), (1, 1, 0, NULL), (1, 4294967295, 7, NULL),"
    "  (1, 3, 9223372036854775806, 9223372036854775807);"
    "INSERT INTO checkpoint VALUES (1, 0, 1, 42, 'note', 31), (1, 1, 1, 0, '', 32),"
    "  (1, 1, 5, 77, 'a' || char(10) || 'b', 33), (1, 3, 5, 9223372036854775806, '', 34);"
    "INSERT INTO written VALUES (1, 0, 1000, 50), (1, 0, 2000, 100), (1, 3, 5, 7);";

/* Whatever a store of version 1 has. */
static const char *const everything[] = {
    "SELECT * FROM app ORDER BY id",
    "SELECT * FROM stream ORDER BY id",
    "SELECT stream, number, earliest, latest FROM partition ORDER BY 1, 2",
    "SELECT stream, partition, app, sequence, metadata, committed FROM checkpoint ORDER BY 1, 2, 3",
    "SELECT stream, partition, time, latest FROM written ORDER BY 1, 2, 3",
};

/* How a store is laid out, in whatever words its tables were made. */
static const char *const layout[] = {
    "SELECT name, ncol, wr, strict FROM pragma_table_list WHERE schema = 'main' ORDER BY name",
    "SELECT t.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk FROM pragma_table_list t,"
    " pragma_table_xinfo(t.name) c WHERE t.schema = 'main' ORDER BY t.name, c.cid",
    "SELECT t.name, k.\"table\", k.\"from\", k.\"to\", k.on_delete FROM pragma_table_list t,"
    " pragma_foreign_key_list(t.name) k ORDER BY 1, 2, 3",
    "SELECT t.name, i.name, i.\"unique\", c.seqno, c.name FROM pragma_table_list t,"
    " pragma_index_list(t.name) i, pragma_index_info(i.name) c ORDER BY 1, 2, 4",
    "PRAGMA application_id",
    "PRAGMA user_version",
    "PRAGMA journal_mode",
};

struct scene {
    char directory[PATH_ROOM];
    char path[PATH_ROOM + 32];
    char fresh[PATH_ROOM + 32];
    char before[4096];
    struct error error;
};

static sqlite3 *open_plainly(const char *path)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}

static void dump_rows(sqlite3 *db, const char *query, char *text, size_t room)
{
    sqlite3_stmt *rows = NULL;
    int status;

    assert_int_equal(sqlite3_prepare_v2(db, query, -1, &rows, NULL), SQLITE_OK);
    while ((status = sqlite3_step(rows)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(rows); i++) {
            const char *value = (const char *)sqlite3_column_text(rows, i);
            size_t length = strlen(text);

            snprintf(text + length, room - length, "%s|", value ? value : "NULL");
        }
        snprintf(text + strlen(text), room - strlen(text), "\n");
    }
    assert_int_equal(status, SQLITE_DONE);
    assert_true(strlen(text) < room - 1);
    sqlite3_finalize(rows);
}

/* What the queries give, as a text. */
static void dump(const char *path, const char *const *queries, size_t count, char *text,
                 size_t room)
{
    sqlite3 *db = open_plainly(path);

    *text = '\0';
    for (size_t i = 0; i < count; i++)
        dump_rows(db, queries[i], text, room);
    sqlite3_close(db);
}

static int64_t version_of(const char *path)
{
    static const char *const query[] = {"PRAGMA user_version"};
    char text[64];

    dump(path, query, 1, text, sizeof(text));
    return strtoll(text, NULL, 10);
}

/* A closed store of version 1. */
static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    sqlite3 *db;

    assert_non_null(scene);
    make_directory(scene->directory);
    snprintf(scene->path, sizeof(scene->path), "%s/store.db", scene->directory);
    snprintf(scene->fresh, sizeof(scene->fresh), "%s/fresh.db", scene->directory);
    db = open_plainly(scene->path);
    assert_int_equal(sqlite3_exec(db, version_1, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, content, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    dump(scene->path, everything, COUNT(everything), scene->before, sizeof(scene->before));
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    remove_directory(scene->directory);
    free(scene);
    return 0;
}

static void assert_all_there(struct scene *scene)
{
    char after[4096];

    dump(scene->path, everything, COUNT(everything), after, sizeof(after));
    assert_string_equal(after, scene->before);
}

static struct store *open_as_ours(struct scene *scene, const char *path)
{
    struct store *store = NULL;

    assert_int_equal(store_open(path, STORE_MAKE, &store, &scene->error), 0);
    return store;
}

static void all_that_a_store_has_is_carried_over(void **state)
{
    struct scene *scene = *state;

    store_close(open_as_ours(scene, scene->path));
    assert_int_equal(version_of(scene->path), 2);
    assert_all_there(scene);
}

static void a_store_is_laid_out_as_a_fresh_one(void **state)
{
    struct scene *scene = *state;
    char carried[8192];
    char fresh[8192];

    store_close(open_as_ours(scene, scene->path));
    store_close(open_as_ours(scene, scene->fresh));
    dump(scene->path, layout, COUNT(layout), carried, sizeof(carried));
    dump(scene->fresh, layout, COUNT(layout), fresh, sizeof(fresh));
    assert_string_equal(carried, fresh);
}

static void a_store_is_used_as_before(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_as_ours(scene, scene->path);
    struct stored_checkpoint checkpoint = {0};
    struct bounds bounds = {0};
    struct error error;
    int64_t located = -1;
    bool found = false;

    assert_int_equal(store_get_bounds(store, "orders", 0, &bounds, &error), 0);
    assert_true(bounds.earliest == 10 && bounds.latest == 100 && bounds.latest_is_set);
    assert_int_equal(store_get_bounds(store, "orders", 1, &bounds, &error), 0);
    assert_false(bounds.latest_is_set);
    assert_int_equal(store_locate(store, "orders", 0, 1500, &located, &error), 0);
    assert_int_equal(located, 50);
    assert_int_equal(
        store_get_checkpoint(store, "billing", "orders", 0, &checkpoint, &found, &error), 0);
    assert_true(found && checkpoint.sequence == 42 && checkpoint.committed == 31);
    assert_string_equal(checkpoint.metadata, "note");
    free(checkpoint.metadata);
    store_close(store);
}

/* Records come after what was committed, and not below what was latest. */
static void a_store_takes_records(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_as_ours(scene, scene->path);
    const struct span record = {"a", 1};
    struct bounds bounds = {0};
    struct error error;

    assert_int_equal(store_append_records(store, "orders", 0, &record, 1, &error), 0);
    assert_int_equal(store_get_bounds(store, "orders", 0, &bounds, &error), 0);
    assert_true(bounds.earliest == 10 && bounds.latest == 101);
    assert_int_equal(store_append_records(store, "orders", 1, &record, 1, &error), 0);
    assert_int_equal(store_get_bounds(store, "orders", 1, &bounds, &error), 0);
    assert_true(bounds.earliest == 0 && bounds.latest == 79);
    store_close(store);
}

static void only_to_be_read_a_store_is_refused_and_left(void **state)
{
    struct scene *scene = *state;
    struct store *store = NULL;

    assert_int_equal(store_open(scene->path, STORE_READ, &store, &scene->error), -EPROTONOSUPPORT);
    assert_non_null(strstr(scene->error.message, "older version 1"));
    assert_int_equal(version_of(scene->path), 1);
    assert_all_there(scene);
}

static void a_store_that_an_older_program_has_open_is_busy_and_left(void **state)
{
    struct scene *scene = *state;
    struct store *store = NULL;
    sqlite3 *older = open_plainly(scene->path);
    char text[64] = "";

    dump_rows(older, "SELECT count(*) FROM app", text, sizeof(text));
    assert_int_equal(store_open(scene->path, STORE_MAKE, &store, &scene->error), -EBUSY);
    sqlite3_close(older);
    assert_int_equal(version_of(scene->path), 1);
    assert_all_there(scene);
    all_that_a_store_has_is_carried_over(state);
}

/* A process that upgrades is killed so many microseconds after its start. */
static void kill_after(struct scene *scene, useconds_t later)
{
    pid_t child = fork();

    if (!child) {
        struct store *store = NULL;

        _exit(store_open(scene->path, STORE_MAKE, &store, &scene->error) ? 1 : 0);
    }
    usleep(later);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void killed_at_any_time_a_store_is_of_one_version_and_whole(void **state)
{
    struct scene *scene = *state;

    for (useconds_t later = 0; version_of(scene->path) == 1; later += 3000) {
        kill_after(scene, later);
        assert_all_there(scene);
    }
    all_that_a_store_has_is_carried_over(state);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(all_that_a_store_has_is_carried_over),
        SCENE(a_store_is_laid_out_as_a_fresh_one),
        SCENE(a_store_is_used_as_before),
        SCENE(a_store_takes_records),
        SCENE(only_to_be_read_a_store_is_refused_and_left),
        SCENE(a_store_that_an_older_program_has_open_is_busy_and_left),
        SCENE(killed_at_any_time_a_store_is_of_one_version_and_whole),
    };

    return cmocka_run_group_tests_name("versions", tests, NULL, NULL);
}
