#ifndef API_SLS_LOGGROUP_H
#define API_SLS_LOGGROUP_H

#include <stdint.h>

#include "api/records.h"

/*
 * Log groups on the wire, in protocol buffers, as log.proto of the SDK for Go, log_logs.proto of
 * that for Python and the reference of the API have them:
 *
 *     LogGroupList       1 repeated LogGroup
 *     LogGroup           1 repeated Log, 3 string Topic, 4 string Source, 6 repeated LogTag
 *     Log                1 uint32 Time, in seconds, 2 repeated Content, 4 fixed32 Time_ns
 *     Content, LogTag    1 string Key, 2 string Value
 *
 * Other fields are passed over. Texts need not be UTF-8: the SDK for Python has a second schema for
 * values that are not. Nothing is copied or allocated: each span is a part of what was received.
 * All is pure.
 */

struct loggroup {
    struct span topic; /* empty if it has none */
    struct span source;
    size_t logs;
    size_t pairs; /* contents of all logs, and the tags once for each log */
    size_t bytes; /* of keys and values in those, and of topic and source once for each log */
    struct span all;
};

struct loggroup_log {
    int64_t time; /* as in base/when.h */
    struct span all;
};

struct loggroup_pair {
    struct span key;
    struct span value;
};

/*
 * Each takes the next one off the front of *rest, which begins as the whole message: a list, a
 * group's `all`, or a log's `all`. 1; 0 when there is none; or -EBADMSG. loggroup_next reads all
 * that is in the group, so that in a group which it gave nothing else fails.
 */
int loggroup_next(struct span *rest, struct loggroup *group);
int loggroup_next_tag(struct span *rest, struct loggroup_pair *tag);
int loggroup_next_log(struct span *rest, struct loggroup_log *log);
int loggroup_next_content(struct span *rest, struct loggroup_pair *content);

/* How many groups a list has, whatever is in them. 0 or -EBADMSG. */
int loggroup_count(struct span list, size_t *groups);

/* Adds a log of one content to a group, which is empty before its first. */
void loggroup_add(struct buf *group, int64_t time, const struct loggroup_pair *content);

/* How many bytes of a group that was made so are its first logs: at least one, if there is one, and
 * as many more as fit. *count is how many they are. */
size_t loggroup_cut(const struct span *group, size_t max_bytes, size_t max_logs, size_t *count);

#endif
