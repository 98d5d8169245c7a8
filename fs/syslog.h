#ifndef FS_SYSLOG_H
#define FS_SYSLOG_H

#include <stdint.h>

/*
 * Lines for the system's log. syslog(3) waits when the log's daemon does not read, and the whole
 * mount with it; here a line that cannot go at once is dropped.
 */
struct syslog {
    int fd;         /* -1 while there is no log */
    int64_t missed; /* when there was none, as when_monotonic() tells; it is looked for again a
                       second later */
};

void syslog_open(struct syslog *log);
void syslog_close(struct syslog *log);

/* Adds one line of fields with blanks between them, up to a NULL. They are escaped (base/buf.h).
 * Where all would be longer than the log takes, the longest fields lose their ends. */
void syslog_add(struct syslog *log, const char *const *fields);

#endif
