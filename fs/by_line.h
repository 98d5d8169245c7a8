#ifndef FS_BY_LINE_H
#define FS_BY_LINE_H

#include "fs/request.h"

/*
 * Files that are written to line by line: `new`, and the tables of checkpoints. A write does what
 * the lines say that it completes before it returns, in one go; what follows the last newline is
 * kept for the next write.
 *
 * In `new` it is a record of its own at fsync or close, and where in the file something is written
 * makes no difference. After a failure everything is refused until the file is opened anew, for
 * what of it was done may not be known.
 *
 * In a table each line stands for itself. More can be written after a failure, unless that was an
 * interrupt. Close tells of the failure once more, to the thread that wrote. A line without a
 * newline is never carried out, and a write that would leave a hole is refused.
 */

/* Whether the file is one of these. */
bool by_line_has(const struct handle *handle);

/* Whether close has something to do. */
bool by_line_has_rest(const struct handle *handle);

/* Each ends the request. */
void by_line_write(struct request *request, const char *data);
void by_line_sync(struct request *request);
void by_line_close(struct request *request);

#endif
