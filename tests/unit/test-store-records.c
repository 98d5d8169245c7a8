#include "test.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "api/backend.h"
#include "api/local/store.h"
#include "base/when.h"

/* The records of the embedded store. */

struct scene {
    char directory[PATH_ROOM];
    char path[PATH_ROOM + 32];
    struct store *store;
    struct error error;
    struct batch batch;
};

#define SCENE_OF(state)                 \
    struct scene *scene = *state;       \
    struct store *store = scene->store; \
    struct error *error = &scene->error

#define SPAN(text) ((struct span){(text), sizeof(text) - 1})

#define ASSERT_OK(call) assert_int_equal(call, 0)

static void assert_fails(struct error *error, int status, int code)
{
    assert_int_equal(status, -code);
    assert_int_equal(error->code, code);
    assert_true(*error->message);
    *error = (struct error){0};
}

#define ASSERT_FAILS(call, code) assert_fails(&scene->error, call, code)

/* A store with an app and a partition. */
static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    make_directory(scene->directory);
    snprintf(scene->path, sizeof(scene->path), "%s/store.db", scene->directory);
    ASSERT_OK(store_open(scene->path, STORE_MAKE, &scene->store, &scene->error));
    ASSERT_OK(store_create_app(scene->store, "billing", &scene->error));
    ASSERT_OK(store_create_partition(scene->store, "orders", 0, &scene->error));
    batch_init(&scene->batch, RECORD_LINES, BATCH_LIMIT_MAX);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    batch_release(&scene->batch);
    store_close(scene->store);
    remove_directory(scene->directory);
    free(scene);
    return 0;
}

static void run_sql(struct scene *scene, const char *sql)
{
    sqlite3 *db = NULL;

    ASSERT_OK(sqlite3_open(scene->path, &db));
    ASSERT_OK(sqlite3_exec(db, sql, NULL, NULL, NULL));
    sqlite3_close(db);
}

static int64_t ask_sql(struct scene *scene, const char *sql)
{
    sqlite3_stmt *row = NULL;
    sqlite3 *db = NULL;
    int64_t number;

    ASSERT_OK(sqlite3_open(scene->path, &db));
    ASSERT_OK(sqlite3_prepare_v2(db, sql, -1, &row, NULL));
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    number = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    sqlite3_close(db);
    return number;
}

/* Appending */

static int append_to(struct store *store, uint32_t partition, const struct span *records,
                     size_t count, struct error *error)
{
    int status;

    ASSERT_OK(store_begin(store, error));
    ASSERT_OK(store_step_begin(store, error));
    status = store_append_records(store, "orders", partition, records, count, error);
    status = store_step_end(store, status, error);
    ASSERT_OK(store_end(store, error));
    return status;
}

static int append(struct scene *scene, const struct span *records, size_t count)
{
    return append_to(scene->store, 0, records, count, &scene->error);
}

/* So many records, each of so many times an "a". */
static int append_many(struct scene *scene, size_t count, size_t size)
{
    struct span *records = calloc(count, sizeof(*records));
    char *data = malloc(size + 1);
    int status;

    assert_true(records && data);
    memset(data, 'a', size);
    for (size_t i = 0; i < count; i++)
        records[i] = (struct span){data, size};
    status = append(scene, records, count);
    free(records);
    free(data);
    return status;
}

static void set_bound(struct scene *scene, bool earliest, int64_t value)
{
    ASSERT_OK(store_set_bound(scene->store, "orders", 0, earliest, value, &scene->error));
}

/* Reading */

static const struct store_read orders = {.stream = "orders"};

/* Everything after a number, into the batch; the last number is the answer. */
static int64_t read_after(struct scene *scene, int64_t after)
{
    size_t limit = scene->batch.limit;
    int status;

    batch_release(&scene->batch);
    batch_init(&scene->batch, RECORD_LINES, limit);
    do
        status = store_read_records(scene->store, &orders, &after, &scene->batch, &scene->error);
    while (status == 1);
    ASSERT_OK(status);
    return after;
}

