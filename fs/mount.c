#include "fs/mount.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/when.h"
#include "fs/advice.h"
#include "fs/cleaner.h"
#include "fs/daemon.h"
#include "fs/mountinfo.h"
#include "fs/notify.h"
#include "fs/once.h"
#include "fs/operations.h"
#include "fs/report.h"
#include "fs/request.h"
#include "fs/say.h"
#include "fs/trace.h"

/* The most requests that are taken from the kernel before other work has its turn. */
#define REQUESTS_PER_ROUND 64

struct mount {
    const struct options *options;
    struct loop *loop;
    struct metrics *metrics;
    struct trace trace;
    struct backend *backend;
    struct fs fs;
    bool fs_ready;
    int signals; /* a signalfd */
    struct fuse_buf buffer;

    struct once left_out;
    struct call *trial; /* the first request, before the mount */
    struct error error; /* why it could not be mounted, or has failed */
    bool wrong;         /* the command line is */
    bool ended;         /* by a signal */
    bool begun;         /* by the kernel */
};

/* What libfuse says goes into our own line. */
static char fuse_message[400];

__attribute__((format(printf, 2, 0))) static void on_fuse_log(enum fuse_log_level level,
                                                              const char *format, va_list arguments)
{
    if (level <= FUSE_LOG_WARNING)
        vsnprintf(fuse_message, sizeof(fuse_message), format, arguments);
    fuse_message[strcspn(fuse_message, "\n")] = '\0';
}

/* libfuse says nothing where it lacks memory. */
static const char *what_libfuse_said(int code)
{
    return *fuse_message || !code ? fuse_message : strerror(code);
}

/* Mounts, with what libfuse and fusermount3 write to standard error in fuse_message instead. */
static int mount_quietly(struct fuse_session *session, const char *mountpoint)
{
    int captured = memfd_create("stderr", MFD_CLOEXEC);
    int saved = captured < 0 ? -1 : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    int status;

    if (saved >= 0)
        dup2(captured, STDERR_FILENO);
    status = fuse_session_mount(session, mountpoint);
    if (saved >= 0) {
        ssize_t size = pread(captured, fuse_message, sizeof(fuse_message) - 1, 0);

        dup2(saved, STDERR_FILENO);
        close(saved);
        if (size > 0)
            fuse_message[strcspn(fuse_message, "\n")] = '\0';
    }
    if (captured >= 0)
        close(captured);
    return status;
}

/* Signals */

static void on_signal(void *user)
{
    struct mount *mount = user;
    struct signalfd_siginfo info;

    if (read(mount->signals, &info, sizeof(info)) != sizeof(info))
        return;
    if (info.ssi_signo != SIGHUP) {
        mount->ended = true;
        loop_stop(mount->loop);
        return;
    }
    if (mount->fs_ready) {
        cache_clear(mount->fs.cache);
        kept_release(&mount->fs.overview);
        mount->fs.waited_in_vain = 0;
    }
    if (mount->backend)
        backend_reload(mount->backend);
}

/* From here on these signals are read from a descriptor; threads inherit that. */
static int open_signals(struct mount *mount)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    mount->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (mount->signals < 0)
        return -errno;
    return loop_watch(mount->loop, mount->signals, on_signal, mount);
}

/* The backend */

/* What was given up has no result that could be counted. */
static void observe(void *observer, const struct observation *seen)
{
    struct mount *mount = observer;
    int code = seen->error ? seen->error->code : 0;

    if (!code)
        mount->fs.last_success = when_now();
    if (code != ECANCELED)
        metrics_count(mount->metrics, COUNT_BACKEND_OPERATION, seen->operation, seen->took_ms,
                      code);
    if (mount->options->debug)
        trace_call(&mount->trace, seen);
}

/* What cannot be listed is told, once. */
static void on_left_out(void *observer, const char *sentence)
{
    struct mount *mount = observer;
    struct error note = {0};

    if (!once_is_new(&mount->left_out, sentence))
        return;
    snprintf(note.message, sizeof(note.message), "%s", sentence);
    report_error(&mount->fs, "list", "/", &note);
}

static void on_trial(void *user, const struct error *error, const struct answer *answer)
{
    struct mount *mount = user;

    (void)answer;
    mount->trial = NULL;
    /* A backend that cannot list apps has nothing to be tried by. */
    if (error && (error->code != EOPNOTSUPP || error->http_status))
        mount->error = *error;
    loop_stop(mount->loop);
}

/* The first request: whoever waits for the mount learns whether the backend can be used. What it
 * brings is the first list of apps. */
