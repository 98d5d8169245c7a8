#ifndef API_LOCAL_STORE_H
#define API_LOCAL_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/error.h"
#include "api/local/upgrade.h"
#include "api/names.h"
#include "api/position.h"
#include "api/records.h"
#include "api/state.h"

/*
 * The embedded store: one SQLite file, in WAL mode and with synchronous=FULL, so that what was
 * committed survives kill -9 and power loss, and several mounts can use it at once.
 *
 * A store is one connection, to be used by one thread. Functions return 0 or a negative errno with
 * an error; -EAGAIN means that another process holds the lock: try again later. Sequence numbers
 * are 0 to 9223372036854775807, as in DIS.
 */
struct store;

enum store_mode {
    STORE_READ,
    STORE_MAKE, /* reads and writes, and makes the file if it is missing, but no directory */
};

/* Refuses a file that is no store, and a store of a newer version than this program knows. One of
 * an older version is upgraded, see api/local/upgrade.h, or refused when it is only to be read. */
int store_open(const char *path, enum store_mode mode, struct store **store, struct error *error);

/* The same by another layout, whose tables and columns must be at least those of ours: for tests.
 */
int store_open_as(const char *path, enum store_mode mode, const struct layout *layout,
                  struct store **store, struct error *error);

void store_close(struct store *store);

/*
 * Everything between begin and end is one transaction; store_end makes it durable. Each is ESTALE
 * when another program has removed or replaced the store's files, see api/local/files.h, until they
 * are put back. When store_end is, what was done may be in files that are gone.
 */
int store_begin(struct store *store, struct error *error);
int store_end(struct store *store, struct error *error);

/* Begins a transaction in which all reads see the same; store_cancel ends it. */
int store_begin_reading(struct store *store, struct error *error);

/* Ends a transaction, giving up what was done in it. */
void store_cancel(struct store *store);

/* A step of a transaction, so that a failed step leaves nothing behind. store_step_end returns
 * status, or an error of its own. After either the whole transaction may be lost (disk full, no
 * memory). */
int store_step_begin(struct store *store, struct error *error);
int store_step_end(struct store *store, int status, struct error *error);
bool store_is_lost(struct store *store);

/* Lists add to names, in the order of their bytes. */
int store_list_apps(struct store *store, struct names *names, struct error *error);
int store_find_app(struct store *store, const char *app, struct error *error);
int store_create_app(struct store *store, const char *app, struct error *error);
int store_delete_app(struct store *store, const char *app, struct error *error);

int store_list_streams(struct store *store, struct names *names, struct error *error);
int store_list_committed(struct store *store, const char *app, struct names *names,
                         struct error *error);

struct stream_summary {
    int64_t created; /* as in base/when.h */
    int64_t partitions;
};

int store_describe_stream(struct store *store, const char *stream, struct stream_summary *summary,
                          struct error *error);
int store_create_stream(struct store *store, const char *stream, struct error *error);
int store_delete_stream(struct store *store, const char *stream, struct error *error);
int store_create_partition(struct store *store, const char *stream, uint32_t partition,
                           struct error *error);
int store_delete_partition(struct store *store, const char *stream, uint32_t partition,
                           struct error *error);

/* What is known of a stream's partitions, and of the checkpoints of an app, which may be NULL. */
int store_get_states(struct store *store, const char *app, const char *stream, struct table *table,
                     struct error *error);

/*
 * The kept records of a partition: earliest to latest - 1. While nobody has set latest there are
 * none and any sequence number can be committed.
 *
 * Both may be set by hand, for the records of a stream that is elsewhere. So a number within the
 * bounds may have no record; but then it never had one: what has been removed is below earliest,
 * and earliest does not go back there.
 */
struct bounds {
    int64_t earliest;
    int64_t latest;
    bool latest_is_set;
};

int store_get_bounds(struct store *store, const char *stream, uint32_t partition,
                     struct bounds *bounds, struct error *error);

/* ERANGE if earliest would exceed latest, or be less than the number of a record that was removed,
 * or latest would not exceed that of the last record. Removes the records below earliest. */
int store_set_bound(struct store *store, const char *stream, uint32_t partition, bool earliest,
                    int64_t value, struct error *error);

/* The record that was the next to be written at a time, within the bounds: the one after the last
 * record that is older, or the latest that was set by hand before it, whichever is greater. The
 * last 1000 changes of latest by hand are known. Times of writing never go down in a partition:
 * while the clock is behind the last of them, that one is used again. */
int store_locate(struct store *store, const char *stream, uint32_t partition, int64_t time,
                 int64_t *sequence, struct error *error);

/*
 * Adds records without a key from latest on, all or none in a step, and latest rises with them. If
 * it was not set they begin after all checkpoints of the partition, and at earliest or later: so
 * every app reads all of them. The oldest are removed as long as a partition has more than it
 * keeps, and earliest rises with them. EFBIG for more than a partition keeps, ERANGE without
 * numbers.
 */
int store_append_records(struct store *store, const char *stream, uint32_t partition,
                         const struct span *records, size_t count, struct error *error);

/* What a partition keeps at most: 100,000 records of 64 MiB together, of which only keys and data
 * count. To be changed for tests, by one that lasts as long as the store is used. */
struct keep {
    int64_t records;
    int64_t bytes;
};

void store_set_keep(struct store *store, const struct keep *keep);

struct store_read {
    const char *stream;
    uint32_t partition;
    bool is_next; /* how checkpoints relate to records: see backend.h, checkpoint_is_next */
};

/* Adds the records after that number to the batch, passing over numbers without one. 0 when it is
 * full or there are no more; 1 when it took a while: *after is then the last one, and the caller
 * goes on from there when others have had their turn. The partition must be there. */
int store_read_records(struct store *store, const struct store_read *read, int64_t *after,
                       struct batch *batch, struct error *error);

struct stored_checkpoint {
    int64_t sequence;
    int64_t committed;
    char *metadata; /* the caller frees it */
};

/* *found tells whether there is one. */
int store_get_checkpoint(struct store *store, const char *app, const char *stream,
                         uint32_t partition, struct stored_checkpoint *checkpoint, bool *found,
                         struct error *error);

struct store_commit {
    const char *app;
    const char *stream;
    uint32_t partition;
    int64_t sequence;
    const char *metadata;
    const int64_t *expected; /* if not NULL: ESTALE unless this is committed now, -1 for none */
    bool is_next; /* how the number relates to the bounds: see backend.h, checkpoint_is_next */
    bool make_partition; /* make the stream and the partition if they are missing */
};

/* ENOENT for what does not exist, ERANGE outside the bounds. *committed is the time stored. */
int store_commit(struct store *store, const struct store_commit *commit, int64_t *committed,
                 struct error *error);

/* ENOENT if there is none. */
int store_delete_checkpoint(struct store *store, const char *app, const char *stream,
                            uint32_t partition, struct error *error);

#endif
