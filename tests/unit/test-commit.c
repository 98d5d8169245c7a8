#include "fake.h"

#include "api/commit.h"

struct scene {
    struct loop *loop;
    struct fake fake;
    struct reply reply;
    struct commit_request request;
};

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    scene->loop = loop_new();
    assert_non_null(scene->loop);
    fake_init(&scene->fake, scene->loop);
    scene->request = (struct commit_request){
        .app = "billing", .stream = "orders", .partition = 7, .metadata = ""};
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    reply_release(&scene->reply);
    fake_release(&scene->fake);
    loop_free(scene->loop);
    free(scene);
    return 0;
}

static void set_position(struct scene *scene, const char *text)
{
    struct error error;

    if (!strcmp(text, "present"))
        scene->request.position = (struct position){.kind = POSITION_PRESENT};
    else
        assert_int_equal(position_parse(text, when_now(), &scene->request.position, &error), 0);
}

static struct call *start(struct scene *scene, const char *text)
{
    struct ask ask = ask_into(&scene->reply);
    struct call *call;

    set_position(scene, text);
    call = commit_position(&scene->fake.backend, &scene->request, NULL, &ask);
    assert_int_equal(scene->reply.count, 0);
    return call;
}

/* Preparing to send: an operation that the test ends. */
struct preparation {
    struct scene *scene;
    struct operation operation;
    struct timer timer;
    bool begun;
    char sequence[SEQUENCE_MAX + 1]; /* "none" for a deletion */
};

static void forget_preparation(struct operation *operation)
{
    (void)operation;
}

static void hear_sending(void *user, const char *sequence)
{
    struct preparation *preparation = user;

    snprintf(preparation->sequence, sizeof(preparation->sequence), "%s",
             sequence ? sequence : "none");
}

static struct call *begin_preparation(void *user, const struct ask *ask)
{
    struct preparation *preparation = user;

    operation_begin(&preparation->operation, preparation->scene->loop, ask, forget_preparation);
    preparation->begun = true;
    return &preparation->operation.call;
}

static void stop_when_begun(void *user)
{
    struct preparation *preparation = user;

    if (preparation->begun || preparation->scene->reply.count)
        loop_stop(preparation->scene->loop);
    else
        timer_start(preparation->scene->loop, &preparation->timer, 1, stop_when_begun, preparation);
}

static void run_until_begun(struct scene *scene, struct preparation *preparation)
{
    timer_start(scene->loop, &preparation->timer, 0, stop_when_begun, preparation);
    loop_run(scene->loop);
    timer_stop(&preparation->timer);
    assert_true(preparation->begun);
}

static struct call *start_prepared(struct scene *scene, struct preparation *preparation,
                                   const char *text)
{
    struct commit_watcher watcher = {
        .sending = hear_sending, .prepare = begin_preparation, .user = preparation};
    struct ask ask = ask_into(&scene->reply);

    *preparation = (struct preparation){.scene = scene};
    if (text)
        set_position(scene, text);
    return commit_position(&scene->fake.backend, &scene->request, &watcher, &ask);
}

/* Commits, and returns the errno or 0. */
static int commit(struct scene *scene, const char *text)
{
    reply_release(&scene->reply);
    buf_reset(&scene->fake.log);
    assert_non_null(start(scene, text));
    run_until(scene->loop, &scene->reply);
    assert_int_equal(scene->reply.error.code || scene->reply.has_state, 1);
    return scene->reply.error.code;
}

static void assert_log(const struct scene *scene, const char *log)
{
    assert_string_equal(scene->fake.log.data, log);
}

static void a_sequence_number_costs_one_request(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(commit(scene, "42"), 0);
    assert_log(scene, "commit=42");
    assert_string_equal(scene->reply.state.sequence, "42");
    assert_string_equal(scene->reply.state.metadata, "");
}

static void the_number_is_sent_in_the_form_of_the_service(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(commit(scene, "0042"), 0);
    assert_log(scene, "commit=42");
}

static void metadata_and_the_wish_to_make_a_partition_are_passed_on(void **state)
{
    struct scene *scene = *state;

    scene->request.metadata = "note";
    scene->request.make_partition = true;
    assert_int_equal(commit(scene, "42"), 0);
    assert_log(scene, "commit=42:note+make");
    assert_string_equal(scene->reply.state.metadata, "note");
}

static void arguments_are_copied(void **state)
{
    struct scene *scene = *state;
    char app[] = "billing";
    char stream[] = "orders";
    char metadata[] = "note";
    struct call *call;

    scene->request.app = app;
    scene->request.stream = stream;
    scene->request.metadata = metadata;
    scene->fake.sequence = "41";
    call = start(scene, "shift +1");
    assert_non_null(call);
    app[0] = stream[0] = metadata[0] = 'X';
    run_until(scene->loop, &scene->reply);
    assert_log(scene, "get commit=42:note");
}

static void other_positions_are_located_first(void **state)
{
    struct scene *scene = *state;

    scene->fake.earliest = "10";
    assert_int_equal(commit(scene, "earliest"), 0);
    assert_log(scene, "locate=earliest commit=9");
    assert_int_equal(commit(scene, "latest"), 0);
    assert_log(scene, "locate=latest commit=99");
    assert_int_equal(commit(scene, "@1h"), 0);
    assert_log(scene, "locate=since commit=49");
}

