#ifndef API_SERVICE_REQUEST_H
#define API_SERVICE_REQUEST_H

#include <stdint.h>

#include <cjson/cJSON.h>

#include "api/service/field.h"
#include "base/buf.h"

#define QUERY_MAX 8

/*
 * A request as it is built: method, path, query and body. The first failure sticks and
 * request_error tells of it. All texts but the query's names are copied.
 */
struct service_request {
    const char *method;
    struct buf path; /* percent-encoded */
    struct field query[QUERY_MAX];
    size_t query_count;
    char *body; /* JSON, or NULL */
    int error;
};

/* Begins a request, in place of an earlier one: root is "/v2/PROJECT", or "". */
void request_begin(struct service_request *request, const char *method, const char *root);

/* Adds "/segment" to the path. */
void request_segment(struct service_request *request, const char *segment);

/* Adds a field to the query. */
void request_query(struct service_request *request, const char *name, const char *value);
void request_query_number(struct service_request *request, const char *name, int64_t value);

/* Takes the object as the body, and deletes it; NULL is no memory. */
void request_body(struct service_request *request, cJSON *object);

/* 0 or a negative errno. */
int request_error(const struct service_request *request);

/* Prints the URL; base is "https://HOST". */
void request_url(const struct service_request *request, const char *base, struct buf *url);

/* Frees what it holds; it may be begun again. */
void request_release(struct service_request *request);

#endif
