#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "api/backend.h"
#include "base/buf.h"
#include "fs/options.h"

struct scene {
    char mountpoint[PATH_ROOM];
    struct options options;
    char printed[8192]; /* what the last run wrote to stderr, or stdout when it was done */
};

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    make_directory(scene->mountpoint);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    options_release(&scene->options);
    remove_directory(scene->mountpoint);
    free(scene);
    return 0;
}

/* Sends a stream to a temporary file; returns the old descriptor. */
static int redirect(FILE *stream, FILE *file)
{
    int old;

    fflush(stream);
    old = dup(fileno(stream));
    assert_true(old >= 0);
    assert_true(dup2(fileno(file), fileno(stream)) >= 0);
    return old;
}

static void restore(FILE *stream, int old)
{
    fflush(stream);
    assert_true(dup2(old, fileno(stream)) >= 0);
    close(old);
}

/* Parses a command line of up to six words; "M" stands for the mount point. */
static enum options_result parse(struct scene *scene, const char *const *words)
{
    static char program[] = "checkpointfs";
    char *argv[8] = {program};
    enum options_result result;
    FILE *file = tmpfile();
    int argc = 1;
    int out;
    int err;

    assert_non_null(file);
    for (; words[argc - 1]; argc++) {
        const char *word = words[argc - 1];

        argv[argc] = strcmp(word, "M") ? (char *)(uintptr_t)word : scene->mountpoint;
    }
    options_release(&scene->options);
    out = redirect(stdout, file);
    err = redirect(stderr, file);
    result = options_parse(argc, argv, &scene->options);
    restore(stderr, err);
    restore(stdout, out);
    rewind(file);
    scene->printed[fread(scene->printed, 1, sizeof(scene->printed) - 1, file)] = '\0';
    fclose(file);
    return result;
}

#define PARSE(...) parse(scene, (const char *const[]){__VA_ARGS__, NULL})

#define ASSERT_RUN(...)                                    \
    do {                                                   \
        assert_int_equal(PARSE(__VA_ARGS__), OPTIONS_RUN); \
        assert_string_equal(scene->printed, "");           \
    } while (0)

/* A refusal is one line that names the program. */
static void assert_complaint(const struct scene *scene, enum options_result result)
{
    const char *newline = strchr(scene->printed, '\n');

    assert_true(result == OPTIONS_WRONG || result == OPTIONS_FAILED);
    assert_non_null(newline);
    assert_non_null(strstr(scene->printed, "checkpointfs: "));
    assert_string_equal(newline, "\n");
}

#define ASSERT_WRONG(...)                                 \
    do {                                                  \
        enum options_result result_ = PARSE(__VA_ARGS__); \
                                                          \
        assert_int_equal(result_, OPTIONS_WRONG);         \
        assert_complaint(scene, result_);                 \
    } while (0)

static void a_mount_point_alone_has_the_defaults(void **state)
{
    struct scene *scene = *state;
    const struct options *options = &scene->options;

    ASSERT_RUN("M");
    assert_string_equal(options->source, "");
    assert_string_equal(options->mountpoint, scene->mountpoint);
    assert_false(options->foreground || options->lazy || options->allow_other);
    assert_false(options->auto_unmount || options->checkpoint_is_next);
    assert_false(options->settings.read_only || options->settings.clamp);
    assert_false(options->settings.monotonic);
    assert_int_equal(options->settings.uid, getuid());
    assert_int_equal(options->settings.gid, getgid());
    assert_int_equal(options->settings.umask, 022);
    assert_int_equal(options->settings.timeout, 30000);
    assert_int_equal(options->settings.listing, 10000);
    assert_int_equal(options->settings.snapshot, 1000);
    assert_int_equal(options->settings.watch, 1000);
}

static void the_source_stands_before_the_mount_point(void **state)
{
    struct scene *scene = *state;

    ASSERT_RUN("local:", "M");
    assert_string_equal(scene->options.source, "local:");
    ASSERT_RUN("local:/tmp/a.db", "M", "-o", "ro");
    assert_string_equal(scene->options.source, "local:/tmp/a.db");
    assert_true(scene->options.settings.read_only);
    ASSERT_RUN("-o", "ro", "local:/tmp/a.db", "M");
    ASSERT_RUN("local:/tmp/a.db", "-o", "ro", "M");
    ASSERT_RUN("-f", "M");
    assert_string_equal(scene->options.source, "");
}

