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
#include "tests/simulate/journals.h"
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

#define PLACES_TO_UNDO 2

enum face { APPS_CHECKPOINT, APPS_METADATA, APPS_TABLE, SAVED_FILE, DIRECTORY };

/* One that does one thing. */
struct program {
    struct mount *mount;
    pid_t pid;
    int number; /* in the history */
    enum act act;
    unsigned place;
    enum face face;
    char path[64];  /* of the directory, where it may come and go; else "" */
    unsigned along; /* how much of the path was walked */
    bool makes_way; /* what is missing of the path is made */
    uint64_t directory;
    char name[32];
    char
        other[32]; /* to which it renames the file when it has written it, or to delete it; or "" */
    char text[64]; /* that it writes */
    bool goes_on;  /* when it has ended, another begins in its place */
    bool looks_again;
    bool is_acknowledged; /* its line was: what comes then changes nothing */
    bool is_sure;         /* that the name is there, or is not: it is not looked up */
    bool is_lenient;      /* see history.h */
    bool empties;         /* as rm -r does: what is in a directory goes first, then the directory */
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
static bool undoing;
static pid_t last_pid;

static void begin_another(void *user);
static void empty_further(struct mount *mount, unsigned place, bool goes_on);
static void walk(struct program *program);
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
    static const char *const results[] = {"ok", "failed", "unknown", "planned"};
    const struct buf *text = &program->mount->fs.journal.history.lines.text;
    char mark[32];
    const char *found = NULL;
    const char *at = text->data;

    snprintf(mark, sizeof(mark), "\tpid=%d\tsimulated\t", (int)program->pid);
    while (at && (at = strstr(at, mark)))
        found = at += strlen(mark);
    for (int i = 0; found && i < 4; i++) {
        if (!strncmp(found, results[i], strlen(results[i])))
            return results[i];
    }
    return NULL;
}

static bool only_looks(const struct program *program)
{
    return program->act == ACT_READ || program->act == ACT_READ_SAVED || program->act == ACT_FIND ||
           program->act == ACT_LIST || program->act == ACT_LIST_ANEW;
}

static enum ending ending_of(const struct program *program)
{
    const char *word = journal_of(program);

