#include "ask.h"

#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "fs/journalfile.h"

/* Two mounts' files on one path, in one process. */
enum { MOUNTS = 2 };

/* The disk: what it does instead of what it is asked for, and what it was asked for. */
static struct {
    atomic_int syncs;
    atomic_int sync_fails; /* an errno, once */
    atomic_bool sync_hangs;
    atomic_int write_fails;         /* an errno, once */
    atomic_int writes_only;         /* so many bytes, once; 0: all */
    atomic_bool cut_fails;          /* once */
    atomic_int locked;              /* the descriptor, last */
    _Atomic(const char *) replaced; /* before it is locked, once: this path, by a rename to .1 */
    atomic_int name_syncs;
    atomic_int name_sync_fails; /* an errno, once */
} disk;

int __real_flock(int fd, int how);
int __wrap_flock(int fd, int how);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
ssize_t __real_writev(int fd, const struct iovec *pieces, int count);
ssize_t __wrap_writev(int fd, const struct iovec *pieces, int count);
#if __SIZEOF_POINTER__ == 4
#define __real_ftruncate __real_ftruncate64
#define __wrap_ftruncate __wrap_ftruncate64
#endif
int __real_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size);

int __wrap_fdatasync(int fd)
{
    int code = atomic_exchange(&disk.sync_fails, 0);

    atomic_fetch_add(&disk.syncs, 1);
    while (atomic_load(&disk.sync_hangs))
        usleep(1000);
    if (!code)
        return __real_fdatasync(fd);
    errno = code;
    return -1;
}

int __wrap_flock(int fd, int how)
{
    const char *path = how & LOCK_EX ? atomic_exchange(&disk.replaced, NULL) : NULL;
    char other[PATH_ROOM + 32];

    if (path) {
        snprintf(other, sizeof(other), "%s.1", path);
        rename(path, other);
    }
    if (how & LOCK_EX)
        atomic_store(&disk.locked, fd);
    return __real_flock(fd, how);
}

/* Of the directory. */
int __wrap_fsync(int fd)
{
    int code = atomic_exchange(&disk.name_sync_fails, 0);

    atomic_fetch_add(&disk.name_syncs, 1);
    if (!code)
        return __real_fsync(fd);
    errno = code;
    return -1;
}

ssize_t __wrap_writev(int fd, const struct iovec *pieces, int count)
{
    size_t only = (size_t)atomic_exchange(&disk.writes_only, 0);
    int code = atomic_exchange(&disk.write_fails, 0);

    if (only) {
        assert_true(pieces[0].iov_len == 0 && pieces[1].iov_len > only);
        return write(fd, pieces[1].iov_base, only);
    }
    if (!code)
        return __real_writev(fd, pieces, count);
    errno = code;
    return -1;
}

int __wrap_ftruncate(int fd, off_t size)
{
    if (!atomic_exchange(&disk.cut_fails, false))
        return __real_ftruncate(fd, size);
    errno = EIO;
    return -1;
}

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
    memset(&disk, 0, sizeof(disk));
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

static void a_file_is_full_with_16_mib(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];
    struct stat seen;

    write_file(scene->path, "");
    assert_int_equal(truncate(scene->path, (16 << 20) - 1), 0);
    assert_int_equal(open_mount(scene, one), 0);
    assert_int_equal(add(scene, one, "a"), 0);
    assert_int_equal(access(scene->old_path, F_OK), -1);
    assert_int_equal(add(scene, one, "b"), 0);
    assert_int_equal(stat(scene->old_path, &seen), 0);
    assert_int_equal(seen.st_size, (16 << 20) + 3);
    assert_file(scene->path, "b\n");
    assert_string_equal(one->told.data, "a\nb\n");
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

