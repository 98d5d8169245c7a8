#include "fake.h"

#include "base/when.h"
#include "fs/notes.h"

static struct fake fake;
static struct notes notes;
static struct table *known;
static struct table *answer;

static int setup(void **state)
{
    (void)state;
    fake_init(&fake, NULL);
    known = table_new();
    answer = table_new();
    assert_true(known && answer);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    notes_release(&notes);
    table_drop(known);
    table_drop(answer);
    return 0;
}

/* Notes a checkpoint, as a mount does. Returns the time of a note that was forgotten for it. */
static int64_t note(uint32_t partition, const char *sequence, int64_t at)
{
    struct state state = {.partition = partition, .committed = 1, .sequence = sequence};
    int64_t lost = -1;

    assert_int_equal(notes_put(&fake.backend, known, &state), 0);
    assert_int_equal(notes_add(&notes, &state, false, at, &lost), 0);
    return lost;
}

static void put(struct table *table, const struct state *state)
{
    assert_int_equal(table_put(table, state), 0);
}

static struct state found_in(const struct table *table, uint32_t partition)
{
    struct state state = {0};

    assert_int_equal(table_find(table, partition, &state), 0);
    return state;
}

static void assert_sequence(const struct table *table, uint32_t partition, const char *expected)
{
    assert_string_equal(found_in(table, partition).sequence, expected);
}

/* Notes */

TEST(what_is_noted_is_found)
{
    int64_t before = when_monotonic();

    assert_null(notes_find(&notes, 7));
    assert_int_equal(notes_size(&notes), 0);
    note(7, "41", 5);
    assert_int_equal(notes_find(&notes, 7)->at, 5);
    assert_true(notes_find(&notes, 7)->told >= before);
    assert_false(notes_find(&notes, 7)->whole);
    assert_null(notes_find(&notes, 8));
    assert_true(notes_size(&notes) > 0);
    notes_release(&notes);
    assert_null(notes_find(&notes, 7));
    assert_int_equal(notes_size(&notes), 0);
}

TEST(a_partition_has_one_note)
{
    for (int64_t at = 1; at <= 3 * NOTES_MAX; at++)
        assert_int_equal(note(7, "41", at), -1);
    assert_int_equal(notes_find(&notes, 7)->at, 3 * NOTES_MAX);
}

TEST(past_the_bound_the_note_that_came_first_is_lost)
{
    for (uint32_t i = 0; i < NOTES_MAX; i++)
        assert_int_equal(note(i, "41", 100 + i), -1);
    assert_int_equal(note(NOTES_MAX, "41", 1000), 100);
    assert_null(notes_find(&notes, 0));
    assert_non_null(notes_find(&notes, 1));
    assert_non_null(notes_find(&notes, NOTES_MAX));
}

/* Checkpoints in a table that knows more */

TEST(a_checkpoint_leaves_the_rest_of_what_is_known)
{
    static const struct state before = {.committed = 1,
                                        .sequence = "1",
                                        .metadata = "old",
                                        .earliest = "0",
                                        .latest = "100",
                                        .has_no_end = true,
                                        .status = "ACTIVE",
                                        .consumer = "c"};
    static const struct state checkpoint = {.committed = 2, .sequence = "2", .metadata = "new"};
    struct state state;

    put(known, &before);
    assert_int_equal(notes_put(&fake.backend, known, &checkpoint), 0);
    state = found_in(known, 0);
    assert_int_equal(state.committed, 2);
    assert_string_equal(state.sequence, "2");
    assert_string_equal(state.metadata, "new");
    assert_string_equal(state.earliest, "0");
    assert_string_equal(state.latest, "100");
    assert_true(state.has_no_end);
    assert_string_equal(state.status, "ACTIVE");
    assert_string_equal(state.consumer, "c");
}

TEST(a_new_end_replaces_a_stand_in)
{
    static const struct state before = {.committed = 1, .latest = "0", .has_no_end = true};
    static const struct state told = {.committed = 2, .sequence = "2", .latest = "100"};

    put(known, &before);
    assert_int_equal(notes_put(&fake.backend, known, &told), 0);
    assert_false(found_in(known, 0).has_no_end);
    assert_string_equal(found_in(known, 0).latest, "100");
}

TEST(no_checkpoint_is_one_too)
{
    static const struct state before = {.committed = 1, .sequence = "1", .latest = "100"};
    static const struct state none = {.committed = WHEN_UNKNOWN};

    put(known, &before);
    assert_int_equal(notes_put(&fake.backend, known, &none), 0);
    assert_null(found_in(known, 0).sequence);
    assert_true(found_in(known, 0).committed == WHEN_UNKNOWN);
    assert_int_equal(found_in(known, 0).seen, 0);
    assert_string_equal(found_in(known, 0).latest, "100");
}

