#include "test.h"

#include "base/crc32c.h"

/* Those of RFC 3720, B.4, and that of the digits. */
TEST(the_examples_of_the_standard_are_right)
{
    unsigned char bytes[32] = {0};

    assert_int_equal(crc32c(bytes, sizeof(bytes)), 0x8a9136aa);
    memset(bytes, 0xff, sizeof(bytes));
    assert_int_equal(crc32c(bytes, sizeof(bytes)), 0x62a8ab43);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)i;
    assert_int_equal(crc32c(bytes, sizeof(bytes)), 0x46dd794e);
    assert_int_equal(crc32c("123456789", 9), 0xe3069283);
    assert_int_equal(crc32c("", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_standard_are_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
