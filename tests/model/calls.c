/*
 * Usage: calls ROOT SEED COUNT PROCESSES
 *
 * Makes random system calls on random paths in ROOT, the root of a mount, with arguments that a
 * program might give. All are made in a chroot in which there is nothing but the mount, so that
 * they harm nothing else. Each process makes COUNT calls, which its own seed decides; one that
 * takes longer than PATIENCE ends its process, and that is a failure: a mount must not leave
 * anybody stuck.
 *
 * Nothing is expected of a single call, errors least of all. calls.py says what must hold
 * afterwards.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define PATIENCE        40 /* seconds: more than a mount waits for its backend */
#define FILES           24
#define PROCESSES_MAX   16
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* What a process does now, for who looks when it does not come back. */
struct doing {
    const char *call;
    char path[300];
    unsigned long count;
};

static struct doing *doing;
static uint64_t state;
static int files[FILES];
static int notifier;
static int epoll;
static char data[200000];
static sigjmp_buf after_fault;

/* ---- what is random: xorshift64* */

static uint64_t draw(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 2685821657736338717U;
}

static unsigned below(unsigned limit)
{
    return (unsigned)(draw() >> 33) % limit;
}

static bool one_in(unsigned count)
{
    return !below(count);
}

#define ONE_OF(...) \
    ((const int[]){__VA_ARGS__}[below(sizeof((const int[]){__VA_ARGS__}) / sizeof(int))])

static const char *word(void)
{
    static const char *const words[] = {
        "apps",        "apps",
        "checkpoints", "checkpoints",
        "streams",     "status",
        "commits",     "errors",
        "metrics",     "README",
        "overview",    "now.html",
        "billing",     "billing",
        "audit",       "new",
        "orders",      "orders",
        "payments",    "0",
        "0",           "1",
        "2",           "7",
        "checkpoint",  "checkpoint",
        "metadata",    "cursor",
        "lag",         "shardId-0000000001",
        "earliest",    "latest",
        "cursors",     "at",
        "after",       "since",
        "42",          "@1h",
        "2026-11-21",  ".x",
        ".parts",      "draft",
        "..",          ".",
        "a b",         "my%20app",
        "%zz",         "\xff",
        "a\nb",        "0123456789012345678901234567890123456789",
    };

    return words[below(COUNT_OF(words))];
}

/* One to six words, with slashes between them, as far as there is room. */
static void print_words(char *text, size_t room)
{
    unsigned depth = 1 + below(6);
    size_t size = 0;

    for (unsigned i = 0; i < depth && size < room; i++)
        size += (size_t)snprintf(text + size, room - size, "%s%s", i ? "/" : "", word());
}

/* Most lead somewhere. */
static const char *path(void)
{
    static const char *const likely[] = {
        "/apps/billing/orders/0/checkpoint",
        "/apps/billing/orders/1/checkpoint",
        "/apps/billing/orders/0/metadata",
        "/apps/billing/orders/0/cursor",
        "/apps/billing/orders/0/lag",
        "/apps/billing/orders/0/status",
        "/apps/billing/orders/0",
        "/apps/billing",
        "/checkpoints/billing/orders/0",
        "/checkpoints/billing/orders/2",
        "/checkpoints/billing/orders/draft",
        "/checkpoints/billing/orders/.x",
        "/checkpoints/billing/orders/.x/0",
        "/checkpoints/billing/orders",
        "/checkpoints/audit/orders",
        "/streams/orders/0/earliest",
        "/streams/orders/0/latest",
        "/streams/orders/0/cursors/latest",
        "/streams/orders/0/cursors/at/42",
        "/streams/orders/0/since/@1h",
        "/streams/orders",
        "/errors",
        "",
    };
    size_t room = sizeof(doing->path);

    if (!one_in(4)) {
        snprintf(doing->path, room, "%s", likely[below(COUNT_OF(likely))]);
    } else if (one_in(40)) {
        memset(doing->path, 'x', room - 1);
        doing->path[room - 1] = '\0';
    } else {
        print_words(doing->path, room);
    }
    return doing->path;
}

