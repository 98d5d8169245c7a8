#include "made.h"
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "api/local/store.h"
#include "base/when.h"

struct scene {
    char directory[PATH_ROOM];
    char path[PATH_ROOM + 32];
    struct store *store;
    struct error error;
};

/* The parts of a scene as most tests name them. */
#define SCENE_OF(state)                 \
    struct scene *scene = *state;       \
    struct store *store = scene->store; \
    struct error *error = &scene->error

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    make_directory(scene->directory);
    snprintf(scene->path, sizeof(scene->path), "%s/store.db", scene->directory);
    assert_int_equal(store_open(scene->path, STORE_MAKE, &scene->store, &scene->error), 0);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    store_close(scene->store);
    remove_directory(scene->directory);
    free(scene);
    return 0;
}

/* Checks a failure: the errno, also in the error, with a sentence. */
static void assert_fails(struct error *error, int status, int code)
{
    assert_int_equal(status, -code);
    assert_int_equal(error->code, code);
    assert_true(*error->message);
    *error = (struct error){0};
}

#define ASSERT_FAILS(call, code) assert_fails(error, call, code)
#define ASSERT_OK(call)          assert_int_equal(call, 0)

static void assert_names(const struct names *names, const char *expected)
{
    char joined[256] = "";

    for (size_t i = 0; i < names_count(names); i++) {
        size_t length = strlen(joined);

        snprintf(joined + length, sizeof(joined) - length, "%s%s", i ? " " : "",
                 names_at(names, i));
    }
    assert_string_equal(joined, expected);
}

static void assert_apps(struct store *store, const char *expected)
{
    struct names *names = make_names();
    struct error error;

    ASSERT_OK(store_list_apps(store, names, &error));
    assert_names(names, expected);
    names_drop(names);
}

static void assert_streams(struct store *store, const char *expected)
{
    struct names *names = make_names();
    struct error error;

    ASSERT_OK(store_list_streams(store, names, &error));
    assert_names(names, expected);
    names_drop(names);
}

static void assert_committed(struct store *store, const char *app, const char *expected)
{
    struct names *names = make_names();
    struct error error;

    ASSERT_OK(store_list_committed(store, app, names, &error));
    assert_names(names, expected);
    names_drop(names);
}

static int commit(struct store *store, const char *stream, uint32_t partition, int64_t sequence,
                  struct error *error)
{
    struct store_commit order = {.app = "billing",
                                 .stream = stream,
                                 .partition = partition,
                                 .sequence = sequence,
                                 .metadata = "note"};
    int64_t committed;

    return store_commit(store, &order, &committed, error);
}

/* An app, a stream and a partition. */
static void make_orders(struct store *store)
{
    struct error error;

    ASSERT_OK(store_create_app(store, "billing", &error));
    ASSERT_OK(store_create_partition(store, "orders", 0, &error));
}

static void assert_checkpoint(struct store *store, const char *stream, uint32_t partition,
                              int64_t sequence)
{
    struct stored_checkpoint checkpoint = {0};
    struct error error;
    bool found = false;

    ASSERT_OK(
        store_get_checkpoint(store, "billing", stream, partition, &checkpoint, &found, &error));
    assert_int_equal(found, sequence >= 0);
    if (found)
        assert_true(checkpoint.sequence == sequence);
    free(checkpoint.metadata);
}

/* Apps */

static void apps_are_made_listed_and_deleted(void **state)
{
    SCENE_OF(state);

    assert_apps(store, "");
    ASSERT_OK(store_create_app(store, "b", error));
    ASSERT_OK(store_create_app(store, "a", error));
    ASSERT_OK(store_create_app(store, "B", error));
    assert_apps(store, "B a b");
    ASSERT_OK(store_find_app(store, "a", error));
    ASSERT_OK(store_delete_app(store, "a", error));
    assert_apps(store, "B b");
    ASSERT_FAILS(store_find_app(store, "a", error), ENOENT);
}

static void an_app_is_made_and_deleted_once(void **state)
{
    SCENE_OF(state);

    ASSERT_OK(store_create_app(store, "a", error));
    ASSERT_FAILS(store_create_app(store, "a", error), EEXIST);
    ASSERT_OK(store_delete_app(store, "a", error));
    ASSERT_FAILS(store_delete_app(store, "a", error), ENOENT);
}

static void an_app_with_checkpoints_is_enotempty(void **state)
{
    SCENE_OF(state);

    make_orders(store);
    ASSERT_OK(commit(store, "orders", 0, 1, error));
    ASSERT_FAILS(store_delete_app(store, "billing", error), ENOTEMPTY);
    ASSERT_OK(store_delete_checkpoint(store, "billing", "orders", 0, error));
    ASSERT_OK(store_delete_app(store, "billing", error));
}

/* Streams and partitions */

static void streams_are_made_listed_and_deleted(void **state)
{
    SCENE_OF(state);

    ASSERT_OK(store_create_stream(store, "orders", error));
    ASSERT_OK(store_create_stream(store, "clicks", error));
    assert_streams(store, "clicks orders");
    ASSERT_FAILS(store_create_stream(store, "orders", error), EEXIST);
    ASSERT_OK(store_delete_stream(store, "orders", error));
    ASSERT_FAILS(store_delete_stream(store, "orders", error), ENOENT);
    assert_streams(store, "clicks");
}

static void a_stream_goes_with_its_partitions_and_their_bounds(void **state)
{
    SCENE_OF(state);
    struct bounds bounds;

    make_orders(store);
    ASSERT_OK(store_set_bound(store, "orders", 0, false, 9, error));
    ASSERT_OK(store_delete_stream(store, "orders", error));
    ASSERT_OK(store_create_stream(store, "orders", error));
    ASSERT_FAILS(store_get_bounds(store, "orders", 0, &bounds, error), ENOENT);
}

