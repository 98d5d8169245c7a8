#ifndef API_NAME_H
#define API_NAME_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Names that a service could hold. One rule serves all backends, so that what is kept in one can be
 * copied to another: letters, digits, '_' and '-'. DIS allows 200 characters for an app and 64 for
 * a stream; SLS, whose own lengths are shorter and not all documented, refuses by itself what it
 * will not have.
 */
#define NAME_MAX_APP    200
#define NAME_MAX_STREAM 64

bool name_is_app(const char *name);
bool name_is_stream(const char *name);

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

#endif
