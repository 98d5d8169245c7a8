#include "fuzz.h"

#include <fcntl.h>
#include <unistd.h>

#include "fs/journaldisk.h"

/*
 * The input is what FILE.1 has, up to the first byte '|', and what FILE has behind that. Their
 * lines are given as a simple reader finds them, one is added, and whoever reads the files then is
 * given the same.
 */

static char directory[] = "/tmp/checkpointfs-fuzz-XXXXXX";
static char path[sizeof(directory) + 16];
static char old_path[sizeof(directory) + 16];

int __wrap_fdatasync(int fd);
int __wrap_fsync(int fd);

/* A disk would take most of the time. */
int __wrap_fdatasync(int fd)
{
    return fd < 0;
}

int __wrap_fsync(int fd)
{
    return fd < 0;
}

static void remove_files(void)
{
    unlink(path);
    unlink(old_path);
    rmdir(directory);
}

static void make_place(void)
{
    if (*path)
        return;
    CHECK(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/journal", directory);
    snprintf(old_path, sizeof(old_path), "%s/journal.1", directory);
    atexit(remove_files);
}

static void write_file(const char *name, const char *data, size_t size)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    CHECK(fd >= 0);
    CHECK(write(fd, data, size) == (ssize_t)size);
    close(fd);
}

static int note_line(void *user, const char *line, size_t size)
{
    struct buf *given = user;

    CHECK(size <= JOURNAL_LINE_MAX && !memchr(line, '\n', size));
    buf_add(given, line, size);
    buf_puts(given, "\n");
    return 0;
}

/* What is to be given of a text. */
static void expect_lines(struct buf *expected, const char *text, size_t size)
{
    const char *end = text + size;
    const char *newline;

    while (text < end && (newline = memchr(text, '\n', (size_t)(end - text)))) {
        if (newline == text || newline[-1] != JOURNAL_BROKEN)
            buf_add(expected, text, (size_t)(newline + 1 - text));
        text = newline + 1;
    }
}

static bool is_same_text(const struct buf *one, const struct buf *other)
{
    CHECK(!buf_error(one) && !buf_error(other));
    return one->size == other->size && !memcmp(one->data, other->data, one->size);
}

static struct journaldisk *open_files(struct buf *given)
{
    struct journaldisk *disk = NULL;
    struct error error;

    CHECK(!journaldisk_open(path, note_line, given, &disk, &error));
    CHECK(!journaldisk_enter(disk, &error));
    return disk;
}

static void check_again(const struct buf *expected)
{
    struct buf given = BUF_INIT(1UL << 24);
    struct journaldisk *disk = open_files(&given);

    CHECK(is_same_text(&given, expected));
    journaldisk_close(disk);
    buf_release(&given);
}

static void check_files(struct buf *expected)
{
    struct buf given = BUF_INIT(1UL << 24);
    struct journaldisk *disk = open_files(&given);
    struct error error;

    CHECK(is_same_text(&given, expected));
    CHECK(!journaldisk_add(disk, "added\n", strlen("added\n"), &error));
    buf_puts(expected, "added\n");
    CHECK(is_same_text(&given, expected));
    journaldisk_leave(disk);
    journaldisk_close(disk);
    buf_release(&given);
    check_again(expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf expected = BUF_INIT(1UL << 24);
    const char *text = (const char *)data;
    const char *bar = size ? memchr(text, '|', size) : NULL;
    size_t old_size = bar ? (size_t)(bar - text) : 0;
    size_t from = bar ? old_size + 1 : 0;

    make_place();
    write_file(old_path, text, old_size);
    write_file(path, text + from, size - from);
    expect_lines(&expected, text, old_size);
    expect_lines(&expected, text + from, size - from);
    check_files(&expected);
    buf_release(&expected);
    return 0;
}