static void a_line_cut_by_a_crash_at_the_end_of_a_full_file_is_marked(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];
    struct mount *two = &scene->mounts[1];

    write_file(scene->path, "whole\n");
    assert_int_equal(open_mount(scene, one), 0);
    assert_int_equal(open_mount(scene, two), 0);
    write_file(scene->path, "whole\ncut");
    journalfile_set_full(one->file, 8);
    assert_int_equal(add(scene, one, "next"), 0);
    assert_file(scene->old_path, "whole\ncut\x18\n");
    assert_file(scene->path, "next\n");
    assert_int_equal(catch_up(scene, two), 0);
    assert_string_equal(one->told.data, "whole\nnext\n");
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

/* As another process does. */
static int hold_lock(const struct scene *scene)
{
    int fd = open(scene->path, O_RDWR | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    return fd;
}

/* Many lines */

/* Asks of which none is waited for alone. */
struct many {
    struct loop *loop;
    unsigned left;
    unsigned failed;
    struct error error; /* of the last that failed */
};

static void count_end(void *user, const struct error *error, const struct answer *answer)
{
    struct many *many = user;

    (void)answer;
    if (error) {
        many->failed++;
        many->error = *error;
    }
    if (!--many->left)
        loop_stop(many->loop);
}

static void add_many(struct many *many, struct mount *mount, unsigned from, unsigned count)
{
    struct ask ask = {.deadline = when_monotonic() + 60000, .done = count_end, .user = many};
    char line[32];

    for (unsigned i = from; i < from + count; i++) {
        snprintf(line, sizeof(line), "%u", i);
        assert_non_null(journalfile_add(mount->file, line, strlen(line), &ask));
        many->left++;
    }
}

/* Whether the lines are all numbers from 0 on. */
static void assert_numbers(const struct buf *told, unsigned count)
{
    const char *next = told->data;

    for (unsigned i = 0; i < count; i++) {
        char *end;

        assert_int_equal(strtoul(next, &end, 10), i);
        assert_int_equal(*end, '\n');
        next = end + 1;
    }
    assert_int_equal(*next, '\0');
}

/* All come in before the first is written, however fast the disk is. */
static void many_lines_take_few_syncs(void **state)
{
    struct scene *scene = *state;
    struct mount *mount = &scene->mounts[0];
    struct many many = {.loop = scene->loop};
    int fd;

    assert_int_equal(open_mount(scene, mount), 0);
    fd = hold_lock(scene);
    add_many(&many, mount, 0, 1000);
    close(fd);
    run_for(scene->loop, 30000);
    assert_int_equal(many.left, 0);
    assert_int_equal(many.failed, 0);
    assert_numbers(&mount->told, 1000);
    assert_true(atomic_load(&disk.syncs) >= 1 && atomic_load(&disk.syncs) <= 20);
}

/* More than is handed to the loop at once. */
static void much_that_others_wrote_is_told_in_order(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];
    FILE *file;

    assert_int_equal(open_mount(scene, one), 0);
    file = fopen(scene->path, "a");
    assert_non_null(file);
    for (unsigned i = 0; i < 500000; i++)
        fprintf(file, "%u\n", i);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(catch_up(scene, one), 0);
    assert_true(one->told.size > 3 * LINES_MAX);
    assert_numbers(&one->told, 500000);
}

static void what_waits_to_be_written_has_a_bound(void **state)
{
    struct scene *scene = *state;
    struct mount *mount = &scene->mounts[0];
    struct many many = {.loop = scene->loop};
    struct ask ask = {.deadline = when_monotonic() + 60000, .done = count_end, .user = &many};
    char *line = calloc(1, JOURNAL_LINE_MAX);

    assert_non_null(line);
    memset(line, 'x', JOURNAL_LINE_MAX);
    assert_int_equal(open_mount(scene, mount), 0);
    for (; many.left < 140; many.left++)
        assert_non_null(journalfile_add(mount->file, line, JOURNAL_LINE_MAX, &ask));
    run_for(scene->loop, 30000);
    assert_int_equal(many.left, 0);
    assert_int_equal(many.error.code, EBUSY);
    assert_int_equal(mount->told.size, (140 - many.failed) * (JOURNAL_LINE_MAX + 1));
    assert_true(many.failed >= 12 && many.failed <= 13);
    assert_int_equal(add(scene, mount, "small"), 0);
    free(line);
}

