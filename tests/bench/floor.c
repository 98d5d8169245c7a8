/*
 * bench-floor [-n FILES] [-t THREADS -d MS] MOUNTPOINT: the least that a FUSE file system does.
 * Each decimal is a file of the root directory, which says "1000\n" and is read anew each time;
 * FILES of them are listed, with their attributes. With -t that many threads serve it, and reading
 * takes MS milliseconds, which a thread sleeps: so works who asks a service in threads.
 */
#define FUSE_USE_VERSION 312

#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEXT      "1000\n"
#define TEXT_SIZE (sizeof(TEXT) - 1)
#define VALID     1.0 /* seconds that the kernel keeps a name */

static unsigned delay_ms;
static unsigned listed;

/* The file of a number has the inode after that of the root and of the number before. */
static fuse_ino_t inode_of(const char *name)
{
    char *end;
    unsigned long number = strtoul(name, &end, 10);

    return *name && !*end ? FUSE_ROOT_ID + 1 + number : 0;
}

static struct stat attributes_of(fuse_ino_t inode)
{
    struct stat attributes = {
        .st_ino = inode, .st_nlink = 1, .st_mode = S_IFREG | 0644, .st_size = TEXT_SIZE};

    if (inode == FUSE_ROOT_ID)
        attributes.st_mode = S_IFDIR | 0755;
    return attributes;
}

static struct fuse_entry_param entry_of(fuse_ino_t inode)
{
    return (struct fuse_entry_param){
        .ino = inode, .attr = attributes_of(inode), .attr_timeout = VALID, .entry_timeout = VALID};
}

static void on_lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
    struct fuse_entry_param entry = entry_of(inode_of(name));

    if (parent != FUSE_ROOT_ID || !entry.ino)
        fuse_reply_err(request, ENOENT);
    else
        fuse_reply_entry(request, &entry);
}

static void on_readdirplus(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset,
                           struct fuse_file_info *info)
{
    char *text = malloc(size);
    size_t used = 0;
    size_t more;
    char name[16];

    (void)inode, (void)info;
    for (; text && (unsigned)offset < listed; used += more) {
        struct fuse_entry_param entry;

        snprintf(name, sizeof(name), "%u", (unsigned)offset);
        entry = entry_of(inode_of(name));
        more = fuse_add_direntry_plus(request, text + used, size - used, name, &entry, ++offset);
        if (more > size - used)
            break;
    }
    fuse_reply_buf(request, text, used);
    free(text);
}

static void on_init(void *user, struct fuse_conn_info *connection)
{
    (void)user;
    connection->want &= ~(unsigned)FUSE_CAP_READDIRPLUS_AUTO;
}

static void on_getattr(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *info)
{
    struct stat attributes = attributes_of(inode);

    (void)info;
    fuse_reply_attr(request, &attributes, VALID);
}

static void on_setattr(fuse_req_t request, fuse_ino_t inode, struct stat *wanted, int which,
                       struct fuse_file_info *info)
{
    (void)wanted, (void)which;
    on_getattr(request, inode, info);
}

static void on_open(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *info)
{
    (void)inode;
    info->direct_io = 1;
    fuse_reply_open(request, info);
}

static void on_read(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset,
                    struct fuse_file_info *info)
{
    size_t at = (size_t)offset < TEXT_SIZE ? (size_t)offset : TEXT_SIZE;
    struct timespec span = {delay_ms / 1000, delay_ms % 1000 * 1000000L};

    (void)inode, (void)info;
    if (delay_ms && !at)
        nanosleep(&span, NULL);
    fuse_reply_buf(request, &TEXT[at], TEXT_SIZE - at < size ? TEXT_SIZE - at : size);
}

static void on_write(fuse_req_t request, fuse_ino_t inode, const char *data, size_t size,
                     off_t offset, struct fuse_file_info *info)
{
    (void)inode, (void)data, (void)offset, (void)info;
    fuse_reply_write(request, size);
}

static const struct fuse_lowlevel_ops operations = {
    .init = on_init,
    .lookup = on_lookup,
    .readdir = on_readdirplus, /* is never called */
    .readdirplus = on_readdirplus,
    .getattr = on_getattr,
    .setattr = on_setattr,
    .open = on_open,
    .read = on_read,
    .write = on_write,
};

static int serve(struct fuse_session *session, unsigned threads)
{
    struct fuse_loop_config *config;
    int status;

    if (!threads)
        return fuse_session_loop(session);
    config = fuse_loop_cfg_create();
    fuse_loop_cfg_set_max_threads(config, threads);
    fuse_loop_cfg_set_idle_threads(config, threads);
    status = fuse_session_loop_mt(session, config);
    fuse_loop_cfg_destroy(config);
    return status;
}

static int mount_and_serve(char *program, const char *root, unsigned threads)
{
    char *words[] = {program, NULL};
    struct fuse_args arguments = FUSE_ARGS_INIT(1, words);
    struct fuse_session *session =
        fuse_session_new(&arguments, &operations, sizeof(operations), NULL);
    int status = session ? fuse_set_signal_handlers(session) : -1;

    if (!status)
        status = fuse_session_mount(session, root);
    if (!status) {
        status = serve(session, threads);
        fuse_session_unmount(session);
    }
    if (session)
        fuse_session_destroy(session);
    return status < 0 ? 1 : 0; /* above 0 it is the signal that ended it */
}

int main(int count, char **words)
{
    unsigned threads = 0;
    int option;

    while ((option = getopt(count, words, "n:t:d:")) != -1) {
        if (option == 't')
            threads = (unsigned)strtoul(optarg, NULL, 10);
        else if (option == 'n')
            listed = (unsigned)strtoul(optarg, NULL, 10);
        else if (option == 'd')
            delay_ms = (unsigned)strtoul(optarg, NULL, 10);
        else
            return 2;
    }
    if (optind != count - 1) {
        fprintf(stderr, "Usage: bench-floor [-n FILES] [-t THREADS -d MS] MOUNTPOINT\n");
        return 2;
    }
    return mount_and_serve(words[0], words[optind], threads);
}
