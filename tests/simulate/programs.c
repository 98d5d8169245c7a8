#include "tests/simulate/programs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/common/memory.h"
#include "tests/simulate/chance.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/history.h"
#include "tests/simulate/kernel.h"
#include "tests/simulate/memory.h"
#include "tests/simulate/mounts.h"
#include "tests/simulate/remote.h"
#include "tests/simulate/trace.h"

#define FIRST_PID 1000

/* How long a program pauses at most before it does the next thing, in milliseconds. */
#define PAUSE_MS  400
#define SIGNAL_MS 300

/* How long a program that is to end waits for a change that is under way. */
#define LAST_WORDS_MS 200

enum face { APPS_CHECKPOINT, APPS_METADATA, APPS_TABLE, SAVED_FILE };

/* One that does one thing. */
struct program {
    struct mount *mount;
    pid_t pid;
    int number; /* in the history */
    enum act act;
    unsigned partition;
    uint64_t directory;
    char name[32];
    char
        other[32]; /* to which it renames the file when it has written it, or to delete it; or "" */
    char text[64]; /* that it writes */
    bool goes_on;  /* when it has ended, another begins in its place */
    bool looks_again;
    bool is_acknowledged; /* its line was: what comes then changes nothing */
    bool is_tricky; /* a line that is refused, then one that must not be taken for a position */
    int error;
    int64_t began;
    int64_t failed;    /* when its change did */
    int64_t signalled; /* when a signal came that ends it */
    int64_t seen;
    uint64_t node;
    uint64_t handle;
    uint64_t offset;
    uint64_t request; /* that it waits for */
    uint64_t signal;  /* the event of one that comes, or 0 */
};

static unsigned running;
static bool stopped;
static pid_t last_pid;

static void begin_another(void *user);
static void look_up(struct program *program);
static void rename_file(struct program *program);

static void begin_after_pause(void)
{
    clock_after(1 + (int64_t)chance_below(PAUSE_MS), begin_another, NULL);
}

/* The end of it */

/* What the journal tells of a program: the word for how its change ended, or NULL. */
static const char *journal_of(const struct program *program)
{
    static const char *const results[] = {"ok", "failed", "unknown"};
    const struct buf *text = &program->mount->fs.journal.history.lines.text;
    char mark[32];
    const char *found = NULL;
    const char *at = text->data;

    snprintf(mark, sizeof(mark), "\tpid=%d\tsimulated\t", (int)program->pid);
    while (at && (at = strstr(at, mark)))
        found = at += strlen(mark);
    for (int i = 0; found && i < 3; i++) {
        if (!strncmp(found, results[i], strlen(results[i])))
            return results[i];
    }
    return NULL;
}

static enum ending ending_of(const struct program *program)
{
    const char *word = journal_of(program);

    if (program->act == ACT_READ || program->act == ACT_READ_SAVED)
        return program->error && program->error != ENOENT ? REFUSED : ACKNOWLEDGED;
    if (!program->error || program->is_acknowledged)
        return ACKNOWLEDGED;
    /* Without memory there may be no line. */
    if ((!word && memory_fails()) || program->mount->is_dead)
        return UNKNOWN;
    return word && strcmp(word, "failed") != 0 ? UNKNOWN : REFUSED;
}

static bool has_given_up(const struct program *program)
{
    return program->error == EINTR || program->error == ETIMEDOUT || program->error == ECONNABORTED;
}

/* What has failed and is unknown was tried; and of a change that is under way a program that is to
 * end waits for the last words. */
static void check_unknown(const struct program *program)
{
    const char *word = journal_of(program);

    if (!word || strcmp(word, "unknown") != 0 || memory_fails() || program->mount->is_dead)
        return;
    if (!has_given_up(program) && !remote_has_tried(program->mount->index, program->began))
        history_blame("%d is unknown, and nothing was tried", program->number);
    if (program->error == EINTR && program->failed < program->signalled + LAST_WORDS_MS)
        history_blame("%d was given up without last words", program->number);
}

