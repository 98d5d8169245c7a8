#include "test.h"

#include "api/position.h"
#include "base/when.h"

/* 2026-11-21T08:00:00Z */
#define NOW (INT64_C(1795248000) * 1000000000)

#define METADATA_MAX 1000

static void parse(const char *text, struct position *position)
{
    struct error error = {0};

    if (position_parse(text, NOW, position, &error))
        fail_msg("\"%s\" is a position: %s", text, error.message);
}

static void assert_refused(const char *text)
{
    struct position position;
    struct error error = {0};

    if (position_parse(text, NOW, &position, &error) != -EINVAL)
        fail_msg("\"%s\" is no position", text);
    assert_int_equal(error.code, EINVAL);
    assert_non_null(strstr(error.message, "earliest"));
}

TEST(words_are_positions)
{
    struct position position;

    parse("earliest", &position);
    assert_int_equal(position.kind, POSITION_EARLIEST);
    parse("latest", &position);
    assert_int_equal(position.kind, POSITION_LATEST);
}

TEST(sequence_numbers_are_taken_as_written)
{
    static const char *const texts[] = {
        "0", "42", "007", "9223372036854775808", "MTU0NzM4NzcyNzc5Njk4MjE4Mg==", "a-b_c/d+e="};

    for (size_t i = 0; i < COUNT(texts); i++) {
        struct position position;

        parse(texts[i], &position);
        assert_int_equal(position.kind, POSITION_SEQUENCE);
        assert_string_equal(position.sequence, texts[i]);
    }
}

TEST(a_sequence_number_has_a_greatest_length)
{
    char text[SEQUENCE_MAX + 2];
    struct position position;

    memset(text, '1', sizeof(text));
    text[SEQUENCE_MAX] = '\0';
    parse(text, &position);
    assert_string_equal(position.sequence, text);
    text[SEQUENCE_MAX] = '1';
    text[SEQUENCE_MAX + 1] = '\0';
    assert_refused(text);
}

TEST(blanks_around_a_position_are_skipped)
{
    static const char *const texts[] = {" 42", "42 ", "\t42\r", "\n\n42\n", " \t 42 \r\n"};

    for (size_t i = 0; i < COUNT(texts); i++) {
        struct position position;

        parse(texts[i], &position);
        assert_string_equal(position.sequence, "42");
    }
}

struct time_sample {
    const char *text;
    int64_t time;
};

TEST(times_are_positions)
{
    static const struct time_sample samples[] = {
        {"@2026-11-21T08:00:00Z", NOW},
        {"@2026-11-21 08:00:00Z", NOW},
        {"@1h", NOW - INT64_C(3600000000000)},
        {"@1795248000", NOW},
        {"@1795248000.5", NOW + 500000000},
        {"@@1795248000", NOW},
        {"@@1h", NOW - INT64_C(3600000000000)},
        {"@1795248000123", NOW + 123000000},
        {"@PT1H30M", NOW - INT64_C(5400000000000)},
        {"@now", NOW},
        {"@0s", NOW},
    };

    for (size_t i = 0; i < COUNT(samples); i++) {
        struct position position;

        parse(samples[i].text, &position);
        assert_int_equal(position.kind, POSITION_TIME);
        assert_true(position.time == samples[i].time);
    }
}

TEST(shifts_are_positions)
{
    static const char *const samples[][2] = {
        {"shift +5", "5"},   {"shift -5", "-5"}, {"shift  \t -100", "-100"},
        {"shift +007", "7"}, {"shift -0", "0"},
    };

    for (size_t i = 0; i < COUNT(samples); i++) {
        struct position position;

        parse(samples[i][0], &position);
        assert_int_equal(position.kind, POSITION_SHIFT);
        assert_string_equal(position.shift, samples[i][1]);
    }
}

TEST(a_shift_has_a_hundred_digits)
{
    char text[8 + DECIMAL_MAX + 1] = "shift -1";
    struct position position;

    memset(text + 7, '9', DECIMAL_MAX);
    parse(text, &position);
    assert_int_equal(strlen(position.shift), DECIMAL_MAX + 1);
    memset(text + 7, '9', DECIMAL_MAX + 1);
    assert_refused(text);
}

