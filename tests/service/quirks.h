#ifndef SERVICE_QUIRKS_H
#define SERVICE_QUIRKS_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Ways to answer that differ between sources, regions or releases of a service, to be chosen while
 * it runs. Each has a name and a set of words; the first word is the one it starts with.
 */
enum quirk {
    QUIRK_AUTH_FAILURE,
    QUIRK_ERROR_SHAPE,
    QUIRK_NUMBERS,
    QUIRK_PARTITION_FORM,
    QUIRK_METADATA,
    QUIRK_EMPTY_METADATA,
    QUIRK_NO_CHECKPOINT,
    QUIRK_HAS_MORE,
    QUIRK_LIMIT,
    QUIRK_COMMIT_RANGE,
    QUIRK_UNCOMMITTED_APP,
    QUIRK_DELETE_NONE,
    QUIRK_APP_DELETE,
    QUIRK_EXPIRED_RANGE,
    QUIRK_PUT_RECORDS,
    QUIRK_SIGNED_HOST,
    QUIRK_COUNT
};

struct quirks {
    unsigned char chosen[QUIRK_COUNT];
};

/* 0, or -EINVAL for a name or a word that is unknown. */
int quirk_set(struct quirks *quirks, const char *name, const char *word);

/* True when the word is the chosen one. */
bool quirk_is(const struct quirks *quirks, enum quirk quirk, const char *word);

/* One line per quirk: its name, the chosen word, and all its words. */
void quirks_print(const struct quirks *quirks, struct buf *out);

#endif
