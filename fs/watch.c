#include "fs/watch.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "fs/handle.h"
#include "fs/request.h"

#define READY (POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM)

static bool has_changed(const struct handle *handle)
{
    const struct node *node = &handle->node;
    struct state state;

    if (!handle->has_seen || cache_state(handle->fs->cache, node->place->app, node->place->stream,
                                         node->partition, ANY_AGE, false, &state))
        return false;
    return strcmp(state.sequence ? state.sequence : "", handle->seen) != 0;
}

static bool can_be_watched(const struct handle *handle)
{
    return handle->node.kind == CHECKPOINT || handle->node.kind == SAVED;
}

void watch_seen(struct handle *handle, const struct state *state)
{
    handle->has_seen = true;
    snprintf(handle->seen, sizeof(handle->seen), "%s", state->sequence ? state->sequence : "");
}

void watch_news(struct fs *fs, const char *app, const char *stream)
{
    struct handle *handle;
    struct handle *next;

    for (handle = LIST_FIRST(&fs->watched); handle; handle = next) {
        next = LIST_NEXT(handle, watched);
        if (strcmp(handle->node.place->app, app) != 0 ||
            strcmp(handle->node.place->stream, stream) != 0 || !has_changed(handle))
            continue;
        handle->has_news = true;
        fuse_lowlevel_notify_poll(handle->poll);
        handle_forget_poll(handle);
    }
}

/* Asks for the values of those who wait; the cache shares what they have in common. */
static void look(void *user)
{
    struct fs *fs = user;
    const struct handle *handle;

    LIST_FOREACH (handle, &fs->watched, watched) {
        const struct place *place = handle->node.place;
        struct question question = {WHAT_STATES, place->app, place->stream};

        cache_refresh(fs->cache, &question, cache_not_before(fs->settings.watch / 2));
    }
    if (!LIST_EMPTY(&fs->watched))
        timer_start(fs->loop, &fs->watch_timer, fs->settings.watch, look, fs);
}

/* The kernel asks for POLLPRI in the name of every select(2), also of one that only waits to read;
 * but that one asks for READY as well, and does not sleep. */
static bool would_sleep(unsigned wanted)
{
    return wanted & POLLPRI && !(wanted & READY);
}

static void watch_begin(struct handle *handle, struct fuse_pollhandle *poll)
{
    struct fs *fs = handle->fs;

    handle_take_poll(handle, poll);
    if (!fs->watch_timer.loop)
        timer_start(fs->loop, &fs->watch_timer, fs->settings.watch, look, fs);
}

/* What the kernel has to tell of a handle later, or NULL when nobody waits for that. Those who wait
 * on one handle share the first one's. */
static void take_poll(struct handle *handle, unsigned wanted, struct fuse_pollhandle *poll)
{
    if (!poll)
        handle_forget_poll(handle);
    else if (can_be_watched(handle) && would_sleep(wanted))
        watch_begin(handle, poll);
    else
        fuse_pollhandle_destroy(poll);
}

static unsigned news(struct handle *handle, unsigned wanted)
{
    if (!can_be_watched(handle) || !(wanted & POLLPRI) || !has_changed(handle))
        return 0;
    handle->has_news = true;
    return POLLPRI | POLLERR;
}

void watch_poll(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info,
                struct fuse_pollhandle *poll)
{
    struct handle *handle = handle_of(info);
    struct request *request = request_new(fuse, "poll", inode, NULL);

    take_poll(handle, info->poll_events, poll);
    if (request)
        request_reply_poll(request, READY | news(handle, info->poll_events));
}