TEST(what_is_no_position_is_einval)
{
    static const char *const texts[] = {
        "",           " ",
        "\n",         "-1",
        "+1",         "-",
        "1 2",        "42,",
        "1.5",        "@",
        "@tomorrow",  "@-1h",
        "@ 1h",       "@@",
        "shift 5",    "shift +",
        "shift + 5",  "shift +5 6",
        "shift ++5",  "shift +1.5",
        "shift\n+5",  "$(reboot)",
        "\"42\"",     "4\0012",
        "\xc3\xa9",   "@2026-02-30T00:00:00Z",
        "earliest 5", "@1h x",
    };

    for (size_t i = 0; i < COUNT(texts); i++)
        assert_refused(texts[i]);
}

static void assert_advice(const char *text, const char *advice)
{
    struct position position;
    struct error error = {0};
    char expected[400];

    assert_int_equal(position_parse(text, NOW, &position, &error), -EINVAL);
    snprintf(expected, sizeof(expected), "\"%s\" is not a position: %s; a position is ", text,
             advice);
    if (strncmp(error.message, expected, strlen(expected)) != 0)
        fail_msg("%s", error.message);
}

#define DIGITS_OF_TIMES \
    "seconds since 1970 have 10 digits these days, milliseconds 13; an age has a unit: 90s"

TEST(a_refusal_says_what_to_write_instead)
{
    assert_advice("", "the first line is the position");
    assert_advice("-1", "remove the checkpoint to have none, or write shift -1");
    assert_advice("-100", "write shift -100");
    assert_advice("+5", "write shift +5");
    assert_advice("shift 5", "write the sign and whole records: shift +5 or shift -5");
    assert_advice("shift x", "write the sign and whole records: shift +5 or shift -5");
    assert_advice("1h", "write @1h");
    assert_advice("PT1H", "write @PT1H");
    assert_advice("now", "write @now");
    assert_advice("2026-11-21T08:00:00Z", "write @2026-11-21T08:00:00Z");
    assert_advice("@-1h", "an age has no sign: 1h is an hour ago");
    assert_advice("@2026-11-21T08:00:00", "add Z for UTC, or an offset such as +01:00");
    assert_advice("@1795248000123456", DIGITS_OF_TIMES);
    assert_advice("@90", DIGITS_OF_TIMES);
}

/* What a backend has refused, as only it knows its numbers. */
TEST(a_refusal_of_a_backend_says_so_too)
{
    static const char *const samples[][2] = {
        {"oldest", "no: write earliest; a position is "},
        {"EARLIEST", "no: write earliest; a position is "},
        {"newest", "no: write latest; a position is "},
        {"null", "no: remove the checkpoint to have none; a position is "},
        {"forty", "no; a position is "},
    };

    for (size_t i = 0; i < COUNT(samples); i++) {
        struct error error;

        error_set(&error, EINVAL, "no");
        assert_int_equal(position_explain(&error, samples[i][0]), -EINVAL);
        if (strncmp(error.message, samples[i][1], strlen(samples[i][1])) != 0)
            fail_msg("%s", error.message);
    }
}

/* A long reason and the longest advice leave room for all forms. */
TEST(all_forms_are_in_the_message)
{
    const char *word = "2026-11-21T08:00:00.123456789+0100";
    struct error error;

    error_set(&error, EINVAL, "\"%.60s\" is neither a number nor a cursor of SLS, in base64", word);
    position_explain(&error, word);
    assert_non_null(strstr(error.message, "milliseconds)"));
}

TEST(a_long_line_is_einval_with_a_short_message)
{
    char text[5001];

    memset(text, 'a', sizeof(text));
    text[5000] = '\0';
    assert_refused(text);
    memset(text, '@', 200);
    assert_refused(text);
}

/* What was written, as a program writes it. */
struct text {
    char *text;
    size_t size;
};

static struct text text_of(const char *data, size_t size)
{
    struct text text = {.text = malloc(size + 1), .size = size};

