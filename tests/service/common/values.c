#include "tests/service/common/values.h"

#include <stdio.h>
#include <string.h>

#include "tests/service/common/memory.h"

bool number_parse(const char *text, int64_t *number)
{
    size_t size = strspn(text, "0123456789");
    int64_t value = 0;

    if (!size || text[size])
        return false;
    for (size_t i = 0; i < size; i++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, text[i] - '0', &value))
            return false;
    *number = value;
    return true;
}

const char *value_of(const struct pairs *values, const char *name)
{
    for (size_t i = 0; i < values->count; i++)
        if (!strcmp(values->items[i].name, name))
            return values->items[i].value;
    return NULL;
}

bool value_number(const struct pairs *values, const char *name, int64_t *number)
{
    const char *text = value_of(values, name);

    return !text || number_parse(text, number);
}

void add_text(cJSON *json, const char *name, const char *value)
{
    must(cJSON_AddStringToObject(json, name, value));
}

void add_number(cJSON *json, const char *name, int64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)value);
    must(cJSON_AddRawToObject(json, name, text));
}