static void a_stream_is_described(void **state)
{
    SCENE_OF(state);
    struct stream_summary summary = {0};
    int64_t before = when_now();

    ASSERT_FAILS(store_describe_stream(store, "orders", &summary, error), ENOENT);
    ASSERT_OK(store_create_stream(store, "orders", error));
    ASSERT_OK(store_describe_stream(store, "orders", &summary, error));
    assert_int_equal(summary.partitions, 0);
    assert_true(summary.created >= before && summary.created <= when_now());
    ASSERT_OK(store_create_partition(store, "orders", 5, error));
    ASSERT_OK(store_describe_stream(store, "orders", &summary, error));
    assert_int_equal(summary.partitions, 1);
}

static void making_a_partition_makes_its_stream(void **state)
{
    SCENE_OF(state);

    ASSERT_OK(store_create_partition(store, "orders", 7, error));
    assert_streams(store, "orders");
    ASSERT_FAILS(store_create_partition(store, "orders", 7, error), EEXIST);
    ASSERT_FAILS(store_create_stream(store, "orders", error), EEXIST);
}

static void partitions_are_deleted_once(void **state)
{
    SCENE_OF(state);

    ASSERT_FAILS(store_delete_partition(store, "orders", 7, error), ENOENT);
    ASSERT_OK(store_create_partition(store, "orders", 7, error));
    ASSERT_FAILS(store_delete_partition(store, "orders", 8, error), ENOENT);
    ASSERT_OK(store_delete_partition(store, "orders", 7, error));
    ASSERT_FAILS(store_delete_partition(store, "orders", 7, error), ENOENT);
    assert_streams(store, "orders");
}

static void what_has_checkpoints_is_enotempty(void **state)
{
    SCENE_OF(state);

    make_orders(store);
    ASSERT_OK(store_create_partition(store, "orders", 1, error));
    ASSERT_OK(commit(store, "orders", 0, 1, error));
    ASSERT_FAILS(store_delete_partition(store, "orders", 0, error), ENOTEMPTY);
    ASSERT_FAILS(store_delete_stream(store, "orders", error), ENOTEMPTY);
    ASSERT_OK(store_delete_partition(store, "orders", 1, error));
    assert_checkpoint(store, "orders", 0, 1);
}

/* Checkpoints */

static void a_checkpoint_comes_back_as_it_was_committed(void **state)
{
    SCENE_OF(state);
    struct store_commit order = {.app = "billing",
                                 .stream = "orders",
                                 .sequence = INT64_MAX,
                                 .metadata = "caf\xc3\xa9 'quoted'\n"};
    struct stored_checkpoint checkpoint = {0};
    int64_t committed = 0;
    bool found = false;

    make_orders(store);
    ASSERT_OK(store_commit(store, &order, &committed, error));
    ASSERT_OK(store_get_checkpoint(store, "billing", "orders", 0, &checkpoint, &found, error));
    assert_true(found);
    assert_true(checkpoint.sequence == INT64_MAX);
    assert_true(checkpoint.committed == committed);
    assert_string_equal(checkpoint.metadata, order.metadata);
    free(checkpoint.metadata);
}

static void a_checkpoint_is_replaced(void **state)
{
    SCENE_OF(state);

    make_orders(store);
    ASSERT_OK(commit(store, "orders", 0, 5, error));
    ASSERT_OK(commit(store, "orders", 0, 0, error));
    assert_checkpoint(store, "orders", 0, 0);
}

static void no_checkpoint_is_not_found_without_an_error(void **state)
{
    SCENE_OF(state);

    make_orders(store);
    assert_checkpoint(store, "orders", 0, -1);
    ASSERT_FAILS(store_delete_checkpoint(store, "billing", "orders", 0, error), ENOENT);
}

static void checkpoints_are_of_one_app_and_one_partition(void **state)
{
    SCENE_OF(state);

    make_orders(store);
    ASSERT_OK(store_create_app(store, "audit", error));
    ASSERT_OK(store_create_partition(store, "orders", 1, error));
    ASSERT_OK(store_create_partition(store, "clicks", 0, error));
    ASSERT_OK(commit(store, "orders", 0, 5, error));
    assert_checkpoint(store, "orders", 1, -1);
    assert_checkpoint(store, "clicks", 0, -1);
    assert_committed(store, "billing", "orders");
    assert_committed(store, "audit", "");
    ASSERT_OK(commit(store, "clicks", 0, 5, error));
    assert_committed(store, "billing", "clicks orders");
}

static void what_does_not_exist_is_enoent(void **state)
{
    SCENE_OF(state);
    struct names *names = make_names();
    struct stored_checkpoint checkpoint;
    struct table *table = make_table();
    bool found;

    ASSERT_FAILS(commit(store, "orders", 0, 1, error), ENOENT);
    ASSERT_FAILS(store_list_committed(store, "billing", names, error), ENOENT);
    ASSERT_FAILS(store_get_states(store, "billing", "orders", table, error), ENOENT);
    ASSERT_OK(store_create_app(store, "billing", error));
    ASSERT_FAILS(commit(store, "orders", 0, 1, error), ENOENT);
    ASSERT_FAILS(store_get_states(store, NULL, "orders", table, error), ENOENT);
    ASSERT_OK(store_create_stream(store, "orders", error));
    ASSERT_FAILS(commit(store, "orders", 0, 1, error), ENOENT);
    ASSERT_FAILS(store_get_checkpoint(store, "billing", "orders", 0, &checkpoint, &found, error),
                 ENOENT);
    ASSERT_FAILS(store_delete_checkpoint(store, "billing", "orders", 0, error), ENOENT);
    ASSERT_FAILS(store_set_bound(store, "orders", 0, true, 1, error), ENOENT);
    names_drop(names);
    table_drop(table);
}

