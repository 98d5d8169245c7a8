#ifndef API_KAFKA_GROUP_H
#define API_KAFKA_GROUP_H

#include "api/kafka/message.h"

/*
 * What a coordinator tells of one group, and of the member that has one partition. There are two
 * calls, for two kinds of groups, and each denies that there are groups of the other kind. Reading
 * returns what that of api/kafka/message.h does, and its texts lie in the answer.
 */
struct kafka_group {
    struct span state;    /* "Stable" */
    struct span protocol; /* how partitions are assigned: "range"; empty: nobody has said */
    struct span client;   /* the client id of who has the partition; data of NULL: nobody has it */
    bool is_there;        /* else nothing else is told */
    bool tells_client;
};

/* DescribeGroups 4: classic groups. */
void kafka_put_describe_group(struct buf *buf, const char *group);
int kafka_read_classic_group(struct wire *wire, const char *topic, uint32_t partition,
                             struct kafka_group *group, int16_t *code);

/* ConsumerGroupDescribe 0: groups of KIP-848. */
void kafka_put_describe_consumers(struct buf *buf, const char *group);
int kafka_read_consumer_group(struct wire *wire, const char *topic, uint32_t partition,
                              struct kafka_group *group, int16_t *code);

#endif
