#ifndef API_DIS_KEPT_H
#define API_DIS_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/*
 * Cursors that the service gave, each with the place that it stands for: who reads from there, once
 * more or on from what was read, needs no request for one.
 *
 * DIS takes a cursor for 5 minutes. Its Kafka adapter asks for another after 270 seconds, and so
 * long one is kept here. There are at most DIS_KEPT_MAX; for another the oldest goes. Times are
 * those of when_monotonic().
 */
#define DIS_KEPT_MAX     4096
#define DIS_KEPT_MS      270000
#define DIS_KEPT_BUCKETS 1024

/* Before the record with that number, or the first one after it. */
struct dis_place {
    const char *stream;
    uint32_t partition;
    const char *next; /* as decimal_normalize writes it */
};

LIST_HEAD(dis_kept_bucket, dis_kept_cursor);
TAILQ_HEAD(dis_kept_ages, dis_kept_cursor);

struct dis_kept {
    struct dis_kept_bucket buckets[DIS_KEPT_BUCKETS];
    struct dis_kept_ages ages; /* the oldest first */
    size_t count;
};

void dis_kept_init(struct dis_kept *kept);

/* Forgets all. */
void dis_kept_clear(struct dis_kept *kept);

/* What is known of a place. */
struct dis_kept_item {
    const char *cursor; /* or NULL */
    bool is_behind;     /* much more follows, so that a batch may be asked for by its size */
};

/* Keeps a copy, in place of an older one; without memory none is kept. */
void dis_kept_put(struct dis_kept *kept, const struct dis_place *place,
                  const struct dis_kept_item *item, int64_t now);

/* What is known, which lasts until more is kept; all zero when that is nothing. */
struct dis_kept_item dis_kept_find(struct dis_kept *kept, const struct dis_place *place,
                                   int64_t now);

#endif
