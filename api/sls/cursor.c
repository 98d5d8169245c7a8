#include "api/sls/cursor.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/base64.h"

#define GREATEST "9223372036854775807"

#define DIGITS  "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

int sls_cursor_encode(const char *decimal, char cursor[static SEQUENCE_MAX + 1])
{
    char number[DECIMAL_ROOM];

    if (decimal_normalize(number, decimal) || decimal_compare(number, GREATEST) > 0)
        return -ERANGE;
    base64_encode(number, strlen(number), cursor);
    return 0;
}

/* Some of it may be missing. */
static bool is_padded(const char *cursor)
{
    size_t length = strcspn(cursor, "=");
    size_t padding = strlen(cursor) - length;

    return padding <= (4 - length % 4) % 4;
}

/* The decimal in a cursor, of whatever size. */
static int decode_any(const char *cursor, char decimal[static DECIMAL_ROOM])
{
    char text[SEQUENCE_MAX];
    bool good = is_padded(cursor) && base64_decode(cursor, text, sizeof(text));
    size_t length = good ? strlen(text) : 0;

    if (length && text[length - 1] == '\n')
        text[--length] = '\0';
    return length && decimal_is_unsigned(text) && !decimal_normalize(decimal, text) ? 0 : -EBADMSG;
}

int sls_cursor_decode(const char *cursor, char decimal[static DECIMAL_ROOM])
{
    int status = decode_any(cursor, decimal);

    return status || decimal_compare(decimal, GREATEST) > 0 ? -EBADMSG : 0;
}

static int parse_decimal(const char *text, char sequence[static SEQUENCE_MAX + 1],
                         struct error *error)
{
    if (!sls_cursor_encode(text, sequence))
        return 0;
    return error_set(error, ERANGE, "%.100s is out of range: the greatest is " GREATEST, text);
}

/* Base64 of anything, with all its padding. A word of letters alone, such as "null", could be some,
 * but is a mistake. */
static bool is_base64(const char *text)
{
    size_t letters = strspn(text, LETTERS);
    size_t length = strspn(text, LETTERS DIGITS "+/");
    size_t padding = strspn(text + length, "=");

    return length && padding <= 2 && text[letters] && !text[length + padding] &&
           !((length + padding) % 4);
}

int sls_parse_sequence(const char *text, char sequence[static SEQUENCE_MAX + 1],
                       struct error *error)
{
    char decimal[DECIMAL_ROOM];
    size_t length = strlen(text);
    size_t padded = (length + 3) / 4 * 4;

    if (length && length == strspn(text, DIGITS))
        return parse_decimal(text, sequence, error);
    if (padded > SEQUENCE_MAX || (!is_base64(text) && decode_any(text, decimal)))
        return error_set(error, EINVAL,
                         "\"%.60s\" is neither a number nor a cursor of SLS, in base64", text);
    memset(sequence, '=', padded);
    memcpy(sequence, text, length);
    sequence[padded] = '\0';
    return 0;
}
