#include "api/errand.h"

const char *errand_name(enum errand errand)
{
    static const char *const names[ERRANDS] = {
        [ERRAND_OTHER] = "other",
        [ERRAND_CREATE_APP] = "create_app",
        [ERRAND_DELETE_APP] = "delete_app",
        [ERRAND_CREATE_STREAM] = "create_stream",
        [ERRAND_DELETE_STREAM] = "delete_stream",
        [ERRAND_CREATE_PARTITION] = "create_partition",
        [ERRAND_DELETE_PARTITION] = "delete_partition",
        [ERRAND_SET_BOUND] = "set_bound",
        [ERRAND_COMMIT] = "commit",
        [ERRAND_DELETE_CHECKPOINT] = "delete_checkpoint",
        [ERRAND_APPEND_RECORDS] = "append_records",
        [ERRAND_PREPARE] = "prepare",
        [ERRAND_LIST_APPS] = "list_apps",
        [ERRAND_FIND_APP] = "find_app",
        [ERRAND_LIST_STREAMS] = "list_streams",
        [ERRAND_DESCRIBE_STREAM] = "describe_stream",
        [ERRAND_GET_STATES] = "get_states",
        [ERRAND_GET_BOUNDS] = "get_bounds",
        [ERRAND_GET_STATE] = "get_state",
        [ERRAND_GET_CHECKPOINT] = "get_checkpoint",
        [ERRAND_GET_CURSOR] = "get_cursor",
        [ERRAND_LOCATE] = "locate",
        [ERRAND_READ_RECORDS] = "read_records",
    };

    return names[errand];
}

bool errand_changes(enum errand errand)
{
    return errand >= ERRAND_CREATE_APP && errand < ERRAND_PREPARE;
}

bool errand_is_urgent(enum errand errand)
{
    return errand_changes(errand) || errand == ERRAND_PREPARE;
}

enum errand errand_within(enum errand outer, enum errand errand)
{
    return outer == ERRAND_OTHER || errand_changes(errand) ? errand : outer;
}
