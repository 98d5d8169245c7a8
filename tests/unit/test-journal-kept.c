#include "ask.h"

#include "fs/journal.h"

/* Mounts of one source that keep their journals in one file. */
struct scene {
    struct loop *loop;
    char place[PATH_ROOM];
    char path[PATH_ROOM + 16];
    struct journal mounts[3];
    bool is_open[3];
    struct reply reply;
    struct past past;
    struct error error;
    unsigned lost;
};

static const struct subject about = {"billing", "orders", 7};

static void hear_lost(void *user, const struct error *error)
{
    struct scene *scene = user;

    assert_int_not_equal(error->code, 0);
    scene->lost++;
}

static void open_journal(struct scene *scene, int mount, const char *source)
{
    struct journal_place place = {
        .path = scene->path, .source = source, .lost = hear_lost, .user = scene};

    assert_int_equal(journal_open(&scene->mounts[mount], source), 0);
    scene->is_open[mount] = true;
    assert_int_equal(journal_keep(&scene->mounts[mount], scene->loop, &place, &scene->error), 0);
}

static void close_journal(struct scene *scene, int mount)
{
    if (scene->is_open[mount])
        journal_close(&scene->mounts[mount]);
    scene->is_open[mount] = false;
}

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    *state = scene;
    scene->loop = loop_new();
    assert_non_null(scene->loop);
    make_directory(scene->place);
    snprintf(scene->path, sizeof(scene->path), "%s/journal", scene->place);
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < 3; i++)
        close_journal(scene, i);
    reply_release(&scene->reply);
    free(scene->past.metadata);
    loop_free(scene->loop);
    remove_directory(scene->place);
    free(scene);
    return 0;
}

/* A commit of a number, where another was before. */
static struct journal_entry commit_of(struct scene *scene, int mount, const char *number,
                                      const char *before)
{
    return (struct journal_entry){.id = journal_new_id(&scene->mounts[mount]),
                                  .who = {.command = "bash"},
                                  .what = COMMIT,
                                  .about = about,
                                  .now = {true, number, ""},
                                  .before = {true, before, ""}};
}

static void await_line(struct scene *scene, struct call *call)
{
    assert_non_null(call);
    run_until(scene->loop, &scene->reply);
    assert_int_equal(scene->reply.error.code, 0);
    reply_release(&scene->reply);
}

static void begin(struct scene *scene, int mount, struct journal_entry *entry)
{
    struct ask ask = ask_into(&scene->reply);

    await_line(scene, journal_begin(&scene->mounts[mount], entry, &ask));
}

static void end(struct scene *scene, int mount, struct journal_entry *entry, enum result result)
{
    struct ask ask = ask_into(&scene->reply);

    entry->result = result;
    await_line(scene, journal_end(&scene->mounts[mount], entry, &ask));
}

/* From its beginning to its end. */
static void commit(struct scene *scene, int mount, const char *number, const char *before)
{
    struct journal_entry entry = commit_of(scene, mount, number, before);

    begin(scene, mount, &entry);
    end(scene, mount, &entry, RESULT_OK);
}

static void catch_up(struct scene *scene, int mount)
{
    struct ask ask = ask_into(&scene->reply);

    await_line(scene, journal_catch_up(&scene->mounts[mount], &ask));
}

/* The results that `commits` shows, in order. */
static void assert_results(struct scene *scene, int mount, const char *expected)
{
    const char *line = scene->mounts[mount].history.lines.text.data;
    struct column columns[FIELD_COUNT];
    char results[256] = "";
    size_t size = 0;

    for (; *line; line += strcspn(line, "\n") + 1) {
        assert_true(line_split(line, strcspn(line, "\n"), columns));
        size +=
            (size_t)snprintf(results + size, sizeof(results) - size, "%s%.*s:%.*s", size ? " " : "",
                             (int)columns[FIELD_NUMBER].size, columns[FIELD_NUMBER].text,
                             (int)columns[FIELD_RESULT].size, columns[FIELD_RESULT].text);
    }
    assert_string_equal(results, expected);
}

static void assert_past(struct scene *scene, int mount, const char *number, const char *last)
{
    free(scene->past.metadata);
    assert_int_equal(
        history_find_past(&scene->mounts[mount].history, &about, &scene->past, &scene->error), 0);
    assert_string_equal(scene->past.number, number);
    assert_int_equal(scene->past.must_be_last, last != NULL);
    if (last)
        assert_string_equal(scene->past.last, last);
}

