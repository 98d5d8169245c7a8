#include "tests/simulate/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/simulate/chance.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/history.h"
#include "tests/simulate/threads.h"
#include "tests/simulate/trace.h"

/* Descriptors are numbers that the machine does not give. */
#define FIRST_DESCRIPTOR 1000000
#define DESCRIPTORS      64

/* A call takes time once in so many times; a sync always does. */
#define SLOW_ONCE_IN 4

struct descriptor {
    bool is_open;
    struct inode *inode; /* NULL: the directory */
    int process;
    bool is_dead;
    bool has_lock;
    unsigned failures; /* of syncs, that it was told of */
};

static struct descriptor descriptors[DESCRIPTORS];
static files_synced_fn *tell_synced;
static struct files_faults faults;
static int64_t last_fault;
static int process_now;
static int holder; /* the descriptor of somebody who holds a lock, or -1 */

void files_begin(files_synced_fn *synced)
{
    tell_synced = synced;
    faults = (struct files_faults){0};
    last_fault = -1;
    process_now = NO_MOUNT;
    holder = -1;
    disk_begin();
}

void files_end(void)
{
    files_let_go();
    disk_end();
}

void files_set_faults(const struct files_faults *now)
{
    faults = *now;
}

int64_t files_last_fault(void)
{
    return last_fault;
}

void files_set_process(int process)
{
    process_now = process;
}

void files_kill(int process)
{
    for (int i = 0; i < DESCRIPTORS; i++) {
        struct descriptor *descriptor = &descriptors[i];

        if (!descriptor->is_open || descriptor->process != process)
            continue;
        descriptor->is_dead = true;
        descriptor->has_lock = false;
    }
}

/* Time and faults */

static int fail(int code)
{
    errno = code;
    return -1;
}

static bool is_simulated(int fd)
{
    return fd >= FIRST_DESCRIPTOR;
}

static struct descriptor *descriptor_of(int fd)
{
    return &descriptors[fd - FIRST_DESCRIPTOR];
}

/* Others have their turn; false when the process has been killed meanwhile. */
static bool take_time(const struct descriptor *descriptor, unsigned once_in)
{
    if (!descriptor->is_dead && chance_once_in(once_in))
        thread_pause((int64_t)chance_below((uint64_t)faults.slowest + 1));
    return !descriptor->is_dead;
}

static bool meets_fault(const char *what)
{
    if (!faults.once_in || !chance_once_in(faults.once_in))
        return false;
    trace("  %s fails", what);
    last_fault = clock_ms();
    return true;
}

/* Opening */

static bool is_on_disk(const char *path)
{
    return !strncmp(path, DISK, strlen(DISK));
}

static int open_descriptor(struct inode *inode, int process)
{
    for (int i = 0; i < DESCRIPTORS; i++) {
        if (descriptors[i].is_open)
            continue;
        descriptors[i] = (struct descriptor){.is_open = true,
                                             .inode = disk_hold(inode),
                                             .process = process,
                                             .failures = inode ? inode->failures : 0};
        return FIRST_DESCRIPTOR + i;
    }
    abort();
}

static int open_file(const char *path, int flags, int process)
{
    struct inode *inode = flags & O_CREAT ? disk_make(path) : disk_find(path);

    return inode ? open_descriptor(inode, process) : fail(ENOENT);
}

