#ifndef TESTS_UNIT_PARSED_H
#define TESTS_UNIT_PARSED_H

#include "api/json.h"

/* JSON, or NULL for what is none. */
static inline cJSON *parsed(const char *text, size_t size)
{
    cJSON *root;

    json_parse(text, size, &root);
    return root;
}

#endif