/* The member of a line, as a text to be released by the next call. */
static const char *member(const char *line, const char *name)
{
    static char value[64];
    char begin[32];
    const char *found;

    snprintf(begin, sizeof(begin), "\"%s\":\"", name);
    found = strstr(line, begin);
    assert_non_null(found);
    found += strlen(begin);
    snprintf(value, sizeof(value), "%.*s", (int)strcspn(found, "\""), found);
    return value;
}

/* Reads after a number and expects the data of these records, joined by blanks. */
static void assert_data(struct scene *scene, int64_t after, const char *expected)
{
    char joined[512] = "";
    const char *line;

    read_after(scene, after);
    line = scene->batch.text.data;
    for (size_t i = 0; i < scene->batch.count; i++) {
        size_t length = strlen(joined);

        snprintf(joined + length, sizeof(joined) - length, "%s%s", i ? " " : "",
                 member(line, "data"));
        line = strchr(line, '\n') + 1;
    }
    assert_string_equal(joined, expected);
}

static void assert_numbers(struct scene *scene, int64_t first, int64_t last)
{
    const char *line;

    assert_int_equal(read_after(scene, -1), last);
    assert_int_equal(scene->batch.count, last - first + 1);
    line = scene->batch.text.data;
    for (int64_t number = first; number <= last; number++) {
        assert_int_equal(strtoll(member(line, "sequence"), NULL, 10), number);
        line = strchr(line, '\n') + 1;
    }
}

static void assert_bounds(struct scene *scene, int64_t earliest, int64_t latest)
{
    struct bounds bounds = {0};

    ASSERT_OK(store_get_bounds(scene->store, "orders", 0, &bounds, &scene->error));
    assert_true(bounds.latest_is_set);
    assert_int_equal(bounds.earliest, earliest);
    assert_int_equal(bounds.latest, latest);
}

/* What the partition is said to keep is what the table has. */
static void assert_counts(struct scene *scene)
{
    assert_int_equal(ask_sql(scene, "SELECT records FROM partition WHERE number = 0"),
                     ask_sql(scene, "SELECT count(*) FROM record WHERE partition = 0"));
    assert_int_equal(ask_sql(scene, "SELECT bytes FROM partition WHERE number = 0"),
                     ask_sql(scene, "SELECT ifnull(sum(length(data)), 0) FROM record"
                                    " WHERE partition = 0"));
}

static void records_are_read_in_the_order_they_were_appended_in(void **state)
{
    SCENE_OF(state);
    const struct span two[] = {SPAN("a"), SPAN("b")};

    ASSERT_OK(append(scene, two, 2));
    ASSERT_OK(append(scene, &SPAN("c"), 1));
    assert_data(scene, -1, "a b c");
    assert_data(scene, 0, "b c");
    assert_data(scene, 2, "");
    assert_data(scene, INT64_MAX, "");
    assert_bounds(scene, 0, 3);
    assert_counts(scene);
    ASSERT_FAILS(append_to(store, 1, two, 2, error), ENOENT);
}

static void each_partition_has_its_own(void **state)
{
    SCENE_OF(state);
    const struct span two[] = {SPAN("a"), SPAN("b")};

    ASSERT_OK(store_create_partition(store, "orders", 1, error));
    ASSERT_OK(append(scene, two, 2));
    ASSERT_OK(append_to(store, 1, &SPAN("z"), 1, error));
    assert_data(scene, -1, "a b");
    assert_bounds(scene, 0, 2);
    assert_counts(scene);
}

static void of_a_record_comes_what_to_commit(void **state)
{
    SCENE_OF(state);
    const struct store_read next = {.stream = "orders", .is_next = true};
    int64_t after = -1;

    ASSERT_OK(append(scene, &SPAN("a"), 1));
    read_after(scene, -1);
    assert_string_equal(member(scene->batch.text.data, "checkpoint"), "0");
    ASSERT_OK(store_read_records(store, &next, &after, &scene->batch, error));
    assert_string_equal(member(strchr(scene->batch.text.data, '\n'), "checkpoint"), "1");
}

