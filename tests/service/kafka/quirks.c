#include "tests/service/kafka/kafka.h"

const struct quirk_row kafka_quirks[] = {
    [QUIRK_RELEASE] = {"release", {"4.1", "2.4", "none"}},
    [QUIRK_LAST_COMMIT] = {"last_commit", {"kept", "removed"}},
    [QUIRK_FAILOVER] = {"failover", {"exact", "older"}},
    [QUIRK_OFFSETS_TOPIC] = {"offsets_topic", {"there", "absent"}},
};
const size_t kafka_quirk_count = sizeof(kafka_quirks) / sizeof(kafka_quirks[0]);