static void flags(void **state)
{
    struct scene *scene = *state;
    const struct options *options = &scene->options;

    ASSERT_RUN("-f", "-o", "lazy,ro,allow_other,auto_unmount,clamp,monotonic", "M");
    assert_true(options->foreground && options->lazy && options->allow_other);
    assert_true(options->auto_unmount && options->settings.read_only);
    assert_true(options->settings.clamp && options->settings.monotonic);
    ASSERT_RUN("-oro", "-oclamp", "M");
    assert_true(options->settings.read_only && options->settings.clamp);
}

static void values(void **state)
{
    struct scene *scene = *state;
    const struct settings *settings = &scene->options.settings;

    ASSERT_RUN("-o", "uid=1000,gid=0,umask=077,timeout=5,listing=0,snapshot=0.25,watch=0.05", "M");
    assert_int_equal(settings->uid, 1000);
    assert_int_equal(settings->gid, 0);
    assert_int_equal(settings->umask, 077);
    assert_int_equal(settings->timeout, 5000);
    assert_int_equal(settings->listing, 0);
    assert_int_equal(settings->snapshot, 250);
    assert_int_equal(settings->watch, 50);
    ASSERT_RUN("-o", "umask=0,timeout=86400,uid=4294967294", "M");
    assert_int_equal(settings->umask, 0);
    assert_int_equal(settings->timeout, 86400000);
    assert_true(settings->uid == 4294967294U);
}

static void the_meaning_of_a_checkpoint(void **state)
{
    struct scene *scene = *state;

    ASSERT_RUN("-o", "checkpoint=next", "M");
    assert_true(scene->options.checkpoint_is_next);
    ASSERT_RUN("-o", "checkpoint=last-read", "M");
    assert_false(scene->options.checkpoint_is_next);
    ASSERT_WRONG("-o", "checkpoint=previous", "M");
    ASSERT_WRONG("-o", "checkpoint=", "M");
}

static void the_last_of_two_values_counts(void **state)
{
    struct scene *scene = *state;

    ASSERT_RUN("-o", "timeout=1,timeout=2", "-o", "timeout=3", "M");
    assert_int_equal(scene->options.settings.timeout, 3000);
}

static void what_mount_and_fstab_add_is_ignored(void **state)
{
    static const char *const words[] = {
        "_netdev",     "nofail",
        "auto",        "noauto",
        "user",        "nouser",
        "users",       "owner",
        "group",       "defaults",
        "dev",         "nodev",
        "suid",        "nosuid",
        "exec",        "noexec",
        "async",       "atime",
        "noatime",     "relatime",
        "rw",          "user=joe",
        "comment=x",   "x-systemd.automount",
        "x-gvfs-show", "x-systemd.requires=network.target",
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < COUNT(words); i++)
        ASSERT_RUN("local:", "M", "-o", words[i]);
    ASSERT_RUN("local:", "M", "-o", "rw,_netdev,nofail,x-systemd.automount,clamp,dev,suid");
    assert_true(scene->options.settings.clamp);
}

static void wrong_values_are_told(void **state)
{
    static const char *const words[] = {
        "uid=",           "uid=joe",       "uid=-1",        "uid=4294967295",
        "uid=4294967296", "uid=1x",        "uid=0x10",      "uid=99999999999999999999999",
        "gid=-1",         "gid=1.5",       "umask=8",       "umask=1000",
        "umask=rwx",      "timeout=",      "timeout=0",     "timeout=-1",
        "timeout=soon",   "timeout=86401", "timeout=nan",   "timeout=inf",
        "timeout=1s",     "timeout=1e9",   "timeout=1e1",   "timeout=0x10",
        "timeout= 5",     "timeout=+5",    "timeout=1.2.3", "timeout=.",
        "listing=-1",     "listing=x",     "snapshot=-0.1", "snapshot=99999999",
        "watch=0",        "watch=0.01",
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < COUNT(words); i++) {
        char name[16] = "";

        ASSERT_WRONG("-o", words[i], "M");
        memcpy(name, words[i], strcspn(words[i], "="));
        assert_non_null(strstr(scene->printed, name));
    }
}

