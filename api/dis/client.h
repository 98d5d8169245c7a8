#ifndef API_DIS_CLIENT_H
#define API_DIS_CLIENT_H

#include "api/dis/answer.h"
#include "api/dis/credentials.h"
#include "api/dis/error.h"
#include "api/dis/kept.h"
#include "api/dis/sign.h"
#include "api/dis/token.h"
#include "api/dis/wide.h"
#include "api/service/service.h"

/* A mount's DIS. */
struct dis {
    struct service service;
    char project[65];
    struct dis_credentials credentials;
    struct dis_credentials former; /* with which answers may come yet that repeat them */
    struct dis_token *token;
    int64_t locked_until; /* of when_monotonic(): nothing is sent with these credentials */
    struct dis_key key;   /* its texts are of the credentials and those below */
    char *region;
    char *signed_service;
    struct dis_kept kept;
    struct dis_wide wide;
};

/* Room for a record of the greatest size, 1 MB, as base64: whoever asks for less may get nothing
 * where there is one. */
#define DIS_FETCH_RECORD (3 << 19)

/* Asks for the names of all streams, page by page, into call->names, and then goes on; with NULL
 * the call ends with them. */
void dis_send_all_streams(struct service_call *call, void (*then)(struct service_call *call));

/* The operations, by file. */
struct call *dis_list_apps(struct backend *backend, const struct ask *ask);
struct call *dis_find_app(struct backend *backend, const char *app, const struct ask *ask);
struct call *dis_create_app(struct backend *backend, const char *app, const char *stream,
                            const struct ask *ask);
struct call *dis_delete_app(struct backend *backend, const char *app, const char *stream,
                            const struct ask *ask);

struct call *dis_list_streams(struct backend *backend, enum streams which, const char *app,
                              const struct ask *ask);
struct call *dis_describe_stream(struct backend *backend, const char *stream,
                                 const struct ask *ask);

struct call *dis_get_states(struct backend *backend, const char *app, const char *stream,
                            const struct ask *ask);
struct call *dis_get_state(struct backend *backend, const char *app, const char *stream,
                           uint32_t partition, enum detail detail, const struct ask *ask);

struct call *dis_get_checkpoint(struct backend *backend, const char *app, const char *stream,
                                uint32_t partition, const struct ask *ask);
struct call *dis_commit(struct backend *backend, const struct commit_order *order,
                        const struct ask *ask);
struct call *dis_delete_checkpoint(struct backend *backend, const char *app, const char *stream,
                                   uint32_t partition, const struct ask *ask);

struct call *dis_get_cursor(struct backend *backend, const struct cursor_order *order,
                            const struct ask *ask);
struct call *dis_locate(struct backend *backend, const struct cursor_order *order,
                        const struct ask *ask);

struct call *dis_read_records(struct backend *backend, const struct read_order *order,
                              const struct ask *ask);
struct call *dis_append_records(struct backend *backend, const struct append_order *order,
                                const struct ask *ask);

/* Asks for the cursor of the call, for records that follow a cursor. */
void dis_send_cursor(struct service_call *call, take_fn *take);
void dis_send_records(struct service_call *call, const char *cursor, int64_t fetch, take_fn *take);

/* DIS knows no time before 1970, nor before the oldest record: then this is what the call asks for.
 * The second tells whether that is what is wrong. */
void dis_settle_time(struct service_call *call);
bool dis_recover_time(struct service_call *call, const struct error *error);

/* Goes on after a pause that grows with the tries, 1 and more; false when that would be too late.
 */
bool dis_pause(struct service_call *call, unsigned tries, loop_fn *then);

/* Makes the next page of partitions begin with that of the call. */
void dis_name_before(struct service_call *call);

/* Begin requests that several operations need: a page of the stream's partitions, or of the app's
 * states on it, after call->after; the partition of the call alone. */
void dis_begin_stream(struct service_call *call, unsigned limit);
void dis_begin_states(struct service_call *call, unsigned limit);
void dis_begin_partition(struct service_call *call);

/* Finds the call's partition in call->table, into which an answer was read with this status. 0,
 * ENOENT in call->error if it is not there, or that status. */
int dis_find_partition(struct service_call *call, int status);

#endif
