#ifndef SIMULATE_WAY_H
#define SIMULATE_WAY_H

#include <stdbool.h>
#include <stdint.h>

/* What all goes through on its way to a service: how long it takes, whether it meets a fault, and
 * by which mount it was sent. The faults are those of network_set_faults. */

/* Nothing was sent, and nothing meets a fault. */
void way_reset(void);

/* Milliseconds of one way. */
int64_t way_take(void);

bool way_is_faulty(void);

/* A mount sends something now; NO_MOUNT is allowed. */
void way_note_sent(int mount);

#endif
