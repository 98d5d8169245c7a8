#ifndef API_DIS_CLIENT_H
#define API_DIS_CLIENT_H

#include "api/backend.h"
#include "api/dis/answer.h"
#include "api/dis/credentials.h"
#include "api/dis/error.h"
#include "api/dis/request.h"
#include "api/dis/sign.h"
#include "api/dis/token.h"
#include "api/http.h"
#include "api/json.h"

/* A mount's DIS. */
struct dis {
    struct backend backend;
    char base[300]; /* "https://HOST[:PORT]" */
    char host[264]; /* as in the Host header */
    char project[65];
    char root[80]; /* "/v2/PROJECT" */
    bool read_only;
    void (*observe)(void *observer, const char *operation, int64_t took_ms, int code);
    void *observer;

    char *credentials_file;
    struct credentials credentials;
    struct error no_credentials; /* why they could not be read anew */
    struct token *token;
    struct sign_key key; /* its texts are of the credentials and those below */
    char *region;
    char *service;
    struct http_options http_options; /* its texts are those below */
    char *cacert;
    char *cert;
    char *cert_key;
    struct http *http;
};

struct dis_call;

/* What to do with an answer; root is NULL when there was no body. */
enum taken {
    TAKEN_ALL = 0,  /* the operation has succeeded */
    TAKEN_PART = 1, /* another request was sent */
    /* or a negative errno: EBADMSG says by itself what is wrong, any other needs call->error */
};
typedef int take_fn(struct dis_call *call, const cJSON *root);

/*
 * One operation: its arguments, the request under way, and what was found. A function of an
 * operation makes one with dis_call_new, builds call->request, and sends it with dis_send.
 */
struct dis_call {
    struct call call;
    struct dis *dis;
    const char *operation;
    int64_t started;
    struct ask ask;
    struct timer timer; /* ends it soon */

    struct dis_request request;
    bool is_idempotent;
    bool empty;    /* the answer has no body */
    bool repeated; /* as in struct http_answer, of the last answer */
    take_fn *take;
    /* Sees an error first: true when the call goes on, or ends well, in spite of it. */
    bool (*mend)(struct dis_call *call, const struct error *error);
    void (*listed)(struct dis_call *call); /* of dis_send_all_streams */
    struct call *waiting;                  /* for a token */
    struct http_request *sent;
    unsigned generation; /* of the token that was sent */
    bool lacks_token;    /* it had gone when the request had its turn */
    bool renewed;        /* the credential was refused once */

    char app[NAME_MAX_APP + 1];
    bool has_app;
    char stream[NAME_MAX_STREAM + 1];
    uint32_t partition;
    enum streams which;
    enum cursor_kind cursor;
    int64_t time;
    char sequence[SEQUENCE_MAX + 1];
    char *metadata;
    unsigned pages;  /* that were had */
    size_t index;    /* of the next of call->names to look at */
    char after[256]; /* where the page under way begins */

    struct error error;
    struct names *names;
    struct table *table;
    struct state state;
    struct buf text;
    bool gives_text;
};

/* NULL when there is no memory; app and stream may be NULL. */
struct dis_call *dis_call_new(struct backend *backend, const char *operation, const char *app,
                              const char *stream, uint32_t partition, const struct ask *ask);

/* Begins call->request, idempotent unless call->is_idempotent is cleared: a checkpoint is a value.
 */
void dis_begin(struct dis_call *call, const char *method, const char *segment);

/* Sends what was built. */
void dis_send(struct dis_call *call, take_fn *take);

/* Ends the call in the next round of the loop, with call->error if that is set. */
void dis_end_soon(struct dis_call *call);

/* As error_set() on the call's error: refuses a call that has been made. Returns call. */
struct call *dis_refuse(struct dis_call *call, int code, const char *text);

/* Refuses a change of a read-only mount; true when it did. */
bool dis_is_refused(struct dis_call *call);

/* A list that goes on is asked for its next page; `next` builds and sends the request. Where the
 * service does not say whether it does, a page of the size asked for is followed by another. */
int dis_next_page(struct dis_call *call, const struct page *page, size_t size,
                  void (*next)(struct dis_call *call));

/* Asks for the names of all streams, page by page, into call->names, and then goes on; with NULL
 * the call ends with them. */
void dis_send_all_streams(struct dis_call *call, void (*then)(struct dis_call *call));

/* Takes an answer that is to be empty, or of which nothing but that it is an object is wanted: what
 * a proxy says in the service's place is neither. */
int dis_take_nothing(struct dis_call *call, const cJSON *root);
int dis_take_object(struct dis_call *call, const cJSON *root);

/* The operations, by file. */
struct call *dis_list_apps(struct backend *backend, const struct ask *ask);
struct call *dis_find_app(struct backend *backend, const char *app, const struct ask *ask);
struct call *dis_create_app(struct backend *backend, const char *app, const struct ask *ask);
struct call *dis_delete_app(struct backend *backend, const char *app, const struct ask *ask);

struct call *dis_list_streams(struct backend *backend, enum streams which, const char *app,
                              const struct ask *ask);
struct call *dis_describe_stream(struct backend *backend, const char *stream,
                                 const struct ask *ask);

struct call *dis_get_states(struct backend *backend, const char *app, const char *stream,
                            const struct ask *ask);
struct call *dis_get_state(struct backend *backend, const char *app, const char *stream,
                           uint32_t partition, const struct ask *ask);

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

/* Begin requests that several operations need: a page of the stream's partitions, or of the app's
 * states on it, after call->after; the partition of the call alone. */
void dis_begin_stream(struct dis_call *call, unsigned limit);
void dis_begin_states(struct dis_call *call, unsigned limit);
void dis_begin_partition(struct dis_call *call);

/* After an answer to that was read into call->table with this status: finds the partition. */
int dis_take_partition(struct dis_call *call, int status);

#endif
