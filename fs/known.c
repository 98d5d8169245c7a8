#include "fs/known.h"

#include <errno.h>
#include <string.h>

#include "base/when.h"
#include "fs/handle.h"
#include "fs/made.h"
#include "fs/scratch.h"
#include "fs/states.h"
#include "fs/tree.h"

/* Files */

static int from_state(const struct fs *fs, const struct node *node, const struct state *state,
                      struct stat *attr)
{
    struct buf text = BUF_INIT(LINES_MAX);
    const struct row *row = tree_row(node->kind);
    int status = row->print(fs, node, state, &text);
    bool is_told = row->detail != DETAIL_ALL || state->latest || !fs->backend->states_lack_bounds;

    if (!status || status == -ENODATA)
        tree_attributes(fs, node, is_told ? text.size : 0, state_time(state), attr);
    buf_release(&text);
    return status;
}

static int from_states(const struct fs *fs, const struct node *node, int64_t not_before,
                       struct stat *attr)
{
    bool whole = tree_row(node->kind)->source == FROM_STATE;
    struct state state;
    int status = cache_state(fs->cache, node->place->app, node->place->stream, node->partition,
                             not_before, whole, &state);

    if (!status)
        status = from_state(fs, node, &state, attr);
    if (status != -ENODATA)
        return status;
    /* What the backend does not tell is a file all the same; opening it says why it is empty. */
    return whole || not_before == ANY_AGE ? 0 : -EAGAIN;
}

/* Where the backend leaves metadata out, and where there is too much, the size is told when the
 * file is opened. */
static int from_all_states(const struct fs *fs, const struct node *node, int64_t not_before,
                           struct stat *attr)
{
    struct question question = {WHAT_STATES, node->place->app, node->place->stream};
    struct buf text = BUF_INIT(TABLE_MAX);
    struct answer answer;
    int status;

    if (!cache_peek(fs->cache, &question, not_before, &answer))
        return -EAGAIN;
    status = tree_row(node->kind)->print_states(fs, answer.table, &text);
    if (status != -ENOMEM)
        tree_attributes(fs, node, status ? 0 : text.size, states_time(answer.table), attr);
    buf_release(&text);
    return status == -ENOMEM ? status : 0;
}

static int from_info(const struct fs *fs, const struct node *node, int64_t not_before,
                     struct stat *attr)
{
    struct question question = {WHAT_INFO, "", node->place->stream};
    struct answer answer;

    if (!cache_peek(fs->cache, &question, not_before, &answer))
        return -EAGAIN;
    tree_attributes(fs, node, strlen(answer.text) + 1, WHEN_UNKNOWN, attr);
    return 0;
}

static int from_mount(const struct fs *fs, const struct node *node, int64_t when, struct stat *attr)
{
    struct buf text = BUF_INIT(LINES_MAX);
    int status;

    tree_row(node->kind)->print_mount(fs, &text);
    status = buf_error(&text);
    if (!status)
        tree_attributes(fs, node, text.size, when, attr);
    buf_release(&text);
    return status;
}

static int from_lines(const struct fs *fs, const struct node *node, struct stat *attr)
{
    const struct lines *lines = tree_row(node->kind)->lines(fs);

    tree_attributes(fs, node, lines->text.size, lines->changed, attr);
    return 0;
}

static int from_scratch(const struct fs *fs, const struct node *node, struct stat *attr)
{
    const struct scratch *scratch = scratch_find(node);

    if (!scratch)
        return -ENOENT;
    tree_attributes(fs, node, scratch->content.size, scratch->changed, attr);
    attr->st_mode = S_IFREG | scratch->mode;
    attr->st_nlink = node->place->removed ? 0 : 1;
    return 0;
}

/* A checkpoint that is being written exists for its writer, with what was written so far. */
static int from_writer(const struct fs *fs, const struct node *node, struct stat *attr)
{
    const struct handle *writer = handle_writer(fs, node);

    if (!writer)
        return -ENOENT;
    tree_attributes(fs, node, writer->content.text.size, when_now(), attr);
    return 0;
}

static int from_states_or_writer(const struct fs *fs, const struct node *node, int64_t not_before,
                                 struct stat *attr)
{
    int status = from_states(fs, node, not_before, attr);
    bool can_be_written = tree_row(node->kind)->writes != WRITES_NOTHING;

    return status == -ENOENT && can_be_written ? from_writer(fs, node, attr) : status;
}

int known_attributes(const struct fs *fs, const struct node *node, int64_t not_before,
                     struct stat *attr)
{
    const struct row *row = tree_row(node->kind);

    switch (row->source) {
    case FROM_CHECKPOINT:
    case FROM_STATE:
    case FROM_SNAPSHOT:
        return from_states_or_writer(fs, node, not_before, attr);
    case FROM_STATES:
        return from_all_states(fs, node, not_before, attr);
    case FROM_INFO:
        return from_info(fs, node, not_before, attr);
    case FROM_PAGE:
        tree_attributes(fs, node, fs->overview.text.size,
                        fs->overview.made ? fs->overview.when : WHEN_UNKNOWN, attr);
        break;
    case FROM_MOUNT:
        return from_mount(fs, node, when_now(), attr);
    case FROM_TEXT:
        return from_mount(fs, node, WHEN_UNKNOWN, attr);
    case FROM_JOURNAL:
        return from_lines(fs, node, attr);
    case FROM_MEMORY:
        return from_scratch(fs, node, attr);
    case FROM_TABLE:
    case FROM_CURSOR:
    case FROM_RECORDS:
    case FROM_NOWHERE:
        tree_attributes(fs, node, 0, WHEN_UNKNOWN, attr);
        break;
    }
    return 0;
}

