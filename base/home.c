#include "base/home.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

char *home_path(const char *name)
{
    const char *home = getenv("HOME");
    const struct passwd *user = home && *home ? NULL : getpwuid(getuid());
    char *path;

    if (user)
        home = user->pw_dir;
    return asprintf(&path, "%s/%s", home ? home : "", name) < 0 ? NULL : path;
}
