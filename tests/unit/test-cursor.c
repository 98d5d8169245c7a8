#include "test.h"

#include <cjson/cJSON.h>

#include "api/local/cursor.h"

/* 2026-11-21T08:00:00.123456789Z */
#define NOW INT64_C(1795248000123456789)

static int digit_of(char c)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *found = strchr(alphabet, c);

    assert_non_null(found);
    return (int)(found - alphabet);
}

/* What URL-safe base64 with padding stands for. */
static char *decode(const char *cursor)
{
    size_t length = cursor ? strlen(cursor) : 0;
    char *text = calloc(1, length + 1);
    size_t size = 0;
    unsigned bits = 0;

    assert_true(cursor && text);
    assert_int_equal(length % 4, 0);
    for (size_t i = 0; i < length && cursor[i] != '='; i++) {
        bits = bits << 6 | (unsigned)digit_of(cursor[i]);
        if (i % 4)
            text[size++] = (char)(bits >> (6 - 2 * (i % 4)) & 0xff);
    }
    assert_true(strcspn(cursor, "=") + 2 >= length);
    text[size] = '\0';
    return text;
}

static void assert_cursor(char *cursor, const char *json)
{
    char *text = decode(cursor);

    assert_string_equal(text, json);
    free(text);
    free(cursor);
}

TEST(a_cursor_is_json_in_url_safe_base64)
{
    assert_cursor(local_cursor_text("orders", 7, CURSOR_AFTER, "41", NOW),
                  "{\"getIteratorParam\":{\"stream-name\":\"orders\",\"partition-id\":\"7\","
                  "\"cursor-type\":\"AFTER_SEQUENCE_NUMBER\",\"starting-sequence-number\":\"41\"},"
                  "\"generateTimestamp\":1795248000123}");
}

TEST(each_kind_has_its_type)
{
    static const char *const types[] = {"AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER",
                                        "TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"};

    for (int kind = CURSOR_AT; kind <= CURSOR_SINCE; kind++) {
        char *cursor = local_cursor_text("orders", 0, (enum cursor_kind)kind, "0", NOW);
        char *text = decode(cursor);
        cJSON *object = cJSON_Parse(text);
        const cJSON *param = cJSON_GetObjectItemCaseSensitive(object, "getIteratorParam");

        assert_string_equal(
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(param, "cursor-type")),
            types[kind]);
        cJSON_Delete(object);
        free(text);
        free(cursor);
    }
}

TEST(long_numbers_are_exact)
{
    assert_cursor(local_cursor_text("s", PARTITION_MAX, CURSOR_AT, "9223372036854775807", NOW),
                  "{\"getIteratorParam\":{\"stream-name\":\"s\",\"partition-id\":\"33554431\","
                  "\"cursor-type\":\"AT_SEQUENCE_NUMBER\","
                  "\"starting-sequence-number\":\"9223372036854775807\"},"
                  "\"generateTimestamp\":1795248000123}");
}

TEST(every_length_is_padded)
{
    char stream[NAME_MAX_STREAM + 1] = "";

    for (size_t i = 0; i < NAME_MAX_STREAM; i++) {
        char *cursor;
        char *text;

        stream[i] = 'a';
        cursor = local_cursor_text(stream, 0, CURSOR_LATEST, "0", NOW);
        text = decode(cursor);
        assert_non_null(strstr(text, stream));
        assert_int_equal(text[strlen(text) - 1], '}');
        free(text);
        free(cursor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cursor_is_json_in_url_safe_base64),
        cmocka_unit_test(each_kind_has_its_type),
        cmocka_unit_test(long_numbers_are_exact),
        cmocka_unit_test(every_length_is_padded),
    };

    return cmocka_run_group_tests_name("cursor", tests, NULL, NULL);
}