static void print_path(char path[static 64], const char *name)
{
    snprintf(path, 64, DISK "%s", name);
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_openat(int fd, const char *path, int flags, ...);
int __wrap_openat(int fd, const char *path, int flags, ...);
int __real_close(int fd);
int __wrap_close(int fd);

int __wrap_open(const char *path, int flags, ...)
{
    va_list arguments;
    unsigned mode;

    va_start(arguments, flags);
    mode = flags & O_CREAT ? va_arg(arguments, unsigned) : 0;
    va_end(arguments);
    if (!is_on_disk(path))
        return __real_open(path, flags, mode);
    return flags & O_DIRECTORY ? open_descriptor(NULL, process_now)
                               : open_file(path, flags, process_now);
}

int __wrap_openat(int fd, const char *path, int flags, ...)
{
    char whole[64];
    va_list arguments;
    unsigned mode;

    va_start(arguments, flags);
    mode = flags & O_CREAT ? va_arg(arguments, unsigned) : 0;
    va_end(arguments);
    if (!is_simulated(fd))
        return __real_openat(fd, path, flags, mode);
    if (descriptor_of(fd)->is_dead || meets_fault("opening a file"))
        return fail(EIO);
    print_path(whole, path);
    return open_file(whole, flags, descriptor_of(fd)->process);
}

int __wrap_close(int fd)
{
    if (!is_simulated(fd))
        return __real_close(fd);
    disk_drop(descriptor_of(fd)->inode);
    *descriptor_of(fd) = (struct descriptor){0};
    return 0;
}

/* Looking */

int __real_statx(int fd, const char *path, int flags, unsigned mask, struct statx *seen);
int __wrap_statx(int fd, const char *path, int flags, unsigned mask, struct statx *seen);
int __real_fstat(int fd, struct stat *seen);
int __wrap_fstat(int fd, struct stat *seen);
int __real_fstatat(int fd, const char *path, struct stat *seen, int flags);
int __wrap_fstatat(int fd, const char *path, struct stat *seen, int flags);
int __real_faccessat(int fd, const char *path, int mode, int flags);
int __wrap_faccessat(int fd, const char *path, int mode, int flags);

int __wrap_statx(int fd, const char *path, int flags, unsigned mask, struct statx *seen)
{
    const struct inode *inode = is_simulated(fd) ? descriptor_of(fd)->inode : disk_find(path);

    if (!is_simulated(fd) && !is_on_disk(path))
        return __real_statx(fd, path, flags, mask, seen);
    if (!inode)
        return fail(ENOENT);
    *seen = (struct statx){
        .stx_ino = inode->number, .stx_nlink = inode->links, .stx_size = inode->size};
    return 0;
}

static int describe(const struct inode *inode, struct stat *seen)
{
    if (!inode)
        return fail(ENOENT);
    *seen = (struct stat){.st_ino = inode->number,
                          .st_mode = S_IFREG | S_IRUSR | S_IWUSR,
                          .st_uid = geteuid(),
                          .st_size = (off_t)inode->size};
    return 0;
}

int __wrap_fstat(int fd, struct stat *seen)
{
    return is_simulated(fd) ? describe(descriptor_of(fd)->inode, seen) : __real_fstat(fd, seen);
}

int __wrap_fstatat(int fd, const char *path, struct stat *seen, int flags)
{
    char whole[64];

    if (!is_simulated(fd))
        return __real_fstatat(fd, path, seen, flags);
    print_path(whole, path);
    return describe(disk_find(whole), seen);
}

int __wrap_faccessat(int fd, const char *path, int mode, int flags)
{
    return is_simulated(fd) ? 0 : __real_faccessat(fd, path, mode, flags);
}

/* Locks */

int __real_flock(int fd, int how);
int __wrap_flock(int fd, int how);
int __real_usleep(useconds_t microseconds);
int __wrap_usleep(useconds_t microseconds);

static const struct descriptor *owner_of_lock(const struct inode *inode)
{
    for (int i = 0; i < DESCRIPTORS; i++) {
        if (descriptors[i].is_open && descriptors[i].has_lock && descriptors[i].inode == inode)
            return &descriptors[i];
    }
    return NULL;
}

static int take_lock(struct descriptor *descriptor)
{
    const struct descriptor *owner = owner_of_lock(descriptor->inode);

    if (owner && owner != descriptor) {
        if (owner->process == NO_MOUNT)
            last_fault = clock_ms();
        return fail(EWOULDBLOCK);
    }
    descriptor->has_lock = true;
    return 0;
}

int __wrap_flock(int fd, int how)
{
    if (!is_simulated(fd))
        return __real_flock(fd, how);
    if (how & LOCK_UN) {
        descriptor_of(fd)->has_lock = false;
        return 0;
    }
    if (!take_time(descriptor_of(fd), SLOW_ONCE_IN))
        return fail(EIO);
    return take_lock(descriptor_of(fd));
}

/* The loop's thread waits for a lock that a thread has. */
int __wrap_usleep(useconds_t microseconds)
{
    (void)microseconds;
    threads_go_on();
    return 0;
}

void files_hold_lock(const char *path)
{
    if (holder >= 0 || !disk_find(path))
        return;
    holder = open_file(path, 0, NO_MOUNT);
    if (take_lock(descriptor_of(holder)))
        files_let_go();
}

void files_let_go(void)
{
    if (holder >= 0)
        close(holder);
    holder = -1;
}

/* Reading and writing */

ssize_t __real_pread(int fd, void *to, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *to, size_t size, off_t offset);
ssize_t __real_write(int fd, const void *from, size_t size);
ssize_t __wrap_write(int fd, const void *from, size_t size);
ssize_t __real_writev(int fd, const struct iovec *pieces, int count);
ssize_t __wrap_writev(int fd, const struct iovec *pieces, int count);
int __real_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size);
int __real_renameat(int fd, const char *from, int other, const char *to);
int __wrap_renameat(int fd, const char *from, int other, const char *to);

