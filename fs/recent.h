#ifndef FS_RECENT_H
#define FS_RECENT_H

#include "fs/cache.h"

/* names: what the cache knows if it is at most age_ms old; else it is asked for. An operation like
 * cache_get, also where nothing is asked. */
struct call *recent_names(struct cache *cache, struct loop *loop, const struct question *question,
                          int64_t age_ms, const struct ask *ask);

#endif
