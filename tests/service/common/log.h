#ifndef SERVICE_LOG_H
#define SERVICE_LOG_H

#include <stdint.h>

#include "base/buf.h"
#include "tests/service/common/http.h"

/*
 * What was asked, one line per request in the order of their answers' making:
 *
 *   METHOD target status auth body
 *
 * auth is how the request means to prove who it is (token, access, credential, none); the headers
 * that hold secrets are never kept. The status is 000 when the answer never reaches the client by
 * design of a fault. Control characters are written \xHH, a long body is cut. When the log is full
 * it keeps its beginning and counts what was lost.
 */
struct request_log {
    struct buf lines;
    struct buf failures; /* signatures that did not verify, one line each */
    uint64_t lost;
};

void log_init(struct request_log *log);
void log_release(struct request_log *log);
void log_clear(struct request_log *log);

void log_request(struct request_log *log, const struct request *request,
                 const struct answer *answer);

/* Adds a line of a service whose requests are no HTTP, in the same form. */
void log_add(struct request_log *log, const struct buf *line);

/* Keeps a line of up to that many bytes, escaped. */
void log_failure(struct request_log *log, const char *text);

/* Adds the lines that contain `part`, or all when it is NULL, to out when that is not NULL; tells
 * how many they were. */
size_t log_select(const struct request_log *log, const char *part, struct buf *out);

#endif
