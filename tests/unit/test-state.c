#include "made.h"
#include "test.h"

#include "api/state.h"
#include "base/when.h"

#define MANY 100000
#define SOME 20000

static void assert_same_text(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a)
        assert_string_equal(a, b);
}

static void assert_same(const struct state *a, const struct state *b)
{
    assert_int_equal(a->partition, b->partition);
    assert_int_equal(a->has_no_end, b->has_no_end);
    assert_int_equal(a->is_closed, b->is_closed);
    assert_int_equal(a->went_back, b->went_back);
    assert_true(a->committed == b->committed && a->seen == b->seen);
    assert_same_text(a->sequence, b->sequence);
    assert_same_text(a->metadata, b->metadata);
    assert_same_text(a->earliest, b->earliest);
    assert_same_text(a->latest, b->latest);
    assert_same_text(a->status, b->status);
    assert_same_text(a->consumer, b->consumer);
}

/* Puts a partition with a sequence number of its own. */
static void put_number(struct table *table, uint32_t partition, unsigned number)
{
    char sequence[16];
    struct state state = {.partition = partition,
                          .committed = WHEN_UNKNOWN,
                          .sequence = sequence,
                          .earliest = "0",
                          .latest = "1000000"};

    snprintf(sequence, sizeof(sequence), "%u", number);
    if (table_put(table, &state))
        fail_msg("partition %u does not fit", partition);
}

static void assert_number(const struct table *table, uint32_t partition, unsigned number)
{
    char sequence[16];
    struct state state;

    snprintf(sequence, sizeof(sequence), "%u", number);
    assert_int_equal(table_find(table, partition, &state), 0);
    assert_int_equal(state.partition, partition);
    assert_string_equal(state.sequence, sequence);
    assert_string_equal(state.latest, "1000000");
    assert_null(state.metadata);
}

TEST(a_new_table_is_empty)
{
    struct table *table = make_table();
    struct state state;

    assert_int_equal(table_count(table), 0);
    assert_int_equal(table_find(table, 0, &state), -ENOENT);
    table_drop(table);
    table_drop(NULL);
}

TEST(all_that_is_known_comes_back)
{
    static const struct state whole = {.partition = 7,
                                       .has_no_end = true,
                                       .is_closed = true,
                                       .went_back = true,
                                       .committed = 1795248000000000000,
                                       .seen = 1795248000000000001,
                                       .sequence = "41",
                                       .metadata = "caf\xc3\xa9\nline",
                                       .earliest = "0",
                                       .latest = "100",
                                       .status = "ACTIVE",
                                       .consumer = "consumer-1"};
    struct table *table = make_table();
    struct state state;

    assert_int_equal(table_put(table, &whole), 0);
    assert_int_equal(table_find(table, 7, &state), 0);
    assert_same(&state, &whole);
    table_at(table, 0, &state);
    assert_same(&state, &whole);
    table_drop(table);
}

TEST(each_text_may_be_absent_present_or_empty)
{
    for (unsigned bits = 0; bits < 729; bits++) {
        static const char *const texts[] = {NULL, "", "x"};
        const struct state given = {.partition = bits,
                                    .committed = bits % 2 ? WHEN_UNKNOWN : 0,
                                    .seen = bits % 5,
                                    .sequence = texts[bits % 3],
                                    .metadata = texts[bits / 3 % 3],
                                    .earliest = texts[bits / 9 % 3],
                                    .latest = texts[bits / 27 % 3],
                                    .status = texts[bits / 81 % 3],
                                    .consumer = texts[bits / 243 % 3]};
        struct table *table = make_table();
        struct state state;

        assert_int_equal(table_put(table, &given), 0);
        assert_int_equal(table_find(table, bits, &state), 0);
        assert_same(&state, &given);
        table_drop(table);
    }
}

TEST(the_table_has_copies)
{
    char sequence[] = "41";
    const struct state given = {.committed = WHEN_UNKNOWN, .sequence = sequence};
    struct table *table = make_table();
    struct state state;

    assert_int_equal(table_put(table, &given), 0);
    sequence[0] = 'X';
    assert_int_equal(table_find(table, 0, &state), 0);
    assert_string_equal(state.sequence, "41");
    table_drop(table);
}

static void assert_many(const struct table *table, uint32_t count)
{
    assert_int_equal(table_count(table), count);
    for (uint32_t i = 0; i < count; i++) {
        struct state state;

        table_at(table, i, &state);
        assert_int_equal(state.partition, i * 3);
        assert_number(table, i * 3, i);
    }
}

TEST(a_hundred_thousand_partitions_take_some_3_megabytes)
{
    struct table *table = make_table();
    struct state state;

    for (uint32_t i = 0; i < MANY; i++)
        put_number(table, i * 3, i);
    assert_many(table, MANY);
    assert_int_equal(table_find(table, 1, &state), -ENOENT);
    assert_int_equal(table_find(table, MANY * 3, &state), -ENOENT);
    assert_int_equal(table_find(table, UINT32_MAX, &state), -ENOENT);
    assert_true(table_size(table) < 4500000);
    table_drop(table);
}

TEST(the_order_is_by_partition_whatever_the_order_of_insertion)
{
    struct table *table = make_table();
    uint32_t next = 0;

    for (uint32_t i = 0; i < SOME; i++) {
        put_number(table, next * 3, next);
        next = (next + 7919) % SOME; /* prime to SOME: visits all */
    }
    assert_many(table, SOME);
    table_drop(table);
}