TEST(when_a_checkpoint_was_seen_first_is_noted)
{
    static const struct state first = {.committed = WHEN_UNKNOWN, .sequence = "1"};
    static const struct state other = {.committed = WHEN_UNKNOWN, .sequence = "2"};
    int64_t before = when_now();
    int64_t seen;

    assert_int_equal(notes_put(&fake.backend, known, &first), 0);
    seen = found_in(known, 0).seen;
    assert_true(seen >= before && seen <= when_now());
    assert_true(found_in(known, 0).committed == WHEN_UNKNOWN);
    assert_int_equal(notes_put(&fake.backend, known, &first), 0);
    assert_true(found_in(known, 0).seen == seen);
    assert_int_equal(notes_put(&fake.backend, known, &other), 0);
    assert_true(found_in(known, 0).seen > seen);
}

TEST(the_time_of_a_commit_is_kept_for_the_same_checkpoint_alone)
{
    static const struct state told = {.committed = 5, .sequence = "1", .metadata = "a"};
    static const struct state same = {.committed = WHEN_UNKNOWN, .sequence = "1", .metadata = "a"};
    static const struct state brief = {.committed = WHEN_UNKNOWN, .sequence = "1"};
    static const struct state note = {.committed = WHEN_UNKNOWN, .sequence = "1", .metadata = "b"};
    static const struct state number = {
        .committed = WHEN_UNKNOWN, .sequence = "2", .metadata = "a"};

    put(known, &told);
    assert_int_equal(notes_put(&fake.backend, known, &same), 0);
    assert_int_equal(found_in(known, 0).committed, 5);
    assert_int_equal(notes_put(&fake.backend, known, &brief), 0);
    assert_int_equal(found_in(known, 0).committed, 5);
    assert_int_equal(notes_put(&fake.backend, known, &told), 0);
    assert_int_equal(notes_put(&fake.backend, known, &note), 0);
    assert_true(found_in(known, 0).committed == WHEN_UNKNOWN);
    put(known, &told);
    assert_int_equal(notes_put(&fake.backend, known, &number), 0);
    assert_true(found_in(known, 0).committed == WHEN_UNKNOWN);
}

/* Answers */

TEST(younger_notes_are_carried_into_an_answer)
{
    static const struct state old = {.partition = 1, .sequence = "10", .latest = "100"};
    static const struct state older = {.partition = 2, .sequence = "20"};

    note(1, "11", 6);
    note(2, "19", 4);
    note(3, "31", 5);
    put(answer, &old);
    put(answer, &older);
    assert_int_equal(notes_carry(&fake.backend, &notes, known, answer, 5), 0);
    assert_sequence(answer, 1, "11");
    assert_true(found_in(answer, 1).seen == found_in(known, 1).seen);
    assert_string_equal(found_in(answer, 1).latest, "100");
    assert_sequence(answer, 2, "20");
    assert_sequence(answer, 3, "31");
    assert_non_null(notes_find(&notes, 1));
    assert_null(notes_find(&notes, 2));
    assert_non_null(notes_find(&notes, 3));
}

TEST(bounds_are_those_of_the_answer)
{
    static const struct state noted = {.sequence = "11", .committed = 1, .latest = "50"};
    static const struct state told = {.sequence = "10", .committed = 1, .latest = "100"};
    int64_t lost;

    assert_int_equal(notes_put(&fake.backend, known, &noted), 0);
    assert_int_equal(notes_add(&notes, &noted, true, 6, &lost), 0);
    put(answer, &told);
    assert_int_equal(notes_carry(&fake.backend, &notes, known, answer, 5), 0);
    assert_sequence(answer, 0, "11");
    assert_string_equal(found_in(answer, 0).latest, "100");
}

TEST(nothing_noted_carries_nothing)
{
    assert_int_equal(notes_carry(&fake.backend, &notes, NULL, answer, 5), 0);
    assert_int_equal(table_count(answer), 0);
}

/* An answer as it is completed from `known`. */
static struct table *completed(bool is_forced)
{
    struct table *table;

    fake.backend.is_forced = is_forced;
    table = notes_complete(&fake.backend, known, answer);

    assert_non_null(table);
    return table;
}

TEST(an_answer_without_a_checkpoint_stays_the_same)
{
    static const struct state none = {.partition = 1, .committed = WHEN_UNKNOWN};
    struct table *table;

    put(answer, &none);
    table = completed(false);
    assert_ptr_equal(table, answer);
    table_drop(table);
    table = notes_complete(&fake.backend, NULL, answer);
    assert_ptr_equal(table, answer);
    table_drop(table);
}

