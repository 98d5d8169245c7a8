#include "fs/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/say.h"

/* The exit status as a digit, and a line of text unless it is 0. */
#define SUCCESS '0'

#define FIRST_OF_OURS (STDERR_FILENO + 1)

/* The writing end of the pipe to the parent; -1 in the foreground, and after the verdict. */
static int verdict_pipe = -1;

/* Waits for the child's verdict. Dying without one is a failure too. */
__attribute__((noreturn)) static void wait_for_verdict(int pipe)
{
    char line[1024];
    size_t size = 0;
    ssize_t got;

    while (size < sizeof(line) - 1 &&
           ((got = read(pipe, line + size, sizeof(line) - 1 - size)) > 0 ||
            (got < 0 && errno == EINTR)))
        size += got > 0 ? (size_t)got : 0;
    line[size] = '\0';
    if (*line == SUCCESS)
        _exit(EXIT_SUCCESS);
    say("%s", size ? line + 1 : "the daemon died while it started");
    _exit(size ? *line - SUCCESS : EXIT_FAILURE);
}

bool daemon_complete_standard(void)
{
    for (int fd = 0; fd < FIRST_OF_OURS; fd++) {
        /* open() takes the lowest that is free */
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return false;
    }
    return true;
}

/* Closes what the command was started with: a lock that flock(1) holds ends with the command then,
 * and so does a pipe that somebody reads to its end. */
static void drop_inherited(int pipe)
{
    verdict_pipe = dup3(pipe, FIRST_OF_OURS, O_CLOEXEC);
    if (verdict_pipe < 0)
        verdict_pipe = pipe;
    else
        closefrom(FIRST_OF_OURS + 1);
}

void daemon_start(bool foreground)
{
    int ends[2];
    pid_t child;

    if (foreground)
        return;
    if (pipe2(ends, O_CLOEXEC) || (child = fork()) < 0) {
        say("cannot start the daemon: %s", strerror(errno));
        exit(EXIT_FAILURE);
    }
    if (child) {
        close(ends[1]);
        wait_for_verdict(ends[0]);
    }
    close(ends[0]);
    drop_inherited(ends[1]);
}

static void send_verdict(const char *text)
{
    size_t size = strlen(text);

    while (size) {
        ssize_t sent = write(verdict_pipe, text, size);

        if (sent < 0 && errno != EINTR)
            break;
        text += sent > 0 ? sent : 0;
        size -= sent > 0 ? (size_t)sent : 0;
    }
    close(verdict_pipe);
    verdict_pipe = -1;
}

/* Makes standard input, output and error /dev/null. Not before the mount: an automounter knows its
 * own by their process group, and whoever is in another waits for the mount to be made. */
static void leave_terminal(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    setsid();
    if (null < 0)
        return;
    for (int fd = 0; fd < FIRST_OF_OURS; fd++)
        dup2(null, fd);
    if (null >= FIRST_OF_OURS)
        close(null);
}

void daemon_succeed(void)
{
    if (verdict_pipe < 0)
        return;
    leave_terminal();
    send_verdict((const char[]){SUCCESS, '\0'});
}

int daemon_fail(int status, const char *format, ...)
{
    char line[1000] = {(char)(SUCCESS + status)};
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line + 1, sizeof(line) - 1, format, arguments);
    va_end(arguments);
    if (verdict_pipe >= 0)
        send_verdict(line);
    else
        say("%s", line + 1);
    return status;
}