static void checkpoints_that_are_next_are_not_one_less(void **state)
{
    struct scene *scene = *state;

    scene->fake.backend.checkpoint_is_next = true;
    assert_int_equal(commit(scene, "earliest"), 0);
    assert_log(scene, "locate=earliest commit=0");
    assert_int_equal(commit(scene, "latest"), 0);
    assert_log(scene, "locate=latest commit=100");
}

static void numbers_that_fit_no_integer_are_exact(void **state)
{
    struct scene *scene = *state;

    scene->fake.latest = "10000000000000000000";
    assert_int_equal(commit(scene, "latest"), 0);
    assert_log(scene, "locate=latest commit=9999999999999999999");
    assert_int_equal(commit(scene, "shift +2"), 0);
    assert_log(scene, "get commit=10000000000000000001");
}

static void a_shift_goes_from_what_is_committed(void **state)
{
    struct scene *scene = *state;

    scene->fake.sequence = "40";
    assert_int_equal(commit(scene, "shift +2"), 0);
    assert_log(scene, "get commit=42");
    assert_int_equal(commit(scene, "shift -42"), 0);
    assert_log(scene, "get commit=0");
}

static void a_shift_of_nothing_is_enoent(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(commit(scene, "shift +2"), ENOENT);
    assert_log(scene, "get");
    assert_int_equal(commit(scene, "present"), ENOENT);
    assert_log(scene, "get");
}

static void a_shift_below_0_is_erange(void **state)
{
    struct scene *scene = *state;

    scene->fake.sequence = "5";
    assert_int_equal(commit(scene, "shift -6"), ERANGE);
    assert_log(scene, "get");
    assert_string_equal(scene->fake.sequence, "5");
}

static void a_shift_beyond_all_numbers_is_erange(void **state)
{
    struct scene *scene = *state;
    char text[8 + DECIMAL_MAX] = "shift +";

    memset(text + 7, '9', DECIMAL_MAX);
    scene->fake.sequence = "5";
    scene->fake.ranged = true;
    assert_int_equal(commit(scene, text), ERANGE);
    scene->request.clamp = true;
    assert_int_equal(commit(scene, text), 0);
    assert_string_equal(scene->fake.sequence, "99");
}

static void the_present_position_is_committed_again_with_metadata(void **state)
{
    struct scene *scene = *state;

    scene->fake.sequence = "40";
    scene->request.metadata = "note";
    assert_int_equal(commit(scene, "present"), 0);
    assert_log(scene, "get commit=40:note");
}

/* Record 0 */

static void earliest_on_record_0_deletes_the_checkpoint(void **state)
{
    struct scene *scene = *state;

    scene->fake.sequence = "40";
    assert_int_equal(commit(scene, "earliest"), 0);
    assert_log(scene, "locate=earliest delete");
    assert_null(scene->reply.state.sequence);
    assert_null(scene->fake.sequence);
    assert_int_equal(scene->reply.state.partition, 7);
    assert_true(scene->reply.state.committed == WHEN_UNKNOWN);
}

static void earliest_on_record_0_without_a_checkpoint_succeeds(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(commit(scene, "earliest"), 0);
    assert_log(scene, "locate=earliest delete get");
    assert_null(scene->reply.state.sequence);
}

static void earliest_on_record_0_of_an_app_that_has_gone_fails(void **state)
{
    struct scene *scene = *state;

    scene->fake.failing = "get";
    scene->fake.failure = ENOENT;
    assert_int_equal(commit(scene, "earliest"), ENOENT);
    assert_log(scene, "locate=earliest delete get");
}

static void a_deleted_checkpoint_cannot_carry_metadata(void **state)
{
    struct scene *scene = *state;

    scene->fake.sequence = "40";
    scene->request.metadata = "note";
    assert_int_equal(commit(scene, "earliest"), ERANGE);
    assert_log(scene, "locate=earliest");
    assert_string_equal(scene->fake.sequence, "40");
}

static void without_deletion_earliest_on_record_0_is_erange(void **state)
{
    struct scene *scene = *state;

    scene->fake.backend.abilities &= ~(unsigned)CAN_DELETE_CHECKPOINT;
    assert_int_equal(commit(scene, "earliest"), ERANGE);
    assert_log(scene, "locate=earliest");
}

static void a_deletion_that_fails_is_told(void **state)
{
    struct scene *scene = *state;

    scene->fake.failing = "delete";
    scene->fake.failure = EACCES;
    assert_int_equal(commit(scene, "earliest"), EACCES);
}

/* A service that refuses the number before the oldest record */

static void refused_before_the_oldest(struct scene *scene)
{
    scene->fake.strict = true;
    scene->fake.earliest = "10";
    scene->fake.sequence = "40";
}

static void assert_deleted(const struct scene *scene)
{
    assert_null(scene->reply.state.sequence);
    assert_null(scene->fake.sequence);
}

static void earliest_that_no_number_says_deletes_the_checkpoint(void **state)
{
    struct scene *scene = *state;

    refused_before_the_oldest(scene);
    assert_int_equal(commit(scene, "earliest"), 0);
    assert_log(scene, "locate=earliest commit=9 delete");
    assert_deleted(scene);
    assert_int_equal(commit(scene, "earliest"), 0);
    assert_log(scene, "locate=earliest commit=9 delete get");
    scene->fake.backend.checkpoint_is_next = true;
    assert_int_equal(commit(scene, "earliest"), 0);
    assert_log(scene, "locate=earliest commit=10");
}

