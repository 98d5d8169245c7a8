#ifndef FS_DOUBTS_H
#define FS_DOUBTS_H

#include <stdbool.h>
#include <sys/queue.h>

#include "api/name.h"

/*
 * The partitions of apps whose last change has an unknown end. What is committed there must be
 * asked for before the next change. A table that nobody answers leaves as many as it has changes
 * under way. Past DOUBTS_MAX the oldest doubt is forgotten.
 */
#define DOUBTS_MAX     8192
#define DOUBTS_BUCKETS 1024

struct doubts {
    TAILQ_HEAD(, doubt) list;
    LIST_HEAD(doubts_bucket, doubt) buckets[DOUBTS_BUCKETS]; /* the same, by a hash */
    unsigned count;
};

void doubts_init(struct doubts *doubts);
void doubts_release(struct doubts *doubts);

/* Without memory nothing is noted. */
void doubts_add(struct doubts *doubts, const struct subject *about);

bool doubts_has(const struct doubts *doubts, const struct subject *about);

/* What is committed there is known again. */
void doubts_forget(struct doubts *doubts, const struct subject *about);

#endif
