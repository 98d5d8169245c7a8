#ifndef API_LANES_H
#define API_LANES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "api/errand.h"

/*
 * What waits to go out to a service, and what is under way there: each errand has a lane.
 *
 * - No lane has more under way than it leaves free for the others. So one that is never answered
 *   takes half, a second one a quarter, and there is room for each of the next.
 * - Of those whose lane has room goes who came first; what is urgent counts as if it had come
 *   LANES_LEAD_MS earlier. So a commit goes before what came with it, and holds nothing up for
 *   ever.
 *
 * A place in it is a member of what waits, all zero before its first use. It is in one of three
 * states: out, waiting, or under way.
 */
#define LANES_LEAD_MS 1000

struct lane_place {
    TAILQ_ENTRY(lane_place) link;
    int64_t came;
    enum errand errand;
    enum { LANE_OUT, LANE_WAITING, LANE_UNDER_WAY } state;
};

struct lane {
    TAILQ_HEAD(lane_places, lane_place) line; /* those that wait, in their order */
    unsigned waiting;
    unsigned under_way;
};

struct lanes {
    struct lane lanes[ERRANDS];
    unsigned waiting;
    unsigned under_way;
};

void lanes_init(struct lanes *lanes);

/* From any state: to the end of its lane. `now` is when_monotonic(). */
void lanes_wait(struct lanes *lanes, struct lane_place *place, enum errand errand, int64_t now);

/* From waiting. */
void lanes_go(struct lanes *lanes, struct lane_place *place);

/* From any state. */
void lanes_leave(struct lanes *lanes, struct lane_place *place);

/* Whose turn it is when at most so many may be under way, and of the errands that `may` lets go; or
 * NULL. */
struct lane_place *lanes_next(const struct lanes *lanes, unsigned most,
                              bool (*may)(const void *user, enum errand errand), const void *user);

/* How many of those that wait might go at once. */
unsigned lanes_ready(const struct lanes *lanes, unsigned most);

/* Whether one of that errand waits. */
bool lanes_has(const struct lanes *lanes, enum errand errand);

/* All that wait, one after the other: the next one, or the first after NULL; NULL at the end. */
struct lane_place *lanes_after(const struct lanes *lanes, const struct lane_place *place);

#endif
