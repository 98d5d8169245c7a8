#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/json.h"
#include "base/when.h"
#include "tests/unit/parsed.h"

static cJSON *parse(const char *text)
{
    return parsed(text, strlen(text));
}

static void test_numbers_keep_their_digits(void **state)
{
    static const char *const numbers[] = {"0",
                                          "-1",
                                          "9223372036854775807",
                                          "9007199254740993",
                                          "-0",
                                          "10",
                                          "123456789012345678901234567890",
                                          "1.5",
                                          "1e400",
                                          "-2.5E-3"};
    char text[128];
    const char *value;

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        cJSON *root;

        snprintf(text, sizeof(text), "{\"a\": %s , \"b\":[%s,%s]}", numbers[i], numbers[i],
                 numbers[i]);
        root = parse(text);
        assert_non_null(root);
        assert_int_equal(json_text(root, "a", &value), 0);
        assert_string_equal(value, numbers[i]);
        cJSON_Delete(root);
    }
}

static void test_texts_stay_as_they_are(void **state)
{
    cJSON *root = parse("{\"a\":\"-1 \\\"2\\\" \\\\\",\"b\":\"\\u00e9\"}");
    const char *value;

    (void)state;
    assert_non_null(root);
    assert_int_equal(json_text(root, "a", &value), 0);
    assert_string_equal(value, "-1 \"2\" \\");
    assert_int_equal(json_text(root, "b", &value), 0);
    assert_string_equal(value, "\xc3\xa9");
    cJSON_Delete(root);
}

static void test_what_is_no_json(void **state)
{
    static const char *const texts[] = {
        "",        " ",      "{",      "{\"a\"",      "{\"a\":}", "[1",     "01",   "1.",
        "-",       "+1",     "1e",     "1x",          "tru",      "nul",    "\"",   "\"\\",
        "\"a\\\"", "[1 2]",  "{}{}",   "{} x",        "<html>",   "1-2",    "[1,]", "'a'",
        "\xff",    "1\"a\"", "\"a\"1", "{\"a\":1e+}", "--1",      "[1..2]", "0x10", "NaN"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        cJSON *root = parse(texts[i]);

        if (root)
            fail_msg("%s was taken for JSON", texts[i]);
    }
    assert_null(parsed("1\0", 2));
}

static void test_too_many_values(void **state)
{
    size_t size = 2 * 600000;
    char *text = malloc(size);

    (void)state;
    assert_non_null(text);
    memset(text, '[', size);
    assert_null(parsed(text, size));
    for (size_t i = 1; i < size; i++)
        text[i] = i % 2 ? '1' : ',';
    text[size - 1] = ']';
    assert_null(parsed(text, size));
    free(text);
}

static void test_members(void **state)
{
    cJSON *root = parse("{\"t\":\"x\",\"n\":null,\"f\":true,\"w\":\"true\",\"l\":[],\"o\":{}}");
    const cJSON *array;
    const char *value;
    bool flag;

    (void)state;
    assert_int_equal(json_text(root, "n", &value), 0);
    assert_null(value);
    assert_int_equal(json_text(root, "absent", &value), 0);
    assert_null(value);
    assert_int_equal(json_text(root, "f", &value), -EBADMSG);
    assert_int_equal(json_text(root, "l", &value), -EBADMSG);
    assert_int_equal(json_text(root, "o", &value), -EBADMSG);
    assert_int_equal(json_text(NULL, "t", &value), -EBADMSG);
    assert_int_equal(json_flag(root, "f", &flag), 0);
    assert_true(flag);
    assert_int_equal(json_flag(root, "w", &flag), 0);
    assert_true(flag);
    assert_int_equal(json_flag(root, "absent", &flag), 0);
    assert_false(flag);
    assert_int_equal(json_flag(root, "t", &flag), -EBADMSG);
    assert_int_equal(json_array(root, "l", &array), 0);
    assert_non_null(array);
    assert_int_equal(json_array(root, "o", &array), -EBADMSG);
    assert_true(json_has(root, "n"));
    assert_false(json_has(root, "absent"));
    cJSON_Delete(root);
}