TEST(an_answer_gets_the_times_that_are_known)
{
    static const struct state same = {.committed = WHEN_UNKNOWN, .sequence = "1"};
    static const struct state other = {
        .partition = 1, .committed = WHEN_UNKNOWN, .sequence = "1", .latest = "9"};
    int64_t before = when_now();
    struct table *table;

    put(known, &(struct state){.committed = 5, .seen = 6, .sequence = "1"});
    put(known, &(struct state){.partition = 1, .committed = 5, .seen = 6, .sequence = "2"});
    put(answer, &same);
    put(answer, &other);
    table = completed(false);
    assert_ptr_not_equal(table, answer);
    assert_int_equal(table_count(table), 2);
    assert_int_equal(found_in(table, 0).committed, 5);
    assert_int_equal(found_in(table, 0).seen, 6);
    assert_true(found_in(table, 1).committed == WHEN_UNKNOWN);
    assert_true(found_in(table, 1).seen >= before);
    assert_string_equal(found_in(table, 1).latest, "9");
    assert_true(found_in(answer, 0).committed == WHEN_UNKNOWN);
    table_drop(table);
}

/* What is known of a checkpoint after these numbers were seen one after the other. */
static struct state after(const char *const *numbers)
{
    for (; *numbers; numbers++) {
        struct table *table;

        table_drop(answer);
        answer = table_new();
        assert_non_null(answer);
        put(answer, &(struct state){.committed = WHEN_UNKNOWN, .sequence = *numbers});
        table = completed(false);
        table_drop(known);
        known = table;
    }
    return found_in(known, 0);
}

#define AFTER(...) after((const char *const[]){__VA_ARGS__, NULL})

TEST(a_number_that_is_less_went_back_until_it_grows)
{
    assert_false(AFTER("41").went_back);
    assert_false(AFTER("42").went_back);
    assert_true(AFTER("41").went_back);
    assert_true(AFTER("41").went_back);
    assert_true(AFTER("9").went_back);
    assert_false(AFTER("10").went_back);
    assert_false(AFTER("10").went_back);
    assert_true(AFTER("1000000000000000000000000000000000000000", "999").went_back);
    assert_false(AFTER("1000000000000000000000000000000000000001").went_back);
    assert_true(AFTER("1000000000000000000000000000000000000000").went_back);
    assert_false(AFTER("no number").went_back);
    assert_false(AFTER("1").went_back);
}

TEST(a_commit_of_this_mount_can_go_back_too)
{
    note(0, "42", 1);
    note(0, "41", 2);
    assert_true(found_in(known, 0).went_back);
    note(0, "43", 3);
    assert_false(found_in(known, 0).went_back);
}

TEST(a_number_that_was_forced_for_nobody_has_no_consumer)
{
    struct table *table;

    put(known, &(struct state){.committed = 5, .sequence = "1", .consumer = ""});
    put(known, &(struct state){.partition = 1, .committed = 5, .sequence = "1", .consumer = ""});
    put(answer, &(struct state){.committed = 5, .sequence = "1", .consumer = "c"});
    put(answer, &(struct state){.partition = 1, .committed = 6, .sequence = "2", .consumer = "c"});
    table = completed(true);
    assert_string_equal(found_in(table, 0).consumer, "");
    assert_string_equal(found_in(table, 1).consumer, "c");
    table_drop(table);
    table = completed(false);
    assert_string_equal(found_in(table, 0).consumer, "c");
    table_drop(table);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(what_is_noted_is_found),
        SCENE(a_partition_has_one_note),
        SCENE(past_the_bound_the_note_that_came_first_is_lost),
        SCENE(a_checkpoint_leaves_the_rest_of_what_is_known),
        SCENE(a_new_end_replaces_a_stand_in),
        SCENE(no_checkpoint_is_one_too),
        SCENE(when_a_checkpoint_was_seen_first_is_noted),
        SCENE(the_time_of_a_commit_is_kept_for_the_same_checkpoint_alone),
        SCENE(younger_notes_are_carried_into_an_answer),
        SCENE(bounds_are_those_of_the_answer),
        SCENE(nothing_noted_carries_nothing),
        SCENE(an_answer_without_a_checkpoint_stays_the_same),
        SCENE(an_answer_gets_the_times_that_are_known),
        SCENE(a_number_that_is_less_went_back_until_it_grows),
        SCENE(a_commit_of_this_mount_can_go_back_too),
        SCENE(a_number_that_was_forced_for_nobody_has_no_consumer),
    };

    return cmocka_run_group_tests_name("notes", tests, NULL, NULL);
}
