#include "test.h"

#include "base/when.h"
#include "fs/lines.h"

static struct lines lines;

static int setup(void **state)
{
    (void)state;
    assert_int_equal(lines_init(&lines, LINES_MAX), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lines_release(&lines);
    return 0;
}

static void add(const char *first, const char *second)
{
    const char *const fields[] = {first, second, NULL};

    lines_add(&lines, 0, fields);
}

TEST(a_line_is_fields_with_tabs_between_them)
{
    const char *const fields[] = {"a", "", "b c", NULL};
    const char *const none[] = {NULL};

    lines_add(&lines, 0, fields);
    lines_add(&lines, 0, none);
    add("last", NULL);
    assert_string_equal(lines.text.data, "a\t\tb c\n\nlast\n");
}

TEST(the_time_is_that_of_the_last_line)
{
    const char *const fields[] = {"a", NULL};

    assert_true(lines.changed == WHEN_UNKNOWN);
    lines_add(&lines, 7, fields);
    lines_add(&lines, 5, fields);
    assert_true(lines.changed == 5);
}

TEST(control_characters_make_no_lines_or_fields)
{
    add("a\nb", "c\td\\\x1b[2J");
    assert_string_equal(lines.text.data, "a\\nb\tc\\td\\\\\\x1b[2J\n");
}

TEST(text_in_any_language_is_kept)
{
    add("caf\xc3\xa9", "\xe4\xb8\xad");
    assert_string_equal(lines.text.data, "caf\xc3\xa9\t\xe4\xb8\xad\n");
}

/* The number at the beginning of a line. */
static unsigned long number_at(const char *line)
{
    return strtoul(line, NULL, 10);
}

TEST(past_the_bound_the_older_half_is_forgotten_by_whole_lines)
{
    char number[16];
    unsigned long first;
    unsigned long expected;
    size_t least = LINES_MAX;

    for (unsigned i = 1; i <= 200000; i++) {
        size_t before = lines.text.size;

        snprintf(number, sizeof(number), "%u", i);
        add(number, "padding");
        assert_true(lines.text.size <= LINES_MAX);
        if (lines.text.size < before && lines.text.size < least)
            least = lines.text.size;
    }
    assert_true(least >= LINES_MAX / 2 - 100);
    assert_true(least <= LINES_MAX / 2 + 100);
    first = expected = number_at(lines.text.data);
    assert_true(first > 1);
    for (const char *line = lines.text.data; *line; line = strchr(line, '\n') + 1)
        assert_int_equal(number_at(line), expected++);
    assert_int_equal(expected, 200001);
}

TEST(a_line_that_fills_half_of_it_fits_after_others)
{
    size_t size = LINES_MAX / 2 - 1;
    char *text = malloc(size + 1);

    assert_non_null(text);
    memset(text, 'a', size);
    text[size] = '\0';
    for (int i = 0; i < 5; i++) {
        add(text, NULL);
        add("short", NULL);
        assert_true(lines.text.size <= LINES_MAX);
        assert_true(lines.text.size >= size);
        assert_string_equal(lines.text.data + lines.text.size - 6, "short\n");
    }
    free(text);
}

TEST(a_line_that_is_too_long_takes_no_other_with_it)
{
    size_t size = LINES_MAX;
    char *text = malloc(size + 1);

    assert_non_null(text);
    memset(text, 'a', size);
    text[size] = '\0';
    add("before", NULL);
    add(text, NULL);
    add("after", NULL);
    assert_string_equal(lines.text.data, "before\nafter\n");
    free(text);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_line_is_fields_with_tabs_between_them),
        SCENE(the_time_is_that_of_the_last_line),
        SCENE(control_characters_make_no_lines_or_fields),
        SCENE(text_in_any_language_is_kept),
        SCENE(past_the_bound_the_older_half_is_forgotten_by_whole_lines),
        SCENE(a_line_that_fills_half_of_it_fits_after_others),
        SCENE(a_line_that_is_too_long_takes_no_other_with_it),
    };

    return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
