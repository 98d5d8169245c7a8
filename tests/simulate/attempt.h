#ifndef SIMULATE_ATTEMPT_H
#define SIMULATE_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/simulate/chance.h"

/* Runs in a process of their own, so that a crash is a fault like any other, and what led to it is
 * known. */

struct attempt {
    uint64_t seed; /* of the last run that began */
    uint64_t runs; /* that ended well */
    uint64_t steps;
    char fault[500]; /* or "" */
    struct draws draws;
};

/* Memory that is shared with the process that runs. Ends this one when there is none. */
struct attempt *attempt_new(void);

/* Does something with the attempt in a process of its own, which fills in the fault; how it died is
 * a fault as well. Whether there was none. */
bool attempt_carry_out(struct attempt *attempt, void (*act)(struct attempt *attempt, void *user),
                       void *user);

#endif
