#include "api/local/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "api/local/sql.h"
#include "base/when.h"

/* How long others have to close the store, */
#define CLOSE_WAIT_MS 5000

/* and to upgrade it, which is as long as they have to take its log in. */
#define UPGRADE_WAIT_MS 20000
#define LOCK_RETRY_US   10000

struct upgrade {
    const char *path;
    const struct layout *layout;
    sqlite3 *db;
    int lock;        /* a descriptor; -1 for none */
    int64_t version; /* that the store is of */
    char *copy;      /* NULL until it is known to be needed */
    char *part;      /* its name until it is complete */
    bool copied;
};

/* The copy */

static int name_copy(struct upgrade *upgrade, struct error *error)
{
    if (asprintf(&upgrade->copy, "%s.version-%" PRId64, upgrade->path, upgrade->version) < 0)
        upgrade->copy = NULL;
    if (!upgrade->copy || asprintf(&upgrade->part, "%s.part", upgrade->copy) < 0)
        upgrade->part = NULL;
    if (upgrade->part)
        return 0;
    error_set(error, ENOMEM, "no memory");
    return -ENOMEM;
}

static int cannot_copy(const struct upgrade *upgrade, const char *why, int code,
                       struct error *error)
{
    return error_set(error, code, "cannot make the copy %s: %s", upgrade->part, why);
}

/* An empty file that only its owner can read, in place of what an earlier try has left. */
static int make_part(const struct upgrade *upgrade, struct error *error)
{
    int fd;

    unlink(upgrade->part);
    fd = open(upgrade->part, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        return cannot_copy(upgrade, strerror(errno), errno, error);
    close(fd);
    return 0;
}

static int fill_part(const struct upgrade *upgrade, struct error *error)
{
    sqlite3 *part = NULL;
    sqlite3_backup *backup = NULL;
    int status = 0;

    if (sql_open(upgrade->part, SQLITE_OPEN_READWRITE, &part) == SQLITE_OK)
        backup = sqlite3_backup_init(part, "main", upgrade->db, "main");
    if (backup)
        sqlite3_backup_step(backup, -1);
    if (!backup || sqlite3_backup_finish(backup) != SQLITE_OK) {
        status = sql_failed(part, error);
        cannot_copy(upgrade, sqlite3_errmsg(part), -status, error);
    }
    sqlite3_close(part);
    return status;
}

/* Makes the names in the copy's directory last. */
static void sync_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    int fd = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd >= 0)
        fsync(fd);
    if (fd >= 0)
        close(fd);
    free(directory);
}

/* SQLite has synchronized what is in the copy when it closed it. */
static int copy_store(struct upgrade *upgrade, struct error *error)
{
    int status = name_copy(upgrade, error);

    if (!status)
        status = make_part(upgrade, error);
    if (!status)
        status = fill_part(upgrade, error);
    if (!status && rename(upgrade->part, upgrade->copy))
        status = cannot_copy(upgrade, strerror(errno), errno, error);
    upgrade->copied = !status;
    if (upgrade->copied)
        sync_directory(upgrade->copy);
    else if (upgrade->part)
        unlink(upgrade->part);
    return status;
}

/* The store */

static int say_busy(const struct upgrade *upgrade, struct error *error)
{
    return error_set(error, EBUSY,
                     "%s is of an older version, and another process has it open: unmount it "
                     "there, so that it can be upgraded",
                     upgrade->path);
}

/* Of those who want to upgrade one is let in: they would keep each other out by SQLite's own locks,
 * with which this one has nothing to do. */
static int lock_others_out(struct upgrade *upgrade, struct error *error)
{
    int64_t deadline = when_monotonic() + UPGRADE_WAIT_MS;

    upgrade->lock = open(upgrade->path, O_RDONLY | O_CLOEXEC);
    if (upgrade->lock < 0)
        return error_set(error, errno, "%s: %s", upgrade->path, strerror(errno));
    while (flock(upgrade->lock, LOCK_EX | LOCK_NB)) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return error_set(error, errno, "%s: %s", upgrade->path, strerror(errno));
        if (when_monotonic() >= deadline)
            return error_set(error, EBUSY, "another process is upgrading %s: try again later",
                             upgrade->path);
        usleep(LOCK_RETRY_US);
    }
    return 0;
}

