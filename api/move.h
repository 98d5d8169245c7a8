#ifndef API_MOVE_H
#define API_MOVE_H

#include "api/backend.h"

/* A checkpoint that is to go from one place to another; NULL is none. */
struct move {
    const char *stream;
    uint32_t partition;
    const char *from;
    const char *to;
};

/* Room for the text below. */
#define MOVE_ROOM (DECIMAL_ROOM + 40)

/*
 * What a move would do to who reads on from there. text: "replays N", so many records would be read
 * again; "skips N", so many would never be read; "replays 0" when all stays as it is; or that it
 * cannot be counted, where a checkpoint is no number. Records that are kept no more do not count.
 * ERANGE when the next record would be none of those that are kept, nor the next one written;
 * unless the backend commits such numbers. An operation like a backend's own.
 */
struct call *move_judge(struct backend *backend, const struct move *move, const struct ask *ask);

#endif