static void all_bytes_come_back(void **state)
{
    SCENE_OF(state);
    struct batch *batch = &scene->batch;
    char *large = malloc(RECORD_MAX);
    struct span records[3] = {SPAN(""), SPAN("\0\xff\n"), {large, RECORD_MAX}};
    int64_t after = -1;

    assert_non_null(large);
    for (size_t i = 0; i < RECORD_MAX; i++)
        large[i] = (char)(i * 7 + i / 251);
    ASSERT_OK(append(scene, records, 3));
    assert_counts(scene);
    for (size_t i = 0; i < 3; i++) {
        batch_release(batch);
        batch_init(batch, RECORD_BYTES, BATCH_LIMIT_MAX);
        while (store_read_records(store, &orders, &after, batch, error) == 1)
            ;
        assert_int_equal(after, i);
        assert_int_equal(batch->text.size, records[i].size);
        assert_memory_equal(batch->text.data, records[i].data, records[i].size);
    }
    free(large);
}

static void a_key_is_told(void **state)
{
    struct scene *scene = *state;

    run_sql(scene,
            "INSERT INTO record VALUES (1, 0, 0, 5, x'6b', x'64'), (1, 0, 1, 5, x'', x'65')");
    assert_int_equal(read_after(scene, -1), 1);
    assert_non_null(strstr(scene->batch.text.data, "\"key\":\"k\",\"data\":\"d\""));
    assert_non_null(strstr(scene->batch.text.data, "\"key\":\"\",\"data\":\"e\""));
}

/* Numbers */

static int commit(struct scene *scene, int64_t sequence)
{
    const struct store_commit order = {
        .app = "billing", .stream = "orders", .sequence = sequence, .metadata = ""};
    int64_t committed;

    return store_commit(scene->store, &order, &committed, &scene->error);
}

static void the_first_record_comes_after_all_checkpoints(void **state)
{
    struct scene *scene = *state;

    ASSERT_OK(commit(scene, 42));
    ASSERT_OK(append(scene, &SPAN("a"), 1));
    assert_numbers(scene, 43, 43);
    assert_bounds(scene, 0, 44);
    ASSERT_FAILS(commit(scene, 44), ERANGE);
    ASSERT_OK(commit(scene, 43));
}

static void without_checkpoints_the_first_record_is_the_earliest(void **state)
{
    struct scene *scene = *state;

    set_bound(scene, true, 7);
    ASSERT_OK(append(scene, &SPAN("a"), 1));
    assert_numbers(scene, 7, 7);
    assert_bounds(scene, 7, 8);
}

static void numbers_go_on_from_latest_and_the_gap_is_passed_over(void **state)
{
    struct scene *scene = *state;

    ASSERT_OK(append(scene, &SPAN("a"), 1));
    set_bound(scene, false, 500);
    ASSERT_OK(append(scene, &SPAN("b"), 1));
    assert_data(scene, -1, "a b");
    assert_int_equal(read_after(scene, 100), 500);
    assert_bounds(scene, 0, 501);
    assert_counts(scene);
}

static void without_numbers_nothing_is_appended(void **state)
{
    struct scene *scene = *state;
    const struct span two[] = {SPAN("a"), SPAN("b")};

    set_bound(scene, false, INT64_MAX - 1);
    ASSERT_FAILS(append(scene, two, 2), ERANGE);
    assert_data(scene, -1, "");
    ASSERT_OK(append(scene, two, 1));
    ASSERT_FAILS(append(scene, two, 1), ERANGE);
    assert_data(scene, -1, "a");
}

static void latest_stays_above_the_last_record(void **state)
{
    SCENE_OF(state);
    const struct span two[] = {SPAN("a"), SPAN("b")};

    ASSERT_OK(append(scene, two, 2));
    ASSERT_FAILS(store_set_bound(store, "orders", 0, false, 1, error), ERANGE);
    assert_bounds(scene, 0, 2);
    set_bound(scene, false, 2);
    set_bound(scene, false, 9);
    set_bound(scene, false, 3);
    assert_data(scene, -1, "a b");
}

