#include "test.h"

#include "fs/once.h"

static struct once once;

static int setup(void **state)
{
    (void)state;
    once = (struct once){0};
    return 0;
}

TEST(a_text_is_new_once)
{
    assert_true(once_is_new(&once, "a"));
    assert_false(once_is_new(&once, "a"));
    assert_true(once_is_new(&once, ""));
    assert_true(once_is_new(&once, "b"));
    assert_false(once_is_new(&once, ""));
    assert_false(once_is_new(&once, "a"));
}

TEST(the_oldest_is_forgotten)
{
    char text[16];

    for (int i = 0; i <= ONCE_MAX; i++) {
        snprintf(text, sizeof(text), "%d", i);
        assert_true(once_is_new(&once, text));
    }
    assert_false(once_is_new(&once, "1"));
    assert_true(once_is_new(&once, "0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_text_is_new_once, setup),
        cmocka_unit_test_setup(the_oldest_is_forgotten, setup),
    };

    return cmocka_run_group_tests_name("once", tests, NULL, NULL);
}
