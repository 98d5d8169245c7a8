#ifndef API_BACKEND_H
#define API_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "api/error.h"
#include "api/name.h"
#include "api/names.h"
#include "api/position.h"
#include "api/state.h"
#include "base/loop.h"

/*
 * A backend is the service, or the store, behind a mount. It answers questions about apps, streams,
 * partitions and checkpoints; it knows nothing of files.
 *
 * Every operation is asynchronous. It copies its arguments, returns at once, and later, never
 * before it has returned, calls `done` exactly once from the loop. The call that it returns can be
 * cancelled until then; `done` is then not called, and whether a change was made is unknown. When
 * there is no memory for a call it returns NULL and `done` is not called.
 */

/* Something under way. Who starts it owns it until `done` runs or call_cancel returns. */
struct call {
    void (*cancel)(struct call *call);
};

/* NULL is allowed. */
static inline void call_cancel(struct call *call)
{
    if (call)
        call->cancel(call);
}

/*
 * What an operation found out; which member is set stands with the operation. It lasts as long as
 * the callback; names and table can be held longer.
 */
struct answer {
    struct names *names;
    struct table *table;
    const struct state *state;
    const char *text;
};

/* error is NULL when the operation succeeded; else the answer is all NULL. */
typedef void done_fn(void *user, const struct error *error, const struct answer *answer);

/* Whom to tell, and until when to try: milliseconds of when_monotonic(). Past it, ETIMEDOUT. */
struct ask {
    int64_t deadline;
    done_fn *done;
    void *user;
};

/* What a backend can do; without a bit its operation is NULL, and the tree does not offer it. */
enum ability {
    CAN_STORE_METADATA = 1 << 0,
    CAN_MAKE_APP = 1 << 1,          /* an app by itself, without a stream */
    CAN_DELETE_CHECKPOINT = 1 << 2, /* of one partition */
    CAN_MAKE_STREAM = 1 << 3,       /* create and delete streams and partitions, set their bounds */
    CAN_COMPARE = 1 << 4,           /* commit only if nobody else has committed meanwhile */
    APP_IS_OF_STREAM = 1 << 5,      /* an app is made on a stream, and consumes those on which it
                                       was made: SLS's consumer groups */
};

enum streams {
    STREAMS_ALL,
    STREAMS_OF_APP,    /* those that the app could consume, with APP_IS_OF_STREAM */
    STREAMS_COMMITTED, /* those on which the app has a checkpoint */
};

/* How much is to be told of a partition; a backend that has more at hand tells it. */
enum detail {
    DETAIL_NONE, /* that there is one */
    DETAIL_EARLIEST,
    DETAIL_LATEST,
    DETAIL_LAG, /* what a lag is worked out from */
    DETAIL_ALL,
};

enum cursor_kind {
    CURSOR_AT,    /* at a sequence number */
    CURSOR_AFTER, /* after a sequence number */
    CURSOR_EARLIEST,
    CURSOR_LATEST,
    CURSOR_SINCE, /* at the first record of a time or later */
};

struct cursor_order {
    const char *stream;
    uint32_t partition;
    enum cursor_kind kind;
    const char *sequence; /* of CURSOR_AT and CURSOR_AFTER */
    int64_t time;         /* of CURSOR_SINCE */
};

struct commit_order {
    const char *app;
    const char *stream;
    uint32_t partition;
    const char *sequence; /* as parse_sequence gave it */
    const char *metadata; /* "" for none */
    const char *expected; /* with CAN_COMPARE: the sequence number that must be committed
                             now, "" for none, or NULL for whatever is; if it is not, ESTALE */
    bool make_partition;  /* with CAN_MAKE_STREAM: make stream and partition if they are missing */
};

struct backend;

struct backend_operations {
    /* names: every app. The first request of a mount; it fails if the backend cannot be used. */
    struct call *(*list_apps)(struct backend *backend, const struct ask *ask);

    /* Succeeds if there is such an app. */
    struct call *(*find_app)(struct backend *backend, const char *app, const struct ask *ask);

    /* With APP_IS_OF_STREAM the app on that stream; else stream is NULL. */
    struct call *(*create_app)(struct backend *backend, const char *app, const char *stream,
                               const struct ask *ask);

    /* ENOTEMPTY if it has checkpoints; but with APP_IS_OF_STREAM those on that stream go with it.
     */
    struct call *(*delete_app)(struct backend *backend, const char *app, const char *stream,
                               const struct ask *ask);

    /* names: streams; app is NULL with STREAMS_ALL. */
    struct call *(*list_streams)(struct backend *backend, enum streams which, const char *app,
                                 const struct ask *ask);

    /* text: a JSON object that describes the stream. */
    struct call *(*describe_stream)(struct backend *backend, const char *stream,
                                    const struct ask *ask);

