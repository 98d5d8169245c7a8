#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>

/* FNV-1a of 64 bits: begin with HASH_BEGIN, and add each text, with its NUL. */
#define HASH_BEGIN UINT64_C(14695981039346656037)

static inline uint64_t hash_add(uint64_t value, const char *text)
{
    do
        value = (value ^ (unsigned char)*text) * UINT64_C(1099511628211);
    while (*text++);
    return value;
}

/* Numbers that differ in any bits have results that differ in low ones, most of the time. */
static inline uint32_t hash_number(uint64_t number)
{
    return (uint32_t)(number * UINT64_C(11400714819323198485) >> 32);
}

#endif
