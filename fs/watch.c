#include "fs/watch.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "fs/handle.h"
#include "fs/request.h"

static bool has_changed(const struct handle *handle)
{
    const struct node *node = &handle->node;
    struct state state;

    if (cache_state(handle->fs->cache, node->place->app, node->place->stream, node->partition,
                    ANY_AGE, false, &state))
        return false;
    return strcmp(state.sequence ? state.sequence : "", handle->seen) != 0;
}

static bool can_be_watched(const struct handle *handle)
{
    return handle->node.kind == CHECKPOINT || handle->node.kind == SAVED;
}

void watch_seen(struct handle *handle, const struct state *state)
{
    snprintf(handle->seen, sizeof(handle->seen), "%s", state->sequence ? state->sequence : "");
}

void watch_news(struct fs *fs, const char *app, const char *stream)
{
    struct handle *handle;

    LIST_FOREACH (handle, &fs->handles, link) {
        if (!handle->poll || strcmp(handle->node.place->app, app) != 0 ||
            strcmp(handle->node.place->stream, stream) != 0 || !has_changed(handle))
            continue;
        handle->stale = true;
        fuse_lowlevel_notify_poll(handle->poll);
        handle_forget_poll(handle);
    }
}

/* Asks for the values of those who wait; the cache shares what they have in common. */
static void look(void *user)
{
    struct fs *fs = user;
    const struct handle *handle;
    bool waiting = false;

    LIST_FOREACH (handle, &fs->handles, link) {
        const struct place *place = handle->node.place;
        struct question question = {WHAT_STATES, place->app, place->stream};

        if (!handle->poll)
            continue;
        waiting = true;
        cache_refresh(fs->cache, &question, cache_not_before(fs->settings.watch / 2));
    }
    if (waiting)
        timer_start(fs->loop, &fs->watch_timer, fs->settings.watch, look, fs);
}

void watch_poll(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info,
                struct fuse_pollhandle *poll)
{
    struct handle *handle = handle_of(info);
    struct request *request = request_new(fuse, "poll", inode, NULL);
    unsigned events = handle->content.text.max ? POLLOUT | POLLWRNORM : 0;

    if (!request) {
        if (poll)
            fuse_pollhandle_destroy(poll);
        return;
    }
    if (!can_be_watched(handle)) {
        events = POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
    } else if (has_changed(handle)) {
        handle->stale = true;
        events |= POLLIN | POLLRDNORM | POLLPRI;
    }
    handle_forget_poll(handle);
    if (poll && can_be_watched(handle)) {
        handle->poll = poll;
        if (!handle->fs->watch_timer.loop)
            timer_start(handle->fs->loop, &handle->fs->watch_timer, handle->fs->settings.watch,
                        look, handle->fs);
    } else if (poll) {
        fuse_pollhandle_destroy(poll);
    }
    request_reply_poll(request, events);
}
