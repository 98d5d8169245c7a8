#ifndef API_LOCAL_UPGRADE_H
#define API_LOCAL_UPGRADE_H

#include "api/error.h"

/* What is in the file of a store. Versions count from 1. */
struct layout {
    int version;
    const char *schema;       /* makes it in an empty file, and says its version */
    const char *const *steps; /* version - 1 of them: the first makes version 2 of version 1 */
};

/*
 * Makes a store of an older version one of this layout's, in one transaction, while nobody else has
 * it open. PATH.version-N is a copy of what it was, which is removed when all has succeeded. When
 * this fails, or is killed, the store is what it was. One that has become the version meanwhile is
 * left alone. This process must not have the store open: closing a descriptor of it ends all locks.
 *
 * 0; -EBUSY when another process has it open for five seconds, or upgrades it for twenty; or
 * another negative errno. With an error.
 */
int upgrade_store(const char *path, const struct layout *layout, struct error *error);

#endif
