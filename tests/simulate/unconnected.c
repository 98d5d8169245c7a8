/* Where no backend connects but by way of HTTP. */

#include <stdlib.h>

#include "tests/simulate/network.h"

void network_connect(struct transfer *transfer)
{
    (void)transfer;
    abort();
}

void network_await_room(int fd, bool awaits)
{
    (void)fd;
    (void)awaits;
    abort();
}
