#ifndef API_NAME_H
#define API_NAME_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Names of apps and streams. Which ones there can be is each backend's own rule; what all have in
 * common is that a name is a text of at most as many bytes, without a NUL.
 */
#define NAME_MAX_APP    255
#define NAME_MAX_STREAM 255

/* The usual rule, that of DIS: letters, digits, '_' and '-', up to 200 of them for an app and 64
 * for a stream. SLS, whose own lengths are shorter and not all documented, refuses by itself what
 * it will not have. */
bool name_is_app(const char *name);
bool name_is_stream(const char *name);

/*
 * The file name of a name. ASCII letters, digits, '_', '-' and '.' stand as they are, and so
 * does what can be seen of other languages (base/utf8.h). Any other byte is written as a percent
 * sign and two upper-case digits, and so is a '.' at the beginning, for such files are hidden. "%"
 * alone is the empty name. So every name has one file name, which does not end a path and can be
 * read.
 */
#define FILE_NAME_ROOM 256

/* 0, or -ENAMETOOLONG. */
int name_to_file(const char *name, char file[static FILE_NAME_ROOM]);

/* The name that has this file name: 0, or -EINVAL if no name has it. */
int name_from_file(const char *file, char name[static FILE_NAME_ROOM]);

/* Whether an app or a stream of this name can be in the tree: it is neither empty nor too long, nor
 * is its file name. */
bool name_is_shown(const char *name);

/*
 * Partitions are numbers in every service: DIS's ids are "shardId-" and ten digits, or the plain
 * number; SLS's are integers. The bound leaves room for the rest of an inode number, see fs/node.h.
 */
#define PARTITION_MAX ((1U << 25) - 1)

/*
 * Reads "7" or "shardId-0000000007". *long_form tells which of the two it was. Leading zeros are
 * not read, for a partition has just these two names. 0 or -EINVAL.
 */
int partition_parse(const char *name, uint32_t *partition, bool *long_form);

/* Room for either form of a partition's name. */
#define PARTITION_ROOM 24

void partition_format(uint32_t partition, bool long_form, char name[static PARTITION_ROOM]);

/* What something is about: a partition of an app, or all of a kind. */
struct subject {
    const char *app;    /* "" for the stream itself; NULL for any */
    const char *stream; /* "" for the app itself; NULL for any */
    int64_t partition;  /* ANY_PARTITION for any, or for none */
};

#define ANY_PARTITION INT64_C(-1)

#endif
