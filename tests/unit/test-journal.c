#include "test.h"

#include <sys/socket.h>

#include "base/when.h"
#include "fs/journal.h"

struct scene {
    struct journal journal;
    int log; /* where the lines for the system's log arrive */
    char line[8192];
    char logged[8192];
    const char *fields[FIELD_COUNT];
};

/* The system's log is a socket of the test. */
static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    int pair[2];

    assert_non_null(scene);
    *state = scene;
    assert_int_equal(journal_open(&scene->journal, "local:/a b.db"), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
    scene->journal.syslog.fd = pair[0];
    scene->log = pair[1];
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    journal_close(&scene->journal);
    close(scene->log);
    free(scene);
    return 0;
}

/* A commit of everything that a line can tell. */
static const struct journal_entry usual = {
    .who = {.uid = 1000, .pid = 4711, .command = "bash"},
    .what = COMMIT,
    .result = RESULT_OK,
    .note = "shift +1",
    .about = {"billing", "orders", 7},
    .now = {true, "42", "new"},
    .before = {true, "41", "old"},
};

/* Adds a line to an empty journal, and takes it apart: there is one, and it has fourteen fields. */
static void add(struct scene *scene, const struct journal_entry *entry)
{
    struct buf *text = &scene->journal.history.lines.text;
    char *rest = scene->line;
    ssize_t size;

    buf_reset(text);
    journal_add(&scene->journal, entry);
    assert_true(text->size > 0 && text->size < sizeof(scene->line));
    assert_ptr_equal(strchr(text->data, '\n'), text->data + text->size - 1);
    snprintf(scene->line, sizeof(scene->line), "%.*s", (int)text->size - 1, text->data);
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        assert_non_null(rest);
        scene->fields[i] = strsep(&rest, "\t");
    }
    assert_null(rest);
    size = recv(scene->log, scene->logged, sizeof(scene->logged) - 1, 0);
    assert_true(size > 0);
    scene->logged[size] = '\0';
}

static void assert_field(const struct scene *scene, enum field field, const char *text)
{
    assert_string_equal(scene->fields[field], text);
}

static void a_line_tells_who_changed_what_and_how_it_ended(void **state)
{
    static const char *const expected[] = {
        "uid=1000", "pid=4711", "bash", "ok", "commit", "shift +1", "billing",
        "orders",   "old",      "7",    "42", "new",    "41",
    };
    struct scene *scene = *state;

    add(scene, &usual);
    for (size_t i = 0; i < COUNT(expected); i++)
        assert_string_equal(scene->fields[i + 1], expected[i]);
}

static void the_time_is_when_it_ended(void **state)
{
    struct scene *scene = *state;
    int64_t before = when_now();
    int64_t when = 0;

    add(scene, &usual);
    assert_int_equal(when_parse(scene->fields[FIELD_TIME], 0, &when), 0);
    /* It has milliseconds. */
    assert_int_equal(strlen(scene->fields[FIELD_TIME]), strlen("2026-11-21T08:00:00.000Z"));
    assert_true(when >= before - 1000000 && when <= when_now());
}

static void every_change_has_its_word(void **state)
{
    static const char *const words[] = {
        [COMMIT] = "commit",
        [DELETE] = "delete",
        [UNDO] = "undo",
        [MAKE_APP] = "make-app",
        [REMOVE_APP] = "remove-app",
        [MAKE_STREAM] = "make-stream",
        [REMOVE_STREAM] = "remove-stream",
        [MAKE_PARTITION] = "make-partition",
        [REMOVE_PARTITION] = "remove-partition",
        [SET_EARLIEST] = "earliest",
        [SET_LATEST] = "latest",
    };
    struct scene *scene = *state;
    struct journal_entry entry = usual;

    for (size_t i = 0; i < COUNT(words); i++) {
        entry.what = (enum what_changes)i;
        add(scene, &entry);
        assert_field(scene, FIELD_WHAT, words[i]);
    }
}

static void every_result_has_its_word(void **state)
{
    struct scene *scene = *state;
    struct journal_entry entry = usual;

    add(scene, &entry);
    assert_field(scene, FIELD_RESULT, "ok");
    entry.result = RESULT_FAILED;
    add(scene, &entry);
    assert_field(scene, FIELD_RESULT, "failed");
    entry.result = RESULT_UNKNOWN;
    add(scene, &entry);
    assert_field(scene, FIELD_RESULT, "unknown");
    entry.result = RESULT_PLANNED;
    add(scene, &entry);
    assert_field(scene, FIELD_RESULT, "planned");
}

