#ifndef API_RETRIES_H
#define API_RETRIES_H

#include <stdint.h>

/* How many requests were sent once more, and after what. */
struct retries {
    uint64_t throttled;  /* the service had too many requests */
    uint64_t broken;     /* it failed: HTTP 5xx */
    uint64_t connection; /* there was none, or it was lost */
};

#endif
