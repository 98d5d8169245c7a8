#include "fs/journaldisk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"

#define PIECE_SIZE 65536

static const char broken_end[] = {JOURNAL_BROKEN, '\n'};

#define BROKEN_SIZE sizeof(broken_end)

/* A link leads to a file of somebody else's choice; a FIFO would make us wait, a terminal ours. */
#define OPEN_FLAGS (O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* One of the files, which stays open so that no other can have its inode number. */
struct part {
    int fd;     /* -1: none */
    off_t told; /* where the first line begins that was not given */
};

struct journaldisk {
    char *path;
    char *old_path;
    const char *name; /* in these */
    const char *old_name;
    int directory;
    journaldisk_take_fn *take;
    void *user;

    struct part old;
    struct part current;
    int next;      /* what stands where current stood, or -1 */
    bool in_doubt; /* what the disk has of current */
    uint64_t full;

    off_t end; /* of current, when it was last read */
    struct buf line;
    bool is_long; /* it has no room in line */
    char piece[PIECE_SIZE];
};

static int say_errno(const char *path, struct error *error)
{
    return error_set(error, errno, "the journal %.250s: %s", path, strerror(errno));
}

static void close_part(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Opening */

static bool split_path(struct journaldisk *disk, const char *path)
{
    disk->path = strdup(path);
    if (asprintf(&disk->old_path, "%s.1", path) < 0)
        disk->old_path = NULL;
    if (!disk->path || !disk->old_path)
        return false;
    disk->name = strrchr(disk->path, '/') + 1;
    disk->old_name = strrchr(disk->old_path, '/') + 1;
    return true;
}

/* It is renamed there, so one in which it can only be written is not enough. */
static int open_directory(struct journaldisk *disk, struct error *error)
{
    char *path = strndup(disk->path, (size_t)(disk->name - disk->path));

    if (!path)
        return error_set(error, ENOMEM, "no memory");
    disk->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(path);
    if (disk->directory < 0)
        return error_set(error, errno, "the directory of the journal %.250s: %s", disk->path,
                         strerror(errno));
    if (faccessat(disk->directory, ".", W_OK | X_OK, AT_EACCESS))
        return error_set(
            error, errno,
            "the directory of the journal %.200s must be writable, for a full file is renamed: %s",
            disk->path, strerror(errno));
    return 0;
}

int journaldisk_open(const char *path, journaldisk_take_fn *take, void *user,
                     struct journaldisk **disk, struct error *error)
{
    struct journaldisk *opened;
    int status;

    if (*path != '/' || path[strlen(path) - 1] == '/')
        return error_set(error, EINVAL, "the journal %.250s is no absolute path of a file", path);
    opened = calloc(1, sizeof(*opened));
    if (!opened)
        return error_set(error, ENOMEM, "no memory");
    opened->directory = opened->old.fd = opened->current.fd = opened->next = -1;
    opened->take = take;
    opened->user = user;
    opened->full = JOURNAL_FULL;
    buf_init(&opened->line, JOURNAL_LINE_MAX);
    buf_reserve(&opened->line, JOURNAL_LINE_MAX);
    status = buf_error(&opened->line) || !split_path(opened, path)
                 ? error_set(error, ENOMEM, "no memory")
                 : open_directory(opened, error);
    if (status)
        journaldisk_close(opened);
    else
        *disk = opened;
    return status;
}

void journaldisk_close(struct journaldisk *disk)
{
    if (!disk)
        return;
    close_part(&disk->directory);
    close_part(&disk->old.fd);
    close_part(&disk->current.fd);
    close_part(&disk->next);
    buf_release(&disk->line);
    free(disk->path);
    free(disk->old_path);
    free(disk);
}

const char *journaldisk_path(const struct journaldisk *disk)
{
    return disk->path;
}

void journaldisk_set_full(struct journaldisk *disk, uint64_t size)
{
    disk->full = size;
}

/* Who else may write to it could tell of changes that nobody has made. */
static int check_part(int fd, const char *path, struct error *error)
{
    struct stat seen;

    if (fstat(fd, &seen))
        return say_errno(path, error);
    if (!S_ISREG(seen.st_mode))
        return error_set(error, EINVAL, "the journal %.250s is no file: remove it, or name another",
                         path);
    if (seen.st_uid != geteuid() && seen.st_uid != 0)
        return error_set(error, EACCES,
                         "the journal %.150s belongs to another user: first chown %u %.150s", path,
                         geteuid(), path);
    if (seen.st_mode & (S_IWGRP | S_IWOTH))
        return error_set(error, EACCES,
                         "the journal %.150s can be written by others: first chmod go-w %.150s",
                         path, path);
    if ((uint64_t)seen.st_size > JOURNAL_FILE_MAX)
        return error_set(error, EFBIG,
                         "the journal %.250s is larger than %lu MiB: move it away, or name another",
                         path, JOURNAL_FILE_MAX >> 20);
    return 0;
}

static int open_part(struct journaldisk *disk, const char *path, int flags, int *fd,
                     struct error *error)
{
    const char *name = path == disk->path ? disk->name : disk->old_name;
    int opened = openat(disk->directory, name, flags | OPEN_FLAGS, S_IRUSR | S_IWUSR);
    int status;

    if (opened < 0 && errno == ENOENT && flags & O_CREAT)
        return error_set(
            error, ENOENT,
            "the directory of the journal %.250s was removed: make it, and mount again", path);
    if (opened < 0 && errno == ELOOP)
        return error_set(error, ELOOP,
                         "the journal %.250s is a link: name the file that it leads to", path);
    if (opened < 0)
        return say_errno(path, error);
    status = check_part(opened, path, error);
    if (status)
        close(opened);
    else
        *fd = opened;
    return status;
}

static bool is_seen_file(int fd, const struct stat *other)
{
    struct stat seen;

    return fd >= 0 && !fstat(fd, &seen) && seen.st_dev == other->st_dev &&
           seen.st_ino == other->st_ino;
}

static bool is_same_file(int fd, int other)
{
    struct stat seen;

    return other >= 0 && !fstat(other, &seen) && is_seen_file(fd, &seen);
}

/* Whether it stands at the name still: another who had the lock may have renamed it. */
static bool stands(const struct journaldisk *disk, int fd)
{
    struct stat seen;

    return fd >= 0 && !fstatat(disk->directory, disk->name, &seen, AT_SYMLINK_NOFOLLOW) &&
           is_seen_file(fd, &seen);
}

static int lock_file(struct journaldisk *disk, int fd, struct error *error)
{
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        if (errno != EWOULDBLOCK)
            return say_errno(disk->path, error);
        return error_set(error, EAGAIN, "another process holds the lock of the journal %.250s",
                         disk->path);
    }
    if (stands(disk, fd))
        return 0;
    flock(fd, LOCK_UN);
    return error_set(error, EAGAIN, "the journal %.250s is being replaced", disk->path);
}

