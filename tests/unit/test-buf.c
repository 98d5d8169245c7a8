#include "test.h"

#include "base/buf.h"

static void assert_text(const struct buf *buf, const char *text)
{
    assert_int_equal(buf->size, strlen(text));
    assert_string_equal(buf->data, text);
}

TEST(data_is_a_text_before_anything_was_added)
{
    struct buf fixed = BUF_INIT(10);
    struct buf buf;

    buf_init(&buf, 0);
    assert_text(&fixed, "");
    assert_text(&buf, "");
    assert_int_equal(buf_error(&buf), 0);
    buf_release(&buf);
    assert_text(&buf, "");
}

TEST(additions_are_joined)
{
    struct buf buf = BUF_INIT(100);

    buf_add(&buf, "ab", 2);
    buf_puts(&buf, "");
    buf_puts(&buf, "cd");
    buf_printf(&buf, "%d-%s", 7, "e");
    assert_text(&buf, "abcd7-e");
    buf_release(&buf);
}

TEST(texts_are_added_one_after_the_other)
{
    struct buf buf = BUF_INIT(16);

    buf_puts_all(&buf, "a", "", "bc");
    assert_string_equal(buf.data, "abc");
    buf_puts_all(&buf, "0123456789abc", "d", "e");
    assert_int_equal(buf_error(&buf), -EFBIG);
    buf_release(&buf);
}

TEST(what_is_added_may_hold_nuls)
{
    struct buf buf = BUF_INIT(100);

    buf_add(&buf, "a\0b", 3);
    assert_int_equal(buf.size, 3);
    assert_memory_equal(buf.data, "a\0b", 4);
    buf_release(&buf);
}

TEST(printf_prints_texts_of_any_length)
{
    static const int lengths[] = {1022, 1023, 1024, 1025, 5000};

    for (size_t i = 0; i < COUNT(lengths); i++) {
        struct buf buf = BUF_INIT(10000);

        buf_puts(&buf, "<");
        buf_printf(&buf, "%*s>", lengths[i], "x");
        assert_int_equal(buf.size, lengths[i] + 2);
        assert_int_equal(strlen(buf.data), lengths[i] + 2);
        assert_string_equal(buf.data + lengths[i], "x>");
        buf_release(&buf);
    }
}

TEST(the_maximum_itself_fits)
{
    struct buf buf = BUF_INIT(64);
    char text[64];

    memset(text, 'a', sizeof(text));
    buf_add(&buf, text, sizeof(text));
    assert_int_equal(buf_error(&buf), 0);
    assert_int_equal(buf.size, 64);
    assert_int_equal(buf.data[64], '\0');
    buf_release(&buf);
}

TEST(a_byte_past_the_maximum_is_efbig)
{
    struct buf buf = BUF_INIT(3);

    buf_puts(&buf, "abc");
    assert_int_equal(buf_error(&buf), 0);
    buf_puts(&buf, "d");
    assert_int_equal(buf_error(&buf), -EFBIG);
    assert_text(&buf, "abc");
    buf_release(&buf);
}

TEST(a_long_printf_past_the_maximum_is_efbig)
{
    struct buf buf = BUF_INIT(2000);

    buf_printf(&buf, "%2001s", "x");
    assert_int_equal(buf_error(&buf), -EFBIG);
    assert_text(&buf, "");
    buf_release(&buf);
}

TEST(an_error_sticks)
{
    struct buf buf = BUF_INIT(3);

    buf_puts(&buf, "a");
    buf_puts(&buf, "much too long");
    buf_puts(&buf, "b");
    buf_printf(&buf, "c");
    buf_write_at(&buf, 0, "d", 1);
    buf_puts_escaped(&buf, "e");
    buf_resize(&buf, 2);
    assert_int_equal(buf_error(&buf), -EFBIG);
    assert_text(&buf, "a");
    buf_release(&buf);
}

