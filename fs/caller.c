#include "fs/caller.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void make_path(pid_t thread, const char *file, char path[static 48])
{
    snprintf(path, 48, "/proc/%d/%s", (int)thread, file);
}

/* The file of the last thread stays open, for many write more than once. It is that thread's alone,
 * and fails once that has ended, whoever has its number by then. */
static ssize_t read_name(pid_t thread, char *name, size_t size)
{
    static int fd = -1;
    static pid_t last;
    ssize_t length = fd >= 0 && thread == last ? pread(fd, name, size, 0) : -1;
    char path[48];

    if (length > 0)
        return length;
    if (fd >= 0)
        close(fd);
    make_path(thread, "comm", path);
    fd = thread ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    last = thread;
    return fd >= 0 ? pread(fd, name, size, 0) : -1;
}

static void read_command(pid_t thread, char *command, size_t size)
{
    ssize_t length = read_name(thread, command, size - 1);

    if (length <= 0) {
        snprintf(command, size, "-");
        return;
    }
    command[length] = '\0';
    command[strcspn(command, "\n")] = '\0';
}

void caller_describe(struct caller *caller, uid_t uid, pid_t thread)
{
    caller->uid = uid;
    caller->pid = thread;
    read_command(thread, caller->command, sizeof(caller->command));
}

/* Signals, as a bit each: signal 1 is the lowest. */

static uint64_t bit(int signal)
{
    return UINT64_C(1) << (signal - 1);
}

/* Adds the signals of a line "NAME:\tHEX" of /proc/N/status, if it is that line. */
static bool take_line(const char *line, const char *name, uint64_t *signals)
{
    size_t length = strlen(name);

    if (strncmp(line, name, length) != 0 || line[length] != ':')
        return false;
    *signals |= strtoull(line + length + 1, NULL, 16);
    return true;
}

/* What /proc tells of a thread's signals. */
struct signals {
    uint64_t pending;
    uint64_t blocked;
    uint64_t ignored;
    uint64_t caught;
};

/* False when not all is told. */
static bool read_signals(FILE *status, struct signals *signals)
{
    int found = 0;
    char *line = NULL;
    size_t room = 0;

    *signals = (struct signals){0};
    while (getline(&line, &room, status) > 0)
        found += take_line(line, "SigPnd", &signals->pending) +
                 take_line(line, "ShdPnd", &signals->pending) +
                 take_line(line, "SigBlk", &signals->blocked) +
                 take_line(line, "SigIgn", &signals->ignored) +
                 take_line(line, "SigCgt", &signals->caught);
    free(line);
    return found == 5;
}

/* Whether one of the signals asks the program to end, or is going to end it. */
static bool wants_end(const struct signals *signals)
{
    const uint64_t asking = bit(SIGINT) | bit(SIGTERM) | bit(SIGQUIT) | bit(SIGHUP) | bit(SIGKILL);
    const uint64_t harmless = bit(SIGCHLD) | bit(SIGCONT) | bit(SIGURG) | bit(SIGWINCH) |
                              bit(SIGSTOP) | bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGTTOU);
    uint64_t pending = signals->pending & ~signals->blocked;
    uint64_t ending = pending & ~harmless & ~signals->ignored & ~signals->caught;

    return pending & asking || ending;
}

bool caller_wants_out(pid_t thread)
{
    struct signals signals;
    char path[48];
    FILE *status;
    bool told;

    make_path(thread, "status", path);
    status = thread ? fopen(path, "re") : NULL;
    if (!status)
        return true;
    told = read_signals(status, &signals);
    fclose(status);
    return !told || wants_end(&signals);
}
