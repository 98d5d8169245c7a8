#ifndef API_KAFKA_CLIENT_H
#define API_KAFKA_CLIENT_H

#include "api/backend.h"
#include "api/kafka/cluster.h"
#include "api/kafka/error.h"
#include "api/kafka/group.h"
#include "api/kafka/parcel.h"
#include "base/buf.h"

/* A mount's Kafka. */
struct kafka {
    struct backend backend;
    struct kafka_cluster cluster;
    struct easy_settings easy; /* of the options */
    char *brokers;             /* of the source */
    char *credentials_file;    /* of the options; or NULL */
    char *token_file;
    int64_t retention_ms; /* of commits; negative: that of the brokers */
};

struct kafka_call;

/* A group as status tells of it; NULL is what is not known. */
struct description {
    const char *type;
    char *state;
    char *protocol;
    char *client; /* of who has the call's partition; "": nobody */
};

typedef void kafka_step(struct kafka_call *call);

/*
 * An operation: a chain of steps. When one fails that may succeed later, the chain begins anew
 * after a pause, as long as there is time. What was true before must so be found out again, and
 * what was changed is found changed.
 */
struct kafka_call {
    struct operation operation;
    struct kafka *kafka;
    kafka_step *begin;
    kafka_step *then; /* after the request under way */

    char app[NAME_MAX_APP + 1];
    char stream[NAME_MAX_STREAM + 1];
    uint32_t partition;
    bool has_app;

    int64_t began;
    unsigned tries;
    struct timer pause;
    struct error trouble; /* of the last try */
    struct gate_pass pass;
    bool checks_topic;          /* a broker does not know the topic: is it there? */
    bool is_once;               /* what may have changed something is not sent again */
    bool may_have_changed;      /* a change was sent, and no answer came */
    struct kafka_request after; /* what is sent once its coordinator, or leader, is known */
    kafka_step *after_then;     /* after that, or with the topic */
    kafka_step *found_then;     /* with what one of the questions below has found: one at a time */
    kafka_step *leader_then;    /* after what is sent once its leader is known */
    kafka_step *place_then;     /* with the offset of a place */
    kafka_step *without;        /* instead, when the broker does not know the request's call */

    /* Whether the request under way is done with this error; or NULL. */
    bool (*forgives)(const struct kafka_call *call, const struct error *error);

    kafka_step *explain; /* says more of operation.error, with which it ends; or NULL */
    void *data;          /* of the operation's own; release_data frees it, where that is not NULL */
    void (*release_data)(void *data);

    /* What an operation works with and finds out. */
    enum detail detail;
    enum cursor_kind kind;
    int64_t number; /* of CURSOR_AT and CURSOR_AFTER */
    int64_t since;  /* of CURSOR_SINCE, in ms since 1970 */
    int64_t time;   /* of ListOffsets */
    int64_t offset;
    int64_t committed; /* negative: nothing */
    int64_t earliest;  /* -1: not asked for */
    int64_t latest;
    bool has_commits;
    bool has_outdated; /* commits, among those read */
    size_t uncertain;  /* commits that were read, and that the coordinator might not have known */
    char *metadata;    /* to be committed, or committed; or NULL */
    struct kafka_topic topic;
    struct names *names;
    int32_t listed_by; /* of groups, by their coordinator: the broker */
    struct table *table;
    struct state state;
    char numbers[3][24];  /* the texts of state */
    int32_t leader_epoch; /* of the commit; negative: nothing is told */
    struct description description;
    struct buf text;
    struct kafka_bounds *bounds; /* of api/kafka/bounds.c; or NULL */
};

/* How long an answer is waited for. A broker gives up a commit after 5 s, and says so. */
#define KAFKA_PATIENCE_MS        4000
#define KAFKA_COMMIT_PATIENCE_MS 8000

/* So many partitions are asked for in one request that others ask for too. */
#define KAFKA_PARTS_MAX 10000

/* For how long what is known of a topic is good. */
#define KAFKA_TOPIC_AGE_MS 10000

/* A call that has not begun: app and stream may be NULL. NULL without memory. */
struct kafka_call *kafka_call_new(struct backend *backend, const char *app, const char *stream,
                                  uint32_t partition, const struct ask *ask);

/* Begins with a step. Returns the call, for a backend's function to return. */
struct call *kafka_call_start(struct kafka_call *call, kafka_step *begin);

/* A request about the call's app and stream: with its user, and with one version. */
struct kafka_request kafka_request_of(struct kafka_call *call, enum kafka_api api, int16_t version,
                                      void (*encode)(void *user, int16_t version, struct buf *body),
                                      int (*decode)(void *user, struct kafka_reply *reply));

/* The same of one that changes something. */
struct kafka_request kafka_change_of(struct kafka_call *call, enum kafka_api api, int16_t version,
                                     void (*encode)(void *user, int16_t version, struct buf *body),
                                     int (*decode)(void *user, struct kafka_reply *reply));