static void a_commit_makes_the_partition_if_it_is_to(void **state)
{
    SCENE_OF(state);
    struct store_commit order = {.app = "billing",
                                 .stream = "orders",
                                 .partition = 3,
                                 .sequence = 5,
                                 .metadata = "",
                                 .make_partition = true};
    int64_t committed;

    ASSERT_FAILS(store_commit(store, &order, &committed, error), ENOENT);
    assert_streams(store, "");
    ASSERT_OK(store_create_app(store, "billing", error));
    ASSERT_OK(store_commit(store, &order, &committed, error));
    ASSERT_OK(store_commit(store, &order, &committed, error));
    assert_checkpoint(store, "orders", 3, 5);
}

static int commit_if(struct store *store, int64_t expected, int64_t sequence, struct error *error)
{
    struct store_commit order = {.app = "billing",
                                 .stream = "orders",
                                 .sequence = sequence,
                                 .metadata = "",
                                 .expected = &expected};
    int64_t committed;

    return store_commit(store, &order, &committed, error);
}

static void a_commit_that_expects_another_is_estale(void **state)
{
    SCENE_OF(state);

    make_orders(store);
    ASSERT_FAILS(commit_if(store, 0, 5, error), ESTALE);
    assert_checkpoint(store, "orders", 0, -1);
    ASSERT_OK(commit_if(store, -1, 5, error));
    ASSERT_FAILS(commit_if(store, -1, 6, error), ESTALE);
    ASSERT_FAILS(commit_if(store, 4, 6, error), ESTALE);
    assert_checkpoint(store, "orders", 0, 5);
    ASSERT_OK(commit_if(store, 5, 6, error));
    assert_checkpoint(store, "orders", 0, 6);
}

static void states_tell_all_partitions(void **state)
{
    SCENE_OF(state);
    struct table *table = make_table();
    struct state found;

    make_orders(store);
    ASSERT_OK(store_create_partition(store, "orders", 33554431, error));
    ASSERT_OK(store_set_bound(store, "orders", 0, false, 10, error));
    ASSERT_OK(commit(store, "orders", 0, 5, error));
    ASSERT_OK(store_get_states(store, "billing", "orders", table, error));
    assert_int_equal(table_count(table), 2);
    ASSERT_OK(table_find(table, 0, &found));
    assert_string_equal(found.sequence, "5");
    assert_string_equal(found.metadata, "note");
    assert_string_equal(found.latest, "10");
    assert_true(found.committed != WHEN_UNKNOWN);
    ASSERT_OK(table_find(table, 33554431, &found));
    assert_true(!found.sequence && !found.metadata && found.committed == WHEN_UNKNOWN);
    table_drop(table);
}

static void states_without_an_app_have_no_checkpoints(void **state)
{
    SCENE_OF(state);
    struct table *table = make_table();
    struct state found;

    make_orders(store);
    ASSERT_OK(commit(store, "orders", 0, 5, error));
    ASSERT_OK(store_get_states(store, NULL, "orders", table, error));
    ASSERT_OK(table_find(table, 0, &found));
    assert_null(found.sequence);
    assert_string_equal(found.earliest, "0");
    table_drop(table);
}

/* Bounds */

static void until_latest_is_set_there_are_no_records_and_any_number_goes(void **state)
{
    SCENE_OF(state);
    struct bounds bounds;

    make_orders(store);
    ASSERT_OK(store_get_bounds(store, "orders", 0, &bounds, error));
    assert_false(bounds.latest_is_set);
    assert_true(bounds.earliest == 0 && bounds.latest == 0);
    ASSERT_OK(commit(store, "orders", 0, INT64_MAX, error));
    ASSERT_OK(store_set_bound(store, "orders", 0, true, 7, error));
    ASSERT_OK(store_get_bounds(store, "orders", 0, &bounds, error));
    assert_true(!bounds.latest_is_set && bounds.earliest == 7 && bounds.latest == 7);
    ASSERT_OK(commit(store, "orders", 0, 0, error));
}

static void earliest_never_exceeds_latest(void **state)
{
    SCENE_OF(state);
    struct bounds bounds;

    make_orders(store);
    ASSERT_OK(store_set_bound(store, "orders", 0, false, 10, error));
    ASSERT_OK(store_set_bound(store, "orders", 0, true, 10, error));
    ASSERT_FAILS(store_set_bound(store, "orders", 0, true, 11, error), ERANGE);
    ASSERT_FAILS(store_set_bound(store, "orders", 0, false, 9, error), ERANGE);
    ASSERT_OK(store_get_bounds(store, "orders", 0, &bounds, error));
    assert_true(bounds.latest_is_set && bounds.earliest == 10 && bounds.latest == 10);
    ASSERT_OK(store_set_bound(store, "orders", 0, true, 0, error));
    ASSERT_OK(store_set_bound(store, "orders", 0, false, INT64_MAX, error));
}

static void latest_is_never_less_than_an_earliest_that_was_set_first(void **state)
{
    SCENE_OF(state);

    make_orders(store);
    ASSERT_OK(store_set_bound(store, "orders", 0, true, 50, error));
    ASSERT_FAILS(store_set_bound(store, "orders", 0, false, 49, error), ERANGE);
    ASSERT_OK(store_set_bound(store, "orders", 0, false, 50, error));
}

static int commit_as(struct store *store, int64_t sequence, bool is_next, struct error *error)
{
    struct store_commit order = {.app = "billing",
                                 .stream = "orders",
                                 .sequence = sequence,
                                 .metadata = "",
                                 .is_next = is_next};
    int64_t committed;

    return store_commit(store, &order, &committed, error);
}

static void last_read_is_in_range_from_before_earliest_to_before_latest(void **state)
{
    SCENE_OF(state);

    make_orders(store);
    ASSERT_OK(store_set_bound(store, "orders", 0, false, 20, error));
    ASSERT_OK(store_set_bound(store, "orders", 0, true, 10, error));
    ASSERT_FAILS(commit_as(store, 8, false, error), ERANGE);
    ASSERT_OK(commit_as(store, 9, false, error));
    ASSERT_OK(commit_as(store, 19, false, error));
    ASSERT_FAILS(commit_as(store, 20, false, error), ERANGE);
    assert_checkpoint(store, "orders", 0, 19);
}