TEST(reset_forgets_text_and_error)
{
    struct buf buf = BUF_INIT(3);

    buf_puts(&buf, "a");
    buf_puts(&buf, "much too long");
    buf_reset(&buf);
    assert_text(&buf, "");
    assert_int_equal(buf_error(&buf), 0);
    buf_puts(&buf, "b");
    assert_text(&buf, "b");
    buf_release(&buf);
}

TEST(release_keeps_the_maximum)
{
    struct buf buf = BUF_INIT(3);

    buf_puts(&buf, "abc");
    buf_release(&buf);
    buf_puts(&buf, "abcd");
    assert_int_equal(buf_error(&buf), -EFBIG);
    buf_release(&buf);
}

TEST(write_at_replaces_and_extends)
{
    struct buf buf = BUF_INIT(10);

    buf_puts(&buf, "abcd");
    buf_write_at(&buf, 1, "XY", 2);
    assert_text(&buf, "aXYd");
    buf_write_at(&buf, 3, "Z!", 2);
    assert_text(&buf, "aXYZ!");
    buf_write_at(&buf, 5, "?", 1);
    assert_text(&buf, "aXYZ!?");
    buf_release(&buf);
}

TEST(write_at_fills_a_gap_with_nuls)
{
    struct buf buf = BUF_INIT(10);

    buf_write_at(&buf, 3, "a", 1);
    assert_int_equal(buf.size, 4);
    assert_memory_equal(buf.data, "\0\0\0a", 5);
    buf_release(&buf);
}

TEST(a_gap_shows_nothing_of_what_was_cut)
{
    struct buf buf = BUF_INIT(10);

    buf_puts(&buf, "secret");
    buf_resize(&buf, 1);
    buf_write_at(&buf, 5, "x", 1);
    assert_memory_equal(buf.data, "s\0\0\0\0x", 7);
    buf_release(&buf);
}

TEST(write_at_an_offset_that_overflows_is_efbig)
{
    static const size_t offsets[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2, 11};

    for (size_t i = 0; i < COUNT(offsets); i++) {
        struct buf buf = BUF_INIT(10);

        buf_write_at(&buf, offsets[i], "ab", 2);
        assert_int_equal(buf_error(&buf), -EFBIG);
        assert_text(&buf, "");
        buf_release(&buf);
    }
}

TEST(write_at_a_size_that_overflows_is_efbig)
{
    struct buf buf = BUF_INIT(10);

    buf_puts(&buf, "ab");
    buf_write_at(&buf, 1, "", SIZE_MAX);
    assert_int_equal(buf_error(&buf), -EFBIG);
    assert_text(&buf, "ab");
    buf_release(&buf);
}

TEST(resize_cuts_and_fills)
{
    struct buf buf = BUF_INIT(10);

    buf_resize(&buf, 0);
    assert_text(&buf, "");
    buf_puts(&buf, "abc");
    buf_resize(&buf, 1);
    assert_text(&buf, "a");
    buf_resize(&buf, 3);
    assert_int_equal(buf.size, 3);
    assert_memory_equal(buf.data, "a\0\0", 4);
    buf_resize(&buf, 11);
    assert_int_equal(buf_error(&buf), -EFBIG);
    buf_release(&buf);
}

TEST(drop_front_removes_the_beginning)
{
    struct buf buf = BUF_INIT(10);

    buf_drop_front(&buf, 0);
    buf_drop_front(&buf, 5);
    assert_text(&buf, "");
    buf_puts(&buf, "abcd");
    buf_drop_front(&buf, 1);
    assert_text(&buf, "bcd");
    buf_drop_front(&buf, 0);
    assert_text(&buf, "bcd");
    buf_drop_front(&buf, 9);
    assert_text(&buf, "");
    buf_puts(&buf, "e");
    assert_text(&buf, "e");
    buf_release(&buf);
}