/* The same of one that goes out with others of its kind, each about the partition of its call. Only
 * the user of a part is one. */
struct kafka_request kafka_part_of(struct kafka_call *call, enum kafka_api api, int16_t version,
                                   const struct kafka_parcel_kind *kind);
struct kafka_request kafka_changing_part_of(struct kafka_call *call, enum kafka_api api,
                                            int16_t version, const struct kafka_parcel_kind *kind);

/* Sends a request to who coordinates the call's app, and goes on when it was answered. */
void kafka_ask_coordinator(struct kafka_call *call, const struct kafka_request *request,
                           kafka_step *then);

/* Goes on with Metadata of the call's stream in the cluster's cache, not older than age_ms; ENOENT
 * when there is no such stream. */
void kafka_need_topic(struct kafka_call *call, int64_t age_ms, kafka_step *then);

/* What kafka_need_topic has found; NULL has failed the call. */
const struct kafka_topic *kafka_found_topic(struct kafka_call *call);

/* The same, and ENOENT when the stream has no such partition as the call's. */
void kafka_need_partition(struct kafka_call *call, kafka_step *then);

/* Metadata of all topics or none; each name of a topic, sorted, goes to call->names. */
void kafka_ask_topics(struct kafka_call *call, enum kafka_topics which, kafka_step *then);

/* Sends a request to the leader of the call's partition, and goes on when it was answered. The
 * partition must be one of the stream's, else ENOENT. */
void kafka_ask_leader(struct kafka_call *call, const struct kafka_request *request,
                      kafka_step *then);

/* ListOffsets of the call's partition; the answer goes to call->offset. */
void kafka_ask_offset(struct kafka_call *call, int64_t time, kafka_step *then);

/* Goes on after so many ms. */
void kafka_wait(struct kafka_call *call, int64_t ms, kafka_step *then);

/* A step has failed: the call begins anew, or ends with the error. */
void kafka_step_failed(struct kafka_call *call, const struct error *error);

/* End the call. */
void kafka_fail(struct kafka_call *call, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void kafka_end(struct kafka_call *call, const struct answer *answer);

/* The operations, by file. */
struct call *kafka_read_records(struct backend *backend, const struct read_order *order,
                                const struct ask *ask);
struct call *kafka_append_records(struct backend *backend, const struct append_order *order,
                                  const struct ask *ask);

struct call *kafka_list_apps(struct backend *backend, const struct ask *ask);
struct call *kafka_find_app(struct backend *backend, const char *app, const struct ask *ask);
struct call *kafka_delete_app(struct backend *backend, const char *app, const char *stream,
                              const struct ask *ask);

struct call *kafka_list_streams(struct backend *backend, enum streams which, const char *app,
                                const struct ask *ask);
struct call *kafka_describe_stream(struct backend *backend, const char *stream,
                                   const struct ask *ask);
/* Also locates. */
struct call *kafka_get_cursor(struct backend *backend, const struct cursor_order *order,
                              const struct ask *ask);

struct call *kafka_get_states(struct backend *backend, const char *app, const char *stream,
                              const struct ask *ask);
struct call *kafka_get_bounds(struct backend *backend, const char *stream, const struct ask *ask);
void kafka_bounds_free(struct kafka_bounds *bounds);
struct call *kafka_get_state(struct backend *backend, const char *app, const char *stream,
                             uint32_t partition, enum detail detail, const struct ask *ask);
struct call *kafka_get_checkpoint(struct backend *backend, const char *app, const char *stream,
                                  uint32_t partition, const struct ask *ask);

/* Goes on with what only status tells in call->text, a JSON object: of the call's group and what it
 * has committed, or without an app of its partition, whose topic was asked for. */
void kafka_describe(struct kafka_call *call, kafka_step *then);
void kafka_description_release(struct description *description);

struct call *kafka_commit(struct backend *backend, const struct commit_order *order,
                          const struct ask *ask);
struct call *kafka_delete_checkpoint(struct backend *backend, const char *app, const char *stream,
                                     uint32_t partition, const struct ask *ask);

/* A call about a place in its partition. */
struct kafka_call *kafka_place_call_new(struct backend *backend, const struct cursor_order *order,
                                        const struct ask *ask);

/* The offset of that place goes to call->offset: what is there, or will be. */
void kafka_find_place(struct kafka_call *call, kafka_step *then);

/* OffsetFetch of the call's partition: its checkpoint goes to call->committed and call->metadata,
 * where NULL is one that is no text. */
void kafka_ask_checkpoint(struct kafka_call *call, kafka_step *then);

/* OffsetFetch of all: call->names has the topics on which something is committed, sorted, and
 * call->has_commits tells whether there are any. */
void kafka_ask_committed_topics(struct kafka_call *call, kafka_step *then);

#endif
