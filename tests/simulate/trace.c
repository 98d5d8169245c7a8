#include "tests/simulate/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "tests/simulate/clock.h"

static bool is_on;

void trace_set(bool on)
{
    is_on = on;
}

void trace(const char *format, ...)
{
    va_list arguments;

    if (!is_on)
        return;
    printf("%8" PRId64 " ", clock_ms());
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}
