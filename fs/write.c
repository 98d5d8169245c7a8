#include "fs/write.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/when.h"
#include "fs/caller.h"
#include "fs/handle.h"
#include "fs/tree.h"

/* The journal of commits */

/* Notes a change in `commits` and tells syslog. A number of "" is none. */
static void log_change(const struct request *request, const char *what, const char *number,
                       const char *result)
{
    const struct fuse_ctx *context = fuse_req_ctx(request->fuse);
    const struct place *place = request->target.place;
    char time[WHEN_ROOM];
    char command[64];
    char uid[32];
    char pid[32];
    char path[NAME_MAX_APP + NAME_MAX_STREAM + PARTITION_ROOM];

    when_format(when_now(), time);
    caller_command(context->pid, command, sizeof(command));
    snprintf(uid, sizeof(uid), "uid=%u", context->uid);
    snprintf(pid, sizeof(pid), "pid=%d", context->pid);
    snprintf(path, sizeof(path), "%s/%s/%" PRIu32, place->app, place->stream,
             request->target.partition);
    number = *number ? number : "-";
    lines_add(&request->fs->commits,
              (const char *[]){time, path, what, number, uid, pid, command, result, NULL});
    syslog_add(&request->fs->syslog,
               (const char *[]){path, what, number, uid, pid, command, result, NULL});
}

static void on_commit_abandoned(struct request *request)
{
    log_change(request, "commit", request->number, "unknown");
}

static void on_deletion_abandoned(struct request *request)
{
    log_change(request, "delete", "", "unknown");
}

/* A change whose answer did not come may have been made all the same. */
static bool is_unknown(const struct error *error)
{
    return error && (error->code == ETIMEDOUT || error->code == ECONNRESET || error->code == EIO);
}

/* Begins a change of a node. */
static void set_target(struct request *request, const struct node *node,
                       void (*abandoned)(struct request *request))
{
    struct place *before = request->target.place;

    request->target = *node;
    place_hold(node->place);
    if (before)
        place_drop(request->fs->nodes, before);
    request->abandoned = abandoned;
}

/* What this mount changes is seen at once. */

static bool lists(struct fs *fs, enum what what, const char *app, const char *stream)
{
    struct question question = {what, app, ""};
    struct answer answer;

    return cache_peek(fs->cache, &question, ANY_AGE, &answer) && names_has(answer.names, stream);
}

/* A commit may have been the first of the app on the stream, or have made the partition. */
static void note_commit(struct request *request, const struct state *state)
{
    struct fs *fs = request->fs;
    const struct place *place = request->target.place;
    struct state known;

    if (!lists(fs, WHAT_COMMITTED, place->app, place->stream))
        cache_drop(fs->cache, &(struct question){WHAT_COMMITTED, place->app, ""});
    if (!lists(fs, WHAT_STREAMS, "", place->stream))
        cache_drop(fs->cache, &(struct question){WHAT_STREAMS, "", ""});
    if (cache_state(fs->cache, "", place->stream, request->target.partition, ANY_AGE, false,
                    &known) == -ENOENT)
        cache_drop_about(fs->cache, NULL, place->stream);
    cache_note(fs->cache, place->app, place->stream, state, when_monotonic());
}

static void note_deletion(struct request *request)
{
    struct fs *fs = request->fs;
    const struct place *place = request->target.place;
    struct state none = {.partition = request->target.partition, .committed = WHEN_UNKNOWN};

    cache_drop(fs->cache, &(struct question){WHAT_COMMITTED, place->app, ""});
    cache_note(fs->cache, place->app, place->stream, &none, when_monotonic());
}

/* Commits */

/* A commit that was forced on a partition whose consumer seems to be alive does not last. */
static void log_commit(struct request *request, const char *number)
{
    char result[CONSUMER_ROOM + 64] = "ok";

    if (*request->consumer) {
        snprintf(result, sizeof(result), "ok: %s seems to be alive and will overwrite this",
                 request->consumer);
        request_warn(request, "commit",
                     "done, but the consumer %s has committed here in the last two minutes: if it "
                     "is alive it will overwrite this; stop it before you set a checkpoint",
                     request->consumer);
    }
    log_change(request, "commit", number, result);
}

