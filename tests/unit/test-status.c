#include "fake.h"

#include "api/status.h"

static struct fake fake;

static int setup(void **state)
{
    (void)state;
    fake_init(&fake, NULL);
    return 0;
}

typedef int count_fn(const struct backend *backend, const struct state *state,
                     char count[static DECIMAL_ROOM]);

/* A count, or "" when it is not known. */
static const char *count_of(count_fn *count, const struct state *state)
{
    static char number[DECIMAL_ROOM];
    int status = count(&fake.backend, state, number);

    if (status)
        assert_int_equal(status, -ENODATA);
    return status ? "" : number;
}

static struct state standing(const char *sequence, const char *earliest, const char *latest)
{
    return (struct state){
        .committed = WHEN_UNKNOWN, .sequence = sequence, .earliest = earliest, .latest = latest};
}

static const char *lag_of(const char *sequence, const char *earliest, const char *latest)
{
    struct state state = standing(sequence, earliest, latest);

    return count_of(status_lag, &state);
}

static const char *expired_of(const char *sequence, const char *earliest, const char *latest)
{
    struct state state = standing(sequence, earliest, latest);

    return count_of(status_expired, &state);
}

static const char *ahead_of(const char *sequence, const char *earliest, const char *latest)
{
    struct state state = standing(sequence, earliest, latest);

    return count_of(status_ahead, &state);
}

TEST(the_lag_of_a_last_read_checkpoint)
{
    assert_string_equal(lag_of("41", "0", "100"), "58");
    assert_string_equal(lag_of("99", "0", "100"), "0");
    assert_string_equal(lag_of("0", NULL, "1"), "0");
}

TEST(the_lag_of_a_checkpoint_that_is_next)
{
    fake.backend.checkpoint_is_next = true;
    assert_string_equal(lag_of("41", "0", "100"), "59");
    assert_string_equal(lag_of("100", "0", "100"), "0");
}

TEST(the_lag_without_a_checkpoint_is_all_that_is_kept)
{
    assert_string_equal(lag_of(NULL, "10", "100"), "90");
    assert_string_equal(lag_of(NULL, "100", "100"), "0");
    fake.backend.checkpoint_is_next = true;
    assert_string_equal(lag_of(NULL, "10", "100"), "90");
}

TEST(a_lag_is_never_negative)
{
    assert_string_equal(lag_of("100", "0", "100"), "0");
    assert_string_equal(lag_of("5000", "0", "100"), "0");
    assert_string_equal(lag_of(NULL, "101", "100"), "0");
}

TEST(a_lag_is_exact_past_64_bits)
{
    assert_string_equal(lag_of("1", "0", "100000000000000000001"), "99999999999999999999");
    assert_string_equal(lag_of("18446744073709551616", "0", "18446744073709551618"), "1");
}

TEST(a_lag_counts_nothing_that_was_deleted)
{
    assert_string_equal(lag_of("499", "900", "1000"), "100");
    assert_string_equal(lag_of("898", "900", "1000"), "100");
    assert_string_equal(lag_of("899", "900", "1000"), "100");
    assert_string_equal(lag_of("900", "900", "1000"), "99");
    assert_string_equal(lag_of("499", "1000", "1000"), "0");
    fake.backend.checkpoint_is_next = true;
    assert_string_equal(lag_of("899", "900", "1000"), "100");
    assert_string_equal(lag_of("900", "900", "1000"), "100");
    assert_string_equal(lag_of("901", "900", "1000"), "99");
}

TEST(expired_is_how_far_the_next_record_is_below_the_oldest)
{
    assert_string_equal(expired_of("499", "900", "1000"), "400");
    assert_string_equal(expired_of("898", "900", "1000"), "1");
    assert_string_equal(expired_of("899", "900", "1000"), "0");
    assert_string_equal(expired_of("5000", "900", "1000"), "0");
    assert_string_equal(expired_of(NULL, "900", "1000"), "0");
    assert_string_equal(expired_of("499", "900", NULL), "400");
    fake.backend.checkpoint_is_next = true;
    assert_string_equal(expired_of("499", "900", "1000"), "401");
    assert_string_equal(expired_of("899", "900", "1000"), "1");
    assert_string_equal(expired_of("900", "900", "1000"), "0");
    assert_string_equal(expired_of("1", "100000000000000000001", NULL), "100000000000000000000");
}

TEST(ahead_is_how_far_the_next_record_is_beyond_the_end)
{
    assert_string_equal(ahead_of("5000", "0", "1000"), "4001");
    assert_string_equal(ahead_of("1000", "0", "1000"), "1");
    assert_string_equal(ahead_of("999", "0", "1000"), "0");
    assert_string_equal(ahead_of("0", "0", "0"), "1");
    assert_string_equal(ahead_of(NULL, "0", "0"), "0");
    assert_string_equal(ahead_of("5000", NULL, "1000"), "4001");
    fake.backend.checkpoint_is_next = true;
    assert_string_equal(ahead_of("5000", "0", "1000"), "4000");
    assert_string_equal(ahead_of("1000", "0", "1000"), "0");
}

TEST(nothing_is_ahead_where_nobody_has_told_the_end)
{
    const struct state state = {.committed = WHEN_UNKNOWN,
                                .has_no_end = true,
                                .sequence = "42",
                                .earliest = "0",
                                .latest = "0"};

    assert_string_equal(count_of(status_ahead, &state), "");
    assert_string_equal(count_of(status_lag, &state), "0");
    assert_string_equal(count_of(status_expired, &state), "0");
}