/* The second one of a call. */
static const char *other_path(void)
{
    static char other[sizeof(doing->path)];
    char first[sizeof(doing->path)];

    memcpy(first, doing->path, sizeof(first));
    memcpy(other, path(), sizeof(other));
    memcpy(doing->path, first, sizeof(first));
    return other;
}

static int file(void)
{
    return files[below(FILES)];
}

/* A directory to begin at. */
static int base(void)
{
    return one_in(4) ? file() : AT_FDCWD;
}

static void keep(int fd)
{
    unsigned place = below(FILES);

    if (fd < 0)
        return;
    if (files[place] >= 0)
        close(files[place]);
    files[place] = fd;
}

static size_t size(void)
{
    return (size_t)ONE_OF(0, 1, 2, 3, 5, 8, 100, 4096, 65536, 65537, 131072, 200000);
}

static off_t offset(void)
{
    return one_in(20) ? (off_t)draw() : ONE_OF(0, 0, 0, 0, 1, 2, 3, 7, 100, 4096, 65535, 65536, -1);
}

/* Something to write. */
static size_t fill(void)
{
    static const char *const texts[] = {
        "42\n",
        "43\nnote\n",
        "44",
        "earliest\n",
        "latest\n",
        "@1h\n",
        "shift +1\n",
        "shift -100\n",
        "NDI=\n",
        "junk\n",
        "\n",
        "0\n",
        "note\n",
        "x",
        "-1\n",
        "99999999999999999999\n",
        "5\n\xff\n",
        "10\ncaf\xc3\xa9\n",
        "100\r\nnote\r\n",
    };
    const char *text = texts[below(COUNT_OF(texts))];

    if (one_in(8)) {
        memset(data, '0' + (int)below(10), sizeof(data));
        return size();
    }
    memcpy(data, text, strlen(text));
    return strlen(text);
}

/* ---- the calls */

static void call_open(void)
{
    int flags = ONE_OF(O_RDONLY, O_WRONLY, O_RDWR, O_RDWR, O_RDWR | O_CREAT, 3);
    static const int more[] = {O_CREAT,     O_CREAT,    O_TRUNC,   O_APPEND,    O_EXCL,
                               O_DIRECTORY, O_NOFOLLOW, O_DIRECT,  O_PATH,      O_TMPFILE,
                               O_NONBLOCK,  O_SYNC,     O_NOATIME, O_LARGEFILE, O_ASYNC};

    while (one_in(3))
        flags |= more[below(COUNT_OF(more))];
    keep(openat(base(), path(), flags, ONE_OF(0644, 0600, 0, 0777)));
}

static void call_close(void)
{
    unsigned place = below(FILES);

    close(files[place]);
    files[place] = -1;
}

static void call_read(void)
{
    (void)!read(file(), data, size());
}

static void call_write(void)
{
    (void)!write(file(), data, fill());
}

static void call_pread(void)
{
    (void)!pread(file(), data, size(), offset());
}

static void call_pwrite(void)
{
    (void)!pwrite(file(), data, fill(), offset());
}

static void call_vector(void)
{
    size_t length = fill();
    struct iovec parts[] = {{data, length / 2}, {data + length / 2, length - length / 2}};
    int flags = ONE_OF(0, 0, RWF_NOWAIT, RWF_APPEND, RWF_DSYNC, RWF_HIPRI);

    if (one_in(2))
        (void)!preadv2(file(), parts, 2, offset(), flags);
    else
        (void)!pwritev2(file(), parts, 2, offset(), flags);
}

static void call_lseek(void)
{
    (void)!lseek(file(), offset(), ONE_OF(SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE, 9));
}

static void call_truncate(void)
{
    if (one_in(2))
        (void)!ftruncate(file(), offset());
    else
        (void)!truncate(path(), offset());
}

static void call_allocate(void)
{
    (void)!fallocate(file(), ONE_OF(0, FALLOC_FL_KEEP_SIZE, 3, FALLOC_FL_ZERO_RANGE, 8), offset(),
                     (off_t)size());
}

static void call_rename(void)
{
    const char *from = path();

    syscall(SYS_renameat2, base(), from, base(), other_path(),
            ONE_OF(0, 0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT));
}

static void call_link(void)
{
    const char *from = path();

    (void)!linkat(base(), from, base(), other_path(), ONE_OF(0, AT_SYMLINK_FOLLOW, AT_EMPTY_PATH));
}

