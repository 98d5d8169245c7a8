#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <sqlite3.h>

#include "api/local/store.h"

/* Layouts to come, two versions after the present one. The rows of `filler` do not fit into
 * SQLite's memory, so that they are in the log before they are committed. */
#define ADD "ALTER TABLE app ADD COLUMN note TEXT NOT NULL DEFAULT 'made later'"
#define COUNT_TO(number) \
    "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT " number ")"
#define FILL "CREATE TABLE filler AS " COUNT_TO("300000") " SELECT x FROM n"
#define REBUILD                                                                            \
    "CREATE TABLE new_app (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"             \
    " created INTEGER NOT NULL, note TEXT) STRICT; INSERT INTO new_app SELECT * FROM app;" \
    "DROP TABLE app; ALTER TABLE new_app RENAME TO app"

static const char *const good_steps[] = {NULL, ADD, REBUILD};
static const char *const slow_steps[] = {NULL, ADD, COUNT_TO("2000000") " SELECT count(*) FROM n"};
static const char *const endless_steps[] = {NULL, ADD ";" FILL,
                                            COUNT_TO("1000000000000") " SELECT count(*) FROM n"};
static const char *const wrong_steps[] = {NULL, ADD ";" FILL, "SELECT nonsense FROM app"};
static const char *const losing_steps[] = {NULL, ADD, "DELETE FROM app"};
static const char *const filling_steps[] = {NULL, ADD, FILL};

#define LAYOUT(name)                                      \
    {                                                     \
        .version = 4, .schema = "", .steps = name##_steps \
    }
static const struct layout good = LAYOUT(good);
static const struct layout slow = LAYOUT(slow);
static const struct layout endless = LAYOUT(endless);
static const struct layout wrong = LAYOUT(wrong);
static const struct layout losing = LAYOUT(losing);
static const struct layout filling = LAYOUT(filling);

struct scene {
    char directory[PATH_ROOM];
    char path[PATH_ROOM + 32];
    char copy[PATH_ROOM + 64];
    char part[PATH_ROOM + 64];
    struct error error;
};

static void commit(struct store *store, int64_t sequence)
{
    const struct store_commit order = {.app = "billing",
                                       .stream = "orders",
                                       .sequence = sequence,
                                       .metadata = "note",
                                       .make_partition = true};
    struct error error;
    int64_t committed;

    assert_int_equal(store_begin(store, &error), 0);
    assert_int_equal(store_commit(store, &order, &committed, &error), 0);
    assert_int_equal(store_end(store, &error), 0);
}

/* A closed store of the present version with a checkpoint. */
static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    struct store *store = NULL;

    assert_non_null(scene);
    make_directory(scene->directory);
    snprintf(scene->path, sizeof(scene->path), "%s/store.db", scene->directory);
    snprintf(scene->copy, sizeof(scene->copy), "%s.version-2", scene->path);
    snprintf(scene->part, sizeof(scene->part), "%s.version-2.part", scene->path);
    assert_int_equal(store_open(scene->path, STORE_MAKE, &store, &scene->error), 0);
    assert_int_equal(store_create_app(store, "billing", &scene->error), 0);
    commit(store, 42);
    store_close(store);
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

/* ---- expecting */

static void assert_version(const char *path, int version)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *row = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &row, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(row, 0), version);
    sqlite3_finalize(row);
    sqlite3_close(db);
}

/* The store can be used by that layout, or by ours for NULL, and has its checkpoint. */
static void assert_usable(const char *path, const struct layout *layout)
{
    struct stored_checkpoint checkpoint = {0};
    struct store *store = NULL;
    struct error error = {0};
    bool found = false;
    int status = layout ? store_open_as(path, STORE_MAKE, layout, &store, &error)
                        : store_open(path, STORE_MAKE, &store, &error);

    assert_string_equal(error.message, "");
    assert_int_equal(status, 0);
    assert_int_equal(
        store_get_checkpoint(store, "billing", "orders", 0, &checkpoint, &found, &error), 0);
    assert_true(found && checkpoint.sequence == 42);
    free(checkpoint.metadata);
    commit(store, 42);
    store_close(store);
}

static void assert_fails(struct scene *scene, const struct layout *layout, int code)
{
    struct store *store = NULL;

    assert_int_equal(store_open_as(scene->path, STORE_MAKE, layout, &store, &scene->error), -code);
    assert_non_null(strstr(scene->error.message, scene->path));
}

