/* When requests may go out. The clock is the tests' own. */
#include "test.h"

#include "api/http/gate.h"

#define MOST  512
#define NEVER INT64_MAX

static struct gate gate;
static int64_t now;

static int begin_gate(void **state)
{
    (void)state;
    gate = (struct gate){0};
    now = 100000;
    return 0;
}

static struct error error_of(int code)
{
    struct error error;

    error_set(&error, code, "it was %d", code);
    return error;
}

/* The errno of what asks now, or 0. */
static int refusal(void)
{
    const struct error *error = gate_error(&gate, ERRAND_GET_STATE, NEVER, now);

    return error ? error->code : 0;
}

/* How many of an errand may be under way at once. */
static unsigned width_for(enum errand errand)
{
    return gate_lets(&gate, errand, now) ? gate_width(&gate, MOST, now) : 0;
}

static unsigned width(void)
{
    return width_for(ERRAND_GET_STATE);
}

/* Begins a request now, which must be let out. */
static struct gate_pass sent_for(enum errand errand)
{
    struct gate_pass pass = {.errand = errand, .began = now};

    assert_null(gate_error(&gate, errand, NEVER, now));
    assert_true(width_for(errand) > 0);
    gate_sent(&gate, &pass, now);
    return pass;
}

static struct gate_pass sent(void)
{
    return sent_for(ERRAND_GET_STATE);
}

static void answer(struct gate_pass *pass)
{
    gate_answered(&gate, pass, now);
    gate_ended(&gate, pass);
}

static void answered(void)
{
    struct gate_pass pass = sent();

    answer(&pass);
}

static void fail_now(struct gate_pass *pass, enum gate_failure failure, int code)
{
    struct error error = error_of(code);

    gate_failed(&gate, pass, failure, &error, now);
    gate_ended(&gate, pass);
}

/* One that takes so many ms to fail. */
static void failed(enum gate_failure failure, int code, int64_t ms)
{
    struct gate_pass pass = sent();

    now += ms;
    fail_now(&pass, failure, code);
}

/* Answered as too many; whether it may be tried again. */
static bool throttle(struct gate_pass *pass, int64_t asked)
{
    struct error error = error_of(EBUSY);

    return gate_throttled(&gate, pass, asked, 0, &error, now);
}

static bool throttled(int64_t asked)
{
    struct gate_pass pass = sent();
    bool may_hope = throttle(&pass, asked);

    gate_ended(&gate, &pass);
    return may_hope;
}

TEST(one_at_a_time_until_it_answers)
{
    struct gate_pass first = sent();

    now += 20000;
    assert_int_equal(width(), 0);
    /* Others wait for it, as nothing is known. */
    assert_int_equal(refusal(), 0);
    assert_int_equal(gate_wait(&gate, ERRAND_GET_STATE, now), -1);
    assert_null(gate_reason(&gate, now));
    answer(&first);
    assert_int_equal(width(), MOST);
    gate_refused(&gate, now);
    first = sent();
    assert_int_equal(width(), 0);
    gate_ended(&gate, &first);
    assert_int_equal(width(), MOST);
}

TEST(what_cannot_be_reached_is_asked_once_a_second)
{
    answered();
    now++;
    failed(GATE_UNREACHABLE, ECONNREFUSED, 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(refusal(), ECONNREFUSED);
        now += 999;
        assert_int_equal(refusal(), ECONNREFUSED);
        now++;
        failed(GATE_UNREACHABLE, ECONNREFUSED, 0);
    }
    now += 1000;
    answered();
    assert_int_equal(refusal(), 0);
    assert_int_equal(width(), MOST);
}

TEST(a_first_silence_is_probed_at_once_and_then_closes)
{
    struct gate_pass probe;

    answered();
    now++;
    failed(GATE_SILENT, ETIMEDOUT, 30000);
    probe = sent();
    assert_int_equal(gate_patience(&gate, &probe, 30000), 2000);
    assert_int_equal(gate_patience(&gate, &probe, 1000), 1000);
    now += 2000;
    fail_now(&probe, GATE_SILENT, ETIMEDOUT);
    assert_int_equal(refusal(), ETIMEDOUT);
    now += 4999;
    assert_int_equal(refusal(), ETIMEDOUT);
    now++;
    probe = sent();
    assert_int_equal(gate_patience(&gate, &probe, 30000), 4000);
    answer(&probe);
    assert_int_equal(width(), MOST);
}

