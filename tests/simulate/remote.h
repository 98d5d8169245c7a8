#ifndef SIMULATE_REMOTE_H
#define SIMULATE_REMOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/simulate/history.h"

/*
 * The service behind the mount: one of tests/service/, called in this process. It has the app
 * that stays and the stream with HISTORY_PARTITIONS partitions, and tells the history of all that
 * it carries out.
 */

/* The source of the mount. */
const char *remote_source(void);

/* What the service can do. */
bool remote_can(enum act act);
const struct history_rules *remote_rules(void);

/* Whether an app is made on a stream, and goes from it. */
bool remote_apps_are_of_streams(void);

/* How many kinds of things mounts can make, from THING_APP on. */
unsigned remote_things(void);

/* The number that a checkpoint of the service stands for, as files show it. */
int64_t remote_number(const char *text);

/* Whether there are records to append, see tests/simulate/appender.h. */
bool remote_appends(void);

/* Makes of an answer that there are too many requests. */
struct answer;
void remote_throttle(struct answer *answer);

/* Begins the service and the network to it. */
void remote_begin(void);
void remote_end(void);

/* What a mount opens from here on is that mount's. */
void remote_serve(int mount);

/* Something goes wrong on the way once in so many times, or never (0), and the slowest way takes so
 * many milliseconds. */
void remote_set_faults(unsigned once_in, int64_t slowest);

/* Everything goes well from here on. */
void remote_settle(void);

/* Somebody kills mounts, or power fails; the embedded store sees to that by itself. */
void remote_strike(void);

/* Whether a mount has tried since then to change anything: else it knows that nothing was changed.
 */
bool remote_has_tried(int mount, int64_t since);

/* A consumer beside the mount commits a number, if the app is there. */
void remote_consume(unsigned place, int64_t number);

#endif
