#include "test.h"

#include "api/service/digest.h"
#include "api/service/field.h"

static void check_encoded(const char *text, const char *expected)
{
    struct buf encoded = BUF_INIT(64);

    field_encode(&encoded, text);
    assert_int_equal(buf_error(&encoded), 0);
    assert_string_equal(encoded.data, expected);
    buf_release(&encoded);
}

TEST(encodes_what_rfc_3986_reserves)
{
    check_encoded("", "");
    check_encoded("orders-0.1_2~", "orders-0.1_2~");
    check_encoded("a b", "a%20b");
    check_encoded("/?&=%+", "%2F%3F%26%3D%25%2B");
    check_encoded("\x01@[`{\x7f", "%01%40%5B%60%7B%7F");
    check_encoded("\xc3\xbc\xff", "%C3%BC%FF");
}

TEST(encodes_no_more_than_has_room)
{
    struct buf encoded = BUF_INIT(3);

    field_encode(&encoded, "a b");
    assert_int_equal(buf_error(&encoded), -EFBIG);
    buf_release(&encoded);
}

static void check_sha256(const char *text, const char *expected)
{
    struct buf hash = BUF_INIT(64);

    assert_int_equal(digest_add_sha256(&hash, text, strlen(text)), 0);
    assert_string_equal(hash.data, expected);
    buf_release(&hash);
}

/* Of FIPS 180-2, and the one of nothing. */
TEST(hashes)
{
    check_sha256("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_sha256("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void check_hmac(const char *key, const char *text, const char *expected)
{
    unsigned char result[DIGEST_SIZE];
    struct buf printed = BUF_INIT(64);

    assert_int_equal(digest_hmac(key, strlen(key), text, result), 0);
    digest_add_hex(&printed, result, sizeof(result));
    assert_string_equal(printed.data, expected);
    buf_release(&printed);
}

/* Cases 2 and 6 of RFC 4231: one after the other, for what they share keeps no key. */
TEST(authenticates)
{
    char long_key[132];

    memset(long_key, 0xaa, 131);
    long_key[131] = '\0';
    check_hmac("Jefe", "what do ya want for nothing?",
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    check_hmac(long_key, "Test Using Larger Than Block-Size Key - Hash Key First",
               "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    check_hmac("Jefe", "what do ya want for nothing?",
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    check_hmac("", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_what_rfc_3986_reserves),
        cmocka_unit_test(encodes_no_more_than_has_room),
        cmocka_unit_test(hashes),
        cmocka_unit_test(authenticates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
