#ifndef API_RESUME_H
#define API_RESUME_H

#include "api/backend.h"

/*
 * text: a fresh cursor that resumes after what the app has committed, or at the oldest record while
 * nothing is. An operation like a backend's own, of two steps, or three, that are the same for
 * every backend.
 */
struct call *resume_cursor(struct backend *backend, const char *app, const char *stream,
                           uint32_t partition, const struct ask *ask);

#endif