static void what_waits_is_written_when_it_is_closed(void **state)
{
    struct scene *scene = *state;
    struct mount *mount = &scene->mounts[0];
    struct many many = {.loop = scene->loop};

    assert_int_equal(open_mount(scene, mount), 0);
    add_many(&many, mount, 0, 1000);
    close_mount(mount);
    assert_int_equal(many.left, 1000);
    assert_int_equal(open_mount(scene, mount), 0);
    assert_numbers(&mount->told, 1000);
}

/* A disk that fails */

static void of_a_write_that_fails_nothing_stays(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];

    assert_int_equal(open_mount(scene, one), 0);
    assert_int_equal(add(scene, one, "first"), 0);
    atomic_store(&disk.write_fails, EIO);
    assert_int_equal(add(scene, one, "second"), EIO);
    assert_false(scene->error.is_unknown);
    assert_non_null(strstr(scene->error.message, scene->path));
    atomic_store(&disk.writes_only, 3);
    assert_int_equal(add(scene, one, "third"), ENOSPC);
    assert_false(scene->error.is_unknown);
    assert_file(scene->path, "first\n");
    assert_int_equal(add(scene, one, "fourth"), 0);
    assert_file(scene->path, "first\nfourth\n");
    assert_string_equal(one->told.data, "first\nfourth\n");
}

static void what_cannot_be_taken_back_is_unknown(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];

    assert_int_equal(open_mount(scene, one), 0);
    atomic_store(&disk.writes_only, 3);
    atomic_store(&disk.cut_fails, true);
    assert_int_equal(add(scene, one, "first"), ENOSPC);
    assert_true(scene->error.is_unknown);
    assert_file(scene->path, "fir");
    assert_int_equal(add(scene, one, "second"), 0);
    assert_file(scene->path, "fir\x18\nsecond\n");
    assert_string_equal(one->told.data, "second\n");
}

/* A file without a name is lost with all its lines. */
static void the_name_is_on_the_disk_before_the_first_line(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];
    struct mount *two = &scene->mounts[1];

    assert_int_equal(open_mount(scene, one), 0);
    assert_int_equal(open_mount(scene, two), 0);
    atomic_store(&disk.name_sync_fails, EIO);
    assert_int_equal(add(scene, two, "first"), EIO);
    assert_file(scene->path, "");
    assert_int_equal(add(scene, two, "second"), 0);
    assert_int_equal(add(scene, one, "third"), 0);
    assert_int_equal(atomic_load(&disk.name_syncs), 2);
    atomic_store(&disk.name_sync_fails, EINVAL);
    assert_int_equal(unlink(scene->path), 0);
    assert_int_equal(add(scene, two, "fourth"), 0);
    assert_int_equal(atomic_load(&disk.name_syncs), 3);
}

static void a_sync_that_fails_leaves_it_unknown(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];
    struct mount *two = &scene->mounts[1];
    int locked;

    assert_int_equal(open_mount(scene, one), 0);
    assert_int_equal(open_mount(scene, two), 0);
    assert_int_equal(add(scene, one, "first"), 0);
    atomic_store(&disk.sync_fails, EIO);
    assert_int_equal(add(scene, one, "second"), EIO);
    assert_true(scene->error.is_unknown);
    locked = atomic_load(&disk.locked);
    assert_int_equal(add(scene, one, "third"), 0);
    assert_int_not_equal(atomic_load(&disk.locked), locked); /* it was opened anew */
    assert_int_equal(catch_up(scene, two), 0);
    assert_string_equal(one->told.data, "first\nthird\n");
    assert_string_equal(two->told.data, "first\nthird\n");
    assert_file(scene->path, "first\nthird\n");
}

