#ifndef SERVICE_DIS_WORLD_H
#define SERVICE_DIS_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/service/common/directory.h"

/*
 * What the simulated DIS holds: streams with partitions, apps, and the checkpoints apps committed.
 * Streams and apps are kept in ascending order of their names, and owned by the world.
 *
 * A partition holds the records earliest <= n < latest; latest is the number the next one gets. The
 * youngest of them are kept as they were written; of older ones, which only the control interface
 * can bring about, everything is made up from the number when it is asked for, one a second back
 * from the moment the bounds were set.
 */
#define WORLD_APPS_MAX       100000
#define WORLD_STREAMS_MAX    100000
#define WORLD_PARTITIONS_MAX 100000 /* of one stream */
#define WORLD_RECORDS_MAX    1000   /* kept per partition; older ones expire */
#define WORLD_DATA_MAX       ((size_t)64 * 1024 * 1024)
#define WORLD_PATTERN_STEP   1000 /* milliseconds between records that are made up */

enum partition_status {
    PARTITION_CREATING,
    PARTITION_ACTIVE,
    PARTITION_DELETED,
    PARTITION_EXPIRED,
};

/* key is NULL when none was given; data is base64. */
struct record {
    int64_t number;
    int64_t time_ms;
    char *key;
    char *data;
};

struct partition {
    enum partition_status status;
    int64_t earliest;
    int64_t latest;
    int64_t anchor; /* the number whose time is anchor_ms */
    int64_t anchor_ms;
    struct record *records; /* the last record_count numbers before latest */
    size_t record_count;
};

struct stream {
    char *name; /* the first member, as in struct app */
    char id[24];
    int64_t created_ms;
    int64_t modified_ms;
    int64_t retention_hours;
    char status[16]; /* "RUNNING" */
    char type[16];   /* "COMMON" */
    char data_type[8];
    struct partition *partitions;
    size_t partition_count;
};

struct checkpoint {
    bool set;
    int64_t number;
    char *metadata; /* NULL is "" */
};

/* The checkpoints of an app on one stream, by partition; there may be fewer than partitions. */
struct commitment {
    struct stream *stream;
    struct checkpoint *checkpoints;
    size_t count;
};

struct app {
    char *name;
    char id[24];
    int64_t created_ms;
    struct commitment *commitments;
    size_t commitment_count;
};

struct world {
    struct directory apps;
    struct directory streams;
    uint64_t serial; /* what identifiers are made of */
    size_t data_size;
};

void world_init(struct world *world);
void world_clear(struct world *world);

/* NULL when there is none. A stream is also found by its id. */
struct app *world_app(const struct world *world, const char *name);
struct stream *world_stream(const struct world *world, const char *name_or_id);

/* NULL when the name is taken, or there are too many. */
struct app *world_add_app(struct world *world, const char *name, int64_t now_ms);
struct stream *world_add_stream(struct world *world, const char *name, size_t partitions,
                                int64_t now_ms);

void world_remove_app(struct world *world, struct app *app);

/* Checkpoints on the stream go with it; whether they do at the service is not known. */
void world_remove_stream(struct world *world, struct stream *stream);

/* Adds active partitions at the end. */
void stream_add_partitions(struct stream *stream, size_t count);
size_t stream_count_partitions(const struct stream *stream, enum partition_status status);

/* Sets the bounds. What was written stays if only older records go; else it is gone. */
void partition_set_bounds(struct world *world, struct partition *partition, int64_t earliest,
                          int64_t latest, int64_t now_ms);

/* Appends a record with copies of key and data; its number, or -1 when there is no room. */
int64_t partition_append(struct world *world, struct partition *partition, const char *key,
                         const char *data, int64_t now_ms);

/* Fills *record for a number within the bounds; key and data stay the world's, data is NULL when
 * the record is made up. */
void partition_record(const struct partition *partition, int64_t number, struct record *record);

/* The first number whose record is not older than the time; latest when there is none. */
int64_t partition_at_time(const struct partition *partition, int64_t time_ms);

/* NULL when nothing is committed. */
const struct checkpoint *app_checkpoint(const struct app *app, const struct stream *stream,
                                        size_t partition);
void app_commit(struct app *app, struct stream *stream, size_t partition, int64_t number,
                const char *metadata);

/* Removes one checkpoint; how many there were. */
size_t app_uncommit(struct app *app, const struct stream *stream, size_t partition);

/* The app's checkpoints on the stream, or NULL when it has none. */
struct commitment *app_commitment(const struct app *app, const struct stream *stream);

#endif
