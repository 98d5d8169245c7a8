#include "tests/service/sls/quirks.h"

const struct quirk_row sls_quirks[QUIRK_COUNT] = {
    [QUIRK_EMPTY_SHARDS] = {"empty_shards", {"listed", "absent"}},
    [QUIRK_SHARD_NOT_EXIST] = {"shard_not_exist", {"documented", "always404", "always400"}},
    [QUIRK_SPELLING] = {"spelling", {"exist", "exsit"}},
    [QUIRK_DELETE_MISSING_GROUP] = {"delete_missing_group", {"404", "200"}},
    [QUIRK_FORCED_CONSUMER] = {"forced_consumer", {"keep", "clear"}},
    [QUIRK_CHECKPOINT_CHECK] = {"checkpoint_check", {"base64", "number"}},
    [QUIRK_INVALID_CURSOR_STATUS] = {"invalid_cursor_status", {"400", "404"}},
    [QUIRK_CURSOR_TIME_AT_END] = {"cursor_time_at_end", {"now", "invalid"}},
    [QUIRK_ERROR_BODY] = {"error_body", {"json", "html"}},
    [QUIRK_QUOTA_STATUS] = {"quota_status", {"400", "403"}},
    [QUIRK_AUTH_FAILURE] = {"auth_failure", {"documented", "old"}},
    [QUIRK_ORDER] = {"order", {"sorted", "shuffled"}},
    [QUIRK_OLD_CURSOR] = {"old_cursor", {"oldest", "invalid"}},
    [QUIRK_COMPRESSION] = {"compression", {"asked", "none", "other"}},
    [QUIRK_LAST_CURSOR] = {"last_cursor", {"sent", "absent"}},
    [QUIRK_RAW_SIZE] = {"raw_size", {"true", "more", "less", "huge"}},
    [QUIRK_RECORDS] = {"records", {"whole", "garbage"}},
    [QUIRK_ENCODING] = {"encoding", {"any", "utf8"}},
};
