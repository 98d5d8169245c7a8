#include "api/service/field.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int compare_fields(const void *a, const void *b)
{
    return strcmp(((const struct field *)a)->name, ((const struct field *)b)->name);
}

void fields_sort(struct field *fields, size_t count)
{
    if (count)
        qsort(fields, count, sizeof(*fields), compare_fields);
}

static bool stands_for_itself(char c)
{
    return ('A' <= c && c <= 'Z') || ('a' <= c && c <= 'z') || ('0' <= c && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void field_encode(struct buf *encoded, const char *text)
{
    for (;;) {
        size_t length = 0;

        while (stands_for_itself(text[length]))
            length++;
        buf_add(encoded, text, length);
        text += length;
        if (!*text)
            return;
        buf_printf(encoded, "%%%02X", (unsigned char)*text++);
    }
}