/* It was written, and nobody knows whether it will be there after a loss of power. */
static void a_line_that_stays_after_a_failed_sync_is_told(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];

    assert_int_equal(open_mount(scene, one), 0);
    atomic_store(&disk.sync_fails, EIO);
    atomic_store(&disk.cut_fails, true);
    assert_int_equal(add(scene, one, "first"), EIO);
    assert_true(scene->error.is_unknown);
    assert_string_equal(one->told.data, "");
    assert_int_equal(add(scene, one, "second"), 0);
    assert_string_equal(one->told.data, "first\nsecond\n");
}

/* They are in one batch. */
static void who_only_catches_up_succeeds_while_writing_fails(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];
    struct many adding = {.loop = scene->loop};
    struct reply reply = {0};
    struct ask ask = ask_into(&reply);
    int fd;

    assert_int_equal(open_mount(scene, one), 0);
    fd = hold_lock(scene);
    atomic_store(&disk.write_fails, EDQUOT);
    assert_non_null(journalfile_catch_up(one->file, &ask));
    add_many(&adding, one, 0, 1);
    run_for(scene->loop, 20);
    close(fd);
    while (adding.left || !reply.count)
        run_for(scene->loop, 1);
    assert_int_equal(reply.error.code, 0);
    assert_int_equal(adding.error.code, EDQUOT);
}

static int add_below_limit(struct scene *scene, struct mount *mount, const char *line, rlim_t bytes)
{
    struct rlimit limit;
    struct rlimit small;
    int code;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = (struct rlimit){.rlim_cur = bytes, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    code = add(scene, mount, line);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    return code;
}

/* A line that has room in part, and one that has none, for which the kernel sends a signal. */
static void a_limit_of_files_ends_no_program(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];

    assert_int_equal(open_mount(scene, one), 0);
    assert_int_equal(add(scene, one, "first"), 0);
    assert_int_equal(add_below_limit(scene, one, "second", 9), ENOSPC);
    assert_false(scene->error.is_unknown);
    assert_int_equal(add_below_limit(scene, one, "third", 6), EFBIG);
    assert_false(scene->error.is_unknown);
    assert_file(scene->path, "first\n");
    assert_int_equal(add(scene, one, "fourth"), 0);
    assert_file(scene->path, "first\nfourth\n");
}

static void fill_disk(const char *path)
{
    static const char piece[4096];
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ssize_t written;

    assert_true(fd >= 0);
    do
        written = write(fd, piece, sizeof(piece));
    while (written > 0);
    assert_int_equal(errno, ENOSPC);
    close(fd);
}

/* Adds lines of so many bytes until one fails, and tells how. */
static int add_until_it_fails(struct scene *scene, struct mount *mount, size_t *added)
{
    static const char line[] = "................................................................"
                               "................................................................";
    int code;

    for (*added = 0; !(code = add(scene, mount, line)); (*added)++)
        assert_true(*added < 1000);
    return code;
}

static void fill_and_go_on(struct scene *scene, struct mount *mount)
{
    char filler[PATH_ROOM + 16];
    size_t added;

    snprintf(filler, sizeof(filler), "%s/filler", scene->directory);
    assert_int_equal(open_mount(scene, mount), 0);
    assert_int_equal(add(scene, mount, "first"), 0);
    fill_disk(filler);
    assert_int_equal(add_until_it_fails(scene, mount, &added), ENOSPC);
    assert_false(scene->error.is_unknown);
    assert_int_equal(catch_up(scene, mount), 0);
    assert_int_equal(unlink(filler), 0);
    assert_int_equal(add(scene, mount, "last"), 0);
    assert_int_equal(mount->told.size, strlen("first\nlast\n") + added * 129);
    close_mount(mount);
    assert_int_equal(open_mount(scene, mount), 0);
    assert_int_equal(mount->told.size, strlen("first\nlast\n") + added * 129);
}

