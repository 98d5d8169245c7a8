#include "fs/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

#define LINE_MAX_SIZE ((size_t)64 * 1024)

void say(const char *format, ...)
{
    struct buf line = BUF_INIT(LINE_MAX_SIZE);
    va_list arguments;
    char *text;
    int size;

    va_start(arguments, format);
    size = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (size < 0)
        return;
    buf_puts_escaped(&line, text);
    fprintf(stderr, "checkpointfs: %s\n", line.data);
    buf_release(&line);
    free(text);
}