static void a_time_before_all_that_is_kept_deletes_the_checkpoint(void **state)
{
    struct scene *scene = *state;

    refused_before_the_oldest(scene);
    scene->fake.since = "10";
    assert_int_equal(commit(scene, "@1h"), 0);
    assert_log(scene, "locate=since commit=9 locate=earliest delete");
    assert_deleted(scene);
    scene->fake.since = "11";
    assert_int_equal(commit(scene, "@1h"), 0);
    assert_log(scene, "locate=since commit=10");
}

static void latest_of_an_emptied_partition_deletes_the_checkpoint(void **state)
{
    struct scene *scene = *state;

    refused_before_the_oldest(scene);
    assert_int_equal(commit(scene, "latest"), 0);
    assert_log(scene, "locate=latest commit=99");
    scene->fake.earliest = "100";
    assert_int_equal(commit(scene, "latest"), 0);
    assert_log(scene, "locate=latest commit=99 locate=earliest delete");
    assert_deleted(scene);
}

/* While the record was located, all up to it have expired. */
static void a_record_that_has_expired_meanwhile_deletes_the_checkpoint(void **state)
{
    struct scene *scene = *state;

    refused_before_the_oldest(scene);
    scene->fake.earliest = "60";
    assert_int_equal(commit(scene, "@1h"), 0);
    assert_log(scene, "locate=since commit=49 locate=earliest delete");
}

static void what_is_refused_inside_the_range_is_erange(void **state)
{
    struct scene *scene = *state;

    refused_before_the_oldest(scene);
    scene->fake.failing = "commit";
    scene->fake.failure = ERANGE;
    assert_int_equal(commit(scene, "@1h"), ERANGE);
    assert_log(scene, "locate=since commit=49 locate=earliest");
    assert_int_equal(commit(scene, "5"), ERANGE);
    assert_log(scene, "commit=5");
    assert_int_equal(commit(scene, "shift +1"), ERANGE);
    assert_log(scene, "get commit=41");
    assert_string_equal(scene->fake.sequence, "40");
}

static void what_cannot_be_deleted_is_erange(void **state)
{
    struct scene *scene = *state;

    refused_before_the_oldest(scene);
    scene->request.metadata = "note";
    assert_int_equal(commit(scene, "earliest"), ERANGE);
    assert_log(scene, "locate=earliest commit=9:note");
    scene->request.metadata = "";
    scene->fake.backend.abilities &= ~(unsigned)CAN_DELETE_CHECKPOINT;
    assert_int_equal(commit(scene, "earliest"), ERANGE);
    assert_log(scene, "locate=earliest commit=9");
    assert_string_equal(scene->fake.sequence, "40");
}

static void clamp_deletes_for_what_names_the_oldest_record(void **state)
{
    struct scene *scene = *state;

    refused_before_the_oldest(scene);
    scene->request.clamp = true;
    assert_int_equal(commit(scene, "earliest"), 0);
    assert_log(scene, "locate=earliest commit=9 delete");
    scene->fake.since = "10";
    assert_int_equal(commit(scene, "@1h"), 0);
    assert_log(scene, "locate=since commit=9 locate=earliest delete get");
    scene->fake.earliest = "100";
    assert_int_equal(commit(scene, "latest"), 0);
    assert_log(scene, "locate=latest commit=99 locate=earliest delete get");
    assert_deleted(scene);
}

static void clamp_moves_a_number_to_the_oldest_that_is_taken(void **state)
{
    struct scene *scene = *state;

    refused_before_the_oldest(scene);
    scene->request.clamp = true;
    assert_int_equal(commit(scene, "3"), 0);
    assert_log(scene, "commit=3 locate=earliest locate=latest commit=9 commit=10");
    assert_int_equal(commit(scene, "shift -9"), 0);
    assert_log(scene, "get commit=1 locate=earliest locate=latest commit=9 commit=10");
    assert_string_equal(scene->reply.state.sequence, "10");
    scene->fake.earliest = "100";
    assert_int_equal(commit(scene, "3"), 0);
    assert_log(scene, "commit=3 locate=earliest locate=latest commit=99 commit=100");
}

static void clamp_moves_a_shift_to_record_0_rather_than_to_none(void **state)
{
    struct scene *scene = *state;

    scene->request.clamp = scene->fake.ranged = true;
    scene->fake.sequence = "40";
    assert_int_equal(commit(scene, "shift -100"), 0);
    assert_log(scene, "get locate=earliest locate=latest commit=0");
    assert_string_equal(scene->fake.sequence, "0");
}

static void clamp_ends_where_no_number_is_taken(void **state)
{
    struct scene *scene = *state;

    refused_before_the_oldest(scene);
    scene->request.clamp = true;
    scene->fake.failing = "commit";
    scene->fake.failure = ERANGE;
    assert_int_equal(commit(scene, "3"), ERANGE);
    assert_log(scene, "commit=3 locate=earliest locate=latest commit=9 commit=10");
    assert_int_equal(commit(scene, "@1h"), ERANGE);
    assert_log(scene, "locate=since commit=49 locate=earliest locate=earliest locate=latest "
                      "commit=49 locate=earliest");
}

/* Clamping */

