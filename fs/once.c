#include "fs/once.h"

#include "base/hash.h"

bool once_is_new(struct once *once, const char *text)
{
    uint64_t value = hash_add(HASH_BEGIN, text);

    for (size_t i = 0; i < once->count && i < ONCE_MAX; i++) {
        if (once->hashes[i] == value)
            return false;
    }
    once->hashes[once->count++ % ONCE_MAX] = value;
    return true;
}
