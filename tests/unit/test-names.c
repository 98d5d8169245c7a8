#include "made.h"
#include "test.h"

#include "api/names.h"

static struct names *list_of(const char *const *texts, size_t count)
{
    struct names *names = make_names();

    assert_non_null(names);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(names_add(names, texts[i]), 0);
    return names;
}

TEST(a_new_list_is_empty)
{
    struct names *names = make_names();

    assert_int_equal(names_count(names), 0);
    assert_false(names_has(names, ""));
    names_sort(names);
    assert_int_equal(names_count(names), 0);
    names_drop(names);
}

TEST(a_list_has_copies)
{
    struct names *names = make_names();
    char text[] = "orders";

    assert_int_equal(names_add(names, text), 0);
    text[0] = 'X';
    assert_string_equal(names_at(names, 0), "orders");
    names_drop(names);
}

TEST(sorting_goes_by_byte_and_removes_doubles)
{
    static const char *const texts[] = {"b", "a", "b", "B", "a-", "10", "9", "b", "", "\xc3\xa9"};
    static const char *const sorted[] = {"", "10", "9", "B", "a", "a-", "b", "\xc3\xa9"};
    struct names *names = list_of(texts, COUNT(texts));

    names_sort(names);
    assert_int_equal(names_count(names), COUNT(sorted));
    for (size_t i = 0; i < COUNT(sorted); i++)
        assert_string_equal(names_at(names, i), sorted[i]);
    names_drop(names);
}

TEST(a_sorted_list_knows_what_it_has)
{
    static const char *const texts[] = {"orders", "clicks", "a", "zz"};
    struct names *names = list_of(texts, COUNT(texts));

    names_sort(names);
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_true(names_has(names, texts[i]));
    assert_false(names_has(names, ""));
    assert_false(names_has(names, "order"));
    assert_false(names_has(names, "ordersx"));
    assert_false(names_has(names, "zzz"));
    names_drop(names);
}

TEST(a_list_lives_until_its_last_reference_is_dropped)
{
    static const char *const texts[] = {"a"};
    struct names *names = list_of(texts, COUNT(texts));

    assert_ptr_equal(names_hold(names), names);
    names_drop(names);
    assert_string_equal(names_at(names, 0), "a");
    names_drop(names);
    names_drop(NULL);
}

TEST(a_million_names_are_the_most)
{
    struct names *names = make_names();

    for (int i = 0; i < 1000000; i++) {
        char text[16];

        snprintf(text, sizeof(text), "%d", i);
        if (names_add(names, text))
            fail_msg("name %d does not fit", i);
    }
    assert_int_equal(names_add(names, "one more"), -EFBIG);
    assert_int_equal(names_count(names), 1000000);
    names_sort(names);
    assert_true(names_has(names, "999999"));
    names_drop(names);
}

TEST(the_size_grows_with_the_names)
{
    struct names *names = make_names();
    size_t before = names_size(names);

    assert_int_equal(names_add(names, "a name of some length"), 0);
    assert_true(names_size(names) >= before + strlen("a name of some length"));
    names_drop(names);
}

TEST(doubles_that_were_removed_use_no_memory)
{
    static const char *const texts[] = {"orders", "orders", "orders"};
    struct names *doubles = list_of(texts, COUNT(texts));
    struct names *single = list_of(texts, 1);

    names_sort(doubles);
    names_sort(single);
    assert_int_equal(names_size(doubles), names_size(single));
    names_drop(doubles);
    names_drop(single);
}

TEST(what_cannot_be_shown_is_left_out_with_a_sentence)
{
    struct names *names = make_names();
    char name[400];

    assert_int_equal(names_left_out(names), 0);
    assert_int_equal(names_add_listed(names, "an app", "a.b c/\xff\n"), 0);
    assert_int_equal(names_count(names), 1);
    assert_int_equal(names_add_listed(names, "an app", NULL), 0);
    assert_int_equal(names_add_listed(names, "a stream", ""), 0);
    snprintf(name, sizeof(name), "%0300d", 7);
    assert_int_equal(names_add_listed(names, "an app", name), 0);
    /* Its file name is too long. */
    snprintf(name, sizeof(name), "%0100d", 7);
    memset(name, ' ', 100);
    assert_int_equal(names_add_listed(names, "an app", name), 0);
    assert_int_equal(names_add_asked(names, "an app", ".."), 0);
    assert_int_equal(names_count(names), 1);
    assert_int_equal(names_left_out(names), 5);
    assert_string_equal(names_left_out_at(names, 0),
                        "an app \"?\" cannot be shown: its name holds a NUL");
    assert_string_equal(names_left_out_at(names, 1),
                        "a stream \"\" cannot be shown: its name is empty");
    assert_non_null(strstr(names_left_out_at(names, 2), "too long"));
    assert_non_null(strstr(names_left_out_at(names, 3), "too long"));
    for (int i = 0; i < 1000; i++)
        assert_int_equal(names_add_listed(names, "an app", ""), 0);
    assert_true(names_left_out(names) < 100);
    assert_string_equal(names_left_out_at(names, names_left_out(names) - 1),
                        "there are more names that cannot be shown");
    names_drop(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_list_is_empty),
        cmocka_unit_test(a_list_has_copies),
        cmocka_unit_test(sorting_goes_by_byte_and_removes_doubles),
        cmocka_unit_test(a_sorted_list_knows_what_it_has),
        cmocka_unit_test(a_list_lives_until_its_last_reference_is_dropped),
        cmocka_unit_test(a_million_names_are_the_most),
        cmocka_unit_test(the_size_grows_with_the_names),
        cmocka_unit_test(doubles_that_were_removed_use_no_memory),
        cmocka_unit_test(what_cannot_be_shown_is_left_out_with_a_sentence),
    };

    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
