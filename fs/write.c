#include "fs/write.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/when.h"
#include "fs/handle.h"
#include "fs/tree.h"

/* Commits */

/* A commit that was forced on a partition whose consumer seems to be alive does not last. */
static void warn_of_consumer(const struct request *request, const char *of, const char *consumer)
{
    if (*consumer)
        request_warn(request, "commit",
                     "%sdone, but the consumer %s has committed here in the last two minutes: if "
                     "it is alive it will overwrite this; stop it before you set a checkpoint",
                     of, consumer);
}

/* A commit that came to a deletion: of the beginning, or of an undo of the first one. */
static void warn_of_deletion(const struct request *request, const char *of,
                             const struct state *state)
{
    if (!state->sequence)
        request_warn(
            request, "commit",
            "%sdone by deleting the checkpoint, for nothing committed is what says this: a "
            "consumer that starts at the end then will skip what is kept",
            of);
}

void write_warn(const struct request *request, const char *of, const struct answer *committed)
{
    warn_of_consumer(request, of, committed->text);
    warn_of_deletion(request, of, committed->state);
}

static void on_committed(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;
    struct handle *handle = request->handle;

    if (!request_answered(request, error))
        return;
    write_warn(request, "", answer);
    if (handle && tree_row(handle->node.kind)->writes == WRITES_POSITION)
        snprintf(handle->content.committed, sizeof(handle->content.committed), "%s",
                 answer->state->sequence ? answer->state->sequence : "");
    request->then(request);
}

static void ask_for_commit(struct request *request, const struct node *node,
                           const struct position *position, const char *metadata)
{
    unsigned abilities = request->fs->backend->abilities;
    struct change_order order = request_change(request, COMMIT, node);

    if (*metadata && position->kind == POSITION_UNDO) {
        request_refuse(request, EINVAL,
                       "undo brings back the metadata, too: write nothing after it");
        return;
    }
    if (*metadata && !(abilities & CAN_STORE_METADATA)) {
        request_refuse(request, EOPNOTSUPP, "the backend stores no metadata");
        return;
    }
    order.position = *position;
    order.metadata = metadata;
    order.make_partition = node->kind == SAVED && abilities & CAN_MAKE_STREAM;
    request_start_change(request, &order, on_committed);
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
                            &position, &metadata, &error) ||
        position_check_place(&position, node->place->stream, node->partition, &error))
        request_fail(request, &error);
    else
        ask_for_commit(request, node, &position, metadata);
}

void write_metadata(struct request *request, const struct node *node, char *text, size_t size)
{
    struct position present = {.kind = POSITION_PRESENT};
    struct error error;
    const char *metadata;

    if (metadata_parse(text, size, request->fs->backend->metadata_max, &metadata, &error))
        request_fail(request, &error);
    else
        ask_for_commit(request, node, &present, metadata);
}

/* Deletions and bounds */

static void on_changed(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;

    (void)answer;
    if (request_answered(request, error))
        request->then(request);
}

void write_deletion(struct request *request, const struct node *node)
{
    struct change_order order = request_change(request, DELETE, node);

    if (request->fs->backend->abilities & CAN_DELETE_CHECKPOINT)
        request_start_change(request, &order, on_changed);
    else
        request_refuse(request, EOPNOTSUPP,
                       "the service cannot delete one checkpoint: rmdir apps/%s/%s deletes the app "
                       "there, with all of them",
                       node->place->app, node->place->stream);
}

void write_bound(struct request *request, const struct node *node, char *text, size_t size)
{
    enum what_changes what = node->kind == EARLIEST ? SET_EARLIEST : SET_LATEST;
    struct change_order order = request_change(request, what, node);
    bool whole = strlen(text) == size;

    while (size && isspace((unsigned char)text[size - 1]))
        text[--size] = '\0';
    while (isspace((unsigned char)*text))
        text++;
    if (!whole || !decimal_is_unsigned(text)) {
        request_refuse(request, EINVAL, "\"%.60s\" is not a sequence number", text);
        return;
    }
    order.bound = text;
    request_start_change(request, &order, on_changed);
}

/* Who had no memory for the request itself has told nothing yet. */
void write_refuse_again(struct request *request, int code)
{
    if (code == ECANCELED)
        request_refuse(request, code, "a write before was interrupted: open the file anew");
    else if (code == ENOMEM)
        request_refuse(request, code, "no memory");
    else
        request_deny(request, code);
}