static int open_connection(struct upgrade *upgrade, struct error *error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;

    if (sql_open(upgrade->path, flags, &upgrade->db) != SQLITE_OK)
        return sql_failed(upgrade->db, error);
    sqlite3_busy_timeout(upgrade->db, CLOSE_WAIT_MS);
    return 0;
}

static void close_connection(struct upgrade *upgrade)
{
    sqlite3_close(upgrade->db);
    upgrade->db = NULL;
}

/* By a connection of its own: whoever has upgraded the store may be using it now. */
static int read_version(struct upgrade *upgrade, struct error *error)
{
    int status = open_connection(upgrade, error);

    if (!status)
        status = sql_number(upgrade->db, "PRAGMA user_version", &upgrade->version, error);
    close_connection(upgrade);
    return status;
}

/* In this mode, which must be set before anything is read, SQLite lets no other connection be open,
 * and keeps its lock between transactions. */
static int open_alone(struct upgrade *upgrade, struct error *error)
{
    int status = open_connection(upgrade, error);

    if (!status)
        status = sql_run(upgrade->db,
                         "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL;"
                         "BEGIN EXCLUSIVE; COMMIT",
                         error);
    return status == -EAGAIN ? say_busy(upgrade, error) : status;
}

/* Steps may take tables apart: foreign keys are off in this connection, and checked afterwards. */
static int check_keys(sqlite3 *db, struct error *error)
{
    int64_t broken = 0;
    int status = sql_number(db, "SELECT count(*) FROM pragma_foreign_key_check()", &broken, error);

    if (!status && broken)
        return error_set(error, EBADMSG, "%" PRId64 " rows lost what they refer to", broken);
    return status;
}

static int take_steps(const struct upgrade *upgrade, struct error *error)
{
    const struct layout *layout = upgrade->layout;
    char mark[64];
    int status = sql_run(upgrade->db, "BEGIN EXCLUSIVE", error);

    for (int64_t version = upgrade->version; version < layout->version && !status; version++)
        status = sql_run(upgrade->db, layout->steps[version - 1], error);
    snprintf(mark, sizeof(mark), "PRAGMA user_version = %d", layout->version);
    if (!status)
        status = sql_run(upgrade->db, mark, error);
    if (!status)
        status = check_keys(upgrade->db, error);
    return status ? status : sql_run(upgrade->db, "COMMIT", error);
}

static int explain_failure(const struct upgrade *upgrade, int status, struct error *error)
{
    char said[sizeof(error->message)];

    snprintf(said, sizeof(said), "%s", error->message);
    return error_set(error, -status,
                     "%.120s could not be upgraded from version %" PRId64
                     " to %d and is what it was%s: %.200s",
                     upgrade->path, upgrade->version, upgrade->layout->version,
                     upgrade->copied ? ", with a copy beside it" : "", said);
}

static int upgrade_alone(struct upgrade *upgrade, struct error *error)
{
    int status = open_alone(upgrade, error);

    if (status)
        return status;
    status = copy_store(upgrade, error);
    if (!status)
        status = take_steps(upgrade, error);
    /* Takes back what was not committed, and else the log into the file. */
    close_connection(upgrade);
    if (status)
        return explain_failure(upgrade, status, error);
    unlink(upgrade->copy);
    return 0;
}

int upgrade_store(const char *path, const struct layout *layout, struct error *error)
{
    struct upgrade upgrade = {.path = path, .layout = layout, .lock = -1};
    int status = lock_others_out(&upgrade, error);

    if (!status)
        status = read_version(&upgrade, error);
    if (!status && upgrade.version < layout->version)
        status = upgrade_alone(&upgrade, error);
    close_connection(&upgrade);
    if (upgrade.lock >= 0)
        close(upgrade.lock);
    free(upgrade.copy);
    free(upgrade.part);
    return status;
}
