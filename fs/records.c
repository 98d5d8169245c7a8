#include "fs/records.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/resume.h"
#include "api/share.h"
#include "base/when.h"

/* Who waits goes on from the checkpoint as it was first read, which costs one request each time. So
 * often it is read anew, for another program may have moved it. */
#define LOOKS_PER_CHECKPOINT 10

/* At once */

static struct call *resume(struct fs *fs, const struct node *node, const char *committed,
                           const struct ask *ask)
{
    struct resume_order order = {.app = node->place->app,
                                 .stream = node->place->stream,
                                 .partition = node->partition,
                                 .committed = committed,
                                 .limit = fs->settings.batch};

    return resume_records(fs->backend, &order, ask);
}

struct call *records_resume(struct fs *fs, const struct node *node, const struct ask *ask)
{
    return resume(fs, node, NULL, ask);
}

static struct call *read_from(struct fs *fs, const struct node *node, struct read_order *order,
                              const struct ask *ask)
{
    order->from.stream = node->place->stream;
    order->from.partition = node->partition;
    order->limit = fs->settings.batch;
    return backend_read_records(fs->backend, order, ask);
}

struct call *records_earliest(struct fs *fs, const struct node *node, const struct ask *ask)
{
    return read_from(fs, node, &(struct read_order){.from = {.kind = CURSOR_EARLIEST}}, ask);
}

static struct call *read_number(struct fs *fs, const struct node *node, enum cursor_kind kind,
                                enum record_form form, const struct ask *ask)
{
    struct read_order order = {.from = {.kind = kind, .sequence = node->place->text}, .form = form};

    return read_from(fs, node, &order, ask);
}

struct call *records_at(struct fs *fs, const struct node *node, const struct ask *ask)
{
    return read_number(fs, node, CURSOR_AT, RECORD_LINES, ask);
}

struct call *records_after(struct fs *fs, const struct node *node, const struct ask *ask)
{
    return read_number(fs, node, CURSOR_AFTER, RECORD_LINES, ask);
}

struct call *records_data(struct fs *fs, const struct node *node, const struct ask *ask)
{
    return read_number(fs, node, CURSOR_AT, RECORD_BYTES, ask);
}

/* An age counts back from when the file is opened. */
struct call *records_since(struct fs *fs, const struct node *node, const struct ask *ask)
{
    struct read_order order = {.from = {.kind = CURSOR_SINCE}};

    if (when_parse(node->place->text, when_now(), &order.from.time))
        return NULL;
    return read_from(fs, node, &order, ask);
}

/* Waiting */

/* Those who wait for records of one app and one partition. */
struct wait {
    LIST_ENTRY(wait) link;
    struct fs *fs;
    struct node node; /* its place is held */
    struct share share;
    struct timer timer; /* until the next look */
    struct call *call;  /* the look under way, or NULL */
    bool is_outdated;   /* what that finds, if it finds nothing */
    bool is_moved;      /* the checkpoint was, since it was begun */
    unsigned looks;     /* since what is committed was asked for; 0: it is not known */
    char committed[SEQUENCE_MAX + 1];
};

static void free_wait(void *user)
{
    struct wait *wait = user;

    LIST_REMOVE(wait, link);
    timer_stop(&wait->timer);
    call_cancel(wait->call);
    place_drop(wait->fs->nodes, wait->node.place);
    free(wait);
}

static const struct error *trouble_of_wait(void *user)
{
    return call_trouble(((const struct wait *)user)->call);
}

static void look_for_records(void *user);

static void look_again(struct wait *wait, int64_t delay_ms)
{
    timer_start(wait->fs->loop, &wait->timer, delay_ms, look_for_records, wait);
}

/* Those who began to wait while the others were told wait on. */
static void tell(struct wait *wait, const struct error *error, const struct answer *answer)
{
    wait->looks = 0;
    share_tell(&wait->share, error, answer);
    if (share_is_idle(&wait->share))
        free_wait(wait);
    else
        look_again(wait, 0);
}

/* What came, be it an error, is read once more from what is committed by now, unless that was asked
 * for: another program may have moved it. */
static void go_on(struct wait *wait, bool has_end)
{
    bool at_once = has_end || wait->is_moved || wait->is_outdated;

    wait->looks = at_once || wait->looks == LOOKS_PER_CHECKPOINT ? 0 : wait->looks + 1;
    look_again(wait, at_once ? 0 : wait->fs->settings.watch);
}

static void on_look(void *user, const struct error *error, const struct answer *answer)
{
    struct wait *wait = user;
    bool has_end = !error && (answer->batch->count || answer->batch->is_finished);

    wait->call = NULL;
    if ((error || has_end) && !wait->looks && !wait->is_moved) {
        tell(wait, error, answer);
        return;
    }
    snprintf(wait->committed, sizeof(wait->committed), "%s", error ? "" : answer->text);
    go_on(wait, error || has_end);
}

static void look_for_records(void *user)
{
    struct wait *wait = user;
    struct fs *fs = wait->fs;
    struct ask ask = {
        .deadline = when_monotonic() + fs->settings.timeout, .done = on_look, .user = wait};
    struct error error;

    wait->is_outdated = false;
    wait->is_moved = false;
    wait->call = resume(fs, &wait->node, wait->looks ? wait->committed : NULL, &ask);
    if (wait->call)
        return;
    error_set(&error, ENOMEM, "no memory");
    tell(wait, &error, &no_answer);
}

static bool is_about(const struct wait *wait, const struct subject *about)
{
    const struct place *place = wait->node.place;

    return (about->partition == ANY_PARTITION || about->partition == wait->node.partition) &&
           (!*about->app || !strcmp(place->app, about->app)) &&
           (!*about->stream || !strcmp(place->stream, about->stream));
}

static struct wait *find_wait(const struct fs *fs, const struct node *node)
{
    struct subject about = {node->place->app, node->place->stream, node->partition};
    struct wait *wait;

    LIST_FOREACH (wait, &fs->waits, link) {
        if (is_about(wait, &about))
            return wait;
    }
    return NULL;
}

static struct wait *new_wait(struct fs *fs, const struct node *node)
{
    struct wait *wait = calloc(1, sizeof(*wait));

    if (!wait)
        return NULL;
    wait->fs = fs;
    wait->node = *node;
    place_hold(node->place);
    share_init(&wait->share, fs->loop, "no record came in time", 0, free_wait, wait);
    wait->share.trouble = trouble_of_wait;
    LIST_INSERT_HEAD(&fs->waits, wait, link);
    look_again(wait, 0);
    return wait;
}

struct call *records_wait(struct fs *fs, const struct node *node, const struct ask *ask)
{
    struct wait *found = find_wait(fs, node);
    struct wait *wait = found ? found : new_wait(fs, node);
    struct call *call = wait ? share_join(&wait->share, ask) : NULL;

    if (!call && wait && !found)
        free_wait(wait);
    return call;
}

void records_note_change(struct fs *fs, const struct subject *about)
{
    struct wait *wait;

    LIST_FOREACH (wait, &fs->waits, link) {
        if (!is_about(wait, about))
            continue;
        wait->is_moved |= *about->app != '\0';
        wait->is_outdated = true;
        wait->looks = wait->call ? wait->looks : 0;
        if (!wait->call)
            look_again(wait, 0);
    }
}
