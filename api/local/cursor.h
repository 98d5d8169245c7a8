#ifndef API_LOCAL_CURSOR_H
#define API_LOCAL_CURSOR_H

#include <stdint.h>

#include "api/backend.h"

/*
 * A cursor of the embedded store, in the form that DIS's have: URL-safe base64, padded, of a JSON
 * object
 * {"getIteratorParam":{"stream-name","partition-id","cursor-type","starting-sequence-number"},
 * "generateTimestamp":MS}, all of the former texts. Those who read it take it to be valid for 5
 * minutes from generateTimestamp. `starting` is a decimal. The caller frees it; NULL when there is
 * no memory.
 */
char *local_cursor_text(const char *stream, uint32_t partition, enum cursor_kind kind,
                        const char *starting, int64_t now);

#endif
