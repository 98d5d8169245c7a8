#ifndef FS_CACHE_H
#define FS_CACHE_H

#include "api/backend.h"
#include "fs/question.h"

/*
 * What the backend has told of late: lists of names and states of partitions, so that looking
 * around in the tree asks nothing, and `ls -l` one question for all partitions.
 *
 * Who asks for the same thing at the same time shares one request. What this mount itself commits
 * is noted and is seen at once, whatever older answer comes in later.
 *
 * All answers together are bounded by what a million partitions take (CACHE_SIZE_MAX); those not
 * used for longest go first. What would still be answered from stays, for it would be asked for
 * again at once: of that there may be twice as much.
 */
struct cache;

#define CACHE_SIZE_MAX (64UL << 20)

/* For not_before: any answer will do. */
#define ANY_AGE INT64_MIN

/* The youngest time an answer may have been asked for that is at most age_ms old. */
int64_t cache_not_before(int64_t age_ms);

/* Told whenever the checkpoint of a partition of an app and a stream is known anew, or when one of
 * any of them (ANY_PARTITION) is another than was known before. */
typedef void cache_news_fn(void *user, const char *app, const char *stream, int64_t partition);

struct cache *cache_new(struct backend *backend, int64_t timeout_ms, cache_news_fn *news,
                        void *user);

/* Cancels what is under way. Nobody may be waiting. */
void cache_free(struct cache *cache);

/* For how long who asks again is answered from a list, and from values. */
void cache_set_ages(struct cache *cache, int64_t names_ms, int64_t values_ms);

/* Told of what was known of a partition of an app and a stream, or of all those in a table
 * (ANY_PARTITION), and is forgotten because it may not be so any more. It must leave the cache
 * alone. */
typedef void cache_lost_fn(void *user, const char *app, const char *stream, int64_t partition,
                           const struct table *table);

/* lost is given the user of the news. */
void cache_set_lost(struct cache *cache, cache_lost_fn *lost);

/* Whether an app is only planned: the backend does not have it, and whoever asks about it is told
 * what there would be for a new one. is_planned is given the user of the news. */
void cache_set_planned(struct cache *cache, bool (*is_planned)(void *user, const char *app));
bool cache_is_planned(const struct cache *cache, const char *app);
/* The app to ask the backend about: NULL, for none, where the name is empty or of one that is only
 * planned. */
const char *cache_app_to_ask(const struct cache *cache, const char *app);

/* Forgets all answers. */
void cache_clear(struct cache *cache);

/* True, and the answer, if there is one that came at not_before (when_monotonic) or later.
 * It lasts until the next call to the cache. */
bool cache_peek(struct cache *cache, const struct question *question, int64_t not_before,
                struct answer *answer);

/* Asks the backend, or joins those who have asked. A call like a backend's. */
struct call *cache_get(struct cache *cache, const struct question *question, const struct ask *ask);

/*
 * The same for one partition of WHAT_STATES by itself; `whole` with all that the answer for all
 * would tell of it, else its checkpoint with the metadata. Asks for all where they are few, or
 * where another one is being asked for. cache_state tells what came.
 */
struct call *cache_get_one(struct cache *cache, const struct question *question, uint32_t partition,
                           bool whole, const struct ask *ask);

/* Notes that one partition is looked at by itself. True if another one that the question is about
 * was at not_before or later, or several where they are very many: then who asks may do so for all
 * of them. */
bool cache_note_single(struct cache *cache, const struct question *question, uint32_t partition,
                       int64_t not_before);

/* Asks the backend if the answer is older than not_before, without anybody waiting. */
void cache_refresh(struct cache *cache, const struct question *question, int64_t not_before);

/* The same of one partition of WHAT_STATES, as cache_get_one. */
void cache_refresh_one(struct cache *cache, const struct question *question, uint32_t partition,
                       int64_t not_before);

/* Forgets one answer, or all about an app or a stream (NULL for none), for something that they tell
 * of has gone: what is missing is missing all the same. One that is under way will be asked for
 * again. */
void cache_outdate(struct cache *cache, const struct question *question);
void cache_outdate_about(struct cache *cache, const char *app, const char *stream);

/* A change of what an app has committed on a partition has an unknown end. Which partitions there
 * are stays known at any age. What is committed on this one is known again once it was asked for
 * anew, and so is what is young of the others. What is under way will be asked for again. */
void cache_doubt(struct cache *cache, const char *app, const char *stream, uint32_t partition);

/* All answers about a stream are older than anybody may want, but those who take any: for it has
 * new records. One that is under way will be asked for again. */
void cache_age_about(struct cache *cache, const char *stream);

/* Forgets one answer, and which of its names are missing; one that is under way will be asked for
 * again. */
void cache_drop(struct cache *cache, const struct question *question);

/* Forgets all answers about an app, or about a stream, and what of them is missing; NULL for none.
 */
void cache_drop_about(struct cache *cache, const char *app, const char *stream);

/*
 * What is known of a partition: 0 and *state, -ENOENT if it is known that there is none, or -EAGAIN
 * if nothing is known that is as young as not_before. Without `whole` the checkpoint is enough. The
 * state's texts last until the next call.
 */
int cache_state(struct cache *cache, const char *app, const char *stream, uint32_t partition,
                int64_t not_before, bool whole, struct state *state);

/* When that was learned which cache_state tells as the youngest of a partition; INT64_MIN for
 * nothing. */
int64_t cache_state_age(struct cache *cache, const char *app, const char *stream,
                        uint32_t partition);

/* Notes the checkpoint (sequence, metadata, time) that an app had on a partition at a time; the
 * bounds too if the state has them. Where there is one, no name on the way to it is missing. */
void cache_note(struct cache *cache, const char *app, const char *stream, const struct state *state,
                int64_t at);

/* Names that were asked for one by one at a time and do not exist, or were removed: see
 * fs/missing.h. An answer to what was asked before this mount has made or removed something, or has
 * seen a checkpoint, may be older than that: it is not noted. */
void cache_note_missing(struct cache *cache, const struct question *question, const char *name,
                        int64_t asked);
void cache_note_gone(struct cache *cache, const struct question *question, const char *name);
bool cache_is_missing(struct cache *cache, const struct question *question, const char *name);

/* A name that was asked for one by one and exists: becomes part of the list, if there is one, and
 * if the answer is not older than that either. */
void cache_note_name(struct cache *cache, const struct question *question, const char *name,
                     int64_t asked);

/* Bytes in use. */
size_t cache_size(const struct cache *cache);

#endif
