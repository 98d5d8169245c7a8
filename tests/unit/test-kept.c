#include "test.h"

#include "base/loop.h"
#include "fs/kept.h"

static struct loop *loop;
static struct kept kept;

static int setup(void **state)
{
    (void)state;
    loop = loop_new();
    assert_non_null(loop);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    kept_release(&kept);
    loop_free(loop);
    return 0;
}

TEST(there_is_nothing_at_first)
{
    assert_false(kept_tell(&kept));
    assert_false(kept_take(&kept));
    assert_int_equal(kept.text.size, 0);
}

TEST(each_who_was_told_takes_it_once)
{
    assert_true(kept_put(&kept, loop, "page"));
    assert_string_equal(kept.text.data, "page");
    assert_true(kept_tell(&kept));
    assert_true(kept_take(&kept));
    assert_true(kept_take(&kept));
    assert_false(kept_take(&kept));
    assert_true(kept_tell(&kept));
    assert_true(kept_take(&kept));
}

TEST(the_next_one_takes_its_place)
{
    assert_true(kept_put(&kept, loop, "page"));
    assert_true(kept_put(&kept, loop, "another"));
    assert_string_equal(kept.text.data, "another");
    assert_true(kept_take(&kept));
    assert_false(kept_take(&kept));
}

/* Time goes by as the clock that it remembers goes back. */
TEST(an_old_one_is_not_told_of_and_soon_not_there)
{
    assert_true(kept_put(&kept, loop, "page"));
    kept.made -= KEPT_TOLD_MS + 1;
    assert_false(kept_tell(&kept));
    assert_true(kept_take(&kept));
    assert_true(kept_put(&kept, loop, "page"));
    kept.told -= KEPT_MS + 1;
    assert_false(kept_take(&kept));
}

#define SCENE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(there_is_nothing_at_first),
        SCENE(each_who_was_told_takes_it_once),
        SCENE(the_next_one_takes_its_place),
        SCENE(an_old_one_is_not_told_of_and_soon_not_there),
    };

    return cmocka_run_group_tests_name("kept", tests, NULL, NULL);
}
