#include "base/descriptors.h"

#include <sys/resource.h>

/* Which part of them connections may take. */
#define PART 2

unsigned descriptors_for(unsigned connections)
{
    struct rlimit limit;
    rlim_t most = connections;

    if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur / PART < most)
        most = limit.rlim_cur / PART;
    return most ? (unsigned)most : 1;
}
