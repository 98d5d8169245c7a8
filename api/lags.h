#ifndef API_LAGS_H
#define API_LAGS_H

#include "api/backend.h"

/*
 * table: every partition of a stream, with the checkpoints of an app and with all that a lag is
 * worked out from. One backend_get_states where that tells it all; else one backend_get_bounds
 * after it, so that no end is older than a checkpoint. What the service does not tell is absent.
 */
struct call *lags_get(struct backend *backend, const char *app, const char *stream,
                      const struct ask *ask);

#endif
