#ifndef API_BACKEND_H
#define API_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "api/error.h"
#include "api/name.h"
#include "api/names.h"
#include "api/operation.h"
#include "api/position.h"
#include "api/records.h"
#include "api/retries.h"
#include "api/state.h"

/*
 * A backend is the service, or the store, behind a mount. It answers questions about apps, streams,
 * partitions and checkpoints; it knows nothing of files.
 *
 * This is its front door. Whoever wants something of a backend calls one of the functions below,
 * and nobody calls a backend's own functions but these. They do once what is the same for all: what
 * a backend lacks is EOPNOTSUPP, a change of a read-only mount is EROFS, and whoever watches is
 * told of every call, how long it took and how it ended.
 */

/* What a backend can do. The tree offers just that, and the door refuses what a backend claims
 * without having a function for it. */
enum ability {
    CAN_STORE_METADATA = 1 << 0,
    CAN_MAKE_APP = 1 << 1,          /* an app by itself, without a stream */
    CAN_DELETE_APP = 1 << 2,        /* the same */
    CAN_DELETE_CHECKPOINT = 1 << 3, /* of one partition */
    CAN_MAKE_STREAM = 1 << 4,       /* and delete one, and partitions */
    CAN_SET_BOUND = 1 << 5,         /* the oldest record and the next one of a partition */
    CAN_GIVE_CURSOR = 1 << 6,
    CAN_COMPARE = 1 << 7,      /* commit only if nobody else has committed meanwhile */
    APP_IS_OF_STREAM = 1 << 8, /* an app is made on a stream, and consumes those on which it
                                  was made: SLS's consumer groups */
    /* The service makes an app when something is committed for it; until then it is a directory of
     * the mount and nothing else. */
    APP_BEGINS_WITH_COMMIT = 1 << 9,
    CAN_READ_RECORDS = 1 << 10,
    CAN_APPEND_RECORDS = 1 << 11,
    RECORDS_ARE_BYTES = 1 << 12, /* a record is one value, and not many with names, so that it can
                                    be read by itself */
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

/* A read of records. */
struct read_order {
    struct cursor_order from; /* never CURSOR_LATEST */
    enum record_form form;    /* RECORD_BYTES with CURSOR_AT, and RECORDS_ARE_BYTES */
    size_t limit;             /* of the batch; at most BATCH_LIMIT_MAX */
};

/* New records for a partition. */
struct append_order {
    const char *stream;
    uint32_t partition;
    const struct span *records; /* in their order, each at most RECORD_MAX bytes */
    size_t count;
};

/* The greatest record that can be appended. */
#define RECORD_MAX (1UL << 20)

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

/* names: every app. The first request of a mount; it fails if the backend cannot be used. */
struct call *backend_list_apps(struct backend *backend, const struct ask *ask);

/* Succeeds if there is such an app. */
struct call *backend_find_app(struct backend *backend, const char *app, const struct ask *ask);

/* With APP_IS_OF_STREAM the app on that stream; else stream is NULL. */
struct call *backend_create_app(struct backend *backend, const char *app, const char *stream,
                                const struct ask *ask);

/* ENOTEMPTY if it has checkpoints; but with APP_IS_OF_STREAM those on that stream go with it. */
struct call *backend_delete_app(struct backend *backend, const char *app, const char *stream,
                                const struct ask *ask);

/* names: streams; app is NULL with STREAMS_ALL. */
struct call *backend_list_streams(struct backend *backend, enum streams which, const char *app,
                                  const struct ask *ask);

/* text: a JSON object that describes the stream. */
struct call *backend_describe_stream(struct backend *backend, const char *stream,
                                     const struct ask *ask);

/* table: every partition of the stream; with an app its checkpoints too. In as few requests as
 * the service allows. */
struct call *backend_get_states(struct backend *backend, const char *app, const char *stream,
                                const struct ask *ask);

/* With states_lack_bounds. table: every partition of the stream, with its bounds, as of this
 * question or later, and whether it is closed. */
struct call *backend_get_bounds(struct backend *backend, const char *stream, const struct ask *ask);

/* state: one partition; app may be NULL. */
struct call *backend_get_state(struct backend *backend, const char *app, const char *stream,
                               uint32_t partition, enum detail detail, const struct ask *ask);

/* state: sequence, metadata and time; in exactly one request. A partition without a checkpoint
 * is a success with a sequence of NULL. */
struct call *backend_get_checkpoint(struct backend *backend, const char *app, const char *stream,
                                    uint32_t partition, const struct ask *ask);

/* state: as get_checkpoint's, what is stored now. In exactly one request. */
struct call *backend_commit(struct backend *backend, const struct commit_order *order,
                            const struct ask *ask);

/* ENOENT if there is none. */
struct call *backend_delete_checkpoint(struct backend *backend, const char *app, const char *stream,
                                       uint32_t partition, const struct ask *ask);

/* text: a fresh cursor. */
struct call *backend_get_cursor(struct backend *backend, const struct cursor_order *order,
                                const struct ask *ask);

/* text: the decimal number of the record that a cursor of this kind (EARLIEST, LATEST or SINCE)
 * would read first. */
struct call *backend_locate(struct backend *backend, const struct cursor_order *order,
                            const struct ask *ask);

/* batch: the records from there on that are there now, up to the limit; perhaps none. ERANGE when
 * the first of them may be kept no more, or is beyond the end: none is passed over in silence;
 * CURSOR_AFTER says nothing of its own number, which may be that of the last record that was
 * deleted. RECORD_BYTES reads the record of just that number, ENOENT when there is none. */
struct call *backend_read_records(struct backend *backend, const struct read_order *order,
                                  const struct ask *ask);

/* Adds records; all, or none if it fails, unless the error is_unknown or says how many are stored.
 * Nothing that was sent is sent again: it would be stored twice. */
struct call *backend_append_records(struct backend *backend, const struct append_order *order,
                                    const struct ask *ask);

/* With CAN_MAKE_STREAM. Making a partition makes its stream. Deleting what has checkpoints, or
 * a partition of a stream that has some on it, is ENOTEMPTY. */
struct call *backend_create_stream(struct backend *backend, const char *stream,
                                   const struct ask *ask);
struct call *backend_delete_stream(struct backend *backend, const char *stream,
                                   const struct ask *ask);
struct call *backend_create_partition(struct backend *backend, const char *stream,
                                      uint32_t partition, const struct ask *ask);
struct call *backend_delete_partition(struct backend *backend, const char *stream,
                                      uint32_t partition, const struct ask *ask);

/* With CAN_SET_BOUND: sets earliest (or else latest) to a decimal number. */
struct call *backend_set_bound(struct backend *backend, const char *stream, uint32_t partition,
                               bool earliest, const char *value, const struct ask *ask);

/* Reads a sequence number as a user writes it, a decimal or the service's own form, into the
 * service's own form. 0 or a negative errno with an error. Pure. */
int backend_parse_sequence(const struct backend *backend, const char *text,
                           char sequence[static SEQUENCE_MAX + 1], struct error *error);

/* The decimal that a stored sequence number stands for. 0 or -EBADMSG. Pure. */
int backend_to_decimal(const struct backend *backend, const char *sequence,
                       char decimal[static DECIMAL_ROOM]);

/* Whether what a user writes, "" for none, is a stored sequence number, NULL for none. Pure. */
bool backend_is_sequence(const struct backend *backend, const char *text, const char *sequence);

/* Whether the service would take a new app, or a stream, of this name. What its lists have is
 * there, whatever its name is. Pure. */
bool backend_takes_app(const struct backend *backend, const char *name);
bool backend_takes_stream(const struct backend *backend, const char *name);

/* For backends: tells of something that a list leaves out; of all that this one does. */
void backend_leave_out(const struct backend *backend, const char *sentence);
void backend_tell_left_out(const struct backend *backend, const struct names *names);

/* Reads credentials anew, and uses no connection made before. */
void backend_reload(struct backend *backend);

/* Frees the backend; no call may be under way. NULL is allowed. */
void backend_close(struct backend *backend);

/* What a backend is made of: a function for each of those above, or NULL for what it lacks. They
 * have the same arguments and promise the same. */
struct backend_operations {
    struct call *(*list_apps)(struct backend *backend, const struct ask *ask);
    struct call *(*find_app)(struct backend *backend, const char *app, const struct ask *ask);
    struct call *(*create_app)(struct backend *backend, const char *app, const char *stream,
                               const struct ask *ask);
    struct call *(*delete_app)(struct backend *backend, const char *app, const char *stream,
                               const struct ask *ask);
    struct call *(*list_streams)(struct backend *backend, enum streams which, const char *app,
                                 const struct ask *ask);
    struct call *(*describe_stream)(struct backend *backend, const char *stream,
                                    const struct ask *ask);
    struct call *(*get_states)(struct backend *backend, const char *app, const char *stream,
                               const struct ask *ask);
    struct call *(*get_bounds)(struct backend *backend, const char *stream, const struct ask *ask);
    struct call *(*get_state)(struct backend *backend, const char *app, const char *stream,
                              uint32_t partition, enum detail detail, const struct ask *ask);
    struct call *(*get_checkpoint)(struct backend *backend, const char *app, const char *stream,
                                   uint32_t partition, const struct ask *ask);
    struct call *(*commit)(struct backend *backend, const struct commit_order *order,
                           const struct ask *ask);
    struct call *(*delete_checkpoint)(struct backend *backend, const char *app, const char *stream,
                                      uint32_t partition, const struct ask *ask);
    struct call *(*get_cursor)(struct backend *backend, const struct cursor_order *order,
                               const struct ask *ask);
    struct call *(*locate)(struct backend *backend, const struct cursor_order *order,
                           const struct ask *ask);
    struct call *(*read_records)(struct backend *backend, const struct read_order *order,
                                 const struct ask *ask);
    struct call *(*append_records)(struct backend *backend, const struct append_order *order,
                                   const struct ask *ask);
    struct call *(*create_stream)(struct backend *backend, const char *stream,
                                  const struct ask *ask);
    struct call *(*delete_stream)(struct backend *backend, const char *stream,
                                  const struct ask *ask);
    struct call *(*create_partition)(struct backend *backend, const char *stream,
                                     uint32_t partition, const struct ask *ask);
    struct call *(*delete_partition)(struct backend *backend, const char *stream,
                                     uint32_t partition, const struct ask *ask);
    struct call *(*set_bound)(struct backend *backend, const char *stream, uint32_t partition,
                              bool earliest, const char *value, const struct ask *ask);
    int (*parse_sequence)(const char *text, char sequence[static SEQUENCE_MAX + 1],
                          struct error *error);
    int (*to_decimal)(const char *sequence, char decimal[static DECIMAL_ROOM]);
    bool (*takes_app)(const char *name);
    bool (*takes_stream)(const char *name);
    void (*reload)(struct backend *backend);
    void (*close)(struct backend *backend);
};

/* A call that has ended, or was given up. */
struct observation {
    const char *operation; /* "commit" */
    const char *arguments; /* "app=billing stream=orders partition=0 sequence=42"; NULL unless they
                              were asked for */
    int64_t took_ms;
    const struct error *error; /* NULL if it succeeded; ECANCELED if it was given up */
};

typedef void observe_fn(void *observer, const struct observation *seen);

/* Told of what a list leaves out, and why: a sentence, which may come with each list. */
typedef void left_out_fn(void *observer, const char *sentence);

/* The head of every backend's own struct. The first part is the backend's to fill in, the second
 * backend_open's. */
struct backend {
    const struct backend_operations *operations;
    struct loop *loop;
    unsigned abilities;      /* of enum ability */
    size_t metadata_max;     /* characters */
    bool checkpoint_is_next; /* it names the next record to be read, not the last one read */
    bool is_forced;          /* commits overrule the consumer that holds a partition */
    bool checks_no_range;    /* it commits numbers outside the kept range */
    /* With checks_no_range: a decimal that a user writes must be in the kept range all the same,
     * and this says how else it is committed; or NULL. */
    const char *range_advice;
    bool deletes_in_silence;  /* delete_checkpoint succeeds where there is none */
    bool states_lack_bounds;  /* get_states tells no bounds, which get_bounds and get_state do */
    bool states_lack_details; /* nor what get_state tells with DETAIL_ALL */
    /* So many changes of an app on a stream that are asked for at once go out in a few requests; 0
     * where each is one of its own. */
    size_t changes_together;
    const char *warning;  /* what who mounts it should know, one sentence; or NULL */
    const char *identity; /* a source that is the same for every way to name it; or NULL: the
                             source that was given is */

