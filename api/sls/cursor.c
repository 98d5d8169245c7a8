#include "api/sls/cursor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/service/base64.h"

#define GREATEST "9223372036854775807"

int sls_cursor_encode(const char *decimal, char cursor[static SEQUENCE_MAX + 1])
{
    char number[DECIMAL_ROOM];

    if (decimal_normalize(number, decimal) || decimal_compare(number, GREATEST) > 0)
        return -ERANGE;
    base64_encode(number, strlen(number), cursor);
    return 0;
}

int sls_cursor_decode(const char *cursor, char decimal[static DECIMAL_ROOM])
{
    char *text = base64_decode(cursor, SEQUENCE_MAX);
    size_t length = text ? strlen(text) : 0;
    int status = -EBADMSG;

    if (length && text[length - 1] == '\n')
        text[--length] = '\0';
    if (length && decimal_is_unsigned(text) && decimal_compare(text, GREATEST) <= 0 &&
        !decimal_normalize(decimal, text))
        status = 0;
    free(text);
    return status;
}

int sls_parse_sequence(const char *text, char sequence[static SEQUENCE_MAX + 1],
                       struct error *error)
{
    char decimal[DECIMAL_ROOM];

    if (decimal_is_unsigned(text)) {
        if (!sls_cursor_encode(text, sequence))
            return 0;
        return error_set(error, ERANGE, "%.100s is out of range: the greatest is " GREATEST, text);
    }
    if (!sls_cursor_decode(text, decimal) && !sls_cursor_encode(decimal, sequence))
        return 0;
    return error_set(error, EINVAL,
                     "\"%.60s\" is neither a number nor a cursor of SLS, the base64 of one", text);
}
