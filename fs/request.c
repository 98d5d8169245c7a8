#include "fs/request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/always.h"
#include "base/when.h"
#include "fs/caller.h"
#include "fs/missing.h"
#include "fs/report.h"
#include "fs/tree.h"

/* How much longer than its time a request waits, for the backend to say itself what is wrong. */
#define GRACE_MS 100

/* How often the signals of a program are looked at that an interrupt has not ended. */
#define SIGNALS_MS 100

/* How long the answer to a change that was sent is waited for when its program wants to end. */
#define LAST_WORDS_MS 200

/* Seconds that stand for the life of the mount. */
#define FOREVER 86400.0

static void free_request(struct request *request)
{
    struct fs *fs = request->fs;

    TAILQ_REMOVE(&fs->requests, request, link);
    if (ALWAYS(fs->request_count > 0))
        fs->request_count--;
    turn_leave(&request->turn);
    timer_stop(&request->timer);
    timer_stop(&request->signals);
    if (request->release_data)
        request->release_data(fs, request->data);
    place_drop(fs->nodes, request->node.place);
    if (request->target.place)
        place_drop(fs->nodes, request->target.place);
    free(request->name);
    free(request);
}

/* Counts the request and frees it; it has been answered with code. */
static void end_request(struct request *request, int code)
{
    if (!ALWAYS(!request->call))
        call_cancel(request->call);
    metrics_count(request->fs->metrics, COUNT_FILE_REQUEST, request->operation,
                  when_monotonic() - request->started, code);
    free_request(request);
}

struct request *request_new(fuse_req_t fuse, const char *operation, fuse_ino_t inode,
                            const char *name)
{
    struct fs *fs = fuse_req_userdata(fuse);
    struct request *request = calloc(1, sizeof(*request));
    char *copy = name ? strdup(name) : NULL;
    struct node node = {0};
    int status = node_of(fs->nodes, inode, &node);

    if (!request || (name && !copy))
        status = -ENOMEM;
    if (status) {
        free(request);
        free(copy);
        fuse_reply_err(fuse, -status);
        return NULL;
    }
    *request = (struct request){.fs = fs,
                                .fuse = fuse,
                                .operation = operation,
                                .node = node,
                                .name = copy,
                                .started = when_monotonic(),
                                .patience = fs->settings.timeout};
    place_hold(node.place);
    TAILQ_INSERT_TAIL(&fs->requests, request, link);
    fs->request_count++;
    return request;
}

struct ask request_ask(struct request *request, done_fn *done)
{
    return (struct ask){
        .deadline = request->started + request->patience, .done = done, .user = request};
}

struct change_order request_change(struct request *request, enum what_changes what,
                                   const struct node *node)
{
    const struct fuse_ctx *context = fuse_req_ctx(request->fuse);
    bool is_of_app = what == COMMIT || what == DELETE || what == MAKE_APP || what == REMOVE_APP;
    bool is_of_all =
        what == MAKE_APP || what == REMOVE_APP || what == MAKE_STREAM || what == REMOVE_STREAM;
    struct change_order order = {
        .what = what,
        .about = {is_of_app ? node->place->app : "", node->place->stream,
                  is_of_all ? ANY_PARTITION : (int64_t)node->partition},
        .note = request->note,
        .within = request->turn.queue ? &request->turn : NULL,
    };

    caller_describe(&order.who, context->uid, context->pid);
    return order;
}

static void on_turn(void *user)
{
    struct request *request = user;

    if (request_answered(request, NULL))
        request->with_turn(request);
}

void request_take_turn(struct request *request, const struct subject *subjects, unsigned count,
                       void (*then)(struct request *request))
{
    request->with_turn = then;
    if (turn_take(&request->fs->queue, &request->turn, subjects, count, on_turn, request))
        then(request);
    else
        request_wait(request, &request->turn.call);
}

void request_start_change(struct request *request, const struct change_order *order, done_fn *done)
{
    struct ask ask = request_ask(request, done);

    request_wait(request, change_start(request->fs, order, &ask));
}

/* Ends a request that cannot wait any longer. What has an end by now is not given up. */
static void abandon(struct request *request, const struct error *error)
{
    if (call_finish(request->call))
        return;
    call_cancel(request->call);
    request->call = NULL;
    request->quiet = false;
    request_fail(request, error);
}

