#ifndef SERVICE_HTTP_H
#define SERVICE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/buf.h"

/*
 * Requests and answers as the simulated services see them; nothing here knows which service it is,
 * or how bytes reach the wire. A request owns everything in it, an answer too.
 */

/* Bounds: a larger request body is answered with 413, a deeper path is malformed. */
#define HTTP_BODY_MAX     ((size_t)12 * 1024 * 1024)
#define HTTP_ANSWER_MAX   ((size_t)64 * 1024 * 1024)
#define HTTP_PAIRS_MAX    256
#define HTTP_SEGMENTS_MAX 12

struct pair {
    char *name;
    char *value;
};

/* Names and values in the order they were added. */
struct pairs {
    struct pair *items;
    size_t count;
};

/* Adds copies; past HTTP_PAIRS_MAX nothing is added. */
void pairs_add(struct pairs *pairs, const char *name, const char *value);
void pairs_release(struct pairs *pairs);

struct request {
    char method[16];
    char *target;   /* path and query, as on the wire */
    char *raw_path; /* the path, as on the wire */
    char *segments[HTTP_SEGMENTS_MAX];
    size_t segment_count; /* decoded parts of the path; empty ones are left out */
    struct pairs query;   /* decoded, in wire order */
    struct pairs headers; /* in wire order */
    struct buf body;
    bool malformed;   /* the path or the query could not be decoded */
    bool secure;      /* came over TLS */
    const char *auth; /* how it means to prove who it is: a string constant */
    char *log_body;   /* what the log shows instead of the body, or NULL */
};

void request_init(struct request *request);
void request_clear(struct request *request);
void request_set_method(struct request *request, const char *method);

/* Takes the target of a request line apart. An absolute one, as sent to a proxy, loses its host. */
void request_set_target(struct request *request, const char *target);

/* The first value of that name, or NULL. Names of headers are compared without case. */
const char *request_parameter(const struct request *request, const char *name);
const char *request_header(const struct request *request, const char *name);

/* The body as JSON, for the caller to delete; NULL when it is none. */
cJSON *request_json(const struct request *request);

/* How the bytes of an answer are handed to the client. */
enum delivery {
    DELIVER_WHOLE,
    DELIVER_NEVER,        /* the client waits until it goes away */
    DELIVER_RESET,        /* the connection is reset, nothing is answered */
    DELIVER_RESET_MIDDLE, /* the connection is reset after half of the body */
    DELIVER_CLOSE_MIDDLE, /* the connection is closed after half of the body */
    DELIVER_DRIP,         /* drip_bytes every drip_ms */
    DELIVER_HANG_UP,      /* the connection is closed, nothing is answered */
    DELIVER_RAW,          /* the body is all that is sent: no status, no headers */
    DELIVER_ENDLESS,      /* after the body come blanks without end, and no size is told */
};

struct answer {
    unsigned status;
    struct pairs headers;
    struct buf body;
    enum delivery delivery;
    int64_t delay_ms;
    bool held; /* it waits until all that are held are let go */
    size_t drip_bytes;
    int64_t drip_ms;
    size_t pad_to; /* the body is filled with blanks up to this size */
};

void answer_init(struct answer *answer);
void answer_release(struct answer *answer);
void answer_header(struct answer *answer, const char *name, const char *value);

/* Each replaces status and body. answer_json deletes json. */
void answer_empty(struct answer *answer, unsigned status);
void answer_json(struct answer *answer, unsigned status, cJSON *json);
void answer_text(struct answer *answer, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Replaces the body and its Content-Type. */
void answer_body(struct answer *answer, const char *type, const void *data, size_t size);

/* A request on its way through a handler. */
#define CAPTURES_MAX 4

struct call {
    void *service;
    struct request *request;
    struct answer *answer;
    const char *captured[CAPTURES_MAX]; /* what stood for each {} of the pattern */
};

typedef void call_handler(struct call *call);

/* A row of a service's table: "GET", "/v2/{}/apps/{}", and who answers. */
struct route {
    const char *method;
    const char *pattern;
    call_handler *handler;
};

/* The first row that fits the request, with what it captures in the call; NULL when none does. */
const struct route *route_find(const struct route *routes, size_t count, struct call *call);

/* Adds text percent-encoded: all but A-Z a-z 0-9 - _ . ~ becomes %XX. */
void http_encode(struct buf *buf, const char *text);

/* The decoded text, for the caller to free, or NULL: a broken escape, or an escaped NUL. */
char *http_decode(const char *text, size_t size, bool plus_is_blank);

#endif
