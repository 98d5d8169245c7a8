#include "api/service/field.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

static int compare_fields(const void *a, const void *b)
{
    return strcmp(((const struct field *)a)->name, ((const struct field *)b)->name);
}

void fields_sort(struct field *fields, size_t count)
{
    if (count)
        qsort(fields, count, sizeof(*fields), compare_fields);
}

void field_encode(struct buf *encoded, const char *text)
{
    char *copy = curl_easy_escape(NULL, text, 0);

    if (copy)
        buf_puts(encoded, copy);
    else
        encoded->error = -ENOMEM;
    curl_free(copy);
}