    assert_non_null(text.text);
    memcpy(text.text, data, size);
    text.text[size] = '\0';
    return text;
}

static int split(struct text *text, struct position *position, const char **metadata)
{
    struct error error = {0};
    int status =
        position_parse_text(text->text, text->size, NOW, METADATA_MAX, position, metadata, &error);

    assert_int_equal(-status, error.code);
    assert_int_equal(error.code != 0, *error.message != '\0');
    return status;
}

struct split_sample {
    const char *text;
    const char *sequence;
    const char *metadata;
};

TEST(the_first_line_is_a_position_and_the_rest_metadata)
{
    static const struct split_sample samples[] = {
        {"42", "42", ""},
        {"42\n", "42", ""},
        {"42\r\n", "42", ""},
        {"42\nnote", "42", "note"},
        {"42\nnote\n", "42", "note"},
        {"42\r\nnote\r\n", "42", "note"},
        {"42\r\none\r\n\r\ntwo\r\n", "42", "one\n\ntwo"},
        {"42\r\nnote", "42", "note"},
        {"42\r\nnote\r", "42", "note\r"},
        {"42\r\no\rne\r\n", "42", "o\rne"},
        {"42\r\n\r\r\n", "42", "\r"},
        {"42\none\r\ntwo\r\n", "42", "one\r\ntwo\r"},
        {"42\none\r\ntwo\n", "42", "one\r\ntwo"},
        {"42\r\none\n", "42", "one"},
        {"42\nnote\n\n", "42", "note\n"},
        {"42\n\n", "42", ""},
        {"42\n\n\n", "42", "\n"},
        {"42\n\nnote", "42", "\nnote"},
        {" 42 \n two\nlines ", "42", " two\nlines "},
        {"{\"checkpoint\":\"42\",\"sequence\":\"41\",\"data\":\"7\\u000a\"}\n", "42", ""},
        {"{\"checkpoint\":\"MQ==\",\"data\":{\"checkpoint\":\"7\"}}", "MQ==", ""},
        {"{ \"sequence\": 1, \"checkpoint\": 42 }\r\n", "42", ""},
        {"{\"checkpoint\":\"42\"}\n{\"length\":7}\n", "42", "{\"length\":7}"},
        {"42\n{\"checkpoint\":1", "42", "{\"checkpoint\":1"},
    };

    for (size_t i = 0; i < COUNT(samples); i++) {
        struct text text = text_of(samples[i].text, strlen(samples[i].text));
        struct position position;
        const char *metadata = NULL;

        assert_int_equal(split(&text, &position, &metadata), 0);
        assert_string_equal(position.sequence, samples[i].sequence);
        assert_string_equal(metadata, samples[i].metadata);
        free(text.text);
    }
}

static void assert_split_refused(const char *data, size_t size)
{
    struct text text = text_of(data, size);
    struct position position;
    const char *metadata = NULL;

    assert_int_equal(split(&text, &position, &metadata), -EINVAL);
    free(text.text);
}

static int check_place(const char *line, const char *stream, uint32_t partition)
{
    struct text text = text_of(line, strlen(line));
    struct position position;
    struct error error = {0};
    const char *metadata = NULL;
    int status;

    assert_int_equal(split(&text, &position, &metadata), 0);
    status = position_check_place(&position, stream, partition, &error);
    assert_int_equal(-status, error.code);
    free(text.text);
    return status;
}

TEST(a_line_that_says_where_it_is_from_is_taken_there_alone)
{
    static const char orders_1[] = "{\"stream\":\"orders\",\"partition\":1,\"checkpoint\":\"7\"}";
    static const char shard_1[] =
        "{\"checkpoint\":\"7\",\"partition\":\"shardId-0000000001\",\"stream\":null}";

    assert_int_equal(check_place(orders_1, "orders", 1), 0);
    assert_int_equal(check_place(orders_1, "orders", 0), -EINVAL);
    assert_int_equal(check_place(orders_1, "order", 1), -EINVAL);
    assert_int_equal(check_place(shard_1, "payments", 1), 0);
    assert_int_equal(check_place(shard_1, "payments", 2), -EINVAL);
    assert_int_equal(check_place("{\"checkpoint\":\"7\"}", "orders", 3), 0);
    assert_int_equal(check_place("7\n", "orders", 3), 0);
}

