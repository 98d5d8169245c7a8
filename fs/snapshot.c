#include "fs/snapshot.h"

#include <errno.h>

#include "fs/tree.h"

/* Whether the file can be printed from what is known: a metadata file cannot without its text. */
static bool is_enough(const struct request *request, const struct state *state)
{
    const struct row *row = tree_row(request->needed.kind);
    struct buf text = BUF_INIT(LINES_MAX);
    int status;

    if (row->source == FROM_STATE)
        return true;
    status = row->print(request->fs, &request->needed, state, &text);
    buf_release(&text);
    return status != -ENODATA;
}

static void on_snapshot_checkpoint(void *user, const struct error *error,
                                   const struct answer *answer)
{
    struct request *request = user;
    const struct place *place = request->needed.place;

    if (!request_answered(request, error))
        return;
    cache_note(request->fs->cache, place->app, place->stream, answer->state, request->started);
    request->known(request);
}

static void check_snapshot(struct request *request, const struct state *state)
{
    struct backend *backend = request->fs->backend;
    const struct place *place = request->needed.place;
    struct ask ask = request_ask(request, on_snapshot_checkpoint);

    if (is_enough(request, state))
        request->known(request);
    else
        request_wait(request, backend_get_checkpoint(backend, place->app, place->stream,
                                                     request->needed.partition, &ask));
}

static int state_of(const struct request *request, int64_t not_before, struct state *state)
{
    const struct node *node = &request->needed;

    return cache_state(request->fs->cache, node->place->app, node->place->stream, node->partition,
                       not_before, tree_row(node->kind)->source == FROM_STATE, state);
}

/* What shows metadata asks for it with the checkpoint: not every service tells it with the state.
 */
static bool needs_whole(enum kind kind)
{
    return kind != METADATA && kind != SAVED;
}

/* Of those who share an answer one may have dropped it before the next is told: an app was removed,
 * or was not. Then it is asked for again. */
static void on_snapshot(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;
    struct state state;
    int status;

    (void)answer;
    if (!request_answered(request, error))
        return;
    status = state_of(request, ANY_AGE, &state);
    if (status == -EAGAIN)
        snapshot_need(request, &request->needed, request->known);
    else if (status)
        request->known(request);
    else
        check_snapshot(request, &state);
}

static void need_all(struct request *request)
{
    const struct place *place = request->needed.place;
    struct question question = {WHAT_STATES, place->app, place->stream};
    struct ask ask = request_ask(request, on_snapshot);

    request_wait(request, cache_get(request->fs->cache, &question, &ask));
}

/* What is not there may be the partition, which can have a checkpoint all the same once it is
 * written to, or what it is in: the answer for all tells. And not every backend tells of one alone.
 */
static void on_told_alone(void *user, const struct error *error, const struct answer *answer)
{
    bool may_know_all = error && (error->code == ENOENT || error->code == EOPNOTSUPP);

    if (may_know_all && request_answered(user, NULL))
        need_all(user);
    else
        on_snapshot(user, error, answer);
}

bool snapshot_note_look(struct fs *fs, const struct node *node)
{
    struct question question = {WHAT_STATES, node->place->app, node->place->stream};

    return cache_note_single(fs->cache, &question, node->partition,
                             cache_not_before(fs->settings.snapshot));
}

struct call *snapshot_get(struct fs *fs, const struct node *node, bool of_all,
                          const struct ask *ask)
{
    struct question question = {WHAT_STATES, node->place->app, node->place->stream};

    if (of_all)
        return cache_get(fs->cache, &question, ask);
    return cache_get_one(fs->cache, &question, node->partition, needs_whole(node->kind), ask);
}

void snapshot_need(struct request *request, const struct node *node,
                   void (*then)(struct request *request))
{
    struct fs *fs = request->fs;
    struct ask ask = request_ask(request, on_told_alone);
    bool of_all = snapshot_note_look(fs, node);
    struct state state;
    int status;

    if (node != &request->needed)
        request->needed = *node;
    request->known = then;
    status = state_of(request, cache_not_before(fs->settings.snapshot), &state);
    if (status == -EAGAIN)
        request_wait(request, snapshot_get(fs, node, of_all, &ask));
    else if (status)
        then(request);
    else
        check_snapshot(request, &state);
}

/* Where an app stands */

static bool tells_all(const struct request *request, const struct state *state)
{
    const struct row *row = tree_row(request->node.kind);
    struct buf text = BUF_INIT(LINES_MAX);
    bool prints = !row->print(request->fs, &request->node, state, &text);

    buf_release(&text);
    return prints && state->earliest && state->latest;
}

static void tell_from(struct request *request, const struct table *table)
{
    struct state state;

    if (!table_find(table, request->node.partition, &state) && tells_all(request, &state))
        request->told(request, &state);
    else
        request->alone(request);
}

static void on_lags(void *user, const struct error *error, const struct answer *answer)
{
    struct request *request = user;

    if (!request_answered(request, NULL))
        return;
    if (error)
        request->alone(request);
    else
        tell_from(request, answer->table);
}

static bool is_second(const struct request *request, const struct question *question)
{
    const struct fs *fs = request->fs;
    enum detail detail = tree_row(request->node.kind)->detail;

    if (!*question->app || !fs->settings.snapshot ||
        (detail == DETAIL_ALL && fs->backend->states_lack_details))
        return false;
    return cache_note_single(fs->cache, question, request->node.partition,
                             cache_not_before(fs->settings.snapshot));
}

void snapshot_need_lag(struct request *request,
                       void (*told)(struct request *request, const struct state *state),
                       void (*alone)(struct request *request))
{
    struct fs *fs = request->fs;
    const struct place *place = request->node.place;
    struct question question = tree_lags_question(fs, place->app, place->stream);
    struct ask ask = request_ask(request, on_lags);
    struct answer known;

    request->told = told;
    request->alone = alone;
    if (!is_second(request, &question))
        alone(request);
    else if (cache_peek(fs->cache, &question, cache_not_before(fs->settings.snapshot), &known))
        tell_from(request, known.table);
    else
        request_wait(request, cache_get(fs->cache, &question, &ask));
}
