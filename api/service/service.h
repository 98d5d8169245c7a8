#ifndef API_SERVICE_SERVICE_H
#define API_SERVICE_SERVICE_H

#include "api/backend.h"
#include "api/http/endpoint.h"
#include "api/http/http.h"
#include "api/json.h"
#include "api/service/request.h"

/*
 * What the backends of services share: a mount's service, and one operation on it, from its
 * arguments over its requests to its answer. A service has a struct of its own that begins with
 * struct service, and says by a struct protocol how its requests are authorized and its answers
 * judged.
 */
struct service;
struct service_call;

struct protocol {
    const char *title; /* "DIS", for messages */

    /* The variable of the environment that names the certificates to be trusted, where the option
     * does not; or NULL. */
    const char *cacert_variable;

    /* Adds the headers of one try: the credential or signature, and what else goes with every
     * request. 0, or a negative errno with an error, which is final unless call->lacks_credential
     * is set. */
    int (*authorize)(struct service_call *call, struct http_headers *headers, struct error *error);

    /* As in struct http_order. */
    enum http_verdict (*judge)(const struct service_call *call, const struct http_answer *answer,
                               struct error *error);

    /* The credential was refused, for the first time in this call: whether another try may be
     * taken, because there is another one now, or the clock was wrong. */
    bool (*renew)(struct service_call *call, const struct http_answer *answer);

    /* Whether nothing is sent for now, because the credentials were refused or could not be read.
     */
    bool (*is_refused)(const struct service *service);

    /* Reads the credentials anew; whether they are others than before, which may be tried. Called
     * from the loop, not from within an answer. */
    bool (*refresh)(struct service *service);

    /* Sees an answer that is an error and will not be tried again; may change its error. */
    void (*give_up)(struct service_call *call, const struct http_answer *answer);

    /* Where a credential must be waited for; else NULL: whether it must, and an operation that ends
     * when there is one. */
    bool (*must_wait)(const struct service *service);
    struct call *(*wait)(struct service *service, const struct ask *ask);
};

/* The head of every service's own struct. */
struct service {
    struct backend backend;
    const struct protocol *protocol;
    char base[300];                   /* "https://HOST[:PORT]" */
    char host[264];                   /* as in the Host header */
    char root[80];                    /* what every path begins with: "/v2/PROJECT" */
    char *credentials_file;           /* NULL for what is found */
    struct error no_credentials;      /* why they could not be read anew */
    struct http_options http_options; /* its texts are those below; without an endpoint */
    char *cacert;
    char *cert;
    char *cert_key;
    struct http *http;
};

/* The options that all services have, as rows of their types. */
#define SERVICE_OPTIONS                                                    \
    {"credentials", OPTION_FILE, "FILE", "take the secrets from there"},   \
        {"cacert", OPTION_FILE, "FILE", "trust the certificates in FILE"}, \
        {"cert", OPTION_FILE, "FILE", "show this client certificate"},     \
    {                                                                      \
        "key", OPTION_FILE, "FILE", "the key of the client certificate"    \
    }

/* Fills in what the options and the endpoint say, and makes the HTTP client; backend, protocol and
 * root are the caller's. 0, or a negative errno with an error; service_close in any case. */
int service_open(struct service *service, const struct backend_options *options,
                 const struct endpoint *endpoint, struct error *error);

/* Frees what service_open made. */
void service_close(struct service *service);

/* Whether a host's name ends so. */
bool service_name_ends(const char *name, const char *end);

/* What to do with an answer; root is NULL when there was no body, and with takes_bytes. */
enum taken {
    TAKEN_ALL = 0,  /* the operation has succeeded */
    TAKEN_PART = 1, /* another request was sent */
    /* or a negative errno: EBADMSG says by itself what is wrong, any other needs the operation's
       error */
};
typedef int take_fn(struct service_call *call, const cJSON *root);

/*
 * One operation: its arguments, the request under way, and what was found. A function of an
 * operation makes one with service_call_new, builds call->request, and sends it with service_send.
 */
struct service_call {
    struct operation operation; /* its step: a credential, or a part of it, that is waited for */
    struct service *service;

    struct service_request request;
    bool is_idempotent;
    int success;        /* the HTTP status that says that it was done */
    const char *action; /* what the service's policies call the request; NULL: not known */
    bool takes_bytes;   /* the answer is no JSON, and as large as what was asked for */
    const struct http_answer *answer; /* while it is taken */
    bool empty;                       /* it has no body */
    bool repeated;                    /* as in struct http_answer, of the last answer */
    take_fn *take;
    /* Sees an error first: true when the call goes on, or ends well, in spite of it. */
    bool (*recover)(struct service_call *call, const struct error *error);
    void (*listed)(struct service_call *call); /* goes on when a list that was needed is here */
    struct http_request *sent;
    unsigned generation;   /* of the credential that was sent */
    bool lacks_credential; /* it had gone when the request had its turn */
    bool renewed;          /* the credential was refused once */
    bool is_unknown;       /* as in struct error, of requests before the last */

    char app[NAME_MAX_APP + 1];
    bool has_app;
    char stream[NAME_MAX_STREAM + 1];
    uint32_t partition;
    enum streams which;
    enum detail detail;
    enum cursor_kind cursor;
    int64_t time;
    char sequence[SEQUENCE_MAX + 1];
    char *metadata;
    unsigned pages;  /* that were had */
    size_t index;    /* of the next of call->names to look at */
    char after[256]; /* where the page under way begins */

    struct names *names;
    struct table *table;
    struct state state;
    struct buf text;
    bool gives_text;
    struct batch *batch; /* of what is read, or NULL */
    void *data;          /* the operation's own */
    void (*release_data)(void *data);
};

OPERATION_FIRST(struct service_call);

/* NULL when there is no memory; app and stream may be NULL. */
struct service_call *service_call_new(struct backend *backend, const char *app, const char *stream,
                                      uint32_t partition, const struct ask *ask);

/* The same, of an order for a cursor. */
struct service_call *service_cursor_call_new(struct backend *backend,
                                             const struct cursor_order *order,
                                             const struct ask *ask);

/* The same, of an order to read: with an empty call->batch, which is what the call answers. */
struct service_call *service_read_call_new(struct backend *backend, const struct read_order *order,
                                           const struct ask *ask);

/* Begins call->request with a path of one segment below the root: idempotent, for a checkpoint is a
 * value, and done with HTTP 200 and JSON, unless call->is_idempotent, call->success and
 * call->takes_bytes are set. */
void service_begin(struct service_call *call, const char *method, const char *segment);

/* Sends what was built. */
void service_send(struct service_call *call, take_fn *take);

/* Ends the call in the next round of the loop, with its error if that is set. */
void service_end_soon(struct service_call *call);

/* As error_set() on the call's error: refuses a call that has been made. Returns call. */
struct call *service_refuse(struct service_call *call, int code, const char *text);

/* One page of a list. */
struct page {
    bool more;
    bool told; /* whether there are more was said at all */
    size_t count;
    char last[256]; /* what the next page is asked for with; "" when count is 0 */
};

/* A list that goes on is asked for its next page; `next` builds and sends the request. Where the
 * service does not say whether it does, a page of the size asked for is followed by another. */
int service_next_page(struct service_call *call, const struct page *page, size_t size,
                      void (*next)(struct service_call *call));

/* For what is acknowledged by its status: the answer is empty, or any JSON object. */
int service_take_nothing(struct service_call *call, const cJSON *root);

/* The same where the status says little, for every proxy gives it: the answer is empty. */
int service_take_empty(struct service_call *call, const cJSON *root);

#endif
