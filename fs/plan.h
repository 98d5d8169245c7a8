#ifndef FS_PLAN_H
#define FS_PLAN_H

#include "api/move.h"
#include "fs/fs.h"

/*
 * What takes the place of sending a change, with -o plan: of a checkpoint it is worked out what the
 * change would do to who reads on; an app is looked at for checkpoints that keep it; all else is
 * right as it is.
 *
 * What always holds: nothing is changed, and it ends with an error, for what is prepared so is not
 * sent. ECANCELED: the change is planned, and the result says so. Another: it would fail.
 */
struct plan_order {
    struct fs *fs;
    const struct move *move; /* of a checkpoint; else NULL */
    bool make_partition;     /* one that is missing would be made: it has no records */
    const char *removed_app; /* or NULL */
};

/* The caller's, which stays until the plan has ended. */
struct plan_result {
    bool is_planned;
    char words[MOVE_ROOM]; /* what it would do, or "" */
};

/* An operation like a backend's; the order need not stay. */
struct call *plan_start(const struct plan_order *order, struct plan_result *result,
                        const struct ask *ask);

#endif
