#include "ask.h"

#include <sys/stat.h>

#include <sqlite3.h>

#include "api/local/store.h"

/* The embedded store behind the loop and its writer's thread. */
struct scene {
    struct loop *loop;
    char directory[PATH_ROOM];
    char source[PATH_ROOM + 32];
    const char *path; /* in source */
    struct backend *backend;
    struct reply reply;
    unsigned observed;
    int observed_code;
    char observed_operation[32];
};

static void observe(void *observer, const struct observation *seen)
{
    struct scene *scene = observer;

    assert_true(seen->took_ms >= 0);
    scene->observed++;
    scene->observed_code = seen->error ? seen->error->code : 0;
    snprintf(scene->observed_operation, sizeof(scene->observed_operation), "%s", seen->operation);
}

static int open_as(struct scene *scene, bool read_only, struct backend **backend)
{
    const struct backend_options options = {
        .loop = scene->loop, .read_only = read_only, .observe = observe, .observer = scene};
    struct error error = {0};
    int status = backend_open(scene->source, &options, backend, &error);

    assert_int_equal(-status, error.code);
    return status;
}

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    scene->loop = loop_new();
    assert_non_null(scene->loop);
    make_directory(scene->directory);
    snprintf(scene->source, sizeof(scene->source), "local:%s/store.db", scene->directory);
    scene->path = scene->source + strlen("local:");
    assert_int_equal(open_as(scene, false, &scene->backend), 0);
    *state = scene;
    return 0;
}

static void close_backend(struct scene *scene)
{
    if (scene->backend)
        backend_close(scene->backend);
    scene->backend = NULL;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    close_backend(scene);
    reply_release(&scene->reply);
    loop_free(scene->loop);
    remove_directory(scene->directory);
    free(scene);
    return 0;
}