static void on_committed(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;
    const char *number = error || !answer->state->sequence ? "" : answer->state->sequence;

    if (is_unknown(error))
        log_change(request, "commit", request->number, "unknown");
    if (!request_answered(request, error))
        return;
    if (request->handle && tree_row(request->target.kind)->writes == WRITES_POSITION)
        snprintf(request->handle->committed, sizeof(request->handle->committed), "%s", number);
    if (*number) {
        note_commit(request, answer->state);
        log_commit(request, number);
    } else {
        note_deletion(request);
        log_change(request, "delete", "", "ok");
    }
    request->abandoned = NULL;
    request->then(request);
}

static void commit(struct request *request, const struct node *node,
                   const struct position *position, const char *metadata)
{
    struct fs *fs = request->fs;
    struct commit_request order = {.app = node->place->app,
                                   .stream = node->place->stream,
                                   .partition = node->partition,
                                   .position = *position,
                                   .metadata = metadata,
                                   .make_partition = node->kind == SAVED &&
                                                     fs->backend->abilities & CAN_MAKE_STREAM,
                                   .clamp = fs->settings.clamp,
                                   .monotonic = fs->settings.monotonic};
    struct ask ask = request_ask(request, on_committed);

    if (*metadata && !(fs->backend->abilities & CAN_STORE_METADATA)) {
        request_refuse(request, EOPNOTSUPP, "the backend stores no metadata");
        return;
    }
    snprintf(request->number, sizeof(request->number), "%s", position->sequence);
    set_target(request, node, on_commit_abandoned);
    request_wait(request, forced_commit(fs, &order, request->consumer, &ask));
}

void write_checkpoint(struct request *request, const struct node *node, char *text, size_t size)
{
    const struct backend *backend = request->fs->backend;
    struct position position;
    struct error error;
    const char *metadata;

    /* Where there is no metadata, some of any length is refused for that. */
    if (position_parse_text(text, size, when_now(),
                            backend->abilities & CAN_STORE_METADATA ? backend->metadata_max : size,
                            &position, &metadata, &error))
        request_fail(request, &error);
    else
        commit(request, node, &position, metadata);
}

void write_metadata(struct request *request, const struct node *node, char *text, size_t size)
{
    struct position present = {.kind = POSITION_PRESENT};
    struct error error;
    const char *metadata;

    if (metadata_parse(text, size, request->fs->backend->metadata_max, &metadata, &error))
        request_fail(request, &error);
    else
        commit(request, node, &present, metadata);
}

/* Deletions */

static void on_deleted(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;

    (void)answer;
    if (is_unknown(error))
        log_change(request, "delete", "", "unknown");
    if (!request_answered(request, error))
        return;
    note_deletion(request);
    log_change(request, "delete", "", "ok");
    request->abandoned = NULL;
    request->then(request);
}

void write_deletion(struct request *request, const struct node *node)
{
    const struct backend *backend = request->fs->backend;
    struct ask ask = request_ask(request, on_deleted);

    if (!(backend->abilities & CAN_DELETE_CHECKPOINT)) {
        request_refuse(request, EOPNOTSUPP,
                       "the service cannot delete one checkpoint: rmdir apps/%s/%s deletes the app "
                       "there, with all of them",
                       node->place->app, node->place->stream);
        return;
    }
    set_target(request, node, on_deletion_abandoned);
    request_wait(request, backend_delete_checkpoint(request->fs->backend, node->place->app,
                                                    node->place->stream, node->partition, &ask));
}

/* Bounds */

static void on_bound_set(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;

    (void)answer;
    if (!request_answered(request, error))
        return;
    cache_drop_about(request->fs->cache, NULL, request->target.place->stream);
    request->then(request);
}

void write_bound(struct request *request, const struct node *node, char *text, size_t size)
{
    struct backend *backend = request->fs->backend;
    struct ask ask = request_ask(request, on_bound_set);
    bool whole = strlen(text) == size;

    while (size && isspace((unsigned char)text[size - 1]))
        text[--size] = '\0';
    while (isspace((unsigned char)*text))
        text++;
    if (!whole || !decimal_is_unsigned(text)) {
        request_refuse(request, EINVAL, "\"%.60s\" is not a sequence number", text);
        return;
    }
    set_target(request, node, NULL);
    request_wait(request, backend_set_bound(backend, node->place->stream, node->partition,
                                            node->kind == EARLIEST, text, &ask));
}
