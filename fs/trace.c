#include "fs/trace.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/when.h"

/* What a pipe that has room takes at once. */
#define LINE_MAX_BYTES 4096

void trace_open(struct trace *trace, bool foreground)
{
    trace->foreground = foreground;
    syslog_open(&trace->log);
}

void trace_close(struct trace *trace)
{
    syslog_close(&trace->log);
}

static void print_to_stderr(const char *const *fields)
{
    struct buf line = BUF_INIT(LINE_MAX_BYTES);
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

    for (size_t i = 0; fields[i]; i++) {
        buf_puts(&line, i ? "\t" : "");
        buf_puts_escaped(&line, fields[i]);
    }
    buf_puts(&line, "\n");
    if (!buf_error(&line) && poll(&out, 1, 0) == 1 && out.revents & POLLOUT)
        fputs(line.data, stderr);
    buf_release(&line);
}

void trace_call(struct trace *trace, const struct observation *seen)
{
    char time[WHEN_ROOM];
    char took[32];
    const char *result = seen->error ? error_name(seen->error->code) : "ok";
    const char *arguments = seen->arguments ? seen->arguments : "";

    when_format(when_now(), time);
    snprintf(took, sizeof(took), "%" PRId64 " ms", seen->took_ms);
    if (trace->foreground)
        print_to_stderr((const char *[]){time, seen->operation, arguments, result, took, NULL});
    else
        syslog_add(&trace->log,
                   (const char *[]){time, seen->operation, arguments, result, took, NULL});
}