/* It is not that there is none. */
static void old_metadata_that_is_not_known_is_a_question_mark(void **state)
{
    struct scene *scene = *state;
    struct journal_entry entry = usual;

    entry.before.metadata = NULL;
    add(scene, &entry);
    assert_field(scene, FIELD_OLD_METADATA, "?");
    assert_field(scene, FIELD_OLD_NUMBER, "41");
}

static void what_there_is_not_is_a_hyphen(void **state)
{
    struct scene *scene = *state;
    struct journal_entry entry = {.who = {.command = "-"},
                                  .about = {"", "", ANY_PARTITION},
                                  .now = {.is_known = true, .metadata = ""},
                                  .before = {.is_known = true, .metadata = ""}};
    static const enum field hyphens[] = {FIELD_COMMAND,   FIELD_NOTE,      FIELD_APP,
                                         FIELD_STREAM,    FIELD_PARTITION, FIELD_NUMBER,
                                         FIELD_OLD_NUMBER};

    add(scene, &entry);
    for (size_t i = 0; i < COUNT(hyphens); i++)
        assert_field(scene, hyphens[i], "-");
    assert_field(scene, FIELD_UID, "uid=0");
    assert_field(scene, FIELD_PID, "pid=0");
    assert_field(scene, FIELD_METADATA, "");
    assert_field(scene, FIELD_OLD_METADATA, "");
    entry.note = "";
    add(scene, &entry);
    assert_field(scene, FIELD_NOTE, "-");
}

/* Not even where texts are at hand. */
static void what_is_not_known_is_a_question_mark(void **state)
{
    struct scene *scene = *state;
    struct journal_entry entry = usual;

    entry.before.is_known = false;
    add(scene, &entry);
    assert_field(scene, FIELD_OLD_NUMBER, "?");
    assert_field(scene, FIELD_OLD_METADATA, "");
    assert_field(scene, FIELD_NUMBER, "42");
    assert_field(scene, FIELD_METADATA, "new");
    entry = usual;
    entry.now.is_known = false;
    add(scene, &entry);
    assert_field(scene, FIELD_NUMBER, "?");
    assert_field(scene, FIELD_METADATA, "");
    assert_field(scene, FIELD_OLD_NUMBER, "41");
    assert_field(scene, FIELD_OLD_METADATA, "old");
}

static void partitions_are_plain_numbers(void **state)
{
    struct scene *scene = *state;
    struct journal_entry entry = usual;

    entry.about.partition = 0;
    add(scene, &entry);
    assert_field(scene, FIELD_PARTITION, "0");
    entry.about.partition = PARTITION_MAX;
    add(scene, &entry);
    assert_field(scene, FIELD_PARTITION, "33554431");
}

static void numbers_stand_as_they_are(void **state)
{
    static const char number[] = "123456789012345678901234567890";
    struct scene *scene = *state;
    struct journal_entry entry = usual;

    entry.now.number = number;
    entry.before.number = "MTU3NDc4OTQ0NDQ5NzA1OTI4MA==";
    add(scene, &entry);
    assert_field(scene, FIELD_NUMBER, number);
    assert_field(scene, FIELD_OLD_NUMBER, "MTU3NDc4OTQ0NDQ5NzA1OTI4MA==");
}

static void names_are_file_names(void **state)
{
    struct scene *scene = *state;
    struct journal_entry entry = usual;

    entry.about.app = ".a b\t/";
    entry.about.stream = "caf\u00e9 \u202e\n";
    add(scene, &entry);
    assert_field(scene, FIELD_APP, "%2Ea%20b%09%2F");
    assert_field(scene, FIELD_STREAM, "caf\u00e9%20%E2%80%AE%0A");
}

static void a_name_too_long_for_a_file_is_a_question_mark(void **state)
{
    struct scene *scene = *state;
    struct journal_entry entry = usual;
    char name[NAME_MAX_APP + 1];

    memset(name, ' ', NAME_MAX_APP);
    name[NAME_MAX_APP] = '\0';
    entry.about.app = entry.about.stream = name;
    add(scene, &entry);
    assert_field(scene, FIELD_APP, "?");
    assert_field(scene, FIELD_STREAM, "?");
    assert_field(scene, FIELD_NUMBER, "42");
}

