#include "fs/journalfile.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/when.h"
#include "base/worker.h"

/* How long to wait before asking again for a lock that another process holds; and how often at the
 * beginning of the mount, and at its end. */
#define LOCK_RETRY_MS  10
#define TRIES_TO_OPEN  200
#define TRIES_TO_CLOSE 100

/* The most that is written at once, and the most that is handed to the loop at once. */
#define BATCH_MAX LINES_MAX
#define FRESH_MAX LINES_MAX

/* The most that waits to be written. */
#define WAITING_MAX (64UL << 20)

struct asked;

/* A line on its way to the disk. It belongs to the file, for the thread may have it when nobody
 * waits for it any more. */
struct entry {
    TAILQ_ENTRY(entry) link;
    struct asked *asked; /* the loop's: who waits for it, or NULL */
    bool stays;          /* it is written, whether or not anybody waits for it */
    bool taken;          /* by the thread; guarded by the file's lock */
    struct error error;
    size_t size; /* 0 for no line, but a wish to know those of others */
    char text[]; /* with its newline */
};

TAILQ_HEAD(entries, entry);

struct asked {
    struct operation operation;
    LIST_ENTRY(asked) link;
    struct journalfile *file;
    struct entry *entry; /* NULL when it fails at once */
    bool stays;          /* as of the entry */
};

OPERATION_FIRST(struct asked);

struct journalfile {
    struct loop *loop;
    journalfile_told_fn *told;
    journalfile_lost_fn *lost; /* or NULL */
    void *user;
    struct buf telling;       /* the loop's: lines that it tells, */
    LIST_HEAD(, asked) asked; /* and who has asked and has no answer */
    size_t waiting_size;

    struct journaldisk *disk; /* the thread's, once it runs; and these */
    struct buf batch;
    int tries_left; /* since it is to stop */

    struct worker worker; /* whose lock guards all below */
    bool is_locked_out;   /* another process holds the lock of FILE */
    struct buf fresh;     /* lines for the loop to tell */
    struct entries waiting;
    struct entries finished;
};

/* In the thread */

/* To be called with the lock held. Once all is to end nobody takes them from there. */
static void add_fresh_line(struct journalfile *file, const char *line, size_t size)
{
    while (!file->worker.stop && size + 1 > file->fresh.max - file->fresh.size) {
        worker_wake_loop(&file->worker);
        worker_await(&file->worker);
    }
    if (file->worker.stop)
        return;
    buf_add(&file->fresh, line, size);
    buf_add(&file->fresh, "\n", 1);
}

static int take_disk_line(void *user, const char *line, size_t size)
{
    struct journalfile *file = user;

    if (!file->worker.runs) {
        file->told(file->user, line, size);
        return 0;
    }
    worker_lock(&file->worker);
    add_fresh_line(file, line, size);
    worker_unlock(&file->worker);
    return 0;
}

/* Waits until there is something to do; false when all is to end, and nothing is left. */
static bool await_entries(struct journalfile *file)
{
    bool has_some;

    worker_lock(&file->worker);
    while (!file->worker.stop && TAILQ_EMPTY(&file->waiting)) {
        file->is_locked_out = false;
        worker_await(&file->worker);
    }
    has_some = !TAILQ_EMPTY(&file->waiting);
    worker_unlock(&file->worker);
    return has_some;
}

/* Waits a moment; false when all is to end, and it takes too long. */
static bool wait_for_file_lock(struct journalfile *file)
{
    bool goes_on;

    worker_lock(&file->worker);
    file->is_locked_out = true;
    worker_pause(&file->worker, LOCK_RETRY_MS);
    goes_on = !file->worker.stop || file->tries_left-- > 0;
    worker_unlock(&file->worker);
    return goes_on;
}

/* Takes what goes into one write. Only with the lock of FILE in hand: until then each may leave. */
static void take_entries(struct journalfile *file, struct entries *batch)
{
    struct entry *entry;

    buf_reset(&file->batch);
    worker_lock(&file->worker);
    file->is_locked_out = false;
    while ((entry = TAILQ_FIRST(&file->waiting)) &&
           entry->size <= file->batch.max - file->batch.size) {
        TAILQ_REMOVE(&file->waiting, entry, link);
        TAILQ_INSERT_TAIL(batch, entry, link);
        entry->taken = true;
        buf_add(&file->batch, entry->text, entry->size);
    }
    worker_unlock(&file->worker);
}

