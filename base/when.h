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
 * Reads a time as people write it. All forms may begin with an "@":
 *
 *     RFC 3339    2026-11-21T08:00:00.5+01:00; a blank may stand for the T
 *     since 1970  1763712000.5 in seconds, or, if it is 13 digits and nothing else, milliseconds;
 *                 0, or not before 1973: what is less is rather an age whose unit was forgotten
 *     an age      1h30m: numbers with w, d, h, m and s, in this order; or as in ISO 8601 P1DT1H30M
 *     now
 *
 * Returns 0, or -EINVAL and leaves *when alone. A date without a time, or a time without a zone, is
 * no point in time; nor are leap seconds, for the time since 1970 has none.
 */
int when_parse(const char *text, int64_t now, int64_t *when);

/* The same for those who wrote something else. */
#define WHEN_FORMS                                                                                 \
    "an age (1h30m, PT1H30M), now, RFC 3339 with a zone (2026-11-21T08:00:00Z), or seconds since " \
    "1970 (13 digits: milliseconds)"

/* What to write instead of a text that is no time, or NULL where that is not plain. */
const char *when_advice(const char *text);

/* Room for what the two below write. */
#define WHEN_ROOM 32

/* RFC 3339 in UTC with milliseconds: "2026-11-21T08:00:00.000Z". */
void when_format(int64_t when, char text[static WHEN_ROOM]);

/* The same without the fraction, "2026-11-21T08:00:00Z": the one form that jq's fromdate takes. */
void when_format_seconds(int64_t when, char text[static WHEN_ROOM]);

#endif
