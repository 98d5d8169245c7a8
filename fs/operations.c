#include "fs/operations.h"

#include <errno.h>

#include "base/always.h"
#include "base/when.h"
#include "fs/attr.h"
#include "fs/dir.h"
#include "fs/file.h"
#include "fs/handle.h"
#include "fs/lease.h"
#include "fs/lookup.h"
#include "fs/made.h"
#include "fs/make.h"
#include "fs/rename.h"
#include "fs/report.h"
#include "fs/scratch.h"
#include "fs/watch.h"

/* Attributes come with all names of a directory, or with none; the kernel would ask for those of
 * the first few alone. */
static void begin_session(void *user, struct fuse_conn_info *connection)
{
    (void)user;
    connection->want &= ~(unsigned)FUSE_CAP_READDIRPLUS_AUTO;
}

const struct fuse_lowlevel_ops fs_operations = {
    .init = begin_session,
    .lookup = lookup_name,
    .forget = lookup_forget,
    .forget_multi = lookup_forget_many,
    .getattr = attr_get,
    .setattr = attr_set,
    .access = attr_access,
    .statfs = attr_statfs,
    .opendir = dir_open,
    .readdir = dir_read,
    .readdirplus = dir_read_plus,
    .releasedir = dir_release,
    .open = file_open,
    .create = file_create,
    .read = file_read,
    .write = file_write,
    .flush = file_flush,
    .fsync = file_sync,
    .release = file_release,
    .poll = watch_poll,
    .mkdir = make_mkdir,
    .rmdir = make_rmdir,
    .unlink = make_unlink,
    .mknod = make_mknod,
    .symlink = make_symlink,
    .link = make_link,
    .rename = rename_name,
};

static bool is_planned(void *user, const char *app)
{
    return made_is_planned(user, app);
}

static void on_news(void *user, const char *app, const char *stream, int64_t partition)
{
    if (partition == ANY_PARTITION)
        lease_doubt(user, app, stream);
    else
        lease_break(user, app, stream, (uint32_t)partition);
    watch_news(user, app, stream);
}

static void lose_states(void *user, const char *app, const char *stream, int64_t partition,
                        const struct table *table)
{
    if (partition == ANY_PARTITION)
        lease_break_all(user, app, stream, table);
    else
        lease_break(user, app, stream, (uint32_t)partition);
}

static void tell_fault(void *user, const char *what)
{
    struct error error;

    error_set(&error, EIO, "%s", what);
    report_error(user, "-", "/", &error);
}

static void prepare_cache(struct fs *fs)
{
    cache_set_ages(fs->cache, fs->settings.listing, fs->settings.snapshot);
    cache_set_lost(fs->cache, lose_states);
    if (fs->settings.plan)
        cache_set_planned(fs->cache, is_planned);
}

int fs_init(struct fs *fs, struct loop *loop, struct backend *backend, const char *source,
            const struct settings *settings, struct metrics *metrics)
{
    int status;

    *fs = (struct fs){.loop = loop,
                      .backend = backend,
                      .source = source,
                      .settings = *settings,
                      .metrics = metrics,
                      .started = when_now(),
                      .last_success = WHEN_UNKNOWN};
    TAILQ_INIT(&fs->requests);
    LIST_INIT(&fs->directories);
    LIST_INIT(&fs->waits);
    queue_init(&fs->queue);
    doubts_init(&fs->doubts);
    status = journal_open(&fs->journal, source);
    if (!status)
        status = lines_init(&fs->errors, LINES_MAX);
    always_tell(tell_fault, fs);
    fs->nodes = nodes_new();
    fs->cache = cache_new(backend, settings->timeout, on_news, fs);
    if (fs->cache)
        prepare_cache(fs);
    if (!status && fs->nodes && fs->cache)
        return 0;
    fs_release(fs);
    return -ENOMEM;
}

void fs_release(struct fs *fs)
{
    (void)ALWAYS(!fs->request_count);
    timer_stop(&fs->watch_timer);
    kept_release(&fs->overview);
    handle_free_all(fs);
    dir_release_all(fs);
    (void)ALWAYS(!fs->handle_count);
    cache_free(fs->cache);
    if (fs->nodes)
        scratch_remove_of_app(fs, NULL);
    (void)ALWAYS(!fs->scratch_count);
    nodes_free(fs->nodes);
    doubts_release(&fs->doubts);
    journal_close(&fs->journal);
    always_tell(NULL, NULL);
    lines_release(&fs->errors);
    report_release(fs);
}