static void unknown_options_are_told(void **state)
{
    struct scene *scene = *state;

    ASSERT_WRONG("-o", "bogus", "M");
    assert_non_null(strstr(scene->printed, "bogus"));
    ASSERT_WRONG("-o", "clamp=yes", "M");
    ASSERT_WRONG("-q", "M");
    ASSERT_WRONG("--bogus", "M");
    ASSERT_WRONG("-o", "ro,,bogus", "M");
}

static void a_mount_point_is_needed_and_no_more_than_a_source_besides(void **state)
{
    struct scene *scene = *state;

    ASSERT_WRONG("-f");
    ASSERT_WRONG("local:", "M", "M");
    ASSERT_WRONG("local:", "M", "M", "M", "M");
}

static void an_unknown_source_is_told(void **state)
{
    struct scene *scene = *state;

    ASSERT_WRONG("remote:", "M");
    assert_non_null(strstr(scene->printed, "remote:"));
    ASSERT_WRONG("/dev/sda1", "M");
}

static void a_mount_point_that_does_not_do_fails(void **state)
{
    struct scene *scene = *state;
    char file[PATH_ROOM + 16];
    int fd;

    snprintf(file, sizeof(file), "%s/file", scene->mountpoint);
    assert_int_equal(PARSE(file), OPTIONS_FAILED);
    assert_complaint(scene, OPTIONS_FAILED);
    assert_non_null(strstr(scene->printed, "mkdir"));
    fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(fd);
    assert_int_equal(PARSE(file), OPTIONS_FAILED);
    assert_complaint(scene, OPTIONS_FAILED);
    assert_non_null(strstr(scene->printed, "directory"));
    assert_int_equal(PARSE(""), OPTIONS_FAILED);
}

static void the_mount_point_becomes_absolute(void **state)
{
    struct scene *scene = *state;
    char *old = getcwd(NULL, 0);

    assert_int_equal(chdir(scene->mountpoint), 0);
    assert_int_equal(PARSE("."), OPTIONS_RUN);
    assert_int_equal(scene->options.mountpoint[0], '/');
    assert_null(strstr(scene->options.mountpoint, "/."));
    assert_int_equal(chdir(old), 0);
    free(old);
}

static void help_and_version_need_no_mount_point(void **state)
{
    static const char *const words[] = {"-h", "--help", "-V", "--version"};
    struct scene *scene = *state;

    for (size_t i = 0; i < COUNT(words); i++) {
        assert_int_equal(PARSE(words[i]), OPTIONS_DONE);
        assert_non_null(strstr(scene->printed, "checkpointfs"));
        assert_int_equal(PARSE(words[i], "local:", "M"), OPTIONS_DONE);
    }
    assert_int_equal(PARSE("-h"), OPTIONS_DONE);
    assert_non_null(strstr(scene->printed, "MOUNTPOINT"));
}

static void a_word_after_two_hyphens_is_no_option(void **state)
{
    struct scene *scene = *state;

    ASSERT_RUN("-f", "--", "local:", "M");
    assert_string_equal(scene->options.source, "local:");
    assert_string_equal(scene->options.mountpoint, scene->mountpoint);
}

/* ---- the options of the backend */

/* What was given for an option of the backend, or NULL. */
static const char *setting(const struct scene *scene, const char *name)
{
    const struct backend_options options = {.settings = scene->options.backend.list,
                                            .setting_count = scene->options.backend.count};

    return backend_setting(&options, name);
}

/* A refusal of exactly this. */
#define ASSERT_SAYS(text, ...)                                           \
    do {                                                                 \
        ASSERT_WRONG(__VA_ARGS__);                                       \
        assert_string_equal(scene->printed, "checkpointfs: " text "\n"); \
    } while (0)

static void a_mount_without_options_of_its_backend_has_none(void **state)
{
    struct scene *scene = *state;

    ASSERT_RUN("sls://project.endpoint", "M", "-o", "ro,timeout=5");
    assert_int_equal(scene->options.backend.count, 0);
}