/* Among mounts of our own, which end with this program however it ends. */
static bool mount_small(const char *path)
{
    return !unshare(CLONE_NEWNS) && !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
           !mount("none", path, "tmpfs", 0, "size=128k");
}

static void a_full_disk_refuses_and_breaks_no_line(void **state)
{
    struct scene *scene = *state;

    if (!mount_small(scene->directory))
        skip();
    fill_and_go_on(scene, &scene->mounts[0]);
    close_mount(&scene->mounts[0]);
    assert_int_equal(umount(scene->directory), 0);
}

/* Others with the lock */

static int add_within(struct scene *scene, struct mount *mount, const char *line, int64_t ms)
{
    struct reply reply = {0};
    struct ask ask = {.deadline = when_monotonic() + ms, .done = note_reply, .user = &reply};

    assert_non_null(journalfile_add(mount->file, line, strlen(line), &ask));
    run_until(scene->loop, &reply);
    scene->error = reply.error;
    return reply.error.code;
}

static void a_lock_that_another_holds_is_waited_for(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];
    struct many many = {.loop = scene->loop};
    int fd;

    assert_int_equal(open_mount(scene, one), 0);
    fd = hold_lock(scene);
    assert_int_equal(add_within(scene, one, "late", 100), ETIMEDOUT);
    assert_false(scene->error.is_unknown);
    assert_non_null(strstr(scene->error.message, "lock"));
    add_many(&many, one, 0, 1);
    run_for(scene->loop, 50);
    assert_int_equal(many.left, 1);
    close(fd);
    run_for(scene->loop, 30000);
    assert_int_equal(many.left + many.failed, 0);
    assert_file(scene->path, "0\n");
}

static void who_gives_up_before_it_is_written_leaves_nothing(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];
    struct reply reply = {0};
    struct ask ask = ask_into(&reply);
    struct call *call;
    int fd;

    assert_int_equal(open_mount(scene, one), 0);
    fd = hold_lock(scene);
    call = journalfile_add(one->file, "gone", 4, &ask);
    run_for(scene->loop, 30);
    assert_int_equal(reply.count, 0);
    assert_false(call_is_sent(call));
    assert_false(call_cancel(call));
    assert_false(call_cancel(journalfile_catch_up(one->file, &ask)));
    close(fd);
    assert_int_equal(add(scene, one, "stays"), 0);
    assert_file(scene->path, "stays\n");
    assert_int_equal(reply.count, 0);
}

/* The program that tells of a failure has not been told yet. */
static void closing_frees_those_that_are_about_to_fail(void **state)
{
    struct scene *scene = *state;
    struct many many = {.loop = scene->loop};
    struct ask ask = {.deadline = when_monotonic() + 60000, .done = count_end, .user = &many};

    assert_int_equal(open_mount(scene, &scene->mounts[0]), 0);
    assert_non_null(journalfile_add(scene->mounts[0].file, "a\nb", 3, &ask));
    many.left++;
    close_mount(&scene->mounts[0]);
    run_for(scene->loop, 10);
    assert_int_equal(many.left, 1);
}

static void closing_waits_for_no_lock_for_ever(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];
    struct many many = {.loop = scene->loop};
    int fd;

    assert_int_equal(open_mount(scene, one), 0);
    fd = hold_lock(scene);
    add_many(&many, one, 0, 10);
    close_mount(one);
    assert_int_equal(many.left, 10);
    assert_int_equal(open_mount(scene, one), EBUSY);
    assert_non_null(strstr(scene->error.message, scene->path));
    close(fd);
    assert_file(scene->path, "");
}

/* A disk that does not answer */

static void wait_for_sync(struct scene *scene, const struct reply *reply)
{
    while (!atomic_load(&disk.syncs)) {
        assert_int_equal(reply->count, 0);
        run_for(scene->loop, 1);
    }
}