static void test_a_nul_spoils_its_text_alone(void **state)
{
    cJSON *root = parse(
        "{\"a\":[\"x\\u0000y\",\"b\"],\"o\":{},\"i\":0,\"e\":\"\\\\u0000\",\"n\":\"\\u0000\"}");
    const cJSON *array;
    const char *value;
    bool flag;

    (void)state;
    assert_int_equal(json_array(root, "a", &array), 0);
    assert_true(json_is_text_with_nul(array->child));
    assert_false(json_is_text_with_nul(array->child->next));
    assert_false(json_is_text_with_nul(cJSON_GetObjectItemCaseSensitive(root, "o")));
    assert_false(json_is_text_with_nul(cJSON_GetObjectItemCaseSensitive(root, "i")));
    assert_int_equal(json_text(root, "e", &value), 0);
    assert_string_equal(value, "\\u0000");
    assert_int_equal(json_text(root, "n", &value), -EBADMSG);
    assert_int_equal(json_flag(root, "n", &flag), -EBADMSG);
    assert_int_equal(json_array(root, "n", &array), -EBADMSG);
    cJSON_Delete(root);
    assert_null(parsed(" \"\\u0000\"", 9));
    assert_null(parsed("{\"\\u0000\":1}", 12));
}

static void test_printing(void **state)
{
    cJSON *object = cJSON_CreateObject();
    struct buf text = BUF_INIT(100);
    struct buf small = BUF_INIT(10);

    (void)state;
    assert_true(json_add_text(object, "t", "a\"\n"));
    assert_true(json_add_text(object, "n", NULL));
    assert_true(json_add_time(object, "w", INT64_C(1700000000000000000)));
    assert_true(json_add_time(object, "u", WHEN_UNKNOWN));
    buf_puts(&text, "> ");
    assert_int_equal(json_print(object, &text), 0);
    assert_string_equal(text.data, "> {\"t\":\"a\\\"\\n\",\"n\":null,"
                                   "\"w\":\"2023-11-14T22:13:20Z\",\"u\":null}");
    assert_int_equal(json_print(object, &small), -EFBIG);
    assert_false(json_add_text(NULL, "t", "a"));
    assert_int_equal(json_print(NULL, &text), -ENOMEM);
    buf_release(&text);
    buf_release(&small);
    cJSON_Delete(object);
}

/* Services have texts that are no UTF-8, and JSON must be. */
static void test_texts_that_are_not_utf8(void **state)
{
    cJSON *object = cJSON_CreateObject();
    struct buf text = BUF_INIT(200);

    (void)state;
    assert_true(json_add_text(object, "a", "caf\xe9 \xff\xfe"));
    assert_true(json_add_text(object, "b", "caf\xc3\xa9 \xf0\x9f\x90\x9f"));
    assert_true(json_add_text(object, "c", "\xe4\xbd"));
    assert_true(json_add_text(object, "d", ""));
    assert_int_equal(json_print(object, &text), 0);
    assert_string_equal(text.data, "{\"a\":\"caf\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\","
                                   "\"b\":\"caf\xc3\xa9 \xf0\x9f\x90\x9f\","
                                   "\"c\":\"\xef\xbf\xbd\xef\xbf\xbd\",\"d\":\"\"}");
    buf_release(&text);
    cJSON_Delete(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_keep_their_digits),
        cmocka_unit_test(test_texts_stay_as_they_are),
        cmocka_unit_test(test_what_is_no_json),
        cmocka_unit_test(test_too_many_values),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_a_nul_spoils_its_text_alone),
        cmocka_unit_test(test_printing),
        cmocka_unit_test(test_texts_that_are_not_utf8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
