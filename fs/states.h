#ifndef FS_STATES_H
#define FS_STATES_H

#include "fs/fs.h"

/*
 * Asks for all states of the app on the stream that a place names, with the metadata of each
 * checkpoint: in as few requests as the service allows, and one for each of those whose metadata it
 * leaves out then. An operation like a backend's; the answer is the table.
 */
struct call *states_get(struct fs *fs, struct place *place, const struct ask *ask);

/* When a checkpoint was committed; where the backend does not tell, when this mount saw it first.
 */
int64_t state_time(const struct state *state);

/* The same of the youngest of all, or WHEN_UNKNOWN. */
int64_t states_time(const struct table *states);

#endif
