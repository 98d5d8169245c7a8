#include "fs/once.h"

/* FNV-1a of 64 bits. */
static uint64_t hash(const char *text)
{
    uint64_t value = UINT64_C(14695981039346656037);

    for (; *text; text++)
        value = (value ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return value;
}

bool once_is_new(struct once *once, const char *text)
{
    uint64_t value = hash(text);

    for (size_t i = 0; i < once->count && i < ONCE_MAX; i++) {
        if (once->hashes[i] == value)
            return false;
    }
    once->hashes[once->count++ % ONCE_MAX] = value;
    return true;
}