static void options_of_the_backend_stand_where_the_others_do(void **state)
{
    struct scene *scene = *state;

    ASSERT_RUN("-o", "ro,consumer=c1,clamp", "sls://project.endpoint", "M");
    assert_string_equal(setting(scene, "consumer"), "c1");
    assert_true(scene->options.settings.read_only && scene->options.settings.clamp);
    ASSERT_RUN("sls://project.endpoint", "M", "-o", "consumer=c1", "-o", "group_order");
    assert_string_equal(setting(scene, "consumer"), "c1");
    assert_string_equal(setting(scene, "group_order"), "");
    ASSERT_RUN("sls+http://project.endpoint", "M", "-oconsumer=c1");
    assert_string_equal(setting(scene, "consumer"), "c1");
    assert_int_equal(scene->options.backend.count, 1);
}

static void a_value_is_whatever_follows_the_first_equals_sign(void **state)
{
    struct scene *scene = *state;

    ASSERT_RUN("sls://project.endpoint", "M", "-o", "consumer=a=b c");
    assert_string_equal(setting(scene, "consumer"), "a=b c");
    ASSERT_RUN("sls://project.endpoint", "M", "-o", "consumer=a\\,b");
    assert_string_equal(setting(scene, "consumer"), "a,b");
    ASSERT_RUN("sls://project.endpoint", "M", "-o", "consumer=");
    assert_string_equal(setting(scene, "consumer"), "");
}

static void a_file_becomes_absolute(void **state)
{
    struct scene *scene = *state;
    char *old = getcwd(NULL, 0);
    char expected[PATH_ROOM + 32];
    char *here;

    assert_int_equal(chdir(scene->mountpoint), 0);
    here = getcwd(NULL, 0);
    ASSERT_RUN("dis://host/project", "M", "-o", "credentials=secrets/dis,cacert=/etc/ca.pem");
    snprintf(expected, sizeof(expected), "%s/secrets/dis", here);
    assert_string_equal(setting(scene, "credentials"), expected);
    assert_string_equal(setting(scene, "cacert"), "/etc/ca.pem");
    ASSERT_RUN("dis://host/project", "M", "-o", "region=secrets/dis");
    assert_string_equal(setting(scene, "region"), "secrets/dis");
    assert_int_equal(chdir(old), 0);
    free(here);
    free(old);
}

static void of_two_values_of_the_backend_the_last_counts_too(void **state)
{
    struct scene *scene = *state;

    ASSERT_RUN("dis://host/project", "M", "-o", "region=a,cacert=/1,region=b", "-o", "region=c");
    assert_string_equal(setting(scene, "region"), "c");
    assert_string_equal(setting(scene, "cacert"), "/1");
    assert_int_equal(scene->options.backend.count, 2);
    ASSERT_RUN("sls://project.endpoint", "M", "-o", "group_order,group_order");
    assert_int_equal(scene->options.backend.count, 1);
}

static void an_option_of_another_backend_is_told_with_whose_it_is(void **state)
{
    struct scene *scene = *state;

    ASSERT_SAYS("consumer= is an option of sls://", "local:", "M", "-o", "consumer=nobody");
    ASSERT_SAYS("consumer= is an option of sls://", "-o", "consumer=nobody", "M");
    ASSERT_SAYS("group_order is an option of sls://", "dis://host/project", "M", "-o",
                "group_order");
    ASSERT_SAYS("service= is an option of dis://", "sls://project.endpoint", "M", "-o",
                "service=dis");
    ASSERT_SAYS("consumer= is an option of sls://", "-o", "ro,consumer=a,clamp", "local:/a", "M");
}

static void an_option_of_several_other_backends_is_told_with_all(void **state)
{
    struct scene *scene = *state;

    ASSERT_SAYS("credentials= is an option of dis://, sls:// and kafka://", "M", "-o",
                "credentials=/a");
    ASSERT_SAYS("region= is an option of dis:// and sls://", "local:", "M", "-o", "region=a");
}

static void an_unknown_option_is_told_with_the_one_that_is_most_like_it(void **state)
{
    static const char *const pairs[][2] = {
        {"timout=5", "timeout"},
        {"timeuot=5", "timeout"},
        {"timeouts=5", "timeout"},
        {"snapshoot=5", "snapshot"},
        {"monotonik", "monotonic"},
        {"allow-other", "allow_other"},
        {"lasy", "lazy"},
        {"debugg", "debug"},
        {"checkpoints=next", "checkpoint"},
        {"credential=/a", "credentials"},
        {"group-order", "group_order"},
        {"consumers=a", "consumer"},
        {"gidd=1", "gid"},
        {"guid=1", "uid"},
        {"r", "ro"},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < COUNT(pairs); i++) {
        char expected[200];

        ASSERT_WRONG("sls://project.endpoint", "M", "-o", pairs[i][0]);
        snprintf(expected, sizeof(expected),
                 "checkpointfs: unknown option \"%.*s\": did you mean %s?\n",
                 (int)strcspn(pairs[i][0], "="), pairs[i][0], pairs[i][1]);
        assert_string_equal(scene->printed, expected);
    }
}