static void out_of_range_is_erange_without_clamp(void **state)
{
    struct scene *scene = *state;

    scene->fake.ranged = true;
    assert_int_equal(commit(scene, "100"), ERANGE);
    assert_log(scene, "commit=100");
    assert_null(scene->fake.sequence);
    assert_int_equal(commit(scene, "999999999999999999999"), ERANGE);
    assert_log(scene, "");
}

static void clamp_moves_a_position_to_the_nearest_inside(void **state)
{
    struct scene *scene = *state;

    scene->fake.ranged = scene->request.clamp = true;
    scene->fake.earliest = "10";
    assert_int_equal(commit(scene, "150"), 0);
    assert_log(scene, "commit=150 locate=earliest locate=latest commit=99");
    assert_int_equal(commit(scene, "3"), 0);
    assert_log(scene, "commit=3 locate=earliest locate=latest commit=9");
    assert_int_equal(commit(scene, "99"), 0);
    assert_log(scene, "commit=99");
    assert_int_equal(commit(scene, "9"), 0);
    assert_log(scene, "commit=9");
}

static void clamp_with_checkpoints_that_are_next(void **state)
{
    struct scene *scene = *state;

    scene->fake.ranged = scene->request.clamp = true;
    scene->fake.backend.checkpoint_is_next = true;
    scene->fake.earliest = "10";
    assert_int_equal(commit(scene, "150"), 0);
    assert_string_equal(scene->fake.sequence, "100");
    assert_int_equal(commit(scene, "3"), 0);
    assert_string_equal(scene->fake.sequence, "10");
}

/* No error tells when to clamp, so every number that a user writes is looked at. */
static void clamp_where_the_service_takes_any_number(void **state)
{
    struct scene *scene = *state;

    scene->request.clamp = true;
    scene->fake.backend.checks_no_range = scene->fake.backend.checkpoint_is_next = true;
    scene->fake.earliest = "10";
    assert_int_equal(commit(scene, "150"), 0);
    assert_log(scene, "locate=earliest locate=latest commit=100");
    assert_int_equal(commit(scene, "50"), 0);
    assert_log(scene, "locate=earliest locate=latest commit=50");
    assert_int_equal(commit(scene, "shift -100"), 0);
    assert_log(scene, "get locate=earliest locate=latest commit=10");
    assert_int_equal(commit(scene, "earliest"), 0);
    assert_log(scene, "locate=earliest commit=10");
    scene->request.clamp = false;
    assert_int_equal(commit(scene, "150"), 0);
    assert_log(scene, "commit=150");
}

/* A service that takes any number, and would not tell that one was mistyped. */
static void checks_no_range(struct scene *scene, const char *advice)
{
    scene->fake.backend.checks_no_range = scene->fake.backend.checkpoint_is_next = true;
    scene->fake.backend.range_advice = advice;
    scene->fake.earliest = "10";
}

static void a_decimal_is_looked_at_where_the_service_does_not(void **state)
{
    struct scene *scene = *state;

    checks_no_range(scene, "say please");
    assert_int_equal(commit(scene, "50"), 0);
    assert_log(scene, "locate=earliest locate=latest commit=50");
    assert_int_equal(commit(scene, "10"), 0);
    assert_int_equal(commit(scene, "100"), 0);
    assert_int_equal(commit(scene, "9"), ERANGE);
    assert_log(scene, "locate=earliest locate=latest");
    assert_string_equal(scene->reply.error.message,
                        "9 is outside what is kept, 10 to 100; say please");
    assert_int_equal(commit(scene, "101"), ERANGE);
    assert_string_equal(scene->fake.sequence, "100");
}

static void nothing_but_a_decimal_is_looked_at(void **state)
{
    struct scene *scene = *state;

    checks_no_range(scene, "say please");
    assert_int_equal(commit(scene, FAKE_OPAQUE), 0);
    assert_log(scene, "commit=" FAKE_OPAQUE);
    scene->fake.sequence = "100";
    assert_int_equal(commit(scene, "shift +50"), 0);
    assert_log(scene, "get commit=150");
    assert_int_equal(commit(scene, "latest"), 0);
    assert_log(scene, "locate=latest commit=100");
    checks_no_range(scene, NULL);
    assert_int_equal(commit(scene, "9"), 0);
    assert_log(scene, "commit=9");
}

static void clamp_looks_at_a_decimal_once(void **state)
{
    struct scene *scene = *state;

    checks_no_range(scene, "say please");
    scene->request.clamp = true;
    assert_int_equal(commit(scene, "150"), 0);
    assert_log(scene, "locate=earliest locate=latest commit=100");
    assert_int_equal(commit(scene, FAKE_OPAQUE), 0);
    assert_log(scene, "commit=" FAKE_OPAQUE);
}

static void what_is_no_number_cannot_be_compared(void **state)
{
    struct scene *scene = *state;

    checks_no_range(scene, "say please");
    scene->request.monotonic = true;
    scene->fake.sequence = "40";
    assert_int_equal(commit(scene, FAKE_OPAQUE), EINVAL);
    assert_log(scene, "get");
    assert_int_equal(commit(scene, "39"), EPERM);
    assert_log(scene, "locate=earliest locate=latest get");
    assert_int_equal(commit(scene, "41"), 0);
    assert_log(scene, "locate=earliest locate=latest get commit=41");
}

