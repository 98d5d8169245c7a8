#ifndef API_SLS_LOGLINES_H
#define API_SLS_LOGLINES_H

#include "api/sls/loggroup.h"

/*
 * The logs of a group as lines of a batch (api/records.h), one for each:
 *
 *     {"checkpoint":"…","sequence":"42","time":"…","topic":"t","source":"10.0.0.1",
 *      "tags":{"host":"a"},"data":{"level":"info","part":["1","2"]}}
 *
 * A topic or a source that is empty, and tags when there are none, are left out. How tags and data
 * are written api/members.h says.
 */

/* What to commit, and the number of the group. */
struct loglines_place {
    const char *before;   /* after a log that is not the last: the group's own cursor */
    const char *after;    /* after the last: that of the next group */
    const char *sequence; /* a decimal */
};

/* Whether the batch has room for all lines of a group, however they must be written. */
bool loglines_fit(const struct batch *batch, const struct loggroup *group);

/* Adds a group that loggroup_next gave. 0; -EFBIG for more than a batch, or MEMBERS_MAX,
 * allows; or -ENOMEM. With an error the batch has a part of the group. */
int loglines_add(struct batch *batch, const struct loggroup *group,
                 const struct loglines_place *place);

#endif