/* Locks current, or next, which it opens where current is not to be used any more. */
static int lock_what_stands(struct journaldisk *disk, struct error *error)
{
    int status;

    if (!disk->in_doubt && stands(disk, disk->current.fd))
        return lock_file(disk, disk->current.fd, error);
    status = open_part(disk, disk->path, O_RDWR | O_APPEND | O_CREAT, &disk->next, error);
    if (!status)
        status = lock_file(disk, disk->next, error);
    if (status)
        close_part(&disk->next);
    return status;
}

/* Reading */

static bool is_broken(const struct buf *line)
{
    return line->size && line->data[line->size - 1] == JOURNAL_BROKEN;
}

static void add_to_line(struct journaldisk *disk, const char *text, size_t size)
{
    if (size > disk->line.max - disk->line.size)
        disk->is_long = true;
    else
        buf_add(&disk->line, text, size);
}

static void begin_line(struct journaldisk *disk)
{
    buf_reset(&disk->line);
    disk->is_long = false;
}

static int take_whole_line(struct journaldisk *disk)
{
    int status = 0;

    if (!disk->is_long && !is_broken(&disk->line))
        status = disk->take(disk->user, disk->line.data, disk->line.size);
    begin_line(disk);
    return status;
}

/* Takes the lines that end in the piece, which begins at that place of the file. */
static int read_piece(struct journaldisk *disk, struct part *part, off_t at, size_t size)
{
    const char *end = disk->piece + size;
    const char *from = disk->piece;
    const char *newline;

    while ((newline = memchr(from, '\n', (size_t)(end - from)))) {
        int status;

        add_to_line(disk, from, (size_t)(newline - from));
        status = take_whole_line(disk);
        if (status)
            return status;
        from = newline + 1;
        part->told = at + (from - disk->piece);
    }
    add_to_line(disk, from, (size_t)(end - from));
    return 0;
}

/* A file that was cut short has lines that were written since. */
static int begin_part(struct part *part, const char *path, struct error *error)
{
    struct stat seen;

    if (fstat(part->fd, &seen))
        return say_errno(path, error);
    if (seen.st_size < part->told)
        part->told = 0;
    return 0;
}

static int read_lines_of(struct journaldisk *disk, struct part *part, const char *path,
                         struct error *error)
{
    ssize_t size;
    int status = part->fd < 0 ? 0 : begin_part(part, path, error);

    if (status || part->fd < 0)
        return status;
    begin_line(disk);
    disk->end = part->told;
    while ((size = pread(part->fd, disk->piece, PIECE_SIZE, disk->end)) > 0) {
        status = read_piece(disk, part, disk->end, (size_t)size);
        if (status)
            return error_set(error, -status, "the journal %.250s was not read to its end: %s", path,
                             strerror(-status));
        disk->end += size;
    }
    return size < 0 ? say_errno(path, error) : 0;
}

