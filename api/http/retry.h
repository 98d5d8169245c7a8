#ifndef API_HTTP_RETRY_H
#define API_HTTP_RETRY_H

#include <stdint.h>

/* The pause in ms after so many tries (1, 2 ...): it doubles up to 5 s, and is then cut by up to a
 * half; random, any number, says by how much. */
int64_t retry_pause(unsigned tries, uint32_t random);

/* What Retry-After asks for in ms, seconds or a date, by the service's clock `now` (as in
 * base/when.h); 0 for NULL and for what is neither. */
int64_t retry_after(const char *header, int64_t now);

/* The time that a Date header tells, or WHEN_UNKNOWN. */
int64_t date_parse(const char *header);

#endif
