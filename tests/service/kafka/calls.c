#include "tests/service/kafka/calls.h"

#include <stdlib.h>
#include <string.h>

#include "tests/service/common/values.h"

/* The versions are those that ApiVersions of 4.1.1 tells, and those of 2.4's protocol guide. */
const struct versions kafka_calls[] = {
    {0, "Produce", 0, 13, 0, 8, 5, 8, 9, call_produce},
    {1, "Fetch", 4, 17, 0, 11, 7, 11, 12, call_fetch},
    {2, "ListOffsets", 1, 10, 0, 5, 2, 5, 6, call_list_offsets},
    {3, "Metadata", 0, 13, 0, 9, 8, 8, 9, call_metadata},
    {8, "OffsetCommit", 2, 9, 0, 8, 2, 7, 8, call_offset_commit},
    {9, "OffsetFetch", 1, 9, 0, 6, 2, 5, 6, call_offset_fetch},
    {10, "FindCoordinator", 0, 6, 0, 3, 1, 2, 3, call_find_coordinator},
    {15, "DescribeGroups", 0, 6, 0, 5, 3, 4, 5, call_describe_groups},
    {16, "ListGroups", 0, 5, 0, 3, 1, 5, 3, call_list_groups},
    {18, "ApiVersions", 0, 4, 0, 3, 0, 4, 3, call_api_versions},
    {42, "DeleteGroups", 0, 2, 0, 2, 0, 1, 2, call_delete_groups},
    {47, "OffsetDelete", 0, 0, 0, 0, 0, 0, INT16_MAX, call_offset_delete},
    {69, "ConsumerGroupDescribe", 0, 1, 0, -1, 0, 0, 0, call_describe_consumer_groups},
};
const size_t kafka_call_count = sizeof(kafka_calls) / sizeof(kafka_calls[0]);

void versions_known(const struct kafka_service *kafka, const struct versions *versions,
                    int16_t *from, int16_t *to)
{
    const struct quirks *quirks = &kafka->service->quirks;

    *from = versions->from;
    *to = versions->to;
    if (quirk_is(quirks, QUIRK_RELEASE, "2.4")) {
        *from = versions->old_from;
        *to = versions->old_to;
    } else if (quirk_is(quirks, QUIRK_RELEASE, "none") && versions->call != call_api_versions) {
        *from = *to = 1000;
    }
}

/* ---- codes ---- */

