#include "api/lanes.h"

#include <stddef.h>

#include "base/always.h"

void lanes_init(struct lanes *lanes)
{
    *lanes = (struct lanes){0};
    for (unsigned i = 0; i < ERRANDS; i++)
        TAILQ_INIT(&lanes->lanes[i].line);
}

void lanes_leave(struct lanes *lanes, struct lane_place *place)
{
    struct lane *lane = &lanes->lanes[place->errand];

    if (place->state == LANE_WAITING) {
        TAILQ_REMOVE(&lane->line, place, link);
        lane->waiting--;
        lanes->waiting--;
    } else if (place->state == LANE_UNDER_WAY) {
        lane->under_way--;
        lanes->under_way--;
    }
    place->state = LANE_OUT;
}

void lanes_wait(struct lanes *lanes, struct lane_place *place, enum errand errand, int64_t now)
{
    lanes_leave(lanes, place);
    place->errand = errand;
    place->came = now;
    place->state = LANE_WAITING;
    TAILQ_INSERT_TAIL(&lanes->lanes[errand].line, place, link);
    lanes->lanes[errand].waiting++;
    lanes->waiting++;
}

void lanes_go(struct lanes *lanes, struct lane_place *place)
{
    if (!ALWAYS(place->state == LANE_WAITING))
        return;
    lanes_leave(lanes, place);
    place->state = LANE_UNDER_WAY;
    lanes->lanes[place->errand].under_way++;
    lanes->under_way++;
}

/* How many more a lane may have under way: as long as that is less than what is left. */
static unsigned room_of(const struct lane *lane, unsigned under_way, unsigned most)
{
    return most > under_way + lane->under_way ? (most - under_way - lane->under_way + 1) / 2 : 0;
}

static int64_t counts_from(const struct lane_place *place)
{
    return place->came - (errand_is_urgent(place->errand) ? LANES_LEAD_MS : 0);
}

struct lane_place *lanes_next(const struct lanes *lanes, unsigned most,
                              bool (*may)(const void *user, enum errand errand), const void *user)
{
    struct lane_place *next = NULL;

    for (enum errand i = 0; i < ERRANDS && lanes->waiting; i++) {
        const struct lane *lane = &lanes->lanes[i];
        struct lane_place *first = TAILQ_FIRST(&lane->line);

        if (first && room_of(lane, lanes->under_way, most) && may(user, i) &&
            (!next || counts_from(first) < counts_from(next)))
            next = first;
    }
    return next;
}

unsigned lanes_ready(const struct lanes *lanes, unsigned most)
{
    unsigned ready = 0;

    for (enum errand i = 0; i < ERRANDS && lanes->waiting; i++) {
        const struct lane *lane = &lanes->lanes[i];
        unsigned room = room_of(lane, lanes->under_way + ready, most);

        ready += lane->waiting < room ? lane->waiting : room;
    }
    return ready;
}

bool lanes_has(const struct lanes *lanes, enum errand errand)
{
    return lanes->lanes[errand].waiting > 0;
}

struct lane_place *lanes_after(const struct lanes *lanes, const struct lane_place *place)
{
    struct lane_place *next = place ? TAILQ_NEXT(place, link) : NULL;

    for (unsigned i = place ? place->errand + 1 : 0; !next && i < ERRANDS; i++)
        next = TAILQ_FIRST(&lanes->lanes[i].line);
    return next;
}
