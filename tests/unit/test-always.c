#include "test.h"

#include "base/always.h"

static unsigned told;
static char last[200];

static void hear(void *user, const char *what)
{
    assert_ptr_equal(user, &told);
    told++;
    snprintf(last, sizeof(last), "%s", what);
}

TEST(what_holds_is_true_and_not_told)
{
    always_tell(hear, &told);
    told = 0;
    assert_true(ALWAYS(told == 0));
    assert_int_equal(told, 0);
}

TEST(what_does_not_hold_is_false_and_told_with_its_place)
{
    always_tell(hear, &told);
    told = 0;
    assert_false(ALWAYS(told == 1));
    assert_int_equal(told, 1);
    assert_non_null(strstr(last, "told == 1 does not hold ("));
    assert_non_null(strstr(last, "test-always.c:"));
}

TEST(nobody_need_be_told)
{
    always_tell(NULL, NULL);
    told = 0;
    assert_false(ALWAYS(told == 1));
    assert_int_equal(told, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_holds_is_true_and_not_told),
        cmocka_unit_test(what_does_not_hold_is_false_and_told_with_its_place),
        cmocka_unit_test(nobody_need_be_told),
    };

    return cmocka_run_group_tests_name("always", tests, NULL, NULL);
}
