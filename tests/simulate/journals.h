#ifndef SIMULATE_JOURNALS_H
#define SIMULATE_JOURNALS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct mount;

/*
 * The journal's file of the mounts, which all of them share, or one has, or none: on the simulated
 * disk, where it is small, fills up, fails, is locked by others and loses what was not synced.
 *
 * What must hold, of a mount that keeps one:
 *
 * - When the service carries something out on a checkpoint, a line that says that it has begun is
 *   on the disk.
 * - When a program is told that its change is done, so is the line that tells of that, unless the
 *   disk has failed meanwhile.
 * - What is on the disk stays there, but for files that were full.
 * - Each mount knows all lines of the file, once it has asked.
 *
 * What an undo brings back, see history.h.
 */

/* Begins, with so many mounts; ends. */
void journals_begin(unsigned mounts);
void journals_end(void);

/* The disk meets faults and is slow, or is not any more. */
void journals_disturb(void);
void journals_settle(void);

/* Opens the file for a mount that keeps one. 0 or a negative errno: it must begin anew. */
int journals_open(struct mount *mount);

/* A program that began then was told that its change is done: its line has that result. */
void journals_check_end(const struct mount *mount, pid_t pid, const char *result, int64_t since);

/* Everything is well and at rest: compares what mounts know with what is there. */
void journals_check_all(void);

#endif
