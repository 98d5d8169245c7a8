#include "fake.h"

#include "api/lags.h"

static struct fake fake;
static struct loop *loop;
static struct reply reply;

static int setup(void **state)
{
    (void)state;
    loop = loop_new();
    assert_non_null(loop);
    fake_init(&fake, loop);
    fake.backend.states_lack_bounds = true;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    reply_release(&reply);
    fake_release(&fake);
    loop_free(loop);
    return 0;
}

static const struct state states[] = {
    {.partition = 0, .committed = 5, .sequence = "41", .metadata = "m"},
    {.partition = 1, .committed = WHEN_UNKNOWN},
    {.partition = 3, .committed = 6, .sequence = "7"},
};

static const struct state bounds[] = {
    {.partition = 0, .committed = WHEN_UNKNOWN, .earliest = "10", .latest = "100"},
    {.partition = 1, .committed = WHEN_UNKNOWN, .earliest = "0", .latest = "0", .is_closed = true},
    {.partition = 2, .committed = WHEN_UNKNOWN, .earliest = "5", .latest = "6", .status = "new"},
};

static void use_samples(void)
{
    fake.table = states;
    fake.table_size = COUNT(states);
    fake.bounds = bounds;
    fake.bounds_size = COUNT(bounds);
}

static struct call *ask_for_lags(void)
{
    struct ask ask;

    reply.loop = loop;
    ask = ask_into(&reply);
    return lags_get(&fake.backend, "billing", "orders", &ask);
}

static void get(void)
{
    assert_non_null(ask_for_lags());
    loop_run(loop);
    assert_int_equal(reply.count, 1);
}

static struct state told(uint32_t partition)
{
    struct state state = {0};

    assert_int_equal(reply.error.code, 0);
    assert_int_equal(table_find(reply.table, partition, &state), 0);
    return state;
}

TEST(a_backend_that_tells_all_is_asked_once)
{
    use_samples();
    fake.backend.states_lack_bounds = false;
    get();
    assert_string_equal(fake.log.data, "states=billing/orders");
    assert_string_equal(told(0).sequence, "41");
}

TEST(another_is_asked_for_the_bounds_afterwards)
{
    use_samples();
    get();
    assert_string_equal(fake.log.data, "states=billing/orders bounds=orders");
    assert_non_null(reply.table);
    assert_int_equal(table_count(reply.table), 4);
    assert_string_equal(told(0).sequence, "41");
    assert_string_equal(told(0).metadata, "m");
    assert_int_equal(told(0).committed, 5);
    assert_string_equal(told(0).earliest, "10");
    assert_string_equal(told(0).latest, "100");
    assert_false(told(0).is_closed);
    assert_true(told(1).is_closed);
    assert_null(told(1).sequence);
}

TEST(what_only_one_of_both_tells_is_there)
{
    use_samples();
    get();
    assert_null(told(2).sequence);
    assert_string_equal(told(2).latest, "6");
    assert_string_equal(told(2).status, "new");
    assert_string_equal(told(3).sequence, "7");
    assert_null(told(3).latest);
}

TEST(of_no_partition_no_bounds_are_asked_for)
{
    get();
    assert_string_equal(fake.log.data, "states=billing/orders");
    assert_int_equal(table_count(reply.table), 0);
}

TEST(a_failure_of_either_is_told)
{
    use_samples();
    fake.failing = "states";
    fake.failure = EACCES;
    get();
    assert_int_equal(reply.error.code, EACCES);
    reply_release(&reply);
    fake.failing = "bounds";
    fake.failure = EIO;
    get();
    assert_int_equal(reply.error.code, EIO);
}

TEST(a_backend_that_tells_no_bounds_tells_the_rest)
{
    use_samples();
    fake.failing = "bounds";
    fake.failure = EOPNOTSUPP;
    get();
    assert_string_equal(told(0).sequence, "41");
    assert_null(told(0).latest);
}

TEST(without_memory_for_a_step_it_fails)
{
    use_samples();
    fake.out_of_memory = "bounds";
    get();
    assert_int_equal(reply.error.code, ENOMEM);
    reply_release(&reply);
    fake.out_of_memory = "states";
    get();
    assert_int_equal(reply.error.code, ENOMEM);
}

TEST(it_can_be_given_up_at_each_step)
{
    use_samples();
    fake.manual = true;
    call_cancel(ask_for_lags());
    assert_int_equal(fake.cancelled, 1);
    struct call *call = ask_for_lags();
    fake_answer_next(&fake);
    assert_string_equal(fake.log.data, "states=billing/orders states=billing/orders bounds=orders");
    call_cancel(call);
    assert_int_equal(fake.cancelled, 2);
    assert_int_equal(reply.count, 0);
}

#define SCENE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_backend_that_tells_all_is_asked_once),
        SCENE(another_is_asked_for_the_bounds_afterwards),
        SCENE(what_only_one_of_both_tells_is_there),
        SCENE(of_no_partition_no_bounds_are_asked_for),
        SCENE(a_failure_of_either_is_told),
        SCENE(a_backend_that_tells_no_bounds_tells_the_rest),
        SCENE(without_memory_for_a_step_it_fails),
        SCENE(it_can_be_given_up_at_each_step),
    };

    return cmocka_run_group_tests_name("lags", tests, NULL, NULL);
}
