#include "tests/service/common/http.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/service/common/memory.h"
#include "tests/service/common/values.h"

void pairs_add(struct pairs *pairs, const char *name, const char *value)
{
    if (pairs->count == HTTP_PAIRS_MAX)
        return;
    pairs->items = must_realloc(pairs->items, pairs->count + 1, sizeof(*pairs->items));
    pairs->items[pairs->count++] = (struct pair){must_strdup(name), must_strdup(value)};
}

void pairs_release(struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        free(pairs->items[i].name);
        free(pairs->items[i].value);
    }
    free(pairs->items);
    *pairs = (struct pairs){0};
}

void request_init(struct request *request)
{
    *request = (struct request){.auth = "none"};
    buf_init(&request->body, HTTP_BODY_MAX);
}

void request_clear(struct request *request)
{
    for (size_t i = 0; i < request->segment_count; i++)
        free(request->segments[i]);
    free(request->target);
    free(request->raw_path);
    free(request->log_body);
    pairs_release(&request->query);
    pairs_release(&request->headers);
    buf_release(&request->body);
}

void request_set_method(struct request *request, const char *method)
{
    snprintf(request->method, sizeof(request->method), "%s", method);
}

static void add_segment(struct request *request, const char *text, size_t size)
{
    char *segment = http_decode(text, size, false);

    if (!segment || request->segment_count == HTTP_SEGMENTS_MAX) {
        request->malformed = true;
        free(segment);
        return;
    }
    request->segments[request->segment_count++] = segment;
}

static void split_path(struct request *request)
{
    const char *text = request->raw_path;

    while (*text) {
        size_t size = strcspn(text, "/");

        if (size)
            add_segment(request, text, size);
        text += size;
        text += *text == '/';
    }
}

/* A '+' is taken as a blank, as web frameworks do, so that a client which forgets to encode it is
 * found out. Not verified against the live service. */
static void add_query(struct request *request, const char *text, size_t size)
{
    size_t name_size = 0;
    char *name;
    char *value;

    while (name_size < size && text[name_size] != '=')
        name_size++;
    name = http_decode(text, name_size, true);
    value = name_size < size ? http_decode(text + name_size + 1, size - name_size - 1, true)
                             : must_strdup("");
    if (name && value)
        pairs_add(&request->query, name, value);
    else
        request->malformed = true;
    free(name);
    free(value);
}

static void split_query(struct request *request, const char *text)
{
    while (*text) {
        size_t size = strcspn(text, "&");

        if (size)
            add_query(request, text, size);
        text += size;
        text += *text == '&';
    }
}

void request_set_target(struct request *request, const char *target)
{
    const char *host = strstr(target, "://");
    const char *path = target;
    size_t size;

    if (*target != '/' && host) {
        path = strchr(host + 3, '/');
        path = path ? path : "/";
    }
    size = strcspn(path, "?");
    request->target = must_strdup(path);
    request->raw_path = must_strndup(path, size);
    split_path(request);
    if (path[size] == '?')
        split_query(request, path + size + 1);
}

const char *request_parameter(const struct request *request, const char *name)
{
    return value_of(&request->query, name);
}

const char *request_header(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->headers.count; i++)
        if (!strcasecmp(request->headers.items[i].name, name))
            return request->headers.items[i].value;
    return NULL;
}

cJSON *request_json(const struct request *request)
{
    const char *end = NULL;
    cJSON *json = cJSON_ParseWithLengthOpts(request->body.data, request->body.size + 1, &end, true);

    if (json && end != request->body.data + request->body.size) {
        cJSON_Delete(json);
        json = NULL;
    }
    return json;
}

void answer_init(struct answer *answer)
{
    *answer = (struct answer){.status = 200};
    buf_init(&answer->body, HTTP_ANSWER_MAX);
}

void answer_release(struct answer *answer)
{
    pairs_release(&answer->headers);
    buf_release(&answer->body);
}

void answer_header(struct answer *answer, const char *name, const char *value)
{
    for (size_t i = 0; i < answer->headers.count; i++) {
        if (strcasecmp(answer->headers.items[i].name, name) != 0)
            continue;
        free(answer->headers.items[i].value);
        answer->headers.items[i].value = must_strdup(value);
        return;
    }
    pairs_add(&answer->headers, name, value);
}

void answer_body(struct answer *answer, const char *type, const void *data, size_t size)
{
    buf_reset(&answer->body);
    buf_add(&answer->body, data, size);
    answer_header(answer, "Content-Type", type);
}

void answer_empty(struct answer *answer, unsigned status)
{
    answer->status = status;
    buf_reset(&answer->body);
}

void answer_json(struct answer *answer, unsigned status, cJSON *json)
{
    char *text = must(cJSON_PrintUnformatted(json));

    answer->status = status;
    answer_body(answer, "application/json", text, strlen(text));
    cJSON_free(text);
    cJSON_Delete(json);
}

void answer_text(struct answer *answer, unsigned status, const char *format, ...)
{
    va_list arguments;
    char *text;
    int size;

    va_start(arguments, format);
    size = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (size < 0)
        abort();
    answer->status = status;
    answer_body(answer, "text/plain; charset=utf-8", text, (size_t)size);
    free(text);
}

static bool pattern_fits(const char *pattern, struct call *call)
{
    const struct request *request = call->request;
    size_t captures = 0;

    for (size_t i = 0; i < request->segment_count; i++) {
        size_t size;

        if (*pattern++ != '/')
            return false;
        size = strcspn(pattern, "/");
        if (size == 2 && !strncmp(pattern, "{}", 2) && captures < CAPTURES_MAX)
            call->captured[captures++] = request->segments[i];
        else if (strlen(request->segments[i]) != size ||
                 strncmp(request->segments[i], pattern, size) != 0)
            return false;
        pattern += size;
    }
    return !*pattern;
}

const struct route *route_find(const struct route *routes, size_t count, struct call *call)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(routes[i].method, call->request->method) &&
            pattern_fits(routes[i].pattern, call))
            return &routes[i];
    return NULL;
}

void http_encode(struct buf *buf, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 128 && (isalnum(c) || strchr("-_.~", c)))
            buf_add(buf, text, 1);
        else
            buf_printf(buf, "%%%02X", c);
    }
}

static int hex_value(char c)
{
    const char *digits = "0123456789abcdef";
    const char *found = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

    return found ? (int)(found - digits) : -1;
}

char *http_decode(const char *text, size_t size, bool plus_is_blank)
{
    char *result = must_calloc(size + 1, 1);
    size_t used = 0;

    for (size_t i = 0; i < size; i++) {
        char c = text[i];

        if (c == '%') {
            int high = i + 2 < size ? hex_value(text[i + 1]) : -1;
            int low = high >= 0 ? hex_value(text[i + 2]) : -1;

            if (low < 0 || !(high | low)) {
                free(result);
                return NULL;
            }
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        result[used++] = c;
    }
    return result;
}