TEST(a_text_without_a_position_is_einval)
{
    assert_split_refused("", 0);
    assert_split_refused("\n", 1);
    assert_split_refused("\n\n\n", 3);
    assert_split_refused("\n42", 3);
    assert_split_refused("\r\n42", 4);
}

TEST(a_line_that_is_no_record_is_einval)
{
    static const char *const texts[] = {
        "{",
        "{}",
        "{\"checkpoint\":\"42\"",
        "{\"checkpoint\":\"42\",\"data\":\"}",
        "{\"checkpoint\":\"42\"}}",
        "{\"checkpoint\":\"42\"} 43",
        "{\"checkpoint\":\"\"}",
        "{\"checkpoint\":null}",
        "{\"checkpoint\":[\"42\"]}",
        "{\"checkpoint\":\"earliest!\"}",
        "{\"checkpoint\":\"shift +1\"}",
        "{\"checkpoint\":\"4\\u00002\"}",
        "{\"checkpoint\":\"42\",\"stream\":[]}",
        "{\"checkpoint\":\"42\",\"stream\":\"or\\u0000ders\"}",
        "{\"checkpoint\":\"42\",\"partition\":\"all\"}",
        "{\"checkpoint\":\"42\",\"partition\":-1}",
        "{\"data\":{\"checkpoint\":\"42\"}}",
        "{\"checkpoint\":\"42\",\n\"data\":\"x\"}",
        "{\"checkpoint\":\"42\"}\n{\"checkpoint\":\"43\"}\n",
    };

    for (size_t i = 0; i < COUNT(texts); i++)
        assert_split_refused(texts[i], strlen(texts[i]));
}

TEST(nuls_are_einval_wherever_they_are)
{
    assert_split_refused("\0", 1);
    assert_split_refused("42\0", 3);
    assert_split_refused("4\0002", 3);
    assert_split_refused("42\0\n", 4);
    assert_split_refused("42\n\0", 4);
    assert_split_refused("42\na\0b", 6);
    assert_split_refused("42\na\0\n", 6);
    assert_split_refused("42\r\na\0\r\n", 8);
    assert_split_refused("42\0\r\n\r\n", 7);
}

static int check_metadata(const char *data, size_t size, size_t max)
{
    struct text text = text_of(data, size);
    const char *metadata = NULL;
    struct error error = {0};
    int status = metadata_parse(text.text, size, max, &metadata, &error);

    assert_int_equal(-status, error.code);
    if (!status)
        assert_ptr_equal(metadata, text.text);
    free(text.text);
    return status;
}

TEST(metadata_may_be_in_any_language)
{
    static const char *const texts[] = {
        "",
        "note",
        "\xc3\xa9t\xc3\xa9",
        "\xe4\xb8\xad\xe6\x96\x87",
        "\xd8\xb9\xd8\xb1\xd8\xa8\xd9\x8a",
        "\xf0\x9f\x98\x80",
        "\x01\x02\x7f",
        "\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xef\xbf\xbf \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf",
        "\xed\x9f\xbf \xee\x80\x80",
    };

    for (size_t i = 0; i < COUNT(texts); i++)
        assert_int_equal(check_metadata(texts[i], strlen(texts[i]), METADATA_MAX), 0);
}

TEST(metadata_that_is_not_utf_8_is_einval)
{
    static const char *const texts[] = {
        "\x80",             /* a continuation alone */
        "\xbf",             /* */
        "\xc3",             /* cut short */
        "\xe4\xb8",         /* */
        "\xf0\x9f\x98",     /* */
        "\xc3(",            /* no continuation */
        "\xe4(\xad",        /* */
        "\xe4\xb8(",        /* */
        "\xf0\x9f\x98(",    /* */
        "\xc0\x80",         /* overlong */
        "\xc1\xbf",         /* */
        "\xe0\x9f\xbf",     /* */
        "\xf0\x8f\xbf\xbf", /* */
        "\xed\xa0\x80",     /* surrogates */
        "\xed\xbf\xbf",     /* */
        "\xf4\x90\x80\x80", /* past U+10FFFF */
        "\xf5\x80\x80\x80", /* */
        "\xfe",             /* never in UTF-8 */
        "\xff",             /* */
        "caf\xe9",          /* Latin-1 */
    };

    for (size_t i = 0; i < COUNT(texts); i++)
        assert_int_equal(check_metadata(texts[i], strlen(texts[i]), METADATA_MAX), -EINVAL);
}