static void finish(struct program *program)
{
    bool goes_on = program->goes_on;

    trace("%d: %s", program->number, program->error ? strerror(program->error) : "done");
    if (program->error == EINTR && !kernel_is_ending(program->pid))
        history_blame("%d was interrupted by a signal that ends nobody", program->number);
    check_unknown(program);
    if (program->is_tricky && !program->error)
        history_blame("%d could write on after a line that was refused", program->number);
    if (!goes_on && program->error && program->error != ENOENT)
        history_blame("all is well again, and read %d failed: %s", program->number,
                      strerror(program->error));
    history_end(program->number, ending_of(program), program->seen);
    kernel_forget_process(program->pid);
    clock_drop(program->signal);
    program->mount->programs--;
    free(program);
    running--;
    if (goes_on && !stopped)
        begin_after_pause();
}

static bool writes_temporary(const struct program *program)
{
    return *program->other && program->act != ACT_DELETE;
}

static void on_released(void *user, int error, const void *data, size_t size)
{
    struct program *program = user;

    (void)error;
    (void)data;
    (void)size;
    if (writes_temporary(program) && !program->error)
        rename_file(program);
    else
        finish(program);
}

static void release(struct program *program)
{
    kernel_release(program->mount->session, program->pid, program->node, program->handle,
                   on_released, program);
}

static void send_signal(void *user)
{
    struct program *program = user;
    bool ends_it = chance_once_in(2);

    program->signal = 0;
    trace("  a signal for %d%s", program->number, ends_it ? " that ends it" : "");
    if (ends_it)
        program->signalled = clock_ms();
    kernel_interrupt(program->mount->session, program->pid, program->request, ends_it);
}

/* A request that the program waits for, and during which a signal may come. */
static void wait_for(struct program *program, uint64_t request)
{
    program->request = request;
    clock_drop(program->signal);
    program->signal = program->goes_on && chance_once_in(12)
                          ? clock_after((int64_t)chance_below(SIGNAL_MS), send_signal, program)
                          : 0;
}

/* Reading */

static void on_read(void *user, int error, const void *data, size_t size)
{
    struct program *program = user;
    char text[32] = "";

    program->error = error;
    if (!error) {
        memcpy(text, data, size < sizeof(text) - 1 ? size : sizeof(text) - 1);
        text[strcspn(text, "\n")] = '\0';
        program->seen = remote_number(text);
    }
    release(program);
}

/* What an open has answered; false when it has failed, and the program with it. The kernel looks
 * up once more what has become stale. */
static bool take_opened(struct program *program, int error, const void *data, size_t size)
{
    struct fuse_open_out out = {0};

    program->error = error;
    if (error == ESTALE && !program->looks_again) {
        program->looks_again = true;
        look_up(program);
        return false;
    }
    if (error) {
        finish(program);
        return false;
    }
    memcpy(&out, data, size < sizeof(out) ? size : sizeof(out));
    program->handle = out.fh;
    return true;
}

static void on_opened_to_read(void *user, int error, const void *data, size_t size)
{
    struct program *program = user;

    if (take_opened(program, error, data, size))
        wait_for(program, kernel_read(program->mount->session, program->pid, program->node,
                                      program->handle, on_read, program));
}

/* Writing */

/* Or not: 0. */
static void fail(struct program *program, int error)
{
    program->error = error;
    program->failed = clock_ms();
}

static void on_flushed(void *user, int error, const void *data, size_t size)
{
    struct program *program = user;

    (void)data;
    (void)size;
    if (!program->error)
        fail(program, error);
    release(program);
}

static void flush(struct program *program)
{
    wait_for(program, kernel_flush(program->mount->session, program->pid, program->node,
                                   program->handle, on_flushed, program));
}

static void on_written(void *user, int error, const void *data, size_t size)
{
    struct program *program = user;

    (void)data;
    (void)size;
    fail(program, error);
    program->is_acknowledged = !error && !writes_temporary(program);
    flush(program);
}

static void write_text(struct program *program)
{
    wait_for(program,
             kernel_write(program->mount->session, program->pid, program->node, program->handle,
                          program->text, program->offset, on_written, program));
}

/* A shell goes on with its next line when the first was refused. */
static void on_junk_written(void *user, int error, const void *data, size_t size)
{
    struct program *program = user;

    (void)data;
    (void)size;
    if (!error)
        abort();
    write_text(program);
}

