#ifndef FS_KEPT_H
#define FS_KEPT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/loop.h"

/*
 * A text whose size was told before it was read. Browsers ask for the size of a file, open it, and
 * read just so much: so the open must find the text that the size was of. It is kept for that, and
 * not for long. All zero is an empty one.
 */
struct kept {
    struct buf text;
    int64_t when;       /* it was made, as in base/when.h */
    int64_t made;       /* the same by when_monotonic() */
    int64_t told;       /* when its size last was, or 0 */
    unsigned awaited;   /* how many were told and have not opened it yet */
    struct timer timer; /* until it is forgotten */
};

/* How old a text may be whose size is told, and how long it is kept for those who were told:
 * milliseconds. */
#define KEPT_TOLD_MS 1000
#define KEPT_MS      5000

/* Takes the place of the text that is here, and its size is told now. False without memory. */
bool kept_put(struct kept *kept, struct loop *loop, const char *text);

/* Whether there is a text that is young enough to be told of, and whose size is told now. */
bool kept_tell(struct kept *kept);

/* Whether there is a text that somebody waits for; who asks is one of them. */
bool kept_take(struct kept *kept);

void kept_release(struct kept *kept);

#endif
