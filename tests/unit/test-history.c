#include "test.h"

#include <errno.h>

#include "fs/history.h"

#define FRONT "2026-11-21T08:00:00.000Z\tuid=0\tpid=1\tbash\t"

struct scene {
    struct history history;
    struct past past;
    struct error error;
};

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    *state = scene;
    return history_init(&scene->history);
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    history_release(&scene->history);
    free(scene->past.metadata);
    free(scene);
    return 0;
}

static const struct subject about = {"billing", "orders", 7};

static void add_of(struct scene *scene, const char *result, const char *what, const char *subject,
                   const char *values)
{
    char line[4096];

    snprintf(line, sizeof(line), FRONT "%s\t%s\t-\t%s%s", result, what, subject, values);
    history_add(&scene->history, line, strlen(line));
}

/* values: old metadata, partition, number, metadata, old number. */
static void add(struct scene *scene, const char *result, const char *what, const char *values)
{
    add_of(scene, result, what, "billing\torders\t", values);
}

static int find(struct scene *scene)
{
    free(scene->past.metadata);
    scene->past.metadata = NULL;
    return history_find_past(&scene->history, &about, &scene->past, &scene->error);
}

static void assert_past(struct scene *scene, const char *number, const char *metadata,
                        const char *last)
{
    assert_int_equal(find(scene), 0);
    assert_string_equal(scene->past.number, number);
    assert_string_equal(scene->past.metadata, metadata);
    assert_int_equal(scene->past.must_be_last, last != NULL);
    if (last)
        assert_string_equal(scene->past.last, last);
}

static void assert_no_past(struct scene *scene)
{
    assert_int_equal(find(scene), -ENODATA);
    assert_true(*scene->error.message);
}

static void without_a_change_there_is_no_past(void **state)
{
    struct scene *scene = *state;

    assert_no_past(scene);
    add(scene, "failed", "commit", "\t7\t5\t\t4");
    add(scene, "planned", "commit", "\t7\t5\t\t4");
    add(scene, "ok", "make-partition", "\t7\t-\t\t-");
    add(scene, "ok", "commit", "\t8\t5\t\t4");
    add_of(scene, "ok", "commit", "billing\tother\t", "\t7\t5\t\t4");
    add_of(scene, "ok", "commit", "other\torders\t", "\t7\t5\t\t4");
    assert_no_past(scene);
}

static void the_last_change_has_the_past(void **state)
{
    struct scene *scene = *state;

    add(scene, "ok", "commit", "first\t7\t5\tsecond\t4");
    assert_past(scene, "4", "first", "5");
    add(scene, "ok", "commit", "a\\tb\\\\\t7\t6\t\t5");
    add(scene, "failed", "commit", "\t7\t9\t\t6");
    assert_past(scene, "5", "a\tb\\", "6");
    add(scene, "ok", "delete", "\t7\t-\t\t6");
    assert_past(scene, "6", "", "");
}

static void a_first_commit_came_from_nothing(void **state)
{
    struct scene *scene = *state;

    add(scene, "ok", "commit", "\t7\t5\tnote\t-");
    assert_past(scene, "", "", "5");
}

static void each_undo_goes_one_change_further_back(void **state)
{
    struct scene *scene = *state;

    add(scene, "ok", "commit", "\t7\t1\t\t-");
    add(scene, "ok", "commit", "\t7\t2\t\t1");
    add(scene, "ok", "commit", "\t7\t3\t\t2");
    add(scene, "ok", "undo", "\t7\t2\t\t3");
    assert_past(scene, "1", "", "2");
    add(scene, "ok", "undo", "\t7\t1\t\t2");
    assert_past(scene, "", "", "1");
    add(scene, "ok", "undo", "\t7\t-\t\t1");
    assert_no_past(scene);
    add(scene, "ok", "commit", "\t7\t9\t\t-");
    assert_past(scene, "", "", "9");
    add(scene, "ok", "undo", "\t7\t-\t\t9");
    assert_no_past(scene);
}

static void an_undo_that_failed_takes_nothing_away(void **state)
{
    struct scene *scene = *state;

    add(scene, "ok", "commit", "\t7\t2\t\t1");
    add(scene, "failed", "undo", "\t7\t1\t\t2");
    assert_past(scene, "1", "", "2");
}

/* Whatever is committed now: it may be what was there before. */
static void a_change_with_an_unknown_end_is_undone_in_any_case(void **state)
{
    struct scene *scene = *state;

    add(scene, "unknown", "commit", "old\t7\t2\t\t1");
    assert_past(scene, "1", "old", NULL);
}