TEST(a_probe_is_given_more_time_each_time_and_never_more_than_it_has)
{
    int64_t patience = 0;
    int64_t before;

    failed(GATE_SILENT, ETIMEDOUT, 30000);
    for (int i = 0; i < 100; i++) {
        struct gate_pass probe;

        now += 5000;
        probe = sent();
        before = patience;
        patience = gate_patience(&gate, &probe, 40000);
        assert_true(patience >= before && patience <= 40000);
        now += patience;
        fail_now(&probe, GATE_SILENT, ETIMEDOUT);
    }
    assert_true(patience > 30000);
}

TEST(others_wait_for_a_probe_for_a_second_only)
{
    struct gate_pass probe;

    failed(GATE_SILENT, ETIMEDOUT, 30000);
    now += 10;
    probe = sent();
    now += 10;
    assert_int_equal(width(), 0);
    assert_int_equal(refusal(), 0);
    assert_int_equal(gate_wait(&gate, ERRAND_GET_STATE, now), 990);
    assert_int_equal(gate_reason(&gate, now)->code, ETIMEDOUT);
    now += 990;
    assert_int_equal(refusal(), ETIMEDOUT);
    assert_int_equal(gate_wait(&gate, ERRAND_GET_STATE, now), 0);
    answer(&probe);
    assert_int_equal(refusal(), 0);
}

TEST(each_errand_has_a_probe_of_its_own)
{
    struct gate_pass read = sent_for(ERRAND_GET_CHECKPOINT);
    struct gate_pass commit = sent_for(ERRAND_COMMIT);

    assert_int_equal(width_for(ERRAND_GET_CHECKPOINT), 0);
    assert_int_equal(width_for(ERRAND_COMMIT), 0);
    gate_ended(&gate, &commit);
    assert_int_equal(width_for(ERRAND_GET_CHECKPOINT), 0);
    assert_int_equal(width_for(ERRAND_COMMIT), MOST);
    answer(&read);
    assert_int_equal(width_for(ERRAND_GET_CHECKPOINT), MOST);
}

TEST(silence_closes_for_its_errand_alone)
{
    struct gate_pass probe;
    struct gate_pass commit;

    failed(GATE_SILENT, ETIMEDOUT, 30000);
    probe = sent();
    now += 2000;
    assert_int_equal(refusal(), ETIMEDOUT);
    commit = sent_for(ERRAND_COMMIT);
    /* Who waits for the other probe waits for no longer than for one. */
    assert_int_equal(gate_wait(&gate, ERRAND_COMMIT, now), 1000);
    fail_now(&probe, GATE_SILENT, ETIMEDOUT);
    assert_int_equal(refusal(), ETIMEDOUT);
    assert_null(gate_error(&gate, ERRAND_COMMIT, NEVER, now));
    answer(&commit);
    assert_int_equal(refusal(), 0);
    assert_int_equal(width(), MOST);
}

TEST(what_cannot_be_reached_is_closed_to_all_errands)
{
    failed(GATE_UNREACHABLE, ECONNREFUSED, 0);
    assert_int_equal(width_for(ERRAND_COMMIT), 0);
    assert_int_equal(gate_error(&gate, ERRAND_COMMIT, NEVER, now)->code, ECONNREFUSED);
}

TEST(one_that_hangs_among_many_that_are_answered_closes_nothing)
{
    struct gate_pass slow;

    answered();
    now++;
    slow = sent();
    now += 100;
    answered();
    now += 29900;
    fail_now(&slow, GATE_SILENT, ETIMEDOUT);
    assert_false(gate_is_out(&gate, now));
    assert_int_equal(width(), MOST);
}