static void hand_entries_back(struct journalfile *file, struct entries *batch)
{
    worker_lock(&file->worker);
    TAILQ_CONCAT(&file->finished, batch, link);
    worker_unlock(&file->worker);
    worker_wake_loop(&file->worker);
}

/* Those who only wanted to know of others' lines do, whatever became of ours. */
static void fail_lines(struct entries *batch, const struct error *error)
{
    struct entry *entry;

    TAILQ_FOREACH (entry, batch, link) {
        if (entry->size)
            entry->error = *error;
    }
}

static void write_entries(struct journalfile *file)
{
    struct entries batch = TAILQ_HEAD_INITIALIZER(batch);
    struct error error = {0};

    take_entries(file, &batch);
    if (file->batch.size && journaldisk_add(file->disk, file->batch.data, file->batch.size, &error))
        fail_lines(&batch, &error);
    journaldisk_leave(file->disk);
    hand_entries_back(file, &batch);
}

static void fail_waiting_entries(struct journalfile *file, const struct error *error)
{
    struct entry *entry;

    worker_lock(&file->worker);
    while ((entry = TAILQ_FIRST(&file->waiting))) {
        TAILQ_REMOVE(&file->waiting, entry, link);
        TAILQ_INSERT_TAIL(&file->finished, entry, link);
        entry->taken = true;
        entry->error = *error;
    }
    file->is_locked_out = false;
    worker_unlock(&file->worker);
    worker_wake_loop(&file->worker);
}

/* A file that may grow no more tells so with a signal that would end the program. */
static void leave_size_signal(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

static void *run_journalfile(void *user)
{
    struct journalfile *file = user;
    struct error error;

    leave_size_signal();
    while (await_entries(file)) {
        int status = journaldisk_enter(file->disk, &error);

        if (!status)
            write_entries(file);
        else if (status != -EAGAIN || !wait_for_file_lock(file))
            fail_waiting_entries(file, &error);
    }
    return NULL;
}

/* In the loop's thread */

static void tell_lines(struct journalfile *file)
{
    const char *line = file->telling.data;
    const char *end = line + file->telling.size;

    while (line < end) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));

        file->told(file->user, line, (size_t)(newline - line));
        line = newline + 1;
    }
    buf_reset(&file->telling);
}

static void free_entry(struct journalfile *file, struct entry *entry)
{
    file->waiting_size -= sizeof(*entry) + entry->size;
    free(entry);
}

/* Of a line that was to be written whoever waits for it. */
static void tell_lost(struct journalfile *file, const struct error *error)
{
    if (file->lost)
        file->lost(file->user, error);
}

static void end_entry(struct journalfile *file, struct entry *entry)
{
    struct asked *asked = entry->asked;

    if (asked) {
        asked->operation.error = entry->error;
        asked->entry = NULL;
    } else if (entry->stays && entry->error.code) {
        tell_lost(file, &entry->error);
    }
    free_entry(file, entry);
    if (asked)
        operation_end(&asked->operation,
                      asked->operation.error.code ? &asked->operation.error : NULL, &no_answer);
}

/* Lines and ends are fetched together, for each end comes after the lines that were read before. */
static void fetch_from_thread(struct journalfile *file, struct entries *ended)
{
    struct buf empty = file->telling;

    worker_lock(&file->worker);
    file->telling = file->fresh;
    file->fresh = empty;
    TAILQ_CONCAT(ended, &file->finished, link);
    worker_wake(&file->worker);
    worker_unlock(&file->worker);
}

static void deliver_lines(void *user)
{
    struct journalfile *file = user;
    struct entries ended = TAILQ_HEAD_INITIALIZER(ended);
    struct entry *entry;

    fetch_from_thread(file, &ended);
    tell_lines(file);
    while ((entry = TAILQ_FIRST(&ended))) {
        TAILQ_REMOVE(&ended, entry, link);
        end_entry(file, entry);
    }
}

/* Opening */

static bool reserve_room(struct buf *buf, size_t max)
{
    buf_init(buf, max);
    buf_reserve(buf, max);
    return !buf_error(buf);
}

/* All that the thread will ever need, so that no line is lost for want of memory. */
static struct journalfile *new_journalfile(struct loop *loop, journalfile_told_fn *told, void *user)
{
    struct journalfile *file = calloc(1, sizeof(*file));

