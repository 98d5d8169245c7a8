#include "tests/simulate/memory.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulate/chance.h"
#include "tests/simulate/trace.h"

static unsigned once_in;
static uint64_t left; /* allocations until one fails */
static bool is_program;

static void choose_next(void)
{
    left = 2 * (uint64_t)once_in - chance_below(2 * (uint64_t)once_in);
}

void memory_fail_once_in(unsigned times)
{
    once_in = times;
    if (once_in)
        choose_next();
}

bool memory_fails(void)
{
    return once_in != 0;
}

bool memory_enter(bool program)
{
    bool before = is_program;

    is_program = program;
    return before;
}

void memory_leave(bool before)
{
    is_program = before;
}

static bool fails(void)
{
    if (!is_program || !once_in || --left)
        return false;
    is_program = false;
    choose_next();
    trace("  no memory");
    is_program = true;
    errno = ENOMEM;
    return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
int __wrap_asprintf(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

int __wrap_asprintf(char **text, const char *format, ...)
{
    va_list arguments;
    int length = -1;

    va_start(arguments, format);
    if (!fails())
        length = vasprintf(text, format, arguments);
    va_end(arguments);
    return length;
}
