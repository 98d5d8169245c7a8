#ifndef API_ERRAND_H
#define API_ERRAND_H

#include <stdbool.h>

/*
 * What a backend is asked for: one for each function of its door, in whose name its requests go out
 * to the service. All requests of one errand share a lane (api/lanes.h), so that an errand that the
 * service does not answer holds up no other.
 */
enum errand {
    ERRAND_OTHER, /* nobody has said: what a backend does for itself */

    ERRAND_CREATE_APP,
    ERRAND_DELETE_APP,
    ERRAND_CREATE_STREAM,
    ERRAND_DELETE_STREAM,
    ERRAND_CREATE_PARTITION,
    ERRAND_DELETE_PARTITION,
    ERRAND_SET_BOUND,
    ERRAND_COMMIT,
    ERRAND_DELETE_CHECKPOINT,
    ERRAND_APPEND_RECORDS,
    ERRAND_PREPARE, /* what is asked on the way to one of these changes */

    ERRAND_LIST_APPS,
    ERRAND_FIND_APP,
    ERRAND_LIST_STREAMS,
    ERRAND_DESCRIBE_STREAM,
    ERRAND_GET_STATES,
    ERRAND_GET_BOUNDS,
    ERRAND_GET_STATE,
    ERRAND_GET_CHECKPOINT,
    ERRAND_GET_CURSOR,
    ERRAND_LOCATE,
    ERRAND_READ_RECORDS,
    ERRANDS /* how many */
};

/* "commit" */
const char *errand_name(enum errand errand);

/* Whether it is to change something. */
bool errand_changes(enum errand errand);

/* Whether a program that changes something waits for it. */
bool errand_is_urgent(enum errand errand);

/* The errand of what is asked while another is run, which may be ERRAND_OTHER. */
enum errand errand_within(enum errand outer, enum errand errand);

#endif