static void clamp_takes_numbers_that_the_service_cannot_hold(void **state)
{
    struct scene *scene = *state;

    scene->fake.ranged = scene->request.clamp = true;
    assert_int_equal(commit(scene, "999999999999999999999"), 0);
    assert_log(scene, "locate=earliest locate=latest commit=99");
}

static void clamp_takes_shifts_below_0(void **state)
{
    struct scene *scene = *state;

    scene->fake.ranged = scene->request.clamp = true;
    scene->fake.earliest = "10";
    scene->fake.sequence = "20";
    assert_int_equal(commit(scene, "shift -100"), 0);
    assert_log(scene, "get locate=earliest locate=latest commit=9");
}

static void clamp_mends_nothing_but_a_range(void **state)
{
    struct scene *scene = *state;

    scene->request.clamp = true;
    scene->fake.failing = "commit";
    scene->fake.failure = EACCES;
    assert_int_equal(commit(scene, "42"), EACCES);
    assert_log(scene, "commit=42");
    assert_int_equal(commit(scene, "abc"), EINVAL);
    assert_log(scene, "");
}

static void clamp_tries_once(void **state)
{
    struct scene *scene = *state;

    scene->request.clamp = true;
    scene->fake.failing = "commit";
    scene->fake.failure = ERANGE;
    assert_int_equal(commit(scene, "42"), ERANGE);
    assert_log(scene, "commit=42 locate=earliest locate=latest commit=42");
}

/* Monotonic mounts */

static void monotonic_refuses_to_go_back(void **state)
{
    struct scene *scene = *state;

    scene->request.monotonic = true;
    scene->fake.sequence = "40";
    assert_int_equal(commit(scene, "39"), EPERM);
    assert_log(scene, "get");
    assert_string_equal(scene->fake.sequence, "40");
    assert_int_equal(commit(scene, "9"), EPERM);
    assert_int_equal(commit(scene, "shift -1"), EPERM);
    assert_int_equal(commit(scene, "earliest"), EPERM);
    assert_string_equal(scene->fake.sequence, "40");
}

static void monotonic_lets_forward_and_stay(void **state)
{
    struct scene *scene = *state;

    scene->request.monotonic = true;
    assert_int_equal(commit(scene, "40"), 0);
    assert_log(scene, "get commit=40");
    assert_int_equal(commit(scene, "40"), 0);
    assert_int_equal(commit(scene, "41"), 0);
    assert_int_equal(commit(scene, "100"), 0);
    assert_int_equal(commit(scene, "shift +1"), 0);
    assert_string_equal(scene->fake.sequence, "101");
}

static void monotonic_is_not_got_round_by_clamping_a_shift(void **state)
{
    struct scene *scene = *state;

    scene->request.monotonic = scene->request.clamp = scene->fake.ranged = true;
    scene->fake.sequence = "40";
    assert_int_equal(commit(scene, "shift -100"), EPERM);
    assert_string_equal(scene->fake.sequence, "40");
}

static void monotonic_is_not_got_round_by_clamping_a_number(void **state)
{
    struct scene *scene = *state;

    scene->request.monotonic = scene->request.clamp = scene->fake.ranged = true;
    scene->fake.sequence = "150"; /* committed before latest was known */
    assert_int_equal(commit(scene, "200"), EPERM);
    assert_string_equal(scene->fake.sequence, "150");
    assert_int_equal(commit(scene, "999999999999999999999"), EPERM);
    assert_string_equal(scene->fake.sequence, "150");
}

/* Other clients */

static void a_shift_that_met_another_commit_is_worked_out_anew(void **state)
{
    struct scene *scene = *state;

    scene->fake.backend.abilities |= CAN_COMPARE;
    scene->fake.sequence = "40";
    scene->fake.intruder = "50";
    assert_int_equal(commit(scene, "shift +1"), 0);
    assert_log(scene, "get commit=41 get commit=51");
    assert_string_equal(scene->fake.sequence, "51");
}

static void a_number_does_not_depend_on_what_is_committed(void **state)
{
    struct scene *scene = *state;

    scene->fake.backend.abilities |= CAN_COMPARE;
    scene->fake.sequence = "40";
    scene->fake.intruder = "50";
    assert_int_equal(commit(scene, "41"), 0);
    assert_log(scene, "commit=41");
}

static void without_comparing_another_commit_is_not_noticed(void **state)
{
    struct scene *scene = *state;

    scene->fake.sequence = "40";
    scene->fake.intruder = "50";
    assert_int_equal(commit(scene, "shift +1"), 0);
    assert_log(scene, "get commit=41");
}

static void monotonic_sees_a_commit_in_between(void **state)
{
    struct scene *scene = *state;

    scene->fake.backend.abilities |= CAN_COMPARE;
    scene->request.monotonic = true;
    scene->fake.intruder = "50";
    assert_int_equal(commit(scene, "45"), EPERM);
    assert_log(scene, "get commit=45 get");
    scene->fake.intruder = "60";
    assert_int_equal(commit(scene, "61"), 0);
    assert_string_equal(scene->fake.sequence, "61");
}

static void a_clamped_commit_that_met_another_is_clamped_anew(void **state)
{
    struct scene *scene = *state;

    scene->fake.backend.abilities |= CAN_COMPARE;
    scene->request.clamp = scene->fake.ranged = true;
    scene->fake.sequence = "40";
    scene->fake.intruder = "50";
    scene->fake.earliest = "10";
    assert_int_equal(commit(scene, "shift -1000"), 0);
    assert_string_equal(scene->fake.sequence, "9");
}