static void earliest_takes_what_is_below_it_along_and_does_not_go_back(void **state)
{
    SCENE_OF(state);
    const struct span three[] = {SPAN("a"), SPAN("b"), SPAN("c")};

    ASSERT_OK(append(scene, three, 3));
    set_bound(scene, true, 2);
    assert_data(scene, -1, "c");
    assert_bounds(scene, 2, 3);
    assert_counts(scene);
    ASSERT_FAILS(store_set_bound(store, "orders", 0, true, 1, error), ERANGE);
    set_bound(scene, true, 3);
    assert_data(scene, -1, "");
    assert_bounds(scene, 3, 3);
    ASSERT_FAILS(store_set_bound(store, "orders", 0, true, 2, error), ERANGE);
    assert_counts(scene);
}

/* Where no record was lost, earliest goes wherever one likes. */
static void earliest_goes_back_where_there_were_no_records(void **state)
{
    struct scene *scene = *state;

    set_bound(scene, false, 10);
    ASSERT_OK(append(scene, &SPAN("a"), 1));
    set_bound(scene, true, 5);
    set_bound(scene, true, 0);
    assert_numbers(scene, 10, 10);
    set_bound(scene, true, 11);
    assert_int_equal(store_set_bound(scene->store, "orders", 0, true, 10, &scene->error), -ERANGE);
}

/* What is kept */

static void the_oldest_go_when_there_are_too_many(void **state)
{
    struct scene *scene = *state;

    store_set_keep(scene->store, &(struct keep){.records = 5, .bytes = 1000});
    for (int i = 0; i < 7; i++)
        ASSERT_OK(append_many(scene, 1, 3));
    assert_numbers(scene, 2, 6);
    assert_bounds(scene, 2, 7);
    ASSERT_OK(append_many(scene, 4, 3));
    assert_numbers(scene, 6, 10);
    assert_counts(scene);
    ASSERT_FAILS(append_many(scene, 6, 3), EFBIG);
    assert_numbers(scene, 6, 10);
    assert_counts(scene);
}

static void the_oldest_go_when_they_are_too_large(void **state)
{
    struct scene *scene = *state;

    store_set_keep(scene->store, &(struct keep){.records = 100, .bytes = 100});
    ASSERT_OK(append_many(scene, 10, 10));
    assert_numbers(scene, 0, 9);
    ASSERT_OK(append_many(scene, 1, 11));
    assert_numbers(scene, 2, 10);
    ASSERT_OK(append_many(scene, 3, 0));
    assert_numbers(scene, 2, 13);
    ASSERT_OK(append_many(scene, 1, 100));
    assert_numbers(scene, 11, 14);
    assert_counts(scene);
    ASSERT_FAILS(append_many(scene, 2, 51), EFBIG);
    assert_bounds(scene, 11, 15);
}

/* A gap is no loss: earliest rises to what follows the last record that went. */
static void what_goes_leaves_the_gap(void **state)
{
    struct scene *scene = *state;

    store_set_keep(scene->store, &(struct keep){.records = 2, .bytes = 100});
    ASSERT_OK(append_many(scene, 2, 1));
    set_bound(scene, false, 50);
    ASSERT_OK(append_many(scene, 2, 1));
    assert_bounds(scene, 2, 52);
    assert_numbers(scene, 50, 51);
}

static void a_partition_keeps_100000_records(void **state)
{
    struct scene *scene = *state;

    ASSERT_FAILS(append_many(scene, 100001, 0), EFBIG);
    ASSERT_OK(append_many(scene, 100000, 0));
    assert_bounds(scene, 0, 100000);
    ASSERT_OK(append_many(scene, 1, 0));
    assert_bounds(scene, 1, 100001);
    assert_counts(scene);
}

static void a_partition_keeps_64_mib(void **state)
{
    struct scene *scene = *state;

    ASSERT_OK(append_many(scene, 64, RECORD_MAX));
    assert_bounds(scene, 0, 64);
    ASSERT_OK(append_many(scene, 1, 1));
    assert_bounds(scene, 1, 65);
    ASSERT_FAILS(append_many(scene, 65, RECORD_MAX), EFBIG);
    assert_counts(scene);
}

