#include "fake.h"

#include "fs/entry.h"

#define METADATA_MAX 8

/* 2026-11-21T08:00:00Z */
#define NOW (INT64_C(1795248000) * 1000000000)

static char line[400];
static struct entry entry;

static int parse(const char *text)
{
    struct error error = {0};
    int status;

    snprintf(line, sizeof(line), "%s", text);
    status = entry_parse(line, NOW, METADATA_MAX, &entry, &error);
    assert_int_equal(-status, error.code);
    return status;
}

static void assert_refused(const char *text)
{
    if (parse(text) != -EINVAL)
        fail_msg("\"%s\" is no line", text);
}

static void assert_metadata(const char *text, const char *metadata)
{
    assert_int_equal(parse(text), 0);
    assert_string_equal(entry.metadata, metadata);
}

TEST(two_columns_are_a_partition_and_a_position)
{
    assert_int_equal(parse("7\t42"), 0);
    assert_int_equal(entry.partition, 7);
    assert_false(entry.is_of_all);
    assert_false(entry.removes);
    assert_int_equal(entry.position.kind, POSITION_SEQUENCE);
    assert_string_equal(entry.position.sequence, "42");
    assert_string_equal(entry.metadata, "");
    assert_null(entry.expected);
}

TEST(any_position_is_one_here)
{
    assert_int_equal(parse("0\tearliest"), 0);
    assert_int_equal(entry.position.kind, POSITION_EARLIEST);
    assert_int_equal(parse("0\t@1h"), 0);
    assert_int_equal(entry.position.kind, POSITION_TIME);
    assert_int_equal(entry.position.time, NOW - INT64_C(3600) * 1000000000);
    assert_int_equal(parse("0\tshift -5"), 0);
    assert_string_equal(entry.position.shift, "-5");
    assert_int_equal(parse("0\tMTU0NzM4NzcyNzc5Njk4MjE4Mg=="), 0);
}

TEST(a_star_is_all_partitions)
{
    assert_int_equal(parse("*\tlatest"), 0);
    assert_true(entry.is_of_all);
    assert_refused("**\tlatest");
    assert_refused("\tlatest");
}

TEST(a_dash_is_no_checkpoint)
{
    assert_int_equal(parse("3\t-"), 0);
    assert_true(entry.removes);
    assert_int_equal(parse("3\t-\t\t42"), 0);
    assert_string_equal(entry.expected, "42");
    assert_refused("3\t-\tnote");
}

TEST(a_partition_may_have_its_long_name)
{
    assert_int_equal(parse("shardId-0000000007\t42"), 0);
    assert_int_equal(entry.partition, 7);
}

TEST(without_a_tab_a_blank_is_enough)
{
    assert_int_equal(parse("7 42"), 0);
    assert_string_equal(entry.position.sequence, "42");
    assert_int_equal(parse("7  shift +5"), 0);
    assert_string_equal(entry.position.shift, "5");
    assert_string_equal(entry.metadata, "");
}

TEST(metadata_is_escaped)
{
    assert_metadata("0\t1\tnote", "note");
    assert_metadata("0\t1\t", "");
    assert_metadata("0\t1\ta\\tb\\nc", "a\tb\nc");
    assert_metadata("0\t1\t\\\\n", "\\n");
    assert_metadata("0\t1\t\\x1b[\\x1B", "\x1b[\x1b");
    assert_metadata("0\t1\t\\xc3\\xbc", "\xc3\xbc");
    assert_metadata("0\t1\ta\\n", "a\n");
    assert_refused("0\t1\t\\");
    assert_refused("0\t1\t\\q");
    assert_refused("0\t1\t\\x");
    assert_refused("0\t1\t\\x1");
    assert_refused("0\t1\t\\x1g");
}

TEST(metadata_is_what_can_be_stored)
{
    assert_metadata("0\t1\t12345678", "12345678");
    assert_metadata("0\t1\t\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc",
                    "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc");
    assert_refused("0\t1\t123456789");
    assert_refused("0\t1\t\xff");
    assert_refused("0\t1\t\\x00");
    assert_refused("0\t1\ta\\x00b");
}

TEST(the_fourth_column_is_what_is_expected)
{
    assert_int_equal(parse("0\t1\tnote\t9"), 0);
    assert_string_equal(entry.expected, "9");
    assert_string_equal(entry.metadata, "note");
    assert_int_equal(parse("0\t1\t\t-"), 0);
    assert_string_equal(entry.expected, "");
    assert_int_equal(parse("0\t1\t\t"), 0);
    assert_null(entry.expected);
    assert_refused("0\t1\t\t?");
    assert_refused("0\t1\t\t9\t");
}

