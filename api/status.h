#ifndef API_STATUS_H
#define API_STATUS_H

#include "api/backend.h"
#include "base/buf.h"

/*
 * Where a checkpoint stands among the records of its partition, as decimals that are never
 * negative. The next record to be read is the oldest one where nothing is committed. Each returns
 * 0, or -ENODATA where the backend does not tell the bounds that it needs, or what is committed is
 * no number.
 */

/* The number of the next record to be read. */
int status_next(const struct backend *backend, const struct state *state,
                char next[static DECIMAL_ROOM]);

/* How many records can still be read: from the next one, or the oldest, to the end. */
int status_lag(const struct backend *backend, const struct state *state,
               char lag[static DECIMAL_ROOM]);

/* How many records are between the oldest one and the next one: so many may be deleted before the
 * next is. */
int status_margin(const struct backend *backend, const struct state *state,
                  char margin[static DECIMAL_ROOM]);

/* By how many numbers the next record is below the oldest one: so many were deleted unread, if the
 * partition ever had them. */
int status_expired(const struct backend *backend, const struct state *state,
                   char expired[static DECIMAL_ROOM]);

/* By how many numbers the next record is beyond the next one to be written: the checkpoint is of
 * another partition, or of a stream that was made anew. */
int status_ahead(const struct backend *backend, const struct state *state,
                 char ahead[static DECIMAL_ROOM]);

/*
 * Prints a state as one line of JSON; app is NULL for the state of a partition alone. Sequence
 * numbers are texts, for JSON's readers round large numbers. 0, -ENOMEM or -EFBIG.
 */
int status_print(const struct backend *backend, const char *app, const char *stream,
                 const struct state *state, struct buf *text);

#endif
