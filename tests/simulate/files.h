#ifndef SIMULATE_FILES_H
#define SIMULATE_FILES_H

#include <stdint.h>

#include "tests/simulate/disk.h"

/*
 * Descriptors of files on the simulated disk: what open(2), flock(2), fdatasync(2) and the like do
 * for the program under test, in several processes. Those of other files are the machine's.
 *
 * A thread that reads, writes, syncs or locks takes its time, in which others have their turn.
 */
struct files_faults {
    unsigned once_in; /* a call meets a fault once in so many times; 0: never */
    int64_t slowest;  /* milliseconds that a call of a thread takes */
};

/* What of a file was written is on the disk, and no thread has had a turn since. */
typedef void files_synced_fn(const struct inode *inode);

/* Begins and ends with the disk. */
void files_begin(files_synced_fn *synced);
void files_end(void);

void files_set_faults(const struct files_faults *now);

/* When a call last failed, by a fault or because the lock was held by somebody else than the
 * program under test: clock_ms, or -1. */
int64_t files_last_fault(void);

/* Whose descriptors are those that are opened from here on. */
void files_set_process(int process);

/* Its descriptors have no locks any more, and nothing can be done by them. */
void files_kill(int process);

/* Somebody beside the mounts has the lock of a file, if it is there and free, until he lets go. */
void files_hold_lock(const char *path);
void files_let_go(void);

#endif