/* Who waits for what may come in years goes away at some time: that is no failure. */
static void give_up(void *user)
{
    struct request *request = user;
    struct error error;

    error_set(&error, EINTR, "abandoned: interrupted");
    if (request->is_waiting) {
        call_cancel(request->call);
        request->call = NULL;
        request_deny(request, EINTR);
    } else {
        abandon(request, &error);
    }
}

/* Better than an unknown end is one that is known a moment later. */
static void let_go(struct request *request)
{
    request->leaves = true;
    if (call_is_sent(request->call))
        timer_start(request->fs->loop, &request->signals, LAST_WORDS_MS, give_up, request);
    else
        give_up(request);
}

/* The kernel tells of the first signal alone, so others that come are looked for. */
static void look_at_signals(void *user)
{
    struct request *request = user;

    if (caller_wants_out(fuse_req_ctx(request->fuse)->pid))
        let_go(request);
    else
        timer_start(request->fs->loop, &request->signals, SIGNALS_MS, look_at_signals, request);
}

/* libfuse holds a lock of the request meanwhile, which its answer would wait for. */
static void on_interrupt(fuse_req_t fuse, void *data)
{
    struct request *request = data;

    (void)fuse;
    timer_start(request->fs->loop, &request->signals, 0, look_at_signals, request);
}

static void on_timeout(void *user)
{
    struct request *request = user;
    const struct error *trouble = call_trouble(request->call);
    struct error error;

    if (trouble)
        error = *trouble;
    else
        error_set(&error, ETIMEDOUT, "abandoned: no answer in time");
    abandon(request, &error);
}

static int64_t time_left(const struct request *request)
{
    int64_t left = request->started + request->patience - when_monotonic();

    return left > 0 ? left : 0;
}

void request_wait(struct request *request, struct call *call)
{
    request->call = call;
    if (!call) {
        request_refuse(request, ENOMEM, "no memory");
        return;
    }
    timer_start(request->fs->loop, &request->timer, time_left(request) + GRACE_MS, on_timeout,
                request);
    if (fuse_req_interrupted(request->fuse))
        look_at_signals(request);
    else
        fuse_req_interrupt_func(request->fuse, on_interrupt, request);
}

void request_cancel_all(struct fs *fs, int code)
{
    struct request *request;
    struct error error;

    error_set(&error, code, "abandoned: the mount ends");
    /* The last first: what waits for its turn must not have it when the one before is given up. */
    while ((request = TAILQ_LAST(&fs->requests, requests)))
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): freed ones have left the list */
        abandon(request, &error);
}

/* The path of what the request is about, as errors show it. */
static void print_path(const struct request *request, struct buf *path)
{
    tree_print_path(&request->node, path);
    if (!request->name)
        return;
    if (path->size)
        buf_puts(path, "/");
    buf_puts(path, request->name);
}

static void log_error(const struct request *request, const char *operation,
                      const struct error *error)
{
    struct buf path = BUF_INIT(8192);

    print_path(request, &path);
    report_error(request->fs, operation, path.size ? path.data : "/", error);
    buf_release(&path);
}

void request_fail(struct request *request, const struct error *error)
{
    int code = error->code;

    if (!(request->quiet && code == ENOENT))
        log_error(request, request->operation, error);
    request_deny(request, code);
}

void request_refuse(struct request *request, int code, const char *format, ...)
{
    struct error error = {.code = code};
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(error.message, sizeof(error.message), format, arguments);
    va_end(arguments);
    request_fail(request, &error);
}

void request_refuse_name(struct request *request, int status, int code, const char *why)
{
    bool lacks_memory = status == -ENOMEM;

    request_refuse(request, lacks_memory ? ENOMEM : code, "%s", lacks_memory ? "no memory" : why);
}

void request_deny(struct request *request, int code)
{
    if (request->failed)
        request->failed(request, code);
    fuse_reply_err(request->fuse, code);
    end_request(request, code);
}

void request_tell(const struct request *request, const struct error *error)
{
    log_error(request, request->operation, error);
}

void request_warn(const struct request *request, const char *operation, const char *format, ...)
{
    struct error warning = {0};
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(warning.message, sizeof(warning.message), format, arguments);
    va_end(arguments);
    log_error(request, operation, &warning);
}