static void next_is_in_range_from_earliest_to_latest(void **state)
{
    SCENE_OF(state);

    make_orders(store);
    ASSERT_OK(store_set_bound(store, "orders", 0, false, 20, error));
    ASSERT_OK(store_set_bound(store, "orders", 0, true, 10, error));
    ASSERT_FAILS(commit_as(store, 9, true, error), ERANGE);
    ASSERT_OK(commit_as(store, 10, true, error));
    ASSERT_OK(commit_as(store, 20, true, error));
    ASSERT_FAILS(commit_as(store, 21, true, error), ERANGE);
}

/* Times */

static int64_t locate(struct store *store, int64_t time)
{
    struct error error;
    int64_t sequence = -1;

    ASSERT_OK(store_locate(store, "orders", 0, time, &sequence, &error));
    return sequence;
}

static void a_time_is_located_by_the_changes_of_latest(void **state)
{
    SCENE_OF(state);
    int64_t times[3];

    make_orders(store);
    for (int i = 0; i < 3; i++) {
        times[i] = when_now();
        ASSERT_OK(store_set_bound(store, "orders", 0, false, 10 * (i + 1), error));
        while (when_now() <= times[i])
            ;
    }
    assert_int_equal(locate(store, times[0]), 0);
    assert_int_equal(locate(store, times[1]), 10);
    assert_int_equal(locate(store, times[2]), 20);
    assert_int_equal(locate(store, when_now()), 30);
    assert_int_equal(locate(store, INT64_MAX), 30);
    assert_int_equal(locate(store, 0), 0);
}

static void what_is_located_lies_within_the_bounds(void **state)
{
    SCENE_OF(state);
    int64_t between;

    make_orders(store);
    assert_int_equal(locate(store, INT64_MAX), 0);
    ASSERT_OK(store_set_bound(store, "orders", 0, false, 10, error));
    between = when_now();
    ASSERT_OK(store_set_bound(store, "orders", 0, false, 100, error));
    ASSERT_OK(store_set_bound(store, "orders", 0, true, 50, error));
    assert_int_equal(locate(store, between), 50);
    assert_int_equal(locate(store, 0), 50);
    ASSERT_OK(store_set_bound(store, "orders", 0, false, 60, error));
    assert_int_equal(locate(store, INT64_MAX), 60);
}

/* Counts the rows of a table with a connection of its own. */
static int64_t count_rows(const char *path, const char *table)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    char sql[64];
    int64_t count;

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return count;
}

static void the_last_1000_changes_of_latest_are_kept(void **state)
{
    SCENE_OF(state);
    int64_t before[1101];

    make_orders(store);
    ASSERT_OK(store_create_partition(store, "orders", 1, error));
    ASSERT_OK(store_begin(store, error));
    ASSERT_OK(store_set_bound(store, "orders", 1, false, 5, error));
    for (int i = 0; i < 1100; i++) {
        ASSERT_OK(store_set_bound(store, "orders", 0, false, i + 1, error));
        before[i + 1] = when_now();
    }
    ASSERT_OK(store_end(store, error));
    assert_int_equal(count_rows(scene->path, "written"), 1001);
    assert_int_equal(locate(store, INT64_MAX), 1100);
    assert_int_equal(locate(store, before[102]), 102);
    assert_int_equal(locate(store, before[50]), 0);
}

/* Transactions and steps */

static void what_is_cancelled_was_never_there(void **state)
{
    SCENE_OF(state);

    ASSERT_OK(store_begin(store, error));
    ASSERT_OK(store_create_app(store, "a", error));
    store_cancel(store);
    assert_apps(store, "");
    store_cancel(store);
    ASSERT_OK(store_begin(store, error));
    ASSERT_OK(store_create_app(store, "b", error));
    ASSERT_OK(store_end(store, error));
    assert_apps(store, "b");
}

static void a_failed_step_leaves_nothing_behind(void **state)
{
    SCENE_OF(state);

    ASSERT_OK(store_begin(store, error));
    ASSERT_OK(store_step_begin(store, error));
    ASSERT_OK(store_create_app(store, "a", error));
    ASSERT_OK(store_step_end(store, 0, error));
    assert_false(store_is_lost(store));
    ASSERT_OK(store_step_begin(store, error));
    ASSERT_OK(store_create_app(store, "b", error));
    assert_int_equal(store_step_end(store, -ERANGE, error), -ERANGE);
    assert_false(store_is_lost(store));
    ASSERT_OK(store_step_begin(store, error));
    ASSERT_OK(store_create_app(store, "c", error));
    ASSERT_OK(store_step_end(store, 0, error));
    ASSERT_OK(store_end(store, error));
    assert_apps(store, "a c");
}

static void a_failed_step_keeps_its_error(void **state)
{
    SCENE_OF(state);
    int status;

    ASSERT_OK(store_begin(store, error));
    ASSERT_OK(store_step_begin(store, error));
    status = store_delete_app(store, "nobody", error);
    assert_int_equal(store_step_end(store, status, error), -ENOENT);
    assert_int_equal(error->code, ENOENT);
    ASSERT_OK(store_end(store, error));
}

static void a_step_that_lost_its_transaction_says_so(void **state)
{
    SCENE_OF(state);

    ASSERT_OK(store_begin(store, error));
    ASSERT_OK(store_step_begin(store, error));
    store_cancel(store); /* as SQLite does by itself on a full disk */
    assert_int_equal(store_step_end(store, -ENOSPC, error), -ENOSPC);
    assert_true(store_is_lost(store));
}

static void a_failed_commit_that_makes_a_partition_leaves_none(void **state)
{
    SCENE_OF(state);
    struct store_commit order = {
        .app = "nobody", .stream = "orders", .sequence = 5, .metadata = "", .make_partition = true};
    int64_t committed;

    ASSERT_FAILS(store_commit(store, &order, &committed, error), ENOENT);
    assert_streams(store, "");
}

