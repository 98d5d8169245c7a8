#include "test.h"

#include <pwd.h>

#include "base/home.h"

static void check_path(const char *home, const char *expected)
{
    char *path;

    if (home)
        setenv("HOME", home, 1);
    else
        unsetenv("HOME");
    path = home_path(".config/file");
    assert_non_null(path);
    assert_string_equal(path, expected);
    free(path);
}

TEST(home_is_that_of_the_environment_or_of_the_user_database)
{
    const struct passwd *user = getpwuid(getuid());
    char expected[4096];

    snprintf(expected, sizeof(expected), "%s/.config/file", user ? user->pw_dir : "");
    check_path("/home/of mine", "/home/of mine/.config/file");
    check_path("", expected);
    check_path(NULL, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(home_is_that_of_the_environment_or_of_the_user_database),
    };

    return cmocka_run_group_tests_name("home", tests, NULL, NULL);
}
