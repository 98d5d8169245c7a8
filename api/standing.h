#ifndef API_STANDING_H
#define API_STANDING_H

#include "api/backend.h"

/*
 * How an app does on a partition, in a word: the first of these that holds. It is told by exact
 * numbers, whatever their size.
 */
enum standing {
    STANDING_NONE,    /* nothing is committed */
    STANDING_UNKNOWN, /* the bounds are not known, or what is committed is no number */
    STANDING_EXPIRED, /* the next record is no longer kept */
    STANDING_AHEAD,   /* it is beyond the end */
    STANDING_REWOUND, /* the checkpoint went back when it last changed, not long ago */
    STANDING_NEAR,    /* records wait, and the next one may soon be no longer kept */
    STANDING_CLOSED,  /* the partition is closed, and read to its end */
    STANDING_STALLED, /* records wait, and nothing was committed for long */
    STANDING_OK,
};

struct standing_rules {
    unsigned near_percent; /* near: the margin is less than so many hundredths of what is kept */
    int64_t stalled;       /* nanoseconds without a commit; a rewind is shown for as long, too */
    int64_t now;           /* as in base/when.h */
};

enum standing standing_of(const struct backend *backend, const struct state *state,
                          const struct standing_rules *rules);

/* "near"; "-" for STANDING_UNKNOWN. */
const char *standing_word(enum standing standing);

#endif
