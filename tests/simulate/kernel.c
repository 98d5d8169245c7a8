#include "tests/simulate/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "fs/caller.h"
#include "fs/operations.h"
#include "tests/service/common/memory.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/memory.h"

#define BUFFER_SIZE   ((size_t)256 * 1024)
#define READ_SIZE     4096
#define TRIES_MAX     10
#define LOOK_AGAIN_MS 1000

/* A request that has not been answered. */
struct pending {
    LIST_ENTRY(pending) link;
    uint64_t unique;
    reply_fn *reply;
    void *user;
};

/* A process with a signal that ends it. */
struct victim {
    LIST_ENTRY(victim) link;
    pid_t pid;
};

static LIST_HEAD(, pending) pending = LIST_HEAD_INITIALIZER(pending);
static LIST_HEAD(, victim) victims = LIST_HEAD_INITIALIZER(victims);
static uint64_t last_unique;

/* Answers */

struct delivery {
    struct pending *pending;
    int error;
    size_t size;
    char data[];
};

/* The process goes on later, when others have had their turn. */
static void tell(void *user)
{
    struct delivery *delivery = user;
    struct pending *told = delivery->pending;

    told->reply(told->user, delivery->error, delivery->data, delivery->size);
    free(told);
    free(delivery);
}

static struct pending *find_pending(uint64_t unique)
{
    struct pending *found;

    LIST_FOREACH (found, &pending, link) {
        if (found->unique == unique)
            return found;
    }
    return NULL;
}

static size_t gather(struct iovec *iov, int count, char *to, size_t room)
{
    size_t size = 0;

    for (int i = 0; i < count; i++) {
        if (size + iov[i].iov_len > room)
            abort();
        memcpy(to + size, iov[i].iov_base, iov[i].iov_len);
        size += iov[i].iov_len;
    }
    return size;
}

/* A notification may have a whole file in it. */
static ssize_t take_message(struct iovec *iov, int count)
{
    static char buffer[BUFFER_SIZE];
    struct fuse_out_header header;
    struct delivery *delivery;
    struct pending *found;
    size_t size;

    memcpy(&header, iov->iov_base, sizeof(header));
    if (!header.unique)
        return header.len;
    size = gather(iov, count, buffer, sizeof(buffer));
    found = find_pending(header.unique);
    if (!found) {
        fprintf(stderr, "an answer to no request\n");
        abort();
    }
    LIST_REMOVE(found, link);
    size -= sizeof(header);
    delivery = must_calloc(1, sizeof(*delivery) + size + 1);
    *delivery = (struct delivery){.pending = found, .error = -header.error, .size = size};
    memcpy(delivery->data, buffer + sizeof(header), size);
    clock_after(0, tell, delivery);
    return (ssize_t)(size + sizeof(header));
}

/* What the file system writes to /dev/fuse. Notifications, which answer nothing, are number 0. */
static ssize_t take_answer(int fd, struct iovec *iov, int count, void *user)
{
    bool before = memory_enter(false);
    ssize_t size = take_message(iov, count);

    (void)fd;
    (void)user;
    memory_leave(before);
    return size;
}

static ssize_t give_nothing(int fd, void *buffer, size_t size, void *user)
{
    (void)fd;
    (void)buffer;
    (void)size;
    (void)user;
    errno = EAGAIN;
    return -1;
}

/* Requests */

static uint64_t send_parts(struct fuse_session *session, pid_t pid, uint32_t opcode, uint64_t node,
                           const void *in, size_t in_size, const char *text, size_t text_size,
                           reply_fn *reply, void *user)
{
    static char buffer[BUFFER_SIZE];
    struct fuse_in_header header = {.len = (uint32_t)(sizeof(header) + in_size + text_size),
                                    .opcode = opcode,
                                    .unique = last_unique += 2,
                                    .nodeid = node,
                                    .pid = (uint32_t)pid};
    struct fuse_buf request = {.size = header.len, .mem = buffer};
    bool before;

    memcpy(buffer, &header, sizeof(header));
    if (in_size)
        memcpy(buffer + sizeof(header), in, in_size);
    if (text_size)
        memcpy(buffer + sizeof(header) + in_size, text, text_size);
    if (reply) {
        struct pending *waiting = must_calloc(1, sizeof(*waiting));

        *waiting = (struct pending){.unique = header.unique, .reply = reply, .user = user};
        LIST_INSERT_HEAD(&pending, waiting, link);
    }
    before = memory_enter(true);
    fuse_session_process_buf(session, &request);
    memory_leave(before);
    return header.unique;
}

uint64_t kernel_lookup(struct fuse_session *session, pid_t pid, uint64_t parent, const char *name,
                       reply_fn *reply, void *user)
{
    return send_parts(session, pid, FUSE_LOOKUP, parent, NULL, 0, name, strlen(name) + 1, reply,
                      user);
}