static void a_commit_that_is_always_met_ends_at_its_deadline(void **state)
{
    struct scene *scene = *state;
    struct ask ask = ask_into(&scene->reply);

    scene->fake.backend.abilities |= CAN_COMPARE;
    scene->fake.sequence = "40";
    scene->fake.failing = "commit";
    scene->fake.failure = ESTALE;
    ask.deadline = when_monotonic() + 10;
    set_position(scene, "shift +1");
    assert_non_null(commit_position(&scene->fake.backend, &scene->request, NULL, &ask));
    run_until(scene->loop, &scene->reply);
    assert_true(scene->reply.error.code == ESTALE || scene->reply.error.code == ETIMEDOUT);
}

/* What must still be committed */

static void what_is_expected_lets_the_commit_through(void **state)
{
    struct scene *scene = *state;

    scene->request.expected = "40";
    scene->fake.sequence = "40";
    assert_int_equal(commit(scene, "42"), 0);
    assert_log(scene, "get commit=42");
    scene->request.expected = "42";
    assert_int_equal(commit(scene, "shift -2"), 0);
    assert_log(scene, "get commit=40");
    scene->request.expected = "";
    scene->fake.sequence = NULL;
    assert_int_equal(commit(scene, "latest"), 0);
    assert_log(scene, "locate=latest get commit=99");
}

static void what_is_not_expected_changes_nothing(void **state)
{
    struct scene *scene = *state;

    scene->request.expected = "40";
    scene->fake.sequence = "41";
    assert_int_equal(commit(scene, "42"), ESTALE);
    assert_log(scene, "get");
    assert_int_equal(commit(scene, "shift +1"), ESTALE);
    assert_int_equal(commit(scene, "earliest"), ESTALE);
    scene->request.expected = "";
    assert_int_equal(commit(scene, "42"), ESTALE);
    assert_string_equal(scene->fake.sequence, "41");
    scene->request.expected = "41";
    scene->fake.sequence = NULL;
    assert_int_equal(commit(scene, "42"), ESTALE);
    assert_null(scene->fake.sequence);
}

static void a_commit_in_between_is_not_expected(void **state)
{
    struct scene *scene = *state;

    scene->fake.backend.abilities |= CAN_COMPARE;
    scene->request.expected = scene->fake.sequence = "40";
    scene->fake.intruder = "41";
    assert_int_equal(commit(scene, "42"), ESTALE);
    assert_log(scene, "get commit=42 get");
    assert_string_equal(scene->fake.sequence, "41");
}

static void what_cannot_be_compared_is_not_sent(void **state)
{
    struct scene *scene = *state;

    scene->request.expected = "40";
    scene->fake.failing = "get";
    scene->fake.failure = EIO;
    assert_int_equal(commit(scene, "42"), EIO);
    assert_log(scene, "get");
}

/* Failures */

static void assert_failure_ends_it(struct scene *scene, const char *text, const char *operation)
{
    scene->fake.failing = operation;
    scene->fake.failure = EACCES;
    assert_int_equal(commit(scene, text), EACCES);
    scene->fake.failing = NULL;
}

static void a_failure_of_any_step_is_told(void **state)
{
    struct scene *scene = *state;

    assert_failure_ends_it(scene, "42", "commit");
    assert_failure_ends_it(scene, "latest", "locate");
    assert_failure_ends_it(scene, "latest", "commit");
    assert_failure_ends_it(scene, "shift +1", "get");
    scene->request.monotonic = true;
    assert_failure_ends_it(scene, "42", "get");
    scene->request.monotonic = false;
    scene->request.clamp = scene->fake.ranged = true;
    assert_failure_ends_it(scene, "999", "locate");
    assert_log(scene, "commit=999 locate=earliest");
    scene->request.clamp = scene->fake.ranged = false;
    scene->fake.strict = true;
    scene->fake.earliest = "10";
    assert_failure_ends_it(scene, "earliest", "delete");
    assert_log(scene, "locate=earliest commit=9 delete");
}

static void a_sequence_that_the_service_does_not_know_is_einval(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(commit(scene, "abc"), EINVAL);
    assert_log(scene, "");
}

static void an_answer_that_is_no_number_is_ebadmsg(void **state)
{
    struct scene *scene = *state;

    scene->fake.latest = "soon";
    assert_int_equal(commit(scene, "latest"), EBADMSG);
    scene->fake.sequence = "abc";
    assert_int_equal(commit(scene, "shift +1"), EBADMSG);
    scene->request.monotonic = true;
    assert_int_equal(commit(scene, "42"), EBADMSG);
}

/* For the first step NULL is allowed too, with no callback. */
static void assert_out_of_memory(struct scene *scene, const char *text, const char *operation)
{
    scene->fake.out_of_memory = operation;
    reply_release(&scene->reply);
    if (start(scene, text)) {
        run_until(scene->loop, &scene->reply);
        assert_int_equal(scene->reply.error.code, ENOMEM);
    } else {
        run_for(scene->loop, 1);
        assert_int_equal(scene->reply.count, 0);
    }
}