static void records_go_with_their_partition_and_their_stream(void **state)
{
    SCENE_OF(state);

    ASSERT_OK(store_create_partition(store, "orders", 1, error));
    ASSERT_OK(append_many(scene, 3, 5));
    ASSERT_OK(append_to(store, 1, &SPAN("a"), 1, error));
    ASSERT_OK(store_delete_partition(store, "orders", 0, error));
    assert_int_equal(ask_sql(scene, "SELECT count(*) FROM record"), 1);
    ASSERT_OK(store_delete_stream(store, "orders", error));
    assert_int_equal(ask_sql(scene, "SELECT count(*) FROM record"), 0);
    ASSERT_OK(store_create_partition(store, "orders", 0, error));
    ASSERT_OK(append(scene, &SPAN("new"), 1));
    assert_numbers(scene, 0, 0);
}

/* Times */

static int64_t locate(struct scene *scene, int64_t time)
{
    int64_t sequence = -1;

    ASSERT_OK(store_locate(scene->store, "orders", 0, time, &sequence, &scene->error));
    return sequence;
}

static int64_t time_of(struct scene *scene, int64_t number)
{
    char sql[64];

    snprintf(sql, sizeof(sql), "SELECT time FROM record WHERE number = %" PRId64, number);
    return ask_sql(scene, sql);
}

static void wait_a_moment(void)
{
    int64_t now = when_now();

    while (when_now() <= now)
        ;
}

static void a_time_leads_to_the_first_record_that_is_not_older(void **state)
{
    struct scene *scene = *state;
    const struct span two[] = {SPAN("a"), SPAN("b")};

    for (int i = 0; i < 50; i++) {
        ASSERT_OK(append(scene, two, 2));
        wait_a_moment();
    }
    for (int64_t i = 0; i < 100; i += 2) {
        assert_int_equal(locate(scene, time_of(scene, i)), i);
        assert_int_equal(locate(scene, time_of(scene, i) + 1), i + 2);
    }
    assert_int_equal(locate(scene, 0), 0);
    set_bound(scene, true, 11);
    assert_int_equal(locate(scene, 0), 11);
}

/* Beside a gap, the time says what was the next number then. */
static void a_time_leads_into_the_gap_that_there_was_then(void **state)
{
    struct scene *scene = *state;
    int64_t between;

    ASSERT_OK(append(scene, &SPAN("a"), 1));
    wait_a_moment();
    between = when_now();
    wait_a_moment();
    set_bound(scene, false, 50);
    wait_a_moment();
    ASSERT_OK(append(scene, &SPAN("b"), 1));
    assert_int_equal(locate(scene, between), 1);
    assert_int_equal(locate(scene, time_of(scene, 50)), 50);
    assert_int_equal(locate(scene, time_of(scene, 50) + 1), 51);
}

static void times_do_not_go_back_with_the_clock(void **state)
{
    struct scene *scene = *state;
    int64_t ahead = when_now() + 3600 * INT64_C(1000000000);
    char sql[96];

    ASSERT_OK(append(scene, &SPAN("a"), 1));
    snprintf(sql, sizeof(sql), "UPDATE record SET time = %" PRId64, ahead);
    run_sql(scene, sql);
    ASSERT_OK(append(scene, &SPAN("b"), 1));
    assert_int_equal(time_of(scene, 1), ahead);
    set_bound(scene, false, 9);
    ASSERT_OK(append(scene, &SPAN("c"), 1));
    assert_int_equal(time_of(scene, 9), ahead);
    assert_int_equal(locate(scene, ahead), 0);
    assert_int_equal(locate(scene, ahead + 1), 10);
}

static void records_come_no_earlier_than_latest_that_was_set(void **state)
{
    struct scene *scene = *state;
    int64_t ahead = when_now() + 3600 * INT64_C(1000000000);
    char sql[96];

    set_bound(scene, false, 5);
    snprintf(sql, sizeof(sql), "UPDATE written SET time = %" PRId64, ahead);
    run_sql(scene, sql);
    ASSERT_OK(append(scene, &SPAN("a"), 1));
    assert_int_equal(time_of(scene, 5), ahead);
}