TEST(replacing_keeps_the_count)
{
    struct table *table = make_table();

    for (unsigned round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < 100; i++)
            put_number(table, i, i + round * 1000);
    }
    assert_int_equal(table_count(table), 100);
    for (uint32_t i = 0; i < 100; i++)
        assert_number(table, i, i + 2000);
    table_drop(table);
}

TEST(what_was_replaced_does_not_pile_up)
{
    struct table *table = make_table();
    size_t size;

    for (uint32_t i = 0; i < 1000; i++)
        put_number(table, i, i);
    size = table_size(table);
    for (unsigned round = 0; round < 1000; round++) {
        for (uint32_t i = 0; i < 1000; i += 10)
            put_number(table, i, round);
    }
    assert_true(table_size(table) < 8 * size);
    for (uint32_t i = 0; i < 1000; i++)
        assert_number(table, i, i % 10 ? i : 999);
    table_drop(table);
}

TEST(a_replaced_state_keeps_nothing_of_the_old_one)
{
    static const struct state old = {.committed = 5, .sequence = "1", .consumer = "somebody"};
    static const struct state new = {.committed = WHEN_UNKNOWN, .latest = "9"};
    struct table *table = make_table();
    struct state state;

    assert_int_equal(table_put(table, &old), 0);
    assert_int_equal(table_put(table, &new), 0);
    assert_int_equal(table_find(table, 0, &state), 0);
    assert_same(&state, &new);
    table_drop(table);
}

TEST(a_table_lives_until_its_last_reference_is_dropped)
{
    struct table *table = make_table();

    put_number(table, 1, 1);
    assert_ptr_equal(table_hold(table), table);
    table_drop(table);
    assert_number(table, 1, 1);
    table_drop(table);
}

TEST(more_than_64_megabytes_are_efbig_and_change_nothing)
{
    size_t size = 20UL << 20;
    char *metadata = malloc(size + 1);
    struct state state = {.committed = WHEN_UNKNOWN, .metadata = metadata};
    struct table *table = make_table();

    assert_non_null(metadata);
    memset(metadata, 'a', size);
    metadata[size] = '\0';
    for (state.partition = 0; state.partition < 3; state.partition++)
        assert_int_equal(table_put(table, &state), 0);
    assert_int_equal(table_put(table, &state), -EFBIG);
    assert_int_equal(table_count(table), 3);
    put_number(table, 9, 9);
    assert_number(table, 9, 9);
    assert_int_equal(table_find(table, 2, &state), 0);
    assert_string_equal(state.metadata, metadata);
    table_drop(table);
    free(metadata);
}

TEST(tables_are_compared_by_their_checkpoints)
{
    const struct state none = {.partition = 7, .committed = WHEN_UNKNOWN};
    const struct state none_of_more = {
        .partition = 7, .committed = WHEN_UNKNOWN, .latest = "50", .status = "ACTIVE"};
    const struct state some = {.partition = 7, .committed = 1, .sequence = "4", .metadata = "a"};
    const struct state other = {.partition = 7, .committed = 1, .sequence = "4", .metadata = "b"};
    const struct state *states[] = {&none, &some, &other};
    const size_t count = sizeof(states) / sizeof(*states);
    struct table *a = make_table();
    struct table *b = make_table();

    assert_true(table_has_same(a, b));
    put_number(a, 1, 5);
    assert_false(table_has_same(a, b));
    put_number(b, 2, 5);
    assert_false(table_has_same(a, b));
    put_number(b, 1, 5);
    put_number(a, 2, 5);
    for (size_t i = 0; i < count * count; i++) {
        assert_int_equal(table_put(a, states[i / count]), 0);
        assert_int_equal(table_put(b, states[i % count]), 0);
        assert_int_equal(table_has_same(a, b), i / count == i % count);
    }
    assert_int_equal(table_put(a, &none), 0);
    assert_int_equal(table_put(b, &none_of_more), 0);
    assert_true(table_has_same(a, b));
    table_drop(a);
    table_drop(b);
}

TEST(a_million_partitions_are_the_most)
{
    static const struct state nothing = {.partition = 1000000, .committed = WHEN_UNKNOWN};
    struct table *table = make_table();
    struct state state;

    for (uint32_t i = 0; i < 1000000; i++) {
        const struct state given = {.partition = i, .committed = WHEN_UNKNOWN};

        if (table_put(table, &given))
            fail_msg("partition %u does not fit", i);
    }
    assert_int_equal(table_put(table, &nothing), -EFBIG);
    assert_int_equal(table_find(table, 1000000, &state), -ENOENT);
    assert_int_equal(table_find(table, 999999, &state), 0);
    put_number(table, 5, 5);
    assert_number(table, 5, 5);
    table_drop(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_table_is_empty),
        cmocka_unit_test(all_that_is_known_comes_back),
        cmocka_unit_test(each_text_may_be_absent_present_or_empty),
        cmocka_unit_test(the_table_has_copies),
        cmocka_unit_test(a_hundred_thousand_partitions_take_some_3_megabytes),
        cmocka_unit_test(the_order_is_by_partition_whatever_the_order_of_insertion),
        cmocka_unit_test(replacing_keeps_the_count),
        cmocka_unit_test(what_was_replaced_does_not_pile_up),
        cmocka_unit_test(a_replaced_state_keeps_nothing_of_the_old_one),
        cmocka_unit_test(a_table_lives_until_its_last_reference_is_dropped),
        cmocka_unit_test(more_than_64_megabytes_are_efbig_and_change_nothing),
        cmocka_unit_test(tables_are_compared_by_their_checkpoints),
        cmocka_unit_test(a_million_partitions_are_the_most),
    };

    return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