static void an_undo_with_an_unknown_end_is_made_once_more(void **state)
{
    struct scene *scene = *state;

    add(scene, "ok", "commit", "\t7\t2\t\t1");
    add(scene, "ok", "commit", "note\t7\t3\t\t2");
    add(scene, "unknown", "undo", "\t7\t2\tnote\t3");
    assert_past(scene, "2", "note", NULL);
    add(scene, "ok", "undo", "note\t7\t2\tnote\t2");
    assert_past(scene, "1", "", "2");
}

/* Somebody else may have committed since. */
static void an_older_unknown_end_does_not_lift_the_condition(void **state)
{
    struct scene *scene = *state;

    add(scene, "ok", "commit", "\t7\t20\t\t10");
    add(scene, "unknown", "commit", "\t7\t30\t\t20");
    add(scene, "ok", "commit", "\t7\t40\t\t20");
    assert_past(scene, "20", "", "40");
    add(scene, "ok", "undo", "\t7\t20\t\t40");
    assert_past(scene, "20", "", "20");
    add(scene, "ok", "undo", "\t7\t20\t\t20");
    assert_past(scene, "10", "", "20");
}

static void a_line_that_is_void_tells_of_nothing(void **state)
{
    struct scene *scene = *state;
    static const char line[] = FRONT "unknown\tcommit\t-\tbilling\torders\t\t7\t6\t\t5";
    size_t at;

    add(scene, "ok", "commit", "\t7\t5\t\t4");
    at = history_add(&scene->history, line, strlen(line));
    assert_past(scene, "5", "", NULL);
    history_void(&scene->history, at);
    assert_past(scene, "4", "", "5");
    assert_non_null(strstr(scene->history.lines.text.data, "unknown"));
    history_void(&scene->history, at + 1);
    history_void(&scene->history, SIZE_MAX);
    assert_past(scene, "4", "", "5");
}

static void what_was_not_known_before_cannot_come_back(void **state)
{
    struct scene *scene = *state;

    add(scene, "ok", "commit", "\t7\t2\t\t?");
    assert_no_past(scene);
    add(scene, "ok", "commit", "?\t7\t3\t\t2");
    assert_no_past(scene);
}

static void damaged_lines_are_left_out(void **state)
{
    struct scene *scene = *state;
    static const char *const lines[] = {"", "a", "a\tb", FRONT "ok\tcommit\t-\tbilling\torders\t",
                                        FRONT "ok\tcommit\t-\tbilling\torders\t\t7\t5\t\t4\tmore"};

    for (size_t i = 0; i < COUNT(lines); i++)
        history_add(&scene->history, lines[i], strlen(lines[i]));
    assert_int_equal(scene->history.lines.text.size, 0);
    add(scene, "ok", "commit", "\\q\t7\t5\t\t4");
    assert_no_past(scene);
}

/* Many more than there is room for, of many partitions. */
static void old_lines_are_forgotten_and_new_ones_are_found(void **state)
{
    struct scene *scene = *state;
    char note[] = "                                                                               ";
    char values[2 * sizeof(note) + 64];
    struct subject other = about;

    for (int i = 0; i < 40000; i++) {
        snprintf(values, sizeof(values), "%s\t%d\t%d\t%s\t%d", note, i % 5000, i + 1, note, i);
        add(scene, "ok", "commit", values);
    }
    for (int i = 35000; i < 40000; i += 5) {
        char number[16];

        snprintf(number, sizeof(number), "%d", i);
        other.partition = i % 5000;
        free(scene->past.metadata);
        assert_int_equal(history_find_past(&scene->history, &other, &scene->past, &scene->error),
                         0);
        assert_string_equal(scene->past.number, number);
    }
    assert_true(scene->history.lines.text.size <= HISTORY_MAX);
    assert_true(scene->history.mark_count < 35000);
}

#define SCENE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(without_a_change_there_is_no_past),
        SCENE(the_last_change_has_the_past),
        SCENE(a_first_commit_came_from_nothing),
        SCENE(each_undo_goes_one_change_further_back),
        SCENE(an_undo_that_failed_takes_nothing_away),
        SCENE(a_change_with_an_unknown_end_is_undone_in_any_case),
        SCENE(an_undo_with_an_unknown_end_is_made_once_more),
        SCENE(an_older_unknown_end_does_not_lift_the_condition),
        SCENE(a_line_that_is_void_tells_of_nothing),
        SCENE(what_was_not_known_before_cannot_come_back),
        SCENE(damaged_lines_are_left_out),
        SCENE(old_lines_are_forgotten_and_new_ones_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
