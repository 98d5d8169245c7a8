#ifndef SIMULATE_PROGRAMS_H
#define SIMULATE_PROGRAMS_H

#include <stdbool.h>

/*
 * Programs that use the mounts, some at a time: each looks a file up, opens it, reads or writes,
 * and closes it, as programs do, or renames a temporary file over it, or moves it away; some are
 * interrupted. What becomes of it goes into the history.
 */

/* Begins so many, who each do one thing after the other until programs_stop: of any kind, or
 * changes of few checkpoints, and undoing them. */
void programs_start(unsigned count, bool only_undo);

/* No new ones begin. */
void programs_stop(void);

/* Whether all have ended. */
bool programs_are_done(void);

/* Every checkpoint is read once more by both of its files, in every mount; anew: that succeeds. */
void programs_read_all(bool anew);

/* Every list that has a thing is read, in every mount; anew: what it shows is what is there. */
void programs_list_all(bool anew);

#endif