static int try_backend(struct mount *mount)
{
    struct ask ask = {.deadline = when_monotonic() + mount->options->settings.timeout,
                      .done = on_trial,
                      .user = mount};
    const struct question apps = {WHAT_APPS, "", ""};

    mount->trial = cache_get(mount->fs.cache, &apps, &ask);
    if (!mount->trial)
        return error_set(&mount->error, ENOMEM, "no memory");
    loop_run(mount->loop);
    if (mount->ended) {
        call_cancel(mount->trial);
        return error_set(&mount->error, EINTR, "ended by a signal before it was mounted");
    }
    return -mount->error.code;
}

static int open_backend(struct mount *mount)
{
    const struct options *options = mount->options;
    struct backend_options backend_options = {.loop = mount->loop,
                                              .read_only = options->settings.read_only ||
                                                           options->settings.plan,
                                              .checkpoint_is_next = options->checkpoint_is_next,
                                              .settings = options->backend.list,
                                              .setting_count = options->backend.count,
                                              .observe = observe,
                                              .left_out = on_left_out,
                                              .observer = mount,
                                              .tells_arguments = options->debug};
    int status = backend_open(options->source, &backend_options, &mount->backend, &mount->error);

    mount->wrong = status == -EINVAL;
    if (!status && mount->backend->warning)
        say("warning: %s", mount->backend->warning);
    return status;
}

static const char *source_of_mount(const struct mount *mount)
{
    return *mount->options->source ? mount->options->source : "local:";
}

/* The session */

static struct mount *mount_of(struct fs *fs)
{
    return (struct mount *)((char *)fs - offsetof(struct mount, fs));
}

static void on_init(void *user, struct fuse_conn_info *connection)
{
    struct mount *mount = mount_of(user);

    fs_operations.init(user, connection);
    mount->begun = true;
    daemon_succeed();
    if (mount->options->foreground)
        notify_manager("READY=1");
}

/* It ends well when it is unmounted, which is 0. Otherwise the system's log tells of it, as there
 * may be no terminal any more. */
static void end_by(struct mount *mount, int status)
{
    if (status < 0) {
        error_set(&mount->error, -status, "no more requests can be read: %s", strerror(-status));
        report_error(&mount->fs, "mount", "/", &mount->error);
    }
    fuse_session_exit(mount->fs.session);
}

/* The first request begins the mount. If libfuse had no memory for it there will never be another.
 */
static void process_request(struct mount *mount)
{
    fuse_session_process_buf(mount->fs.session, &mount->buffer);
    if (!mount->begun)
        end_by(mount, -ENOMEM);
}

static void take_requests(void *user)
{
    struct mount *mount = user;
    struct fuse_session *session = mount->fs.session;

    for (int i = 0; i < REQUESTS_PER_ROUND && !fuse_session_exited(session); i++) {
        int status = fuse_session_receive_buf(session, &mount->buffer);

        if (status == -EINTR)
            continue;
        if (status == -EAGAIN)
            return;
        if (status <= 0)
            end_by(mount, status);
        else
            process_request(mount);
    }
    if (fuse_session_exited(session))
        loop_stop(mount->loop);
}

static int add_option(struct fuse_args *arguments, const char *name, const char *value)
{
    char *option = NULL;
    char *escaped = NULL;
    int status = -1;

    if (asprintf(&option, "%s%s", name, value) >= 0 &&
        !fuse_opt_add_opt_escaped(&escaped, option) && !fuse_opt_add_arg(arguments, "-o"))
        status = fuse_opt_add_arg(arguments, escaped);
    free(option);
    free(escaped);
    return status;
}

static struct fuse_session *new_session(struct mount *mount)
{
    const struct options *options = mount->options;
    struct fuse_args arguments = FUSE_ARGS_INIT(0, NULL);
    struct fuse_lowlevel_ops operations = fs_operations;
    struct fuse_session *session = NULL;

    operations.init = on_init;
    if (!fuse_opt_add_arg(&arguments, "checkpointfs") &&
        !add_option(&arguments, "fsname=", source_of_mount(mount)) &&
        !add_option(&arguments, "subtype=", MOUNTED_SUBTYPE) &&
        (!options->settings.read_only || !add_option(&arguments, "ro", "")) &&
        (!options->allow_other || (!add_option(&arguments, "allow_other", "") &&
                                   !add_option(&arguments, "default_permissions", ""))))
        session = fuse_session_new(&arguments, &operations, sizeof(operations), &mount->fs);
    fuse_opt_free_args(&arguments);
    return session;
}

/* Somebody else may have mounted there since the options were read. */
static int refuse_second(struct mount *mount)
{
    const char *path = mount->options->mountpoint;
    struct mounted mounted;

    return mountinfo_is_ours(path, &mounted)
               ? error_set(&mount->error, EBUSY, "%.200s is already mounted", path)
               : 0;
}