static void texts_break_neither_a_line_nor_a_field(void **state)
{
    static const char hostile[] = "a\tb\nc\\d\re\x1b[2Jf\x7fg\xc2\x9b\\n";
    static const char escaped[] = "a\\tb\\nc\\\\d\\x0de\\x1b[2Jf\\x7fg\\xc2\\x9b\\\\n";
    struct scene *scene = *state;
    struct journal_entry entry = usual;

    snprintf(entry.who.command, sizeof(entry.who.command), "%s", hostile);
    entry.note = hostile;
    entry.now = (struct value){true, hostile, hostile};
    entry.before = entry.now;
    add(scene, &entry);
    assert_field(scene, FIELD_COMMAND, escaped);
    assert_field(scene, FIELD_NOTE, escaped);
    assert_field(scene, FIELD_NUMBER, escaped);
    assert_field(scene, FIELD_METADATA, escaped);
    assert_field(scene, FIELD_OLD_NUMBER, escaped);
    assert_field(scene, FIELD_OLD_METADATA, escaped);
    assert_null(strpbrk(scene->logged, "\t\n\r\x1b\x7f"));
}

static void metadata_in_any_language_stands_as_it_is(void **state)
{
    struct scene *scene = *state;
    struct journal_entry entry = usual;

    entry.now.metadata = "\u8ba2\u5355 \"caf\u00e9\" {\"a\": 1}";
    add(scene, &entry);
    assert_field(scene, FIELD_METADATA, entry.now.metadata);
}

static void lines_stand_in_the_order_of_the_changes(void **state)
{
    struct scene *scene = *state;
    struct journal_entry entry = usual;
    const char *text;

    entry.now.number = "1";
    journal_add(&scene->journal, &entry);
    entry.now.number = "2";
    journal_add(&scene->journal, &entry);
    text = scene->journal.history.lines.text.data;
    assert_non_null(strstr(text, "\t1\tnew\t41\n"));
    assert_true(strstr(text, "\t1\tnew\t41\n") < strstr(text, "\t2\tnew\t41\n"));
    assert_ptr_equal(strchr(strchr(text, '\n') + 1, '\n') + 1, text + strlen(text));
}

/* Its fields have blanks between them. */
static void the_system_log_has_the_same_line_with_the_source_before_it(void **state)
{
    struct scene *scene = *state;
    char expected[8192];
    const char *begin;

    add(scene, &usual);
    snprintf(expected, sizeof(expected),
             "checkpointfs[%d]: local:/a b.db %s uid=1000 pid=4711 bash ok commit shift +1 billing "
             "orders old 7 42 new 41",
             (int)getpid(), scene->fields[FIELD_TIME]);
    begin = strchr(scene->logged, '>');
    assert_non_null(begin);
    assert_string_equal(begin + 1, expected);
}

static void a_system_log_that_is_gone_stops_nothing(void **state)
{
    struct scene *scene = *state;

    close(scene->log);
    journal_add(&scene->journal, &usual);
    assert_non_null(strstr(scene->journal.history.lines.text.data, "\t42\tnew\t41\n"));
    scene->log = -1;
}

#define SCENE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_line_tells_who_changed_what_and_how_it_ended),
        SCENE(the_time_is_when_it_ended),
        SCENE(every_change_has_its_word),
        SCENE(every_result_has_its_word),
        SCENE(what_there_is_not_is_a_hyphen),
        SCENE(what_is_not_known_is_a_question_mark),
        SCENE(old_metadata_that_is_not_known_is_a_question_mark),
        SCENE(partitions_are_plain_numbers),
        SCENE(numbers_stand_as_they_are),
        SCENE(names_are_file_names),
        SCENE(a_name_too_long_for_a_file_is_a_question_mark),
        SCENE(texts_break_neither_a_line_nor_a_field),
        SCENE(metadata_in_any_language_stands_as_it_is),
        SCENE(lines_stand_in_the_order_of_the_changes),
        SCENE(the_system_log_has_the_same_line_with_the_source_before_it),
        SCENE(a_system_log_that_is_gone_stops_nothing),
    };

    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