void request_forget_names(struct request *request)
{
    struct cache *cache = request->fs->cache;
    const struct place *place = request->node.place;
    const char *app = *place->app ? place->app : NULL;
    const char *stream = *place->stream ? place->stream : NULL;

    cache_outdate(cache, &(struct question){WHAT_APPS, "", ""});
    cache_outdate(cache, &(struct question){WHAT_STREAMS, "", ""});
    cache_outdate_about(cache, app, stream);
}

bool request_answered(struct request *request, const struct error *error)
{
    request->call = NULL;
    timer_stop(&request->timer);
    timer_stop(&request->signals);
    fuse_req_interrupt_func(request->fuse, NULL, NULL);
    if (!error)
        return true;
    if (error->code == ENOENT && !request->quiet)
        request_forget_names(request);
    request_fail(request, error);
    return false;
}

bool request_looks_again(struct request *request, uint64_t inode)
{
    struct once_more now = {fuse_req_ctx(request->fuse)->pid, inode, when_monotonic()};
    struct once_more *last = &request->fs->opened_anew[(unsigned)now.pid % OPENED_ANEW];
    bool is_recent = last->pid && now.when < last->when + NAME_TIMEOUT_MS;
    bool has_looked = is_recent && last->pid == now.pid && last->inode == now.inode;

    if (request->has_looked || !now.pid || (is_recent && last->pid != now.pid))
        return false;
    if (has_looked)
        now.pid = 0;
    *last = now;
    request->has_looked = has_looked;
    return !has_looked;
}

void request_reply_gone(struct request *request)
{
    fuse_reply_err(request->fuse, ESTALE);
    end_request(request, ENOENT);
}

void request_succeed(struct request *request)
{
    fuse_reply_err(request->fuse, 0);
    end_request(request, 0);
}

static double attributes_timeout(enum kind kind)
{
    return tree_is_fixed(kind) ? FOREVER : 0;
}

static double entry_timeout(enum kind kind)
{
    if (!tree_is_directory(kind))
        return 0;
    return tree_is_fixed(kind) ? FOREVER : NAME_TIMEOUT_MS / 1000.0;
}

/* The kernel keeps fixed names of directories for the life of the mount, others for a second, and
 * names of files not at all but for a lease. That a directory was removed meanwhile its next
 * GETATTR tells. All three are answered from memory. */
static struct fuse_entry_param entry_of(const struct node *node, const struct stat *attr,
                                        double lease)
{
    return (struct fuse_entry_param){.ino = node_inode(node),
                                     .attr = *attr,
                                     .attr_timeout = lease + attributes_timeout(node->kind),
                                     .entry_timeout = entry_timeout(node->kind)};
}

void request_reply_entry(struct request *request, const struct node *node, const struct stat *attr,
                         double lease)
{
    struct fuse_entry_param entry = entry_of(node, attr, lease);

    node_remember(node);
    if (fuse_reply_entry(request->fuse, &entry))
        node_forget(request->fs->nodes, entry.ino, 1);
    end_request(request, 0);
}

int request_reply_create(struct request *request, const struct node *node, const struct stat *attr,
                         const struct fuse_file_info *info)
{
    struct fuse_entry_param entry = entry_of(node, attr, 0);
    int status;

    node_remember(node);
    status = fuse_reply_create(request->fuse, &entry, info);
    if (status)
        node_forget(request->fs->nodes, entry.ino, 1);
    end_request(request, 0);
    return status;
}

void request_reply_attr(struct request *request, const struct stat *attr, double lease)
{
    fuse_reply_attr(request->fuse, attr, lease + attributes_timeout(request->node.kind));
    end_request(request, 0);
}

void request_reply_final_attr(struct request *request, const struct stat *attr)
{
    fuse_reply_attr(request->fuse, attr, FOREVER);
    end_request(request, 0);
}

int request_reply_data(struct request *request, const char *data, size_t size)
{
    int status = fuse_reply_buf(request->fuse, data, size);

    end_request(request, 0);
    return status;
}

void request_reply_written(struct request *request, size_t size)
{
    fuse_reply_write(request->fuse, size);
    end_request(request, 0);
}

int request_reply_open(struct request *request, const struct fuse_file_info *info)
{
    int status = fuse_reply_open(request->fuse, info);

    end_request(request, 0);
    return status;
}

void request_reply_poll(struct request *request, unsigned events)
{
    fuse_reply_poll(request->fuse, events);
    end_request(request, 0);
}
