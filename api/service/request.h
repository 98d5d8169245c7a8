#ifndef API_SERVICE_REQUEST_H
#define API_SERVICE_REQUEST_H

#include <stdint.h>

#include <cjson/cJSON.h>

#include "api/service/field.h"
#include "base/buf.h"

#define QUERY_MAX   8
#define HEADERS_MAX 4

/*
 * A request as it is built: method, path, query, headers and body. The first failure sticks and
 * request_error tells of it. All texts are copied but names, and the values of headers.
 */
struct service_request {
    const char *method;
    struct buf path; /* percent-encoded */
    struct field query[QUERY_MAX];
    size_t query_count;
    struct field headers[HEADERS_MAX]; /* of this request, and not of all */
    size_t header_count;
    char *body; /* NULL for none */
    size_t body_size;
    const char *body_type;
    int error;
};

/* Begins a request, in place of an earlier one: root is "/v2/PROJECT", or "". */
void request_begin(struct service_request *request, const char *method, const char *root);

/* Adds "/segment" to the path. */
void request_segment(struct service_request *request, const char *segment);

/* Adds a field to the query. */
void request_query(struct service_request *request, const char *name, const char *value);
void request_query_number(struct service_request *request, const char *name, int64_t value);

/* Adds a header. Both texts last as long as the request. */
void request_add_header(struct service_request *request, const char *name, const char *value);

/* Takes the object as the body, and deletes it; NULL is no memory. */
void request_body(struct service_request *request, cJSON *object);

/* Takes the bytes, which malloc(3) gave, as a body of that type; NULL is no memory. */
void request_bytes(struct service_request *request, const char *type, char *bytes, size_t size);

/* 0 or a negative errno. */
int request_error(const struct service_request *request);

/* Prints the URL; base is "https://HOST". */
void request_url(const struct service_request *request, const char *base, struct buf *url);

/* Frees what it holds; it may be begun again. */
void request_release(struct service_request *request);

#endif