static int refuse_mounting(struct mount *mount, int code)
{
    fuse_session_destroy(mount->fs.session);
    mount->fs.session = NULL;
    return error_set(&mount->error, EIO, "cannot mount on %.150s: %s%s", mount->options->mountpoint,
                     what_libfuse_said(code), advice_on_mounting(fuse_message));
}

/* Mounts; from here on the kernel has requests for us. */
static int start_session(struct mount *mount)
{
    struct fs *fs = &mount->fs;
    int fd;

    fuse_set_log_func(on_fuse_log);
    fs->session = new_session(mount);
    if (!fs->session)
        return error_set(&mount->error, EINVAL, "libfuse: %s", what_libfuse_said(errno));
    if (mount_quietly(fs->session, mount->options->mountpoint))
        return refuse_mounting(mount, errno);
    fd = fuse_session_fd(fs->session);
    /* Without memory libfuse 3.14 takes standard input for the device. */
    if (fd <= STDERR_FILENO)
        return refuse_mounting(mount, ENOMEM);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return loop_watch(mount->loop, fd, take_requests, mount);
}

static void end_session(struct mount *mount)
{
    struct fuse_session *session = mount->fs.session;

    if (!session)
        return;
    loop_unwatch(mount->loop, fuse_session_fd(session));
    request_cancel_all(&mount->fs, ECANCELED);
    fuse_session_unmount(session);
    fuse_session_destroy(session);
    free(mount->buffer.mem);
}

/* From the beginning to the end */

/* All that needs neither the backend nor the file system. */
static int start_process(struct mount *mount)
{
    int status = mount->options->auto_unmount ? cleaner_start(mount->options->mountpoint) : 0;

    if (status)
        return error_set(&mount->error, -status, "auto_unmount: %s", strerror(-status));
    mount->loop = loop_new();
    mount->metrics = metrics_new();
    trace_open(&mount->trace, mount->options->foreground);
    if (!mount->loop || !mount->metrics)
        return error_set(&mount->error, ENOMEM, "no memory");
    status = open_signals(mount);
    return status ? error_set(&mount->error, -status, "signalfd: %s", strerror(-status)) : 0;
}

static void on_line_lost(void *user, const struct error *error)
{
    report_error(user, "journal", "commits", error);
}

static int keep_journal(struct mount *mount)
{
    const char *identity = mount->backend->identity;
    struct journal_place place = {.path = mount->options->journal,
                                  .source = identity ? identity : source_of_mount(mount),
                                  .lost = on_line_lost,
                                  .user = &mount->fs};

    return journal_keep(&mount->fs.journal, mount->loop, &place, &mount->error);
}

static int start_fs(struct mount *mount)
{
    if (fs_init(&mount->fs, mount->loop, mount->backend, source_of_mount(mount),
                &mount->options->settings, mount->metrics))
        return error_set(&mount->error, ENOMEM, "no memory");
    mount->fs.options = mount->options;
    mount->fs_ready = true;
    return mount->options->journal ? keep_journal(mount) : 0;
}

static int start_mount(struct mount *mount)
{
    int status = start_process(mount);

    if (!status)
        status = open_backend(mount);
    if (!status)
        status = start_fs(mount);
    if (!status && !mount->options->lazy)
        status = try_backend(mount);
    if (!status)
        status = refuse_second(mount);
    return status ? status : start_session(mount);
}

static void stop_mount(struct mount *mount)
{
    end_session(mount);
    if (mount->fs_ready)
        fs_release(&mount->fs);
    backend_close(mount->backend);
    trace_close(&mount->trace);
    if (mount->loop && mount->signals > 0) {
        loop_unwatch(mount->loop, mount->signals);
        close(mount->signals);
    }
    metrics_free(mount->metrics);
    loop_free(mount->loop);
}

/* The exit status of what was mounted. */
static int run_mounted(struct mount *mount)
{
    loop_run(mount->loop);
    if (mount->options->foreground)
        notify_manager("STOPPING=1");
    if (!mount->begun && !mount->ended && !mount->error.code)
        error_set(&mount->error, EIO, "%.200s was unmounted before it could be used",
                  mount->options->mountpoint);
    return mount->error.code ? daemon_fail(EXIT_FAILURE, "%s", mount->error.message) : EXIT_SUCCESS;
}

int mount_run(const struct options *options)
{
    struct mount mount = {.options = options};
    int status = EXIT_SUCCESS;

    if (start_mount(&mount)) {
        status = daemon_fail(mount.wrong ? EXIT_USAGE : EXIT_FAILURE, "%s", mount.error.message);
    } else if (chdir("/") == 0) {
        status = run_mounted(&mount);
    }
    stop_mount(&mount);
    return status;
}
