#include "fs/lease.h"

#include "base/always.h"
#include "base/when.h"
#include "fs/handle.h"

/* Whether somebody has it open, who may be in the middle of a text of another size. */
static bool is_open(const struct fs *fs, const struct node *node)
{
    return fs->handle_count && (handle_opened(fs, node) || handle_writer(fs, node));
}

/* The kernel begins to count when the program that asked goes on, which may be a moment later. */
#define SLACK_MS 250

/* Not every service tells metadata with the states of all partitions: then no size is known. */
static bool is_size_known(const struct fs *fs, const struct state *state)
{
    return state->sequence && (state->metadata || !(fs->backend->abilities & CAN_STORE_METADATA));
}

/* Until when what is known of a checkpoint may be told, or 0 if there is none. */
static int64_t known_until(struct fs *fs, const struct node *node)
{
    const struct place *place = node->place;
    int64_t since;
    struct state state;

    if (cache_state(fs->cache, place->app, place->stream, node->partition,
                    cache_not_before(fs->settings.snapshot), false, &state) ||
        !is_size_known(fs, &state))
        return 0;
    since = cache_state_age(fs->cache, place->app, place->stream, node->partition);
    return since + fs->settings.snapshot;
}

double lease_give(struct fs *fs, const struct node *node)
{
    int64_t now = when_monotonic();
    int64_t until;

    if (node->kind != SAVED || node->long_form || !ALWAYS(!node->place->of) || is_open(fs, node))
        return 0;
    until = known_until(fs, node);
    if (until <= now)
        return 0;
    if (node->place->leased_until < until + SLACK_MS)
        node->place->leased_until = until + SLACK_MS;
    return (double)(until - now) / 1000;
}

static struct place *find_leased(struct fs *fs, const char *app, const char *stream)
{
    struct place *place = place_find(fs->nodes, app, stream, "");

    return place && place->leased_until > when_monotonic() ? place : NULL;
}

/* Attributes alone: with an offset the kernel would wait for pages that a READ may hold. */
static void break_one(struct fs *fs, struct place *place, uint32_t partition)
{
    struct node node = {.kind = SAVED, .partition = partition, .place = place};

    if (fs->session)
        fuse_lowlevel_notify_inval_inode(fs->session, node_inode(&node), -1, 0);
}

void lease_break(struct fs *fs, const char *app, const char *stream, uint32_t partition)
{
    struct place *place = find_leased(fs, app, stream);

    if (!place)
        return;
    place->broken_until = place->leased_until;
    break_one(fs, place, partition);
}

void lease_break_all(struct fs *fs, const char *app, const char *stream, const struct table *table)
{
    struct place *place = find_leased(fs, app, stream);
    struct state state;

    if (!place)
        return;
    place->broken_until = place->leased_until;
    for (size_t i = 0; i < table_count(table); i++) {
        table_at(table, i, &state);
        if (state.sequence)
            break_one(fs, place, state.partition);
    }
}

void lease_doubt(struct fs *fs, const char *app, const char *stream)
{
    struct place *place = find_leased(fs, app, stream);

    if (place)
        place->broken_until = place->leased_until;
}

bool lease_is_given(const struct node *node)
{
    return node->place->leased_until > when_monotonic();
}

bool lease_is_broken(const struct node *node)
{
    return node->kind == SAVED && node->place->broken_until > when_monotonic();
}
