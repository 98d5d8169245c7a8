#include "api/service/digest.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define SECRET_MAX 4096

void digest_add_hex(struct buf *text, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < size; i++) {
        const char pair[2] = {digits[bytes[i] >> 4], digits[bytes[i] & 15]};

        buf_add(text, pair, sizeof(pair));
    }
}

int digest_add_sha256(struct buf *text, const void *data, size_t size)
{
    unsigned char hash[DIGEST_SIZE];

    if (!EVP_Digest(data, size, hash, NULL, EVP_sha256(), NULL))
        return -ENOMEM;
    digest_add_hex(text, hash, sizeof(hash));
    return 0;
}

int digest_hmac(const void *key, size_t key_size, const char *text,
                unsigned char result[static DIGEST_SIZE])
{
    return HMAC(EVP_sha256(), key, (int)key_size, (const unsigned char *)text, strlen(text), result,
                NULL)
               ? 0
               : -ENOMEM;
}

int digest_derive(const char *prefix, const char *secret, const char *const *parts,
                  unsigned char derived[static DIGEST_SIZE])
{
    struct buf first = BUF_INIT(SECRET_MAX);
    int status;

    buf_printf(&first, "%s%s", prefix, secret);
    status = buf_error(&first);
    if (!status)
        status = digest_hmac(first.data, first.size, *parts, derived);
    for (parts++; !status && *parts; parts++)
        status = digest_hmac(derived, DIGEST_SIZE, *parts, derived);
    OPENSSL_cleanse(first.data, first.size);
    buf_release(&first);
    return status;
}

void digest_date(int64_t when, char date[static DIGEST_DATE_ROOM])
{
    time_t seconds = (time_t)(when / 1000000000);
    struct tm broken;

    gmtime_r(&seconds, &broken);
    strftime(date, DIGEST_DATE_ROOM, "%Y%m%dT%H%M%SZ", &broken);
}
