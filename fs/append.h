#ifndef FS_APPEND_H
#define FS_APPEND_H

#include "fs/request.h"

/*
 * What programs write to `new`: each line is a record, without its newline. A write stores the
 * lines that it completes before it returns, in their order; what follows the last newline is kept
 * for the next write, or stored as a record of its own by fsync or close. Where in the file
 * something is written makes no difference. After a failure everything is refused until the file is
 * opened anew, for what of it was stored may not be known.
 */

/* Whether something waits for its newline. */
bool append_has_rest(const struct handle *handle);

/* Each ends the request. */
void append_write(struct request *request, const char *data);
void append_at_sync(struct request *request);
void append_at_close(struct request *request);

#endif
