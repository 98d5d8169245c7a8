#ifndef SERVICE_KAFKA_CALLS_H
#define SERVICE_KAFKA_CALLS_H

#include "tests/service/kafka/kafka.h"

/* Kafka's errors, by its names. */
enum code {
    NONE = 0,
    OFFSET_OUT_OF_RANGE = 1,
    CORRUPT_MESSAGE = 2,
    UNKNOWN_TOPIC_OR_PARTITION = 3,
    NOT_LEADER_OR_FOLLOWER = 6,
    MESSAGE_TOO_LARGE = 10,
    OFFSET_METADATA_TOO_LARGE = 12,
    COORDINATOR_NOT_AVAILABLE = 15,
    NOT_COORDINATOR = 16,
    INVALID_TOPIC_EXCEPTION = 17,
    INVALID_REQUIRED_ACKS = 21,
    ILLEGAL_GENERATION = 22,
    UNKNOWN_MEMBER_ID = 25,
    UNSUPPORTED_VERSION = 35,
    INVALID_REQUEST = 42,
    NON_EMPTY_GROUP = 68,
    GROUP_ID_NOT_FOUND = 69,
    GROUP_SUBSCRIBED_TO_TOPIC = 86,
    INVALID_RECORD = 87,
    STALE_MEMBER_EPOCH = 113,
};

/* The number of a name, or of a number; false when it is none. */
bool code_parse(const char *text, int *code);

/*
 * What calls have in common. Each is run twice: first to read all of the request, without an
 * effect, then to answer it.
 */

/* The code to answer with: that of a fault, or this one. */
int answer_code(struct asked *asked, int code);
void write_code(struct asked *asked, int code);

/* Whether errors are to be told, or carried out is what was asked. */
bool takes_effect(const struct asked *asked, int code);

void write_throttle(struct asked *asked);

/* Adds to the path, and to the log. */
void path_add(struct asked *asked, struct text text);
void path_add_number(struct asked *asked, int32_t number);

/* A group's name, which goes to the path. */
struct text read_group(struct asked *asked);

/*
 * Topics, each with partitions, as most calls have them. `each` reads what a call has for a
 * partition, and writes what it answers after the number; `all` stands for the array of topics
 * being null.
 */
struct each {
    struct asked *asked;
    struct text topic;
    int32_t partition;
    void *user;
};

void for_each_partition(struct asked *asked, int32_t topics, void (*each)(struct each *each),
                        void *user);

/* 0, or why the broker cannot say anything about a group: it does not coordinate it. */
int check_coordinator(struct asked *asked, struct text group);

/* The same of a partition: there is none, or it does not lead it. */
int check_leader(const struct asked *asked, struct text name, int32_t partition);

void call_api_versions(struct asked *asked);
void call_metadata(struct asked *asked);
void call_find_coordinator(struct asked *asked);
void call_list_groups(struct asked *asked);
void call_describe_groups(struct asked *asked);
void call_describe_consumer_groups(struct asked *asked);
void call_delete_groups(struct asked *asked);
void call_offset_fetch(struct asked *asked);
void call_offset_commit(struct asked *asked);
void call_offset_delete(struct asked *asked);
void call_list_offsets(struct asked *asked);
void call_fetch(struct asked *asked);
void call_produce(struct asked *asked);

/* Appends a record, at the time that those have that are made up; the key may be null. */
void records_append(struct partition *partition, struct text key, struct text value);

/* Which versions a release knows, and those that are served here. */
struct versions {
    int16_t api;
    const char *name;
    int16_t from, to;         /* 4.1 */
    int16_t old_from, old_to; /* 2.4; to is -1 for a call that it does not have */
    int16_t served_from, served_to;
    int16_t flexible_from;
    void (*call)(struct asked *asked);
};

extern const struct versions kafka_calls[];
extern const size_t kafka_call_count;

/* By the quirk `release`. */
void versions_known(const struct kafka_service *kafka, const struct versions *versions,
                    int16_t *from, int16_t *to);

extern const struct route kafka_seed_routes[];
extern const size_t kafka_seed_route_count;

#endif
