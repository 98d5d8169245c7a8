#include "api/local/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The format of the index is documented, see https://sqlite.org/walformat.html: its numbers are in
 * the byte order of the machine. */
#define INDEX_SIZE       32768 /* of its first part */
#define INDEX_PAGE_SIZE  14    /* where the size of a page is, in 2 bytes */
#define INDEX_FRAMES     16    /* where the number of frames in the log is, in 4 bytes */
#define LOG_HEADER_SIZE  32
#define FRAME_EXTRA_SIZE 24 /* of a frame, without its page */

/* Never the times: whoever has looked at them makes the next write of a file cost a transaction of
 * the file system, by Linux 6.13 and newer. */
static int look(int fd, const char *path, struct statx *seen)
{
    return statx(fd, path, AT_EMPTY_PATH, STATX_INO | STATX_NLINK | STATX_SIZE, seen);
}

static bool is_gone(int code)
{
    return code == ENOENT || code == ENOTDIR || code == ELOOP;
}

/* Marking */

static char *absolute_path(const char *path)
{
    char *directory;
    char *absolute;

    if (*path == '/')
        return strdup(path);
    path += strncmp(path, "./", 2) ? 0 : 2;
    directory = getcwd(NULL, 0);
    if (!directory || asprintf(&absolute, "%s/%s", directory, path) < 0)
        absolute = NULL;
    free(directory);
    return absolute;
}

static void release_companion(struct companion *companion)
{
    if (companion->path)
        close(companion->fd);
    free(companion->path);
    *companion = (struct companion){0};
}

/* It stands beside the database that SQLite has opened, wherever links lead to it. One that is not
 * there, or on a file system that counts no links, is not marked. */
static int mark_companion(struct companion *companion, sqlite3 *db, const char *suffix)
{
    struct statx seen;

    if (asprintf(&companion->path, "%s%s", sqlite3_db_filename(db, "main"), suffix) < 0) {
        companion->path = NULL;
        return -ENOMEM;
    }
    companion->fd = open(companion->path, O_PATH | O_CLOEXEC);
    if (companion->fd < 0 || look(companion->fd, "", &seen) || !seen.stx_nlink)
        release_companion(companion);
    else
        companion->size = seen.stx_size;
    return 0;
}

/* The index as SQLite has it in memory. */
static const volatile uint8_t *find_header(sqlite3 *db)
{
    sqlite3_file *file = NULL;
    volatile void *header = NULL;

    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK || !file ||
        !file->pMethods || file->pMethods->iVersion < 2 ||
        file->pMethods->xShmMap(file, 0, INDEX_SIZE, 0, &header) != SQLITE_OK)
        return NULL;
    return header;
}

/* What stands at the path must be what SQLite has opened. */
static int mark_database(struct files *files, sqlite3 *db, struct error *error)
{
    int moved = 0;

    sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (look(AT_FDCWD, files->path, &files->database) ? is_gone(errno) : moved)
        return error_set(error, ESTALE, "%.250s was replaced while it was opened: mount again",
                         files->path);
    return 0;
}

int files_mark(struct files *files, sqlite3 *db, const char *path, struct error *error)
{
    files->path = absolute_path(path);
    if (!files->path || mark_companion(&files->log, db, "-wal") ||
        mark_companion(&files->index, db, "-shm"))
        return error_set(error, ENOMEM, "no memory");
    if (files->log.path && files->index.size >= INDEX_SIZE)
        files->header = find_header(db);
    return mark_database(files, db, error);
}

void files_release(struct files *files)
{
    release_companion(&files->log);
    release_companion(&files->index);
    free(files->path);
    *files = (struct files){0};
}

/* Checking. Each function says what has become of a file: NULL if it is well, or what cannot be
 * found out: a directory that may not be searched now still has the file. */

static const char replaced[] = "removed or replaced";
static const char cut[] = "cut short";

static const char *look_at_database(const struct files *files)
{
    const struct statx *marked = &files->database;
    struct statx seen;

    if (!marked->stx_ino)
        return NULL;
    if (look(AT_FDCWD, files->path, &seen))
        return is_gone(errno) ? replaced : NULL;
    if (seen.stx_dev_major != marked->stx_dev_major ||
        seen.stx_dev_minor != marked->stx_dev_minor || seen.stx_ino != marked->stx_ino)
        return replaced;
    return marked->stx_size && !seen.stx_size ? cut : NULL;
}

static const char *look_at_index(const struct files *files)
{
    struct statx seen;

    if (!files->index.path || look(files->index.fd, "", &seen))
        return NULL;
    if (seen.stx_size < files->index.size)
        return cut;
    return seen.stx_nlink ? NULL : replaced;
}

/* How long the log must be for all frames that the index knows of. */
static uint64_t size_of_log(const volatile uint8_t *header)
{
    uint64_t frames = *(const volatile uint32_t *)(const volatile void *)(header + INDEX_FRAMES);
    uint64_t page = *(const volatile uint16_t *)(const volatile void *)(header + INDEX_PAGE_SIZE);

    if (page == 1)
        page = 65536;
    return frames ? LOG_HEADER_SIZE + frames * (page + FRAME_EXTRA_SIZE) : 0;
}

/* SQLite writes frames before it counts them, and forgets them before it cuts the log. So a log
 * that is too short when we look twice was cut by somebody else. */
static const char *look_at_log(const struct files *files)
{
    struct statx seen;

    for (int times = 0; times < 2; times++) {
        uint64_t wanted = files->header ? size_of_log(files->header) : 0;

        if (!files->log.path || look(files->log.fd, "", &seen))
            return NULL;
        if (seen.stx_size >= wanted)
            return seen.stx_nlink ? NULL : replaced;
    }
    return cut;
}

static int say_stale(const char *path, const char *what, const char *advice, struct error *error)
{
    return error_set(error, ESTALE, "%.250s was %s by another program: %s", path, what, advice);
}

int files_check(const struct files *files, struct error *error)
{
    static const char again[] = "unmount, and mount again";
    const char *what = look_at_database(files);

    if (what)
        return say_stale(files->path, what, "put it back, or unmount and mount again", error);
    /* Reading from an index that was cut is a SIGBUS, so we look at it before we read from it. */
    what = look_at_index(files);
    if (what)
        return say_stale(files->index.path, what, again, error);
    what = look_at_log(files);
    return what ? say_stale(files->log.path, what, again, error) : 0;
}

bool files_are_readable(const struct files *files)
{
    return look_at_index(files) != cut && look_at_log(files) != cut;
}
