#include "fs/search.h"

#include <errno.h>

#include "fs/known.h"
#include "fs/snapshot.h"
#include "fs/tree.h"

/* The request's `needed` is what is searched for. */

/* Whether what no list has is not there. */
static bool goes_by_list(const struct fs *fs, const struct node *node)
{
    return tree_row(node->kind)->strict || !tree_takes(fs, node);
}

static void refuse(struct request *request)
{
    request_deny(request, ENOENT);
}

/* The one name */

static void note_single(struct request *request, const struct question *question,
                        const struct answer *answer)
{
    struct cache *cache = request->fs->cache;
    const struct node *node = &request->needed;
    const struct place *place = node->place;

    if (answer->state && tree_row(node->kind)->naming == BY_PARTITION)
        cache_note(cache, place->app, place->stream, answer->state, request->started);
    else
        cache_note_name(cache, question,
                        tree_row(node->kind)->naming == BY_APP ? place->app : place->stream,
                        request->started);
}

static void on_single(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;
    const struct node *node = &request->needed;
    struct question question;
    char room[TREE_NAME_ROOM];

    tree_question(request->fs, node->kind, node->place, &question);
    if (error && error->code == ENOENT)
        cache_note_missing(request->fs->cache, &question, known_listed_name(node, room),
                           request->started);
    if (!request_answered(request, error))
        return;
    note_single(request, &question, answer);
    request->known(request);
}

/* Where apps are of streams, an app's stream is one on which it has states. */
static void ask_stream(struct request *request, const struct ask *ask)
{
    struct backend *backend = request->fs->backend;
    const struct place *place = request->needed.place;
    struct question question = {WHAT_STATES, place->app, place->stream};

    if (*place->app && backend->abilities & APP_IS_OF_STREAM)
        request_wait(request, cache_get(request->fs->cache, &question, ask));
    else
        request_wait(request, backend_describe_stream(backend, place->stream, ask));
}

static void ask_single(struct request *request)
{
    struct backend *backend = request->fs->backend;
    const struct node *node = &request->needed;
    const struct place *place = node->place;
    struct ask ask = request_ask(request, on_single);

    switch (tree_row(node->kind)->naming) {
    case BY_APP:
        request_wait(request, backend_find_app(backend, place->app, &ask));
        break;
    case BY_STREAM:
        ask_stream(request, &ask);
        break;
    case BY_PARTITION:
        request_wait(request,
                     backend_get_state(backend, cache_app_to_ask(request->fs->cache, place->app),
                                       place->stream, node->partition, DETAIL_NONE, &ask));
        break;
    default:
        refuse(request);
    }
}

/* The list */

static void on_list(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;
    const struct node *node = &request->needed;

    if (error && error->code == ENOENT)
        request_forget_names(request);
    if (!request_answered(request, error))
        return;
    if (known_is_in(node, answer))
        request->known(request);
    else if (goes_by_list(request->fs, node))
        refuse(request);
    else
        ask_single(request);
}

static void ask_list(struct request *request, const struct question *question)
{
    struct ask ask = request_ask(request, on_list);

    request_wait(request, cache_get(request->fs->cache, question, &ask));
}

static void ask_list_or_single(struct request *request, const struct question *question);

/* The app or the stream may be what is not there. */
static void note_no_partition(struct request *request, const struct question *question)
{
    char room[TREE_NAME_ROOM];

    cache_note_missing(request->fs->cache, question, known_listed_name(&request->needed, room),
                       request->started);
    request_forget_names(request);
}

/* What came may have been dropped already, and a list need not have what is new. */
static void on_searched_partition(void *user, const struct error *error,
                                  const struct answer *answer)
{
    struct request *request = user;
    struct fs *fs = request->fs;
    const struct node *node = &request->needed;
    struct question question;
    int status;

    (void)answer;
    tree_question(fs, node->kind, node->place, &question);
    if (error && error->code == ENOENT)
        note_no_partition(request, &question);
    if (error && error->code == EOPNOTSUPP && request_answered(request, NULL)) {
        ask_list(request, &question);
        return;
    }
    if (!request_answered(request, error))
        return;
    status = known_check(fs, node, ANY_AGE, &question);
    if (!status)
        request->known(request);
    else if (status == -ENOENT)
        refuse(request);
    else
        ask_list_or_single(request, &question);
}

/* One partition needs no list of all. */
static void ask_partition(struct request *request)
{
    struct fs *fs = request->fs;
    const struct node *node = &request->needed;
    struct ask ask = request_ask(request, on_searched_partition);

    request_wait(request, snapshot_get(fs, node, snapshot_note_look(fs, node), &ask));
}

/* A list of any age has most names; one that it does not have may be new. */
static void ask_list_or_single(struct request *request, const struct question *question)
{
    struct answer unused;

    if (!goes_by_list(request->fs, &request->needed) &&
        cache_peek(request->fs->cache, question, ANY_AGE, &unused))
        ask_single(request);
    else if (tree_row(request->needed.kind)->naming == BY_PARTITION)
        ask_partition(request);
    else
        ask_list(request, question);
}

void search_begin(struct request *request, const struct node *node,
                  void (*then)(struct request *request))
{
    const struct fs *fs = request->fs;
    struct question question;
    int status = known_check(fs, node, cache_not_before(fs->settings.snapshot), &question);

    request->needed = known_directory(fs, node);
    request->known = then;
    request->quiet = true;
    if (!status)
        then(request);
    else if (status == -ENOENT)
        refuse(request);
    else
        ask_list_or_single(request, &question);
}
