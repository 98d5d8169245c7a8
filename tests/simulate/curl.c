#include "tests/simulate/curl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/service/common/memory.h"
#include "tests/simulate/memory.h"

#undef curl_easy_setopt
#undef curl_easy_getinfo

static void forget_answer(struct easy *easy)
{
    for (size_t i = 0; i < easy->answer_header_count; i++) {
        free(easy->answer_headers[i].name);
        free(easy->answer_headers[i].value);
    }
    easy->answer_header_count = 0;
    easy->status = 0;
}

CURL *curl_easy_init(void)
{
    return calloc(1, sizeof(struct easy));
}

void curl_easy_cleanup(CURL *handle)
{
    struct easy *easy = handle;

    if (!easy)
        return;
    forget_answer(easy);
    free(easy->method);
    free(easy->url);
    free(easy);
}

static void set_text(char **where, const char *text)
{
    bool before = memory_enter(false);

    free(*where);
    *where = text ? must_strdup(text) : NULL;
    memory_leave(before);
}

static void add_text(char **where, const char *text)
{
    bool before = memory_enter(false);
    size_t length = strlen(*where);
    size_t size = strlen(text) + 1;

    *where = must_realloc(*where, length + size, 1);
    memcpy(*where + length, text, size);
    memory_leave(before);
}

/* Options that only concern the wire are nothing here. */
CURLcode curl_easy_setopt(CURL *handle, CURLoption option, ...)
{
    struct easy *easy = handle;
    va_list value;

    va_start(value, option);
    switch (option) {
    case CURLOPT_URL:
        forget_answer(easy);
        easy->sending_time = 0;
        set_text(&easy->url, va_arg(value, const char *));
        break;
    case CURLOPT_REQUEST_TARGET: /* after the URL */
        add_text(&easy->url, va_arg(value, const char *));
        break;
    case CURLOPT_CUSTOMREQUEST:
        set_text(&easy->method, va_arg(value, const char *));
        break;
    case CURLOPT_POSTFIELDS:
        easy->body = va_arg(value, const char *);
        break;
    case CURLOPT_POSTFIELDSIZE_LARGE:
        easy->body_size = (size_t)va_arg(value, curl_off_t);
        break;
    case CURLOPT_HTTPGET:
        easy->body = NULL;
        break;
    case CURLOPT_HTTPHEADER:
        easy->headers = va_arg(value, const struct curl_slist *);
        break;
    case CURLOPT_TIMEOUT_MS:
        easy->timeout_ms = va_arg(value, long);
        break;
    case CURLOPT_CONNECTTIMEOUT_MS:
        easy->connect_timeout_ms = va_arg(value, long);
        break;
    case CURLOPT_WRITEFUNCTION:
        easy->on_body = va_arg(value, curl_write_callback);
        break;
    case CURLOPT_HEADERFUNCTION:
        easy->on_header = va_arg(value, curl_write_callback);
        break;
    case CURLOPT_PREREQFUNCTION:
        easy->on_begin = va_arg(value, curl_prereq_callback);
        break;
    case CURLOPT_WRITEDATA:
        easy->body_user = va_arg(value, void *);
        break;
    case CURLOPT_HEADERDATA:
        easy->header_user = va_arg(value, void *);
        break;
    case CURLOPT_PREREQDATA:
        easy->begin_user = va_arg(value, void *);
        break;
    case CURLOPT_PRIVATE:
        easy->private_user = va_arg(value, void *);
        break;
    default:
        break;
    }
    va_end(value);
    return CURLE_OK;
}

CURLcode curl_easy_getinfo(CURL *handle, CURLINFO info, ...)
{
    struct easy *easy = handle;
    va_list value;

    va_start(value, info);
    if (info == CURLINFO_RESPONSE_CODE)
        *va_arg(value, long *) = easy->status;
    else if (info == CURLINFO_PRIVATE)
        *va_arg(value, void **) = easy->private_user;
    else if (info == CURLINFO_ACTIVESOCKET)
        *va_arg(value, curl_socket_t *) = easy->socket;
    else if (info == CURLINFO_PRETRANSFER_TIME_T)
        *va_arg(value, curl_off_t *) = easy->sending_time;
    else if (info == CURLINFO_STARTTRANSFER_TIME_T)
        *va_arg(value, curl_off_t *) = easy->status != 0;
    else if ((info & CURLINFO_TYPEMASK) == CURLINFO_LONG)
        *va_arg(value, long *) = 0;
    va_end(value);
    return CURLE_OK;
}

CURLHcode curl_easy_header(CURL *handle, const char *name, size_t index, unsigned int origin,
                           int request, struct curl_header **header)
{
    struct easy *easy = handle;

    (void)index;
    (void)origin;
    (void)request;
    for (size_t i = 0; i < easy->answer_header_count; i++) {
        if (strcasecmp(easy->answer_headers[i].name, name) != 0)
            continue;
        easy->shown = (struct curl_header){.name = easy->answer_headers[i].name,
                                           .value = easy->answer_headers[i].value,
                                           .amount = 1};
        *header = &easy->shown;
        return CURLHE_OK;
    }
    return CURLHE_MISSING;
}

void easy_tell_sent(struct easy *easy)
{
    char address[] = "127.0.0.1";

    if (easy->on_begin)
        easy->on_begin(easy->begin_user, address, address, 443, 40000);
    easy->sending_time++;
}

static bool hand_over(curl_write_callback write, void *user, const char *data, size_t size)
{
    char *copy = must_calloc(1, size + 1);
    bool taken;

    memcpy(copy, data, size);
    taken = !write || write(copy, 1, size, user) == size;

    free(copy);
    return taken;
}

bool easy_answer_begins(struct easy *easy, unsigned status)
{
    static const char line[] = "HTTP/1.1 200 OK\r\n";

    forget_answer(easy);
    easy->status = (long)status;
    return hand_over(easy->on_header, easy->header_user, line, strlen(line));
}

void easy_answer_header(struct easy *easy, const char *name, const char *value)
{
    size_t count = easy->answer_header_count;

    if (count == ANSWER_HEADERS_MAX)
        return;
    easy->answer_headers[count].name = must_strdup(name);
    easy->answer_headers[count].value = must_strdup(value);
    easy->answer_header_count++;
}

bool easy_answer_body(struct easy *easy, const char *body, size_t size)
{
    return hand_over(easy->on_header, easy->header_user, "\r\n", 2) &&
           (!size || hand_over(easy->on_body, easy->body_user, body, size));
}
