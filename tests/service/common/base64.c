#include "tests/service/common/base64.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "tests/service/common/memory.h"

char *base64_print(const void *data, size_t size, bool url_safe)
{
    char *result = must_calloc(size * 4 / 3 + 8, 1);

    EVP_EncodeBlock((unsigned char *)result, data, (int)size);
    for (char *c = result; url_safe && *c; c++)
        *c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
    return result;
}

/* Whether the padding is that of base64. */
static bool is_padded(const char *text, size_t size, bool url_safe)
{
    size_t padding = strlen(text + size);

    if (strspn(text + size, "=") != padding || size % 4 == 1)
        return false;
    return (size + padding) % 4 == 0 ? padding <= 2 : url_safe && !padding;
}

char *base64_read(const char *base64, bool url_safe)
{
    size_t size = strcspn(base64, "=");
    size_t padded = (size + 3) / 4 * 4;
    char *copy = must_calloc(padded + 1, 1);
    char *text = must_calloc(padded + 1, 1);
    int length = -1;

    memset(copy, '=', padded);
    memcpy(copy, base64, size);
    for (char *c = copy; url_safe && *c; c++)
        *c = (char)(*c == '-' ? '+' : *c == '_' ? '/' : *c);
    if (is_padded(base64, size, url_safe) && !(url_safe && strpbrk(base64, "+/")))
        length = EVP_DecodeBlock((unsigned char *)text, (const unsigned char *)copy, (int)padded);
    free(copy);
    if (length >= 0)
        return text;
    free(text);
    return NULL;
}
