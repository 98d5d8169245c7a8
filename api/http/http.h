#ifndef API_HTTP_HTTP_H
#define API_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/errand.h"
#include "api/error.h"
#include "api/http/endpoint.h"
#include "api/retries.h"
#include "base/loop.h"

/*
 * The HTTP client of one service. A backend says what to send and judges what comes back; all else
 * is done here:
 *
 * - Connections are kept and shared, by HTTP/2 where TLS offers it. TLS is 1.2 or newer and always
 *   verified. The proxy is the environment's; plain http:// to this machine goes by none.
 *   Redirects are not followed.
 * - An idempotent request is tried up to ten times, until its deadline, while it fails in a way
 *   that may pass: no connection, a lost one, an answer judged HTTP_THROTTLED or HTTP_BROKEN. The
 *   pauses grow, have a random part, and are as long as Retry-After asks. When the next try would
 *   be too late the last error is final. Other requests are sent once, by a new connection, and
 *   tried again only while nothing of them was sent.
 * - HTTP_THROTTLED, and HTTP 503, slow all requests down together, first tries and others.
 * - At most 512 requests are under way, and of one errand as many as it leaves free for others, 256
 *   at most: api/lanes.h says whose turn it is. Until the service has answered, and has not refused
 *   the credential, there is just one of each errand.
 * - When the service cannot be reached, or one request was met by silence or by HTTP_THROTTLED to
 *   its end, and nothing was answered meanwhile, then requests of the next seconds get the same
 *   error at once, and one of an errand at a time finds out when it is over: api/http/gate.h says
 *   how. After http_lock_out none goes out for as long as that said.
 * - The service's clock is learned from its answers, for what depends on the time.
 * - An answer of more than 16 MiB is EBADMSG, unless is_bulk is set.
 *
 * No error holds a header, a body, or a URL's query.
 */
struct http;

struct http_options {
    struct loop *loop;
    const struct endpoint *endpoint; /* where all requests go; http:// only if it says so */
    const char *cacert;              /* a file of trusted certificates; NULL: the system's */
    const char *cert;                /* the client's certificate, or NULL */
    const char *key;                 /* its key; NULL: in the same file */
    struct retries *retries; /* where they are counted, for as long as the client; or NULL */
};

/* Copies the options. 0, or a negative errno with an error that says which file is wrong. */
int http_new(const struct http_options *options, struct http **result, struct error *error);

/* No request may be under way. NULL is allowed. */
void http_free(struct http *http);

/* Forgets lock-outs and failures, and uses no connection that has been idle since before. */
void http_reload(struct http *http);

/* The service's time, as in base/when.h. */
int64_t http_now(const struct http *http);

/* For this many milliseconds, or until http_reload, every request fails at once with this error. */
void http_lock_out(struct http *http, int64_t ms, const struct error *error);

enum http_verdict {
    HTTP_DONE,      /* what was asked for */
    HTTP_FAILED,    /* final */
    HTTP_THROTTLED, /* too many requests: later perhaps */
    HTTP_BROKEN,    /* the service has failed: later perhaps */
    HTTP_REFUSED,   /* the credential was not taken; final here, the backend decides */
};

struct http_answer {
    int status;
    const char *body; /* followed by a NUL */
    size_t size;
    enum http_verdict verdict;
    bool repeated;      /* an earlier try, whose answer was lost, may have been carried out */
    bool clock_was_off; /* the try was made by a clock half a minute or more from the service's */
    void *easy;         /* a CURL, for http_header */
};

/* The last header of that name, or NULL; lasts until the next call. */
const char *http_header(const struct http_answer *answer, const char *name);

/* Headers of one try. Wiped from memory afterwards. */
struct http_headers;

/* 0, -ENOMEM, or -EINVAL for what cannot stand in a header. */
int http_add_header(struct http_headers *headers, const char *name, const char *value);

struct http_order {
    const char *method;
    const char *url;
    const char *body; /* NULL for none; wiped from memory afterwards */
    size_t body_size;
    bool idempotent;
    bool is_bulk;     /* an answer that is too large was asked for, and is EFBIG */
    int64_t deadline; /* of when_monotonic() */
    enum errand errand;

    /* Adds the headers of a try, so that each is signed with its own time. 0, or a negative errno
     * with an error, which is final. */
    int (*prepare)(void *user, struct http_headers *headers, struct error *error);

    /* Says what an answer is; unless it is HTTP_DONE it sets the error. */
    enum http_verdict (*judge)(void *user, const struct http_answer *answer, struct error *error);

    /* Called once, from the loop, never before http_start has returned. error is NULL after
     * HTTP_DONE; answer is NULL when there was none. Both last as long as the call. An error of a
     * request that changes something is_unknown unless nothing was sent, or the service has refused
     * it each time in its own words, which have a code: a page of a proxy has none. */
    void (*done)(void *user, const struct error *error, const struct http_answer *answer);
    void *user;
};

struct http_request;

/* Copies method, url and body. NULL when there is no memory. */
struct http_request *http_start(struct http *http, const struct http_order *order);

/* Gives up at once; done is not called. NULL is allowed. */
void http_cancel(struct http_request *request);

/* The same of a request whose time is up, though not its deadline: nobody waits for it any longer.
 * Where http_cancel says nothing of the service, this does. */
void http_abandon(struct http_request *request);

/* Whether a request by this method is to change something. */
bool http_changes(const char *method);

/* Whether a request under way may have changed something already. NULL is allowed. */
bool http_was_sent(const struct http_request *request);

/* What has failed of a request under way: the last of its tries, or what keeps it from being sent;
 * NULL while nothing has. */
const struct error *http_trouble(const struct http_request *request);

/* The errno for an answer that nothing else is known of. Never ENOENT: what a proxy does not find
 * may be there. */
int http_status_errno(int status);

#endif