/* Runs an operation to its end, into scene->reply; the value is its errno or 0. */
#define RUN(operation, ...)                                       \
    (reply_release(&scene->reply), ask = ask_into(&scene->reply), \
     finish(scene, backend_##operation(scene->backend, __VA_ARGS__, &ask)))

/* The parts of a scene that RUN needs. */
#define SCENE_OF(state)           \
    struct scene *scene = *state; \
    struct ask ask

static int finish(struct scene *scene, struct call *call)
{
    assert_non_null(call);
    run_until(scene->loop, &scene->reply);
    return scene->reply.error.code;
}

static int list_apps(struct scene *scene)
{
    struct ask ask;

    reply_release(&scene->reply);
    ask = ask_into(&scene->reply);
    return finish(scene, backend_list_apps(scene->backend, &ask));
}

static struct commit_order order_of(const char *sequence)
{
    return (struct commit_order){
        .app = "billing", .stream = "orders", .sequence = sequence, .metadata = "note"};
}

/* An app and a partition. */
static void make_orders(struct scene *scene)
{
    struct ask ask;

    assert_int_equal(RUN(create_app, "billing", NULL), 0);
    assert_int_equal(RUN(create_partition, "orders", 0), 0);
}

static int commit(struct scene *scene, const char *sequence)
{
    struct commit_order order = order_of(sequence);
    struct ask ask;

    return RUN(commit, &order);
}

static void assert_committed(struct scene *scene, const char *sequence)
{
    struct ask ask;

    assert_int_equal(RUN(get_checkpoint, "billing", "orders", 0), 0);
    if (sequence)
        assert_string_equal(scene->reply.state.sequence, sequence);
    else
        assert_null(scene->reply.state.sequence);
}

/* A connection that holds the write lock, as another mount does for a moment. */
static sqlite3 *lock_store(const struct scene *scene)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(scene->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static void unlock_store(sqlite3 *db)
{
    assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Operations */

static void it_says_what_it_can_do(void **state)
{
    const struct scene *scene = *state;

    assert_string_equal(scene->backend->name, "local");
    assert_int_equal(scene->backend->abilities,
                     CAN_STORE_METADATA | CAN_MAKE_APP | CAN_DELETE_APP | CAN_DELETE_CHECKPOINT |
                         CAN_MAKE_STREAM | CAN_SET_BOUND | CAN_GIVE_CURSOR | CAN_COMPARE |
                         CAN_READ_RECORDS | CAN_APPEND_RECORDS | RECORDS_ARE_BYTES);
    assert_int_equal(scene->backend->metadata_max, 1000);
    assert_false(scene->backend->checkpoint_is_next);
}

static void apps(void **state)
{
    SCENE_OF(state);

    assert_int_equal(list_apps(scene), 0);
    assert_int_equal(names_count(scene->reply.names), 0);
    assert_int_equal(RUN(create_app, "billing", NULL), 0);
    assert_int_equal(RUN(create_app, "billing", NULL), EEXIST);
    assert_int_equal(RUN(find_app, "billing"), 0);
    assert_int_equal(RUN(find_app, "nobody"), ENOENT);
    assert_int_equal(list_apps(scene), 0);
    assert_string_equal(names_at(scene->reply.names, 0), "billing");
    assert_int_equal(RUN(delete_app, "billing", NULL), 0);
    assert_int_equal(RUN(delete_app, "billing", NULL), ENOENT);
}

static void streams_and_partitions(void **state)
{
    SCENE_OF(state);

    assert_int_equal(RUN(create_stream, "orders"), 0);
    assert_int_equal(RUN(create_stream, "orders"), EEXIST);
    assert_int_equal(RUN(create_partition, "clicks", 7), 0);
    assert_int_equal(RUN(list_streams, STREAMS_ALL, NULL), 0);
    assert_int_equal(names_count(scene->reply.names), 2);
    assert_int_equal(RUN(get_states, NULL, "clicks"), 0);
    assert_int_equal(table_count(scene->reply.table), 1);
    assert_int_equal(RUN(describe_stream, "clicks"), 0);
    assert_non_null(strstr(scene->reply.text, "\"partitions\":1"));
    assert_int_equal(RUN(delete_partition, "clicks", 7), 0);
    assert_int_equal(RUN(delete_stream, "clicks"), 0);
    assert_int_equal(RUN(describe_stream, "clicks"), ENOENT);
}

static void a_commit_answers_what_is_stored(void **state)
{
    SCENE_OF(state);

    make_orders(scene);
    assert_int_equal(commit(scene, "41"), 0);
    assert_string_equal(scene->reply.state.sequence, "41");
    assert_string_equal(scene->reply.state.metadata, "note");
    assert_true(scene->reply.state.committed != WHEN_UNKNOWN);
    assert_committed(scene, "41");
    assert_string_equal(scene->reply.state.metadata, "note");
    assert_int_equal(RUN(list_streams, STREAMS_COMMITTED, "billing"), 0);
    assert_string_equal(names_at(scene->reply.names, 0), "orders");
}

static void no_checkpoint_is_a_success_without_a_sequence(void **state)
{
    SCENE_OF(state);

    make_orders(scene);
    assert_committed(scene, NULL);
    assert_true(scene->reply.has_state);
    assert_int_equal(RUN(delete_checkpoint, "billing", "orders", 0), ENOENT);
    assert_int_equal(commit(scene, "41"), 0);
    assert_int_equal(RUN(delete_checkpoint, "billing", "orders", 0), 0);
    assert_committed(scene, NULL);
}

static void a_state_has_all_about_a_partition(void **state)
{
    SCENE_OF(state);

    make_orders(scene);
    assert_int_equal(RUN(set_bound, "orders", 0, false, "100"), 0);
    assert_int_equal(RUN(set_bound, "orders", 0, true, "10"), 0);
    assert_int_equal(commit(scene, "41"), 0);
    assert_int_equal(RUN(get_state, "billing", "orders", 0, DETAIL_ALL), 0);
    assert_string_equal(scene->reply.state.earliest, "10");
    assert_string_equal(scene->reply.state.latest, "100");
    assert_string_equal(scene->reply.state.sequence, "41");
    assert_int_equal(RUN(get_state, NULL, "orders", 0, DETAIL_ALL), 0);
    assert_null(scene->reply.state.sequence);
    assert_int_equal(RUN(get_state, NULL, "orders", 1, DETAIL_ALL), ENOENT);
}

static void numbers_are_those_of_64_bits(void **state)
{
    SCENE_OF(state);

    make_orders(scene);
    assert_int_equal(commit(scene, "9223372036854775807"), 0);
    assert_committed(scene, "9223372036854775807");
    assert_int_equal(commit(scene, "9223372036854775808"), ERANGE);
    assert_int_equal(commit(scene, "-1"), EINVAL);
    assert_int_equal(commit(scene, "abc"), EINVAL);
    assert_int_equal(RUN(set_bound, "orders", 0, false, "9223372036854775808"), ERANGE);
    assert_int_equal(RUN(set_bound, "orders", 0, false, ""), EINVAL);
    assert_committed(scene, "9223372036854775807");
}

static int commit_if(struct scene *scene, const char *expected, const char *sequence)
{
    struct commit_order order = order_of(sequence);
    struct ask ask;

    order.expected = expected;
    return RUN(commit, &order);
}

static void a_commit_may_expect_what_is_committed(void **state)
{
    struct scene *scene = *state;

    make_orders(scene);
    assert_int_equal(commit_if(scene, "0", "1"), ESTALE);
    assert_committed(scene, NULL);
    assert_int_equal(commit_if(scene, "", "1"), 0);
    assert_int_equal(commit_if(scene, "", "2"), ESTALE);
    assert_int_equal(commit_if(scene, "2", "3"), ESTALE);
    assert_int_equal(commit_if(scene, "abc", "3"), EINVAL);
    assert_committed(scene, "1");
    assert_int_equal(commit_if(scene, "1", "3"), 0);
    assert_int_equal(commit_if(scene, NULL, "4"), 0);
    assert_committed(scene, "4");
}

static void sequences_are_parsed_and_made_decimal(void **state)
{
    const struct scene *scene = *state;
    char sequence[SEQUENCE_MAX + 1];
    char decimal[DECIMAL_ROOM];
    struct error error;

    assert_int_equal(backend_parse_sequence(scene->backend, "0042", sequence, &error), 0);
    assert_string_equal(sequence, "42");
    assert_int_equal(
        backend_parse_sequence(scene->backend, "9223372036854775808", sequence, &error), -ERANGE);
    assert_int_equal(backend_parse_sequence(scene->backend, "+1", sequence, &error), -EINVAL);
    assert_int_equal(backend_parse_sequence(scene->backend, "", sequence, &error), -EINVAL);
    assert_int_equal(backend_to_decimal(scene->backend, "42", decimal), 0);
    assert_string_equal(decimal, "42");
    assert_int_equal(backend_to_decimal(scene->backend, "abc", decimal), -EBADMSG);
}

static int get_cursor(struct scene *scene, enum cursor_kind kind, const char *sequence)
{
    struct cursor_order order = {
        .stream = "orders", .kind = kind, .sequence = sequence, .time = INT64_MAX};
    struct ask ask;

    return RUN(get_cursor, &order);
}

static void cursors_are_checked_against_the_bounds(void **state)
{
    SCENE_OF(state);

    make_orders(scene);
    assert_int_equal(get_cursor(scene, CURSOR_AT, "5000"), 0);
    assert_int_equal(RUN(set_bound, "orders", 0, false, "100"), 0);
    assert_int_equal(RUN(set_bound, "orders", 0, true, "10"), 0);
    assert_int_equal(get_cursor(scene, CURSOR_AT, "9"), ERANGE);
    assert_int_equal(get_cursor(scene, CURSOR_AT, "10"), 0);
    assert_int_equal(get_cursor(scene, CURSOR_AT, "100"), 0);
    assert_int_equal(get_cursor(scene, CURSOR_AT, "101"), ERANGE);
    assert_int_equal(get_cursor(scene, CURSOR_AFTER, "8"), ERANGE);
    assert_int_equal(get_cursor(scene, CURSOR_AFTER, "9"), 0);
    assert_int_equal(get_cursor(scene, CURSOR_AFTER, "99"), 0);
    assert_int_equal(get_cursor(scene, CURSOR_AFTER, "100"), ERANGE);
    assert_int_equal(get_cursor(scene, CURSOR_AT, "x"), EINVAL);
    assert_int_equal(get_cursor(scene, CURSOR_EARLIEST, NULL), 0);
    assert_int_equal(get_cursor(scene, CURSOR_LATEST, NULL), 0);
    assert_int_equal(get_cursor(scene, CURSOR_SINCE, NULL), 0);
    assert_true(*scene->reply.text);
}

static void records_are_located(void **state)
{
    SCENE_OF(state);
    struct cursor_order order = {.stream = "orders", .kind = CURSOR_EARLIEST};

    make_orders(scene);
    assert_int_equal(RUN(set_bound, "orders", 0, false, "100"), 0);
    assert_int_equal(RUN(set_bound, "orders", 0, true, "10"), 0);
    assert_int_equal(RUN(locate, &order), 0);
    assert_string_equal(scene->reply.text, "10");
    order.kind = CURSOR_LATEST;
    assert_int_equal(RUN(locate, &order), 0);
    assert_string_equal(scene->reply.text, "100");
    order.kind = CURSOR_SINCE;
    assert_int_equal(RUN(locate, &order), 0);
    assert_string_equal(scene->reply.text, "10");
    order.partition = 1;
    assert_int_equal(RUN(locate, &order), ENOENT);
}

static void operations_that_end_are_observed(void **state)
{
    SCENE_OF(state);

    assert_int_equal(RUN(create_app, "billing", NULL), 0);
    assert_int_equal(scene->observed, 1);
    assert_int_equal(scene->observed_code, 0);
    assert_string_equal(scene->observed_operation, "create_app");
    assert_int_equal(RUN(find_app, "nobody"), ENOENT);
    assert_int_equal(scene->observed, 2);
    assert_int_equal(scene->observed_code, ENOENT);
    assert_string_equal(scene->observed_operation, "find_app");
}

static void arguments_are_copied(void **state)
{
    struct scene *scene = *state;
    char app[] = "billing";
    char stream[] = "orders";
    char sequence[] = "41";
    char metadata[] = "note";
    struct commit_order order = {
        .app = app, .stream = stream, .sequence = sequence, .metadata = metadata};
    struct ask ask;

    make_orders(scene);
    reply_release(&scene->reply);
    ask = ask_into(&scene->reply);
    assert_non_null(backend_commit(scene->backend, &order, &ask));
    app[0] = stream[0] = sequence[0] = metadata[0] = 'X';
    memset(&ask, 0, sizeof(ask));
    run_until(scene->loop, &scene->reply);
    assert_int_equal(scene->reply.error.code, 0);
    assert_string_equal(scene->reply.state.metadata, "note");
    assert_committed(scene, "41");
}

/* Many at once */

#define CROWD 600

static void count_reply(void *user, const struct error *error, const struct answer *answer)
{
    unsigned *counts = user;

    assert_null(error);
    assert_non_null(answer->state);
    counts[strtoul(answer->state->sequence, NULL, 10)]++;
}

static struct call *start_commit(struct scene *scene, unsigned number, unsigned *counts)
{
    struct ask ask = {.deadline = when_monotonic() + 60000, .done = count_reply, .user = counts};
    char sequence[16];
    struct commit_order order = order_of(sequence);

    snprintf(sequence, sizeof(sequence), "%u", number);
    return backend_commit(scene->backend, &order, &ask);
}

static void commits_of_one_partition_go_out_in_order_and_each_ends_once(void **state)
{
    struct scene *scene = *state;
    unsigned counts[CROWD] = {0};
    char last[16];

    make_orders(scene);
    for (unsigned i = 0; i < CROWD; i++)
        assert_non_null(start_commit(scene, i, counts));
    for (unsigned i = 0; i < CROWD; i++)
        assert_int_equal(counts[i], 0);
    snprintf(last, sizeof(last), "%u", CROWD - 1);
    while (!counts[CROWD - 1])
        run_for(scene->loop, 5);
    for (unsigned i = 0; i < CROWD; i++)
        assert_int_equal(counts[i], 1);
    assert_committed(scene, last);
}

static void cancelled_commits_do_not_call_back(void **state)
{
    struct scene *scene = *state;
    unsigned counts[CROWD] = {0};
    struct call *calls[CROWD];

    make_orders(scene);
    for (unsigned i = 0; i < CROWD; i++)
        calls[i] = start_commit(scene, i, counts);
    for (unsigned i = 0; i < CROWD; i += 2)
        call_cancel(calls[i]);
    while (!counts[CROWD - 1])
        run_for(scene->loop, 5);
    for (unsigned i = 0; i < CROWD; i++)
        assert_int_equal(counts[i], i % 2);
}

static void a_failed_operation_takes_no_other_with_it(void **state)
{
    struct scene *scene = *state;
    struct reply good[2] = {{0}, {0}};
    struct reply bad = {0};
    struct ask first = ask_into(&good[0]);
    struct ask second = ask_into(&bad);
    struct ask third = ask_into(&good[1]);
    sqlite3 *lock = lock_store(scene);

    assert_non_null(backend_create_app(scene->backend, "a", NULL, &first));
    assert_non_null(backend_delete_app(scene->backend, "nobody", NULL, &second));
    assert_non_null(backend_create_app(scene->backend, "b", NULL, &third));
    unlock_store(lock);
    run_until(scene->loop, &good[1]);
    assert_int_equal(good[0].count, 1);
    assert_int_equal(good[0].error.code, 0);
    assert_int_equal(bad.error.code, ENOENT);
    assert_int_equal(good[1].error.code, 0);
    assert_int_equal(list_apps(scene), 0);
    assert_int_equal(names_count(scene->reply.names), 2);
}

/* Cancelling, deadlines, locks */

static void a_read_can_be_cancelled(void **state)
{
    SCENE_OF(state);
    struct call *call;

    ask = ask_into(&scene->reply);
    call = backend_list_apps(scene->backend, &ask);
    assert_non_null(call);
    call_cancel(call);
    run_for(scene->loop, 5);
    assert_int_equal(scene->reply.count, 0);
}

static void a_bad_argument_can_be_cancelled(void **state)
{
    SCENE_OF(state);
    struct commit_order order = order_of("abc");
    struct call *call;

    ask = ask_into(&scene->reply);
    call = backend_commit(scene->backend, &order, &ask);
    assert_int_equal(scene->reply.count, 0);
    call_cancel(call);
    run_for(scene->loop, 5);
    assert_int_equal(scene->reply.count, 0);
}

static void a_write_can_be_cancelled_while_another_process_holds_the_lock(void **state)
{
    SCENE_OF(state);
    sqlite3 *lock = lock_store(scene);
    struct call *call;

    ask = ask_into(&scene->reply);
    call = backend_create_app(scene->backend, "billing", NULL, &ask);
    run_for(scene->loop, 30); /* long enough for the writer to find the lock */
    assert_int_equal(scene->reply.count, 0);
    call_cancel(call);
    unlock_store(lock);
    run_for(scene->loop, 30);
    assert_int_equal(scene->reply.count, 0);
    assert_int_equal(RUN(create_app, "other", NULL), 0);
}

static void a_write_waits_for_the_lock(void **state)
{
    SCENE_OF(state);
    sqlite3 *lock = lock_store(scene);

    ask = ask_into(&scene->reply);
    assert_non_null(backend_create_app(scene->backend, "billing", NULL, &ask));
    run_for(scene->loop, 20);
    assert_int_equal(scene->reply.count, 0);
    unlock_store(lock);
    run_until(scene->loop, &scene->reply);
    assert_int_equal(scene->reply.error.code, 0);
}

static void a_write_past_its_deadline_is_etimedout(void **state)
{
    SCENE_OF(state);
    sqlite3 *lock = lock_store(scene);

    ask = ask_into(&scene->reply);
    ask.deadline = when_monotonic() + 30;
    assert_non_null(backend_create_app(scene->backend, "billing", NULL, &ask));
    run_until(scene->loop, &scene->reply);
    assert_int_equal(scene->reply.error.code, ETIMEDOUT);
    unlock_store(lock);
    assert_int_equal(list_apps(scene), 0);
    assert_int_equal(names_count(scene->reply.names), 0);
}

static void a_deadline_ends_one_write_and_not_those_beside_it(void **state)
{
    struct scene *scene = *state;
    struct reply patient = {0};
    struct ask ask = ask_into(&scene->reply);
    struct ask long_ask = ask_into(&patient);
    sqlite3 *lock = lock_store(scene);

    ask.deadline = when_monotonic() + 20;
    assert_non_null(backend_create_app(scene->backend, "hasty", NULL, &ask));
    assert_non_null(backend_create_app(scene->backend, "patient", NULL, &long_ask));
    run_until(scene->loop, &scene->reply);
    assert_int_equal(scene->reply.error.code, ETIMEDOUT);
    assert_int_equal(patient.count, 0);
    unlock_store(lock);
    run_until(scene->loop, &patient);
    assert_int_equal(patient.error.code, 0);
}

static void reads_go_on_while_another_process_holds_the_lock(void **state)
{
    struct scene *scene = *state;
    sqlite3 *lock;

    make_orders(scene);
    assert_int_equal(commit(scene, "41"), 0);
    lock = lock_store(scene);
    assert_committed(scene, "41");
    unlock_store(lock);
}

/* Opening and closing */

static void closing_with_cancelled_calls_frees_all(void **state)
{
    struct scene *scene = *state;
    sqlite3 *lock = lock_store(scene);
    struct call *calls[20];
    struct reply reply = {0};
    struct ask ask = ask_into(&reply);

    for (size_t i = 0; i < COUNT(calls); i++)
        calls[i] = i % 2 ? backend_create_app(scene->backend, "a", NULL, &ask)
                         : backend_list_apps(scene->backend, &ask);
    usleep(5000); /* the writer may have taken some by now */
    for (size_t i = 0; i < COUNT(calls); i++)
        call_cancel(calls[i]);
    close_backend(scene);
    unlock_store(lock);
    run_for(scene->loop, 5);
    assert_int_equal(reply.count, 0);
}

static void closing_keeps_what_was_acknowledged(void **state)
{
    struct scene *scene = *state;

    make_orders(scene);
    assert_int_equal(commit(scene, "41"), 0);
    close_backend(scene);
    assert_int_equal(open_as(scene, false, &scene->backend), 0);
    assert_committed(scene, "41");
}

static void a_read_only_mount_reads_and_refuses_to_write(void **state)
{
    SCENE_OF(state);

    make_orders(scene);
    assert_int_equal(commit(scene, "41"), 0);
    close_backend(scene); /* nobody else has it open: no -wal and no -shm are there */
    assert_int_equal(open_as(scene, true, &scene->backend), 0);
    assert_committed(scene, "41");
    assert_int_equal(commit(scene, "42"), EROFS);
    assert_int_equal(RUN(create_app, "other", NULL), EROFS);
    assert_int_equal(RUN(delete_checkpoint, "billing", "orders", 0), EROFS);
    assert_committed(scene, "41");
}

static void a_refused_write_can_be_cancelled(void **state)
{
    SCENE_OF(state);
    struct call *call;

    close_backend(scene);
    assert_int_equal(open_as(scene, true, &scene->backend), 0);
    ask = ask_into(&scene->reply);
    call = backend_create_app(scene->backend, "a", NULL, &ask);
    assert_int_equal(scene->reply.count, 0);
    call_cancel(call);
    run_for(scene->loop, 5);
    assert_int_equal(scene->reply.count, 0);
}

static void a_read_only_mount_makes_no_store(void **state)
{
    struct scene *scene = *state;
    struct backend *other = NULL;

    snprintf(scene->source, sizeof(scene->source), "local:%s/none/store.db", scene->directory);
    assert_int_equal(open_as(scene, true, &other), -ENOENT);
    assert_null(other);
}

static void two_mounts_share_a_store(void **state)
{
    struct scene *scene = *state;
    struct backend *mine = scene->backend;
    struct backend *other = NULL;

    make_orders(scene);
    assert_int_equal(open_as(scene, false, &other), 0);
    scene->backend = other;
    assert_int_equal(commit(scene, "41"), 0);
    scene->backend = mine;
    assert_committed(scene, "41");
    assert_int_equal(commit(scene, "42"), 0);
    scene->backend = other;
    assert_committed(scene, "42");
    other->operations->close(other);
    scene->backend = mine;
}

static void the_usual_place_is_in_the_data_directory(void **state)
{
    struct scene *scene = *state;
    char path[PATH_ROOM + 64];

    setenv("XDG_DATA_HOME", scene->directory, 1);
    close_backend(scene);
    *scene->source = '\0';
    assert_int_equal(open_as(scene, false, &scene->backend), 0);
    unsetenv("XDG_DATA_HOME");
    snprintf(path, sizeof(path), "%s/checkpointfs/checkpoints.db", scene->directory);
    assert_int_equal(access(path, F_OK), 0);
}

static int check_source(const char *source, struct error *error)
{
    const struct backend_type *type = NULL;
    int status = backend_find_type(source, &type, error);

    assert_int_equal(status == 0, type != NULL);
    return status;
}

static void sources_are_checked(void **state)
{
    static const char *const bad[] = {"local", "remote:", "/tmp/x", "dis", " local:"};
    struct error error;

    (void)state;
    assert_int_equal(check_source("", &error), 0);
    assert_int_equal(check_source("local:", &error), 0);
    assert_int_equal(check_source("local:/tmp/x", &error), 0);
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(check_source(bad[i], &error), -EINVAL);
        assert_int_equal(error.code, EINVAL);
    }
}

/* Records */

static int append(struct scene *scene, const struct span *records, size_t count)
{
    const struct append_order order = {.stream = "orders", .records = records, .count = count};
    struct ask ask;

    return RUN(append_records, &order);
}

static int append_text(struct scene *scene, const char *text)
{
    return append(scene, &(struct span){text, strlen(text)}, 1);
}

static int read_from(struct scene *scene, enum cursor_kind kind, const char *sequence)
{
    const struct read_order order = {
        .from = {.stream = "orders", .kind = kind, .sequence = sequence, .time = INT64_MAX},
        .limit = 1 << 20};
    struct ask ask;

    return RUN(read_records, &order);
}

static int read_bytes(struct scene *scene, const char *sequence)
{
    const struct read_order order = {
        .from = {.stream = "orders", .kind = CURSOR_AT, .sequence = sequence},
        .form = RECORD_BYTES,
        .limit = 1 << 20};
    struct ask ask;

    return RUN(read_records, &order);
}

/* The batch that was read begins with that number and has so many records. */
static void assert_batch(struct scene *scene, const char *first, size_t count)
{
    char begin[64];

    assert_int_equal(scene->reply.records, count);
    snprintf(begin, sizeof(begin), "{\"checkpoint\":\"%s\",", first);
    assert_int_equal(strncmp(scene->reply.text, begin, strlen(begin)), 0);
}

static void records_are_appended_and_read(void **state)
{
    SCENE_OF(state);

    make_orders(scene);
    assert_int_equal(read_from(scene, CURSOR_EARLIEST, NULL), 0);
    assert_int_equal(scene->reply.records, 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(append_text(scene, "text"), 0);
    assert_int_equal(read_from(scene, CURSOR_EARLIEST, NULL), 0);
    assert_batch(scene, "0", 5);
    assert_int_equal(read_from(scene, CURSOR_AT, "2"), 0);
    assert_batch(scene, "2", 3);
    assert_int_equal(read_from(scene, CURSOR_AFTER, "2"), 0);
    assert_batch(scene, "3", 2);
    assert_int_equal(read_from(scene, CURSOR_AT, "5"), 0);
    assert_int_equal(scene->reply.records, 0);
    assert_int_equal(read_from(scene, CURSOR_AFTER, "4"), 0);
    assert_int_equal(scene->reply.records, 0);
    assert_int_equal(read_from(scene, CURSOR_SINCE, NULL), 0);
    assert_int_equal(scene->reply.records, 0);
    assert_int_equal(RUN(set_bound, "orders", 0, true, "1"), 0);
}

static void what_is_not_kept_is_erange_and_never_passed_over(void **state)
{
    SCENE_OF(state);

    make_orders(scene);
    for (int i = 0; i < 5; i++)
        assert_int_equal(append_text(scene, "text"), 0);
    assert_int_equal(RUN(set_bound, "orders", 0, true, "3"), 0);
    assert_int_equal(read_from(scene, CURSOR_AT, "2"), ERANGE);
    assert_int_equal(read_from(scene, CURSOR_AFTER, "1"), ERANGE);
    assert_int_equal(read_from(scene, CURSOR_AFTER, "2"), 0);
    assert_batch(scene, "3", 2);
    assert_int_equal(read_from(scene, CURSOR_EARLIEST, NULL), 0);
    assert_batch(scene, "3", 2);
    assert_int_equal(read_from(scene, CURSOR_AT, "6"), ERANGE);
    assert_int_equal(read_from(scene, CURSOR_AFTER, "5"), ERANGE);
    assert_int_equal(read_from(scene, CURSOR_AT, "x"), EINVAL);
}

static void the_bytes_of_one_record_are_read(void **state)
{
    SCENE_OF(state);

    make_orders(scene);
    assert_int_equal(append_text(scene, "one"), 0);
    assert_int_equal(append_text(scene, "two"), 0);
    assert_int_equal(RUN(set_bound, "orders", 0, false, "10"), 0);
    assert_int_equal(append_text(scene, "ten"), 0);
    assert_int_equal(read_bytes(scene, "1"), 0);
    assert_string_equal(scene->reply.text, "two");
    assert_int_equal(read_bytes(scene, "10"), 0);
    assert_string_equal(scene->reply.text, "ten");
    assert_int_equal(read_bytes(scene, "5"), ENOENT);
    assert_int_equal(read_bytes(scene, "11"), ENOENT);
    assert_int_equal(read_bytes(scene, "9223372036854775807"), ENOENT);
    assert_int_equal(RUN(set_bound, "orders", 0, true, "1"), 0);
    assert_int_equal(read_bytes(scene, "0"), ERANGE);
    assert_int_equal(read_bytes(scene, "1"), 0);
}

static void a_record_has_at_most_a_mebibyte(void **state)
{
    struct scene *scene = *state;
    char *large = calloc(1, RECORD_MAX + 1);
    const struct span records[] = {{"a", 1}, {large, RECORD_MAX + 1}};

    assert_non_null(large);
    make_orders(scene);
    assert_int_equal(append(scene, records, 2), EFBIG);
    assert_int_equal(append(scene, &(struct span){large, RECORD_MAX}, 1), 0);
    assert_int_equal(read_from(scene, CURSOR_EARLIEST, NULL), 0);
    assert_batch(scene, "0", 1);
    free(large);
}

/* Begins to append a text as a record. */
static void begin_append(struct scene *scene, struct backend *backend, struct reply *reply,
                         const char *text)
{
    const struct span record = {text, strlen(text)};
    const struct append_order order = {.stream = "orders", .records = &record, .count = 1};
    struct ask ask = ask_into(reply);

    reply->loop = scene->loop;
    assert_non_null(backend_append_records(backend, &order, &ask));
}

static void await(struct scene *scene, struct reply *reply)
{
    while (!reply->count)
        run_for(scene->loop, 1000);
    assert_int_equal(reply->error.code, 0);
}

/* In what is read the records of each who appends are in his order. */
static void assert_order(struct scene *scene, char who, size_t count)
{
    const char *text = scene->reply.lines;
    char data[32];

    for (size_t i = 0; i < count; i++) {
        snprintf(data, sizeof(data), "\"data\":\"%c%zu\"", who, i);
        text = strstr(text, data);
        assert_non_null(text);
    }
}

static void assert_numbers(struct scene *scene, size_t count)
{
    const char *text = scene->reply.lines;
    char begin[80];

    assert_int_equal(scene->reply.records, count);
    for (size_t i = 0; i < count; i++) {
        snprintf(begin, sizeof(begin), "{\"checkpoint\":\"%zu\",\"sequence\":\"%zu\",", i, i);
        assert_int_equal(strncmp(text, begin, strlen(begin)), 0);
        text = strchr(text, '\n') + 1;
    }
}

/* Each has a thread that writes. */
static void what_two_mounts_append_at_once_has_numbers_without_a_gap(void **state)
{
    struct scene *scene = *state;
    struct backend *backends[2] = {scene->backend};
    struct reply replies[100] = {0};
    char text[8];

    make_orders(scene);
    assert_int_equal(open_as(scene, false, &backends[1]), 0);
    for (size_t i = 0; i < COUNT(replies); i++) {
        snprintf(text, sizeof(text), "%c%zu", i % 2 ? 'b' : 'a', i / 2);
        begin_append(scene, backends[i % 2], &replies[i], text);
    }
    for (size_t i = 0; i < COUNT(replies); i++)
        await(scene, &replies[i]);
    assert_int_equal(read_from(scene, CURSOR_EARLIEST, NULL), 0);
    assert_numbers(scene, COUNT(replies));
    assert_order(scene, 'a', COUNT(replies) / 2);
    assert_order(scene, 'b', COUNT(replies) / 2);
    backend_close(backends[1]);
}

/* What waits for the lock comes into one transaction: the one that fails leaves the others. */
static void an_append_that_fails_leaves_those_beside_it(void **state)
{
    struct scene *scene = *state;
    sqlite3 *lock;
    struct reply good[2] = {0};
    struct reply bad = {0};
    const struct span record = {"x", 1};
    const struct append_order nowhere = {.stream = "none", .records = &record, .count = 1};
    struct ask ask = ask_into(&bad);

    make_orders(scene);
    lock = lock_store(scene);
    begin_append(scene, scene->backend, &good[0], "a0");
    assert_non_null(backend_append_records(scene->backend, &nowhere, &ask));
    begin_append(scene, scene->backend, &good[1], "a1");
    run_for(scene->loop, 20);
    unlock_store(lock);
    await(scene, &good[0]);
    await(scene, &good[1]);
    assert_int_equal(bad.error.code, ENOENT);
    assert_int_equal(read_from(scene, CURSOR_EARLIEST, NULL), 0);
    assert_numbers(scene, 2);
    assert_order(scene, 'a', 2);
}

/* 16 records of a mebibyte. */
static void append_16_mib(struct scene *scene)
{
    char *data = malloc(RECORD_MAX);
    struct span records[16];

    assert_non_null(data);
    memset(data, 'a', RECORD_MAX);
    for (size_t i = 0; i < COUNT(records); i++)
        records[i] = (struct span){data, RECORD_MAX};
    assert_int_equal(append(scene, records, COUNT(records)), 0);
    free(data);
}

static void begin_to_read_16_mib(struct scene *scene, struct reply *reply)
{
    const struct read_order order = {.from = {.stream = "orders", .kind = CURSOR_EARLIEST},
                                     .limit = BATCH_LIMIT_MAX};
    struct ask ask = ask_into(reply);

    reply->loop = scene->loop;
    assert_non_null(backend_read_records(scene->backend, &order, &ask));
}

/* SQLite's log has the whole of a transaction. */
static void large_appends_are_no_endless_transaction(void **state)
{
    struct scene *scene = *state;
    char *data = calloc(1, RECORD_MAX);
    struct reply replies[24] = {0};
    char path[PATH_ROOM + 64];
    struct stat attr;
    sqlite3 *lock;

    assert_non_null(data);
    memset(data, 'a', RECORD_MAX - 1);
    make_orders(scene);
    lock = lock_store(scene);
    for (size_t i = 0; i < COUNT(replies); i++)
        begin_append(scene, scene->backend, &replies[i], data);
    run_for(scene->loop, 20);
    unlock_store(lock);
    for (size_t i = 0; i < COUNT(replies); i++)
        await(scene, &replies[i]);
    snprintf(path, sizeof(path), "%s-wal", scene->path);
    assert_int_equal(stat(path, &attr), 0);
    assert_true(attr.st_size < 12 << 20);
    free(data);
}

struct rounds {
    struct loop *loop;
    struct timer timer;
    unsigned count;
};

static void count_round(void *user)
{
    struct rounds *rounds = user;

    rounds->count++;
    timer_start(rounds->loop, &rounds->timer, 0, count_round, rounds);
}

static void while_much_is_read_the_loop_goes_round(void **state)
{
    struct scene *scene = *state;
    struct rounds rounds = {.loop = scene->loop};
    struct reply reply = {0};

    make_orders(scene);
    append_16_mib(scene);
    begin_to_read_16_mib(scene, &reply);
    timer_start(scene->loop, &rounds.timer, 0, count_round, &rounds);
    await(scene, &reply);
    timer_stop(&rounds.timer);
    assert_true(rounds.count >= 16);
    assert_int_equal(reply.records, 16);
    reply_release(&reply);
}

/* What was read is answered; what came next is gone, which the next read tells. */
static void what_is_removed_amid_a_read_ends_it(void **state)
{
    struct scene *scene = *state;
    struct rounds rounds = {.loop = scene->loop};
    struct reply reply = {0};
    struct error error;
    struct store *other = NULL;

    make_orders(scene);
    append_16_mib(scene);
    assert_int_equal(store_open(scene->path, STORE_MAKE, &other, &error), 0);
    begin_to_read_16_mib(scene, &reply);
    timer_start(scene->loop, &rounds.timer, 0, count_round, &rounds);
    while (rounds.count < 4)
        run_for(scene->loop, 0);
    assert_int_equal(store_set_bound(other, "orders", 0, true, 15, &error), 0);
    await(scene, &reply);
    timer_stop(&rounds.timer);
    assert_in_range(reply.records, 1, 14);
    reply_release(&reply);
    store_close(other);
}

static void a_read_can_be_given_up_amid(void **state)
{
    struct scene *scene = *state;
    struct reply reply = {0};
    const struct read_order order = {.from = {.stream = "orders", .kind = CURSOR_EARLIEST},
                                     .limit = BATCH_LIMIT_MAX};
    struct ask ask = ask_into(&reply);
    struct call *call;

    make_orders(scene);
    append_16_mib(scene);
    call = backend_read_records(scene->backend, &order, &ask);
    for (int i = 0; i < 3; i++)
        run_for(scene->loop, 0);
    assert_int_equal(reply.count, 0);
    call_cancel(call);
    run_for(scene->loop, 5);
    assert_int_equal(reply.count, 0);
}

static void reads_go_on_while_something_is_appended(void **state)
{
    struct scene *scene = *state;
    sqlite3 *lock;
    struct reply reply = {0};

    make_orders(scene);
    assert_int_equal(append_text(scene, "a0"), 0);
    lock = lock_store(scene);
    begin_append(scene, scene->backend, &reply, "a1");
    assert_int_equal(read_from(scene, CURSOR_EARLIEST, NULL), 0);
    assert_numbers(scene, 1);
    unlock_store(lock);
    await(scene, &reply);
    assert_int_equal(read_from(scene, CURSOR_EARLIEST, NULL), 0);
    assert_numbers(scene, 2);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(it_says_what_it_can_do),
        SCENE(apps),
        SCENE(streams_and_partitions),
        SCENE(a_commit_answers_what_is_stored),
        SCENE(no_checkpoint_is_a_success_without_a_sequence),
        SCENE(a_state_has_all_about_a_partition),
        SCENE(numbers_are_those_of_64_bits),
        SCENE(a_commit_may_expect_what_is_committed),
        SCENE(sequences_are_parsed_and_made_decimal),
        SCENE(cursors_are_checked_against_the_bounds),
        SCENE(records_are_located),
        SCENE(records_are_appended_and_read),
        SCENE(what_is_not_kept_is_erange_and_never_passed_over),
        SCENE(the_bytes_of_one_record_are_read),
        SCENE(a_record_has_at_most_a_mebibyte),
        SCENE(what_two_mounts_append_at_once_has_numbers_without_a_gap),
        SCENE(an_append_that_fails_leaves_those_beside_it),
        SCENE(large_appends_are_no_endless_transaction),
        SCENE(while_much_is_read_the_loop_goes_round),
        SCENE(what_is_removed_amid_a_read_ends_it),
        SCENE(a_read_can_be_given_up_amid),
        SCENE(reads_go_on_while_something_is_appended),
        SCENE(operations_that_end_are_observed),
        SCENE(arguments_are_copied),
        SCENE(commits_of_one_partition_go_out_in_order_and_each_ends_once),
        SCENE(cancelled_commits_do_not_call_back),
        SCENE(a_failed_operation_takes_no_other_with_it),
        SCENE(a_read_can_be_cancelled),
        SCENE(a_bad_argument_can_be_cancelled),
        SCENE(a_write_can_be_cancelled_while_another_process_holds_the_lock),
        SCENE(a_write_waits_for_the_lock),
        SCENE(a_write_past_its_deadline_is_etimedout),
        SCENE(a_deadline_ends_one_write_and_not_those_beside_it),
        SCENE(reads_go_on_while_another_process_holds_the_lock),
        SCENE(closing_with_cancelled_calls_frees_all),
        SCENE(closing_keeps_what_was_acknowledged),
        SCENE(a_read_only_mount_reads_and_refuses_to_write),
        SCENE(a_refused_write_can_be_cancelled),
        SCENE(a_read_only_mount_makes_no_store),
        SCENE(two_mounts_share_a_store),
        SCENE(the_usual_place_is_in_the_data_directory),
        cmocka_unit_test(sources_are_checked),
    };

    return cmocka_run_group_tests_name("local", tests, NULL, NULL);
}
