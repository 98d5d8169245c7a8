#include "base/base64.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Copies base64 in the usual alphabet and with all of its padding; the length, or 0. */
static size_t normalize(const char *encoded, size_t length, char *plain)
{
    const char *rest = encoded + length;

    for (size_t i = 0; i < length; i++) {
        plain[i] = (char)(encoded[i] == '-' ? '+' : encoded[i] == '_' ? '/' : encoded[i]);
        if (!strchr(alphabet, plain[i]))
            return 0;
    }
    if (length % 4 == 1 || strspn(rest, "=") > 2 || rest[strspn(rest, "=")])
        return 0;
    while (length % 4)
        plain[length++] = '=';
    return length;
}

char *base64_decode(const char *encoded, size_t max)
{
    size_t length = strcspn(encoded, "=");
    char *plain = length && length <= max ? calloc(1, length + 4) : NULL;
    char *text = plain ? calloc(1, length + 4) : NULL;
    size_t padded = text ? normalize(encoded, length, plain) : 0;
    int size =
        padded ? EVP_DecodeBlock((unsigned char *)text, (const unsigned char *)plain, (int)padded)
               : -1;

    free(plain);
    if (size >= 0 && strlen(text) == (size_t)size - (padded - length))
        return text;
    free(text);
    return NULL;
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
