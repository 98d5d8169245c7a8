#ifndef API_SLS_SHARDS_H
#define API_SLS_SHARDS_H

#include <cjson/cJSON.h>

#include "api/name.h"
#include "api/sls/answer.h"

/*
 * What is remembered of shards between calls. There is room for some: what was forgotten is asked
 * for anew.
 */
struct sls_shard {
    char logstore[NAME_MAX_STREAM + 1];
    uint32_t id;
    unsigned groups; /* how many log groups to ask for at once */
    int64_t listed;  /* when the logstore told the following, of when_monotonic(); 0: never */
    bool is_readonly;
    char begin_key[SLS_KEY_ROOM]; /* the first of its hash keys; "" if it has none */
};

#define SLS_SHARDS 256

struct sls_shards {
    struct sls_shard shards[SLS_SHARDS];
};

/* What is remembered of a shard, perhaps nothing; until the next call. */
struct sls_shard *sls_shard_find(struct sls_shards *shards, const char *logstore, uint32_t id);

/* Whether what the logstore told of it is at most so old. */
bool sls_shard_is_fresh(const struct sls_shard *shard, int64_t age_ms);

/* Remembers what the answer to ListShards tells of a logstore; of that shard in any case. 0,
 * -EBADMSG, or -ENOENT if it does not list that shard. */
int sls_shards_note(struct sls_shards *shards, const char *logstore, uint32_t id,
                    const cJSON *root);

#endif
