#ifndef API_FAN_H
#define API_FAN_H

#include "api/backend.h"

/*
 * Does the same for each of many names, some at a time, as one call that ends when all have, or at
 * once when one has failed for good.
 */
#define FAN_WIDTH 8

struct fan_order {
    struct loop *loop;
    struct names *names;
    size_t width; /* how many at a time; 0: FAN_WIDTH */

    /* Starts one. */
    struct call *(*start)(void *user, const char *name, const struct ask *ask);

    /* Gets the result of one. 0, or a negative errno that ends all, with an error. NULL: the
     * error of one ends all, and nothing else matters. */
    int (*take)(void *user, const char *name, const struct error *error,
                const struct answer *answer, struct error *failure);
    void *user;
};

/* As a backend's operation; the answer is all NULL. The names are held. */
struct call *fan_start(const struct fan_order *order, const struct ask *ask);

#endif