/* Two connections */

static void only_one_connection_writes_at_a_time(void **state)
{
    SCENE_OF(state);
    struct store *other;

    ASSERT_OK(store_open(scene->path, STORE_MAKE, &other, error));
    ASSERT_OK(store_begin(store, error));
    ASSERT_FAILS(store_begin(other, error), EAGAIN);
    ASSERT_FAILS(store_create_app(other, "a", error), EAGAIN);
    ASSERT_OK(store_end(store, error));
    ASSERT_OK(store_begin(other, error));
    ASSERT_FAILS(store_begin(store, error), EAGAIN);
    store_cancel(other);
    ASSERT_OK(store_create_app(other, "a", error));
    store_close(other);
}

static void readers_see_what_is_durable_and_are_not_held_up(void **state)
{
    SCENE_OF(state);
    struct store *reader;

    ASSERT_OK(store_open(scene->path, STORE_READ, &reader, error));
    ASSERT_OK(store_begin(store, error));
    ASSERT_OK(store_create_app(store, "a", error));
    assert_apps(reader, "");
    ASSERT_OK(store_end(store, error));
    assert_apps(reader, "a");
    ASSERT_FAILS(store_create_app(reader, "b", error), EROFS);
    store_close(reader);
}

static void all_reads_of_a_transaction_see_the_same(void **state)
{
    SCENE_OF(state);
    struct store *reader;

    ASSERT_OK(store_open(scene->path, STORE_READ, &reader, error));
    ASSERT_OK(store_create_app(store, "a", error));
    ASSERT_OK(store_begin_reading(reader, error));
    assert_apps(reader, "a");
    ASSERT_OK(store_create_app(store, "b", error));
    assert_apps(reader, "a");
    store_cancel(reader);
    assert_apps(reader, "a b");
    store_close(reader);
}

/* Opening */

static void reopen(struct scene *scene, enum store_mode mode)
{
    store_close(scene->store);
    scene->store = NULL;
    ASSERT_OK(store_open(scene->path, mode, &scene->store, &scene->error));
}

static void all_survives_reopening(void **state)
{
    static const enum store_mode modes[] = {STORE_READ, STORE_MAKE};
    struct scene *scene = *state;
    struct bounds bounds;

    make_orders(scene->store);
    ASSERT_OK(store_set_bound(scene->store, "orders", 0, false, 9, &scene->error));
    ASSERT_OK(commit(scene->store, "orders", 0, 8, &scene->error));
    for (size_t i = 0; i < COUNT(modes); i++) {
        reopen(scene, modes[i]);
        assert_apps(scene->store, "billing");
        assert_checkpoint(scene->store, "orders", 0, 8);
        ASSERT_OK(store_get_bounds(scene->store, "orders", 0, &bounds, &scene->error));
        assert_true(bounds.latest_is_set && bounds.latest == 9);
        assert_int_equal(locate(scene->store, INT64_MAX), 9);
    }
}

static void opening_does_not_make_a_file_unless_it_is_to(void **state)
{
    struct scene *scene = *state;
    struct error *error = &scene->error;
    char path[PATH_ROOM + 32];
    struct store *other = NULL;

    snprintf(path, sizeof(path), "%s/none.db", scene->directory);
    ASSERT_FAILS(store_open(path, STORE_READ, &other, error), ENOENT);
    assert_int_equal(access(path, F_OK), -1);
    assert_null(other);
}

static void making_keeps_all_private_and_makes_no_directory(void **state)
{
    struct scene *scene = *state;
    char path[PATH_ROOM + 64];
    struct store *other = NULL;
    struct stat attr;

    snprintf(path, sizeof(path), "%s/a/b/c.db", scene->directory);
    assert_int_equal(store_open(path, STORE_MAKE, &other, &scene->error), -ENOENT);
    snprintf(path, sizeof(path), "first mkdir -p %s/a/b", scene->directory);
    assert_non_null(strstr(scene->error.message, path));
    snprintf(path, sizeof(path), "%s/a", scene->directory);
    assert_int_equal(stat(path, &attr), -1);

    snprintf(path, sizeof(path), "%s/c.db", scene->directory);
    ASSERT_OK(store_open(path, STORE_MAKE, &other, &scene->error));
    ASSERT_OK(store_create_app(other, "a", &scene->error));
    assert_int_equal(stat(path, &attr), 0);
    assert_int_equal(attr.st_mode & 0777, 0600);
    snprintf(path, sizeof(path), "%s/c.db-wal", scene->directory);
    assert_int_equal(stat(path, &attr), 0);
    assert_int_equal(attr.st_mode & 0777, 0600);
    store_close(other);
}

static void write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Runs SQL on a database, by a connection of its own. */
static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void triggers_and_views_of_a_store_are_not_used(void **state)
{
    SCENE_OF(state);
    struct names *names = make_names();

    make_orders(store);
    run_sql(scene->path, "CREATE TRIGGER hostile AFTER INSERT ON checkpoint BEGIN"
                         " UPDATE checkpoint SET sequence = 7; END;");
    ASSERT_OK(commit(store, "orders", 0, 42, error));
    assert_checkpoint(store, "orders", 0, 42);
    run_sql(scene->path, "ALTER TABLE app RENAME TO other; CREATE VIEW app AS SELECT * FROM other");
    ASSERT_FAILS(store_list_apps(store, names, error), EIO);
    names_drop(names);
}

static void assert_not_opened(struct scene *scene, const char *path, int code)
{
    static const enum store_mode modes[] = {STORE_READ, STORE_MAKE};

    for (size_t i = 0; i < COUNT(modes); i++) {
        struct store *other = NULL;

        assert_fails(&scene->error, store_open(path, modes[i], &other, &scene->error), code);
        assert_null(other);
    }
}