static void a_line_under_way_at_the_deadline_is_unknown(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];

    assert_int_equal(open_mount(scene, one), 0);
    atomic_store(&disk.sync_hangs, true);
    assert_int_equal(add_within(scene, one, "first", 200), ETIMEDOUT);
    assert_true(scene->error.is_unknown);
    assert_int_equal(add_within(scene, one, "second", 50), ETIMEDOUT);
    assert_false(scene->error.is_unknown);
    atomic_store(&disk.sync_hangs, false);
    assert_int_equal(add(scene, one, "third"), 0);
    assert_string_equal(one->told.data, "first\nthird\n");
}

static void a_line_under_way_may_be_written_when_it_is_cancelled(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];
    struct reply reply = {0};
    struct ask ask = ask_into(&reply);
    struct call *call;

    assert_int_equal(open_mount(scene, one), 0);
    atomic_store(&disk.sync_hangs, true);
    call = journalfile_add(one->file, "first", 5, &ask);
    assert_non_null(call);
    wait_for_sync(scene, &reply);
    assert_int_equal(reply.count, 0);
    assert_true(call_is_sent(call));
    assert_true(call_cancel(call));
    atomic_store(&disk.sync_hangs, false);
    assert_int_equal(add(scene, one, "second"), 0);
    assert_string_equal(one->told.data, "first\nsecond\n");
    assert_int_equal(reply.count, 0);
}

/* What others do to the files */

static void a_file_that_was_removed_is_made_anew(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];
    struct mount *two = &scene->mounts[1];

    assert_int_equal(open_mount(scene, one), 0);
    assert_int_equal(open_mount(scene, two), 0);
    assert_int_equal(add(scene, one, "1"), 0);
    assert_int_equal(unlink(scene->path), 0);
    assert_int_equal(add(scene, one, "2"), 0);
    assert_file(scene->path, "2\n");
    assert_int_equal(catch_up(scene, two), 0);
    assert_string_equal(one->told.data, "1\n2\n");
    assert_string_equal(two->told.data, "1\n2\n");
}

static void without_its_directory_it_is_refused(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];

    assert_int_equal(open_mount(scene, one), 0);
    assert_int_equal(unlink(scene->path), 0);
    assert_int_equal(rmdir(scene->directory), 0);
    assert_int_equal(add(scene, one, "1"), ENOENT);
    assert_non_null(strstr(scene->error.message, "was removed"));
    close_mount(one);
    assert_int_equal(open_mount(scene, one), ENOENT);
}

static void another_file_is_told_from_its_beginning(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];

    assert_int_equal(open_mount(scene, one), 0);
    assert_int_equal(add(scene, one, "1"), 0);
    assert_int_equal(unlink(scene->path), 0);
    write_file(scene->path, "a\nb\n");
    assert_int_equal(add(scene, one, "2"), 0);
    assert_string_equal(one->told.data, "1\na\nb\n2\n");
    write_file(scene->path, "c\n"); /* the same, cut short */
    assert_int_equal(add(scene, one, "3"), 0);
    assert_string_equal(one->told.data, "1\na\nb\n2\nc\n3\n");
}

/* Another mount was a moment faster. */
static void a_file_that_is_renamed_before_it_is_locked_is_left_alone(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];

    assert_int_equal(open_mount(scene, one), 0);
    assert_int_equal(add(scene, one, "1"), 0);
    atomic_store(&disk.replaced, scene->path);
    assert_int_equal(add(scene, one, "2"), 0);
    assert_file(scene->old_path, "1\n");
    assert_file(scene->path, "2\n");
    assert_string_equal(one->told.data, "1\n2\n");
}

