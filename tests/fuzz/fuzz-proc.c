/*
 * What the system tells of mounts and of programs: the input is such a file of /proc, and in part
 * what its lines are made of. A program can name itself and where it mounts; the rest is the
 * kernel's.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "fs/caller.h"
#include "fs/mountinfo.h"

#define PID  4711
#define ROOM 4096

/* What a file of /proc holds now. */
static struct {
    char data[ROOM];
    size_t size;
} file;

static void set_file(const void *data, size_t size)
{
    file.size = size < ROOM ? size : ROOM;
    memcpy(file.data, data, file.size);
}

FILE *__wrap_fopen(const char *path, const char *mode);
int __wrap_open(const char *path, int flags, ...);

FILE *__wrap_fopen(const char *path, const char *mode)
{
    static char number[] = "pos:\t0\nmnt_id:\t36\n";

    (void)mode;
    if (strstr(path, "/fdinfo/"))
        return fmemopen(number, strlen(number), "r");
    return file.size ? fmemopen(file.data, file.size, "r") : NULL;
}

/* The name of a program; a mount is anything that can be closed. */
int __wrap_open(const char *path, int flags, ...)
{
    int fd = memfd_create("proc", MFD_CLOEXEC);

    (void)flags;
    CHECK(fd >= 0);
    if (strstr(path, "/comm"))
        CHECK(pwrite(fd, file.data, file.size, 0) == (ssize_t)file.size);
    return fd;
}

/* Mounts */

static void check_mounted(const struct mounted *mounted)
{
    CHECK(memchr(mounted->type, '\0', sizeof(mounted->type)));
    CHECK(memchr(mounted->source, '\0', sizeof(mounted->source)));
}

/* As the kernel writes a name there. */
static void print_escaped(struct buf *line, const char *text)
{
    for (; *text; text++)
        buf_printf(line, strchr(" \t\n\\", *text) ? "\\%03o" : "%c", (unsigned char)*text);
}

/* A mount is found by its path, whatever that is, among others. */
static void find_mount(const char *path)
{
    struct buf line = BUF_INIT(ROOM);
    struct mounted mounted;

    buf_puts(&line, "361 35 0:1 / / rw - ext4 /dev/root rw\n36 35 0:1 / ");
    print_escaped(&line, path);
    buf_puts(&line, " rw,nosuid shared:1 master:2 - " MOUNTED_TYPE " ");
    print_escaped(&line, path);
    buf_puts(&line, " rw\n");
    CHECK(!buf_error(&line));
    set_file(line.data, line.size);
    buf_release(&line);
    CHECK(mountinfo_is_ours(path, &mounted));
    check_mounted(&mounted);
    CHECK(!strncmp(mounted.source, path, sizeof(mounted.source) - 1));
    CHECK(!mountinfo_find("/", &mounted));
}

/* Programs */

static uint64_t take_mask(const uint8_t **data, size_t *size)
{
    uint64_t mask = 0;
    size_t taken = *size < sizeof(mask) ? *size : sizeof(mask);

    memcpy(&mask, *data, taken);
    *data += taken;
    *size -= taken;
    return mask;
}

static bool has(uint64_t mask, int signal)
{
    return mask >> (signal - 1) & 1;
}

/* Of a signal alone, by signal(7). */
static bool ends(int signal, uint64_t ignored, uint64_t caught)
{
    static const int asking[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGKILL};
    static const int harmless[] = {SIGCHLD, SIGCONT, SIGURG,  SIGWINCH,
                                   SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};

    for (size_t i = 0; i < sizeof(asking) / sizeof(asking[0]); i++) {
        if (signal == asking[i])
            return true;
    }
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        if (signal == harmless[i])
            return false;
    }
    return !has(ignored, signal) && !has(caught, signal);
}

static void look_at_signals(const uint8_t *data, size_t size)
{
    uint64_t own = take_mask(&data, &size);
    uint64_t shared = take_mask(&data, &size);
    uint64_t blocked = take_mask(&data, &size);
    uint64_t ignored = take_mask(&data, &size);
    uint64_t caught = take_mask(&data, &size);
    bool wants_out = false;
    char text[ROOM];

    set_file(text, (size_t)snprintf(text, sizeof(text),
                                    "Name:\tsh\nSigQ:\t0/63\nSigPnd:\t%016lx\nShdPnd:\t%016lx\n"
                                    "SigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n",
                                    own, shared, blocked, ignored, caught));
    for (int signal = 1; signal <= 64; signal++)
        wants_out |= has((own | shared) & ~blocked, signal) && ends(signal, ignored, caught);
    CHECK(caller_wants_out(PID) == wants_out);
}

static void describe(void)
{
    struct caller caller;

    caller_describe(&caller, 1, PID);
    CHECK(caller.pid == PID && memchr(caller.command, '\0', sizeof(caller.command)));
    CHECK(!strchr(caller.command, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *path = text_of(data, size < 300 ? size : 300);
    struct mounted mounted;

    set_file(data, size);
    mountinfo_find("/mnt/a", &mounted);
    check_mounted(&mounted);
    caller_wants_out(PID);
    describe();
    if (*path && strcmp(path, "/") != 0)
        find_mount(path);
    look_at_signals(data, size);
    free(path);
    return 0;
}
