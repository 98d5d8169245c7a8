#include "api/service/digest.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/when.h"

#define SECRET_MAX 4096

/* Most requests have no body. */
#define SHA256_OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* To look an algorithm up takes longer than it does on a short text. These are kept. */

static const EVP_MD *fetched_sha256(void)
{
    static EVP_MD *sha256;

    if (!sha256)
        sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    return sha256;
}

/* HMAC with SHA-256, without a key; NULL without memory. */
static EVP_MAC_CTX *new_hmac(void)
{
    const OSSL_PARAM settings[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_end()};
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    bool ready = context && EVP_MAC_CTX_set_params(context, settings);

    EVP_MAC_free(hmac);
    if (ready)
        return context;
    EVP_MAC_CTX_free(context);
    return NULL;
}

/* A copy of it, which can have a key. */
static EVP_MAC_CTX *copy_hmac(void)
{
    static EVP_MAC_CTX *keyless;

    if (!keyless)
        keyless = new_hmac();
    return keyless ? EVP_MAC_CTX_dup(keyless) : NULL;
}

void digest_add_hex(struct buf *text, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    size_t end = text->size;

    buf_resize(text, end + 2 * size);
    for (size_t i = 0; i < size && !buf_error(text); i++) {
        text->data[end++] = digits[bytes[i] >> 4];
        text->data[end++] = digits[bytes[i] & 15];
    }
}

int digest_add_sha256(struct buf *text, const void *data, size_t size)
{
    const EVP_MD *sha256 = fetched_sha256();
    unsigned char hash[DIGEST_SIZE];

    if (!size) {
        buf_puts(text, SHA256_OF_NOTHING);
        return 0;
    }
    if (!sha256 || !EVP_Digest(data, size, hash, NULL, sha256, NULL))
        return -ENOMEM;
    digest_add_hex(text, hash, sizeof(hash));
    return 0;
}

int digest_hmac(const void *key, size_t key_size, const char *text,
                unsigned char result[static DIGEST_SIZE])
{
    EVP_MAC_CTX *context = copy_hmac();
    bool done = context && EVP_MAC_init(context, key, key_size, NULL) &&
                EVP_MAC_update(context, (const unsigned char *)text, strlen(text)) &&
                EVP_MAC_final(context, result, NULL, DIGEST_SIZE);

    EVP_MAC_CTX_free(context);
    return done ? 0 : -ENOMEM;
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
    char text[WHEN_ROOM];

    when_format_seconds(when, text);
    for (const char *c = text; *c; c++) {
        if (*c != '-' && *c != ':')
            *date++ = *c;
    }
    *date = '\0';
}
