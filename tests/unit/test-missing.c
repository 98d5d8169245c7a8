#include "test.h"

#include "fs/missing.h"

static const struct question apps = {WHAT_APPS, "", ""};
static const struct question streams = {WHAT_STREAMS, "", ""};
static const struct question streams_of_a = {WHAT_STREAMS, "a", ""};
static const struct question streams_of_b = {WHAT_STREAMS, "b", ""};
static const struct question partitions = {WHAT_STATES, "", "s"};
static const struct question partitions_of_a = {WHAT_STATES, "a", "s"};
static const struct question partitions_of_t = {WHAT_STATES, "a", "t"};

static struct missing missing;

static int setup(void **state)
{
    (void)state;
    missing = (struct missing){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    missing_release(&missing);
    return 0;
}

static void note(const struct question *question, const char *name)
{
    missing_note(&missing, question, name, 1000);
}

static bool has(const struct question *question, const char *name)
{
    return missing_has(&missing, question, name, 1001);
}

/* Names of all kinds. */
static void note_all(void)
{
    note(&apps, "a");
    note(&apps, "s");
    note(&streams, "s");
    note(&streams, "t");
    note(&streams_of_a, "s");
    note(&streams_of_b, "s");
    note(&partitions, "7");
    note(&partitions, "shardId-0000000007");
    note(&partitions, "8");
    note(&partitions_of_a, "7");
    note(&partitions_of_t, "7");
}

TEST(a_name_is_missing_for_its_question)
{
    assert_false(has(&apps, "a"));
    note(&apps, "a");
    note(&partitions_of_a, "7");
    assert_true(has(&apps, "a"));
    assert_false(has(&apps, "b"));
    assert_false(has(&streams, "a"));
    assert_true(has(&partitions_of_a, "7"));
    assert_false(has(&partitions, "7"));
    assert_false(has(&partitions_of_t, "7"));
}

TEST(names_are_forgotten_in_time)
{
    missing_note(&missing, &apps, "a", 1000);
    assert_true(missing_has(&missing, &apps, "a", 1000));
    assert_true(missing_has(&missing, &apps, "a", 1000 + NAME_TIMEOUT_MS - 1));
    assert_false(missing_has(&missing, &apps, "a", 1000 + NAME_TIMEOUT_MS));
    missing_note(&missing, &apps, "a", 1500);
    assert_true(missing_has(&missing, &apps, "a", 1000 + NAME_TIMEOUT_MS));
}

TEST(the_youngest_names_are_remembered)
{
    char name[16];

    for (int i = 0; i < 3 * MISSING_MAX; i++) {
        snprintf(name, sizeof(name), "a%d", i);
        note(&apps, name);
    }
    for (int i = 0; i < 3 * MISSING_MAX; i++) {
        snprintf(name, sizeof(name), "a%d", i);
        assert_int_equal(has(&apps, name), i >= 2 * MISSING_MAX);
    }
}

TEST(the_names_of_one_question_are_forgotten)
{
    note_all();
    missing_forget(&missing, &apps);
    assert_false(has(&apps, "a") || has(&apps, "s"));
    assert_true(has(&streams, "s") && has(&streams_of_a, "s") && has(&partitions_of_a, "7"));
    missing_forget(&missing, &streams_of_a);
    assert_false(has(&streams_of_a, "s"));
    assert_true(has(&streams, "s") && has(&streams_of_b, "s"));
}

TEST(what_is_about_an_app_is_forgotten)
{
    note_all();
    missing_forget_about(&missing, "a", NULL);
    assert_false(has(&apps, "a"));
    assert_false(has(&streams_of_a, "s"));
    assert_false(has(&partitions_of_a, "7") || has(&partitions_of_t, "7"));
    assert_true(has(&apps, "s") && has(&streams, "s") && has(&streams_of_b, "s"));
    assert_true(has(&partitions, "7"));
}

TEST(what_is_about_a_stream_is_forgotten)
{
    note_all();
    missing_forget_about(&missing, NULL, "s");
    assert_false(has(&streams, "s") || has(&streams_of_a, "s") || has(&streams_of_b, "s"));
    assert_false(has(&partitions, "7") || has(&partitions_of_a, "7"));
    assert_true(has(&apps, "a") && has(&apps, "s") && has(&streams, "t"));
    assert_true(has(&partitions_of_t, "7"));
    missing_forget_about(&missing, NULL, NULL);
    assert_true(has(&apps, "a"));
}

TEST(no_name_on_the_way_to_a_checkpoint_is_missing)
{
    note_all();
    missing_forget_path(&missing, "a", "s", 7, 1000);
    assert_false(has(&apps, "a"));
    assert_false(has(&streams, "s") || has(&streams_of_a, "s"));
    assert_false(has(&partitions, "7") || has(&partitions, "shardId-0000000007"));
    assert_false(has(&partitions_of_a, "7"));
    assert_true(has(&apps, "s") && has(&streams, "t") && has(&streams_of_b, "s"));
    assert_true(has(&partitions, "8") && has(&partitions_of_t, "7"));
}

TEST(what_was_removed_after_a_checkpoint_was_seen_stays_missing)
{
    note_all();
    missing_forget_path(&missing, "a", "s", 7, 999);
    assert_true(has(&apps, "a") && has(&streams_of_a, "s") && has(&partitions_of_a, "7"));
}

TEST(all_is_forgotten)
{
    note_all();
    missing_release(&missing);
    assert_false(has(&apps, "a") || has(&partitions_of_t, "7"));
    note(&apps, "a");
    assert_true(has(&apps, "a"));
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_name_is_missing_for_its_question),
        SCENE(names_are_forgotten_in_time),
        SCENE(the_youngest_names_are_remembered),
        SCENE(the_names_of_one_question_are_forgotten),
        SCENE(what_is_about_an_app_is_forgotten),
        SCENE(what_is_about_a_stream_is_forgotten),
        SCENE(no_name_on_the_way_to_a_checkpoint_is_missing),
        SCENE(what_was_removed_after_a_checkpoint_was_seen_stays_missing),
        SCENE(all_is_forgotten),
    };

    return cmocka_run_group_tests_name("missing", tests, NULL, NULL);
}