TEST(a_return_at_the_end_is_no_part_of_a_line)
{
    assert_int_equal(parse("0\t42\r"), 0);
    assert_string_equal(entry.position.sequence, "42");
    assert_metadata("0\t42\tnote\r", "note");
    assert_true(entry_is_blank("\r"));
}

TEST(other_lines_are_refused)
{
    assert_refused("42");
    assert_refused("7\t");
    assert_refused("7");
    assert_refused("7\t-1");
    assert_refused("7\t?");
    assert_refused("x\t1");
    assert_refused("007\t1");
    assert_refused("99999999999\t1");
    assert_refused("-1\t1");
}

TEST(what_says_nothing_is_told)
{
    assert_true(entry_is_blank(""));
    assert_true(entry_is_blank(" \t"));
    assert_true(entry_is_blank("#partition\tcheckpoint"));
    assert_false(entry_is_blank("0\t1"));
}

/* States */

static bool is_met(const char *text, const char *sequence, const char *metadata, unsigned abilities)
{
    struct loop *loop = loop_new();
    struct fake fake;
    struct state state = {.sequence = sequence, .metadata = metadata};
    bool met;

    assert_non_null(loop);
    fake_init(&fake, loop);
    fake.backend.abilities = abilities;
    assert_int_equal(parse(text), 0);
    met = entry_is_met(&entry, &fake.backend, &state);
    fake_release(&fake);
    loop_free(loop);
    return met;
}

TEST(an_entry_is_met_by_what_it_says)
{
    assert_true(is_met("0\t42\tnote", "42", "note", CAN_STORE_METADATA));
    assert_true(is_met("0\t42", "42", "", CAN_STORE_METADATA));
    assert_true(is_met("0\t42", "42", NULL, 0));
    assert_false(is_met("0\t42", "43", "", CAN_STORE_METADATA));
    assert_false(is_met("0\t42", "42", "note", CAN_STORE_METADATA));
    assert_false(is_met("0\t42\tnote", "42", "", CAN_STORE_METADATA));
    assert_false(is_met("0\t42", "42", NULL, CAN_STORE_METADATA));
    assert_false(is_met("0\t42", NULL, NULL, CAN_STORE_METADATA));
    assert_false(is_met("0\tearliest", "42", "", CAN_STORE_METADATA));
    assert_false(is_met("0\tshift +0", "42", "", CAN_STORE_METADATA));
    assert_true(is_met("0\t-", NULL, NULL, CAN_STORE_METADATA));
    assert_false(is_met("0\t-", "42", "", CAN_STORE_METADATA));
}

static void assert_printed(const char *sequence, const char *metadata, const char *expected,
                           bool is_told)
{
    struct state state = {.partition = 7, .sequence = sequence, .metadata = metadata};
    struct buf text = BUF_INIT(400);

    assert_int_equal(entry_print(&state, true, &text), is_told);
    assert_int_equal(buf_error(&text), 0);
    assert_string_equal(text.data, expected);
    buf_release(&text);
}

TEST(a_state_is_printed_as_a_line)
{
    assert_printed(NULL, NULL, "", true);
    assert_printed("42", "", "7\t42\n", true);
    assert_printed("42", "a\tb\n\\", "7\t42\ta\\tb\\n\\\\\n", true);
    assert_printed("42", NULL, "7\t42\n", false);
}

TEST(what_is_printed_can_be_read)
{
    static const char *const texts[] = {"note", "a\tb",    "a\n", "\\", "\\n",
                                        "\r",   "\x1b[0m", "-",   " "};

    for (size_t i = 0; i < COUNT(texts); i++) {
        struct state state = {.sequence = "42", .metadata = texts[i]};
        struct buf text = BUF_INIT(400);

        entry_print(&state, true, &text);
        assert_int_equal(buf_error(&text), 0);
        text.data[text.size - 1] = '\0';
        assert_metadata(text.data, texts[i]);
        buf_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_columns_are_a_partition_and_a_position),
        cmocka_unit_test(any_position_is_one_here),
        cmocka_unit_test(a_star_is_all_partitions),
        cmocka_unit_test(a_dash_is_no_checkpoint),
        cmocka_unit_test(a_partition_may_have_its_long_name),
        cmocka_unit_test(without_a_tab_a_blank_is_enough),
        cmocka_unit_test(metadata_is_escaped),
        cmocka_unit_test(metadata_is_what_can_be_stored),
        cmocka_unit_test(the_fourth_column_is_what_is_expected),
        cmocka_unit_test(a_return_at_the_end_is_no_part_of_a_line),
        cmocka_unit_test(other_lines_are_refused),
        cmocka_unit_test(what_says_nothing_is_told),
        cmocka_unit_test(an_entry_is_met_by_what_it_says),
        cmocka_unit_test(a_state_is_printed_as_a_line),
        cmocka_unit_test(what_is_printed_can_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