static void on_opened_to_write(void *user, int error, const void *data, size_t size)
{
    struct program *program = user;

    if (!take_opened(program, error, data, size))
        return;
    if (program->is_tricky)
        kernel_write(program->mount->session, program->pid, program->node, program->handle,
                     "junk\n", 0, on_junk_written, program);
    else
        write_text(program);
}

static void on_created(void *user, int error, const void *data, size_t size)
{
    struct program *program = user;
    struct fuse_entry_out entry = {0};

    if (!error && size >= sizeof(entry))
        memcpy(&entry, data, sizeof(entry));
    program->node = entry.nodeid;
    on_opened_to_write(user, error, (const char *)data + sizeof(entry),
                       error ? 0 : size - sizeof(entry));
}

/* Renaming */

static void on_tidied(void *user, int error, const void *data, size_t size)
{
    (void)error;
    (void)data;
    (void)size;
    finish(user);
}

/* Of a commit that failed the temporary file is left, and of a deletion what was moved away. */
static void on_renamed(void *user, int error, const void *data, size_t size)
{
    struct program *program = user;
    bool is_left = writes_temporary(program) == (error != 0);

    (void)data;
    (void)size;
    fail(program, error);
    program->is_acknowledged = !error;
    if (is_left)
        kernel_unlink(program->mount->session, program->pid, program->directory,
                      error ? program->name : program->other, on_tidied, program);
    else
        finish(program);
}

static void rename_file(struct program *program)
{
    wait_for(program, kernel_rename(program->mount->session, program->pid, program->directory,
                                    program->name, program->other, on_renamed, program));
}

/* The beginning */

static void on_unlinked(void *user, int error, const void *data, size_t size)
{
    struct program *program = user;

    (void)data;
    (void)size;
    fail(program, error);
    finish(program);
}

static void open_found(struct program *program)
{
    pid_t pid = program->pid;

    if (program->act == ACT_DELETE && *program->other)
        rename_file(program);
    else if (program->act == ACT_DELETE)
        wait_for(program, kernel_unlink(program->mount->session, pid, program->directory,
                                        program->name, on_unlinked, program));
    else if (program->act == ACT_READ || program->act == ACT_READ_SAVED)
        wait_for(program, kernel_open(program->mount->session, pid, program->node, O_RDONLY,
                                      on_opened_to_read, program));
    else
        wait_for(program, kernel_open(program->mount->session, pid, program->node,
                                      O_WRONLY | O_TRUNC, on_opened_to_write, program));
}

static void on_looked_up(void *user, int error, const void *data, size_t size)
{
    struct program *program = user;
    struct fuse_entry_out entry = {0};
    bool creates = program->act == ACT_COMMIT || program->act == ACT_SHIFT;

    if (error == ENOENT && creates) {
        wait_for(program, kernel_create(program->mount->session, program->pid, program->directory,
                                        program->name, O_WRONLY | O_TRUNC, on_created, program));
    } else if (error) {
        program->error = error;
        finish(program);
    } else {
        memcpy(&entry, data, size < sizeof(entry) ? size : sizeof(entry));
        program->node = entry.nodeid;
        open_found(program);
    }
}

static void look_up(struct program *program)
{
    kernel_lookup(program->mount->session, program->pid, program->directory, program->name,
                  on_looked_up, program);
}

static enum face face_of(enum act act)
{
    if (act == ACT_METADATA)
        return APPS_METADATA;
    if (act == ACT_READ_SAVED)
        return SAVED_FILE;
    if (act == ACT_READ)
        return APPS_CHECKPOINT;
    if ((act == ACT_COMMIT || act == ACT_SHIFT) && chance_once_in(4))
        return APPS_TABLE;
    return chance_once_in(2) ? APPS_CHECKPOINT : SAVED_FILE;
}

static void choose_file(struct program *program)
{
    const struct mount *mount = program->mount;
    enum face face = face_of(program->act);

    program->directory = face == SAVED_FILE   ? mount->saved
                         : face == APPS_TABLE ? mount->table
                                              : mount->apps[program->partition];
    if (face == APPS_TABLE)
        snprintf(program->name, sizeof(program->name), "checkpoints");
    else if (face == SAVED_FILE)
        snprintf(program->name, sizeof(program->name), "%u", program->partition);
    else
        snprintf(program->name, sizeof(program->name), "%s",
                 face == APPS_METADATA ? "metadata" : "checkpoint");
}

