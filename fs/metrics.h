#ifndef FS_METRICS_H
#define FS_METRICS_H

#include <stdint.h>

#include "api/retries.h"
#include "base/buf.h"

/*
 * Counters and latencies of the requests that programs made of the file system and of the
 * operations that it made of the backend, in the text format of Prometheus. Each value has the
 * label source, that those of several mounts can be together in one place.
 */
struct metrics;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

/* Counts something that took a time and ended with an errno, 0 for success. Names are string
 * constants; there are some dozens of them. */
enum counter { COUNT_FILE_REQUEST, COUNT_BACKEND_OPERATION };

void metrics_count(struct metrics *metrics, enum counter counter, const char *name, int64_t took_ms,
                   int code);

/* Print one value, of what goes up and down, and of what only goes up. */
void metrics_gauge(struct buf *text, const char *source, const char *name, const char *help,
                   uint64_t value);
void metrics_counter(struct buf *text, const char *source, const char *name, const char *help,
                     uint64_t value);

/* Prints the counts of requests that were sent once more. */
void metrics_retries(struct buf *text, const char *source, const struct retries *retries);

void metrics_print(const struct metrics *metrics, const char *source, struct buf *text);

#endif
