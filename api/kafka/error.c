#include "api/kafka/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* org.apache.kafka.common.protocol.Errors, as far as calls about positions can meet them. `what`
 * may name the app and then the stream. */
static const struct {
    int16_t code;
    int number;
    enum kafka_retry retry;
    const char *name;
    const char *what;
} rows[] = {
    {1, ERANGE, KAFKA_FINAL, "OFFSET_OUT_OF_RANGE", "there is no such record"},
    {2, EIO, KAFKA_AGAIN, "CORRUPT_MESSAGE", "what the broker has stored or received is damaged"},
    {3, ENOENT, KAFKA_IF_TOPIC_IS, "UNKNOWN_TOPIC_OR_PARTITION", "no such topic or partition"},
    {5, EIO, KAFKA_ELSEWHERE, "LEADER_NOT_AVAILABLE", "the partition has no leader"},
    {6, EIO, KAFKA_ELSEWHERE, "NOT_LEADER_OR_FOLLOWER", "the partition's leader has changed"},
    {7, ETIMEDOUT, KAFKA_AGAIN, "REQUEST_TIMED_OUT", "the brokers did not agree in time"},
    {8, EIO, KAFKA_ELSEWHERE, "BROKER_NOT_AVAILABLE", "a broker is not there"},
    {9, EIO, KAFKA_ELSEWHERE, "REPLICA_NOT_AVAILABLE", "a replica is not there"},
    {10, EFBIG, KAFKA_FINAL, "MESSAGE_TOO_LARGE",
     "a record is larger than the topic takes (max.message.bytes)"},
    {12, EINVAL, KAFKA_FINAL, "OFFSET_METADATA_TOO_LARGE",
     "the metadata is longer than the brokers take (offset.metadata.max.bytes)"},
    {13, EIO, KAFKA_AGAIN, "NETWORK_EXCEPTION", "the brokers lost one another"},
    {14, EIO, KAFKA_AGAIN, "COORDINATOR_LOAD_IN_PROGRESS", "the group's coordinator is starting"},
    {15, EIO, KAFKA_ELSEWHERE, "COORDINATOR_NOT_AVAILABLE", "the group has no coordinator"},
    {16, EIO, KAFKA_ELSEWHERE, "NOT_COORDINATOR", "the group's coordinator has changed"},
    {17, EINVAL, KAFKA_FINAL, "INVALID_TOPIC_EXCEPTION", "no topic can have this name"},
    {18, EFBIG, KAFKA_FINAL, "RECORD_LIST_TOO_LARGE",
     "a batch is larger than the topic's segments (segment.bytes)"},
    {19, EIO, KAFKA_AGAIN, "NOT_ENOUGH_REPLICAS", "too few replicas are in sync"},
    {20, EIO, KAFKA_AGAIN, "NOT_ENOUGH_REPLICAS_AFTER_APPEND", "too few replicas are in sync"},
    {22, EBUSY, KAFKA_FINAL, "ILLEGAL_GENERATION", NULL},
    {24, EINVAL, KAFKA_FINAL, "INVALID_GROUP_ID", "no group can have this name"},
    {25, EBUSY, KAFKA_FINAL, "UNKNOWN_MEMBER_ID", NULL},
    {27, EBUSY, KAFKA_FINAL, "REBALANCE_IN_PROGRESS", NULL},
    {28, EINVAL, KAFKA_FINAL, "INVALID_COMMIT_OFFSET_SIZE", "the brokers take no such commit"},
    {29, EACCES, KAFKA_FINAL, "TOPIC_AUTHORIZATION_FAILED", "no ACL of the topic permits it"},
    {30, EACCES, KAFKA_FINAL, "GROUP_AUTHORIZATION_FAILED", "no ACL of the group permits it"},
    {31, EACCES, KAFKA_FINAL, "CLUSTER_AUTHORIZATION_FAILED", "the cluster needs an ACL: Describe"},
    {33, EACCES, KAFKA_FINAL, "UNSUPPORTED_SASL_MECHANISM",
     "the brokers do not take this way to log in"},
    {34, EACCES, KAFKA_FINAL, "ILLEGAL_SASL_STATE", "the port takes no login"},
    {35, EOPNOTSUPP, KAFKA_FINAL, "UNSUPPORTED_VERSION", "the brokers do not know this call"},
    {42, EINVAL, KAFKA_FINAL, "INVALID_REQUEST", "the brokers do not take the request"},
    {43, EOPNOTSUPP, KAFKA_FINAL, "UNSUPPORTED_FOR_MESSAGE_FORMAT",
     "the topic's records are of a format without this"},
    {44, EPERM, KAFKA_FINAL, "POLICY_VIOLATION", "a policy of the cluster does not permit it"},
    {56, EIO, KAFKA_ELSEWHERE, "KAFKA_STORAGE_ERROR", "a disk of the broker has failed"},
    {58, EACCES, KAFKA_FINAL, "SASL_AUTHENTICATION_FAILED", "the login was refused"},
    {68, EBUSY, KAFKA_FINAL, "NON_EMPTY_GROUP", NULL},
    {69, ENOENT, KAFKA_FINAL, "GROUP_ID_NOT_FOUND", "no such group"},
    {74, EIO, KAFKA_ELSEWHERE, "FENCED_LEADER_EPOCH", "the partition's leader has changed"},
    {75, EIO, KAFKA_ELSEWHERE, "UNKNOWN_LEADER_EPOCH", "the partition's leader has changed"},
    {76, EOPNOTSUPP, KAFKA_FINAL, "UNSUPPORTED_COMPRESSION_TYPE",
     "the broker does not send these records, as it cannot change their codec"},
    {78, EIO, KAFKA_ELSEWHERE, "OFFSET_NOT_AVAILABLE", "the partition's leader is new"},
    {82, EBUSY, KAFKA_FINAL, "FENCED_INSTANCE_ID", NULL},
    {86, EBUSY, KAFKA_FINAL, "GROUP_SUBSCRIBED_TO_TOPIC", NULL},
    {87, EINVAL, KAFKA_FINAL, "INVALID_RECORD",
     "the topic takes no such record: one that is compacted wants keys"},
    {88, EBUSY, KAFKA_FINAL, "UNSTABLE_OFFSET_COMMIT", "a transaction is committing there"},
    {89, EBUSY, KAFKA_AGAIN, "THROTTLING_QUOTA_EXCEEDED", "there are too many requests"},
    {110, EBUSY, KAFKA_FINAL, "FENCED_MEMBER_EPOCH", NULL},
    {113, EBUSY, KAFKA_FINAL, "STALE_MEMBER_EPOCH", NULL},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* "group G, topic T: " as far as they are known. */
static void print_subject(const char *app, const char *stream, char *text, size_t room)
{
    snprintf(text, room, "%s%.100s%s%s%.100s%s", *app ? "group " : "", app,
             *app && *stream ? ", " : "", *stream ? "topic " : "", stream,
             *app || *stream ? ": " : "");
}

void kafka_error_set(int16_t code, const char *app, const char *stream, struct error *error)
{
    char subject[240];
    size_t i = 0;

    print_subject(app, stream, subject, sizeof(subject));
    while (i < ROWS && rows[i].code != code)
        i++;
    if (i == ROWS)
        error_set(error, EIO, "%sthe broker has failed with Kafka's error %d", subject, code);
    else if (rows[i].what)
        error_set(error, rows[i].number, "%s%s", subject, rows[i].what);
    else
        error_set(error, rows[i].number, "the group %.100s has members: stop its consumers first",
                  app);
    snprintf(error->service_code, sizeof(error->service_code), "%s",
             i < ROWS     ? rows[i].name
             : code == -1 ? "UNKNOWN_SERVER_ERROR"
                          : "");
}

/* The rights of a call that asks for more than Describe; that of a group is asked for first. */
static const struct {
    enum kafka_api api;
    const char *group;
    const char *topic;
} rights[] = {
    {KAFKA_FETCH, "", "Read"},
    {KAFKA_PRODUCE, "", "Write"},
    {KAFKA_OFFSET_COMMIT, "Read", "Read"},
    {KAFKA_OFFSET_DELETE, "Delete", "Read"},
    {KAFKA_DELETE_GROUPS, "Delete", "Describe"},
};

#define RIGHTS (sizeof(rights) / sizeof(rights[0]))

void kafka_error_name_right(enum kafka_api api, const char *app, const char *stream,
                            struct error *error)
{
    bool is_group = !strcmp(error->service_code, "GROUP_AUTHORIZATION_FAILED");
    size_t i = 0;

    if (!is_group && strcmp(error->service_code, "TOPIC_AUTHORIZATION_FAILED") != 0)
        return;
    while (i < RIGHTS && rights[i].api != api)
        i++;
    snprintf(error->message, sizeof(error->message), "this needs the ACL %s on the %s %.200s",
             i == RIGHTS ? "Describe"
             : is_group  ? rights[i].group
                         : rights[i].topic,
             is_group ? "group" : "topic", is_group ? app : stream);
}

/* A coordinator that wrote a commit, but lost its replicas or its office before they had it, says
 * no more than that it is none (15, 16). */
bool kafka_code_is_unclear(int16_t code)
{
    static const int16_t unclear[] = {-1, 7, 13, 15, 16, 20, 56};

    for (size_t i = 0; i < sizeof(unclear) / sizeof(unclear[0]); i++) {
        if (unclear[i] == code)
            return true;
    }
    return false;
}

static enum kafka_retry retry_of_connection(int number)
{
    switch (number) {
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ETIMEDOUT:
        return KAFKA_LOST;
    case EMFILE: /* no descriptor was left, which passes */
        return KAFKA_AGAIN;
    default:
        return KAFKA_FINAL;
    }
}

enum kafka_retry kafka_retry_of(const struct error *error)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (!strcmp(rows[i].name, error->service_code))
            return rows[i].retry;
    }
    return *error->service_code ? KAFKA_FINAL : retry_of_connection(error->code);
}
