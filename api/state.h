#ifndef API_STATE_H
#define API_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest sequence number or cursor that is taken as a checkpoint. */
#define SEQUENCE_MAX 128

/*
 * What a service tells about one partition, for one app or for none. Absent texts are NULL. The
 * texts belong to whoever made the struct and last as long as it says.
 */
struct state {
    uint32_t partition;
    bool has_no_end; /* nobody has told where the records end: any number may be right, and
                        latest is a stand-in */
    bool is_closed;  /* no record will ever be added */
    bool went_back;  /* the number was greater when it was seen before; as `seen`, this is noted
                        by who asks */
    bool in_doubt;   /* the checkpoint was this before a change whose end is unknown, which is noted
                        by who asks */
    int64_t committed;    /* when the checkpoint was committed, or WHEN_UNKNOWN */
    int64_t seen;         /* when it was seen first; 0 if nobody noted that, which backends leave to
                             who asks them */
    const char *sequence; /* the checkpoint as the service stores it; NULL: none is committed */
    const char *metadata; /* the text committed with it */
    const char *earliest; /* decimal: the oldest record kept */
    const char *latest;   /* decimal: the next record to be written */
    const char *status;   /* the service's word: "ACTIVE" */
    const char *consumer; /* the one that holds the partition, or did; "": none */
    const char *details;  /* a JSON object of what else only this service tells */
};

/* Whether two states of a partition tell the same checkpoint, as far as they tell its metadata.
 * Also false if there is none. */
bool state_is_same(const struct state *a, const struct state *b);

/*
 * The states of many partitions in few bytes, ordered by partition, shared by reference. 100,000
 * partitions take some 3 MB. A text that table_find gave lasts until the table changes or goes.
 */
struct table;

#define TABLE_PARTITIONS_MAX 1000000

/* An empty table with one reference, or NULL. */
struct table *table_new(void);

struct table *table_hold(struct table *table);
void table_drop(struct table *table);

/* Adds a partition or replaces what is known of it; the texts must not come from this table.
 * Appending in ascending order is cheapest. 0, -ENOMEM, or -EFBIG past TABLE_PARTITIONS_MAX or 64
 * MiB. */
int table_put(struct table *table, const struct state *state);

size_t table_count(const struct table *table);

/* The partition at an index in ascending order. */
void table_at(const struct table *table, size_t index, struct state *state);

/* 0 and *state, or -ENOENT. */
int table_find(const struct table *table, uint32_t partition, struct state *state);

/* Whatever is known of a partition's checkpoint is in doubt from now on. 0 or -ENOENT. */
int table_doubt(struct table *table, uint32_t partition);

/* Whether two tables tell the same checkpoints of the same partitions. */
bool table_has_same(const struct table *a, const struct table *b);

/* Whether something is committed on any partition. */
bool table_has_checkpoint(const struct table *table);

/* Bytes of memory in use. */
size_t table_size(const struct table *table);

#endif
