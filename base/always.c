#include "base/always.h"

#include <stdio.h>
#include <stdlib.h>

static void (*tell_of)(void *user, const char *what);
static void *tell_user;

void always_tell(void (*tell)(void *user, const char *what), void *user)
{
    tell_of = tell;
    tell_user = user;
}

bool always_broken(const char *condition, const char *file, int line)
{
    char what[200];

    snprintf(what, sizeof(what), "%.100s does not hold (%.60s:%d)", condition, file, line);
#ifdef ALWAYS_ENDS
    fprintf(stderr, "%s\n", what);
    abort();
#endif
    if (tell_of)
        tell_of(tell_user, what);
    return false;
}
