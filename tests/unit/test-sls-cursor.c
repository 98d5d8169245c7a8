#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/sls/cursor.h"

static void test_numbers_and_cursors(void **state)
{
    static const struct {
        const char *decimal;
        const char *cursor;
    } cases[] = {
        {"1524155379373908496", "MTUyNDE1NTM3OTM3MzkwODQ5Ng=="},
        {"0", "MA=="},
        {"1", "MQ=="},
        {"12", "MTI="},
        {"123", "MTIz"},
        {"9223372036854775807", "OTIyMzM3MjAzNjg1NDc3NTgwNw=="},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char cursor[SEQUENCE_MAX + 1];
        char decimal[DECIMAL_ROOM];

        assert_int_equal(sls_cursor_encode(cases[i].decimal, cursor), 0);
        assert_string_equal(cursor, cases[i].cursor);
        assert_int_equal(sls_cursor_decode(cursor, decimal), 0);
        assert_string_equal(decimal, cases[i].decimal);
    }
}

/* As the documentation prints some, and as an official SDK sends some. */
static void test_cursors_that_are_met(void **state)
{
    char decimal[DECIMAL_ROOM];

    (void)state;
    assert_int_equal(sls_cursor_decode("MTQ0NzMyOTQwMTEwMjEzMDkwNA", decimal), 0);
    assert_string_equal(decimal, "1447329401102130904");
    assert_int_equal(sls_cursor_decode("MTU1NzA1NzQwMTEwMjEzMDkwCg", decimal), 0);
    assert_string_equal(decimal, "155705740110213090");
    assert_int_equal(sls_cursor_decode("MTU1NzA1NzQwMTEwMjEzMDkwCg==", decimal), 0);
    assert_int_equal(sls_cursor_decode("MDAx", decimal), 0);
    assert_string_equal(decimal, "1");
}

static void test_what_is_no_cursor(void **state)
{
    static const char *const cases[] = {
        "",
        "=",
        "====",
        "V0hBVFRIRlVDSw==",
        "check_point_1",
        "LTE=",
        "MTIz!",
        "MS41",
        "KzE=",
        "IDE=",
        "OTIyMzM3MjAzNjg1NDc3NTgwOA==",
        "MQA=",
        "MQoK",
        "NDI==",
        "NDI===",

        "N=A=",
        "Cg==",
    };
    char decimal[DECIMAL_ROOM];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (!sls_cursor_decode(cases[i], decimal))
            fail_msg("\"%s\" was taken for %s", cases[i], decimal);
    }
}

static void test_out_of_range(void **state)
{
    char cursor[SEQUENCE_MAX + 1];
    char digits[DECIMAL_MAX + 1];

    (void)state;
    assert_int_equal(sls_cursor_encode("9223372036854775808", cursor), -ERANGE);
    memset(digits, '9', DECIMAL_MAX);
    digits[DECIMAL_MAX] = '\0';
    assert_int_equal(sls_cursor_encode(digits, cursor), -ERANGE);
}

static void check_sequence(const char *text, int status, const char *expected)
{
    char sequence[SEQUENCE_MAX + 1];
    struct error error = {0};

    assert_int_equal(sls_parse_sequence(text, sequence, &error), status);
    if (expected)
        assert_string_equal(sequence, expected);
    else
        assert_int_equal(error.code, -status);
}

static void test_what_a_user_writes(void **state)
{
    (void)state;
    check_sequence("1524155379373908496", 0, "MTUyNDE1NTM3OTM3MzkwODQ5Ng==");
    check_sequence("MTUyNDE1NTM3OTM3MzkwODQ5Ng==", 0, "MTUyNDE1NTM3OTM3MzkwODQ5Ng==");
    check_sequence("MTUyNDE1NTM3OTM3MzkwODQ5Ng", 0, "MTUyNDE1NTM3OTM3MzkwODQ5Ng==");
    check_sequence("000", 0, "MA==");
    check_sequence("9223372036854775808", -ERANGE, NULL);
    check_sequence("-1", -EINVAL, NULL);
    check_sequence("", -EINVAL, NULL);
    for (size_t length = DECIMAL_MAX - 4; length <= DECIMAL_MAX + 4; length++) {
        char digits[DECIMAL_MAX + 5] = "";

        memset(digits, '7', length);
        check_sequence(digits, -ERANGE, NULL);
    }
}

/* What the service has, it gets back. */
static void test_a_cursor_is_taken_as_it_is(void **state)
{
    static const char *const cursors[] = {
        "MDAx", /* 001 */
        "NDIK", /* 42 and a newline */
        "MQ==",
        "OTIyMzM3MjAzNjg1NDc3NTgwOA==", /* 2^63 */
        "V0hBVFRIRlVDSw==",
        "LTE=", /* -1 */
        "AAAA+/8=",
        "/w==",
        "abcdefg=",
        "a1b2",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cursors) / sizeof(cursors[0]); i++)
        check_sequence(cursors[i], 0, cursors[i]);
    check_sequence("NDI", 0, "NDI=");
    check_sequence("MQ", 0, "MQ==");
    check_sequence("MTU1NzA1NzQwMTEwMjEzMDkwCg", 0, "MTU1NzA1NzQwMTEwMjEzMDkwCg==");
}

static void test_what_is_neither_a_number_nor_base64(void **state)
{
    static const char *const texts[] = {
        "NDI==",         "NDI=x",   "N=DI",      "=",          "====",       "4 2",
        "check_point_1", "V0hBVA",  "a1b",       "a1b2c",      "MA===",      "MTIz!",
        "earlier",       "null",    "NULL",      "None",       "Earliest",   "EARLIEST",
        "true",          "nothing", "yesterday", "beginnings", "\xc3\xa9==",
    };
    char text[SEQUENCE_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        check_sequence(texts[i], -EINVAL, NULL);
    memset(text, '7', sizeof(text));
    text[0] = 'x';
    text[SEQUENCE_MAX] = '\0';
    check_sequence(text, 0, text);
    text[SEQUENCE_MAX] = '7';
    text[SEQUENCE_MAX + 1] = '\0';
    check_sequence(text, -EINVAL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_and_cursors),
        cmocka_unit_test(test_cursors_that_are_met),
        cmocka_unit_test(test_what_is_no_cursor),
        cmocka_unit_test(test_out_of_range),
        cmocka_unit_test(test_what_a_user_writes),
        cmocka_unit_test(test_a_cursor_is_taken_as_it_is),
        cmocka_unit_test(test_what_is_neither_a_number_nor_base64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