TEST(metadata_alone_may_end_its_lines_in_cr)
{
    static const char *const samples[][2] = {
        {"note\r\n", "note"}, {"one\r\ntwo\r\n", "one\ntwo"},
        {"note\r", "note\r"}, {"one\r\ntwo\n", "one\r\ntwo"},
        {"\r\n", ""},
    };

    for (size_t i = 0; i < COUNT(samples); i++) {
        struct text text = text_of(samples[i][0], strlen(samples[i][0]));
        const char *metadata = NULL;
        struct error error = {0};

        assert_int_equal(metadata_parse(text.text, text.size, METADATA_MAX, &metadata, &error), 0);
        assert_string_equal(metadata, samples[i][1]);
        free(text.text);
    }
}

TEST(metadata_is_measured_in_characters)
{
    char text[METADATA_MAX * 4 + 6];

    for (size_t i = 0; i < METADATA_MAX + 1; i++)
        memcpy(text + 4 * i, "\xf0\x9f\x98\x80", 4);
    assert_int_equal(check_metadata(text, METADATA_MAX * 4, METADATA_MAX), 0);
    assert_int_equal(check_metadata(text, (METADATA_MAX + 1) * 4, METADATA_MAX), -EINVAL);
    text[METADATA_MAX * 4] = '\n';
    assert_int_equal(check_metadata(text, METADATA_MAX * 4 + 1, METADATA_MAX), 0);
    text[METADATA_MAX * 4 + 1] = '\n';
    assert_int_equal(check_metadata(text, METADATA_MAX * 4 + 2, METADATA_MAX), -EINVAL);
}

TEST(a_backend_that_stores_no_metadata_takes_only_none)
{
    assert_int_equal(check_metadata("", 0, 0), 0);
    assert_int_equal(check_metadata("\n", 1, 0), 0);
    assert_int_equal(check_metadata("a", 1, 0), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_positions),
        cmocka_unit_test(sequence_numbers_are_taken_as_written),
        cmocka_unit_test(a_sequence_number_has_a_greatest_length),
        cmocka_unit_test(blanks_around_a_position_are_skipped),
        cmocka_unit_test(times_are_positions),
        cmocka_unit_test(shifts_are_positions),
        cmocka_unit_test(a_shift_has_a_hundred_digits),
        cmocka_unit_test(what_is_no_position_is_einval),
        cmocka_unit_test(a_refusal_says_what_to_write_instead),
        cmocka_unit_test(a_refusal_of_a_backend_says_so_too),
        cmocka_unit_test(all_forms_are_in_the_message),
        cmocka_unit_test(a_long_line_is_einval_with_a_short_message),
        cmocka_unit_test(the_first_line_is_a_position_and_the_rest_metadata),
        cmocka_unit_test(a_line_that_says_where_it_is_from_is_taken_there_alone),
        cmocka_unit_test(a_text_without_a_position_is_einval),
        cmocka_unit_test(a_line_that_is_no_record_is_einval),
        cmocka_unit_test(nuls_are_einval_wherever_they_are),
        cmocka_unit_test(metadata_may_be_in_any_language),
        cmocka_unit_test(metadata_that_is_not_utf_8_is_einval),
        cmocka_unit_test(metadata_alone_may_end_its_lines_in_cr),
        cmocka_unit_test(metadata_is_measured_in_characters),
        cmocka_unit_test(a_backend_that_stores_no_metadata_takes_only_none),
    };

    return cmocka_run_group_tests_name("position", tests, NULL, NULL);
}