/* Who was away while the files were renamed twice gets what is still there. */
static void files_renamed_twice_are_told(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];
    struct mount *two = &scene->mounts[1];

    assert_int_equal(open_mount(scene, one), 0);
    assert_int_equal(open_mount(scene, two), 0);
    journalfile_set_full(one->file, 4);
    assert_int_equal(add(scene, one, "1"), 0);
    assert_int_equal(catch_up(scene, two), 0);
    assert_int_equal(add(scene, one, "2"), 0);
    assert_int_equal(add(scene, one, "3333"), 0); /* in the second */
    assert_int_equal(add(scene, one, "4"), 0);    /* in the third */
    assert_file(scene->old_path, "3333\n");
    assert_int_equal(catch_up(scene, two), 0);
    assert_string_equal(two->told.data, "1\n2\n3333\n4\n");
    assert_int_equal(catch_up(scene, two), 0);
    assert_string_equal(two->told.data, "1\n2\n3333\n4\n");
    assert_int_equal(add(scene, one, "5555"), 0);
    assert_int_equal(add(scene, one, "6666"), 0);
    assert_int_equal(add(scene, one, "7777"), 0);
    assert_int_equal(catch_up(scene, two), 0);
    assert_string_equal(two->told.data, "1\n2\n3333\n4\n5555\n6666\n7777\n");
}

static void what_is_longer_than_a_line_is_left_out(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];
    FILE *file = fopen(scene->path, "w");
    struct buf expected = BUF_INIT(1UL << 20);

    assert_non_null(file);
    fputs("a\n", file);
    for (size_t i = 0; i < JOURNAL_LINE_MAX + 1; i++)
        fputc('x', file);
    fputs("\nb\n", file);
    buf_puts(&expected, "a\nb\n");
    for (size_t i = 0; i < JOURNAL_LINE_MAX; i++)
        buf_puts(&expected, "y");
    buf_puts(&expected, "\n");
    assert_int_equal(buf_error(&expected), 0);
    fputs(expected.data + 4, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(scene->path, 0600), 0);
    assert_int_equal(open_mount(scene, one), 0);
    assert_string_equal(one->told.data, expected.data);
    buf_release(&expected);
}

/* Puts each of those in the place of a file. */
static void put_directory(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
}

static void put_fifo(const char *path)
{
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void put_link(const char *path)
{
    assert_int_equal(symlink("/dev/null", path), 0);
}

static void put_open_file(const char *path)
{
    write_file(path, "x\n");
    assert_int_equal(chmod(path, 0620), 0);
}

static void put_foreign_file(const char *path)
{
    write_file(path, "x\n");
    assert_int_equal(chown(path, 1, 1), 0);
}

static void put_huge_file(const char *path)
{
    write_file(path, "x\n");
    assert_int_equal(truncate(path, JOURNAL_FILE_MAX + 1), 0);
}

static const struct {
    void (*put)(const char *path);
    int code;
    const char *advice;
} wrong_files[] = {
    {put_directory, EISDIR, ""},
    {put_fifo, EINVAL, "remove it"},
    {put_link, ELOOP, "name the file that it leads to"},
    {put_open_file, EACCES, "chmod go-w"},
    {put_foreign_file, EACCES, "chown 0"},
    {put_huge_file, EFBIG, "move it away"},
};

static void assert_refused(const struct scene *scene, int code, size_t which)
{
    assert_int_equal(code, wrong_files[which].code);
    assert_non_null(strstr(scene->error.message, scene->path));
    assert_non_null(strstr(scene->error.message, wrong_files[which].advice));
}

static void what_is_no_journal_is_refused(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];

    for (size_t i = 0; i < COUNT(wrong_files); i++) {
        if (wrong_files[i].put == put_foreign_file && geteuid())
            continue;
        wrong_files[i].put(scene->path);
        assert_refused(scene, open_mount(scene, one), i);
        assert_int_equal(remove(scene->path), 0);
        assert_int_equal(open_mount(scene, one), 0);
        assert_int_equal(unlink(scene->path), 0);
        wrong_files[i].put(scene->path);
        assert_refused(scene, add(scene, one, "1"), i);
        assert_int_equal(remove(scene->path), 0);
        assert_int_equal(add(scene, one, "2"), 0);
        assert_file(scene->path, "2\n");
        close_mount(one);
        assert_int_equal(unlink(scene->path), 0);
    }
}

