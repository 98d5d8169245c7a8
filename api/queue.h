#ifndef API_QUEUE_H
#define API_QUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "api/name.h"
#include "api/operation.h"

/*
 * Whose turn it is to change something. Changes of the same partition are made one after the other,
 * in the order in which they came: each with all its steps, so that none works with what another is
 * about to change. Changes of different partitions know nothing of each other.
 */

/* How many subjects one turn can have: those of a rename. */
#define SUBJECTS_MAX 2

/* Those that have their turn and those that wait, in the order they came. */
struct queue {
    TAILQ_HEAD(turns, turn) turns;
};

/*
 * A turn, waited for or had; a member of what it belongs to, all zero before its first use. Its
 * subjects' texts last as long as it. Cancelling its call leaves the queue, and so does turn_leave.
 */
struct turn {
    struct call call;
    TAILQ_ENTRY(turn) link;
    struct queue *queue; /* NULL when it is in none */
    struct subject subjects[SUBJECTS_MAX];
    unsigned count;
    unsigned blockers; /* turns before it that are about the same */
    bool had;          /* it has come */
    void (*begin)(void *user);
    void *user;
};

void queue_init(struct queue *queue);

/* Stands in line. True if the turn has come at once; else `begin` is called when it has. */
bool turn_take(struct queue *queue, struct turn *turn, const struct subject *subjects,
               unsigned count, void (*begin)(void *user), void *user);

/* Lets the next ones have their turn. Nothing happens when it is in no queue. */
void turn_leave(struct turn *turn);

#endif
