#include "test.h"

#include "base/decimal.h"

/* A text of `count` times one digit, after a sign that may be "". */
static const char *digits(char text[static DECIMAL_ROOM], const char *sign, char digit, int count)
{
    size_t length = strlen(sign);

    memcpy(text, sign, length);
    memset(text + length, digit, (size_t)count);
    text[length + (size_t)count] = '\0';
    return text;
}

TEST(an_optional_sign_and_digits_are_valid)
{
    static const char *const valid[] = {"0", "7", "-7", "+7", "007", "-0", "18446744073709551616"};
    static const char *const invalid[] = {"",    "-",   "+",   "--1", "+-1", " 1", "1 ",
                                          "1.0", "1e3", "0x1", "1-",  "a",   "1\n"};

    for (size_t i = 0; i < COUNT(valid); i++)
        assert_true(decimal_is_valid(valid[i]));
    for (size_t i = 0; i < COUNT(invalid); i++)
        assert_false(decimal_is_valid(invalid[i]));
}

TEST(a_hundred_digits_are_valid_and_one_more_is_not)
{
    char text[DECIMAL_ROOM];

    assert_true(decimal_is_valid(digits(text, "", '9', DECIMAL_MAX)));
    assert_true(decimal_is_unsigned(text));
    assert_true(decimal_is_valid(digits(text, "-", '9', DECIMAL_MAX)));
    assert_false(decimal_is_valid(digits(text, "", '9', DECIMAL_MAX + 1)));
    assert_false(decimal_is_unsigned(text));
    assert_false(decimal_is_valid(digits(text, "-", '0', DECIMAL_MAX + 1)));
}

TEST(an_unsigned_number_has_no_sign)
{
    assert_true(decimal_is_unsigned("0"));
    assert_true(decimal_is_unsigned("007"));
    assert_false(decimal_is_unsigned("+7"));
    assert_false(decimal_is_unsigned("-7"));
    assert_false(decimal_is_unsigned(""));
}

struct sum {
    const char *a;
    const char *b;
    const char *sum;
    const char *difference;
};

TEST(sums_and_differences)
{
    static const struct sum sums[] = {
        {"1", "2", "3", "-1"},
        {"-1", "-2", "-3", "1"},
        {"+5", "-5", "0", "10"},
        {"007", "0", "7", "7"},
        {"-0", "+0", "0", "0"},
        {"9223372036854775807", "1", "9223372036854775808", "9223372036854775806"},
        {"18446744073709551615", "1", "18446744073709551616", "18446744073709551614"},
        {"10000000000000000000000", "-1", "9999999999999999999999", "10000000000000000000001"},
    };

    for (size_t i = 0; i < COUNT(sums); i++) {
        char result[DECIMAL_ROOM];

        assert_int_equal(decimal_add(result, sums[i].a, sums[i].b), 0);
        assert_string_equal(result, sums[i].sum);
        assert_int_equal(decimal_subtract(result, sums[i].a, sums[i].b), 0);
        assert_string_equal(result, sums[i].difference);
    }
}

TEST(the_sum_of_the_greatest_numbers_has_room)
{
    char most[DECIMAL_ROOM];
    char least[DECIMAL_ROOM];
    char result[DECIMAL_ROOM];

    digits(most, "", '9', DECIMAL_MAX);
    digits(least, "-", '9', DECIMAL_MAX);
    assert_int_equal(decimal_add(result, most, most), 0);
    assert_int_equal(strlen(result), DECIMAL_MAX + 1);
    assert_int_equal(strncmp(result, "1999", 4), 0);
    assert_string_equal(result + DECIMAL_MAX - 1, "98");
    assert_int_equal(decimal_subtract(result, least, most), 0);
    assert_int_equal(strlen(result), DECIMAL_MAX + 2);
    assert_int_equal(decimal_add(result, most, least), 0);
    assert_string_equal(result, "0");
}

TEST(the_result_may_be_an_argument)
{
    char number[DECIMAL_ROOM] = "99";

    assert_int_equal(decimal_add(number, number, "1"), 0);
    assert_string_equal(number, "100");
    assert_int_equal(decimal_subtract(number, "1", number), 0);
    assert_string_equal(number, "-99");
}

TEST(what_is_no_number_is_einval)
{
    char result[DECIMAL_ROOM];

    assert_int_equal(decimal_add(result, "", "1"), -EINVAL);
    assert_int_equal(decimal_add(result, "1", "x"), -EINVAL);
    assert_int_equal(decimal_subtract(result, "1", "--1"), -EINVAL);
    assert_int_equal(decimal_normalize(result, "-"), -EINVAL);
}

