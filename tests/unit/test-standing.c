#include "fake.h"

#include "api/standing.h"

#define SECOND INT64_C(1000000000)

/* Zeros to make great numbers with: 36 of them. */
#define ZEROS "000000000000000000000000000000000000"

static struct fake fake;
static struct standing_rules rules;

static int setup(void **state)
{
    (void)state;
    fake_init(&fake, NULL);
    rules =
        (struct standing_rules){.near_percent = 20, .stalled = 600 * SECOND, .now = 10000 * SECOND};
    return 0;
}

/* Committed just now. */
static struct state at(const char *sequence, const char *earliest, const char *latest)
{
    return (struct state){
        .committed = rules.now, .sequence = sequence, .earliest = earliest, .latest = latest};
}

static const char *judged(const struct state *state)
{
    return standing_word(standing_of(&fake.backend, state, &rules));
}

static void assert_at(const char *word, const char *sequence, const char *earliest,
                      const char *latest)
{
    struct state state = at(sequence, earliest, latest);

    assert_string_equal(judged(&state), word);
}

TEST(nothing_committed)
{
    assert_at("none", NULL, "0", "100");
    assert_at("none", NULL, NULL, NULL);
}

TEST(what_is_not_known)
{
    assert_at("-", "41", NULL, "100");
    assert_at("-", "41", "0", NULL);
    assert_at("-", "41", NULL, NULL);
    assert_at("-", "no number", "0", "100");
}

TEST(the_border_of_what_is_kept)
{
    assert_at("expired", "8", "10", "12");
    assert_at("expired", "8", "10", "10");
    assert_at("near", "9", "10", "12");
    assert_at("ok", "9", "10", "10");
    fake.backend.checkpoint_is_next = true;
    assert_at("expired", "9", "10", "12");
    assert_at("near", "10", "10", "12");
}

TEST(the_border_of_the_end)
{
    assert_at("ok", "99", "0", "100");
    assert_at("ahead", "100", "0", "100");
    fake.backend.checkpoint_is_next = true;
    assert_at("ok", "100", "0", "100");
    assert_at("ahead", "101", "0", "100");
}

TEST(without_an_end_nothing_is_beyond_it)
{
    struct state state = at("500", "0", "100");

    state.has_no_end = true;
    assert_string_equal(judged(&state), "ok");
}

/* Of 100 that are kept, 20 are a fifth: with 19 in front of it, the next record is near. */
TEST(the_border_of_near)
{
    assert_at("near", "18", "0", "100");
    assert_at("ok", "19", "0", "100");
    assert_at("near", "1018", "1000", "1100");
    assert_at("ok", "1019", "1000", "1100");
    rules.near_percent = 21;
    assert_at("near", "19", "0", "100");
    assert_at("ok", "20", "0", "100");
    rules.near_percent = 100;
    assert_at("near", "98", "0", "100");
    assert_at("ok", "99", "0", "100");
    rules.near_percent = 0;
    fake.backend.checkpoint_is_next = true;
    assert_at("ok", "0", "0", "100");
}

TEST(nobody_is_near_who_has_read_all)
{
    rules.near_percent = 100;
    assert_at("ok", "99", "0", "100");
    assert_at("ok", "9", "10", "10");
}

TEST(numbers_of_40_digits)
{
    assert_at("near", "2018" ZEROS, "2000" ZEROS, "2100" ZEROS);
    assert_at("near", "2019" ZEROS, "2000" ZEROS, "2100" ZEROS "0");
    assert_at("ok", "2020" ZEROS, "2000" ZEROS, "2100" ZEROS);
    fake.backend.checkpoint_is_next = true;
    assert_at("ok", "1" ZEROS "20", "1" ZEROS "00", "1" ZEROS "99");
    assert_at("near", "1" ZEROS "19", "1" ZEROS "00", "1" ZEROS "99");
    assert_at("expired", "1" ZEROS "00", "1" ZEROS "01", "1" ZEROS "99");
    assert_at("ahead", "1" ZEROS "99", "1" ZEROS "01", "1" ZEROS "98");
}

