#include "test.h"

#include <errno.h>

#include "fs/content.h"

static struct content content;
static size_t place;

static int setup(void **state)
{
    (void)state;
    memset(&content, 0, sizeof(content));
    content_init(&content, true, false, false);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    content_release(&content);
    return 0;
}

static int put(const char *text, size_t offset)
{
    return content_write(&content, text, strlen(text), offset, &place);
}

static void assert_printed(const char *expected)
{
    struct buf text = BUF_INIT(CONTENT_MAX);

    content_print(&content, &text);
    assert_string_equal(text.data, expected);
    buf_release(&text);
}

/* As a program that writes one line after the other does. */
static void commit(const char *number)
{
    content_take(&content, false);
    snprintf(content.committed, sizeof(content.committed), "%s", number);
}

TEST(what_is_written_at_offset_0_begins_anew_and_the_rest_continues)
{
    assert_int_equal(put("shift +1\n", 0), 0);
    commit("43");
    assert_int_equal(put("note\n", 9), 0);
    assert_int_equal(place, 9);
    assert_printed("43\nnote\n");
    assert_int_equal(put("7\n", 0), 0);
    assert_printed("7\n");
    assert_int_equal(put("x\n", 2), 0);
    assert_printed("7\nx\n");
}

TEST(a_hole_is_refused_and_nothing_follows_it)
{
    assert_int_equal(put("51\n", 5), -ESPIPE);
    assert_int_equal(put("51\n", 0), -EINVAL);
    assert_int_equal(content_truncate(&content, 0), 0);
    assert_int_equal(put("42", 0), 0);
    assert_int_equal(put("\n", 3), -ESPIPE);
    assert_false(content.dirty);
    assert_int_equal(put("\n", 2), -EINVAL);
}

TEST(what_a_file_held_when_it_was_opened_leaves_no_hole)
{
    content.held = 3;
    assert_int_equal(put("51\n", 4), -ESPIPE);
    assert_int_equal(content_truncate(&content, 0), 0);
    assert_int_equal(put("51\n", 3), 0);
    assert_printed("51\n");
    assert_int_equal(put("note\n", 6), 0);
    assert_printed("51\nnote\n");
    assert_int_equal(put("7\n", 0), 0);
    assert_int_equal(put("note\n", 3), -ESPIPE);
}

TEST(the_cr_of_the_first_line_stays_with_those_that_follow)
{
    assert_int_equal(put("shift +1\r\n", 0), 0);
    commit("43");
    assert_int_equal(put("note\r\n", 10), 0);
    assert_printed("43\r\nnote\r\n");
}

TEST(a_file_holds_what_is_written_where)
{
    content.is_file = true;
    assert_int_equal(put("12345\n", 0), 0);
    assert_int_equal(put("9", 1), 0);
    assert_printed("19345\n");
    assert_int_equal(put("x", 8), 0);
    assert_int_equal(content.text.size, 9);
    assert_int_equal(content.text.data[7], '\0');
}

TEST(with_append_offsets_do_not_matter)
{
    content.appends = true;
    assert_int_equal(put("1\n", 700), 0);
    assert_int_equal(put("2\n", 0), 0);
    assert_printed("1\n2\n");
}

TEST(after_a_refusal_every_write_is_refused_with_the_same_error)
{
    assert_int_equal(put("junk\n", 0), 0);
    content_refuse(&content, EINVAL);
    assert_int_equal(put("777\n", 5), -EINVAL);
    assert_int_equal(put("junk\n", 0), -EINVAL);
    assert_int_equal(put("777\n", 0), -EINVAL);
    assert_false(content.dirty);
    assert_int_equal(content.text.size, 0);
}

TEST(what_stood_before_a_refused_write_is_not_committed_by_close)
{
    assert_int_equal(put("42", 0), 0);
    assert_true(content.dirty);
    assert_int_equal(put("x\n", 2), 0);
    content_refuse(&content, EINVAL);
    assert_false(content.dirty);
}

TEST(truncating_to_nothing_forgets_a_refusal)
{
    assert_int_equal(put("junk\n", 0), 0);
    content_refuse(&content, EINVAL);
    assert_int_equal(content_truncate(&content, 1), 0);
    assert_int_equal(put("7\n", 0), -EINVAL);
    assert_int_equal(content_truncate(&content, 0), 0);
    assert_int_equal(put("7\n", 0), 0);
    assert_printed("7\n");
}

TEST(what_is_left_of_a_refused_text_is_not_committed_by_close)
{
    assert_int_equal(put("4200", 0), 0);
    assert_int_equal(put("x\n", 4), 0);
    content_refuse(&content, EINVAL);
    assert_int_equal(content_truncate(&content, 2), 0);
    assert_false(content.dirty);
    assert_int_equal(content_truncate(&content, 0), 0);
    assert_int_equal(put("43", 0), 0);
    assert_int_equal(content_truncate(&content, 1), 0);
    assert_true(content.dirty);
}