    if (!file)
        return NULL;
    file->loop = loop;
    file->told = told;
    file->user = user;
    file->tries_left = TRIES_TO_CLOSE;
    TAILQ_INIT(&file->waiting);
    TAILQ_INIT(&file->finished);
    /* A buffer that is not initialized yet must not be released. */
    buf_init(&file->batch, BATCH_MAX);
    buf_init(&file->fresh, FRESH_MAX);
    buf_init(&file->telling, FRESH_MAX);
    if (reserve_room(&file->batch, BATCH_MAX) && reserve_room(&file->fresh, FRESH_MAX) &&
        reserve_room(&file->telling, FRESH_MAX))
        return file;
    journalfile_close(file);
    return NULL;
}

static int read_first(struct journalfile *file, const char *path, struct error *error)
{
    struct error failure;
    int tries = TRIES_TO_OPEN;
    int status;

    while ((status = journaldisk_enter(file->disk, &failure)) == -EAGAIN && tries-- > 0)
        usleep(LOCK_RETRY_MS * 1000);
    if (!status)
        journaldisk_leave(file->disk);
    else if (status == -EAGAIN)
        status = error_set(error, EBUSY,
                           "another process keeps the lock of the journal %.200s: end it (fuser "
                           "finds it), or name another file",
                           path);
    else
        *error = failure;
    return status;
}

static int open_disk(struct journalfile *file, const char *path, struct error *error)
{
    int status = journaldisk_open(path, take_disk_line, file, &file->disk, error);

    return status ? status : read_first(file, path, error);
}

static int start_thread(struct journalfile *file, struct error *error)
{
    int status = worker_start(&file->worker, file->loop, run_journalfile, deliver_lines, file);

    return status ? error_set(error, -status, "cannot start the journal: %s", strerror(-status))
                  : 0;
}

int journalfile_open(struct loop *loop, const char *path, journalfile_told_fn *told, void *user,
                     struct journalfile **file, struct error *error)
{
    struct journalfile *opened = new_journalfile(loop, told, user);
    int status = opened ? open_disk(opened, path, error) : error_set(error, ENOMEM, "no memory");

    if (!status)
        status = start_thread(opened, error);
    if (status)
        journalfile_close(opened);
    else
        *file = opened;
    return status;
}

void journalfile_set_lost(struct journalfile *file, journalfile_lost_fn *lost)
{
    file->lost = lost;
}

void journalfile_set_full(struct journalfile *file, uint64_t size)
{
    journaldisk_set_full(file->disk, size);
}

/* Closing */

static void drop_entries(struct journalfile *file)
{
    struct entry *entry;

    while ((entry = TAILQ_FIRST(&file->finished))) {
        TAILQ_REMOVE(&file->finished, entry, link);
        free_entry(file, entry);
    }
}

static void drop_asked(struct journalfile *file)
{
    struct asked *asked;

    while ((asked = LIST_FIRST(&file->asked)))
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): freed ones have left the list */
        operation_drop(&asked->operation);
}

void journalfile_close(struct journalfile *file)
{
    if (!file)
        return;
    worker_stop(&file->worker);
    drop_asked(file);
    drop_entries(file);
    journaldisk_close(file->disk);
    buf_release(&file->batch);
    buf_release(&file->fresh);
    buf_release(&file->telling);
    free(file);
}

/* Adding */

/* Lets go of the entry; true when it may be written. */
static bool leave_entry(struct asked *asked)
{
    struct journalfile *file = asked->file;
    struct entry *entry = asked->entry;
    bool stays;

    asked->entry = NULL;
    if (!entry)
        return false;
    entry->asked = NULL;
    worker_lock(&file->worker);
    stays = entry->taken || entry->stays;
    if (!stays)
        TAILQ_REMOVE(&file->waiting, entry, link);
    worker_unlock(&file->worker);
    if (!stays)
        free_entry(file, entry);
    return stays;
}

static bool cancel_asked(struct call *call)
{
    struct asked *asked = (struct asked *)call;
    bool is_line = asked->entry && asked->entry->size;
    bool may_be_written = leave_entry(asked) && is_line;
    const struct error *error = &asked->operation.error;

    if (asked->stays && error->code)
        tell_lost(asked->file, error);
    may_be_written |= asked->operation.error.is_unknown;
    operation_drop(&asked->operation);
    return may_be_written;
}

static bool is_asked_sent(const struct call *call)
{
    const struct asked *asked = (const struct asked *)call;
    bool taken;

    if (!asked->entry || !asked->entry->size)
        return asked->operation.error.is_unknown;
    worker_lock(&asked->file->worker);
    taken = asked->entry->taken || asked->entry->stays;
    worker_unlock(&asked->file->worker);
    return taken;
}

