#ifndef API_STATUS_H
#define API_STATUS_H

#include "api/backend.h"
#include "base/buf.h"

/*
 * How many records there are between a checkpoint and the end, as a decimal; with no checkpoint,
 * all that are kept. Never negative. 0, or -ENODATA where the backend does not tell the end.
 */
int status_lag(const struct backend *backend, const struct state *state,
               char lag[static DECIMAL_ROOM]);

/*
 * Prints a state as one line of JSON; app is NULL for the state of a partition alone. Sequence
 * numbers are texts, for JSON's readers round large numbers. 0, -ENOMEM or -EFBIG.
 */
int status_print(const struct backend *backend, const char *app, const char *stream,
                 const struct state *state, struct buf *text);

#endif