TEST(a_request_that_was_given_up_says_nothing)
{
    struct gate_pass given_up;

    answered();
    now++;
    given_up = sent();
    now += 30000;
    gate_ended(&gate, &given_up);
    assert_int_equal(width(), MOST);
}

TEST(who_has_less_time_than_others_learns_nothing)
{
    static const enum gate_failure failures[] = {GATE_SILENT, GATE_BUSY};

    answered();
    now++;
    for (size_t i = 0; i < 20; i++) {
        struct gate_pass pass = sent();

        pass.is_short = true;
        now += 1000;
        fail_now(&pass, failures[i % COUNT(failures)], ETIMEDOUT);
        assert_false(gate_is_out(&gate, now));
        assert_int_equal(width(), MOST);
    }
}

TEST(who_has_little_time_learns_all_the_same_that_nothing_can_be_reached)
{
    struct gate_pass pass;

    answered();
    now++;
    pass = sent();
    pass.is_short = true;
    fail_now(&pass, GATE_UNREACHABLE, ECONNREFUSED);
    assert_true(gate_is_out(&gate, now));
}

TEST(a_new_beginning_keeps_that_there_was_an_answer_and_the_probe_under_way)
{
    struct gate_pass probe;

    answered();
    now++;
    failed(GATE_UNREACHABLE, ECONNREFUSED, 0);
    now = gate.until;
    probe = sent();
    gate_reset(&gate);
    assert_false(gate_is_out(&gate, now));
    assert_true(gate.answered);
    assert_int_equal(width(), 0);
    gate_ended(&gate, &probe);
    assert_int_equal(width(), MOST);
}

TEST(a_probe_that_had_no_time_says_nothing)
{
    failed(GATE_SILENT, ETIMEDOUT, 30000);
    failed(GATE_SILENT, ETIMEDOUT, 499);
    assert_int_equal(gate.failures, 1);
    failed(GATE_SILENT, ETIMEDOUT, 500);
    assert_int_equal(gate.failures, 2);
}

TEST(those_that_fail_with_the_first_prolong_nothing)
{
    struct gate_pass passes[10];

    answered();
    now++;
    for (size_t i = 0; i < COUNT(passes); i++)
        passes[i] = sent();
    now += 30000;
    for (size_t i = 0; i < COUNT(passes); i++, now++)
        fail_now(&passes[i], GATE_SILENT, ETIMEDOUT);
    assert_int_equal(gate.failures, 1);
    assert_int_equal(refusal(), 0);
}

TEST(an_answer_that_comes_late_ends_the_outage)
{
    struct gate_pass first;
    struct gate_pass late;

    answered();
    now++;
    first = sent();
    late = sent();
    now += 3000;
    fail_now(&first, GATE_UNREACHABLE, ECONNRESET);
    assert_int_equal(refusal(), ECONNRESET);
    answer(&late);
    assert_int_equal(refusal(), 0);
    assert_int_equal(width(), MOST);
}

TEST(an_outage_is_forgotten_after_a_minute)
{
    struct gate_pass pass;

    failed(GATE_SILENT, ETIMEDOUT, 30000);
    now += 60000;
    assert_false(gate_is_out(&gate, now));
    assert_null(gate_reason(&gate, now));
    pass = sent();
    assert_int_equal(gate_patience(&gate, &pass, 30000), 30000);
    now += 30000;
    assert_int_equal(refusal(), 0);
    fail_now(&pass, GATE_SILENT, ETIMEDOUT);
    assert_int_equal(gate.failures, 1);
}

TEST(what_others_are_told_is_no_doubt_and_no_request_of_theirs)
{
    struct error error = error_of(ECONNREFUSED);
    struct gate_pass pass = sent();

    error.is_unknown = true;
    snprintf(error.request_id, sizeof(error.request_id), "1234");
    gate_failed(&gate, &pass, GATE_UNREACHABLE, &error, now);
    assert_int_equal(refusal(), ECONNREFUSED);
    assert_false(gate.reason.is_unknown);
    assert_string_equal(gate.reason.request_id, "");
    assert_non_null(strstr(gate.reason.message, "it was 111"));
}