/* Opens FILE.1 if it is another than before. */
static int renew_old(struct journaldisk *disk, struct error *error)
{
    struct error failure;
    int fd = -1;
    int status = open_part(disk, disk->old_path, O_RDONLY, &fd, &failure);

    if (status == -ENOENT)
        return 0;
    if (status) {
        *error = failure;
        return status;
    }
    if (is_same_file(fd, disk->old.fd)) {
        close(fd);
        return 0;
    }
    close_part(&disk->old.fd);
    disk->old.fd = fd;
    disk->old.told = is_same_file(fd, disk->current.fd) ? disk->current.told : 0;
    return 0;
}

/* All lines that were written before those in next. */
static int read_before_next(struct journaldisk *disk, struct error *error)
{
    int status = read_lines_of(disk, &disk->current, disk->path, error);

    if (!status)
        status = renew_old(disk, error);
    return status ? status : read_lines_of(disk, &disk->old, disk->old_path, error);
}

static int take_next(struct journaldisk *disk, struct error *error)
{
    if (!is_same_file(disk->next, disk->current.fd)) {
        int status = read_before_next(disk, error);

        if (status)
            return status;
        disk->current.told = 0;
    }
    close_part(&disk->current.fd);
    disk->current.fd = disk->next;
    disk->next = -1;
    disk->in_doubt = false;
    return 0;
}

static int read_new_lines(struct journaldisk *disk, struct error *error)
{
    int status = disk->next < 0 ? 0 : take_next(disk, error);

    return status ? status : read_lines_of(disk, &disk->current, disk->path, error);
}

static bool has_broken_end(const struct journaldisk *disk)
{
    return disk->end > disk->current.told;
}

/* Nobody adds to a renamed file any more, so what a program that died has left there is marked
 * here. It is no line without the mark either: so the rename does not depend on it, as on a full
 * disk. */
static void mark_broken_end(const struct journaldisk *disk)
{
    if (has_broken_end(disk))
        (void)!write(disk->current.fd, broken_end, BROKEN_SIZE);
}

/* 1: it was full, and another one is next. */
static int rename_full(struct journaldisk *disk, struct error *error)
{
    if ((uint64_t)disk->end < disk->full)
        return 0;
    mark_broken_end(disk);
    if (renameat(disk->directory, disk->name, disk->directory, disk->old_name))
        return say_errno(disk->old_path, error);
    return 1;
}

void journaldisk_leave(struct journaldisk *disk)
{
    if (disk->next >= 0)
        close_part(&disk->next); /* and its lock goes with it */
    else
        flock(disk->current.fd, LOCK_UN);
}

int journaldisk_enter(struct journaldisk *disk, struct error *error)
{
    int status;

    do {
        status = lock_what_stands(disk, error);
        if (status)
            return status;
        status = read_new_lines(disk, error);
        if (!status)
            status = rename_full(disk, error);
        if (status)
            journaldisk_leave(disk);
    } while (status == 1);
    return status;
}

/* Adding */

/* Takes back what may have been written. Pages that the disk has refused the system may take for
 * written: cut off here, they are written anew with the next lines. */
static int fail_adding(struct journaldisk *disk, int code, bool is_unknown, struct error *error)
{
    bool is_cut = !ftruncate(disk->current.fd, disk->end);

    error_set(error, code, "the journal %.250s: %s", disk->path, strerror(code));
    error->is_unknown = is_unknown || !is_cut;
    disk->in_doubt = error->is_unknown;
    return -code;
}

static int write_text(struct journaldisk *disk, const char *text, size_t size, struct error *error)
{
    size_t mark_size = has_broken_end(disk) ? BROKEN_SIZE : 0;
    struct iovec pieces[] = {{(char *)(uintptr_t)broken_end, mark_size},
                             {(char *)(uintptr_t)text, size}};
    ssize_t written = writev(disk->current.fd, pieces, 2);

    if (written == (ssize_t)(mark_size + size))
        return 0;
    return fail_adding(disk, written < 0 ? errno : ENOSPC, false, error);
}

/* An empty file may have been made a moment ago, by whomever. Some file systems keep names without
 * being asked to: EINVAL. */
static int sync_name(struct journaldisk *disk, struct error *error)
{
    if (disk->end || !fsync(disk->directory) || errno == EINVAL)
        return 0;
    return say_errno(disk->path, error);
}

int journaldisk_add(struct journaldisk *disk, const char *text, size_t size, struct error *error)
{
    int status = sync_name(disk, error);

    if (!status)
        status = write_text(disk, text, size, error);
    if (status)
        return status;
    if (fdatasync(disk->current.fd))
        return fail_adding(disk, errno, true, error);
    status = read_lines_of(disk, &disk->current, disk->path, error);
    error->is_unknown = status != 0;
    return status;
}
