#include "base/base64.h"

#include <string.h>

#include <openssl/evp.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";

/* How many characters are decoded at once; a multiple of four. */
#define PIECE 4096

/* Counts the characters before the padding, in either alphabet; false if that is no base64. */
static bool measure(const char *encoded, size_t *length)
{
    const char *rest = encoded + strspn(encoded, alphabet);
    size_t padding = strspn(rest, "=");

    *length = (size_t)(rest - encoded);
    return *length % 4 != 1 && padding <= (*length ? 2 : 0) && !rest[padding];
}

/* Decodes up to PIECE characters: of each four the first three bytes, of fewer one byte less than
 * there are characters. */
static bool decode_piece(const char *encoded, size_t count, char *data)
{
    unsigned char piece[PIECE + 3];
    unsigned char bytes[PIECE / 4 * 3];

    memset(piece + count, '=', 3);
    for (size_t i = 0; i < count; i++)
        piece[i] = (unsigned char)(encoded[i] == '-' ? '+' : encoded[i] == '_' ? '/' : encoded[i]);
    if (EVP_DecodeBlock(bytes, piece, (int)((count + 3) / 4 * 4)) < 0)
        return false;
    memcpy(data, bytes, count * 3 / 4);
    return true;
}

bool base64_decode_bytes(const char *encoded, void *data, size_t *size)
{
    size_t length;

    *size = 0;
    if (!measure(encoded, &length))
        return false;
    for (size_t i = 0; i < length; i += PIECE) {
        size_t count = length - i < PIECE ? length - i : PIECE;

        if (!decode_piece(encoded + i, count, (char *)data + *size))
            return false;
        *size += count * 3 / 4;
    }
    return true;
}

bool base64_decode(const char *encoded, char *text, size_t max)
{
    size_t length;
    size_t size;

    if (!measure(encoded, &length) || !length || length > max ||
        !base64_decode_bytes(encoded, text, &size))
        return false;
    text[size] = '\0';
    return strlen(text) == size;
}

void base64_encode(const void *data, size_t size, char *encoded)
{
    EVP_EncodeBlock((unsigned char *)encoded, data, (int)size);
}

void base64_encode_url(const void *data, size_t size, char *encoded)
{
    base64_encode(data, size, encoded);
    for (char *c = encoded; *c; c++)
        *c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
}
