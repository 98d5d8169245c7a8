#include "api/queue.h"

#include <string.h>

#include "base/always.h"

void queue_init(struct queue *queue)
{
    TAILQ_INIT(&queue->turns);
}

static bool is_same_text(const char *a, const char *b)
{
    return !a || !b || !strcmp(a, b);
}

static bool overlaps(const struct subject *a, const struct subject *b)
{
    bool same_partition = a->partition == b->partition || a->partition == ANY_PARTITION ||
                          b->partition == ANY_PARTITION;

    return same_partition && is_same_text(a->stream, b->stream) && is_same_text(a->app, b->app);
}

/* Whether one of two turns must wait for the other. */
static bool collides(const struct turn *a, const struct turn *b)
{
    for (unsigned i = 0; i < a->count; i++) {
        for (unsigned j = 0; j < b->count; j++) {
            if (overlaps(&a->subjects[i], &b->subjects[j]))
                return true;
        }
    }
    return false;
}

static bool cancel_turn(struct call *call)
{
    turn_leave((struct turn *)call);
    return false;
}

bool turn_take(struct queue *queue, struct turn *turn, const struct subject *subjects,
               unsigned count, void (*begin)(void *user), void *user)
{
    const struct turn *before;

    *turn = (struct turn){.call = {.cancel = cancel_turn},
                          .queue = queue,
                          .count = count,
                          .begin = begin,
                          .user = user};
    memcpy(turn->subjects, subjects, count * sizeof(*subjects));
    TAILQ_FOREACH (before, &queue->turns, link)
        turn->blockers += collides(before, turn);
    turn->had = turn->blockers == 0;
    TAILQ_INSERT_TAIL(&queue->turns, turn, link);
    return turn->had;
}

/* One that waits for nobody any more and has not been told so. */
static struct turn *find_ready(const struct queue *queue)
{
    struct turn *turn;

    TAILQ_FOREACH (turn, &queue->turns, link) {
        if (!turn->had && turn->blockers == 0)
            return turn;
    }
    return NULL;
}

void turn_leave(struct turn *turn)
{
    struct queue *queue = turn->queue;
    struct turn *next = turn;

    if (!queue)
        return;
    while ((next = TAILQ_NEXT(next, link))) {
        if (collides(turn, next) && ALWAYS(next->blockers > 0))
            next->blockers--;
    }
    TAILQ_REMOVE(&queue->turns, turn, link);
    turn->queue = NULL;
    /* Who begins may leave at once, and others with it: so it is looked for anew each time. */
    while ((next = find_ready(queue))) {
        next->had = true;
        next->begin(next->user);
    }
}