TEST(escaping_writes_control_characters_and_backslashes_as_hex)
{
    struct buf buf = BUF_INIT(100);

    buf_puts_escaped(&buf, "a\n\t\\\x01\x1f \x7f~\xc3\xa9");
    assert_text(&buf, "a\\n\\t\\\\\\x01\\x1f \\x7f~\xc3\xa9");
    buf_reset(&buf);
    /* U+0080, U+009B, U+009F, U+00A1, and a text that ends amid a character. */
    buf_puts_escaped(&buf, "\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa1\xc2");
    assert_text(&buf, "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f\xc2\xa1\\xc2");
    buf_reset(&buf);
    /* U+061C, U+200E, U+2028, U+202E, U+202C, U+2066, U+2069, U+FEFF. */
    buf_puts_escaped(&buf, "\xd8\x9c\xe2\x80\x8e\xe2\x80\xa8\xe2\x80\xae\xe2\x80\xac");
    buf_puts_escaped(&buf, "\xe2\x81\xa6\xe2\x81\xa9\xef\xbb\xbf");
    assert_text(&buf, "\\xd8\\x9c\\xe2\\x80\\x8e\\xe2\\x80\\xa8\\xe2\\x80\\xae\\xe2\\x80\\xac"
                      "\\xe2\\x81\\xa6\\xe2\\x81\\xa9\\xef\\xbb\\xbf");
    buf_reset(&buf);
    /* A byte that a terminal of one byte to a character obeys, and a surrogate. */
    buf_puts_escaped(&buf, "\x9b"
                           "2J \xed\xa0\x80");
    assert_text(&buf, "\\x9b"
                      "2J \\xed\\xa0\\x80");
    buf_release(&buf);
}

TEST(detach_hands_the_text_over)
{
    struct buf buf = BUF_INIT(3);
    char *text;

    buf_puts(&buf, "abc");
    text = buf_detach(&buf);
    assert_text(&buf, "");
    buf_puts(&buf, "de");
    assert_non_null(text);
    assert_string_equal(text, "abc");
    assert_text(&buf, "de");
    free(text);
    buf_puts(&buf, "fg");
    assert_int_equal(buf_error(&buf), -EFBIG);
    buf_release(&buf);
}

TEST(detach_of_an_empty_text_is_an_empty_text)
{
    struct buf buf = BUF_INIT(3);
    char *text = buf_detach(&buf);

    assert_non_null(text);
    assert_string_equal(text, "");
    free(text);
}

TEST(detach_after_an_error_is_null)
{
    struct buf buf = BUF_INIT(3);

    buf_puts(&buf, "abc");
    buf_puts(&buf, "d");
    assert_null(buf_detach(&buf));
    assert_text(&buf, "");
    assert_int_equal(buf_error(&buf), 0);
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_is_a_text_before_anything_was_added),
        cmocka_unit_test(additions_are_joined),
        cmocka_unit_test(texts_are_added_one_after_the_other),
        cmocka_unit_test(what_is_added_may_hold_nuls),
        cmocka_unit_test(printf_prints_texts_of_any_length),
        cmocka_unit_test(the_maximum_itself_fits),
        cmocka_unit_test(a_byte_past_the_maximum_is_efbig),
        cmocka_unit_test(a_long_printf_past_the_maximum_is_efbig),
        cmocka_unit_test(an_error_sticks),
        cmocka_unit_test(reset_forgets_text_and_error),
        cmocka_unit_test(release_keeps_the_maximum),
        cmocka_unit_test(write_at_replaces_and_extends),
        cmocka_unit_test(write_at_fills_a_gap_with_nuls),
        cmocka_unit_test(a_gap_shows_nothing_of_what_was_cut),
        cmocka_unit_test(write_at_an_offset_that_overflows_is_efbig),
        cmocka_unit_test(write_at_a_size_that_overflows_is_efbig),
        cmocka_unit_test(resize_cuts_and_fills),
        cmocka_unit_test(drop_front_removes_the_beginning),
        cmocka_unit_test(escaping_writes_control_characters_and_backslashes_as_hex),
        cmocka_unit_test(detach_hands_the_text_over),
        cmocka_unit_test(detach_of_an_empty_text_is_an_empty_text),
        cmocka_unit_test(detach_after_an_error_is_null),
    };

    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
