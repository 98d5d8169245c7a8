#include "tests/service/sls/cursor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/common/base64.h"
#include "tests/service/common/memory.h"
#include "tests/service/common/values.h"

char *cursor_format(int64_t number)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)number);
    return base64_print(text, strlen(text), false);
}

static void drop_newline(char *text)
{
    size_t size = strlen(text);

    if (size && text[size - 1] == '\n')
        text[size - 1] = '\0';
}

/* The base64 with the padding that it lacks. */
static char *pad(const char *cursor)
{
    size_t size = strlen(cursor);
    char *padded = must_calloc(size + 3, 1);

    memcpy(padded, cursor, size);
    drop_newline(padded);
    for (size = strlen(padded); size % 4 > 1; size++)
        padded[size] = '=';
    return padded;
}

char *cursor_text(const char *cursor)
{
    char *padded = pad(cursor);
    char *text = *padded ? base64_read(padded, false) : NULL;

    free(padded);
    if (text)
        drop_newline(text);
    return text;
}

bool cursor_parse(const char *cursor, int64_t *number)
{
    char *text = cursor_text(cursor);
    bool good = text && number_parse(text, number);

    free(text);
    return good;
}