/* Directories */

const char *known_listed_name(const struct node *node, char room[static TREE_NAME_ROOM])
{
    switch (tree_row(node->kind)->naming) {
    case BY_APP:
        return node->place->app;
    case BY_STREAM:
        return node->place->stream;
    default:
        return tree_name(node, room);
    }
}

bool known_is_in(const struct node *node, const struct answer *answer)
{
    const struct row *row = tree_row(node->kind);
    struct state state;

    if (row->naming == BY_PARTITION)
        return !table_find(answer->table, node->partition, &state) &&
               (row->source == FROM_NOWHERE || state.sequence);
    return names_has(answer->names, row->naming == BY_APP ? node->place->app : node->place->stream);
}

/* Under what a removed directory is remembered: a stream is gone for all apps, unless it was the
 * app that was removed from it. */
static void gone_question(const struct fs *fs, const struct node *node, struct question *question)
{
    tree_question(fs, node->kind, node->place, question);
    if (!(fs->backend->abilities & APP_IS_OF_STREAM))
        question->app = "";
}

void known_note_gone(struct fs *fs, const struct node *node)
{
    struct question question;
    char room[TREE_NAME_ROOM];

    gone_question(fs, node, &question);
    cache_note_gone(fs->cache, &question, known_listed_name(node, room));
}

struct node known_directory(const struct fs *fs, const struct node *node)
{
    struct node directory = *node;
    struct question unused;

    while (directory.kind != ROOT && !tree_question(fs, directory.kind, directory.place, &unused))
        directory.kind = tree_parent(directory.kind);
    return directory;
}

/* Whether the name was missing a moment ago, or the directory was removed. */
static bool is_missing(const struct fs *fs, const struct node *node,
                       const struct question *question)
{
    struct question gone;
    char room[TREE_NAME_ROOM];
    const char *name = known_listed_name(node, room);

    gone_question(fs, node, &gone);
    return cache_is_missing(fs->cache, question, name) || cache_is_missing(fs->cache, &gone, name);
}

/* What is known of a partition since a time: 0, -ENOENT or -EAGAIN. */
static int check_partition(const struct fs *fs, const struct node *node, int64_t not_before,
                           struct state *state)
{
    return cache_state(fs->cache, node->place->app, node->place->stream, node->partition,
                       not_before, false, state);
}

static int check_saved(const struct fs *fs, const struct node *saved, int64_t not_before)
{
    struct state state;
    int status = check_partition(fs, saved, not_before, &state);

    return status || state.sequence ? status : -ENOENT;
}

/* That there is no checkpoint does not say that there is the partition. */
static bool is_partition_there(const struct fs *fs, const struct node *partition)
{
    const struct place *place = partition->place;
    struct state state;

    return !check_saved(fs, partition, ANY_AGE) ||
           !cache_state(fs->cache, place->app, place->stream, partition->partition, ANY_AGE, true,
                        &state);
}

/* Whether the list had the directory, at any age; a partition may be known without one. */
static bool is_known_there(const struct fs *fs, const struct node *directory,
                           const struct question *question)
{
    struct answer answer;

    if (directory->kind == SAVED)
        return !check_saved(fs, directory, ANY_AGE);
    if (tree_row(directory->kind)->naming == BY_PARTITION && is_partition_there(fs, directory))
        return true;
    return cache_peek(fs->cache, question, ANY_AGE, &answer) && known_is_in(directory, &answer);
}

int known_check(const struct fs *fs, const struct node *node, int64_t not_before,
                struct question *question)
{
    const struct node directory = known_directory(fs, node);
    bool strict = tree_row(directory.kind)->strict;
    bool takes = tree_takes(fs, &directory);
    struct answer answer;

    if (scratch_is(node))
        return scratch_find(node) && !node->place->removed ? 0 : -ENOENT;
    if (!tree_question(fs, directory.kind, directory.place, question) || made_has(&directory))
        return 0;
    if (!strict && is_missing(fs, &directory, question))
        return -ENOENT;
    if (is_known_there(fs, &directory, question))
        return 0;
    if (directory.kind == SAVED)
        return check_saved(fs, &directory, not_before);
    if ((!takes && cache_peek(fs->cache, question, ANY_AGE, &answer)) ||
        (strict && cache_peek(fs->cache, question, not_before, &answer)))
        return -ENOENT;
    return -EAGAIN;
}

/* The directory of that kind in which a node is. Where nobody knows its place, nothing was made. */
static struct node directory_at(const struct fs *fs, const struct node *node, enum kind kind)
{
    struct node directory = *node;
    const char *stream = tree_row(kind)->naming == BY_APP ? "" : node->place->stream;
    struct place *place = place_find(fs->nodes, node->place->app, stream, "");

    directory.kind = kind;
    if (place)
        directory.place = place;
    return directory;
}

bool known_is_gone(const struct fs *fs, const struct node *node)
{
    int64_t not_before = cache_not_before(fs->settings.snapshot);
    struct node directory = *node;
    struct question unused;

    while (directory.kind != ROOT && known_check(fs, &directory, not_before, &unused) != -ENOENT)
        directory = directory_at(fs, node, tree_parent(directory.kind));
    return directory.kind != ROOT;
}