static void mounts_of_one_source_know_what_the_others_did(void **state)
{
    struct scene *scene = *state;

    open_journal(scene, 0, "local:/s.db");
    open_journal(scene, 1, "local:/s.db");
    open_journal(scene, 2, "local:/other.db");
    commit(scene, 0, "20", "10");
    commit(scene, 2, "999", "998");
    commit(scene, 1, "30", "20");
    catch_up(scene, 0);
    assert_results(scene, 0, "20:ok 30:ok");
    assert_results(scene, 1, "20:ok 30:ok");
    assert_results(scene, 2, "999:ok");
    assert_past(scene, 0, "20", "30");
}

static void what_has_begun_and_has_no_end_is_unknown_to_the_next_mount(void **state)
{
    struct scene *scene = *state;
    struct journal_entry entry;

    open_journal(scene, 0, "local:/s.db");
    commit(scene, 0, "20", "10");
    entry = commit_of(scene, 0, "30", "20");
    begin(scene, 0, &entry);
    assert_results(scene, 0, "20:ok");
    close_journal(scene, 0);
    open_journal(scene, 1, "local:/s.db");
    assert_results(scene, 1, "20:ok 30:unknown");
    assert_past(scene, 1, "20", NULL);
}

/* It is told once that it was unknown, and counts once. */
static void an_end_that_comes_later_takes_the_place_of_the_unknown_one(void **state)
{
    struct scene *scene = *state;
    struct journal_entry entry;

    open_journal(scene, 0, "local:/s.db");
    commit(scene, 0, "20", "10");
    entry = commit_of(scene, 0, "30", "20");
    begin(scene, 0, &entry);
    open_journal(scene, 1, "local:/s.db");
    end(scene, 0, &entry, RESULT_OK);
    catch_up(scene, 1);
    assert_results(scene, 1, "20:ok 30:unknown 30:ok");
    entry = commit_of(scene, 1, "20", "30");
    entry.what = UNDO;
    begin(scene, 1, &entry);
    end(scene, 1, &entry, RESULT_OK);
    assert_past(scene, 1, "10", "20");
}

/* Its line comes before that of the later change, as it does in the file. */
static void what_others_have_begun_is_older_than_what_comes_after_it(void **state)
{
    struct scene *scene = *state;
    struct journal_entry entry;

    open_journal(scene, 0, "local:/s.db");
    open_journal(scene, 1, "local:/s.db");
    commit(scene, 1, "20", "10");
    entry = commit_of(scene, 0, "30", "20");
    begin(scene, 0, &entry);
    catch_up(scene, 1);
    assert_results(scene, 1, "20:ok");
    entry = commit_of(scene, 1, "40", "30");
    begin(scene, 1, &entry);
    end(scene, 1, &entry, RESULT_FAILED);
    assert_results(scene, 1, "20:ok 40:failed");
    commit(scene, 1, "50", "30");
    assert_results(scene, 1, "20:ok 40:failed 30:unknown 50:ok");
    assert_past(scene, 1, "30", "50");
}

/* A journal whose directory has gone cannot be written. */
static void a_line_that_nobody_waits_for_is_told_of_when_it_is_lost(void **state)
{
    struct scene *scene = *state;
    struct journal_entry entry;
    struct ask ask = ask_into(&scene->reply);

    open_journal(scene, 0, "local:/s.db");
    remove_directory(scene->place);
    entry = commit_of(scene, 0, "30", "20");
    entry.result = RESULT_FAILED;
    journal_add(&scene->mounts[0], &entry);
    for (int i = 0; i < 1000 && !scene->lost; i++)
        run_for(scene->loop, 10);
    assert_int_equal(scene->lost, 1);
    assert_results(scene, 0, "30:failed");
    /* Nor does what the disk says pass for a word of the service. */
    entry = commit_of(scene, 0, "40", "20");
    assert_non_null(journal_begin(&scene->mounts[0], &entry, &ask));
    run_until(scene->loop, &scene->reply);
    assert_int_equal(scene->reply.error.code, EIO);
    assert_false(scene->reply.error.is_unknown);
    make_directory(scene->place);
}

#define SCENE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(mounts_of_one_source_know_what_the_others_did),
        SCENE(what_has_begun_and_has_no_end_is_unknown_to_the_next_mount),
        SCENE(an_end_that_comes_later_takes_the_place_of_the_unknown_one),
        SCENE(what_others_have_begun_is_older_than_what_comes_after_it),
        SCENE(a_line_that_nobody_waits_for_is_told_of_when_it_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