uint64_t kernel_open(struct fuse_session *session, pid_t pid, uint64_t node, int flags,
                     reply_fn *reply, void *user)
{
    struct fuse_open_in in = {.flags = (uint32_t)flags};

    return send_parts(session, pid, FUSE_OPEN, node, &in, sizeof(in), NULL, 0, reply, user);
}

uint64_t kernel_create(struct fuse_session *session, pid_t pid, uint64_t parent, const char *name,
                       int flags, reply_fn *reply, void *user)
{
    struct fuse_create_in in = {.flags = (uint32_t)flags | O_CREAT, .mode = 0100644};

    return send_parts(session, pid, FUSE_CREATE, parent, &in, sizeof(in), name, strlen(name) + 1,
                      reply, user);
}

uint64_t kernel_read(struct fuse_session *session, pid_t pid, uint64_t node, uint64_t handle,
                     reply_fn *reply, void *user)
{
    struct fuse_read_in in = {.fh = handle, .size = READ_SIZE};

    return send_parts(session, pid, FUSE_READ, node, &in, sizeof(in), NULL, 0, reply, user);
}

uint64_t kernel_write(struct fuse_session *session, pid_t pid, uint64_t node, uint64_t handle,
                      const char *text, uint64_t offset, reply_fn *reply, void *user)
{
    struct fuse_write_in in = {.fh = handle, .offset = offset, .size = (uint32_t)strlen(text)};

    return send_parts(session, pid, FUSE_WRITE, node, &in, sizeof(in), text, strlen(text), reply,
                      user);
}

uint64_t kernel_flush(struct fuse_session *session, pid_t pid, uint64_t node, uint64_t handle,
                      reply_fn *reply, void *user)
{
    struct fuse_flush_in in = {.fh = handle};

    return send_parts(session, pid, FUSE_FLUSH, node, &in, sizeof(in), NULL, 0, reply, user);
}

uint64_t kernel_fsync(struct fuse_session *session, pid_t pid, uint64_t node, uint64_t handle,
                      reply_fn *reply, void *user)
{
    struct fuse_fsync_in in = {.fh = handle};

    return send_parts(session, pid, FUSE_FSYNC, node, &in, sizeof(in), NULL, 0, reply, user);
}

uint64_t kernel_truncate(struct fuse_session *session, pid_t pid, uint64_t node,
                         const uint64_t *handle, uint64_t size, reply_fn *reply, void *user)
{
    struct fuse_setattr_in in = {.valid = handle ? FATTR_SIZE | FATTR_FH : FATTR_SIZE,
                                 .fh = handle ? *handle : 0,
                                 .size = size};

    return send_parts(session, pid, FUSE_SETATTR, node, &in, sizeof(in), NULL, 0, reply, user);
}

uint64_t kernel_release(struct fuse_session *session, pid_t pid, uint64_t node, uint64_t handle,
                        reply_fn *reply, void *user)
{
    struct fuse_release_in in = {.fh = handle};

    return send_parts(session, pid, FUSE_RELEASE, node, &in, sizeof(in), NULL, 0, reply, user);
}

uint64_t kernel_unlink(struct fuse_session *session, pid_t pid, uint64_t parent, const char *name,
                       reply_fn *reply, void *user)
{
    return send_parts(session, pid, FUSE_UNLINK, parent, NULL, 0, name, strlen(name) + 1, reply,
                      user);
}

uint64_t kernel_mkdir(struct fuse_session *session, pid_t pid, uint64_t parent, const char *name,
                      reply_fn *reply, void *user)
{
    struct fuse_mkdir_in in = {.mode = 0755, .umask = 022};

    return send_parts(session, pid, FUSE_MKDIR, parent, &in, sizeof(in), name, strlen(name) + 1,
                      reply, user);
}

uint64_t kernel_rmdir(struct fuse_session *session, pid_t pid, uint64_t parent, const char *name,
                      reply_fn *reply, void *user)
{
    return send_parts(session, pid, FUSE_RMDIR, parent, NULL, 0, name, strlen(name) + 1, reply,
                      user);
}

uint64_t kernel_rename(struct fuse_session *session, pid_t pid, uint64_t parent, const char *from,
                       const char *to, reply_fn *reply, void *user)
{
    struct fuse_rename2_in in = {.newdir = parent};
    char names[128];
    size_t length = (size_t)snprintf(names, sizeof(names), "%s%c%s", from, 0, to);

    return send_parts(session, pid, FUSE_RENAME2, parent, &in, sizeof(in), names, length + 1, reply,
                      user);
}

uint64_t kernel_attributes(struct fuse_session *session, pid_t pid, uint64_t node, reply_fn *reply,
                           void *user)
{
    struct fuse_getattr_in in = {0};

    return send_parts(session, pid, FUSE_GETATTR, node, &in, sizeof(in), NULL, 0, reply, user);
}

uint64_t kernel_open_directory(struct fuse_session *session, pid_t pid, uint64_t node,
                               reply_fn *reply, void *user)
{
    struct fuse_open_in in = {0};

    return send_parts(session, pid, FUSE_OPENDIR, node, &in, sizeof(in), NULL, 0, reply, user);
}

