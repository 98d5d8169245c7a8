#include "tests/service/common/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *must(void *memory)
{
    if (!memory) {
        fputs("simulated service: out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *must_calloc(size_t count, size_t size)
{
    return must(calloc(count ? count : 1, size));
}

void *must_realloc(void *memory, size_t count, size_t size)
{
    return must(reallocarray(memory, count ? count : 1, size));
}

char *must_strdup(const char *text)
{
    return must(strdup(text));
}

char *must_strndup(const char *text, size_t size)
{
    return must(strndup(text, size));
}
