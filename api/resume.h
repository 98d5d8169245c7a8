#ifndef API_RESUME_H
#define API_RESUME_H

#include "api/backend.h"

/*
 * Where an app goes on: after what it has committed, or at the oldest record while nothing is. Each
 * is an operation like a backend's own, of two steps or more, that are the same for every backend.
 */

/* text: a fresh cursor. */
struct call *resume_cursor(struct backend *backend, const char *app, const char *stream,
                           uint32_t partition, const struct ask *ask);

struct resume_order {
    const char *app;
    const char *stream;
    uint32_t partition;
    const char *committed; /* what is committed, "" for nothing; or NULL, to ask */
    size_t limit;          /* of the batch */
};

/* batch: the next records, perhaps none; text: what is committed, "" for nothing. ERANGE when the
 * next record may be kept no more, or is beyond the end; the error says what is. */
struct call *resume_records(struct backend *backend, const struct resume_order *order,
                            const struct ask *ask);

#endif