static void no_memory_for_any_step_is_enomem(void **state)
{
    struct scene *scene = *state;

    assert_out_of_memory(scene, "42", "commit");
    assert_out_of_memory(scene, "latest", "locate");
    assert_out_of_memory(scene, "latest", "commit");
    assert_out_of_memory(scene, "shift +1", "get");
    assert_out_of_memory(scene, "earliest", "delete");
    scene->fake.strict = true;
    scene->fake.earliest = "10";
    assert_out_of_memory(scene, "earliest", "delete");
    scene->request.monotonic = true;
    assert_out_of_memory(scene, "42", "get");
}

/* Cancelling */

/* Answers `steps` calls, then cancels. False when the commit had ended before. */
static bool cancel_after(struct scene *scene, const char *text, unsigned steps)
{
    struct call *call = start(scene, text);

    assert_non_null(call);
    for (unsigned i = 0; i < steps && !scene->reply.count && !TAILQ_EMPTY(&scene->fake.calls); i++)
        fake_answer_next(&scene->fake);
    if (scene->reply.count)
        return false;
    call_cancel(call);
    assert_true(TAILQ_EMPTY(&scene->fake.calls));
    run_for(scene->loop, 1);
    assert_int_equal(scene->reply.count, 0);
    return true;
}

static unsigned cancel_at_each_step(struct scene *scene, const char *text)
{
    unsigned steps = 0;

    scene->fake.manual = true;
    while (cancel_after(scene, text, steps)) {
        assert_true(++steps < 10);
        scene->fake.sequence = "40";
    }
    reply_release(&scene->reply);
    scene->fake.sequence = "40";
    return steps;
}

static void a_commit_can_be_cancelled_at_each_step(void **state)
{
    struct scene *scene = *state;

    scene->fake.sequence = "40";
    assert_int_equal(cancel_at_each_step(scene, "42"), 1);
    assert_int_equal(cancel_at_each_step(scene, "latest"), 2);
    assert_int_equal(cancel_at_each_step(scene, "earliest"), 2);
    assert_int_equal(cancel_at_each_step(scene, "shift +1"), 2);
    scene->request.clamp = scene->fake.ranged = true;
    assert_int_equal(cancel_at_each_step(scene, "999"), 4);
    scene->request.monotonic = true;
    assert_int_equal(cancel_at_each_step(scene, "999"), 5);
    scene->request.clamp = scene->request.monotonic = false;
    refused_before_the_oldest(scene);
    scene->fake.since = "10";
    assert_int_equal(cancel_at_each_step(scene, "@1h"), 4);
}

static void an_error_that_is_about_to_be_told_can_be_cancelled(void **state)
{
    struct scene *scene = *state;

    call_cancel(start(scene, "abc"));
    run_for(scene->loop, 1);
    assert_int_equal(scene->reply.count, 0);
}

static void nothing_is_sent_before_all_is_prepared(void **state)
{
    struct scene *scene = *state;
    struct preparation preparation;

    assert_non_null(start_prepared(scene, &preparation, "42"));
    assert_true(preparation.begun);
    assert_string_equal(preparation.sequence, "42");
    assert_log(scene, "");
    operation_end(&preparation.operation, NULL, &no_answer);
    run_until(scene->loop, &scene->reply);
    assert_log(scene, "commit=42");
    assert_string_equal(scene->reply.state.sequence, "42");
}

static void what_cannot_be_prepared_is_not_sent(void **state)
{
    struct scene *scene = *state;
    struct preparation preparation;
    struct error error;
    struct call *call;

    assert_non_null(start_prepared(scene, &preparation, "42"));
    error_set(&error, ENOSPC, "no room");
    operation_end(&preparation.operation, &error, &no_answer);
    run_until(scene->loop, &scene->reply);
    assert_int_equal(scene->reply.error.code, ENOSPC);
    assert_log(scene, "");
    /* Nor is it when it is given up meanwhile. */
    call = start_prepared(scene, &preparation, "42");
    assert_non_null(call);
    assert_false(call_cancel(call));
    assert_log(scene, "");
}

static void a_position_that_is_none_deletes(void **state)
{
    struct scene *scene = *state;
    struct preparation preparation;

    scene->request.position = (struct position){.kind = POSITION_NOTHING};
    scene->request.expected = scene->fake.sequence = "41";
    assert_non_null(start_prepared(scene, &preparation, NULL));
    run_until_begun(scene, &preparation);
    assert_string_equal(preparation.sequence, "none");
    assert_log(scene, "get");
    operation_end(&preparation.operation, NULL, &no_answer);
    run_until(scene->loop, &scene->reply);
    assert_log(scene, "get delete");
    assert_null(scene->reply.state.sequence);
}

static void no_deletion_where_something_else_is_committed_or_none_can_be(void **state)
{
    struct scene *scene = *state;
    struct preparation preparation;

    scene->request.position = (struct position){.kind = POSITION_NOTHING};
    scene->request.expected = "41";
    scene->fake.sequence = "43";
    assert_non_null(start_prepared(scene, &preparation, NULL));
    run_until(scene->loop, &scene->reply);
    assert_int_equal(scene->reply.error.code, ESTALE);
    reply_release(&scene->reply);
    scene->request.expected = NULL;
    scene->request.monotonic = true;
    assert_non_null(start_prepared(scene, &preparation, NULL));
    run_until(scene->loop, &scene->reply);
    assert_int_equal(scene->reply.error.code, EPERM);
    reply_release(&scene->reply);
    scene->request.monotonic = false;
    scene->fake.backend.abilities &= ~(unsigned)CAN_DELETE_CHECKPOINT;
    assert_non_null(start_prepared(scene, &preparation, NULL));
    run_until(scene->loop, &scene->reply);
    assert_int_equal(scene->reply.error.code, EOPNOTSUPP);
    assert_false(preparation.begun);
    assert_string_equal(scene->fake.sequence, "43");
}