static void what_is_no_database_is_refused_and_left_alone(void **state)
{
    struct scene *scene = *state;
    char path[PATH_ROOM + 32];
    char text[5000];
    char left[5000];
    FILE *file;

    memset(text, 'x', sizeof(text));
    snprintf(path, sizeof(path), "%s/letter.txt", scene->directory);
    write_file(path, text, sizeof(text));
    assert_not_opened(scene, path, EBADMSG);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(left, 1, sizeof(left), file), sizeof(left));
    fclose(file);
    assert_memory_equal(left, text, sizeof(text));
}

static void the_database_of_another_program_is_refused_and_left_alone(void **state)
{
    struct scene *scene = *state;
    char path[PATH_ROOM + 32];

    snprintf(path, sizeof(path), "%s/other.db", scene->directory);
    run_sql(path, "CREATE TABLE songs (name TEXT); INSERT INTO songs VALUES ('a')");
    assert_not_opened(scene, path, EBADMSG);
    assert_int_equal(count_rows(path, "songs"), 1);
    assert_int_equal(count_rows(path, "sqlite_schema"), 1);
}

static void a_store_of_a_newer_version_is_refused(void **state)
{
    struct scene *scene = *state;

    store_close(scene->store);
    scene->store = NULL;
    run_sql(scene->path, "PRAGMA user_version = 3");
    assert_not_opened(scene, scene->path, EPROTONOSUPPORT);
    run_sql(scene->path, "PRAGMA user_version = 2");
    ASSERT_OK(store_open(scene->path, STORE_MAKE, &scene->store, &scene->error));
}

static void an_empty_file_becomes_a_store_only_when_making(void **state)
{
    struct scene *scene = *state;
    struct error *error = &scene->error;
    char path[PATH_ROOM + 32];
    struct store *other = NULL;

    snprintf(path, sizeof(path), "%s/empty.db", scene->directory);
    write_file(path, "", 0);
    ASSERT_FAILS(store_open(path, STORE_READ, &other, error), EBADMSG);
    ASSERT_OK(store_open(path, STORE_MAKE, &other, error));
    ASSERT_OK(store_create_app(other, "a", error));
    store_close(other);
}

static void a_directory_is_refused(void **state)
{
    struct scene *scene = *state;
    struct store *other = NULL;

    assert_true(store_open(scene->directory, STORE_READ, &other, &scene->error) < 0);
    assert_true(store_open(scene->directory, STORE_MAKE, &other, &scene->error) < 0);
    assert_null(other);
}

/* Opens what is left of a store and reads all: whatever fails is EBADMSG, not a crash. */
static void read_damaged(struct scene *scene, const char *path)
{
    struct store *damaged = NULL;
    struct names *names = make_names();
    struct table *table = make_table();
    int status = store_open(path, STORE_READ, &damaged, &scene->error);

    if (!status)
        status = store_list_apps(damaged, names, &scene->error);
    if (!status)
        status = store_get_states(damaged, "billing", "orders", table, &scene->error);
    assert_true(status == 0 || status == -EBADMSG || status == -EINVAL || status == -ENOENT ||
                status == -EIO);
    store_close(damaged);
    names_drop(names);
    table_drop(table);
}

static void a_truncated_store_fails_without_a_crash(void **state)
{
    struct scene *scene = *state;
    struct stat attr;
    int failures = 0;

    make_orders(scene->store);
    ASSERT_OK(commit(scene->store, "orders", 0, 8, &scene->error));
    store_close(scene->store);
    scene->store = NULL;
    assert_int_equal(stat(scene->path, &attr), 0);
    for (off_t size = attr.st_size - 1; size > 0; size = size * 3 / 4 - 7) {
        assert_int_equal(truncate(scene->path, size), 0);
        scene->error.code = 0;
        read_damaged(scene, scene->path);
        failures += scene->error.code != 0;
    }
    assert_true(failures > 0);
}

/* A byte that flips in a row's header makes a NULL of what the schema says is none. */
static void a_null_where_the_schema_has_none_fails_without_a_crash(void **state)
{
    struct scene *scene = *state;
    struct stored_checkpoint checkpoint = {0};
    bool found = false;

    make_orders(scene->store);
    ASSERT_OK(commit(scene->store, "orders", 0, 8, &scene->error));
    store_close(scene->store);
    scene->store = NULL;
    run_sql(scene->path, "PRAGMA writable_schema = ON;"
                         "UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '');"
                         "PRAGMA writable_schema = RESET;"
                         "INSERT INTO app (id, name) VALUES (99, NULL);"
                         "UPDATE checkpoint SET metadata = NULL");
    read_damaged(scene, scene->path);
    ASSERT_OK(store_open(scene->path, STORE_READ, &scene->store, &scene->error));
    store_get_checkpoint(scene->store, "billing", "orders", 0, &checkpoint, &found, &scene->error);
    free(checkpoint.metadata);
}

static void a_path_is_a_path_and_no_uri(void **state)
{
    struct scene *scene = *state;
    struct store *other = NULL;
    char path[PATH_ROOM + 32];
    char *old = getcwd(NULL, 0);

    assert_non_null(old);
    assert_int_equal(chdir(scene->directory), 0);
    ASSERT_OK(store_open("file:a?mode=memory", STORE_MAKE, &other, &scene->error));
    ASSERT_OK(store_create_app(other, "kept", &scene->error));
    store_close(other);
    other = NULL;
    assert_int_equal(store_open("file:a?mode=memory", STORE_READ, &other, &scene->error), 0);
    assert_apps(other, "kept");
    store_close(other);
    snprintf(path, sizeof(path), "%s/file:a?mode=memory", scene->directory);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(chdir(old), 0);
    free(old);
}

/* The files of an open store */

static const char *file_of(const struct scene *scene, const char *suffix)
{
    static char path[PATH_ROOM + 64];

    snprintf(path, sizeof(path), "%s%s", scene->path, suffix);
    return path;
}

