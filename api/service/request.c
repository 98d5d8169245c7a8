#include "api/service/request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_SIZE 4096
#define URL_USUAL     300 /* room for most, without growing */

void request_release(struct service_request *request)
{
    for (size_t i = 0; i < request->query_count; i++)
        free((char *)(uintptr_t)request->query[i].value);
    request->query_count = 0;
    free(request->body);
    request->body = NULL;
    if (request->path.data)
        buf_release(&request->path);
}

void request_begin(struct service_request *request, const char *method, const char *root)
{
    request_release(request);
    *request = (struct service_request){.method = method, .path = BUF_INIT(PATH_MAX_SIZE)};
    buf_puts(&request->path, root);
}

void request_segment(struct service_request *request, const char *segment)
{
    buf_puts(&request->path, "/");
    field_encode(&request->path, segment);
}

void request_query(struct service_request *request, const char *name, const char *value)
{
    char *copy = request->query_count < QUERY_MAX ? strdup(value) : NULL;

    if (copy)
        request->query[request->query_count++] = (struct field){name, copy};
    else
        request->error = -ENOMEM;
}

void request_query_number(struct service_request *request, const char *name, int64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, value);
    request_query(request, name, text);
}

void request_add_header(struct service_request *request, const char *name, const char *value)
{
    if (request->header_count < HEADERS_MAX)
        request->headers[request->header_count++] = (struct field){name, value};
    else
        request->error = -ENOMEM;
}

/* cJSON has its memory from malloc(3). */
void request_body(struct service_request *request, cJSON *object)
{
    char *text = object ? cJSON_PrintUnformatted(object) : NULL;

    request_bytes(request, "application/json", text, text ? strlen(text) : 0);
    cJSON_Delete(object);
}

void request_bytes(struct service_request *request, const char *type, char *bytes, size_t size)
{
    request->body = bytes;
    request->body_size = size;
    request->body_type = type;
    if (!bytes)
        request->error = -ENOMEM;
}

int request_error(const struct service_request *request)
{
    return request->error ? request->error : buf_error(&request->path);
}

void request_url(const struct service_request *request, const char *base, struct buf *url)
{
    buf_reserve(url, URL_USUAL);
    buf_puts(url, base);
    buf_puts(url, request->path.data);
    for (size_t i = 0; i < request->query_count; i++) {
        buf_puts(url, i ? "&" : "?");
        field_encode(url, request->query[i].name);
        buf_puts(url, "=");
        field_encode(url, request->query[i].value);
    }
}
