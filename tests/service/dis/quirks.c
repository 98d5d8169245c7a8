#include "tests/service/dis/quirks.h"

const struct quirk_row dis_quirks[QUIRK_COUNT] = {
    [QUIRK_AUTH_FAILURE] = {"auth_failure", {"gateway", "iam", "dis"}},
    [QUIRK_ERROR_SHAPE] = {"error_shape", {"dis", "gateway", "nested"}},
    [QUIRK_NUMBERS] = {"numbers", {"off", "states", "all"}},
    [QUIRK_PARTITION_FORM] = {"partition_form", {"plain", "shard"}},
    [QUIRK_METADATA] = {"metadata", {"string", "absent", "null"}},
    [QUIRK_EMPTY_METADATA] = {"empty_metadata", {"string", "absent", "null"}},
    [QUIRK_NO_CHECKPOINT] = {"no_checkpoint", {"string", "number", "empty", "absent", "null"}},
    [QUIRK_HAS_MORE] = {"has_more", {"exact", "full", "absent"}},
    [QUIRK_LIMIT] = {"limit", {"refuse", "clamp"}},
    [QUIRK_COMMIT_RANGE] = {"commit_range", {"checked", "any"}},
    [QUIRK_UNCOMMITTED_APP] = {"uncommitted_app", {"states", "refused"}},
    [QUIRK_DELETE_NONE] = {"delete_none", {"accepted", "refused"}},
    [QUIRK_APP_DELETE] = {"app_delete", {"always", "unused"}},
    [QUIRK_EXPIRED_RANGE] = {"expired_range", {"null", "text"}},
    [QUIRK_RECORD_NUMBERS] = {"record_numbers", {"all", "even", "repeated", "low"}},
    [QUIRK_OLD_CURSOR] = {"old_cursor", {"refused", "oldest"}},
    [QUIRK_SIGNED_HOST] = {"signed_host", {"exact", "without-port"}},
};
