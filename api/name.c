#include "api/name.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONG_FORM        "shardId-"
#define LONG_FORM_DIGITS 10

static bool is_name(const char *name, size_t max)
{
    size_t length = strlen(name);

    return length >= 1 && length <= max &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") ==
               length;
}

bool name_is_app(const char *name)
{
    return is_name(name, NAME_MAX_APP);
}

bool name_is_stream(const char *name)
{
    return is_name(name, NAME_MAX_STREAM);
}

int partition_parse(const char *name, uint32_t *partition, bool *long_form)
{
    bool is_long = !strncmp(name, LONG_FORM, strlen(LONG_FORM));
    const char *digits = is_long ? name + strlen(LONG_FORM) : name;
    size_t count = strlen(digits);
    unsigned long number;

    if (count < 1 || count > LONG_FORM_DIGITS || strspn(digits, "0123456789") != count)
        return -EINVAL;
    if (is_long ? count != LONG_FORM_DIGITS : (*digits == '0' && count > 1))
        return -EINVAL;
    number = strtoul(digits, NULL, 10);
    if (number > PARTITION_MAX)
        return -EINVAL;
    *partition = (uint32_t)number;
    *long_form = is_long;
    return 0;
}

void partition_format(uint32_t partition, bool long_form, char name[static PARTITION_ROOM])
{
    snprintf(name, PARTITION_ROOM, long_form ? LONG_FORM "%010u" : "%u", partition);
}