static void numbers_that_cannot_be_are_a_damaged_store(void **state)
{
    SCENE_OF(state);
    static const char *const damages[] = {"records = 9223372036854775807", "records = -1",
                                          "bytes = 9223372036854775807", "bytes = -1"};
    static const char *const bounds[] = {"UPDATE partition SET earliest = -9223372036854775807 - 1",
                                         "UPDATE partition SET latest = -1"};
    char sql[96];

    ASSERT_OK(append(scene, &SPAN("a"), 1));
    for (size_t i = 0; i < COUNT(damages); i++) {
        run_sql(scene, "UPDATE partition SET records = 1, bytes = 1");
        snprintf(sql, sizeof(sql), "UPDATE partition SET %s", damages[i]);
        run_sql(scene, sql);
        ASSERT_FAILS(append(scene, &SPAN("b"), 1), EBADMSG);
        ASSERT_FAILS(store_set_bound(store, "orders", 0, true, 1, error), EBADMSG);
        assert_data(scene, -1, "a");
    }
    for (size_t i = 0; i < COUNT(bounds); i++) {
        struct bounds read = {0};

        run_sql(scene, "UPDATE partition SET records = 1, bytes = 1, earliest = 0, latest = 1");
        run_sql(scene, bounds[i]);
        ASSERT_FAILS(store_get_bounds(store, "orders", 0, &read, error), EBADMSG);
        ASSERT_FAILS(append(scene, &SPAN("b"), 1), EBADMSG);
    }
}

/* Steps and transactions */

static void a_long_read_stops_to_be_gone_on_with(void **state)
{
    SCENE_OF(state);
    int64_t after = -1;

    ASSERT_OK(append_many(scene, 4, RECORD_MAX));
    assert_int_equal(store_read_records(store, &orders, &after, &scene->batch, error), 1);
    assert_int_equal(after, 0);
    assert_int_equal(scene->batch.count, 1);
    assert_numbers(scene, 0, 3);
}

static void a_batch_ends_with_the_record_that_fills_it(void **state)
{
    struct scene *scene = *state;

    ASSERT_OK(append_many(scene, 10, 10));
    scene->batch.limit = 25;
    assert_int_equal(read_after(scene, -1), 2);
    assert_int_equal(read_after(scene, 2), 5);
    scene->batch.limit = 1;
    assert_int_equal(read_after(scene, 5), 6);
}

static void two_stores_take_turns(void **state)
{
    SCENE_OF(state);
    struct store *other = NULL;

    ASSERT_OK(store_open(scene->path, STORE_MAKE, &other, error));
    for (int i = 0; i < 5; i++) {
        ASSERT_OK(append_to(store, 0, &SPAN("a"), 1, error));
        ASSERT_OK(append_to(other, 0, &SPAN("b"), 1, error));
    }
    assert_data(scene, -1, "a b a b a b a b a b");
    assert_numbers(scene, 0, 9);
    store_close(other);
}

static void what_is_read_is_durable(void **state)
{
    SCENE_OF(state);
    struct store *reader = NULL;
    int64_t after = -1;

    ASSERT_OK(store_open(scene->path, STORE_READ, &reader, error));
    ASSERT_OK(store_begin(store, error));
    ASSERT_OK(store_append_records(store, "orders", 0, &SPAN("a"), 1, error));
    ASSERT_OK(store_read_records(reader, &orders, &after, &scene->batch, error));
    assert_int_equal(scene->batch.count, 0);
    ASSERT_OK(store_end(store, error));
    ASSERT_OK(store_read_records(reader, &orders, &after, &scene->batch, error));
    assert_int_equal(scene->batch.count, 1);
    store_close(reader);
}

/* Room */

static off_t size_of_file(struct scene *scene, const char *suffix)
{
    char path[PATH_ROOM + 64];
    struct stat attr;

    snprintf(path, sizeof(path), "%s%s", scene->path, suffix);
    ASSERT_OK(stat(path, &attr));
    return attr.st_size;
}

/* What removed records took is used again. */
static void a_file_stays_as_large_as_what_it_keeps(void **state)
{
    struct scene *scene = *state;

    store_set_keep(scene->store, &(struct keep){.records = 1000, .bytes = 1 << 20});
    for (int i = 0; i < 100; i++)
        ASSERT_OK(append_many(scene, 20, i % 2 ? 3000 : 30000));
    assert_counts(scene);
    store_close(scene->store);
    scene->store = NULL;
    assert_in_range(size_of_file(scene, ""), 1 << 20, 3 << 20);
}