static void what_is_suggested_is_an_option_of_this_mount(void **state)
{
    struct scene *scene = *state;

    ASSERT_WRONG("local:", "M", "-o", "consumers=a");
    assert_null(strstr(scene->printed, "mean"));
}

static void an_option_like_no_other_is_told_by_itself(void **state)
{
    static const char *const words[] = {"frobnicate", "bogus=5", "zz", "zz=1", "speed=fast", "=5"};
    struct scene *scene = *state;

    for (size_t i = 0; i < COUNT(words); i++) {
        char expected[200];

        ASSERT_WRONG("local:", "M", "-o", words[i]);
        snprintf(expected, sizeof(expected),
                 "checkpointfs: unknown option \"%.*s\": see checkpointfs --help\n",
                 (int)strcspn(words[i], "="), words[i]);
        assert_string_equal(scene->printed, expected);
    }
}

static void a_flag_takes_no_value(void **state)
{
    struct scene *scene = *state;

    ASSERT_SAYS("ro takes no value", "M", "-o", "ro=1");
    ASSERT_SAYS("lazy takes no value", "M", "-o", "lazy=");
    ASSERT_SAYS("debug takes no value", "M", "-o", "debug=yes");
    ASSERT_SAYS("group_order takes no value", "sls://project.endpoint", "M", "-o", "group_order=1");
    ASSERT_SAYS("group_order takes no value", "sls://project.endpoint", "M", "-o", "group_order=");
}

static void others_need_one(void **state)
{
    static const char *const own[] = {"checkpoint", "uid",      "gid",   "umask",
                                      "listing",    "snapshot", "watch", "timeout"};
    struct scene *scene = *state;

    for (size_t i = 0; i < COUNT(own); i++) {
        char expected[100];

        ASSERT_WRONG("M", "-o", own[i]);
        snprintf(expected, sizeof(expected), "checkpointfs: %s needs a value\n", own[i]);
        assert_string_equal(scene->printed, expected);
    }
    ASSERT_SAYS("credentials needs a value", "sls://project.endpoint", "M", "-o", "credentials");
    ASSERT_SAYS("consumer needs a value", "sls://project.endpoint", "M", "-o", "consumer,ro");
}

/* A value may be a secret. */
static void no_value_of_an_option_that_is_refused_is_shown(void **state)
{
    static const char *const words[] = {"password=hunter2", "consumer=hunter2", "ro=hunter2",
                                        "credential=hunter2", "=hunter2"};
    struct scene *scene = *state;

    for (size_t i = 0; i < COUNT(words); i++) {
        ASSERT_WRONG("dis://host/project", "M", "-o", words[i]);
        assert_null(strstr(scene->printed, "hunter2"));
    }
}

static void a_name_that_is_no_name_is_one_line_of_a_bounded_length(void **state)
{
    struct scene *scene = *state;
    char word[5000];

    memset(word, 'a', sizeof(word));
    word[sizeof(word) - 1] = '\0';
    ASSERT_WRONG("M", "-o", word);
    assert_true(strlen(scene->printed) < 200);
    snprintf(word, sizeof(word), "a\nb\x1b[2Jc=d");
    ASSERT_WRONG("M", "-o", word);
    assert_null(strchr(scene->printed, '\x1b'));
}

/* Repeats a word with commas between. */
static const char *many(char *text, size_t room, const char *word, size_t count)
{
    struct buf list = BUF_INIT(room);

    for (size_t i = 0; i < count; i++)
        buf_printf(&list, "%s%s", i ? "," : "", word);
    assert_true(list.size < room);
    memcpy(text, list.data, list.size + 1);
    buf_release(&list);
    return text;
}

