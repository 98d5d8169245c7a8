#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/torture/memory.h"

/*
 * checkpointfs that follows the plan in the file TORTURE_PLAN of its environment, if there is one,
 * from its beginning on: mount.py writes to it.
 */
__attribute__((constructor)) static void follow_plan(void)
{
    const char *path = getenv("TORTURE_PLAN");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *plan;

    if (!path)
        return;
    plan = mmap(NULL, sizeof(struct memory_plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (plan == MAP_FAILED)
        abort();
    close(fd);
    memory_follow(plan);
}