/* Neither reading nor writing begins, and the error names the file. */
static void assert_stale(struct scene *scene, const char *suffix)
{
    struct store *store = scene->store;
    struct error *error = &scene->error;

    assert_int_equal(store_begin_reading(store, error), -ESTALE);
    assert_non_null(strstr(error->message, file_of(scene, suffix)));
    assert_non_null(strstr(error->message, "mount again"));
    store_cancel(store);
    ASSERT_FAILS(store_begin(store, error), ESTALE);
    store_cancel(store);
}

static void commit_one(struct scene *scene, int64_t sequence)
{
    ASSERT_OK(store_begin(scene->store, &scene->error));
    ASSERT_OK(commit(scene->store, "orders", 0, sequence, &scene->error));
    ASSERT_OK(store_end(scene->store, &scene->error));
}

static void open_again(struct scene *scene)
{
    store_close(scene->store);
    scene->store = NULL;
    ASSERT_OK(store_open(scene->path, STORE_MAKE, &scene->store, &scene->error));
}

/* Checkpoint 1 is in the database alone, and 2 in the log alone. */
static void commit_both_ways(struct scene *scene)
{
    make_orders(scene->store);
    commit_one(scene, 1);
    open_again(scene);
    commit_one(scene, 2);
}

static void a_store_that_is_removed_is_estale(void **state)
{
    struct scene *scene = *state;

    make_orders(scene->store);
    assert_int_equal(unlink(scene->path), 0);
    assert_stale(scene, "");
    assert_int_equal(access(scene->path, F_OK), -1);
}

static void a_store_that_is_removed_amid_a_transaction_is_estale_at_its_end(void **state)
{
    SCENE_OF(state);

    make_orders(store);
    ASSERT_OK(store_begin(store, error));
    ASSERT_OK(commit(store, "orders", 0, 1, error));
    assert_int_equal(unlink(scene->path), 0);
    ASSERT_FAILS(store_end(store, error), ESTALE);
}

