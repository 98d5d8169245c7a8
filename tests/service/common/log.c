#include "tests/service/common/log.h"

#include <stdlib.h>
#include <string.h>

#include "tests/service/common/memory.h"

#define LINES_MAX    ((size_t)48 * 1024 * 1024)
#define FAILURES_MAX ((size_t)1024 * 1024)
#define BODY_MAX     2000

void log_init(struct request_log *log)
{
    *log = (struct request_log){0};
    buf_init(&log->lines, LINES_MAX);
    buf_init(&log->failures, FAILURES_MAX);
}

void log_release(struct request_log *log)
{
    buf_release(&log->lines);
    buf_release(&log->failures);
}

void log_clear(struct request_log *log)
{
    log_release(log);
    log_init(log);
}

/* Adds a whole line or nothing. */
static void add_line(struct request_log *log, struct buf *lines, const struct buf *line)
{
    if (buf_error(line) || lines->size + line->size + 1 > lines->max) {
        log->lost++;
        return;
    }
    buf_add(lines, line->data, line->size);
    buf_puts(lines, "\n");
}

void log_add(struct request_log *log, const struct buf *line)
{
    add_line(log, &log->lines, line);
}

void log_request(struct request_log *log, const struct request *request,
                 const struct answer *answer)
{
    bool answered = answer->delivery != DELIVER_NEVER && answer->delivery != DELIVER_RESET &&
                    answer->delivery != DELIVER_HANG_UP && answer->delivery != DELIVER_RAW;
    bool login = strstr(request->target, "/auth/tokens") != NULL; /* its body has a password */
    const char *body = request->log_body ? request->log_body : login ? "" : request->body.data;
    char *shown = must_strndup(body, BODY_MAX);
    struct buf line = BUF_INIT(LINES_MAX);

    buf_printf(&line, "%s ", request->method);
    buf_puts_escaped(&line, request->target);
    buf_printf(&line, " %03u %s%s", answered ? answer->status : 0, request->auth,
               *shown ? " " : "");
    buf_puts_escaped(&line, shown);
    add_line(log, &log->lines, &line);
    buf_release(&line);
    free(shown);
}

void log_failure(struct request_log *log, const char *text)
{
    struct buf line = BUF_INIT(FAILURES_MAX);

    buf_puts_escaped(&line, text);
    add_line(log, &log->failures, &line);
    buf_release(&line);
}

size_t log_select(const struct request_log *log, const char *part, struct buf *out)
{
    const char *line = log->lines.data;
    size_t count = 0;

    while (*line) {
        size_t size = strcspn(line, "\n");

        if (!part || memmem(line, size, part, strlen(part))) {
            count++;
            if (out)
                buf_add(out, line, size + 1);
        }
        line += size + 1;
    }
    return count;
}
