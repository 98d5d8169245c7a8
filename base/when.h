#ifndef BASE_WHEN_H
#define BASE_WHEN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Times. A point in time is a number of nanoseconds since 1970 in UTC, which lasts until the year
 * 2262; a duration inside the program is in milliseconds of the monotonic clock.
 */
#define WHEN_UNKNOWN INT64_MIN

int64_t when_now(void);

/* Milliseconds of the monotonic clock. */
int64_t when_monotonic(void);

/*
 * Reads RFC 3339 ("2026-11-21T08:00:00.5+01:00"; a blank may stand for the T), "@" and seconds
 * since 1970 with an optional fraction, or an age before now: a number and s, m, h, d or w. Returns
 * 0, or -EINVAL and leaves *when alone.
 */
int when_parse(const char *text, int64_t now, int64_t *when);

/* Room for what the two below write. */
#define WHEN_ROOM 32

/* RFC 3339 in UTC with milliseconds: "2026-11-21T08:00:00.000Z". */
void when_format(int64_t when, char text[static WHEN_ROOM]);

/* The same without the fraction, "2026-11-21T08:00:00Z": the one form that jq's fromdate takes. */
void when_format_seconds(int64_t when, char text[static WHEN_ROOM]);

#endif