    if (only_looks(program))
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

static bool plans(const struct program *program)
{
    return program->mount->fs.settings.plan;
}

/* Who is to end does not wait for the journal's file, and without memory nobody can. */
static bool has_given_up_waiting(const struct program *program)
{
    return program->signalled || program->mount->leaving || program->mount->is_dead ||
           memory_fails();
}

/* It may be a directory of the mount alone, of which there is no line. */
static bool may_be_without_line(const struct program *program)
{
    return program->is_lenient ||
           (program->place == THING_APP && remote_rules()->apps_follow_commits);
}

/* What was changed has its line at once. */
static void check_line(const struct program *program)
{
    const char *word = journal_of(program);
    bool changes = !only_looks(program) && !may_be_without_line(program);
    const char *wanted = plans(program) ? "planned" : "ok";

    if (changes && !program->error && (!word || strcmp(word, wanted) != 0) && !memory_fails() &&
        !program->mount->is_dead)
        history_blame("%d is done, and its line is %s", program->number, word ? word : "missing");
    else if (changes && !program->error && !has_given_up_waiting(program))
        journals_check_end(program->mount, program->pid, wanted, program->began);
}

static void go_on_after(const struct program *program)
{
    if (stopped || !program->goes_on)
        return;
    if (program->act == ACT_DELETE && program->empties && !program->mount->leaving)
        empty_further(program->mount, program->place + 1, true);
    else
        begin_after_pause();
}

static void finish(struct program *program)
{
    struct outcome outcome = {.ending = ending_of(program),
                              .error = program->error,
                              .seen = program->seen,
                              .is_lenient = program->is_lenient,
                              .is_saved = program->face == SAVED_FILE};
    bool goes_on = program->goes_on;

    trace("%d: %s", program->number, program->error ? strerror(program->error) : "done");
    if (program->error == EINTR && !kernel_is_ending(program->pid))
        history_blame("%d was interrupted by a signal that ends nobody", program->number);
    check_unknown(program);
    check_line(program);
    if (program->is_tricky && !program->error)
        history_blame("%d could write on after a line that was refused", program->number);
    if (!goes_on && program->error && program->error != ENOENT)
        history_blame("all is well again, and read %d failed: %s", program->number,
                      strerror(program->error));
    /* What was planned is never carried out, and may fail as if other plans had been. */
    if (plans(program) && !only_looks(program)) {
        outcome.ending = REFUSED;
        outcome.error = 0;
    }
    history_end(program->number, &outcome);
    kernel_forget_process(program->pid);
    clock_drop(program->signal);
    program->mount->programs--;
    running--;
    go_on_after(program);
    free(program);
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
        walk(program);
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

/* Directories */

static void on_directory_closed(void *user, int error, const void *data, size_t size)
{
    (void)error;
    (void)data;
    (void)size;
    finish(user);
}

static bool has_name(const char *data, size_t size, const char *name)
{
    struct fuse_dirent entry;

    for (size_t at = 0; at + FUSE_NAME_OFFSET < size;
         at += FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + entry.namelen)) {
        memcpy(&entry, data + at, FUSE_NAME_OFFSET);
        if (entry.namelen == strlen(name) &&
            !memcmp(data + at + FUSE_NAME_OFFSET, name, entry.namelen))
            return true;
    }
    return false;
}

static void on_listed(void *user, int error, const void *data, size_t size)
{
    struct program *program = user;

    program->error = error;
    if (!error && has_name(data, size, program->name))
        program->seen = IS_THERE;
    kernel_close_directory(program->mount->session, program->pid, program->directory,
                           program->handle, on_directory_closed, program);
}

static void on_directory_opened(void *user, int error, const void *data, size_t size)
{
    struct program *program = user;

    if (take_opened(program, error, data, size))
        wait_for(program, kernel_list(program->mount->session, program->pid, program->directory,
                                      program->handle, on_listed, program));
}

static void on_directory_changed(void *user, int error, const void *data, size_t size)
{
    struct program *program = user;

    (void)data;
    (void)size;
    fail(program, error);
    finish(program);
}

static void make_directory(struct program *program)
{
    wait_for(program, kernel_mkdir(program->mount->session, program->pid, program->directory,
                                   program->name, on_directory_changed, program));
}

static void remove_directory(struct program *program)
{
    wait_for(program, kernel_rmdir(program->mount->session, program->pid, program->directory,
                                   program->name, on_directory_changed, program));
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

/* The kernel itself says so of what it has looked up, which may be as old as any look. */
static void find_made(struct program *program)
{
    program->is_lenient = true;
    on_directory_changed(program, EEXIST, NULL, 0);
}

static void find_thing(struct program *program)
{
    program->seen = IS_THERE;
    finish(program);
}

static void open_found(struct program *program)
{
    pid_t pid = program->pid;

    if (program->act == ACT_FIND)
        find_thing(program);
    else if (program->act == ACT_MAKE)
        find_made(program);
    else if (program->act == ACT_REMOVE)
        remove_directory(program);
    else if (program->act == ACT_DELETE && *program->other)
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
    bool creates =
        program->act == ACT_COMMIT || program->act == ACT_SHIFT || program->act == ACT_UNDO;

    if (error == ENOENT && program->act == ACT_MAKE) {
        make_directory(program);
    } else if (error == ENOENT && creates) {
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

/* A part of the path; what was looked up, or made, is the directory from here on. */
static void on_walked(void *user, int error, const void *data, size_t size);
static void on_way_made(void *user, int error, const void *data, size_t size);

static void name_part(const struct program *program, char name[static 64])
{
    const char *part = program->path + program->along;

    snprintf(name, 64, "%.*s", (int)strcspn(part, "/"), part);
}

static void walk_on(struct program *program)
{
    char name[64];

    name_part(program, name);
    if (*name)
        wait_for(program, kernel_lookup(program->mount->session, program->pid, program->directory,
                                        name, on_walked, program));
    else if (program->act == ACT_LIST || program->act == ACT_LIST_ANEW)
        kernel_open_directory(program->mount->session, program->pid, program->directory,
                              on_directory_opened, program);
    else if (program->is_sure && program->act == ACT_MAKE)
        make_directory(program);
    else if (program->is_sure && program->act == ACT_REMOVE)
        remove_directory(program);
    else
        look_up(program);
}

static void take_part(struct program *program, const void *data, size_t size)
{
    struct fuse_entry_out entry = {0};
    const char *part = program->path + program->along;

    memcpy(&entry, data, size < sizeof(entry) ? size : sizeof(entry));
    program->directory = entry.nodeid;
    program->along += (unsigned)strcspn(part, "/");
    program->along += program->path[program->along] == '/' ? 1 : 0;
    walk_on(program);
}

static void on_walked(void *user, int error, const void *data, size_t size)
{
    struct program *program = user;
    char name[64];

    name_part(program, name);
    if (error)
        trace("  %d does not find %s", program->number, *name ? name : program->name);
    if (error == ENOENT && program->makes_way &&
        (program->act == ACT_MAKE || !strcmp(name, THE_STREAM)))
        wait_for(program, kernel_mkdir(program->mount->session, program->pid, program->directory,
                                       name, on_way_made, program));
    else if (error)
        on_directory_changed(program, error, NULL, 0);
    else
        take_part(program, data, size);
}

static void on_way_made(void *user, int error, const void *data, size_t size)
{
    struct program *program = user;

    program->makes_way = false;
    if (error == EEXIST)
        walk_on(program);
    else if (error)
        on_directory_changed(program, error, NULL, 0);
    else
        take_part(program, data, size);
}

static void walk(struct program *program)
{
    if (!*program->path) {
        look_up(program);
        return;
    }
    program->directory = FUSE_ROOT_ID;
    program->along = 0;
    walk_on(program);
}

static enum face face_of(enum act act)
{
    if (act == ACT_MAKE || act == ACT_REMOVE || act == ACT_FIND || act == ACT_LIST ||
        act == ACT_LIST_ANEW)
        return DIRECTORY;
    if (act == ACT_METADATA)
        return APPS_METADATA;
    if (act == ACT_READ_SAVED)
        return SAVED_FILE;
    if (act == ACT_READ)
        return APPS_CHECKPOINT;
    if ((act == ACT_COMMIT || act == ACT_SHIFT || act == ACT_UNDO) && chance_once_in(4))
        return APPS_TABLE;
    return chance_once_in(2) ? APPS_CHECKPOINT : SAVED_FILE;
}

static void choose_thing(struct program *program)
{
    bool is_app = program->place == THING_APP;
    bool is_of_stream = is_app && remote_apps_are_of_streams();
    bool may_be_saved = is_app && (!is_of_stream || program->act == ACT_MAKE);
    const char *tree = !is_app                                                   ? "streams"
                       : program->empties || (may_be_saved && chance_once_in(2)) ? "checkpoints"
                                                                                 : "apps";

    program->is_sure =
        (program->act == ACT_MAKE || program->act == ACT_REMOVE) && chance_once_in(2);
    program->is_lenient = *tree == 'c' && (is_of_stream || program->act == ACT_REMOVE);
    program->makes_way = is_of_stream && program->act == ACT_MAKE;
    if (program->place == THING_PARTITION || is_of_stream)
        snprintf(program->path, sizeof(program->path), "%s/%s", tree,
                 is_app ? APP_THAT_GOES : STREAM_THAT_GOES);
    else
        snprintf(program->path, sizeof(program->path), "%s", tree);
    snprintf(program->name, sizeof(program->name), "%s",
             program->place == THING_PARTITION ? "0"
             : program->place == THING_STREAM  ? STREAM_THAT_GOES
             : is_of_stream                    ? THE_STREAM
                                               : APP_THAT_GOES);
}

/* The app that goes has no directories that stay. */
static void choose_path(struct program *program)
{
    unsigned partition = program->place % HISTORY_PARTITIONS;

    /* Where it would make an app, that is another program's work. */
    program->makes_way = program->face == SAVED_FILE && program->act == ACT_COMMIT &&
                         !remote_apps_are_of_streams() && chance_once_in(2);
    if (program->face == SAVED_FILE)
        snprintf(program->path, sizeof(program->path), "checkpoints/" APP_THAT_GOES "/" THE_STREAM);
    else if (program->face == APPS_TABLE)
        snprintf(program->path, sizeof(program->path), "apps/" APP_THAT_GOES "/" THE_STREAM);
    else
        snprintf(program->path, sizeof(program->path), "apps/" APP_THAT_GOES "/" THE_STREAM "/%u",
                 partition);
}

static void choose_directory(struct program *program)
{
    const struct mount *mount = program->mount;

    if (program->place >= HISTORY_PARTITIONS)
        choose_path(program);
    else
        program->directory = program->face == SAVED_FILE   ? mount->saved
                             : program->face == APPS_TABLE ? mount->table
                                                           : mount->apps[program->place];
}

static void choose_file(struct program *program)
{
    program->face =
        program->act == ACT_DELETE && program->empties ? SAVED_FILE : face_of(program->act);
    if (program->face == DIRECTORY) {
        choose_thing(program);
        return;
    }
    choose_directory(program);
    if (program->face == APPS_TABLE)
        snprintf(program->name, sizeof(program->name), "checkpoints");
    else if (program->face == SAVED_FILE)
        snprintf(program->name, sizeof(program->name), "%u", program->place % HISTORY_PARTITIONS);
    else
        snprintf(program->name, sizeof(program->name), "%s",
                 program->face == APPS_METADATA ? "metadata" : "checkpoint");
}

/* As editors, rsync and git do: a text is written to a temporary file that is renamed; and what is
 * deleted is moved away first. */
static void choose_renaming(struct program *program)
{
    bool changes =
        program->act == ACT_COMMIT || program->act == ACT_SHIFT || program->act == ACT_DELETE;

    if (!changes || program->face != SAVED_FILE || !chance_once_in(3))
        return;
    memcpy(program->other, program->name, sizeof(program->other));
    snprintf(program->act == ACT_DELETE ? program->other : program->name, sizeof(program->name),
             ".%d", program->number);
}

static void choose_text(struct program *program)
{
    bool is_line = program->face == APPS_TABLE;
    unsigned partition = program->place % HISTORY_PARTITIONS;

    program->is_tricky =
        program->act == ACT_COMMIT && !is_line && !*program->other && chance_once_in(10);
    if (is_line && program->act == ACT_SHIFT)
        snprintf(program->text, sizeof(program->text), "%u\tshift +1\n", partition);
    else if (is_line && program->act == ACT_UNDO)
        snprintf(program->text, sizeof(program->text), "%u\tundo\n", partition);
    else if (is_line)
        snprintf(program->text, sizeof(program->text), "%u\t%" PRId64 "\n", partition,
                 (int64_t)program->number * HISTORY_STEP);
    else if (program->act == ACT_SHIFT)
        snprintf(program->text, sizeof(program->text), "shift +1\n");
    else if (program->act == ACT_UNDO)
        snprintf(program->text, sizeof(program->text), "undo\n");
    else if (program->act == ACT_METADATA)
        snprintf(program->text, sizeof(program->text), "m%d\n", program->number);
    else
        snprintf(program->text, sizeof(program->text), "%" PRId64 "\n%s",
                 (int64_t)program->number * HISTORY_STEP, "");
}

static const char *word_for(enum act act)
{
    static const char *const words[] = {"commits", "shifts",     "writes metadata of",
                                        "deletes", "reads",      "reads, as it was saved,",
                                        "makes",   "removes",    "looks for",
                                        "lists",   "lists anew", "undoes"};

    return words[act];
}

/* What it does is begun by walk. */
static struct program *program_new(struct mount *mount, enum act act, unsigned place, bool goes_on)
{
    struct program *program = must_calloc(1, sizeof(*program));

    *program = (struct program){.mount = mount,
                                .pid = ++last_pid,
                                .act = act,
                                .place = place,
                                .goes_on = goes_on,
                                .seen = NOTHING,
                                .began = clock_ms(),
                                .number = history_begin(mount->index, act, place)};
    running++;
    mount->programs++;
    return program;
}

static void start(struct program *program)
{
    choose_file(program);
    choose_renaming(program);
    choose_text(program);
    trace("%d: process %d %s %u in mount %d by %s%s%s%s%s%s", program->number, (int)program->pid,
          word_for(program->act), program->place, program->mount->index, program->path,
          *program->path ? "/" : "", program->name, *program->other ? ", renamed to " : "",
          program->other, program->is_tricky ? ", after a line of junk" : "");
    walk(program);
}

static void begin(struct mount *mount, enum act act, unsigned place, bool goes_on)
{
    start(program_new(mount, act, place, goes_on));
}

/* rm -r checkpoints/APP: its checkpoints go one after the other, then the stream's directory, which
 * the history knows nothing of, then the app. */
static void on_stream_removed(void *user, int error, const void *data, size_t size)
{
    (void)error;
    (void)data;
    (void)size;
    start(user);
}

static void on_app_found(void *user, int error, const void *data, size_t size)
{
    struct program *program = user;
    struct fuse_entry_out entry = {0};

    if (error) {
        start(program);
        return;
    }
    memcpy(&entry, data, size < sizeof(entry) ? size : sizeof(entry));
    kernel_rmdir(program->mount->session, program->pid, entry.nodeid, THE_STREAM, on_stream_removed,
                 program);
}

static void on_tree_found(void *user, int error, const void *data, size_t size)
{
    struct program *program = user;
    struct fuse_entry_out entry = {0};

    if (error) {
        start(program);
        return;
    }
    memcpy(&entry, data, size < sizeof(entry) ? size : sizeof(entry));
    kernel_lookup(program->mount->session, program->pid, entry.nodeid, APP_THAT_GOES, on_app_found,
                  program);
}

static void empty_further(struct mount *mount, unsigned place, bool goes_on)
{
    bool is_file = place < CHECKPOINT_PLACES;
    struct program *program =
        program_new(mount, is_file ? ACT_DELETE : ACT_REMOVE, is_file ? place : THING_APP, goes_on);

    program->empties = true;
    if (is_file)
        start(program);
    else
        kernel_lookup(mount->session, program->pid, FUSE_ROOT_ID, "checkpoints", on_tree_found,
                      program);
}

static unsigned choose_place(enum act act)
{
    bool is_thing = act == ACT_MAKE || act == ACT_REMOVE || act == ACT_FIND || act == ACT_LIST;

    return is_thing ? THING_APP + (unsigned)chance_below(remote_things())
                    : (unsigned)chance_below(undoing ? PLACES_TO_UNDO : CHECKPOINT_PLACES);
}

static void begin_act(struct mount *mount, enum act act)
{
    unsigned place;

    /* A mount that plans shows the directories that it would make, and says that nothing is
     * committed in an app that it has planned to make, also when somebody else has made it since.
     */
    if (mount->fs.settings.plan && (act == ACT_FIND || act == ACT_LIST))
        act = ACT_READ;
    place = choose_place(act);
    if (mount->fs.settings.plan && (act == ACT_READ || act == ACT_READ_SAVED))
        place %= HISTORY_PARTITIONS;
    if (act == ACT_REMOVE && place == THING_APP && remote_can(ACT_DELETE) && chance_once_in(2))
        empty_further(mount, HISTORY_PARTITIONS, true);
    else
        begin(mount, act, place, true);
}

static void begin_another(void *user)
{
    static const enum act acts[] = {ACT_COMMIT,     ACT_COMMIT, ACT_COMMIT, ACT_SHIFT,
                                    ACT_METADATA,   ACT_DELETE, ACT_READ,   ACT_READ,
                                    ACT_READ_SAVED, ACT_UNDO,   ACT_MAKE,   ACT_MAKE,
                                    ACT_REMOVE,     ACT_FIND,   ACT_LIST};
    static const enum act acts_to_undo[] = {ACT_COMMIT, ACT_COMMIT, ACT_COMMIT, ACT_SHIFT,
                                            ACT_UNDO};

    struct mount *mount = mounts_any();
    enum act act = undoing
                       ? acts_to_undo[chance_below(sizeof(acts_to_undo) / sizeof(*acts_to_undo))]
                       : acts[chance_below(sizeof(acts) / sizeof(acts[0]))];

    (void)user;
    if (stopped)
        return;
    if (mount->leaving || !remote_can(act))
        begin_after_pause();
    else
        begin_act(mount, act);
}

void programs_start(unsigned count, bool only_undo)
{
    running = 0;
    undoing = only_undo;
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

void programs_read_all(bool anew)
{
    for (unsigned i = 0; i < mounts_count() * CHECKPOINT_PLACES; i++) {
        struct mount *mount = mounts_at(i / CHECKPOINT_PLACES);
        unsigned place = i % CHECKPOINT_PLACES;

        if (mount->fs.settings.plan && place >= HISTORY_PARTITIONS)
            continue;
        begin(mount, ACT_READ, place, !anew);
        begin(mount, ACT_READ_SAVED, place, !anew);
    }
}

void programs_list_all(bool anew)
{
    for (unsigned i = 0; i < mounts_count() * remote_things(); i++) {
        struct mount *mount = mounts_at(i / remote_things());

        if (!mount->fs.settings.plan)
            begin(mount, anew ? ACT_LIST_ANEW : ACT_LIST, THING_APP + i % remote_things(), false);
    }
}
