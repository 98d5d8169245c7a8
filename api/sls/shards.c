#include "api/sls/shards.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/when.h"

#define GROUPS_FIRST 10

static size_t slot_of(const char *logstore, uint32_t id)
{
    uint32_t hash = id;

    for (; *logstore; logstore++)
        hash = hash * 31 + (unsigned char)*logstore;
    return hash % SLS_SHARDS;
}

struct sls_shard *sls_shard_find(struct sls_shards *shards, const char *logstore, uint32_t id)
{
    struct sls_shard *shard = &shards->shards[slot_of(logstore, id)];

    if (shard->groups && shard->id == id && !strcmp(shard->logstore, logstore))
        return shard;
    *shard = (struct sls_shard){.id = id, .groups = GROUPS_FIRST};
    snprintf(shard->logstore, sizeof(shard->logstore), "%s", logstore);
    return shard;
}

bool sls_shard_is_fresh(const struct sls_shard *shard, int64_t age_ms)
{
    return shard->listed && when_monotonic() - shard->listed <= age_ms;
}

static void note(struct sls_shards *shards, const char *logstore, const struct sls_listed *listed)
{
    struct sls_shard *shard = sls_shard_find(shards, logstore, listed->id);

    shard->listed = when_monotonic();
    shard->is_readonly = listed->is_readonly;
    snprintf(shard->begin_key, sizeof(shard->begin_key), "%s", listed->begin_key);
}

int sls_shards_note(struct sls_shards *shards, const char *logstore, uint32_t id, const cJSON *root)
{
    struct sls_listed listed;
    struct sls_listed wanted;
    bool has_it = false;
    int status = cJSON_IsArray(root) ? 0 : -EBADMSG;

    for (const cJSON *entry = status ? NULL : root->child; entry && !status; entry = entry->next) {
        status = sls_answer_listed(entry, &listed);
        if (status)
            break;
        note(shards, logstore, &listed);
        if (listed.id == id) {
            wanted = listed;
            has_it = true;
        }
    }
    if (has_it)
        note(shards, logstore, &wanted);
    return status || has_it ? status : -ENOENT;
}