static void the_log_is_cut_after_a_large_append(void **state)
{
    struct scene *scene = *state;
    struct store *other = NULL;

    ASSERT_OK(append_many(scene, 40, RECORD_MAX));
    assert_true(size_of_file(scene, "-wal") > 32 << 20);
    ASSERT_OK(store_open(scene->path, STORE_READ, &other, &scene->error));
    for (int i = 0; i < 3; i++) {
        ASSERT_OK(append_many(scene, 1, 10));
        ASSERT_OK(store_begin_reading(other, &scene->error));
        store_cancel(other);
    }
    assert_true(size_of_file(scene, "-wal") <= 16 << 20);
    assert_bounds(scene, 0, 43);
    assert_counts(scene);
    store_close(other);
}

/* A file that must not grow is like a full disk. */
static void limit_files(off_t size)
{
    struct rlimit limit;

    signal(SIGXFSZ, size ? SIG_IGN : SIG_DFL);
    ASSERT_OK(getrlimit(RLIMIT_FSIZE, &limit));
    limit.rlim_cur = size ? (rlim_t)size : limit.rlim_max;
    ASSERT_OK(setrlimit(RLIMIT_FSIZE, &limit));
}

static void on_a_full_disk_an_append_changes_nothing(void **state)
{
    struct scene *scene = *state;
    char *data = calloc(1, RECORD_MAX);
    const struct span records[] = {SPAN("b"), {data, RECORD_MAX}};

    assert_non_null(data);
    ASSERT_OK(append(scene, &SPAN("a"), 1));
    limit_files(size_of_file(scene, "-wal") + 8192);
    ASSERT_OK(store_begin(scene->store, &scene->error));
    assert_true(store_append_records(scene->store, "orders", 0, records, 2, &scene->error) < 0 ||
                store_end(scene->store, &scene->error) < 0);
    assert_true(*scene->error.message);
    store_cancel(scene->store);
    limit_files(0);
    assert_data(scene, -1, "a");
    assert_bounds(scene, 0, 1);
    assert_counts(scene);
    ASSERT_OK(append(scene, &SPAN("c"), 1));
    assert_numbers(scene, 0, 1);
    free(data);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(records_are_read_in_the_order_they_were_appended_in),
        SCENE(each_partition_has_its_own),
        SCENE(of_a_record_comes_what_to_commit),
        SCENE(all_bytes_come_back),
        SCENE(a_key_is_told),
        SCENE(the_first_record_comes_after_all_checkpoints),
        SCENE(without_checkpoints_the_first_record_is_the_earliest),
        SCENE(numbers_go_on_from_latest_and_the_gap_is_passed_over),
        SCENE(without_numbers_nothing_is_appended),
        SCENE(latest_stays_above_the_last_record),
        SCENE(earliest_takes_what_is_below_it_along_and_does_not_go_back),
        SCENE(earliest_goes_back_where_there_were_no_records),
        SCENE(the_oldest_go_when_there_are_too_many),
        SCENE(the_oldest_go_when_they_are_too_large),
        SCENE(what_goes_leaves_the_gap),
        SCENE(a_partition_keeps_100000_records),
        SCENE(a_partition_keeps_64_mib),
        SCENE(records_go_with_their_partition_and_their_stream),
        SCENE(a_time_leads_to_the_first_record_that_is_not_older),
        SCENE(a_time_leads_into_the_gap_that_there_was_then),
        SCENE(times_do_not_go_back_with_the_clock),
        SCENE(records_come_no_earlier_than_latest_that_was_set),
        SCENE(numbers_that_cannot_be_are_a_damaged_store),
        SCENE(a_long_read_stops_to_be_gone_on_with),
        SCENE(a_batch_ends_with_the_record_that_fills_it),
        SCENE(two_stores_take_turns),
        SCENE(what_is_read_is_durable),
        SCENE(a_file_stays_as_large_as_what_it_keeps),
        SCENE(the_log_is_cut_after_a_large_append),
        SCENE(on_a_full_disk_an_append_changes_nothing),
    };

    return cmocka_run_group_tests_name("store-records", tests, NULL, NULL);
}