    struct retries retries; /* of its requests; it counts them */

    const char *name; /* of its type, for messages */
    bool read_only;
    observe_fn *observe;   /* or NULL */
    left_out_fn *left_out; /* or NULL */
    void *observer;
    bool tells_arguments;
};

/* An option of a backend, as "-o NAME" or "-o NAME=VALUE". */
enum option_kind {
    OPTION_TEXT,
    OPTION_FILE, /* a path, which the backend gets as an absolute one */
    OPTION_FLAG, /* without a value */
};

struct backend_option {
    const char *name;
    enum option_kind kind;
    const char *value; /* what its value is called in the help: "FILE" */
    const char *help;
};

/* One option that was given. */
struct setting {
    const char *name;
    const char *value; /* "" of a flag */
};

/* How a mount is to be. The texts last as long as backend_open. */
struct backend_options {
    struct loop *loop;
    bool read_only;
    bool checkpoint_is_next;
    const struct setting *settings; /* each of one of the type's options */
    size_t setting_count;
    observe_fn *observe; /* told of every call; or NULL */
    left_out_fn *left_out;
    void *observer;
    bool tells_arguments; /* and of its arguments */
};

/* What was given for an option, or NULL. */
const char *backend_setting(const struct backend_options *options, const char *name);

/* A kind of backend: what its sources look like, its options, and who opens one. */
struct backend_type {
    const char *name;                     /* "dis" */
    const char *prefix;                   /* what its sources begin with: "dis://" */
    const char *plain_prefix;             /* the same without encryption; NULL if there is none */
    const char *source;                   /* how a source is written: "dis://HOST/PROJECT_ID" */
    const char *help;                     /* what it is, in a few words */
    const struct backend_option *options; /* up to one without a name */

    /* Keeps the process from showing its secrets, also in a core file; NULL where there are none.
     * Its children are kept from it too. */
    void (*guard)(void);

    /* rest is what follows the prefix in the source. 0; -EINVAL when that or a setting is wrong; or
     * another negative errno. With an error. */
    int (*open)(const char *rest, bool plain, const struct backend_options *options,
                struct backend **backend, struct error *error);
};

/* The backends of this program, up to a NULL; the first is that of an empty source. They are listed
 * in api/backends.c. */
extern const struct backend_type *const backend_types[];

/* The type that a source names: 0 or -EINVAL with an error. Nothing is opened. */
int backend_find_type(const char *source, const struct backend_type **type, struct error *error);

/* Guards the secrets of a backend, which are in the environment before it is opened. */
void backend_guard(const char *source);

/* Opens what a source names. Nothing is asked of a network yet. As backend_type's open. */
int backend_open(const char *source, const struct backend_options *options,
                 struct backend **backend, struct error *error);

#endif
