#include "test.h"

#include "fs/cuts.h"

static void test_none(void **state)
{
    struct cuts cuts = {0};

    (void)state;
    assert_int_equal(cuts_left(&cuts, 7, 42), 42);
}

static void test_smallest_is_left(void **state)
{
    struct cuts cuts = {0};

    (void)state;
    cuts_note(&cuts, 7, 5);
    assert_int_equal(cuts_left(&cuts, 7, 42), 5);
    assert_int_equal(cuts_left(&cuts, 7, 3), 3);
    assert_int_equal(cuts_left(&cuts, 8, 42), 42);
    /* made longer again it holds nothing more */
    cuts_note(&cuts, 7, 0);
    cuts_note(&cuts, 7, 9);
    assert_int_equal(cuts_left(&cuts, 7, 42), 0);
}

static void test_written_to(void **state)
{
    struct cuts cuts = {0};

    (void)state;
    cuts_note(&cuts, 7, 0);
    cuts_note(&cuts, 8, 0);
    cuts_forget(&cuts, 7);
    assert_int_equal(cuts_left(&cuts, 7, 42), 42);
    assert_int_equal(cuts_left(&cuts, 8, 42), 0);
}

static void test_youngest_are_kept(void **state)
{
    struct cuts cuts = {0};

    (void)state;
    for (uint64_t file = 1; file <= CUTS_MAX + 1; file++)
        cuts_note(&cuts, file, 0);
    assert_int_equal(cuts_left(&cuts, 1, 42), 42);
    for (uint64_t file = 2; file <= CUTS_MAX + 1; file++)
        assert_int_equal(cuts_left(&cuts, file, 42), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_smallest_is_left),
        cmocka_unit_test(test_written_to),
        cmocka_unit_test(test_youngest_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
