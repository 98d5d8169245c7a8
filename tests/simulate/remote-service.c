/* What is the same of every service behind a network. */

#include "tests/simulate/chance.h"
#include "tests/simulate/mounts.h"
#include "tests/simulate/network.h"
#include "tests/simulate/remote.h"

unsigned remote_things(void)
{
    return 1;
}

bool remote_appends(void)
{
    return false;
}

void remote_serve(int mount)
{
    (void)mount;
}

void remote_set_faults(unsigned once_in, int64_t slowest)
{
    network_set_faults(&(struct network_faults){.once_in = once_in, .slowest = slowest});
}

bool remote_has_tried(int mount, int64_t since)
{
    return network_last_sent(mount) >= since;
}

void remote_settle(void)
{
    remote_set_faults(0, 10);
}

void remote_strike(void)
{
    if (mounts_are_there() && chance_once_in(2))
        mounts_kill_all(chance_once_in(2));
    else if (mounts_are_there())
        mount_kill(mounts_any());
}
