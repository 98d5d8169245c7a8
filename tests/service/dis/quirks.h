#ifndef SERVICE_DIS_QUIRKS_H
#define SERVICE_DIS_QUIRKS_H

#include "tests/service/common/quirks.h"

/* The quirks of DIS and of the gateway in front of it. */
enum dis_quirk {
    QUIRK_AUTH_FAILURE,
    QUIRK_ERROR_SHAPE,
    QUIRK_NUMBERS,
    QUIRK_PARTITION_FORM,
    QUIRK_METADATA,
    QUIRK_EMPTY_METADATA,
    QUIRK_NO_CHECKPOINT,
    QUIRK_HAS_MORE,
    QUIRK_LIMIT,
    QUIRK_COMMIT_RANGE,
    QUIRK_UNCOMMITTED_APP,
    QUIRK_DELETE_NONE,
    QUIRK_APP_DELETE,
    QUIRK_EXPIRED_RANGE,
    QUIRK_RECORD_NUMBERS,
    QUIRK_OLD_CURSOR,
    QUIRK_SIGNED_HOST,
    QUIRK_COUNT
};

extern const struct quirk_row dis_quirks[QUIRK_COUNT];

#endif