static const struct {
    int code;
    const char *name;
} codes[] = {
    {-1, "UNKNOWN_SERVER_ERROR"},
    {1, "OFFSET_OUT_OF_RANGE"},
    {2, "CORRUPT_MESSAGE"},
    {3, "UNKNOWN_TOPIC_OR_PARTITION"},
    {5, "LEADER_NOT_AVAILABLE"},
    {6, "NOT_LEADER_OR_FOLLOWER"},
    {7, "REQUEST_TIMED_OUT"},
    {8, "BROKER_NOT_AVAILABLE"},
    {10, "MESSAGE_TOO_LARGE"},
    {21, "INVALID_REQUIRED_ACKS"},
    {87, "INVALID_RECORD"},
    {9, "REPLICA_NOT_AVAILABLE"},
    {12, "OFFSET_METADATA_TOO_LARGE"},
    {13, "NETWORK_EXCEPTION"},
    {14, "COORDINATOR_LOAD_IN_PROGRESS"},
    {15, "COORDINATOR_NOT_AVAILABLE"},
    {16, "NOT_COORDINATOR"},
    {17, "INVALID_TOPIC_EXCEPTION"},
    {19, "NOT_ENOUGH_REPLICAS"},
    {20, "NOT_ENOUGH_REPLICAS_AFTER_APPEND"},
    {22, "ILLEGAL_GENERATION"},
    {24, "INVALID_GROUP_ID"},
    {25, "UNKNOWN_MEMBER_ID"},
    {27, "REBALANCE_IN_PROGRESS"},
    {28, "INVALID_COMMIT_OFFSET_SIZE"},
    {29, "TOPIC_AUTHORIZATION_FAILED"},
    {30, "GROUP_AUTHORIZATION_FAILED"},
    {31, "CLUSTER_AUTHORIZATION_FAILED"},
    {33, "UNSUPPORTED_SASL_MECHANISM"},
    {34, "ILLEGAL_SASL_STATE"},
    {35, "UNSUPPORTED_VERSION"},
    {42, "INVALID_REQUEST"},
    {43, "UNSUPPORTED_FOR_MESSAGE_FORMAT"},
    {44, "POLICY_VIOLATION"},
    {53, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"},
    {56, "KAFKA_STORAGE_ERROR"},
    {58, "SASL_AUTHENTICATION_FAILED"},
    {68, "NON_EMPTY_GROUP"},
    {69, "GROUP_ID_NOT_FOUND"},
    {74, "FENCED_LEADER_EPOCH"},
    {75, "UNKNOWN_LEADER_EPOCH"},
    {78, "OFFSET_NOT_AVAILABLE"},
    {82, "FENCED_INSTANCE_ID"},
    {86, "GROUP_SUBSCRIBED_TO_TOPIC"},
    {88, "UNSTABLE_OFFSET_COMMIT"},
    {89, "THROTTLING_QUOTA_EXCEEDED"},
    {110, "FENCED_MEMBER_EPOCH"},
    {113, "STALE_MEMBER_EPOCH"},
};

bool code_parse(const char *text, int *code)
{
    int64_t number;

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (!strcmp(codes[i].name, text)) {
            *code = codes[i].code;
            return true;
        }
    if (!number_parse(text, &number) || !number || number > INT16_MAX)
        return false;
    *code = (int)number;
    return true;
}

int answer_code(struct asked *asked, int code)
{
    if (asked->forced)
        code = asked->forced;
    if (!asked->code)
        asked->code = code;
    return code;
}

void write_code(struct asked *asked, int code)
{
    write_int16(&asked->out, answer_code(asked, code));
}

/* A fault that is carried out all the same answers with its code, and does what was asked. */
bool takes_effect(const struct asked *asked, int code)
{
    return asked->executes && !code;
}

void write_throttle(struct asked *asked)
{
    write_int32(&asked->out, asked->kafka->throttle_ms);
}

/* ---- what requests are about ---- */

void path_add(struct asked *asked, struct text text)
{
    char *key = text_key(text);

    buf_puts(&asked->path, "/");
    buf_puts(&asked->path, key);
    free(key);
}

void path_add_number(struct asked *asked, int32_t number)
{
    buf_printf(&asked->path, "/%d", number);
}

struct text read_group(struct asked *asked)
{
    struct text group = read_text(&asked->in);

    path_add(asked, group);
    return group;
}

void for_each_partition(struct asked *asked, int32_t topics, void (*each)(struct each *each),
                        void *user)
{
    write_count(&asked->out, topics < 0 ? 0 : (size_t)topics);
    for (int32_t i = 0; i < topics && !asked->in.wrong; i++) {
        struct each one = {.asked = asked, .topic = read_text(&asked->in), .user = user};
        int32_t count = read_count(&asked->in);

        if (topics == 1)
            path_add(asked, one.topic);
        write_text(&asked->out, one.topic);
        write_count(&asked->out, (size_t)count);
        for (int32_t j = 0; j < count && !asked->in.wrong; j++) {
            one.partition = read_int32(&asked->in);
            if (topics == 1 && count == 1)
                path_add_number(asked, one.partition);
            write_int32(&asked->out, one.partition);
            each(&one);
        }
    }
}

static bool has_coordinators(const struct kafka_service *kafka, int64_t now_ms)
{
    return quirk_is(&kafka->service->quirks, QUIRK_OFFSETS_TOPIC, "there") ||
           (kafka->has_coordinators && now_ms >= kafka->coordinators_ms + ABSENT_MS);
}

int check_coordinator(struct asked *asked, struct text group)
{
    struct kafka_service *kafka = asked->kafka;
    struct group *found = world_group(&kafka->world, group);
    int32_t node = world_coordinator(&kafka->world, group);

    if (!has_coordinators(kafka, asked->now_ms))
        return COORDINATOR_NOT_AVAILABLE;
    if (found && found->coordinator != node) {
        found->moved_ms = found->coordinator == NOBODY ? 0 : asked->now_ms;
        found->coordinator = node;
    }
    return node == asked->node ? NONE : NOT_COORDINATOR;
}
