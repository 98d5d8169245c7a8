#include "tests/simulate/way.h"

#include "tests/simulate/chance.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/history.h"
#include "tests/simulate/network.h"

static struct network_faults faults;
static int64_t last_sent[MOUNTS_MAX];

void way_reset(void)
{
    faults = (struct network_faults){0, 1};
    for (int i = 0; i < MOUNTS_MAX; i++)
        last_sent[i] = -1;
}

void network_set_faults(const struct network_faults *now)
{
    faults = *now;
}

int64_t network_last_sent(int mount)
{
    return last_sent[mount];
}

int64_t way_take(void)
{
    return (int64_t)chance_below((uint64_t)faults.slowest + 1);
}

bool way_is_faulty(void)
{
    return faults.once_in && chance_once_in(faults.once_in);
}

void way_note_sent(int mount)
{
    if (mount >= 0)
        last_sent[mount] = clock_ms();
}