static void call_symlink(void)
{
    const char *to = path();

    (void)!symlinkat(to, base(), other_path());
}

static void call_mknod(void)
{
    (void)!mknodat(base(), path(), (mode_t)ONE_OF(S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR) | 0644, 0);
}

static void call_mkdir(void)
{
    (void)!mkdirat(base(), path(), 0755);
}

static void call_remove(void)
{
    (void)!unlinkat(base(), path(), ONE_OF(0, 0, AT_REMOVEDIR));
}

static void call_mode(void)
{
    if (one_in(2))
        (void)!fchmod(file(), (mode_t)below(010000));
    else
        (void)!fchmodat(base(), path(), (mode_t)below(010000), 0);
}

static void call_owner(void)
{
    (void)!fchownat(base(), path(), (uid_t)ONE_OF(0, 1000, -1), (gid_t)ONE_OF(0, 1000, -1),
                    ONE_OF(0, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH));
}

static void call_times(void)
{
    const struct timespec times[] = {{ONE_OF(0, -1, 1000000000), ONE_OF(0, UTIME_NOW, UTIME_OMIT)},
                                     {ONE_OF(0, 1 << 30), ONE_OF(0, UTIME_NOW, 2000000000)}};

    (void)!utimensat(base(), path(), one_in(3) ? NULL : times, ONE_OF(0, AT_SYMLINK_NOFOLLOW));
}

static void call_attribute(void)
{
    const char *name = one_in(2) ? "user.x" : "security.capability";

    switch (below(5)) {
    case 0:
        (void)!setxattr(path(), name, "y", 1, ONE_OF(0, XATTR_CREATE));
        break;
    case 1:
        (void)!getxattr(path(), name, data, size());
        break;
    case 2:
        (void)!listxattr(path(), data, size());
        break;
    case 3:
        (void)!removexattr(path(), name);
        break;
    default:
        (void)!fgetxattr(file(), name, data, size());
    }
}

static void call_sync(void)
{
    switch (below(4)) {
    case 0:
        (void)!fsync(file());
        break;
    case 1:
        (void)!fdatasync(file());
        break;
    case 2:
        (void)!sync_file_range(file(), offset(), (off_t)size(), 7);
        break;
    default:
        (void)!syncfs(file());
    }
}

static void on_bus_error(int signal)
{
    siglongjmp(after_fault, signal);
}

/* A file that became shorter is a bus error for who looks beyond its end. */
static void touch_memory(volatile char *memory, size_t length, bool writes)
{
    if (sigsetjmp(after_fault, 1))
        return;
    (void)memory[below((unsigned)length)];
    if (writes)
        memory[below((unsigned)length)] = '7';
}

static void call_map(void)
{
    size_t length = 1 + size();
    int protection = ONE_OF(PROT_READ, PROT_READ | PROT_WRITE);
    void *memory = mmap(NULL, length, protection, ONE_OF(MAP_PRIVATE, MAP_PRIVATE, MAP_SHARED),
                        file(), ONE_OF(0, 0, 4096));

    if (memory == MAP_FAILED)
        return;
    touch_memory(memory, length, protection & PROT_WRITE);
    (void)!msync(memory, length, ONE_OF(MS_SYNC, MS_ASYNC, MS_SYNC | MS_INVALIDATE));
    munmap(memory, length);
}

static void call_copy(void)
{
    loff_t from = offset();
    loff_t to = offset();

    if (one_in(2))
        (void)!copy_file_range(file(), one_in(2) ? &from : NULL, file(), one_in(2) ? &to : NULL,
                               size(), 0);
    else
        (void)!sendfile(file(), file(), one_in(2) ? &from : NULL, size());
}

/* Between a file and a pipe that nobody waits for. */
static void call_splice(void)
{
    loff_t place = offset();
    loff_t *where = one_in(2) ? &place : NULL;
    int ends[2];

    if (pipe2(ends, O_NONBLOCK))
        return;
    if (one_in(2)) {
        (void)!splice(file(), where, ends[1], NULL, size(), SPLICE_F_NONBLOCK);
    } else {
        (void)!write(ends[1], data, fill() % 4096);
        (void)!splice(ends[0], NULL, file(), where, size(), SPLICE_F_NONBLOCK);
    }
    close(ends[0]);
    close(ends[1]);
}

