#include "test.h"

#include "api/name.h"

/* A name of `length` letters. */
static char *letters(char *text, size_t length)
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

/* ---- file names */

static void check_file(const char *name, const char *file)
{
    char room[FILE_NAME_ROOM];

    assert_int_equal(name_to_file(name, room), 0);
    assert_string_equal(room, file);
    assert_int_equal(name_from_file(file, room), 0);
    assert_string_equal(room, name);
}

/* A name and its file name lead to each other. */
static void check_round_trip(const char *name)
{
    char file[FILE_NAME_ROOM];
    char again[FILE_NAME_ROOM];

    assert_int_equal(name_to_file(name, file), 0);
    assert_true(*file && *file != '.' && !strchr(file, '/'));
    assert_int_equal(name_from_file(file, again), 0);
    assert_string_equal(again, name);
}

/* No name has this file name, and what would hold the name is left alone. */
static void check_no_name(const char *file)
{
    char room[FILE_NAME_ROOM] = "untouched";

    if (name_from_file(file, room) != -EINVAL)
        fail_msg("\"%s\" is the file name of \"%s\"", file, room);
    assert_string_equal(room, "untouched");
}

TEST(usual_names_are_their_file_names)
{
    static const char *const names[] = {"billing", "A_b-9",     "0",     "_",   "-",
                                        "a.b",     "a.",        "a..b",  "-rf", "con",
                                        "1.2",     "shardId-1", "a.b.c", "a-.", "-.-."};

    for (size_t i = 0; i < COUNT(names); i++)
        check_file(names[i], names[i]);
}

TEST(letters_of_any_language_stand_as_they_are)
{
    /* In Latin, Greek, Cyrillic, Hebrew, Arabic, Thai, Japanese, Korean, Chinese, and beyond the
     * first plane Gothic. */
    static const char *const names[] = {
        "caf\u00e9",     "\u03b1\u03b2", "\u0416",
        "\u05d0",        "\u0628",       "\u0e01",
        "\u30a2-\u3042", "\ud55c\uae00", "\u8ba2\u5355.2026-11",
        "\U00010330",    "\U00020000",
    };

    for (size_t i = 0; i < COUNT(names); i++)
        check_file(names[i], names[i]);
}

TEST(other_bytes_are_written_in_upper_case_digits)
{
    check_file("a b", "a%20b");
    check_file("a/b", "a%2Fb");
    check_file("/", "%2F");
    check_file("%", "%25");
    check_file("100%", "100%25");
    check_file("%25", "%2525");
    check_file("a:b*c?", "a%3Ab%2Ac%3F");
    check_file("a\nb\t", "a%0Ab%09");
    check_file("\x01\x1f\x7f", "%01%1F%7F");
    check_file("~", "%7E");
    check_file("[a]", "%5Ba%5D");
    check_file("a@b", "a%40b");
}

TEST(the_empty_name_is_a_percent_sign)
{
    check_file("", "%");
}

TEST(a_dot_at_the_beginning_would_hide_the_file)
{
    check_file(".", "%2E");
    check_file("..", "%2E.");
    check_file("...", "%2E..");
    check_file(".Trash", "%2ETrash");
    check_file("./..", "%2E%2F..");
}

TEST(what_cannot_be_seen_is_written_in_digits)
{
    check_file("a\u00a0b", "a%C2%A0b");    /* a blank that is not ' ' */
    check_file("a\u200bb", "a%E2%80%8Bb"); /* one without a width */
    check_file("a\u202eb", "a%E2%80%AEb"); /* from right to left */
    check_file("a\u2066b", "a%E2%81%A6b"); /* the same, isolated */
    check_file("\ufeffa", "%EF%BB%BFa");   /* the mark of byte order */
    check_file("a\u00adb", "a%C2%ADb");    /* a hyphen, sometimes */
    check_file("a\xc2\x85z", "a%C2%85z");  /* a control character */
    check_file("\u3000", "%E3%80%80");
    check_file("\ue000", "%EE%80%80");
    check_file("\U000e0041", "%F3%A0%81%81");
}

TEST(what_is_not_utf_8_is_written_in_digits)
{
    check_file("\x80", "%80");
    check_file("\xff\xfe", "%FF%FE");
    check_file("a\xc3", "a%C3");
    check_file("\xc3z", "%C3z");
    check_file("\xa9\xc3", "%A9%C3");
    check_file("\xc3\xc3\xa9", "%C3\xc3\xa9");
    check_file("\xc0\xaf", "%C0%AF");               /* '/' in two bytes */
    check_file("\xe0\x80\xae", "%E0%80%AE");        /* '.' in three */
    check_file("\xed\xa0\x80", "%ED%A0%80");        /* a surrogate */
    check_file("\xf4\x90\x80\x80", "%F4%90%80%80"); /* past the last character */
    check_file("\xe4\xb8", "%E4%B8");               /* cut off */
}

TEST(every_name_has_a_file_name_that_leads_back_to_it)
{
    char name[4] = "";

    check_round_trip(name);
    for (int a = 1; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            snprintf(name, sizeof(name), "%c%c", a, b);
            check_round_trip(name);
            snprintf(name, sizeof(name), "x%c%c", a, b);
            check_round_trip(name);
        }
    }
}

