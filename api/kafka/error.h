#ifndef API_KAFKA_ERROR_H
#define API_KAFKA_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#include "api/error.h"
#include "api/kafka/message.h"

/* Whether another try may help, and what is to be forgotten before it. */
enum kafka_retry {
    KAFKA_FINAL,
    KAFKA_AGAIN,       /* the same broker */
    KAFKA_ELSEWHERE,   /* who coordinates the group, or leads the partition, is another */
    KAFKA_IF_TOPIC_IS, /* if there is such a topic and partition: a broker may learn that late */
    KAFKA_LOST,        /* the connection was; or there was none, or no answer in time */
};

/* Codes that are looked at by themselves. */
#define KAFKA_UNKNOWN_SERVER_ERROR       (-1)
#define KAFKA_OFFSET_OUT_OF_RANGE        1
#define KAFKA_LEADER_NOT_AVAILABLE       5
#define KAFKA_MESSAGE_TOO_LARGE          10
#define KAFKA_INVALID_COMMIT_OFFSET_SIZE 28
#define KAFKA_GROUP_ID_NOT_FOUND         69

/* What Kafka's error code says, other than 0, about what was asked of `app` and `stream`, either of
 * which may be "". */
void kafka_error_set(int16_t code, const char *app, const char *stream, struct error *error);

/* Says which right lacks, if it is one of ACLs, by what was asked. Others stay as they are. */
void kafka_error_name_right(enum kafka_api api, const char *app, const char *stream,
                            struct error *error);

/* Whether a change may have been made though it was answered with a code. */
bool kafka_code_is_unclear(int16_t code);

/* An error of the above, or one of a connection. */
enum kafka_retry kafka_retry_of(const struct error *error);

#endif
