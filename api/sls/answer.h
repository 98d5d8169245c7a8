#ifndef API_SLS_ANSWER_H
#define API_SLS_ANSWER_H

#include <cjson/cJSON.h>

#include "api/service/service.h"
#include "base/buf.h"

/*
 * Reads SLS's answers. A root is what json_parse gave, or NULL where that was no JSON. All return 0
 * or a negative errno: -EBADMSG for what is no answer of SLS, -ENOMEM, -EFBIG for more than this
 * program holds. Texts that are given belong to the root. Names are added as by
 * names_add_asked. The order of lists is not documented.
 */

/* A page of logstores that was asked for from an offset; page->last is the next page's. */
int sls_answer_logstores(const cJSON *root, size_t offset, size_t size, struct names *names,
                         struct page *page);

/* Adds the groups of a logstore. */
int sls_answer_groups(const cJSON *root, struct names *names);

/* The shards of a logstore: without checkpoints. */
int sls_answer_shards(const cJSON *root, struct table *table);

/* Room for a hash key, 32 hexadecimal digits. */
#define SLS_KEY_ROOM 33

/* What records need to know of a shard. */
struct sls_listed {
    uint32_t id;
    bool is_readonly;
    char begin_key[SLS_KEY_ROOM]; /* "" for what is none */
};

/* One shard in the list of a logstore. */
int sls_answer_listed(const cJSON *entry, struct sls_listed *listed);

/*
 * What a group has committed: every shard that the service lists; "" means no checkpoint.
 *
 * The unit of updateTime is told by its magnitude: the reference of GetCheckPoint says seconds, its
 * samples and those of the SDK for Python have microseconds (1524224984800922), and a comment in a
 * sample for Java milliseconds. 0, null and negative ones are WHEN_UNKNOWN.
 */
int sls_answer_checkpoints(const cJSON *root, struct table *table);

int sls_answer_cursor(const cJSON *root, const char **cursor);

/* Whether a text may be a cursor: SLS's are base64. */
bool sls_is_cursor(const char *text);

/* When a log group was received, as in base/when.h: in seconds, as a number in the samples of
 * GetCursorTime, and as a text in its reference. WHEN_UNKNOWN for null and for what no time can be.
 */
int sls_answer_cursor_time(const cJSON *root, int64_t *when);

/* Describes a logstore by its shards, as a JSON object. */
int sls_describe(const struct table *table, const char *logstore, struct buf *text);

#endif
