#ifndef FS_TRACE_H
#define FS_TRACE_H

#include <stdbool.h>

#include "api/backend.h"
#include "fs/syslog.h"

/*
 * What -o debug tells: a line for each call of the backend when it has ended, with the time, the
 * operation, its arguments, its result and how many milliseconds it took. It goes to standard error
 * in the foreground, else to the system's log. A line that cannot go at once is dropped, for
 * nothing may block the loop.
 */
struct trace {
    bool foreground;
    struct syslog log;
};

void trace_open(struct trace *trace, bool foreground);
void trace_close(struct trace *trace);

void trace_call(struct trace *trace, const struct observation *seen);

#endif
