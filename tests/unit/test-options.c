#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>

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
        "uid=",           "uid=joe",
        "uid=-1",         "uid=4294967295",
        "uid=4294967296", "uid=1x",
        "uid=0x10",       "uid=99999999999999999999999",
        "gid=-1",         "gid=1.5",
        "umask=8",        "umask=1000",
        "umask=rwx",      "timeout=",
        "timeout=0",      "timeout=-1",
        "timeout=soon",   "timeout=86401",
        "timeout=nan",    "timeout=inf",
        "timeout=1s",     "timeout=1e9",
        "listing=-1",     "listing=x",
        "snapshot=-0.1",  "snapshot=99999999",
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
    };

    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
