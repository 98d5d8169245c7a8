#include "test.h"

#include "base/utf8.h"

/* Writes a number in the form of UTF-8 that has `length` bytes, be it allowed or not. */
static void encode(uint32_t point, size_t length, char text[static 5])
{
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};

    text[length] = '\0';
    for (size_t i = length - 1; i > 0; i--, point >>= 6)
        text[i] = (char)(0x80 | (point & 0x3f));
    text[0] = (char)(leads[length] | point);
}

static size_t length_of(uint32_t point)
{
    return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

static bool is_surrogate(uint32_t point)
{
    return point >= 0xd800 && point <= 0xdfff;
}

TEST(every_character_has_its_length)
{
    char text[5];

    for (uint32_t point = 1; point <= 0x10ffff; point++) {
        size_t length = length_of(point);

        encode(point, length, text);
        if (utf8_length(text) != (is_surrogate(point) ? 0 : length))
            fail_msg("U+%04X has length %zu", point, utf8_length(text));
    }
}

TEST(only_the_first_character_counts)
{
    assert_int_equal(utf8_length("ab"), 1);
    assert_int_equal(utf8_length("a\xff"), 1);
    assert_int_equal(utf8_length("\u00e9\u4e2d"), 2);
    assert_int_equal(utf8_length("\u4e2d\xff"), 3);
    assert_int_equal(utf8_length("\U00010330z"), 4);
}

TEST(a_longer_form_of_a_character_is_none)
{
    char text[5];

    for (uint32_t point = 0; point < 0x10000; point++) {
        for (size_t length = length_of(point) + 1; length <= 4; length++) {
            encode(point, length, text);
            assert_int_equal(utf8_length(text), 0);
        }
    }
}

TEST(there_is_no_character_past_the_last)
{
    char text[5];

    for (uint32_t point = 0x110000; point < 0x200000; point++) {
        encode(point, 4, text);
        assert_int_equal(utf8_length(text), 0);
    }
    for (int first = 0xf5; first < 0x100; first++) {
        snprintf(text, sizeof(text), "%c\x80\x80\x80", first);
        assert_int_equal(utf8_length(text), 0);
    }
}

TEST(a_character_does_not_begin_in_its_middle)
{
    for (int first = 0x80; first < 0xc0; first++) {
        const char text[] = {(char)first, (char)0x80, (char)0x80, (char)0x80, '\0'};

        assert_int_equal(utf8_length(text), 0);
    }
}

/* Texts are in memory of their own, so that a sanitizer sees who reads on. */
static void check_cut(const char *whole, size_t length)
{
    char *text = strndup(whole, length);

    assert_non_null(text);
    assert_int_equal(utf8_length(text), 0);
    free(text);
}

TEST(a_character_that_is_cut_off_is_none)
{
    check_cut("\u00e9", 1);
    for (size_t length = 1; length < 3; length++)
        check_cut("\u4e2d", length);
    for (size_t length = 1; length < 4; length++)
        check_cut("\U00010330", length);
}

TEST(every_byte_after_the_first_must_belong_to_it)
{
    static const char *const texts[] = {"\u00e9", "\u4e2d", "\U00010330"};

    for (size_t i = 0; i < COUNT(texts); i++) {
        for (size_t place = 1; place < strlen(texts[i]); place++) {
            for (int byte = 1; byte < 256; byte++) {
                char text[5];
                bool belongs = (byte & 0xc0) == 0x80;

                memcpy(text, texts[i], strlen(texts[i]) + 1);
                text[place] = (char)byte;
                /* Whether it is still a character may also depend on the second byte's range. */
                if (!belongs || place > 1)
                    assert_int_equal(utf8_length(text), belongs ? strlen(text) : 0);
            }
        }
    }
}

static void check_visible(uint32_t point, bool visible)
{
    char text[5];

    encode(point, length_of(point), text);
    if (utf8_is_visible(text) != visible)
        fail_msg("U+%04X is %s", point, visible ? "not visible" : "visible");
}

TEST(letters_digits_and_marks_can_be_seen)
{
    static const uint32_t points[] = {'a',    'Z',    '0',    '_',     '~',     '%',    0xa1,
                                      0xe9,   0xff,   0x3b1,  0x416,   0x5d0,   0x628,  0x905,
                                      0xe01,  0x2010, 0x20ac, 0x3001,  0x3042,  0x4e2d, 0xac00,
                                      0xf900, 0xff01, 0xffee, 0x10330, 0x1f600, 0x20000};

    for (uint32_t point = '!'; point <= '~'; point++)
        check_visible(point, true);
    for (size_t i = 0; i < COUNT(points); i++)
        check_visible(points[i], true);
}

TEST(the_blank_is_the_only_blank_that_can_be_seen)
{
    static const uint32_t blanks[] = {0x09,   0x0a,   0x0b,   0x0c,   0x0d,   0x85,   0xa0,
                                      0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005,
                                      0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x2028, 0x2029,
                                      0x202f, 0x205f, 0x3000, 0x3164, 0xffa0};

    check_visible(' ', true);
    for (size_t i = 0; i < COUNT(blanks); i++)
        check_visible(blanks[i], false);
}

TEST(control_characters_cannot_be_seen)
{
    for (uint32_t point = 1; point < ' '; point++)
        check_visible(point, false);
    for (uint32_t point = 0x7f; point < 0xa0; point++)
        check_visible(point, false);
}

TEST(what_changes_how_others_look_cannot_be_seen)
{
    static const uint32_t points[] = {
        0xad,    0x34f,   0x180b,  0x180e, 0x200b, 0x200c,  0x200d,  0x2060,   0x2064,
        0xfe00,  0xfe0f,  0xfeff,  0xfff9, 0xfffb, 0x1d173, 0x1d17a, 0xe0001,  0xe0020,
        0xe007f, 0xe0100, 0xe01ef, 0xe000, 0xf8ff, 0xf0000, 0xffffd, 0x10fffd,
    };

    for (size_t i = 0; i < COUNT(points); i++)
        check_visible(points[i], false);
}

TEST(what_changes_the_direction_cannot_be_seen)
{
    static const uint32_t points[] = {0x61c,  0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d,
                                      0x202e, 0x2066, 0x2067, 0x2068, 0x2069, 0x206a, 0x206f};

    for (size_t i = 0; i < COUNT(points); i++)
        check_visible(points[i], false);
}

TEST(bytes_are_text_without_a_nul_behind_them)
{
    static const char euro[] = "1 \xe2\x82\xac";

    assert_true(utf8_is_text("", 0));
    assert_true(utf8_is_text(euro, 5));
    assert_false(utf8_is_text(euro, 4));
    assert_false(utf8_is_text(euro, 3));
    assert_true(utf8_is_text(euro, 2));
    assert_false(utf8_is_text("a\0b", 3));
    assert_false(utf8_is_text("a\xff"
                              "b",
                              3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_has_its_length),
        cmocka_unit_test(only_the_first_character_counts),
        cmocka_unit_test(a_longer_form_of_a_character_is_none),
        cmocka_unit_test(there_is_no_character_past_the_last),
        cmocka_unit_test(a_character_does_not_begin_in_its_middle),
        cmocka_unit_test(a_character_that_is_cut_off_is_none),
        cmocka_unit_test(every_byte_after_the_first_must_belong_to_it),
        cmocka_unit_test(letters_digits_and_marks_can_be_seen),
        cmocka_unit_test(the_blank_is_the_only_blank_that_can_be_seen),
        cmocka_unit_test(control_characters_cannot_be_seen),
        cmocka_unit_test(what_changes_how_others_look_cannot_be_seen),
        cmocka_unit_test(what_changes_the_direction_cannot_be_seen),
        cmocka_unit_test(bytes_are_text_without_a_nul_behind_them),
    };

    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
