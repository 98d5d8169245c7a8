#ifndef FS_ONCE_H
#define FS_ONCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What was said already. It remembers the last ONCE_MAX texts by their hashes; all zero it
 * remembers none. */
#define ONCE_MAX 1024

struct once {
    uint64_t hashes[ONCE_MAX];
    size_t count; /* of all that was ever new */
};

/* Whether a text is new, which it is once. */
bool once_is_new(struct once *once, const char *text);

#endif