TEST(a_lock_out_is_opened_by_nothing)
{
    struct error error = error_of(EACCES);
    struct gate_pass pass;
    int64_t begin;

    answered();
    now++;
    begin = now;
    pass = sent();
    gate_lock(&gate, &error, begin + 5000);
    /* What was under way when it closed changes nothing. */
    answer(&pass);
    assert_int_equal(refusal(), EACCES);
    fail_now(&pass, GATE_UNREACHABLE, ECONNREFUSED);
    throttle(&pass, 0);
    now = begin + 4999;
    assert_int_equal(refusal(), EACCES);
    now++;
    assert_int_equal(refusal(), 0);
    failed(GATE_UNREACHABLE, ECONNREFUSED, 0);
    assert_int_equal(refusal(), ECONNREFUSED);
}

/* The pace */

TEST(all_wait_after_too_many_requests)
{
    answered();
    now++;
    assert_true(throttled(0));
    assert_int_equal(width(), 0);
    assert_int_equal(gate_wait(&gate, ERRAND_GET_STATE, now), 100);
    assert_int_equal(gate_pause(&gate, now), 100);
    assert_int_equal(refusal(), 0);
    /* Who cannot wait as long is told so at once. */
    assert_int_equal(gate_error(&gate, ERRAND_GET_STATE, now + 100, now)->code, EBUSY);
    assert_null(gate_error(&gate, ERRAND_GET_STATE, now + 101, now));
    now += 100;
    assert_int_equal(width(), 64);
    assert_true(throttled(0));
    assert_int_equal(gate_pause(&gate, now), 200);
    now += 200;
    assert_int_equal(width(), 32);
}

TEST(the_pace_has_a_limit_and_comes_back)
{
    answered();
    for (int i = 0; i < 100; i++) {
        now += gate_pause(&gate, now) + 1;
        assert_true(throttled(0));
        assert_true(gate_pause(&gate, now) <= 5000);
    }
    assert_int_equal(gate_pause(&gate, now), 5000);
    now += 5000;
    assert_int_equal(width(), 1);
    answered();
    assert_int_equal(width(), 2);
    for (unsigned i = 0; i < MOST - 3; i++)
        answered();
    assert_int_equal(width(), MOST - 1);
    answered();
    answered();
    assert_int_equal(width(), MOST);
}

TEST(many_that_are_refused_together_are_one_step)
{
    struct gate_pass passes[10];

    answered();
    now++;
    for (size_t i = 0; i < COUNT(passes); i++)
        passes[i] = sent();
    for (size_t i = 0; i < COUNT(passes); i++, now++)
        throttle(&passes[i], 0);
    assert_int_equal(gate.slow, 1);
    /* And one of them that was answered takes nothing back. */
    answer(&passes[0]);
    assert_int_equal(gate.slow, 1);
}

TEST(all_wait_for_what_one_is_asked_to_and_a_minute_at_most)
{
    answered();
    now++;
    throttled(3000);
    assert_int_equal(gate_pause(&gate, now), 3000);
    now += 3000;
    assert_int_equal(width(), 64);
    throttled(86400000);
    assert_int_equal(gate_pause(&gate, now), 60000);
}

TEST(an_old_pace_is_forgotten)
{
    answered();
    for (int i = 0; i < 10; i++) {
        now += gate_pause(&gate, now) + 1;
        throttled(0);
    }
    now += 100000;
    throttled(0);
    assert_int_equal(gate_pause(&gate, now), 100);
    now += 100;
    assert_int_equal(width(), 64);
}

TEST(all_may_go_again_a_minute_after_the_last_step)
{
    answered();
    for (int i = 0; i < 10; i++) {
        now += gate_pause(&gate, now) + 1;
        throttled(0);
    }
    now += 59999;
    assert_int_equal(width(), 1);
    now++;
    assert_int_equal(width(), MOST);
    assert_null(gate_reason(&gate, now));
}