/* Only these files, joined by blanks, are in the directory. */
static void assert_files(const struct scene *scene, const char *expected)
{
    struct dirent **entries;
    char joined[512] = "";
    int count = scandir(scene->directory, &entries, NULL, alphasort);

    assert_true(count >= 0);
    for (int i = 0; i < count; i++) {
        size_t length = strlen(joined);

        if (*entries[i]->d_name != '.')
            snprintf(joined + length, sizeof(joined) - length, "%s%s", length ? " " : "",
                     entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    assert_string_equal(joined, expected);
}

static void assert_exists(const char *path, bool expected)
{
    assert_int_equal(!access(path, F_OK), expected);
}

/* ---- upgrading */

static void an_older_store_is_upgraded_and_its_copy_removed(void **state)
{
    struct scene *scene = *state;

    assert_usable(scene->path, &good);
    assert_version(scene->path, 4);
    assert_files(scene, "store.db");
    assert_usable(scene->path, &good);
}

static void what_is_in_the_log_alone_is_upgraded_too(void **state)
{
    struct scene *scene = *state;
    pid_t child = fork();
    int ended;

    if (!child) {
        struct store *store = NULL;

        if (store_open(scene->path, STORE_MAKE, &store, &scene->error))
            _exit(1);
        commit(store, 41);
        commit(store, 42);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFSIGNALED(ended));
    assert_usable(scene->path, &good);
}

static void a_relative_path_has_its_copy_beside_it(void **state)
{
    struct scene *scene = *state;
    char *old = getcwd(NULL, 0);
    struct store *store = NULL;

    assert_int_equal(chdir(scene->directory), 0);
    assert_int_equal(store_open_as("store.db", STORE_MAKE, &wrong, &store, &scene->error), -EIO);
    assert_exists(scene->copy, true);
    assert_usable("store.db", &good);
    assert_int_equal(chdir(old), 0);
    free(old);
    assert_files(scene, "store.db");
}

static void an_older_store_is_not_upgraded_to_be_read(void **state)
{
    struct scene *scene = *state;
    struct store *store = NULL;

    assert_int_equal(store_open_as(scene->path, STORE_READ, &good, &store, &scene->error),
                     -EPROTONOSUPPORT);
    assert_non_null(strstr(scene->error.message, "without -o ro"));
    assert_version(scene->path, 2);
}

static void an_upgraded_store_is_refused_by_the_older_version(void **state)
{
    struct scene *scene = *state;
    struct store *store = NULL;

    assert_usable(scene->path, &good);
    assert_int_equal(store_open(scene->path, STORE_MAKE, &store, &scene->error), -EPROTONOSUPPORT);
    assert_int_equal(store_open(scene->path, STORE_READ, &store, &scene->error), -EPROTONOSUPPORT);
    assert_version(scene->path, 4);
}

/* ---- failures */

/* The store is what it was, and can be upgraded another time; so can the copy. */
static void assert_unchanged(struct scene *scene)
{
    assert_version(scene->path, 2);
    assert_usable(scene->path, NULL);
    assert_exists(scene->part, false);
    assert_usable(scene->path, &good);
    assert_exists(scene->copy, false);
}

static void a_step_that_fails_leaves_the_store_and_a_copy(void **state)
{
    struct scene *scene = *state;
    struct stat attr;

    assert_fails(scene, &wrong, EIO);
    assert_non_null(strstr(scene->error.message, "nonsense"));
    assert_int_equal(stat(scene->copy, &attr), 0);
    assert_int_equal(attr.st_mode & 07777, 0600);
    assert_version(scene->copy, 2);
    assert_usable(scene->copy, NULL);
    assert_unchanged(scene);
}

static void a_step_that_loses_rows_leaves_the_store(void **state)
{
    struct scene *scene = *state;

    assert_fails(scene, &losing, EBADMSG);
    assert_unchanged(scene);
}

static void a_copy_that_cannot_be_made_leaves_the_store(void **state)
{
    struct scene *scene = *state;
    char inside[PATH_ROOM + 80];

    snprintf(inside, sizeof(inside), "%s/file", scene->part);
    assert_int_equal(mkdir(scene->part, 0700), 0);
    assert_int_equal(mkdir(inside, 0700), 0);
    assert_fails(scene, &good, EEXIST);
    assert_non_null(strstr(scene->error.message, scene->part));
    assert_version(scene->path, 2);
    assert_usable(scene->path, NULL);
    assert_int_equal(rmdir(inside), 0);
    assert_int_equal(rmdir(scene->part), 0);
    assert_unchanged(scene);
}

/* Upgrades in a process whose files may have so many bytes, which is like a full disk. */
static int upgrade_within(struct scene *scene, const struct layout *layout, rlim_t bytes)
{
    const struct rlimit limit = {bytes, bytes};
    pid_t child = fork();
    int ended;

    if (!child) {
        struct store *store = NULL;

        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        _exit(-store_open_as(scene->path, STORE_MAKE, layout, &store, &scene->error));
    }
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended));
    return WEXITSTATUS(ended);
}

static void without_room_for_the_steps_the_store_is_left(void **state)
{
    struct scene *scene = *state;

    assert_int_not_equal(upgrade_within(scene, &filling, (rlim_t)1024 * 1024), 0);
    assert_exists(scene->copy, true);
    assert_unchanged(scene);
}