TEST(what_is_lost_or_ahead_is_not_known_without_its_bound)
{
    assert_string_equal(expired_of("41", NULL, "100"), "");
    assert_string_equal(expired_of(NULL, NULL, "100"), "");
    assert_string_equal(expired_of("abc", "0", "100"), "");
    assert_string_equal(ahead_of("41", "0", NULL), "");
    assert_string_equal(ahead_of(NULL, NULL, "100"), "");
    assert_string_equal(ahead_of("abc", "0", "100"), "");
}

TEST(a_lag_that_is_not_known_is_enodata)
{
    assert_string_equal(lag_of("41", "0", NULL), "");
    assert_string_equal(lag_of("41", NULL, "100"), "");
    assert_string_equal(lag_of(NULL, NULL, "100"), "");
    assert_string_equal(lag_of(NULL, NULL, NULL), "");
    assert_string_equal(lag_of("abc", "0", "100"), "");
    assert_string_equal(lag_of("41", "0", "soon"), "");
}

static void assert_prints(const char *app, const struct state *state, const char *json)
{
    struct buf text = BUF_INIT(4096);

    assert_int_equal(status_print(&fake.backend, app, "orders", state, &text), 0);
    assert_string_equal(text.data, json);
    buf_release(&text);
}

TEST(a_status_is_one_line_of_json_with_texts_for_numbers)
{
    const struct state state = {.partition = 7,
                                .committed = INT64_C(1795248000999999999),
                                .seen = INT64_C(1795248001000000000),
                                .sequence = "41",
                                .metadata = "a \"b\"\n",
                                .earliest = "0",
                                .latest = "18446744073709551616",
                                .status = "ACTIVE",
                                .consumer = "me"};

    assert_prints("billing", &state,
                  "{\"app\":\"billing\",\"stream\":\"orders\",\"partition\":7,"
                  "\"checkpoint\":\"41\",\"metadata\":\"a \\\"b\\\"\\n\","
                  "\"committed\":\"2026-11-21T08:00:00Z\",\"seen\":\"2026-11-21T08:00:01Z\","
                  "\"lag\":18446744073709551574,"
                  "\"expired\":0,\"ahead\":0,"
                  "\"earliest\":\"0\",\"latest\":\"18446744073709551616\","
                  "\"status\":\"ACTIVE\",\"consumer\":\"me\"}\n");
}

TEST(texts_that_are_no_utf8_make_no_bad_json)
{
    const struct state state = {.partition = 0,
                                .committed = WHEN_UNKNOWN,
                                .sequence = "41",
                                .metadata = "caf\xe9 \xe2\x80",
                                .status = "\xff",
                                .consumer = "\xc3\xa9"};

    assert_prints("\xe9", &state,
                  "{\"app\":\"\xef\xbf\xbd\",\"stream\":\"orders\",\"partition\":0,"
                  "\"checkpoint\":\"41\",\"metadata\":\"caf\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\","
                  "\"metadata_base64\":\"Y2Fm6SDigA==\",\"committed\":null,\"seen\":null,\"lag\":"
                  "null,\"expired\":null,\"ahead\":null,"
                  "\"earliest\":null,\"latest\":null,"
                  "\"status\":\"\xef\xbf\xbd\",\"consumer\":\"\xc3\xa9\"}\n");
}

TEST(what_is_not_known_is_null)
{
    const struct state state = {.partition = PARTITION_MAX, .committed = WHEN_UNKNOWN};

    assert_prints(
        "billing", &state,
        "{\"app\":\"billing\",\"stream\":\"orders\",\"partition\":33554431,"
        "\"checkpoint\":null,\"metadata\":null,\"committed\":null,\"seen\":null,\"lag\":null,"
        "\"expired\":null,\"ahead\":null,"
        "\"earliest\":null,\"latest\":null}\n");
}

TEST(the_state_of_a_partition_alone_has_no_checkpoint)
{
    const struct state state = {
        .committed = WHEN_UNKNOWN, .sequence = "41", .earliest = "0", .latest = "9"};

    assert_prints(NULL, &state,
                  "{\"stream\":\"orders\",\"partition\":0,\"earliest\":\"0\",\"latest\":\"9\"}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_lag_of_a_last_read_checkpoint, setup),
        cmocka_unit_test_setup(the_lag_of_a_checkpoint_that_is_next, setup),
        cmocka_unit_test_setup(the_lag_without_a_checkpoint_is_all_that_is_kept, setup),
        cmocka_unit_test_setup(a_lag_is_never_negative, setup),
        cmocka_unit_test_setup(a_lag_is_exact_past_64_bits, setup),
        cmocka_unit_test_setup(a_lag_counts_nothing_that_was_deleted, setup),
        cmocka_unit_test_setup(expired_is_how_far_the_next_record_is_below_the_oldest, setup),
        cmocka_unit_test_setup(ahead_is_how_far_the_next_record_is_beyond_the_end, setup),
        cmocka_unit_test_setup(nothing_is_ahead_where_nobody_has_told_the_end, setup),
        cmocka_unit_test_setup(what_is_lost_or_ahead_is_not_known_without_its_bound, setup),
        cmocka_unit_test_setup(a_lag_that_is_not_known_is_enodata, setup),
        cmocka_unit_test_setup(a_status_is_one_line_of_json_with_texts_for_numbers, setup),
        cmocka_unit_test_setup(texts_that_are_no_utf8_make_no_bad_json, setup),
        cmocka_unit_test_setup(what_is_not_known_is_null, setup),
        cmocka_unit_test_setup(the_state_of_a_partition_alone_has_no_checkpoint, setup),
    };

    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