TEST(the_greatest_numbers_that_are_taken)
{
    char zeros[DECIMAL_MAX + 1];
    char nines[DECIMAL_MAX + 1];
    char fifth[DECIMAL_MAX + 1];

    memset(nines, '9', DECIMAL_MAX);
    memset(zeros, '0', DECIMAL_MAX);
    memset(fifth, '9', DECIMAL_MAX);
    nines[DECIMAL_MAX] = zeros[DECIMAL_MAX] = fifth[DECIMAL_MAX] = '\0';
    fake.backend.checkpoint_is_next = true;
    fifth[0] = '1';
    assert_at("near", fifth, zeros, nines);
    fifth[0] = '2';
    assert_at("ok", fifth, zeros, nines);
}

TEST(a_closed_partition)
{
    struct state state = at("99", "0", "100");

    state.is_closed = true;
    assert_string_equal(judged(&state), "closed");
    state.sequence = "98";
    assert_string_equal(judged(&state), "ok");
    state.sequence = "18";
    assert_string_equal(judged(&state), "near");
    state.sequence = "100";
    assert_string_equal(judged(&state), "ahead");
}

TEST(the_border_of_stalled)
{
    struct state state = at("50", "0", "100");

    state.committed = rules.now - 600 * SECOND + 1;
    assert_string_equal(judged(&state), "ok");
    state.committed = rules.now - 600 * SECOND;
    assert_string_equal(judged(&state), "stalled");
    state.sequence = "99";
    assert_string_equal(judged(&state), "ok");
    state.sequence = "10";
    assert_string_equal(judged(&state), "near");
}

/* Of a service that tells no times: since this mount has seen it. */
TEST(stalled_since_it_was_seen)
{
    struct state state = at("50", "0", "100");

    state.committed = WHEN_UNKNOWN;
    state.seen = rules.now - 600 * SECOND;
    assert_string_equal(judged(&state), "stalled");
    state.seen++;
    assert_string_equal(judged(&state), "ok");
    state.seen = 0;
    assert_string_equal(judged(&state), "ok");
}

TEST(a_commit_counts_though_the_number_was_seen_long_ago)
{
    struct state state = at("50", "0", "100");

    state.seen = rules.now - 5000 * SECOND;
    assert_string_equal(judged(&state), "ok");
}

TEST(a_clock_that_is_ahead_stalls_nobody)
{
    struct state state = at("50", "0", "100");

    state.committed = rules.now + 5000 * SECOND;
    assert_string_equal(judged(&state), "ok");
}

/* For as long as it takes to be stalled; then nobody goes on from there. */
TEST(the_border_of_rewound)
{
    struct state state = at("50", "0", "100");

    state.committed = WHEN_UNKNOWN;
    state.went_back = true;
    state.seen = rules.now - 600 * SECOND + 1;
    assert_string_equal(judged(&state), "rewound");
    state.seen = rules.now - 600 * SECOND;
    assert_string_equal(judged(&state), "stalled");
}

/* Each of these is true of what stands after it, too. */
TEST(the_first_that_holds)
{
    struct state state = at("8", "10", "100");

    state.committed = rules.now - 5000 * SECOND;
    state.seen = rules.now;
    state.went_back = true;
    state.is_closed = true;
    assert_string_equal(judged(&state), "expired");
    state.sequence = "9";
    assert_string_equal(judged(&state), "rewound");
    state.went_back = false;
    assert_string_equal(judged(&state), "near");
    state.sequence = "60";
    assert_string_equal(judged(&state), "stalled");
    state.sequence = "99";
    assert_string_equal(judged(&state), "closed");
    state.went_back = true;
    assert_string_equal(judged(&state), "rewound");
    state.sequence = "200";
    assert_string_equal(judged(&state), "ahead");
    state.sequence = NULL;
    assert_string_equal(judged(&state), "none");
}

#define SCENE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(nothing_committed),
        SCENE(what_is_not_known),
        SCENE(the_border_of_what_is_kept),
        SCENE(the_border_of_the_end),
        SCENE(without_an_end_nothing_is_beyond_it),
        SCENE(the_border_of_near),
        SCENE(nobody_is_near_who_has_read_all),
        SCENE(numbers_of_40_digits),
        SCENE(the_greatest_numbers_that_are_taken),
        SCENE(a_closed_partition),
        SCENE(the_border_of_stalled),
        SCENE(stalled_since_it_was_seen),
        SCENE(a_commit_counts_though_the_number_was_seen_long_ago),
        SCENE(a_clock_that_is_ahead_stalls_nobody),
        SCENE(the_border_of_rewound),
        SCENE(the_first_that_holds),
    };

    return cmocka_run_group_tests_name("standing", tests, NULL, NULL);
}