static void call_control(void)
{
    int value = ONE_OF(0, 1, 4096);

    (void)!ioctl(file(),
                 (unsigned long)(unsigned)ONE_OF(0x5401, FIONREAD, FIONBIO, FIBMAP, FIGETBSZ),
                 &value);
    (void)!ioctl(file(), one_in(2) ? FS_IOC_GETFLAGS : FS_IOC_SETFLAGS, &value);
}

/* And gives it back, for the kernel makes others wait until it is given back. */
static void take_lease(int fd)
{
    (void)!fcntl(fd, F_SETLEASE, ONE_OF(F_RDLCK, F_WRLCK));
    (void)!fcntl(fd, F_SETLEASE, F_UNLCK);
}

static void call_flags(void)
{
    switch (below(4)) {
    case 0:
        (void)!fcntl(file(), F_SETFL, ONE_OF(0, O_APPEND, O_DIRECT, O_NONBLOCK, O_NOATIME));
        break;
    case 1:
        take_lease(file());
        break;
    case 2:
        keep(fcntl(file(), F_DUPFD_CLOEXEC, 10));
        break;
    default:
        keep(dup(file()));
    }
}

static void call_lock(void)
{
    struct flock lock = {.l_type = (short)ONE_OF(F_RDLCK, F_WRLCK, F_UNLCK),
                         .l_whence = (short)ONE_OF(SEEK_SET, SEEK_CUR, SEEK_END),
                         .l_start = ONE_OF(0, 1, 100, -5),
                         .l_len = ONE_OF(0, 1, 100)};

    if (one_in(3))
        (void)!flock(file(), ONE_OF(LOCK_SH, LOCK_EX, LOCK_UN) | LOCK_NB);
    else
        (void)!fcntl(file(), ONE_OF(F_SETLK, F_GETLK, F_OFD_SETLK, F_OFD_GETLK), &lock);
}

static void call_poll(void)
{
    struct pollfd wanted = {file(), (short)ONE_OF(POLLIN, POLLOUT, POLLPRI, POLLPRI | POLLIN), 0};
    struct epoll_event event = {EPOLLIN | EPOLLPRI, {0}};

    if (one_in(3))
        (void)!epoll_ctl(epoll, ONE_OF(EPOLL_CTL_ADD, EPOLL_CTL_DEL), file(), &event);
    else
        (void)!poll(&wanted, 1, ONE_OF(0, 0, 1, 3));
}

static void call_look(void)
{
    struct statx more;
    struct statfs system;
    struct stat about;

    switch (below(6)) {
    case 0:
        (void)!statx(base(), path(), ONE_OF(0, AT_EMPTY_PATH, AT_STATX_FORCE_SYNC), STATX_ALL,
                     &more);
        break;
    case 1:
        (void)!fstatat(base(), path(), &about, AT_SYMLINK_NOFOLLOW);
        break;
    case 2:
        (void)!fstat(file(), &about);
        break;
    case 3:
        (void)!faccessat(base(), path(), ONE_OF(R_OK, W_OK, X_OK, F_OK, 7), 0);
        break;
    case 4:
        (void)!statfs(path(), &system);
        break;
    default:
        (void)!readlinkat(base(), path(), data, sizeof(data));
    }
}

static void call_list(void)
{
    (void)!syscall(SYS_getdents64, file(), data, one_in(10) ? 30 : sizeof(data));
}

static void call_watch(void)
{
    if (one_in(2))
        (void)!inotify_add_watch(notifier, path(), IN_ALL_EVENTS);
    else
        (void)!read(notifier, data, sizeof(data));
}

static void call_advise(void)
{
    if (one_in(2))
        (void)!posix_fadvise(file(), offset(), (off_t)size(), (int)below(6));
    else
        (void)!readahead(file(), offset(), size());
}

static void call_handle(void)
{
    union {
        struct file_handle handle;
        char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
    } place = {.handle.handle_bytes = MAX_HANDLE_SZ};
    int mount = -1;

    if (!name_to_handle_at(base(), path(), &place.handle, &mount, 0))
        keep(open_by_handle_at(file(), &place.handle, O_RDONLY));
}