static bool is_locked_out(struct journalfile *file)
{
    bool locked_out;

    worker_lock(&file->worker);
    locked_out = file->is_locked_out;
    worker_unlock(&file->worker);
    return locked_out;
}

static void expire(void *user)
{
    struct asked *asked = user;
    struct error *error = &asked->operation.error;
    bool is_line = asked->entry->size;

    error_set(error, ETIMEDOUT,
              is_locked_out(asked->file) ? "another process holds the lock of the journal %.250s"
                                         : "the disk of the journal %.250s does not answer",
              journaldisk_path(asked->file->disk));
    error->is_unknown = leave_entry(asked) && is_line;
    operation_fail(&asked->operation);
}

static void release_asked(struct operation *operation)
{
    struct asked *asked = (struct asked *)operation;

    LIST_REMOVE(asked, link);
    free(asked);
}

static struct asked *new_asked(struct journalfile *file, const struct ask *ask)
{
    struct asked *asked = calloc(1, sizeof(*asked));

    if (!asked)
        return NULL;
    operation_begin(&asked->operation, file->loop, ask, release_asked);
    asked->operation.call = (struct call){.cancel = cancel_asked, .is_sent = is_asked_sent};
    asked->file = file;
    LIST_INSERT_HEAD(&file->asked, asked, link);
    return asked;
}

static void submit(struct asked *asked, struct entry *entry)
{
    struct journalfile *file = asked->file;

    asked->entry = entry;
    entry->asked = asked;
    file->waiting_size += sizeof(*entry) + entry->size;
    timer_start(file->loop, &asked->operation.timer,
                asked->operation.ask.deadline - when_monotonic(), expire, asked);
    worker_lock(&file->worker);
    TAILQ_INSERT_TAIL(&file->waiting, entry, link);
    worker_wake(&file->worker);
    worker_unlock(&file->worker);
}

static struct call *start_asked(struct asked *asked, struct entry *entry)
{
    if (asked && !entry)
        operation_fail_soon(&asked->operation);
    else if (asked)
        submit(asked, entry);
    return asked ? &asked->operation.call : NULL;
}

/* NULL with an error. Without a line it is a wish to know those of others. */
static struct entry *new_entry(struct asked *asked, const char *line, size_t size)
{
    bool is_too_much = asked->file->waiting_size + size > WAITING_MAX;
    struct entry *entry = is_too_much ? NULL : calloc(1, sizeof(*entry) + size + 1);

    if (is_too_much)
        error_set(&asked->operation.error, EBUSY,
                  "too much waits to be written to the journal %.250s",
                  journaldisk_path(asked->file->disk));
    else if (!entry)
        error_set(&asked->operation.error, ENOMEM, "no memory");
    if (!entry)
        return NULL;
    if (!line)
        return entry;
    memcpy(entry->text, line, size);
    entry->text[size] = '\n';
    entry->size = size + 1;
    return entry;
}

static int check_line(const char *line, size_t size, struct error *error)
{
    if (size > JOURNAL_LINE_MAX)
        return error_set(error, EMSGSIZE, "a line of the journal has at most %lu bytes",
                         JOURNAL_LINE_MAX);
    if (memchr(line, '\n', size) || (size && line[size - 1] == JOURNAL_BROKEN))
        return error_set(error, EINVAL, "a line of the journal has no newline");
    return 0;
}

static struct call *start_adding(struct journalfile *file, const char *line, size_t size,
                                 bool stays, const struct ask *ask)
{
    struct asked *asked = new_asked(file, ask);
    struct entry *entry = NULL;

    if (asked && !check_line(line, size, &asked->operation.error))
        entry = new_entry(asked, line, size);
    if (asked)
        asked->stays = stays;
    if (entry)
        entry->stays = stays;
    return start_asked(asked, entry);
}

struct call *journalfile_add(struct journalfile *file, const char *line, size_t size,
                             const struct ask *ask)
{
    return start_adding(file, line, size, false, ask);
}

struct call *journalfile_add_for_good(struct journalfile *file, const char *line, size_t size,
                                      const struct ask *ask)
{
    return start_adding(file, line, size, true, ask);
}

struct call *journalfile_catch_up(struct journalfile *file, const struct ask *ask)
{
    struct asked *asked = new_asked(file, ask);

    return start_asked(asked, asked ? new_entry(asked, NULL, 0) : NULL);
}
