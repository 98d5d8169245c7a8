#ifndef SIMULATE_RUN_H
#define SIMULATE_RUN_H

#include <stdint.h>

struct run_options {
    uint64_t steps;
    unsigned programs; /* at a time */
};

/* One run, by what chance says. What must not have happened, or NULL; as long as until the next
 * run. The steps that it took are added to steps. */
const char *run(const struct run_options *options, uint64_t *steps);

#endif
