#include "fs/cleaner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <unistd.h>

#include "fs/mountinfo.h"

/* Microseconds between two looks at a mount whose program has just died. */
#define PAUSE_US 10000

/* Nobody writes: it ends with the last process that has the other end. */
static void wait_for_end(int pipe)
{
    char byte;
    ssize_t got;

    do {
        got = read(pipe, &byte, sizeof(byte));
    } while (got > 0 || (got < 0 && errno == EINTR));
}

/* Opening, unlike a look at attributes, is never answered from memory. Until the kernel has closed
 * what the process had open, it waits and ends with ECONNABORTED. What is not ours is not opened:
 * it may be an automount, which would mount us again. */
static bool is_dead(const char *path)
{
    struct mounted mounted;
    int fd;

    if (!mountinfo_is_ours(path, &mounted))
        return false;
    while ((fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 && errno == ECONNABORTED)
        usleep(PAUSE_US);
    if (fd >= 0)
        close(fd);
    return fd < 0 && errno == ENOTCONN;
}

static void leave_signals(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
}

__attribute__((noreturn)) static void clean(int pipe, const char *path)
{
    setsid();
    leave_signals();
    dup2(pipe, STDIN_FILENO);
    closefrom(STDIN_FILENO + 1);
    if (chdir("/"))
        _exit(1);
    wait_for_end(STDIN_FILENO);
    if (is_dead(path) && umount2(path, MNT_DETACH))
        execlp("fusermount3", "fusermount3", "-u", "-z", "-q", "--", path, (char *)NULL);
    _exit(0);
}

int cleaner_start(const char *path)
{
    int ends[2];
    pid_t child;

    if (pipe2(ends, O_CLOEXEC))
        return -errno;
    child = fork();
    if (!child)
        clean(ends[0], path);
    close(ends[0]);
    /* The other end stays open as long as this process. */
    return child < 0 ? -errno : 0;
}
