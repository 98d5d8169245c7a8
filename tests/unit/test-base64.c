#include "test.h"

#include "base/base64.h"

static void check_encode(const char *data, size_t size, const char *usual, const char *of_urls)
{
    char encoded[64];

    base64_encode(data, size, encoded);
    assert_string_equal(encoded, usual);
    assert_int_equal(strlen(encoded) + 1, BASE64_ROOM(size));
    base64_encode_url(data, size, encoded);
    assert_string_equal(encoded, of_urls);
}

static void check_decode(const char *encoded, const char *expected)
{
    char text[12];
    bool good = base64_decode(encoded, text, sizeof(text));

    assert_int_equal(good, expected != NULL);
    if (good)
        assert_string_equal(text, expected);
}

/* The vectors of RFC 4648. */
TEST(encodes)
{
    check_encode("", 0, "", "");
    check_encode("f", 1, "Zg==", "Zg==");
    check_encode("fo", 2, "Zm8=", "Zm8=");
    check_encode("foo", 3, "Zm9v", "Zm9v");
    check_encode("foob", 4, "Zm9vYg==", "Zm9vYg==");
    check_encode("\0\xff\xfb\xff", 4, "AP/7/w==", "AP_7_w==");
    check_encode("\xfb\xef\xbe", 3, "++++", "----");
}

TEST(decodes_either_alphabet_with_padding_or_without)
{
    check_decode("Zg==", "f");
    check_decode("Zg=", "f");
    check_decode("Zg", "f");
    check_decode("Zm9vYg", "foob");
    check_decode("+/++", "\xfb\xff\xbe");
    check_decode("-_--", "\xfb\xff\xbe");
}

TEST(refuses_what_is_no_text_in_base64)
{
    check_decode("", NULL);
    check_decode("=", NULL);
    check_decode("Z", NULL);
    check_decode("Zg===", NULL);
    check_decode("Zg==Zg==", NULL);
    check_decode("Z g=", NULL);
    check_decode("Zg\n", NULL);
    check_decode("Zm8A", NULL);
    check_decode("AAAA", NULL);
    check_decode("Zm9vYmFyZm9v", "foobarfoo");
    check_decode("Zm9vYmFyZm9vZg", NULL);
}

/* In place, which is how records are decoded, and in more than one piece. */
TEST(decodes_bytes_over_what_they_come_from)
{
    char data[20000];
    char encoded[BASE64_ROOM(sizeof(data))];

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (char)(i * 7 % 256);
    for (size_t size = 0; size < sizeof(data); size += size < 10 ? 1 : 1021) {
        size_t decoded;

        base64_encode(data, size, encoded);
        assert_true(base64_decode_bytes(encoded, encoded, &decoded));
        assert_int_equal(decoded, size);
        assert_memory_equal(encoded, data, size);
    }
}

TEST(refuses_bytes_that_are_no_base64)
{
    static const char *const bad[] = {"=", "Z", "Zg===", "Zg==Zg==", "Z g=", "Zg\n", "Zm9vZ"};
    char data[16];
    size_t size;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(base64_decode_bytes(bad[i], data, &size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes),
        cmocka_unit_test(decodes_either_alphabet_with_padding_or_without),
        cmocka_unit_test(refuses_what_is_no_text_in_base64),
        cmocka_unit_test(decodes_bytes_over_what_they_come_from),
        cmocka_unit_test(refuses_bytes_that_are_no_base64),
    };

    return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
