#ifndef API_LOCAL_CURSOR_H
#define API_LOCAL_CURSOR_H

#include <stdint.h>

#include "api/backend.h"

/*
 * A cursor of the embedded store, in the form of DIS's cursors: URL-safe base64, padded, of
 *
 *   {"getIteratorParam": {"stream-name": TEXT, "partition-id": TEXT, "cursor-type": TEXT,
 *                         "starting-sequence-number": TEXT},
 *    "generateTimestamp": MILLISECONDS}
 *
 * Its readers take it to be valid for 5 minutes from generateTimestamp. `starting` is a decimal.
 * The caller frees the text; NULL without memory.
 */
char *local_cursor_text(const char *stream, uint32_t partition, enum cursor_kind kind,
                        const char *starting, int64_t now);

#endif
