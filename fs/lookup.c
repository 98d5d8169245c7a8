#include "fs/lookup.h"

#include <errno.h>
#include <stdlib.h>

#include "base/when.h"
#include "fs/known.h"
#include "fs/made.h"
#include "fs/scratch.h"
#include "fs/tree.h"

/* A lookup holds its directory's lock in the kernel, so it waits no longer than this. */
#define PATIENCE_MS 5000

/* What is looked up: the request's data. */
struct search {
    struct node node; /* its place is held */
    bool listed;      /* the list has been asked for */
};

static void release_search(struct fs *fs, void *data)
{
    struct search *search = data;

    place_drop(fs->nodes, search->node.place);
    free(search);
}

static struct search *search_of(const struct request *request)
{
    return request->data;
}

static void reply_found(struct request *request)
{
    const struct node node = search_of(request)->node;
    struct stat attr;

    if (known_attributes(request->fs, &node, ANY_AGE, &attr))
        tree_attributes(request->fs, &node, 0, WHEN_UNKNOWN, &attr);
    request_reply_entry(request, &node, &attr);
}

static void reply_missing(struct request *request)
{
    request_refuse(request, ENOENT, "no such name");
}

/* One name */

static void on_single(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;
    struct fs *fs = request->fs;
    const struct node *node = &search_of(request)->node;
    const struct place *place = node->place;
    struct question question;

    tree_question(fs, node->kind, place, &question);
    if (error && error->code == ENOENT)
        cache_note_missing(fs->cache, &question, request->name);
    if (!request_answered(request, error))
        return;
    if (answer->state && tree_row(node->kind)->naming == BY_PARTITION)
        cache_note(fs->cache, place->app, place->stream, answer->state, request->started);
    else
        cache_note_name(fs->cache, &question,
                        tree_row(node->kind)->naming == BY_APP ? place->app : place->stream);
    reply_found(request);
}

/* Where apps are of streams, an app's stream is one on which it has states. */
static void ask_stream(struct request *request, const struct ask *ask)
{
    struct backend *backend = request->fs->backend;
    const struct place *place = search_of(request)->node.place;
    struct question question = {WHAT_STATES, place->app, place->stream};

    if (*place->app && backend->abilities & APP_IS_OF_STREAM)
        request_wait(request, cache_get(request->fs->cache, &question, ask));
    else
        request_wait(request, backend_describe_stream(backend, place->stream, ask));
}

/* Asks for the one name that the list does not have. */
static void ask_single(struct request *request)
{
    struct fs *fs = request->fs;
    struct backend *backend = fs->backend;
    const struct node *node = &search_of(request)->node;
    const struct place *place = node->place;
    struct ask ask = request_ask(request, on_single);

    ask.deadline = request->started + PATIENCE_MS;
    switch (tree_row(node->kind)->naming) {
    case BY_APP:
        request_wait(request, backend_find_app(backend, place->app, &ask));
        break;
    case BY_STREAM:
        ask_stream(request, &ask);
        break;
    case BY_PARTITION:
        request_wait(request, backend_get_state(backend, *place->app ? place->app : NULL,
                                                place->stream, node->partition, DETAIL_NONE, &ask));
        break;
    default:
        reply_missing(request);
    }
}

static void search_list(struct request *request);

static void on_lookup_list(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;

    (void)answer;
    search_of(request)->listed = true;
    if (error && error->code == ENOENT)
        request_forget_names(request);
    if (request_answered(request, error))
        search_list(request);
}

static void ask_list(struct request *request, const struct question *question)
{
    struct ask ask = request_ask(request, on_lookup_list);

    ask.deadline = request->started + PATIENCE_MS;
    request_wait(request, cache_get(request->fs->cache, question, &ask));
}

static void search_list(struct request *request)
{
    struct fs *fs = request->fs;
    const struct search *search = search_of(request);
    const struct node *node = &search->node;
    bool final = tree_row(node->kind)->strict; /* young enough to be believed */
    struct question question;
    struct answer answer;
    bool young;

    tree_question(fs, node->kind, node->place, &question);
    if (made_has(node) ||
        (cache_peek(fs->cache, &question, ANY_AGE, &answer) && known_is_in(node, &answer))) {
        reply_found(request);
        return;
    }
    young = cache_peek(fs->cache, &question,
                       final ? cache_not_before(fs->settings.snapshot) : ANY_AGE, &answer);
    if (!young && !search->listed)
        ask_list(request, &question);
    else if (final || cache_is_missing(fs->cache, &question, request->name))
        reply_missing(request);
    else
        ask_single(request);
}

/* A file is found unless something recent tells that nothing is committed there. */
static void find_file(struct request *request, const struct node *node)
{
    const struct fs *fs = request->fs;
    struct stat attr;
    int status = known_attributes(fs, node, cache_not_before(fs->settings.snapshot), &attr);

    if (status == -ENOENT || (node->kind == SCRATCH && !scratch_find(fs, node)))
        reply_missing(request);
    else if (status)
        reply_found(request);
    else
        request_reply_entry(request, node, &attr);
}

static void find_node(struct request *request)
{
    const struct node *node = &search_of(request)->node;
    struct question unused;

    if (tree_question(request->fs, node->kind, node->place, &unused))
        search_list(request);
    else if (tree_is_directory(node->kind))
        reply_found(request);
    else
        find_file(request, node);
}

void lookup_name(fuse_req_t fuse, fuse_ino_t parent, const char *name)
{
    struct request *request = request_new(fuse, "lookup", parent, name);
    struct search *started = calloc(1, sizeof(*started));
    int status;

    if (!request || !started) {
        free(started);
        if (request)
            request_refuse(request, ENOMEM, "no memory");
        return;
    }
    request->quiet = true;
    status = tree_child(request->fs, &request->node, name, &started->node);
    if (status) {
        free(started);
        request_refuse(request, -status, "no such name");
        return;
    }
    request->data = started;
    request->release_data = release_search;
    find_node(request);
}

void lookup_forget(fuse_req_t fuse, fuse_ino_t inode, uint64_t count)
{
    struct fs *fs = fuse_req_userdata(fuse);

    node_forget(fs->nodes, inode, count);
    fuse_reply_none(fuse);
}

void lookup_forget_many(fuse_req_t fuse, size_t count, struct fuse_forget_data *forgets)
{
    struct fs *fs = fuse_req_userdata(fuse);

    for (size_t i = 0; i < count; i++)
        node_forget(fs->nodes, forgets[i].ino, forgets[i].nlookup);
    fuse_reply_none(fuse);
}
