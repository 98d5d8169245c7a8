#include "test.h"

#include "fs/doubts.h"

static int setup(void **state)
{
    struct doubts *doubts = malloc(sizeof(*doubts));

    assert_non_null(doubts);
    *state = doubts;
    doubts_init(doubts);
    return 0;
}

static int teardown(void **state)
{
    struct doubts *doubts = *state;

    doubts_release(doubts);
    assert_true(TAILQ_EMPTY(&doubts->list));
    assert_int_equal(doubts->count, 0);
    free(doubts);
    return 0;
}

static void add(struct doubts *doubts, const char *app, const char *stream, int64_t partition)
{
    doubts_add(doubts, &(struct subject){app, stream, partition});
}

static bool has(const struct doubts *doubts, const char *app, const char *stream, int64_t partition)
{
    return doubts_has(doubts, &(struct subject){app, stream, partition});
}

static void forget(struct doubts *doubts, const char *app, const char *stream, int64_t partition)
{
    doubts_forget(doubts, &(struct subject){app, stream, partition});
    assert_false(has(doubts, app, stream, partition));
}

/* Doubts of billing/orders, of these partitions. */
static void add_many(struct doubts *doubts, int64_t first, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        add(doubts, "billing", "orders", first + i);
}

static void at_first_there_is_no_doubt(void **state)
{
    assert_false(has(*state, "billing", "orders", 0));
    forget(*state, "billing", "orders", 0);
}

static void a_doubt_is_there_until_it_is_forgotten(void **state)
{
    add(*state, "billing", "orders", 0);
    assert_true(has(*state, "billing", "orders", 0));
    assert_true(has(*state, "billing", "orders", 0));
    forget(*state, "billing", "orders", 0);
}

static void the_same_doubt_twice_is_one(void **state)
{
    struct doubts *doubts = *state;

    add(doubts, "billing", "orders", 0);
    add(doubts, "billing", "orders", 0);
    assert_int_equal(doubts->count, 1);
    forget(doubts, "billing", "orders", 0);
    assert_int_equal(doubts->count, 0);
}

static void a_doubt_can_come_again(void **state)
{
    for (int i = 0; i < 3; i++) {
        add(*state, "billing", "orders", 0);
        assert_true(has(*state, "billing", "orders", 0));
        forget(*state, "billing", "orders", 0);
    }
}

static void a_doubt_is_about_one_partition_of_one_app(void **state)
{
    static const struct subject others[] = {
        {"billing", "orders", 1},  {"billing", "order", 0},
        {"billing", "orderss", 0}, {"Billing", "orders", 0},
        {"", "orders", 0},         {"billing", "", 0},
        {"billingo", "rders", 0},  {"orders", "billing", 0},
        {"", "billingorders", 0},  {"audit", "orders", 0},
        {"billing", "orders", -1}, {"billing", "orders", INT64_C(1) << 32},
    };

    add(*state, "billing", "orders", 0);
    for (size_t i = 0; i < COUNT(others); i++)
        assert_false(doubts_has(*state, &others[i]));
    for (size_t i = 0; i < COUNT(others); i++)
        doubts_add(*state, &others[i]);
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_true(doubts_has(*state, &others[i]));
        doubts_forget(*state, &others[i]);
        assert_false(doubts_has(*state, &others[i]));
    }
    assert_true(has(*state, "billing", "orders", 0));
}

static void the_texts_are_copies(void **state)
{
    char app[] = "billing";
    char stream[] = "orders";

    add(*state, app, stream, 0);
    app[0] = stream[0] = 'x';
    assert_false(has(*state, app, stream, 0));
    assert_true(has(*state, "billing", "orders", 0));
}

static void names_may_be_as_long_as_names_are(void **state)
{
    char app[NAME_MAX_APP + 1];
    char stream[NAME_MAX_STREAM + 1];

    memset(app, 'a', NAME_MAX_APP);
    memset(stream, 'b', NAME_MAX_STREAM);
    app[NAME_MAX_APP] = stream[NAME_MAX_STREAM] = '\0';
    add(*state, app, stream, PARTITION_MAX);
    assert_false(has(*state, app + 1, stream, PARTITION_MAX));
    assert_true(has(*state, app, stream, PARTITION_MAX));
}

static void the_oldest_doubt_is_forgotten_when_there_are_too_many(void **state)
{
    struct doubts *doubts = *state;

    add_many(doubts, 0, DOUBTS_MAX + 2);
    assert_int_equal(doubts->count, DOUBTS_MAX);
    for (int64_t i = 0; i < DOUBTS_MAX + 2; i++)
        assert_int_equal(has(doubts, "billing", "orders", i), i >= 2);
}

static void a_doubt_that_comes_again_is_the_youngest(void **state)
{
    struct doubts *doubts = *state;

    add_many(doubts, 0, DOUBTS_MAX);
    add(doubts, "billing", "orders", 0);
    assert_int_equal(doubts->count, DOUBTS_MAX);
    assert_true(has(doubts, "billing", "orders", 1));
    add(doubts, "billing", "orders", DOUBTS_MAX);
    assert_false(has(doubts, "billing", "orders", 1));
    assert_true(has(doubts, "billing", "orders", 0));
    assert_true(has(doubts, "billing", "orders", 2));
}

static void what_was_forgotten_makes_room(void **state)
{
    struct doubts *doubts = *state;

    add_many(doubts, 0, DOUBTS_MAX);
    forget(doubts, "billing", "orders", 500);
    add(doubts, "billing", "orders", DOUBTS_MAX);
    assert_true(has(doubts, "billing", "orders", 0));
}

static void what_was_released_can_be_used_again(void **state)
{
    struct doubts *doubts = *state;

    add_many(doubts, 0, 3);
    doubts_release(doubts);
    assert_false(has(doubts, "billing", "orders", 0));
    add(doubts, "billing", "orders", 0);
    assert_true(has(doubts, "billing", "orders", 0));
}

#define SCENE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(at_first_there_is_no_doubt),
        SCENE(a_doubt_is_there_until_it_is_forgotten),
        SCENE(the_same_doubt_twice_is_one),
        SCENE(a_doubt_can_come_again),
        SCENE(a_doubt_is_about_one_partition_of_one_app),
        SCENE(the_texts_are_copies),
        SCENE(names_may_be_as_long_as_names_are),
        SCENE(the_oldest_doubt_is_forgotten_when_there_are_too_many),
        SCENE(a_doubt_that_comes_again_is_the_youngest),
        SCENE(what_was_forgotten_makes_room),
        SCENE(what_was_released_can_be_used_again),
    };

    return cmocka_run_group_tests_name("doubts", tests, NULL, NULL);
}
