#ifndef SIMULATE_CHANCE_H
#define SIMULATE_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The chance of a run: nothing in it is random but by what is drawn here. The same seed gives the
 * same run, to the last byte, and so do the same draws.
 *
 * Of each draw 0 is the simplest: nothing goes wrong, at once, the first of several. So a run is
 * made simpler by leaving draws out or making them 0.
 */

#define DRAWS_MAX ((size_t)1 << 20)

struct draws {
    size_t count; /* may be more than are kept */
    uint64_t values[DRAWS_MAX];
};

/* What is drawn follows from the seed, and is kept in into. */
void chance_start(uint64_t seed, struct draws *into);

/* It is what was drawn before, and 0 after the last; again has the count of what was used. */
void chance_repeat(struct draws *again);

/* A number below limit, which is not 0. */
uint64_t chance_below(uint64_t limit);

/* True once in so many times. */
bool chance_once_in(unsigned times);

#endif