TEST(after_eintr_the_same_bytes_are_the_same_text_and_others_are_refused)
{
    assert_int_equal(put("41\n", 0), 0);
    commit("41");
    assert_int_equal(put("note\n", 3), 0);
    content_refuse(&content, EINTR);
    assert_int_equal(put("other\n", 3), -ECANCELED);
    assert_int_equal(put("note\n", 0), -ECANCELED);
    assert_int_equal(put("note", 3), -ECANCELED);
    assert_int_equal(put("note\n", 3), 0);
    assert_printed("41\nnote\n");
    assert_int_equal(put("more\n", 8), 0);
}

TEST(an_interrupted_write_that_is_not_repeated_leaves_nothing_to_close)
{
    assert_int_equal(put("42", 0), 0);
    assert_int_equal(put("\n", 2), 0);
    content_refuse(&content, EINTR);
    assert_false(content.dirty);
    assert_int_equal(put("\n", 2), 0);
    assert_true(content.dirty);
    assert_printed("42\n");
}

TEST(an_interrupted_fsync_leaves_the_text_waiting)
{
    assert_int_equal(put("42", 0), 0);
    content_take(&content, false);
    content_refuse_sync(&content, EINTR);
    assert_true(content.dirty);
    assert_int_equal(content.unreported, 0);
    content_take(&content, false);
    content_refuse_sync(&content, ERANGE);
    assert_false(content.dirty);
    assert_int_equal(content.unreported, ERANGE);
    assert_int_equal(put("43\n", 2), -ERANGE);
}

TEST(too_much_changes_nothing)
{
    char *much = malloc(CONTENT_MAX + 2);

    memset(much, '1', CONTENT_MAX + 1);
    much[CONTENT_MAX + 1] = '\0';
    assert_int_equal(put("42\n", 0), 0);
    assert_int_equal(put(much, 3), -EFBIG);
    assert_printed("42\n");
    assert_int_equal(put("43\n", 0), -EINVAL);
    assert_int_equal(content_truncate(&content, 0), 0);
    content.is_file = true;
    assert_int_equal(content_write(&content, "1", 1, SIZE_MAX, &place), -EFBIG);
    free(much);
}

/* In the pieces in which a program may write it. */
TEST(a_record_may_be_large)
{
    static char piece[4096];
    size_t size = 1;

    memset(piece, 'x', sizeof(piece));
    assert_int_equal(put("{", 0), 0);
    for (; size < CONTENT_MAX * 3; size += sizeof(piece))
        assert_int_equal(content_write(&content, piece, sizeof(piece), size, &place), 0);
    assert_int_equal(content.text.size, size);
    content_refuse(&content, EIO);
    assert_int_equal(content.text.size, size - sizeof(piece));
    assert_int_equal(content_truncate(&content, 0), 0);
    assert_int_equal(put("{", 0), 0);
    assert_int_equal(content_write(&content, "}", 1, 1, &place), 0);
    assert_printed("{}");
}

/* What was written over is there again when that is refused. */
TEST(a_refused_write_gives_back_what_it_wrote_over)
{
    assert_int_equal(put("0123456789", 0), 0);
    assert_int_equal(put("abc", 3), 0);
    content_refuse(&content, EIO);
    assert_printed("0123456789");
    assert_int_equal(content_truncate(&content, 0), 0);
    content.is_file = true;
    assert_int_equal(put("0123456789", 0), 0);
    assert_int_equal(put("abc", 3), 0);
    content_refuse(&content, EIO);
    assert_printed("0123456789");
    content.refused = 0;
    assert_int_equal(put("abc", 20), 0);
    content_refuse(&content, EIO);
    assert_printed("0123456789");
}

TEST(an_order_is_done_with)
{
    assert_int_equal(put("100\n", 0), 0);
    content_take(&content, true);
    assert_int_equal(content.text.size, 0);
    assert_false(content.dirty);
    assert_int_equal(put("7\n", 5), -ESPIPE);
    assert_int_equal(content_truncate(&content, 0), 0);
    assert_int_equal(put("200\n", 4), 0);
    assert_printed("200\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_is_written_at_offset_0_begins_anew_and_the_rest_continues, setup, teardown),
        cmocka_unit_test_setup_teardown(a_hole_is_refused_and_nothing_follows_it, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_file_held_when_it_was_opened_leaves_no_hole, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_cr_of_the_first_line_stays_with_those_that_follow,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_holds_what_is_written_where, setup, teardown),
        cmocka_unit_test_setup_teardown(with_append_offsets_do_not_matter, setup, teardown),
        cmocka_unit_test_setup_teardown(after_a_refusal_every_write_is_refused_with_the_same_error,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(what_stood_before_a_refused_write_is_not_committed_by_close,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(truncating_to_nothing_forgets_a_refusal, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_left_of_a_refused_text_is_not_committed_by_close,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            after_eintr_the_same_bytes_are_the_same_text_and_others_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(
            an_interrupted_write_that_is_not_repeated_leaves_nothing_to_close, setup, teardown),
        cmocka_unit_test_setup_teardown(an_interrupted_fsync_leaves_the_text_waiting, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(too_much_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_record_may_be_large, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refused_write_gives_back_what_it_wrote_over, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_order_is_done_with, setup, teardown),
    };

    return cmocka_run_group_tests_name("content", tests, NULL, NULL);
}
