#ifndef SERVICE_SLS_QUIRKS_H
#define SERVICE_SLS_QUIRKS_H

#include "tests/service/common/quirks.h"

/* What is not known of SLS, or differs between editions of its documentation. */
enum sls_quirk {
    QUIRK_EMPTY_SHARDS,
    QUIRK_SHARD_NOT_EXIST,
    QUIRK_SPELLING,
    QUIRK_DELETE_MISSING_GROUP,
    QUIRK_FORCED_CONSUMER,
    QUIRK_CHECKPOINT_CHECK,
    QUIRK_INVALID_CURSOR_STATUS,
    QUIRK_CURSOR_TIME_AT_END,
    QUIRK_ERROR_BODY,
    QUIRK_QUOTA_STATUS,
    QUIRK_AUTH_FAILURE,
    QUIRK_ORDER,
    QUIRK_OLD_CURSOR,
    QUIRK_COMPRESSION,
    QUIRK_LAST_CURSOR,
    QUIRK_RAW_SIZE,
    QUIRK_RECORDS,
    QUIRK_ENCODING,
    QUIRK_COUNT
};

extern const struct quirk_row sls_quirks[QUIRK_COUNT];

#endif
