#ifndef API_SLS_LOGLINES_H
#define API_SLS_LOGLINES_H

#include "api/sls/loggroup.h"

/*
 * The logs of a group as lines of a batch (api/records.h), one for each:
 *
 *     {"checkpoint":"…","sequence":"42","time":"…","topic":"t","source":"10.0.0.1",
 *      "tags":{"host":"a"},"data":{"level":"info","part":["1","2"]}}
 *
 * A topic or a source that is empty, and tags when there are none, are left out. A key that occurs
 * more than once has an array of its values, in their order. A value that is no text is
 * {"base64":"…"}; a key that is none stands, in base64, in an object of its own, "data_base64" or
 * "tags_base64".
 */

/* The most contents, or tags, that one log may have. */
#define LOGLINE_PAIRS_MAX 65536

/* What to commit, and the number of the group. */
struct loglines_place {
    const char *before;   /* after a log that is not the last: the group's own cursor */
    const char *after;    /* after the last: that of the next group */
    const char *sequence; /* a decimal */
};

/* Whether the batch has room for all lines of a group, however they must be written. */
bool loglines_fit(const struct batch *batch, const struct loggroup *group);

/* Adds a group that loggroup_next gave. 0; -EFBIG for more than a batch, or LOGLINE_PAIRS_MAX,
 * allows; or -ENOMEM. With an error the batch has a part of the group. */
int loglines_add(struct batch *batch, const struct loggroup *group,
                 const struct loglines_place *place);

#endif
