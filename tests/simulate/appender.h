#ifndef SIMULATE_APPENDER_H
#define SIMULATE_APPENDER_H

#include <stdbool.h>

#include <sqlite3.h>

/*
 * Programs that append to a partition of the embedded store that nobody else uses, by every mount:
 * each record is a number that only one of them has tried. What must hold, whatever befalls the
 * machine:
 *
 * - The records are numbered without a gap.
 * - Each is one that was tried, and there once.
 * - What was acknowledged stays.
 */
#define APPENDED_STREAM "appended"

/* Before there is a store. */
void appender_reset(void);

/* Where remote_appends tells that there is such a partition; else there are none. */
void appender_begin(void);
void appender_stop(void);
bool appender_is_done(void);

/* Looks at what is committed, by a connection that reads. */
void appender_look(sqlite3 *db);

#endif
