#ifndef BASE_HOME_H
#define BASE_HOME_H

/*
 * The path of a file below the user's home, for the caller to free; NULL without memory. A mount
 * from fstab or systemd has no HOME: the home is that of the user database then.
 */
char *home_path(const char *name);

#endif
