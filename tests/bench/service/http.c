#include "tests/bench/service/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define BODY_MAX (256UL << 20)

/* The value of a header, or NULL. The head ends with a NUL. */
static const char *find_header(const char *head, const char *name)
{
    size_t length = strlen(name);

    for (const char *line = strchr(head, '\n'); line; line = strchr(line + 1, '\n'))
        if (!strncasecmp(line + 1, name, length) && line[1 + length] == ':')
            return line + 1 + length + 1;
    return NULL;
}

static size_t body_size(const char *head)
{
    const char *value = find_header(head, "content-length");

    return value ? strtoul(value, NULL, 10) : 0;
}

static bool split_path(char *path, struct query *query)
{
    char *rest = NULL;

    for (int i = 0; i < SEGMENTS_MAX; i++)
        query->segments[i] = "";
    query->words = "";
    if (*path != '/')
        return false;
    if (strchr(path, '?')) {
        query->words = strchr(path, '?') + 1;
        *strchr(path, '?') = '\0';
    }
    for (int i = 0; i < SEGMENTS_MAX; i++) {
        query->segments[i] = strtok_r(i ? NULL : path, "/", &rest);
        if (!query->segments[i])
            query->segments[i] = "";
    }
    return true;
}

/* Takes "METHOD PATH?WORDS HTTP/1.1" apart. */
static bool split_line(char *head, struct query *query)
{
    char *path = strchr(head, ' ');
    char *end = path ? strchr(path + 1, ' ') : NULL;

    if (!end)
        return false;
    *path = *end = '\0';
    query->method = head;
    return split_path(path + 1, query);
}

static const char *date(void)
{
    static char text[64];
    static time_t of;
    time_t now = time(NULL);

    if (now != of) {
        of = now;
        strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
    }
    return text;
}

static const char *reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 204:
        return "No Content";
    default:
        return "Bad Request";
    }
}

static void add_answer(struct buf *out, struct answer *answer)
{
    buf_printf(
        out, "HTTP/1.1 %d %s\r\nServer: bench\r\nDate: %s\r\nContent-Type: application/json\r\n%s",
        answer->status, reason(answer->status), date(), answer->headers);
    if (answer->status != 204)
        buf_printf(out, "Content-Length: %zu\r\n", answer->body.size);
    buf_puts(out, "\r\n");
    buf_add(out, answer->body.data, answer->body.size);
}

static enum call answer_query(const struct query *query, struct buf *out)
{
    static struct answer answer = {.body = BUF_INIT(BODY_MAX)}; /* which keeps its memory */

    answer.call = OTHER_CALL;
    answer.status = 200;
    answer.headers = "";
    buf_reset(&answer.body);
    if (!strcmp(query->segments[0], "control")) {
        answer.call = (enum call)CONTROL;
        control_answer(query, &answer);
    } else if (!strcmp(query->segments[0], "v2")) {
        answer_dis(query, &answer);
    } else {
        answer_sls(query, &answer);
    }
    add_answer(out, &answer);
    return answer.call;
}

/* Of a whole request, whose head and body end at places where a NUL can stand for a while. */
static bool answer_whole(char *head, char *body, size_t size, struct buf *out, enum call *call)
{
    struct query query = {.body = body};
    char last = body[size];
    bool good = split_line(head, &query);

    body[size] = '\0';
    if (good)
        *call = answer_query(&query, out);
    body[size] = last;
    return good;
}

ssize_t http_take(char *data, size_t size, struct buf *out, enum call *call)
{
    char *end = memmem(data, size, "\r\n\r\n", 4);
    size_t length;

    if (!end)
        return 0;
    *end = '\0';
    length = (size_t)(end + 4 - data) + body_size(data);
    if (length > size) {
        *end = '\r';
        return 0;
    }
    return answer_whole(data, end + 4, length - (size_t)(end + 4 - data), out, call)
               ? (ssize_t)length
               : -1;
}
