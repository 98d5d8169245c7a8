#ifndef SIMULATE_VFS_H
#define SIMULATE_VFS_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

/*
 * What SQLite needs of an operating system, on the simulated disk: it does what SQLite's own for
 * Unix does, for several processes.
 *
 * A thread that reads, writes, syncs or locks takes its time, in which others have their turn.
 */
struct vfs_faults {
    unsigned once_in; /* an operation of the disk meets a fault once in so many times; 0: never */
    int64_t slowest;  /* milliseconds that an operation of a thread takes */
};

/* Who has committed what is found when a log is read anew. */
#define VFS_SOMEBODY (-2)

/* A write transaction has ended, or a log was read anew: others see what was committed from this
 * moment on, and no thread has had a turn since. Told of the process, or VFS_SOMEBODY. */
typedef void vfs_ended_fn(int process);

/* A sync of a log has failed. */
typedef void vfs_failed_fn(void);

/* Makes it the one that SQLite takes. */
void vfs_begin(vfs_ended_fn *ended, vfs_failed_fn *failed);
void vfs_end(void);

void vfs_set_faults(const struct vfs_faults *now);

/* The next sync of a log fails. */
void vfs_fail_next_sync(void);

/* When a process last tried to write to a log, or could not read it, which writing may need:
 * clock_ms, or -1. */
int64_t vfs_last_try(int process);

/* Whose files are those that are opened from here on. */
void vfs_set_process(int process);

/* What a process has open it can neither read nor write any more, and has no locks. */
void vfs_kill(int process);

/* The name of another one, which only reads, locks nothing, is seen by nobody and meets no faults:
 * a connection that looks at what is committed. */
const char *vfs_observer(void);

#endif
