#ifndef FS_SETTING_H
#define FS_SETTING_H

#include <stdbool.h>

#include <fuse_opt.h>

#include "api/backend.h"

/*
 * The options of a mount that are its backend's: each must be a row of the backend's type. One that
 * is not is refused, with the backend whose it is, or the known option that is most like it.
 */

/* More than any backend has. */
#define SETTINGS_MAX 64

/* What was given. Files are absolute paths, as the daemon leaves its directory. */
struct settings_of_backend {
    struct setting list[SETTINGS_MAX];
    size_t count;
};

/* Takes "NAME" or "NAME=VALUE". `own` are the mount's own options, which it may be meant to be.
 * False after a complaint. */
bool setting_take(struct settings_of_backend *settings, const struct backend_type *type,
                  const struct fuse_opt *own, const char *option);

/* Says that a word with a hyphen in front is no option, and what it may have been meant to be. */
void setting_refuse_argument(const struct fuse_opt *own, const char *argument);

/* A path as it is found from any directory; NULL after a complaint. The caller frees it. */
char *setting_path(const char *path);

void settings_release(struct settings_of_backend *settings);

/* The row of a type for "NAME" or "NAME=VALUE", or NULL. */
const struct backend_option *setting_find(const struct backend_type *type, const char *option);

/* The length of an option's name, at most this: its value may be a secret, and is not shown. */
#define NAME_LENGTH_MAX 60

int setting_name_length(const char *option);

#endif