/* A FIFO would be waited for. */
static void what_is_no_journal_is_refused_before_it_too(void **state)
{
    struct scene *scene = *state;
    struct mount *one = &scene->mounts[0];

    put_fifo(scene->old_path);
    assert_int_equal(open_mount(scene, one), EINVAL);
    assert_non_null(strstr(scene->error.message, scene->old_path));
}

static void a_relative_path_is_refused(void **state)
{
    struct scene *scene = *state;

    snprintf(scene->path, sizeof(scene->path), "journal");
    assert_int_equal(open_mount(scene, &scene->mounts[0]), EINVAL);
    snprintf(scene->path, sizeof(scene->path), "%s/", scene->directory);
    assert_int_equal(open_mount(scene, &scene->mounts[0]), EINVAL);
}

/* As the file is renamed, and made anew. */
static void a_directory_that_cannot_be_written_is_refused(void **state)
{
    struct scene *scene = *state;
    int status;

    if (geteuid())
        skip();
    write_file(scene->path, "");
    assert_int_equal(chown(scene->path, 1, 1), 0);
    assert_int_equal(chmod(scene->directory, 0755), 0);
    assert_int_equal(seteuid(1), 0);
    status = open_mount(scene, &scene->mounts[0]);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(status, EACCES);
    assert_non_null(strstr(scene->error.message, "must be writable"));
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(a_line_is_on_the_disk_and_told_when_it_ends),
        IN_SCENE(what_is_there_is_told_at_the_beginning),
        IN_SCENE(two_mounts_know_each_others_lines),
        IN_SCENE(a_full_file_is_renamed_once_for_all),
        IN_SCENE(a_file_is_full_with_16_mib),
        IN_SCENE(a_line_cut_by_a_crash_is_told_to_nobody),
        IN_SCENE(a_line_cut_by_a_crash_at_the_end_of_a_full_file_is_marked),
        IN_SCENE(a_line_that_cannot_be_one_is_refused),
        IN_SCENE(many_lines_take_few_syncs),
        IN_SCENE(much_that_others_wrote_is_told_in_order),
        IN_SCENE(what_waits_to_be_written_has_a_bound),
        IN_SCENE(what_waits_is_written_when_it_is_closed),
        IN_SCENE(of_a_write_that_fails_nothing_stays),
        IN_SCENE(what_cannot_be_taken_back_is_unknown),
        IN_SCENE(the_name_is_on_the_disk_before_the_first_line),
        IN_SCENE(a_sync_that_fails_leaves_it_unknown),
        IN_SCENE(a_line_that_stays_after_a_failed_sync_is_told),
        IN_SCENE(who_only_catches_up_succeeds_while_writing_fails),
        IN_SCENE(a_limit_of_files_ends_no_program),
        IN_SCENE(a_full_disk_refuses_and_breaks_no_line),
        IN_SCENE(a_lock_that_another_holds_is_waited_for),
        IN_SCENE(who_gives_up_before_it_is_written_leaves_nothing),
        IN_SCENE(closing_frees_those_that_are_about_to_fail),
        IN_SCENE(closing_waits_for_no_lock_for_ever),
        IN_SCENE(a_line_under_way_at_the_deadline_is_unknown),
        IN_SCENE(a_line_under_way_may_be_written_when_it_is_cancelled),
        IN_SCENE(a_file_that_was_removed_is_made_anew),
        IN_SCENE(without_its_directory_it_is_refused),
        IN_SCENE(another_file_is_told_from_its_beginning),
        IN_SCENE(a_file_that_is_renamed_before_it_is_locked_is_left_alone),
        IN_SCENE(files_renamed_twice_are_told),
        IN_SCENE(what_is_longer_than_a_line_is_left_out),
        IN_SCENE(what_is_no_journal_is_refused),
        IN_SCENE(what_is_no_journal_is_refused_before_it_too),
        IN_SCENE(a_relative_path_is_refused),
        IN_SCENE(a_directory_that_cannot_be_written_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
