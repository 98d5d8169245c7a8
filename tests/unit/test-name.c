#include "test.h"

#include "api/name.h"

/* A name of `length` letters. */
static const char *letters(char *text, size_t length)
{
    memset(text, 'a', length);
    text[length] = '\0';
    return text;
}

TEST(names_are_letters_digits_underscores_and_hyphens)
{
    static const char *const good[] = {"a", "Z", "0", "_", "-", "billing-2", "A_b-9", "shardId-1"};
    static const char *const bad[] = {"",    ".",   "..",   ".Trash", "a.b",      "a b",
                                      "a/b", "/",   "a\n",  "a\tb",   "\xc3\xa9", "a:b",
                                      "a*",  "a@b", "\x7f", " a"};

    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(name_is_app(good[i]));
        assert_true(name_is_stream(good[i]));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(name_is_app(bad[i]));
        assert_false(name_is_stream(bad[i]));
    }
}

TEST(names_have_a_greatest_length)
{
    char text[NAME_MAX_APP + 2];

    assert_true(name_is_stream(letters(text, 64)));
    assert_false(name_is_stream(letters(text, 65)));
    assert_true(name_is_app(letters(text, 200)));
    assert_false(name_is_app(letters(text, 201)));
}

TEST(no_byte_but_those_is_in_a_name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

    for (int c = 1; c < 256; c++) {
        const char name[] = {'a', (char)c, '\0'};

        assert_int_equal(name_is_app(name), strchr(allowed, c) != NULL);
        assert_int_equal(name_is_stream(name), strchr(allowed, c) != NULL);
    }
}

struct sample {
    const char *name;
    uint32_t partition;
    bool long_form;
};

TEST(partitions_have_two_names)
{
    static const struct sample samples[] = {
        {"0", 0, false},
        {"7", 7, false},
        {"33554431", PARTITION_MAX, false},
        {"shardId-0000000000", 0, true},
        {"shardId-0000000007", 7, true},
        {"shardId-0033554431", PARTITION_MAX, true},
    };

    for (size_t i = 0; i < COUNT(samples); i++) {
        uint32_t partition = 99;
        bool long_form = !samples[i].long_form;
        char name[PARTITION_ROOM];

        assert_int_equal(partition_parse(samples[i].name, &partition, &long_form), 0);
        assert_int_equal(partition, samples[i].partition);
        assert_int_equal(long_form, samples[i].long_form);
        partition_format(partition, long_form, name);
        assert_string_equal(name, samples[i].name);
    }
}

TEST(no_other_text_names_a_partition)
{
    static const char *const bad[] = {
        "",
        "00",
        "01",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "0x1",
        "a",
        "33554432",
        "4294967296",
        "4294967303",
        "18446744073709551616",
        "shardId-",
        "shardId-0",
        "shardId-7",
        "shardId-000000007",
        "shardId-00000000007",
        "shardId-0033554432",
        "shardId-4294967296",
        "shardid-0000000007",
        "shardId-000000000a",
        "shardId--000000007",
        "shardId-0000000007 ",
        "ShardId-0000000007",
        "1\n",
        "\xd9\xa1",
    };

    for (size_t i = 0; i < COUNT(bad); i++) {
        uint32_t partition;
        bool long_form;

        if (partition_parse(bad[i], &partition, &long_form) != -EINVAL)
            fail_msg("\"%s\" is no partition", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_letters_digits_underscores_and_hyphens),
        cmocka_unit_test(names_have_a_greatest_length),
        cmocka_unit_test(no_byte_but_those_is_in_a_name),
        cmocka_unit_test(partitions_have_two_names),
        cmocka_unit_test(no_other_text_names_a_partition),
    };

    return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