/* As editors, rsync and git do: a text is written to a temporary file that is renamed; and what is
 * deleted is moved away first. */
static void choose_renaming(struct program *program)
{
    bool changes =
        program->act == ACT_COMMIT || program->act == ACT_SHIFT || program->act == ACT_DELETE;

    if (!changes || program->directory != program->mount->saved || !chance_once_in(3))
        return;
    memcpy(program->other, program->name, sizeof(program->other));
    snprintf(program->act == ACT_DELETE ? program->other : program->name, sizeof(program->name),
             ".%d", program->number);
}

static void choose_text(struct program *program)
{
    bool is_line = program->directory == program->mount->table;

    program->is_tricky =
        program->act == ACT_COMMIT && !is_line && !*program->other && chance_once_in(10);
    if (is_line && program->act == ACT_SHIFT)
        snprintf(program->text, sizeof(program->text), "%u\tshift +1\n", program->partition);
    else if (is_line)
        snprintf(program->text, sizeof(program->text), "%u\t%" PRId64 "\n", program->partition,
                 (int64_t)program->number * HISTORY_STEP);
    else if (program->act == ACT_SHIFT)
        snprintf(program->text, sizeof(program->text), "shift +1\n");
    else if (program->act == ACT_METADATA)
        snprintf(program->text, sizeof(program->text), "m%d\n", program->number);
    else
        snprintf(program->text, sizeof(program->text), "%" PRId64 "\n%s",
                 (int64_t)program->number * HISTORY_STEP, "");
}

static const char *word_for(enum act act)
{
    static const char *const words[] = {"commits", "shifts", "writes metadata of",
                                        "deletes", "reads",  "reads, as it was saved,"};

    return words[act];
}

static void begin(struct mount *mount, enum act act, unsigned partition, bool goes_on)
{
    struct program *program = must_calloc(1, sizeof(*program));

    *program = (struct program){.mount = mount,
                                .pid = ++last_pid,
                                .act = act,
                                .partition = partition,
                                .goes_on = goes_on,
                                .seen = NOTHING,
                                .began = clock_ms(),
                                .number = history_begin(mount->index, act, partition)};
    choose_file(program);
    choose_renaming(program);
    choose_text(program);
    trace("%d: process %d %s %u in mount %d by %s%s%s%s", program->number, (int)program->pid,
          word_for(act), partition, mount->index, program->name,
          *program->other ? ", renamed to " : "", program->other,
          program->is_tricky ? ", after a line of junk" : "");
    running++;
    mount->programs++;
    look_up(program);
}

static void begin_another(void *user)
{
    static const enum act acts[] = {ACT_COMMIT, ACT_COMMIT, ACT_COMMIT, ACT_SHIFT,     ACT_METADATA,
                                    ACT_DELETE, ACT_READ,   ACT_READ,   ACT_READ_SAVED};

    struct mount *mount = mounts_any();
    enum act act = acts[chance_below(sizeof(acts) / sizeof(acts[0]))];

    (void)user;
    if (stopped)
        return;
    if (mount->leaving || !remote_can(act))
        begin_after_pause();
    else
        begin(mount, act, (unsigned)chance_below(HISTORY_PARTITIONS), true);
}

void programs_start(unsigned count)
{
    running = 0;
    stopped = false;
    last_pid = FIRST_PID;
    while (count--)
        begin_after_pause();
}

void programs_stop(void)
{
    stopped = true;
}

bool programs_are_done(void)
{
    return !running;
}

void programs_read_all(void)
{
    for (unsigned i = 0; i < mounts_count() * HISTORY_PARTITIONS; i++) {
        struct mount *mount = mounts_at(i / HISTORY_PARTITIONS);

        begin(mount, ACT_READ, i % HISTORY_PARTITIONS, false);
        begin(mount, ACT_READ_SAVED, i % HISTORY_PARTITIONS, false);
    }
}