static void there_may_be_many_options_but_not_too_many(void **state)
{
    struct scene *scene = *state;
    char text[20000];

    ASSERT_RUN("sls://project.endpoint", "M", "-o", many(text, sizeof(text), "consumer=a", 60));
    assert_int_equal(scene->options.backend.count, 1);
    ASSERT_RUN("M", "-o", many(text, sizeof(text), "ro", 1000));
    ASSERT_SAYS("too many options", "sls://project.endpoint", "M", "-o",
                many(text, sizeof(text), "consumer=a", 1000));
    ASSERT_SAYS("too many options", "M", "-o", many(text, sizeof(text), "bogus", 1000));
}

/* Whether the help has a line that begins with a word and has the rest, too. */
static bool has_line(const char *text, const char *word, const char *owner, const char *help)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        char line[200];

        snprintf(line, sizeof(line), "%.*s", (int)length, text);
        if (!strncmp(line, word, strlen(word)) && strchr(" ", line[strlen(word)]) &&
            strstr(line, owner) && strstr(line, help))
            return true;
        text += length + (text[length] == '\n');
    }
    return false;
}

static void the_help_has_every_backend_and_every_option_of_each(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(PARSE("-h"), OPTIONS_DONE);
    for (size_t i = 0; backend_types[i]; i++) {
        const struct backend_type *type = backend_types[i];

        assert_non_null(strstr(scene->printed, type->source));
        assert_non_null(strstr(scene->printed, type->help));
        for (const struct backend_option *row = type->options; row->name; row++) {
            char word[100];

            snprintf(word, sizeof(word), "  -o %s%s%s", row->name, row->value ? "=" : "",
                     row->value ? row->value : "");
            if (!has_line(scene->printed, word, type->name, row->help))
                fail_msg("%s of %s", row->name, type->name);
        }
    }
}

/* What can be tried is in the table, and what the table has can be tried. */
static void every_option_of_each_backend_is_taken(void **state)
{
    struct scene *scene = *state;

    for (size_t i = 0; backend_types[i]; i++) {
        for (const struct backend_option *row = backend_types[i]->options; row->name; row++) {
            char source[100];
            char word[100];

            assert_int_equal(row->kind == OPTION_FLAG, row->value == NULL);
            snprintf(source, sizeof(source), "%sa.b/c", backend_types[i]->prefix);
            snprintf(word, sizeof(word), "%s%s", row->name, row->value ? "=/x" : "");
            ASSERT_RUN(source, "M", "-o", word);
            assert_string_equal(setting(scene, row->name), row->value ? "/x" : "");
        }
    }
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_mount_point_alone_has_the_defaults),
        SCENE(the_source_stands_before_the_mount_point),
        SCENE(flags),
        SCENE(values),
        SCENE(the_meaning_of_a_checkpoint),
        SCENE(the_last_of_two_values_counts),
        SCENE(what_mount_and_fstab_add_is_ignored),
        SCENE(wrong_values_are_told),
        SCENE(unknown_options_are_told),
        SCENE(a_mount_point_is_needed_and_no_more_than_a_source_besides),
        SCENE(an_unknown_source_is_told),
        SCENE(a_mount_point_that_does_not_do_fails),
        SCENE(the_mount_point_becomes_absolute),
        SCENE(help_and_version_need_no_mount_point),
        SCENE(a_word_after_two_hyphens_is_no_option),
        SCENE(a_mount_without_options_of_its_backend_has_none),
        SCENE(options_of_the_backend_stand_where_the_others_do),
        SCENE(a_value_is_whatever_follows_the_first_equals_sign),
        SCENE(a_file_becomes_absolute),
        SCENE(of_two_values_of_the_backend_the_last_counts_too),
        SCENE(an_option_of_another_backend_is_told_with_whose_it_is),
        SCENE(an_option_of_several_other_backends_is_told_with_all),
        SCENE(an_unknown_option_is_told_with_the_one_that_is_most_like_it),
        SCENE(what_is_suggested_is_an_option_of_this_mount),
        SCENE(an_option_like_no_other_is_told_by_itself),
        SCENE(a_flag_takes_no_value),
        SCENE(others_need_one),
        SCENE(no_value_of_an_option_that_is_refused_is_shown),
        SCENE(a_name_that_is_no_name_is_one_line_of_a_bounded_length),
        SCENE(there_may_be_many_options_but_not_too_many),
        SCENE(the_help_has_every_backend_and_every_option_of_each),
        SCENE(every_option_of_each_backend_is_taken),
    };

    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