/* The same numbers in every run. */
static unsigned draw(unsigned below)
{
    static uint32_t seed = 42;

    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

/* A character of up to four bytes; not each is one of UTF-8. */
static size_t draw_character(char *text)
{
    static const unsigned bounds[] = {0x80, 0x800, 0x10000, 0x120000};
    unsigned length = 1 + draw(4);
    unsigned point = 1 + draw(bounds[length - 1] - 1);

    if (length == 1) {
        *text = (char)point;
        return 1;
    }
    for (unsigned i = length - 1; i > 0; i--, point >>= 6)
        text[i] = (char)(0x80 | (point & 0x3f));
    *text = (char)(0xf00 >> length | point);
    return length;
}

TEST(so_have_random_names_in_utf_8)
{
    char name[FILE_NAME_ROOM];

    for (int i = 0; i < 50000; i++) {
        size_t length = 0;

        for (unsigned left = draw(20); left > 0; left--)
            length += draw_character(name + length);
        name[length] = '\0';
        check_round_trip(name);
    }
}

TEST(a_name_has_no_other_file_name)
{
    static const char *const files[] = {
        "",        ".",        "..",     "/",         "a/b",  "a b",    ".a",       "%41",    "%2e",
        "%2f",     "a%2Eb",    "a%2E",   "%7e",       "%5F",  "%2D",    "%30",      "%C3%A9", "%c3",
        "%C3\xa9", "\xc3%A9",  "\xc3",   "\xff",      "a%2",  "a%",     "%%",       "%2",     "%G0",
        "%0G",     "% 41",     "%-1",    "%+1",       "%0x",  "%00",    "a%00b",    "%2541%", "~",
        "a\n",     "a\u202eb", "\ufeff", "%E4%B8%AD", "%25%", "%2E%2E", "%2E\u200b"};

    for (size_t i = 0; i < COUNT(files); i++)
        check_no_name(files[i]);
}

/* Whatever is read as a file name is the one that would be written. */
TEST(random_files_have_the_name_whose_file_name_they_are_or_none)
{
    static const char pieces[] = "%%%%0123456789ABCDEFacef./-_ ~\xc3\xa9\xe4\xb8\xad\x80";
    char file[FILE_NAME_ROOM];
    char name[FILE_NAME_ROOM];
    char again[FILE_NAME_ROOM];
    unsigned good = 0;

    for (int i = 0; i < 200000; i++) {
        size_t length = draw(7);

        for (size_t j = 0; j < length; j++)
            file[j] = pieces[draw(sizeof(pieces) - 1)];
        file[length] = '\0';
        if (name_from_file(file, name))
            continue;
        good++;
        assert_int_equal(name_to_file(name, again), 0);
        assert_string_equal(again, file);
    }
    assert_true(good > 1000);
}

TEST(a_file_name_has_255_bytes_at_most)
{
    char text[2 * FILE_NAME_ROOM];
    char file[FILE_NAME_ROOM] = "untouched";
    char name[FILE_NAME_ROOM];

    assert_int_equal(name_to_file(letters(text, 256), file), -ENAMETOOLONG);
    assert_int_equal(name_to_file(letters(text, 500), file), -ENAMETOOLONG);
    check_no_name(letters(text, 256));
    check_no_name(letters(text, 500));
    memset(letters(text, 86), ' ', 86);
    assert_int_equal(name_to_file(text, file), -ENAMETOOLONG);
    text[84] = '\xe4';
    assert_int_equal(name_to_file(text, file), -ENAMETOOLONG);
    assert_string_equal(file, "untouched");

    assert_int_equal(name_to_file(letters(text, 255), file), 0);
    assert_string_equal(file, text);
    assert_int_equal(name_from_file(file, name), 0);
    assert_string_equal(name, text);
    memset(letters(text, 85), ' ', 85);
    check_round_trip(text);
}

/* The bound cuts no character in two. */
TEST(a_character_fits_as_a_whole_or_not_at_all)
{
    for (size_t length = 250; length <= 256; length++) {
        char text[2 * FILE_NAME_ROOM];
        char file[FILE_NAME_ROOM];

        memcpy(letters(text, length) + length, "\u4e2d", 4);
        assert_int_equal(name_to_file(text, file), length + 3 <= 255 ? 0 : -ENAMETOOLONG);
        if (length + 3 <= 255)
            assert_string_equal(file, text);
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
        cmocka_unit_test(usual_names_are_their_file_names),
        cmocka_unit_test(letters_of_any_language_stand_as_they_are),
        cmocka_unit_test(other_bytes_are_written_in_upper_case_digits),
        cmocka_unit_test(the_empty_name_is_a_percent_sign),
        cmocka_unit_test(a_dot_at_the_beginning_would_hide_the_file),
        cmocka_unit_test(what_cannot_be_seen_is_written_in_digits),
        cmocka_unit_test(what_is_not_utf_8_is_written_in_digits),
        cmocka_unit_test(every_name_has_a_file_name_that_leads_back_to_it),
        cmocka_unit_test(so_have_random_names_in_utf_8),
        cmocka_unit_test(a_name_has_no_other_file_name),
        cmocka_unit_test(random_files_have_the_name_whose_file_name_they_are_or_none),
        cmocka_unit_test(a_file_name_has_255_bytes_at_most),
        cmocka_unit_test(a_character_fits_as_a_whole_or_not_at_all),
    };

    return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