static void a_store_that_is_replaced_is_estale_until_it_is_back(void **state)
{
    struct scene *scene = *state;
    char away[PATH_ROOM + 64];
    int fd;

    make_orders(scene->store);
    snprintf(away, sizeof(away), "%s", file_of(scene, ".away"));
    assert_int_equal(rename(scene->path, away), 0);
    assert_stale(scene, "");
    fd = open(scene->path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_stale(scene, "");
    assert_int_equal(rename(away, scene->path), 0);
    commit_one(scene, 1);
    assert_checkpoint(scene->store, "orders", 0, 1);
}

static void a_store_whose_directory_is_away_is_estale_until_it_is_back(void **state)
{
    struct scene *scene = *state;
    char away[PATH_ROOM + 64];

    make_orders(scene->store);
    snprintf(away, sizeof(away), "%s.away", scene->directory);
    assert_int_equal(rename(scene->directory, away), 0);
    assert_stale(scene, "");
    assert_int_equal(mkdir(scene->directory, 0700), 0);
    assert_stale(scene, "");
    assert_int_equal(rmdir(scene->directory), 0);
    assert_int_equal(rename(away, scene->directory), 0);
    commit_one(scene, 1);
}

static void a_link_that_leads_to_another_store_is_estale(void **state)
{
    struct scene *scene = *state;
    struct scene by_link = {.store = NULL};
    struct store *other = NULL;
    char path[PATH_ROOM + 64];

    snprintf(path, sizeof(path), "%s", file_of(scene, ".other"));
    snprintf(by_link.path, sizeof(by_link.path), "%.150s/link", scene->directory);
    assert_int_equal(symlink("store.db", by_link.path), 0);
    ASSERT_OK(store_open(by_link.path, STORE_MAKE, &by_link.store, &by_link.error));
    ASSERT_OK(store_open(path, STORE_MAKE, &other, &by_link.error));
    make_orders(by_link.store);
    commit_one(&by_link, 1);
    assert_int_equal(unlink(by_link.path), 0);
    assert_int_equal(symlink("store.db.other", by_link.path), 0);
    assert_stale(&by_link, "");
    store_close(other);
    store_close(by_link.store);
}

static void a_store_that_is_emptied_in_place_is_estale(void **state)
{
    struct scene *scene = *state;

    commit_both_ways(scene);
    assert_int_equal(truncate(scene->path, 0), 0);
    assert_stale(scene, "");
}

static void without_its_log_a_store_is_estale_and_loses_nothing(void **state)
{
    struct scene *scene = *state;

    commit_both_ways(scene);
    assert_int_equal(unlink(file_of(scene, "-wal")), 0);
    assert_stale(scene, "-wal");
    open_again(scene);
    assert_checkpoint(scene->store, "orders", 0, 2);
}

static void with_a_log_that_is_cut_a_store_is_estale_and_keeps_what_it_has(void **state)
{
    struct scene *scene = *state;

    commit_both_ways(scene);
    assert_int_equal(truncate(file_of(scene, "-wal"), 0), 0);
    assert_stale(scene, "-wal");
    open_again(scene);
    assert_checkpoint(scene->store, "orders", 0, 1);
    commit_one(scene, 3);
}

static void without_its_index_a_store_is_estale_and_loses_nothing(void **state)
{
    struct scene *scene = *state;

    commit_both_ways(scene);
    assert_int_equal(unlink(file_of(scene, "-shm")), 0);
    assert_stale(scene, "-shm");
    open_again(scene);
    assert_checkpoint(scene->store, "orders", 0, 2);
}

static void with_an_index_that_is_cut_a_store_is_estale_and_loses_nothing(void **state)
{
    struct scene *scene = *state;

    commit_both_ways(scene);
    assert_int_equal(truncate(file_of(scene, "-shm"), 0), 0);
    assert_stale(scene, "-shm");
    open_again(scene);
    assert_checkpoint(scene->store, "orders", 0, 2);
}

static void copy_file(const char *from, const char *to)
{
    FILE *source = fopen(from, "re");
    FILE *target = fopen(to, "we");
    int c;

    assert_non_null(source);
    assert_non_null(target);
    while ((c = fgetc(source)) != EOF)
        fputc(c, target);
    assert_int_equal(fclose(source), 0);
    assert_int_equal(fclose(target), 0);
}

/* A copy of an open store is what a killed process leaves. */
static void a_log_that_was_left_is_taken_in_before_it_grows(void **state)
{
    struct scene *scene = *state;
    struct store *left = NULL;
    char paths[3][PATH_ROOM + 64];

    make_orders(scene->store);
    ASSERT_OK(commit(scene->store, "orders", 0, 5, &scene->error));
    snprintf(paths[0], sizeof(paths[0]), "%s/left.db", scene->directory);
    snprintf(paths[1], sizeof(paths[1]), "%s/left.db-wal", scene->directory);
    snprintf(paths[2], sizeof(paths[2]), "%s/alone.db", scene->directory);
    copy_file(scene->path, paths[0]);
    copy_file(file_of(scene, "-wal"), paths[1]);

    ASSERT_OK(store_open(paths[0], STORE_MAKE, &left, &scene->error));
    ASSERT_OK(store_begin(left, &scene->error));
    store_cancel(left);
    copy_file(paths[0], paths[2]);
    store_close(left);
    ASSERT_OK(store_open(paths[2], STORE_MAKE, &left, &scene->error));
    assert_checkpoint(left, "orders", 0, 5);
    store_close(left);
}

static void what_sqlite_itself_does_to_the_files_is_right(void **state)
{
    struct scene *scene = *state;
    struct store *reader = NULL;

    commit_both_ways(scene);
    ASSERT_OK(store_open(scene->path, STORE_READ, &reader, &scene->error));
    for (int64_t i = 3; i < 6; i++) {
        run_sql(scene->path, "PRAGMA wal_checkpoint(TRUNCATE)");
        ASSERT_OK(store_begin_reading(reader, &scene->error));
        assert_checkpoint(reader, "orders", 0, i - 1);
        store_cancel(reader);
        commit_one(scene, i);
        run_sql(scene->path, "VACUUM");
        ASSERT_OK(store_begin_reading(reader, &scene->error));
        store_cancel(reader);
    }
    store_close(reader);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(apps_are_made_listed_and_deleted),
        SCENE(an_app_is_made_and_deleted_once),
        SCENE(an_app_with_checkpoints_is_enotempty),
        SCENE(streams_are_made_listed_and_deleted),
        SCENE(a_stream_goes_with_its_partitions_and_their_bounds),
        SCENE(a_stream_is_described),
        SCENE(making_a_partition_makes_its_stream),
        SCENE(partitions_are_deleted_once),
        SCENE(what_has_checkpoints_is_enotempty),
        SCENE(a_checkpoint_comes_back_as_it_was_committed),
        SCENE(a_checkpoint_is_replaced),
        SCENE(no_checkpoint_is_not_found_without_an_error),
        SCENE(checkpoints_are_of_one_app_and_one_partition),
        SCENE(what_does_not_exist_is_enoent),
        SCENE(a_commit_makes_the_partition_if_it_is_to),
        SCENE(a_commit_that_expects_another_is_estale),
        SCENE(states_tell_all_partitions),
        SCENE(states_without_an_app_have_no_checkpoints),
        SCENE(until_latest_is_set_there_are_no_records_and_any_number_goes),
        SCENE(earliest_never_exceeds_latest),
        SCENE(latest_is_never_less_than_an_earliest_that_was_set_first),
        SCENE(last_read_is_in_range_from_before_earliest_to_before_latest),
        SCENE(next_is_in_range_from_earliest_to_latest),
        SCENE(a_time_is_located_by_the_changes_of_latest),
        SCENE(what_is_located_lies_within_the_bounds),
        SCENE(the_last_1000_changes_of_latest_are_kept),
        SCENE(what_is_cancelled_was_never_there),
        SCENE(a_failed_step_leaves_nothing_behind),
        SCENE(a_failed_step_keeps_its_error),
        SCENE(a_step_that_lost_its_transaction_says_so),
        SCENE(a_failed_commit_that_makes_a_partition_leaves_none),
        SCENE(only_one_connection_writes_at_a_time),
        SCENE(readers_see_what_is_durable_and_are_not_held_up),
        SCENE(all_reads_of_a_transaction_see_the_same),
        SCENE(all_survives_reopening),
        SCENE(opening_does_not_make_a_file_unless_it_is_to),
        SCENE(making_keeps_all_private_and_makes_no_directory),
        SCENE(what_is_no_database_is_refused_and_left_alone),
        SCENE(the_database_of_another_program_is_refused_and_left_alone),
        SCENE(a_store_of_a_newer_version_is_refused),
        SCENE(an_empty_file_becomes_a_store_only_when_making),
        SCENE(a_directory_is_refused),
        SCENE(a_truncated_store_fails_without_a_crash),
        SCENE(a_path_is_a_path_and_no_uri),
        SCENE(a_null_where_the_schema_has_none_fails_without_a_crash),
        SCENE(triggers_and_views_of_a_store_are_not_used),
        SCENE(a_store_that_is_removed_is_estale),
        SCENE(a_store_that_is_removed_amid_a_transaction_is_estale_at_its_end),
        SCENE(a_store_that_is_replaced_is_estale_until_it_is_back),
        SCENE(a_store_whose_directory_is_away_is_estale_until_it_is_back),
        SCENE(a_link_that_leads_to_another_store_is_estale),
        SCENE(a_store_that_is_emptied_in_place_is_estale),
        SCENE(without_its_log_a_store_is_estale_and_loses_nothing),
        SCENE(with_a_log_that_is_cut_a_store_is_estale_and_keeps_what_it_has),
        SCENE(without_its_index_a_store_is_estale_and_loses_nothing),
        SCENE(with_an_index_that_is_cut_a_store_is_estale_and_loses_nothing),
        SCENE(a_log_that_was_left_is_taken_in_before_it_grows),
        SCENE(what_sqlite_itself_does_to_the_files_is_right),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