ssize_t __wrap_pread(int fd, void *to, size_t size, off_t offset)
{
    if (!is_simulated(fd))
        return __real_pread(fd, to, size, offset);
    if (!take_time(descriptor_of(fd), SLOW_ONCE_IN) || meets_fault("a read"))
        return fail(EIO);
    return (ssize_t)disk_read(descriptor_of(fd)->inode, to, size, (size_t)offset);
}

static size_t append(struct inode *inode, const struct iovec *piece, size_t room)
{
    size_t size = piece->iov_len < room ? piece->iov_len : room;

    if (size)
        disk_write(inode, piece->iov_base, size, inode->size);
    return size;
}

/* All of it, or on a full disk some. */
static ssize_t append_all(struct descriptor *descriptor, const struct iovec *pieces, int count)
{
    size_t whole = 0;
    size_t room;
    size_t written = 0;

    for (int i = 0; i < count; i++)
        whole += pieces[i].iov_len;
    room = meets_fault("a write") ? chance_below(whole + 1) : whole;
    for (int i = 0; i < count; i++)
        written += append(descriptor->inode, &pieces[i], room - written);
    return written ? (ssize_t)written : fail(ENOSPC);
}

ssize_t __wrap_writev(int fd, const struct iovec *pieces, int count)
{
    if (!is_simulated(fd))
        return __real_writev(fd, pieces, count);
    if (!take_time(descriptor_of(fd), SLOW_ONCE_IN))
        return fail(EIO);
    return append_all(descriptor_of(fd), pieces, count);
}

ssize_t __wrap_write(int fd, const void *from, size_t size)
{
    struct iovec piece = {(void *)(uintptr_t)from, size};

    return is_simulated(fd) ? __wrap_writev(fd, &piece, 1) : __real_write(fd, from, size);
}

int __wrap_ftruncate(int fd, off_t size)
{
    if (!is_simulated(fd))
        return __real_ftruncate(fd, size);
    if (descriptor_of(fd)->is_dead || meets_fault("cutting a file"))
        return fail(EIO);
    disk_truncate(descriptor_of(fd)->inode, (size_t)size);
    return 0;
}

int __wrap_renameat(int fd, const char *from, int other, const char *to)
{
    char whole[64];
    char whole_to[64];

    if (!is_simulated(fd))
        return __real_renameat(fd, from, other, to);
    if (!take_time(descriptor_of(fd), SLOW_ONCE_IN) || meets_fault("a renaming"))
        return fail(EIO);
    print_path(whole, from);
    print_path(whole_to, to);
    if (!disk_find(whole))
        return fail(ENOENT);
    trace("  %s is %s from now on", from, to);
    disk_rename(whole, whole_to);
    return 0;
}

/* What lasts */

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);

int __wrap_fsync(int fd)
{
    if (!is_simulated(fd))
        return __real_fsync(fd);
    if (!take_time(descriptor_of(fd), 1) || meets_fault("a sync of the directory"))
        return fail(EIO);
    disk_sync_names();
    return 0;
}

int __wrap_fdatasync(int fd)
{
    struct descriptor *descriptor = is_simulated(fd) ? descriptor_of(fd) : NULL;

    if (!descriptor)
        return __real_fdatasync(fd);
    if (!take_time(descriptor, 1))
        return fail(EIO);
    if (meets_fault("a sync"))
        disk_sync_badly(descriptor->inode);
    else
        disk_sync(descriptor->inode);
    if (descriptor->failures != descriptor->inode->failures) {
        descriptor->failures = descriptor->inode->failures;
        last_fault = clock_ms();
        return fail(EIO);
    }
    tell_synced(descriptor->inode);
    return 0;
}

/* Names of mounts are those of this run. */
ssize_t __wrap_getrandom(void *to, size_t size, unsigned flags);
ssize_t __wrap_getrandom(void *to, size_t size, unsigned flags)
{
    (void)flags;
    for (size_t i = 0; i < size; i++)
        ((unsigned char *)to)[i] = (unsigned char)chance_below(256);
    return (ssize_t)size;
}