static void what_must_be_read_and_cannot_be_stops_the_commit(void **state)
{
    struct scene *scene = *state;

    scene->request.must_read = true;
    scene->fake.failing = "get";
    scene->fake.failure = EIO;
    assert_int_equal(commit(scene, "42"), EIO);
    assert_log(scene, "get");
    scene->fake.failure = ENOENT;
    assert_int_equal(commit(scene, "42"), ENOENT);
    scene->request.app_may_lack = true;
    assert_int_equal(commit(scene, "42"), 0);
    assert_log(scene, "get commit=42");
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_sequence_number_costs_one_request),
        SCENE(the_number_is_sent_in_the_form_of_the_service),
        SCENE(metadata_and_the_wish_to_make_a_partition_are_passed_on),
        SCENE(arguments_are_copied),
        SCENE(other_positions_are_located_first),
        SCENE(checkpoints_that_are_next_are_not_one_less),
        SCENE(numbers_that_fit_no_integer_are_exact),
        SCENE(a_shift_goes_from_what_is_committed),
        SCENE(a_shift_of_nothing_is_enoent),
        SCENE(a_shift_below_0_is_erange),
        SCENE(a_shift_beyond_all_numbers_is_erange),
        SCENE(the_present_position_is_committed_again_with_metadata),
        SCENE(earliest_on_record_0_deletes_the_checkpoint),
        SCENE(earliest_on_record_0_without_a_checkpoint_succeeds),
        SCENE(earliest_on_record_0_of_an_app_that_has_gone_fails),
        SCENE(a_deleted_checkpoint_cannot_carry_metadata),
        SCENE(without_deletion_earliest_on_record_0_is_erange),
        SCENE(a_deletion_that_fails_is_told),
        SCENE(earliest_that_no_number_says_deletes_the_checkpoint),
        SCENE(a_time_before_all_that_is_kept_deletes_the_checkpoint),
        SCENE(latest_of_an_emptied_partition_deletes_the_checkpoint),
        SCENE(a_record_that_has_expired_meanwhile_deletes_the_checkpoint),
        SCENE(what_is_refused_inside_the_range_is_erange),
        SCENE(what_cannot_be_deleted_is_erange),
        SCENE(clamp_deletes_for_what_names_the_oldest_record),
        SCENE(clamp_moves_a_number_to_the_oldest_that_is_taken),
        SCENE(clamp_moves_a_shift_to_record_0_rather_than_to_none),
        SCENE(clamp_ends_where_no_number_is_taken),
        SCENE(out_of_range_is_erange_without_clamp),
        SCENE(clamp_moves_a_position_to_the_nearest_inside),
        SCENE(clamp_with_checkpoints_that_are_next),
        SCENE(clamp_where_the_service_takes_any_number),
        SCENE(a_decimal_is_looked_at_where_the_service_does_not),
        SCENE(nothing_but_a_decimal_is_looked_at),
        SCENE(clamp_looks_at_a_decimal_once),
        SCENE(what_is_no_number_cannot_be_compared),
        SCENE(clamp_takes_numbers_that_the_service_cannot_hold),
        SCENE(clamp_takes_shifts_below_0),
        SCENE(clamp_mends_nothing_but_a_range),
        SCENE(clamp_tries_once),
        SCENE(nothing_is_sent_before_all_is_prepared),
        SCENE(what_cannot_be_prepared_is_not_sent),
        SCENE(a_position_that_is_none_deletes),
        SCENE(no_deletion_where_something_else_is_committed_or_none_can_be),
        SCENE(what_must_be_read_and_cannot_be_stops_the_commit),
        SCENE(monotonic_refuses_to_go_back),
        SCENE(monotonic_lets_forward_and_stay),
        SCENE(monotonic_is_not_got_round_by_clamping_a_shift),
        SCENE(monotonic_is_not_got_round_by_clamping_a_number),
        SCENE(a_shift_that_met_another_commit_is_worked_out_anew),
        SCENE(a_number_does_not_depend_on_what_is_committed),
        SCENE(without_comparing_another_commit_is_not_noticed),
        SCENE(monotonic_sees_a_commit_in_between),
        SCENE(a_clamped_commit_that_met_another_is_clamped_anew),
        SCENE(a_commit_that_is_always_met_ends_at_its_deadline),
        SCENE(what_is_expected_lets_the_commit_through),
        SCENE(what_is_not_expected_changes_nothing),
        SCENE(a_commit_in_between_is_not_expected),
        SCENE(what_cannot_be_compared_is_not_sent),
        SCENE(a_failure_of_any_step_is_told),
        SCENE(a_sequence_that_the_service_does_not_know_is_einval),
        SCENE(an_answer_that_is_no_number_is_ebadmsg),
        SCENE(no_memory_for_any_step_is_enomem),
        SCENE(a_commit_can_be_cancelled_at_each_step),
        SCENE(an_error_that_is_about_to_be_told_can_be_cancelled),
    };

    return cmocka_run_group_tests_name("commit", tests, NULL, NULL);
}