    /* table: every partition of the stream; with an app its checkpoints too. In as few requests as
     * the service allows. */
    struct call *(*get_states)(struct backend *backend, const char *app, const char *stream,
                               const struct ask *ask);

    /* state: one partition; app may be NULL. */
    struct call *(*get_state)(struct backend *backend, const char *app, const char *stream,
                              uint32_t partition, enum detail detail, const struct ask *ask);

    /* state: sequence, metadata and time; in exactly one request. A partition without a checkpoint
     * is a success with a sequence of NULL. */
    struct call *(*get_checkpoint)(struct backend *backend, const char *app, const char *stream,
                                   uint32_t partition, const struct ask *ask);

    /* state: as get_checkpoint's, what is stored now. In exactly one request. */
    struct call *(*commit)(struct backend *backend, const struct commit_order *order,
                           const struct ask *ask);

    /* ENOENT if there is none. */
    struct call *(*delete_checkpoint)(struct backend *backend, const char *app, const char *stream,
                                      uint32_t partition, const struct ask *ask);

    /* text: a fresh cursor. */
    struct call *(*get_cursor)(struct backend *backend, const struct cursor_order *order,
                               const struct ask *ask);

    /* text: the decimal number of the record that a cursor of this kind (EARLIEST, LATEST or SINCE)
     * would read first. */
    struct call *(*locate)(struct backend *backend, const struct cursor_order *order,
                           const struct ask *ask);

    /* With CAN_MAKE_STREAM. Making a partition makes its stream. Deleting what has checkpoints, or
     * a partition of a stream that has some on it, is ENOTEMPTY. */
    struct call *(*create_stream)(struct backend *backend, const char *stream,
                                  const struct ask *ask);
    struct call *(*delete_stream)(struct backend *backend, const char *stream,
                                  const struct ask *ask);
    struct call *(*create_partition)(struct backend *backend, const char *stream,
                                     uint32_t partition, const struct ask *ask);
    struct call *(*delete_partition)(struct backend *backend, const char *stream,
                                     uint32_t partition, const struct ask *ask);

    /* Sets earliest (or else latest) to a decimal number. */
    struct call *(*set_bound)(struct backend *backend, const char *stream, uint32_t partition,
                              bool earliest, const char *value, const struct ask *ask);

    /* Reads a sequence number as a user writes it, a decimal or the service's own form, into the
     * service's own form. 0 or a negative errno with an error. Pure. */
    int (*parse_sequence)(const char *text, char sequence[static SEQUENCE_MAX + 1],
                          struct error *error);

    /* The decimal that a stored sequence number stands for. 0 or -EBADMSG. Pure. */
    int (*to_decimal)(const char *sequence, char decimal[static DECIMAL_ROOM]);

    /* Reads credentials anew, and uses no connection made before. May be NULL. */
    void (*reload)(struct backend *backend);

    /* Frees the backend; no call may be under way. */
    void (*close)(struct backend *backend);
};

/* The head of every backend's own struct. */
struct backend {
    const struct backend_operations *operations;
    struct loop *loop;
    const char *name;        /* "local", for metrics and messages */
    unsigned abilities;      /* of enum ability */
    size_t metadata_max;     /* characters */
    bool checkpoint_is_next; /* it names the next record to be read, not the last one read */
    bool is_forced;          /* commits overrule the consumer that holds a partition */
    bool takes_any;          /* it commits numbers outside the kept range */
    bool is_brief;           /* get_states tells no bounds, which get_state does */
    const char *warning;     /* what who mounts it should know, one sentence; or NULL */
};

/* What a mount's options say to the backends of services, as they were written; NULL for those that
 * were not given. The texts last as long as backend_open. */
struct service_settings {
    const char *credentials; /* a file */
    const char *cacert;      /* a file of trusted certificates */
    const char *cert;        /* a file: the client's certificate */
    const char *key;         /* a file: its key */
    const char *signature;
    const char *region;
    const char *service;
    const char *consumer;
    const char *group_timeout; /* seconds */
    bool group_order;
};

struct backend_options {
    struct loop *loop;
    bool read_only;
    bool checkpoint_is_next;
    struct service_settings settings;

    /* Told of every operation that ended, with its name, how long it took, and an errno or 0. */
    void (*observe)(void *observer, const char *operation, int64_t took_ms, int code);
    void *observer;
};

/*
 * Opens what SOURCE names; "" is "local:". Nothing is asked of a network yet. Returns 0; -EINVAL
 * when the source or a setting is wrong; or another negative errno. With an error.
 */
int backend_open(const char *source, const struct backend_options *options,
                 struct backend **backend, struct error *error);

/* Checks that SOURCE names a backend of this program, without opening it. 0 or -EINVAL. */
int backend_check_source(const char *source, struct error *error);

#endif
