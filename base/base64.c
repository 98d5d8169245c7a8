#include "base/base64.h"

#include <string.h>

#include <openssl/evp.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";

/* How many characters stand before the padding, in either alphabet; 0 if that is no base64. */
static size_t length_of(const char *encoded)
{
    size_t length = strspn(encoded, alphabet);
    const char *rest = encoded + length;

    return length % 4 == 1 || strspn(rest, "=") > 2 || rest[strspn(rest, "=")] ? 0 : length;
}

/* Decodes up to four characters, for each but the first of which there is a byte. */
static bool decode_group(const char *encoded, size_t count, char *text)
{
    unsigned char group[] = "====";
    unsigned char bytes[3];

    for (size_t i = 0; i < count; i++)
        group[i] = (unsigned char)(encoded[i] == '-' ? '+' : encoded[i] == '_' ? '/' : encoded[i]);
    if (EVP_DecodeBlock(bytes, group, 4) < 0)
        return false;
    memcpy(text, bytes, count - 1);
    return true;
}

bool base64_decode(const char *encoded, char *text, size_t max)
{
    size_t length = length_of(encoded);
    size_t size = 0;

    if (!length || length > max)
        return false;
    for (size_t i = 0; i < length; i += 4) {
        size_t count = length - i < 4 ? length - i : 4;

        if (!decode_group(encoded + i, count, text + size))
            return false;
        size += count - 1;
    }
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
