#ifndef API_HTTP_GATE_H
#define API_HTTP_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/error.h"

/*
 * Whether requests may go out to a service: not in the second after it could not be reached, not
 * while it is locked out, and one at a time until it has answered. Times are those of
 * when_monotonic().
 */
struct gate {
    bool proven;   /* it has answered since it was last in doubt */
    bool locked;   /* closed by gate_lock, not by a failure */
    int64_t until; /* closed until then */
    struct error reason;
};

/* The error of a request made now, or NULL when it may go. */
const struct error *gate_error(const struct gate *gate, int64_t now);

/* How many may be under way at once, of at most `width`. */
unsigned gate_width(const struct gate *gate, unsigned width);

void gate_answered(struct gate *gate);
void gate_refused(struct gate *gate);
void gate_unreachable(struct gate *gate, const struct error *error, int64_t now);
void gate_lock(struct gate *gate, const struct error *error, int64_t until);

#endif
