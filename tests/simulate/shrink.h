#ifndef SIMULATE_SHRINK_H
#define SIMULATE_SHRINK_H

#include "tests/simulate/attempt.h"
#include "tests/simulate/run.h"

/* Makes the run of an attempt that has failed as short and as simple as it can: of its draws those
 * are left out or made 0 without which the same still happens. At the end the attempt has the
 * draws that are left, and what happens by them is printed. */
void shrink(struct attempt *attempt, const struct run_options *options);

#endif