TEST(normalizing_gives_the_shortest_form)
{
    static const char *const pairs[][2] = {{"0", "0"},   {"000", "0"},  {"-0", "0"}, {"+0", "0"},
                                           {"+07", "7"}, {"-07", "-7"}, {"70", "70"}};
    char result[DECIMAL_ROOM];

    for (size_t i = 0; i < COUNT(pairs); i++) {
        assert_int_equal(decimal_normalize(result, pairs[i][0]), 0);
        assert_string_equal(result, pairs[i][1]);
    }
}

TEST(comparing_goes_by_value)
{
    assert_true(decimal_compare("9", "10") < 0);
    assert_true(decimal_compare("10", "9") > 0);
    assert_true(decimal_compare("-9", "-10") > 0);
    assert_true(decimal_compare("-1", "1") < 0);
    assert_true(decimal_compare("007", "+7") == 0);
    assert_true(decimal_compare("-0", "0") == 0);
    assert_true(decimal_compare("18446744073709551616", "0") > 0);
}

TEST(comparing_tells_the_hundredth_digit)
{
    char a[DECIMAL_ROOM];
    char b[DECIMAL_ROOM];

    digits(a, "", '9', DECIMAL_MAX);
    digits(b, "", '9', DECIMAL_MAX);
    assert_true(decimal_compare(a, b) == 0);
    b[DECIMAL_MAX - 1] = '8';
    assert_true(decimal_compare(a, b) > 0);
}

TEST(zero_is_never_negative)
{
    assert_true(decimal_is_negative("-1"));
    assert_true(decimal_is_negative("-001"));
    assert_true(decimal_is_negative("-10"));
    assert_false(decimal_is_negative("-0"));
    assert_false(decimal_is_negative("-000"));
    assert_false(decimal_is_negative("0"));
    assert_false(decimal_is_negative("1"));
    assert_false(decimal_is_negative("+1"));
}

TEST(a_share_is_exact)
{
    assert_true(decimal_is_below("19", 20, "100"));
    assert_false(decimal_is_below("20", 20, "100"));
    assert_true(decimal_is_below("0", 1, "1"));
    assert_false(decimal_is_below("0", 0, "1"));
    assert_false(decimal_is_below("0", 100, "0"));
    assert_true(decimal_is_below("0099", 100, "100"));
    assert_false(decimal_is_below("0100", 100, "000100"));
    assert_true(decimal_is_below("9", 1000, "1"));
    assert_false(decimal_is_below("10", 1000, "1"));
    /* Doubles hold these to be the same. */
    assert_true(decimal_is_below("9007199254740992", 100, "9007199254740993"));
    assert_false(decimal_is_below("9007199254740993", 100, "9007199254740993"));
}

TEST(a_share_of_the_greatest_number_is_exact)
{
    char nines[DECIMAL_MAX + 1];
    char less[DECIMAL_MAX + 1];

    memset(nines, '9', DECIMAL_MAX);
    nines[DECIMAL_MAX] = '\0';
    memcpy(less, nines, sizeof(less));
    less[DECIMAL_MAX - 1] = '8';
    assert_true(decimal_is_below(less, 100, nines));
    assert_false(decimal_is_below(nines, 100, nines));
    assert_false(decimal_is_below(nines, 99, nines));
    assert_true(decimal_is_below(nines, 1000, nines));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_optional_sign_and_digits_are_valid),
        cmocka_unit_test(a_hundred_digits_are_valid_and_one_more_is_not),
        cmocka_unit_test(an_unsigned_number_has_no_sign),
        cmocka_unit_test(sums_and_differences),
        cmocka_unit_test(the_sum_of_the_greatest_numbers_has_room),
        cmocka_unit_test(the_result_may_be_an_argument),
        cmocka_unit_test(what_is_no_number_is_einval),
        cmocka_unit_test(normalizing_gives_the_shortest_form),
        cmocka_unit_test(comparing_goes_by_value),
        cmocka_unit_test(comparing_tells_the_hundredth_digit),
        cmocka_unit_test(zero_is_never_negative),
        cmocka_unit_test(a_share_is_exact),
        cmocka_unit_test(a_share_of_the_greatest_number_is_exact),
    };

    return cmocka_run_group_tests_name("decimal", tests, NULL, NULL);
}
