#ifndef FS_JOURNALDISK_H
#define FS_JOURNALDISK_H

#include <stddef.h>
#include <stdint.h>

#include "api/error.h"
#include "fs/lines.h"

/*
 * A file of lines to which several programs add, and the one before it: FILE and FILE.1. Who adds
 * holds a lock on FILE (flock(2)), so that what he reads and writes is whole, and only then renames
 * FILE to FILE.1 when it is full. All names are looked up in the directory that was opened first,
 * so that nothing is asked of a file system that is mounted later.
 *
 * Each function may wait for the disk, and one thread at a time may be in them. Those that fail
 * have an error that names the file.
 *
 * A line has at most JOURNAL_LINE_MAX bytes, the newline not counted; a longer one in the file is
 * left out. What a program that died has left without a newline is no line: the next who adds
 * writes JOURNAL_BROKEN and a newline behind it, and nobody is told of a line that ends so.
 */
struct journaldisk;

#define JOURNAL_BROKEN '\x18' /* CAN: forget what stands before it */

/* FILE is renamed when it has so many bytes, and refused with more than a multiple of it. */
#define JOURNAL_FULL     (16UL << 20)
#define JOURNAL_FILE_MAX (4 * JOURNAL_FULL)

/* Takes a line without its newline. A status other than 0 ends the reading, which goes on with the
 * next line another time. */
typedef int journaldisk_take_fn(void *user, const char *line, size_t size);

/* Opens the directory of an absolute path. 0 or a negative errno. */
int journaldisk_open(const char *path, journaldisk_take_fn *take, void *user,
                     struct journaldisk **disk, struct error *error);
void journaldisk_close(struct journaldisk *disk);

/*
 * Locks FILE, which is made when it is not there, and gives all lines that were not given yet: of
 * FILE.1 and FILE, in this order. Then renames a full one. 0: to be left again; -EAGAIN: somebody
 * else has the lock; another negative errno.
 *
 * A FILE that another has put in its place, or cut short, is read from its beginning.
 */
int journaldisk_enter(struct journaldisk *disk, struct error *error);
void journaldisk_leave(struct journaldisk *disk);

/*
 * Adds whole lines, each with its newline, in one write, waits until they are on the disk, and
 * gives them as lines of the file. To be called between enter and leave. When it fails, nothing of
 * the lines is in the file; where that is not sure, the error is_unknown.
 */
int journaldisk_add(struct journaldisk *disk, const char *text, size_t size, struct error *error);

/* As it was opened. Any thread may ask. */
const char *journaldisk_path(const struct journaldisk *disk);

/* For tests: how many bytes are full. */
void journaldisk_set_full(struct journaldisk *disk, uint64_t size);

#endif