static void call_directory(void)
{
    if (one_in(2))
        (void)!fchdir(file());
    else
        (void)!chdir(one_in(2) ? "/" : path());
}

static const struct call {
    const char *name;
    unsigned share;
    void (*make)(void);
} calls[] = {
    {"openat", 22, call_open},       {"close", 4, call_close},     {"read", 6, call_read},
    {"write", 8, call_write},        {"pread", 4, call_pread},     {"pwrite", 6, call_pwrite},
    {"preadv2", 2, call_vector},     {"lseek", 3, call_lseek},     {"truncate", 3, call_truncate},
    {"fallocate", 1, call_allocate}, {"rename", 4, call_rename},   {"link", 1, call_link},
    {"symlink", 1, call_symlink},    {"mknod", 1, call_mknod},     {"mkdir", 4, call_mkdir},
    {"unlink", 3, call_remove},      {"chmod", 1, call_mode},      {"chown", 1, call_owner},
    {"utimensat", 1, call_times},    {"xattr", 2, call_attribute}, {"fsync", 2, call_sync},
    {"mmap", 2, call_map},           {"copy", 3, call_copy},       {"splice", 2, call_splice},
    {"ioctl", 1, call_control},      {"fcntl", 2, call_flags},     {"lock", 2, call_lock},
    {"poll", 2, call_poll},          {"stat", 8, call_look},       {"getdents", 4, call_list},
    {"inotify", 1, call_watch},      {"fadvise", 1, call_advise},  {"handle", 1, call_handle},
    {"chdir", 1, call_directory},
};

static const struct call *random_call(void)
{
    unsigned total = 0;
    unsigned left;

    for (size_t i = 0; i < COUNT_OF(calls); i++)
        total += calls[i].share;
    left = below(total);
    for (const struct call *call = calls;; call++) {
        if (left < call->share)
            return call;
        left -= call->share;
    }
}

/* ---- the processes */

static void enter(const char *root)
{
    if (chroot(root) || chdir("/"))
        err(1, "%s", root);
    for (unsigned i = 0; i < FILES; i++)
        files[i] = -1;
    notifier = inotify_init1(IN_NONBLOCK);
    epoll = epoll_create1(0);
    signal(SIGBUS, on_bus_error);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGIO, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

static void run(const char *root, uint64_t seed, unsigned long count)
{
    state = seed * 0x9E3779B97F4A7C15U + 1;
    enter(root);
    while (doing->count < count) {
        const struct call *call = random_call();

        doing->call = call->name;
        *doing->path = '\0';
        alarm(PATIENCE);
        call->make();
        doing->count++;
    }
    _exit(0); /* a sanitizer finds nothing here that it could look for leaks with */
}

/* True if the process made all its calls. */
static bool ended_well(const struct doing *did, pid_t process)
{
    int status = -1;

    if (waitpid(process, &status, 0) == process && WIFEXITED(status) && !WEXITSTATUS(status))
        return true;
    fprintf(stderr, "calls: %s of \"%s\", call %lu: %s\n", did->call ? did->call : "-", did->path,
            did->count, WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "failed");
    return false;
}

int main(int count, char **words)
{
    unsigned processes = count == 5 ? (unsigned)strtoul(words[4], NULL, 10) : 0;
    pid_t pids[PROCESSES_MAX];
    bool good = true;
    struct doing *all = mmap(NULL, PROCESSES_MAX * sizeof(*all), PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (all == MAP_FAILED || !processes || processes > PROCESSES_MAX)
        errx(2, "usage: calls ROOT SEED COUNT PROCESSES");
    for (unsigned i = 0; i < processes; i++) {
        doing = &all[i];
        pids[i] = fork();
        if (pids[i] < 0)
            err(1, "fork");
        if (!pids[i])
            run(words[1], strtoull(words[2], NULL, 10) * PROCESSES_MAX + i,
                strtoul(words[3], NULL, 10));
    }
    for (unsigned i = 0; i < processes; i++)
        good = ended_well(&all[i], pids[i]) && good;
    return good ? 0 : 1;
}
