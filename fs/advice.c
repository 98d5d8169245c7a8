#include "fs/advice.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Why this user cannot open the device; 0 if that is no problem. */
static int try_device(void)
{
    int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

const char *advice_on_mounting(const char *said)
{
    int code = try_device();

    if (strstr(said, "exec fusermount3"))
        return "; install the package fuse3";
    if (code == EACCES)
        return "; join the group of /dev/fuse, or let root chmod 666 /dev/fuse";
    if (code)
        return "; a container needs --device /dev/fuse";
    if (strstr(said, "mount failed") && strstr(said, strerror(EACCES)))
        return "; AppArmor may allow it below your home, /mnt, /media and /tmp alone: see "
               "/etc/apparmor.d/fusermount3";
    return strstr(said, strerror(EPERM)) ? "; a container needs --cap-add SYS_ADMIN" : "";
}
