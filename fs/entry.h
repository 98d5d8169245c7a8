#ifndef FS_ENTRY_H
#define FS_ENTRY_H

#include "api/backend.h"
#include "base/buf.h"

/*
 * A line of a table of checkpoints, apps/A/S/checkpoints: columns with a tab between them.
 *
 *     partition  position  [metadata  [expected]]
 *
 * The partition is "*" for all. The position is one as in a checkpoint, or "-" for none: it is to
 * be removed. In metadata \t, \n and \\ stand for tab, newline and backslash, and \xHH for any
 * byte; without the column there is none. expected is the number that must still be committed, "-"
 * for none. The last four fields of a line of `commits` are such a line. Without a tab the first
 * blank parts partition and position.
 */
struct entry {
    bool is_of_all;
    uint32_t partition; /* unless it is of all */
    bool removes;
    struct position position; /* unless it removes */
    char *metadata;           /* "" for none */
    const char *expected;     /* "" for none, NULL for anything */
};

/* Whether a line says nothing: it is empty, or a comment, which begins with "#". */
bool entry_is_blank(const char *line);

/* Reads a line, without its newline; it is changed, and the texts are in it. `now` is what ages
 * count back from, metadata_max is characters. 0 or -EINVAL with an error. */
int entry_parse(char *line, int64_t now, size_t metadata_max, struct entry *entry,
                struct error *error);

/* Whether what a state tells is what the entry asks for. */
bool entry_is_met(const struct entry *entry, const struct backend *backend,
                  const struct state *state);

/* Prints a state as a line; nothing when nothing is committed. False when its metadata is not told,
 * and is left out. */
bool entry_print(const struct state *state, bool has_metadata, struct buf *text);

#endif