uint64_t kernel_list(struct fuse_session *session, pid_t pid, uint64_t node, uint64_t handle,
                     reply_fn *reply, void *user)
{
    struct fuse_read_in in = {.fh = handle, .size = READ_SIZE};

    return send_parts(session, pid, FUSE_READDIR, node, &in, sizeof(in), NULL, 0, reply, user);
}

uint64_t kernel_close_directory(struct fuse_session *session, pid_t pid, uint64_t node,
                                uint64_t handle, reply_fn *reply, void *user)
{
    struct fuse_release_in in = {.fh = handle};

    return send_parts(session, pid, FUSE_RELEASEDIR, node, &in, sizeof(in), NULL, 0, reply, user);
}

/* Signals */

static struct victim *find_victim(pid_t pid)
{
    struct victim *victim;

    LIST_FOREACH (victim, &victims, link) {
        if (victim->pid == pid)
            return victim;
    }
    return NULL;
}

void kernel_interrupt(struct fuse_session *session, pid_t pid, uint64_t request, bool ends_it)
{
    struct fuse_interrupt_in in = {.unique = request};

    if (!find_pending(request))
        return;
    if (ends_it && !find_victim(pid)) {
        struct victim *victim = must_calloc(1, sizeof(*victim));

        victim->pid = pid;
        LIST_INSERT_HEAD(&victims, victim, link);
    }
    send_parts(session, pid, FUSE_INTERRUPT, 0, &in, sizeof(in), NULL, 0, NULL, NULL);
}

void kernel_forget_process(pid_t pid)
{
    struct victim *victim = find_victim(pid);

    if (!victim)
        return;
    LIST_REMOVE(victim, link);
    free(victim);
}

bool kernel_is_ending(pid_t pid)
{
    return find_victim(pid) != NULL;
}

/* What the program under test would read in /proc, and the log that it would write to. */

bool __wrap_caller_wants_out(pid_t thread);
void __wrap_caller_describe(struct caller *caller, uid_t uid, pid_t thread);
void __wrap_syslog_add(struct syslog *log, const char *const *fields);

bool __wrap_caller_wants_out(pid_t thread)
{
    return kernel_is_ending(thread);
}

void __wrap_caller_describe(struct caller *caller, uid_t uid, pid_t thread)
{
    *caller = (struct caller){.uid = uid, .pid = thread, .command = "simulated"};
}

void __wrap_syslog_add(struct syslog *log, const char *const *fields)
{
    (void)log;
    (void)fields;
}

/* The mount */

static void on_init(void *user, int error, const void *data, size_t size)
{
    (void)user;
    (void)data;
    (void)size;
    if (error)
        abort();
}

struct fuse_session *kernel_start(struct fs *fs)
{
    static const struct fuse_custom_io io = {.read = give_nothing, .writev = take_answer};
    struct fuse_init_in in = {.major = FUSE_KERNEL_VERSION,
                              .minor = FUSE_KERNEL_MINOR_VERSION,
                              .max_readahead = 131072,
                              .flags = FUSE_ATOMIC_O_TRUNC | FUSE_BIG_WRITES | FUSE_ASYNC_READ};
    struct fuse_args arguments = FUSE_ARGS_INIT(0, NULL);
    struct fuse_session *session;

    fuse_opt_add_arg(&arguments, "simulate");
    session = fuse_session_new(&arguments, &fs_operations, sizeof(fs_operations), fs);
    fuse_opt_free_args(&arguments);
    if (!session || fuse_session_custom_io(session, &io, eventfd(0, EFD_CLOEXEC)))
        abort();
    fs->session = session;
    send_parts(session, 1, FUSE_INIT, 0, &in, sizeof(in), NULL, 0, on_init, NULL);
    return session;
}

void kernel_stop(struct fuse_session *session)
{
    fuse_session_destroy(session);
}

static void on_directory(void *user, int error, const void *data, size_t size)
{
    struct fuse_entry_out entry = {0};

    if (!error && size >= sizeof(entry))
        memcpy(&entry, data, sizeof(entry));
    *(uint64_t *)user = entry.nodeid;
}

static uint64_t look_up_now(struct fuse_session *session, uint64_t parent, const char *name)
{
    uint64_t node = UINT64_MAX;

    kernel_lookup(session, 1, parent, name, on_directory, &node);
    while (node == UINT64_MAX && clock_step())
        ;
    return node;
}

uint64_t kernel_directory(struct fuse_session *session, const char *path)
{
    char *copy = must_strdup(path);
    char *rest = NULL;
    uint64_t node = FUSE_ROOT_ID;

    for (char *name = strtok_r(copy, "/", &rest); name; name = strtok_r(NULL, "/", &rest)) {
        uint64_t found = 0;

        for (int tries = 0; node && tries < TRIES_MAX; tries++) {
            if ((found = look_up_now(session, node, name)))
                break;
            clock_pass(LOOK_AGAIN_MS);
        }
        node = found;
    }
    free(copy);
    return node;
}