static void without_room_for_the_copy_the_store_is_left(void **state)
{
    struct scene *scene = *state;
    struct stat attr;

    assert_int_equal(stat(scene->path, &attr), 0);
    assert_int_not_equal(upgrade_within(scene, &good, (rlim_t)attr.st_size - 4096), 0);
    assert_exists(scene->copy, false);
    assert_unchanged(scene);
}

/* Kills a process that upgrades, so long after it began with the steps. */
static void kill_amid_steps(struct scene *scene, useconds_t later)
{
    pid_t child = fork();

    if (!child) {
        struct store *store = NULL;

        _exit(store_open_as(scene->path, STORE_MAKE, &endless, &store, &scene->error) ? 1 : 0);
    }
    for (int wait = 0; access(scene->copy, F_OK) && wait < 10000; wait++)
        usleep(1000);
    usleep(later);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void killed_amid_the_steps_the_store_is_left_with_a_copy(void **state)
{
    struct scene *scene = *state;

    for (useconds_t later = 0; later <= 400000; later += 100000) {
        unlink(scene->copy);
        kill_amid_steps(scene, later);
        assert_version(scene->path, 2);
        assert_version(scene->copy, 2);
        assert_usable(scene->path, NULL);
    }
    assert_usable(scene->copy, NULL);
    assert_unchanged(scene);
}

static void what_a_killed_copy_has_left_is_replaced(void **state)
{
    struct scene *scene = *state;
    int fd = open(scene->part, O_CREAT | O_WRONLY, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "half of a page", 14), 14);
    close(fd);
    assert_usable(scene->path, &good);
    assert_files(scene, "store.db");
}

/* ---- others */

static void a_store_that_somebody_has_open_is_busy(void **state)
{
    struct scene *scene = *state;
    struct store *store = NULL;

    assert_int_equal(store_open(scene->path, STORE_READ, &store, &scene->error), 0);
    assert_fails(scene, &good, EBUSY);
    assert_files(scene, "store.db store.db-shm store.db-wal");
    store_close(store);
    assert_unchanged(scene);
}

/* All begin at once; who upgrades is slow; and who is ready keeps the store open. */
static void of_many_that_open_it_one_upgrades_the_store(void **state)
{
    struct scene *scene = *state;
    pid_t children[6];

    for (size_t i = 0; i < COUNT(children); i++) {
        children[i] = fork();
        if (!children[i]) {
            struct store *store = NULL;
            int status = store_open_as(scene->path, STORE_MAKE, &slow, &store, &scene->error);

            if (status)
                fprintf(stderr, "%s\n", scene->error.message);
            usleep(500000);
            _exit(-status);
        }
    }
    for (size_t i = 0; i < COUNT(children); i++) {
        int ended;

        assert_int_equal(waitpid(children[i], &ended, 0), children[i]);
        assert_true(WIFEXITED(ended));
        assert_int_equal(WEXITSTATUS(ended), 0);
    }
    assert_version(scene->path, 4);
    assert_exists(scene->copy, false);
    assert_usable(scene->path, &good);
}

/* It holds the lock of one who upgrades, and then does nothing. */
static pid_t lock_for(const char *path, useconds_t span)
{
    pid_t child = fork();
    int fd;

    if (child)
        return child;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX))
        _exit(1);
    usleep(span);
    _exit(0);
}

static void one_that_upgrades_for_long_is_waited_for(void **state)
{
    struct scene *scene = *state;
    pid_t child = lock_for(scene->path, 6000000);
    int ended;

    usleep(200000);
    assert_usable(scene->path, &good);
    assert_int_equal(waitpid(child, &ended, WNOHANG), child);
    assert_int_equal(ended, 0);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(an_older_store_is_upgraded_and_its_copy_removed),
        SCENE(what_is_in_the_log_alone_is_upgraded_too),
        SCENE(a_relative_path_has_its_copy_beside_it),
        SCENE(an_older_store_is_not_upgraded_to_be_read),
        SCENE(an_upgraded_store_is_refused_by_the_older_version),
        SCENE(a_step_that_fails_leaves_the_store_and_a_copy),
        SCENE(a_step_that_loses_rows_leaves_the_store),
        SCENE(a_copy_that_cannot_be_made_leaves_the_store),
        SCENE(without_room_for_the_steps_the_store_is_left),
        SCENE(without_room_for_the_copy_the_store_is_left),
        SCENE(killed_amid_the_steps_the_store_is_left_with_a_copy),
        SCENE(what_a_killed_copy_has_left_is_replaced),
        SCENE(a_store_that_somebody_has_open_is_busy),
        SCENE(of_many_that_open_it_one_upgrades_the_store),
        SCENE(one_that_upgrades_for_long_is_waited_for),
    };

    return cmocka_run_group_tests_name("upgrade", tests, NULL, NULL);
}
