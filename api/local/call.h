#ifndef API_LOCAL_CALL_H
#define API_LOCAL_CALL_H

#include <sys/queue.h>

#include "api/backend.h"
#include "api/local/store.h"

struct local;
struct local_call;

/* Does the work of a call on a store: 0 or a negative errno with call->operation.error. One that
 * reads may return 1: it goes on in the next round of the loop, in another transaction. */
typedef int work_fn(struct store *store, struct local_call *call);

/*
 * One operation of the embedded store: its arguments, its work and what the work found. A call that
 * reads works in the loop's thread; one that writes is handed to the writer's thread, to which it
 * then belongs until it comes back. Either thread touches only what is its own at that time.
 */
struct local_call {
    struct operation operation;
    STAILQ_ENTRY(local_call) link;
    struct local *local;
    work_fn *work;
    bool writes;
    bool cancelled; /* guarded by the writer's lock once it has the call */

    char app[NAME_MAX_APP + 1];
    bool has_app;
    char stream[NAME_MAX_STREAM + 1];
    uint32_t partition;
    int64_t expected; /* -1 for none; has_expected tells whether it matters */
    bool has_expected;
    int64_t number; /* a sequence number or a bound */
    char *metadata;
    bool make_partition;
    bool sets_earliest; /* or else latest */
    enum streams which;
    enum cursor_kind cursor;
    int64_t time;
    struct span *records; /* and their bytes, in one piece of memory */
    size_t count;
    size_t size;        /* of that memory */
    bool reads_records; /* into the batch */
    bool has_started;   /* with that; then after is the number of the last one that was read */
    int64_t after;

    struct names *names;
    struct table *table;
    struct state state;
    struct batch batch;
    char *text;
    char sequence[24];
    char earliest[24];
    char latest[24];
};

OPERATION_FIRST(struct local_call);

#endif
