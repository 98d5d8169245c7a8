#ifndef SIMULATE_TRACE_H
#define SIMULATE_TRACE_H

#include <stdbool.h>

/* A line with the time of the run before it, while tracing is on. */
void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
void trace_set(bool on);

#endif
