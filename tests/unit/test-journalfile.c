#include "ask.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "fs/journalfile.h"

/* Two mounts' files on one path, in one process. */
enum { MOUNTS = 2 };

struct mount {
    struct journalfile *file;
    struct buf told; /* with newlines */
};

struct scene {
    struct loop *loop;
    char directory[PATH_ROOM];
    char path[PATH_ROOM + 16];
    char old_path[PATH_ROOM + 16];
    struct mount mounts[MOUNTS];
    struct error error;
};

static void note_told(void *user, const char *line, size_t size)
{
    struct mount *mount = user;

    buf_add(&mount->told, line, size);
    buf_puts(&mount->told, "\n");
}

static int open_mount(struct scene *scene, struct mount *mount)
{
    int status;

    scene->error = (struct error){0};
    status =
        journalfile_open(scene->loop, scene->path, note_told, mount, &mount->file, &scene->error);
    assert_int_equal(-status, scene->error.code);
    return scene->error.code;
}

static void close_mount(struct mount *mount)
{
    journalfile_close(mount->file);
    mount->file = NULL;
    buf_reset(&mount->told);
}

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    scene->loop = loop_new();
    assert_non_null(scene->loop);
    make_directory(scene->directory);
    snprintf(scene->path, sizeof(scene->path), "%s/journal", scene->directory);
    snprintf(scene->old_path, sizeof(scene->old_path), "%s/journal.1", scene->directory);
    for (int i = 0; i < MOUNTS; i++)
        buf_init(&scene->mounts[i].told, 64UL << 20);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < MOUNTS; i++) {
        close_mount(&scene->mounts[i]);
        buf_release(&scene->mounts[i].told);
    }
    loop_free(scene->loop);
    remove_directory(scene->directory);
    free(scene);
    return 0;
}

/* Ends with 0 or an errno. */
static int add(struct scene *scene, struct mount *mount, const char *line)
{
    struct reply reply = {0};
    struct ask ask = ask_into(&reply);

    assert_non_null(journalfile_add(mount->file, line, strlen(line), &ask));
    run_until(scene->loop, &reply);
    scene->error = reply.error;
    return reply.error.code;
}

static int catch_up(struct scene *scene, struct mount *mount)
{
    struct reply reply = {0};
    struct ask ask = ask_into(&reply);

    assert_non_null(journalfile_catch_up(mount->file, &ask));
    run_until(scene->loop, &reply);
    scene->error = reply.error;
    return reply.error.code;
}

static void assert_file(const char *path, const char *content)
{
    struct buf text = BUF_INIT(1UL << 20);
    FILE *file = fopen(path, "r");
    char piece[4096];
    size_t size;

    assert_non_null(file);
    while ((size = fread(piece, 1, sizeof(piece), file)))
        buf_add(&text, piece, size);
    fclose(file);
    assert_string_equal(text.data, content);
    buf_release(&text);
}

static void write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static void a_line_is_on_the_disk_and_told_when_it_ends(void **state)
{
    struct scene *scene = *state;
    struct mount *mount = &scene->mounts[0];
    struct stat seen;

    assert_int_equal(open_mount(scene, mount), 0);
    assert_int_equal(stat(scene->path, &seen), 0);
    assert_int_equal(seen.st_mode & 0777, 0600);
    assert_int_equal(add(scene, mount, "one"), 0);
    assert_string_equal(mount->told.data, "one\n");
    assert_int_equal(add(scene, mount, ""), 0);
    assert_int_equal(add(scene, mount, "three"), 0);
    assert_file(scene->path, "one\n\nthree\n");
    assert_string_equal(mount->told.data, "one\n\nthree\n");
}

static void what_is_there_is_told_at_the_beginning(void **state)
{
    struct scene *scene = *state;
    struct mount *mount = &scene->mounts[0];

    write_file(scene->old_path, "1\n2\n");
    write_file(scene->path, "3\n4\n");
    assert_int_equal(open_mount(scene, mount), 0);
    assert_string_equal(mount->told.data, "1\n2\n3\n4\n");
    assert_int_equal(add(scene, mount, "5"), 0);
    close_mount(mount);
    assert_int_equal(open_mount(scene, mount), 0);
    assert_string_equal(mount->told.data, "1\n2\n3\n4\n5\n");
}

static void two_mounts_know_each_others_lines(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];
    struct mount *two = &scene->mounts[1];

    assert_int_equal(open_mount(scene, one), 0);
    assert_int_equal(open_mount(scene, two), 0);
    assert_int_equal(add(scene, one, "a"), 0);
    assert_int_equal(add(scene, two, "b"), 0);
    assert_string_equal(two->told.data, "a\nb\n");
    assert_string_equal(one->told.data, "a\n");
    assert_int_equal(catch_up(scene, one), 0);
    assert_string_equal(one->told.data, "a\nb\n");
    assert_file(scene->path, "a\nb\n");
}

static void a_full_file_is_renamed_once_for_all(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];
    struct mount *two = &scene->mounts[1];

    assert_int_equal(open_mount(scene, one), 0);
    assert_int_equal(open_mount(scene, two), 0);
    journalfile_set_full(one->file, 8);
    journalfile_set_full(two->file, 8);
    assert_int_equal(add(scene, one, "1234"), 0);
    assert_int_equal(add(scene, two, "5678"), 0);
    assert_int_equal(add(scene, one, "9"), 0);
    assert_file(scene->old_path, "1234\n5678\n");
    assert_file(scene->path, "9\n");
    assert_int_equal(add(scene, two, "10"), 0);
    assert_file(scene->path, "9\n10\n");
    assert_int_equal(catch_up(scene, one), 0);
    assert_string_equal(one->told.data, "1234\n5678\n9\n10\n");
    assert_string_equal(two->told.data, "1234\n5678\n9\n10\n");
}

static void a_line_cut_by_a_crash_is_told_to_nobody(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];
    struct mount *two = &scene->mounts[1];

    write_file(scene->path, "whole\ncut");
    assert_int_equal(open_mount(scene, one), 0);
    assert_int_equal(add(scene, one, "next"), 0);
    assert_string_equal(one->told.data, "whole\nnext\n");
    assert_file(scene->path, "whole\ncut\x18\nnext\n");
    assert_int_equal(open_mount(scene, two), 0);
    assert_string_equal(two->told.data, "whole\nnext\n");
}

static void a_line_that_cannot_be_one_is_refused(void **state)
{
    struct scene *scene = *state;
    struct mount *mount = &scene->mounts[0];
    char *line = calloc(1, JOURNAL_LINE_MAX + 2);

    assert_non_null(line);
    memset(line, 'x', JOURNAL_LINE_MAX + 1);
    assert_int_equal(open_mount(scene, mount), 0);
    assert_int_equal(add(scene, mount, "a\nb"), EINVAL);
    assert_int_equal(add(scene, mount, "a\x18"), EINVAL);
    assert_int_equal(add(scene, mount, line), EMSGSIZE);
    assert_file(scene->path, "");
    line[JOURNAL_LINE_MAX] = '\0';
    assert_int_equal(add(scene, mount, line), 0);
    assert_int_equal(mount->told.size, JOURNAL_LINE_MAX + 1);
    free(line);
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(a_line_is_on_the_disk_and_told_when_it_ends),
        IN_SCENE(what_is_there_is_told_at_the_beginning),
        IN_SCENE(two_mounts_know_each_others_lines),
        IN_SCENE(a_full_file_is_renamed_once_for_all),
        IN_SCENE(a_line_cut_by_a_crash_is_told_to_nobody),
        IN_SCENE(a_line_that_cannot_be_one_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
