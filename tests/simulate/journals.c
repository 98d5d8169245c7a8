#include "tests/simulate/journals.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"
#include "fs/journaldisk.h"
#include "tests/service/common/memory.h"
#include "tests/simulate/chance.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/files.h"
#include "tests/simulate/history.h"
#include "tests/simulate/memory.h"
#include "tests/simulate/mounts.h"
#include "tests/simulate/remote.h"
#include "tests/simulate/trace.h"

#define FILE_PATH DISK "journal"
#define OLD_PATH  FILE_PATH ".1"

/* A call meets a fault once in so many times at most and at least, if any does. */
#define FAULTS_MOST  30U
#define FAULTS_LEAST 600U
#define SLOWEST_MS   20

/* A file is full with so many bytes, or never. */
#define FULL_MIN 2048
#define FULL_MAX 65536

/* How often somebody else takes the lock of the file, and how long he keeps it, at most. */
#define MEDDLE_MS 20000
#define HOLD_MS   5000

/* How long it may take until a mount knows what is in the file. */
#define CATCH_UP_MS 10000

/* A line that was on the disk. */
struct written {
    long pid;
    char result[12];
    unsigned place; /* or PLACES */
    int64_t number;
    char metadata[32];
};

static unsigned keepers; /* a bit for each mount */
static uint64_t full;    /* or 0 */
static struct written *lines;
static size_t line_count;
static uint64_t file_number; /* of the inode that was FILE when something was last synced, */
static size_t file_taken;    /* and how much of it was taken */
static unsigned files_seen;
static bool is_settled;
static bool had_memory; /* all the while */

static bool keeps(int mount)
{
    return mount >= 0 && keepers & 1U << mount;
}

/* What is on the disk */

static void copy_column(const struct column *column, char *to, size_t room)
{
    snprintf(to, room, "%.*s", (int)column->size, column->text);
}

static int64_t number_of(const struct column *column)
{
    char text[64];

    copy_column(column, text, sizeof(text));
    return !strcmp(text, "-") ? NOTHING : remote_number(text);
}

static unsigned place_of(const struct column columns[static FIELD_COUNT])
{
    char app[64];
    char stream[64];
    char partition[32];
    char *end;
    long number;

    copy_column(&columns[FIELD_APP], app, sizeof(app));
    copy_column(&columns[FIELD_STREAM], stream, sizeof(stream));
    copy_column(&columns[FIELD_PARTITION], partition, sizeof(partition));
    number = strtol(partition, &end, 10);
    return strcmp(stream, THE_STREAM) != 0 || end == partition ? PLACES
                                                               : history_place(app, number);
}

/* Behind the id and the source of a line; NULL where there are none. */
static const char *skip_id(const char *line, const char *end)
{
    for (int i = 0; line && i < 2; i++) {
        line = memchr(line, '\t', (size_t)(end - line));
        line = line ? line + 1 : NULL;
    }
    return line;
}

static void take_line(const char *line, const char *end)
{
    struct column columns[FIELD_COUNT];
    const char *rest = skip_id(line, end);
    struct written written = {0};
    char pid[32];

    if (!rest || end[-1] == JOURNAL_BROKEN || !line_split(rest, (size_t)(end - rest), columns))
        return;
    copy_column(&columns[FIELD_PID], pid, sizeof(pid));
    copy_column(&columns[FIELD_RESULT], written.result, sizeof(written.result));
    copy_column(&columns[FIELD_METADATA], written.metadata, sizeof(written.metadata));
    written.pid = strtol(pid + strcspn(pid, "=") + 1, NULL, 10);
    written.place = place_of(columns);
    written.number = number_of(&columns[FIELD_NUMBER]);
    lines = must_realloc(lines, line_count + 1, sizeof(*lines));
    lines[line_count++] = written;
}

/* The whole lines from there on; where the next one begins. */
static size_t take_lines(const uint8_t *bytes, size_t size, size_t from,
                         void (*take)(const char *line, const char *end))
{
    const char *text = (const char *)bytes;
    const char *newline;

    while (from < size && (newline = memchr(text + from, '\n', size - from))) {
        take(text + from, newline);
        from = (size_t)(newline - text) + 1;
    }
    return from;
}

/* Of a file that nobody would find after a power failure there is nothing. */
static void on_synced(const struct inode *inode)
{
    bool before = memory_enter(false);

    if (inode == disk_find(FILE_PATH) && disk_keeps_name(inode)) {
        if (inode->number != file_number)
            files_seen++;
        file_taken = inode->number == file_number ? file_taken : 0;
        file_number = inode->number;
        file_taken = take_lines(inode->durable, inode->durable_size, file_taken, take_line);
    }
    memory_leave(before);
}

/* The judge */

static void on_applied(unsigned place, int64_t sequence, const char *metadata, int mount)
{
    if (files_last_fault() >= 0 || memory_fails())
        history_doubt_journals(memory_fails() ? clock_ms() : files_last_fault());
    if (!keeps(mount))
        return;
    for (size_t i = line_count; i > 0; i--) {
        const struct written *line = &lines[i - 1];

        if (line->place == place && line->number == sequence && !strcmp(line->result, "begun") &&
            (*metadata != 'm' || !strcmp(line->metadata, metadata)))
            return;
    }
    history_blame("%u became %" PRId64 " by mount %d, whose journal tells nothing of it", place,
                  sequence, mount);
}