TEST(throttling_for_good_closes_and_is_probed_once)
{
    struct gate_pass pass;

    answered();
    now++;
    pass = sent();
    now += 16000;
    assert_true(throttle(&pass, 0));
    fail_now(&pass, GATE_BUSY, EBUSY);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(refusal(), EBUSY);
        now += 4999;
        assert_int_equal(refusal(), EBUSY);
        now++;
        /* The probe is not tried again. */
        pass = sent();
        now += 20;
        assert_false(throttle(&pass, 0));
        fail_now(&pass, GATE_BUSY, EBUSY);
    }
    now += 5000;
    answered();
    assert_int_equal(refusal(), 0);
}

TEST(throttling_of_some_closes_nothing)
{
    struct gate_pass pass;

    answered();
    now++;
    pass = sent();
    now += 8000;
    answered();
    now += 8000;
    throttle(&pass, 0);
    fail_now(&pass, GATE_BUSY, EBUSY);
    assert_int_equal(refusal(), 0);
}

TEST(a_service_that_says_too_many_is_not_silent_any_more)
{
    failed(GATE_SILENT, ETIMEDOUT, 30000);
    assert_true(throttled(0));
    assert_false(gate_is_out(&gate, now));
    now += 100;
    assert_int_equal(width(), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_at_a_time_until_it_answers, begin_gate),
        cmocka_unit_test_setup(what_cannot_be_reached_is_asked_once_a_second, begin_gate),
        cmocka_unit_test_setup(a_first_silence_is_probed_at_once_and_then_closes, begin_gate),
        cmocka_unit_test_setup(a_probe_is_given_more_time_each_time_and_never_more_than_it_has,
                               begin_gate),
        cmocka_unit_test_setup(others_wait_for_a_probe_for_a_second_only, begin_gate),
        cmocka_unit_test_setup(each_errand_has_a_probe_of_its_own, begin_gate),
        cmocka_unit_test_setup(silence_closes_for_its_errand_alone, begin_gate),
        cmocka_unit_test_setup(what_cannot_be_reached_is_closed_to_all_errands, begin_gate),
        cmocka_unit_test_setup(one_that_hangs_among_many_that_are_answered_closes_nothing,
                               begin_gate),
        cmocka_unit_test_setup(a_request_that_was_given_up_says_nothing, begin_gate),
        cmocka_unit_test_setup(who_has_less_time_than_others_learns_nothing, begin_gate),
        cmocka_unit_test_setup(who_has_little_time_learns_all_the_same_that_nothing_can_be_reached,
                               begin_gate),
        cmocka_unit_test_setup(
            a_new_beginning_keeps_that_there_was_an_answer_and_the_probe_under_way, begin_gate),
        cmocka_unit_test_setup(a_probe_that_had_no_time_says_nothing, begin_gate),
        cmocka_unit_test_setup(those_that_fail_with_the_first_prolong_nothing, begin_gate),
        cmocka_unit_test_setup(an_answer_that_comes_late_ends_the_outage, begin_gate),
        cmocka_unit_test_setup(an_outage_is_forgotten_after_a_minute, begin_gate),
        cmocka_unit_test_setup(what_others_are_told_is_no_doubt_and_no_request_of_theirs,
                               begin_gate),
        cmocka_unit_test_setup(a_lock_out_is_opened_by_nothing, begin_gate),
        cmocka_unit_test_setup(all_wait_after_too_many_requests, begin_gate),
        cmocka_unit_test_setup(the_pace_has_a_limit_and_comes_back, begin_gate),
        cmocka_unit_test_setup(many_that_are_refused_together_are_one_step, begin_gate),
        cmocka_unit_test_setup(all_wait_for_what_one_is_asked_to_and_a_minute_at_most, begin_gate),
        cmocka_unit_test_setup(an_old_pace_is_forgotten, begin_gate),
        cmocka_unit_test_setup(all_may_go_again_a_minute_after_the_last_step, begin_gate),
        cmocka_unit_test_setup(throttling_for_good_closes_and_is_probed_once, begin_gate),
        cmocka_unit_test_setup(throttling_of_some_closes_nothing, begin_gate),
        cmocka_unit_test_setup(a_service_that_says_too_many_is_not_silent_any_more, begin_gate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
