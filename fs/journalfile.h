#ifndef FS_JOURNALFILE_H
#define FS_JOURNALFILE_H

#include <stddef.h>

#include "api/operation.h"
#include "fs/journaldisk.h"

/*
 * A journal on the disk: lines that outlast the mount, in a file that several mounts may share. It
 * knows nothing of what they mean. What is written and read after journalfile_open, a thread of its
 * own does, so that the loop waits neither for the disk nor for another mount: what came in
 * meanwhile it writes at once, many lines with one sync.
 *
 * What always holds:
 *
 * Each line in FILE.1 and FILE is told once, in the order in which they stand there, our own like
 * those of others, in the loop's thread, and before an operation ends that began after it was
 * written. A line is told only once it is on the disk, or whoever wrote it has died before he knew;
 * one that was cut by a crash, or is longer than JOURNAL_LINE_MAX, never. What another program has
 * put there is told as it is. If somebody puts another file in FILE's place, or cuts it short, its
 * lines are told from its beginning, so some for the second time; and of files that were renamed
 * twice while this mount did not look, only what FILE.1 and FILE have.
 *
 * Lines that are written at once succeed or fail together. Of an operation that fails, nothing is
 * in the file, unless the error is_unknown.
 */
struct journalfile;

/* Without the newline; the line lasts as long as the call, and may hold any byte. */
typedef void journalfile_told_fn(void *user, const char *line, size_t size);

/* A line that nobody waited for could not be written. */
typedef void journalfile_lost_fn(void *user, const struct error *error);

/* Who is told of such lines from now on, or NULL; with the user of what is told. */
void journalfile_set_lost(struct journalfile *file, journalfile_lost_fn *lost);

/*
 * Opens FILE, or makes it with mode 0600, and tells each line of FILE.1 and FILE before it returns;
 * it waits for the disk, and two seconds for a lock that another holds. The path is absolute. To
 * be called after the last fork(2). 0, or a negative errno with an error that says what to do:
 * EACCES for a file that others may write, EBUSY for a lock that somebody keeps.
 */
int journalfile_open(struct loop *loop, const char *path, journalfile_told_fn *told, void *user,
                     struct journalfile **file, struct error *error);

/*
 * Writes the lines that wait, but waits no more than a second for another's lock (for the disk it
 * waits), and frees the calls that are under way: nothing is told and nobody is answered any more.
 * NULL is allowed. Not to be called from what is told or answered.
 */
void journalfile_close(struct journalfile *file);

/*
 * Adds a line. It ends when the line is on the disk. EINVAL for one that holds a newline or ends
 * with JOURNAL_BROKEN; EMSGSIZE for one that is too long; EBUSY when too much waits to be written;
 * ETIMEDOUT at the deadline; or what the disk said.
 *
 * Cancelling tells whether the line may be written all the same.
 */
struct call *journalfile_add(struct journalfile *file, const char *line, size_t size,
                             const struct ask *ask);

/* The same for a line that is to be in the file even if nobody waits for it any more: giving up,
 * and the deadline, leave it on its way. */
struct call *journalfile_add_for_good(struct journalfile *file, const char *line, size_t size,
                                      const struct ask *ask);

/* Ends when all was told that others had added when it began. */
struct call *journalfile_catch_up(struct journalfile *file, const struct ask *ask);

/* For tests, before the first line is added: a file of so many bytes is full. */
void journalfile_set_full(struct journalfile *file, uint64_t size);

#endif
