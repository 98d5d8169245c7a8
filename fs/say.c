#include "fs/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

/* What escaping makes of a byte has at most so many. */
#define ESCAPED_MAX 4

void say(const char *format, ...)
{
    struct buf line;
    va_list arguments;
    char *text;
    int size;

    va_start(arguments, format);
    size = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (size < 0)
        return;
    buf_init(&line, (size_t)size * ESCAPED_MAX);
    buf_puts_escaped(&line, text);
    fprintf(stderr, "checkpointfs: %s\n", line.data);
    buf_release(&line);
    free(text);
}