void journals_check_end(const struct mount *mount, pid_t pid, const char *result, int64_t since)
{
    if (!keeps(mount->index) || files_last_fault() >= since)
        return;
    for (size_t i = line_count; i > 0; i--) {
        if (lines[i - 1].pid == pid && !strcmp(lines[i - 1].result, result))
            return;
    }
    history_blame("process %d was told that it is done before its line was on the disk", (int)pid);
}

static const struct mount *compared;

static bool is_outcome(const char *line, const char *end)
{
    struct column columns[FIELD_COUNT];

    return end[-1] != JOURNAL_BROKEN && line_split(line, (size_t)(end - line), columns) &&
           !column_is(&columns[FIELD_RESULT], "begun");
}

/* In what mounts see: a line that was cut off after a failed sync may be on the disk still. */
static void find_in_mount(const char *line, const char *end)
{
    const struct buf *text = &compared->fs.journal.history.lines.text;
    const char *rest = skip_id(line, end);

    if (rest && is_outcome(rest, end) &&
        !memmem(text->data, text->size, rest, (size_t)(end - rest)))
        history_blame("mount %d does not know this line of its journal: %.*s", compared->index,
                      (int)(end - rest), rest);
}

static size_t counted;

static void count_line(const char *line, const char *end)
{
    struct column columns[FIELD_COUNT];
    const char *rest = skip_id(line, end);

    counted += rest && end[-1] != JOURNAL_BROKEN && line_split(rest, (size_t)(end - rest), columns);
}

/* As long as no file was full, all that ever was on the disk is in the only one. */
static void check_kept(void)
{
    const struct inode *inode = disk_find(FILE_PATH);

    counted = 0;
    if (inode)
        take_lines(inode->durable, inode->durable_size, 0, count_line);
    if (files_seen <= 1 && !disk_find(OLD_PATH) && counted < line_count)
        history_blame("%zu lines were on the disk, and %zu are", line_count, counted);
}

static void on_caught_up(void *user, const struct error *error, const struct answer *answer)
{
    (void)answer;
    if (error)
        history_blame("all is well again, and the journal fails: %s", error->message);
    *(bool *)user = true;
}

static void catch_up(struct mount *mount)
{
    bool is_done = false;
    bool before = memory_enter(true);
    struct ask ask = {
        .done = on_caught_up, .user = &is_done, .deadline = when_monotonic() + CATCH_UP_MS};
    const struct call *call = journal_catch_up(&mount->fs.journal, &ask);

    memory_leave(before);
    while (call && !is_done && clock_step())
        ;
}

/* Whoever catches up may have renamed the files. */
static void compare_with_files(void)
{
    const struct inode *files[] = {disk_find(OLD_PATH), disk_find(FILE_PATH)};

    for (int i = 0; i < 2 && !history_fault(); i++) {
        if (files[i] && had_memory)
            take_lines(files[i]->bytes, files[i]->size, 0, find_in_mount);
    }
}

void journals_check_all(void)
{
    for (unsigned i = 0; i < mounts_count(); i++) {
        compared = mounts_at(i);
        if (!keeps((int)i))
            continue;
        catch_up(mounts_at(i));
        compare_with_files();
    }
    if (keepers)
        check_kept();
}

/* What befalls it */

static void let_go(void *user)
{
    (void)user;
    files_let_go();
}

static void meddle(void *user)
{
    (void)user;
    if (is_settled)
        return;
    trace("  somebody has the lock of the journal");
    files_hold_lock(FILE_PATH);
    clock_after((int64_t)chance_below(HOLD_MS), let_go, NULL);
    clock_after(HOLD_MS + (int64_t)chance_below(MEDDLE_MS), meddle, NULL);
}

void journals_disturb(void)
{
    bool fails = chance_once_in(2);
    unsigned once_in = FAULTS_MOST + (unsigned)chance_below(FAULTS_LEAST - FAULTS_MOST);

    if (!keepers)
        return;
    files_set_faults(&(struct files_faults){.once_in = fails ? once_in : 0,
                                            .slowest = 1 + (int64_t)chance_below(SLOWEST_MS)});
    if (chance_once_in(4))
        meddle(NULL);
}

void journals_settle(void)
{
    is_settled = true;
    had_memory = !memory_fails();
    files_let_go();
    files_set_faults(&(struct files_faults){.slowest = 1});
}

void journals_begin(unsigned mounts)
{
    static const unsigned choices[] = {3, 3, 1, 0};

    files_begin(on_synced);
    keepers = choices[chance_below(4)] & ((1U << mounts) - 1);
    full = chance_once_in(2) ? FULL_MIN + chance_below(FULL_MAX - FULL_MIN) : 0;
    line_count = 0;
    file_number = 0;
    file_taken = 0;
    files_seen = 0;
    is_settled = false;
    history_keeps_journals(keepers, on_applied);
}

void journals_end(void)
{
    files_end();
    free(lines);
    lines = NULL;
}

static void on_lost(void *user, const struct error *error)
{
    const struct mount *mount = user;

    trace("  a line of mount %d is lost: %s", mount->index, error->message);
}

int journals_open(struct mount *mount)
{
    struct journal *journal = &mount->fs.journal;
    struct journal_place place = {
        .path = FILE_PATH, .source = remote_source(), .lost = on_lost, .user = mount};
    struct error error;
    int status;

    if (!keeps(mount->index))
        return 0;
    status = journal_keep(journal, mount->loop, &place, &error);
    if (status)
        trace("mount %d cannot begin: %s", mount->index, error.message);
    else if (full)
        journalfile_set_full(journal->file, full);
    return status;
}
