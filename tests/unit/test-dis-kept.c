#include "test.h"

#include "api/dis/kept.h"

static struct dis_kept kept;

static int begin(void **state)
{
    (void)state;
    dis_kept_init(&kept);
    return 0;
}

static int end(void **state)
{
    (void)state;
    dis_kept_clear(&kept);
    assert_int_equal(kept.count, 0);
    return 0;
}

static void put(const char *stream, uint32_t partition, const char *next, const char *cursor,
                int64_t now)
{
    dis_kept_put(&kept, &(struct dis_place){stream, partition, next},
                 &(struct dis_kept_item){.cursor = cursor}, now);
}

static void check(const char *stream, uint32_t partition, const char *next, int64_t now,
                  const char *cursor)
{
    struct dis_kept_item found =
        dis_kept_find(&kept, &(struct dis_place){stream, partition, next}, now);

    assert_int_equal(found.cursor != NULL, cursor != NULL);
    if (cursor)
        assert_string_equal(found.cursor, cursor);
}

TEST(a_cursor_is_of_its_place)
{
    put("s", 1, "5", "c", 0);
    check("t", 1, "5", 0, NULL);
    check("s", 2, "5", 0, NULL);
    check("s", 1, "6", 0, NULL);
    check("s", 1, "5", 0, "c");
}

TEST(a_cursor_is_found_again)
{
    put("s", 1, "5", "c", 0);
    check("s", 1, "5", 0, "c");
    check("s", 1, "5", DIS_KEPT_MS - 1, "c");
}

TEST(a_place_has_its_latest_cursor)
{
    put("s", 1, "5", "old", 0);
    put("s", 1, "5", "new", 1);
    assert_int_equal(kept.count, 1);
    check("s", 1, "5", 1, "new");
}

TEST(an_old_cursor_is_none)
{
    put("s", 1, "5", "c", 1000);
    check("s", 1, "5", 1000 + DIS_KEPT_MS, NULL);
    put("s", 1, "5", "c", 1000);
    check("s", 1, "5", 999 + DIS_KEPT_MS, "c");
}

TEST(old_cursors_take_no_memory)
{
    for (uint32_t i = 0; i < 100; i++)
        put("s", i, "5", "c", 0);
    put("s", 200, "5", "c", DIS_KEPT_MS);
    assert_int_equal(kept.count, 1);
}

TEST(for_one_too_many_the_oldest_goes)
{
    for (uint32_t i = 0; i <= DIS_KEPT_MAX; i++)
        put("s", i, "5", "c", i);
    assert_int_equal(kept.count, DIS_KEPT_MAX);
    check("s", 0, "5", DIS_KEPT_MAX, NULL);
    check("s", 1, "5", DIS_KEPT_MAX, "c");
    check("s", DIS_KEPT_MAX, "5", DIS_KEPT_MAX, "c");
}

TEST(a_place_without_a_cursor_may_have_much_behind_it)
{
    const struct dis_place place = {"s", 1, "5"};

    dis_kept_put(&kept, &place, &(struct dis_kept_item){.is_behind = true}, 0);
    assert_true(dis_kept_find(&kept, &place, 0).is_behind);
    assert_null(dis_kept_find(&kept, &place, 0).cursor);
    put("s", 1, "5", "c", 0);
    assert_false(dis_kept_find(&kept, &place, 0).is_behind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_cursor_is_of_its_place, begin, end),
        cmocka_unit_test_setup_teardown(a_cursor_is_found_again, begin, end),
        cmocka_unit_test_setup_teardown(a_place_has_its_latest_cursor, begin, end),
        cmocka_unit_test_setup_teardown(an_old_cursor_is_none, begin, end),
        cmocka_unit_test_setup_teardown(old_cursors_take_no_memory, begin, end),
        cmocka_unit_test_setup_teardown(a_place_without_a_cursor_may_have_much_behind_it, begin,
                                        end),
        cmocka_unit_test_setup_teardown(for_one_too_many_the_oldest_goes, begin, end),
    };

    return cmocka_run_group_tests_name("dis-kept", tests, NULL, NULL);
}
