#include "tests/service/common/signing.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "tests/service/common/memory.h"

const struct signing_key *signing_key_find(const struct signing_key *keys, size_t count,
                                           const char *access)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(keys[i].access, access))
            return &keys[i];
    return NULL;
}

void signing_hex(const unsigned char hash[static SIGNING_HASH_SIZE],
                 char text[static SIGNING_HASH_ROOM])
{
    for (size_t i = 0; i < SIGNING_HASH_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
}

void signing_hash(const void *data, size_t size, char text[static SIGNING_HASH_ROOM])
{
    unsigned char hash[SIGNING_HASH_SIZE];

    if (!EVP_Digest(data, size, hash, NULL, EVP_sha256(), NULL))
        abort();
    signing_hex(hash, text);
}

void signing_hmac(const void *key, size_t key_size, const char *text,
                  unsigned char result[static SIGNING_HASH_SIZE])
{
    unsigned char hash[SIGNING_HASH_SIZE];

    must(HMAC(EVP_sha256(), key, (int)key_size, (const unsigned char *)text, strlen(text), hash,
              NULL));
    memcpy(result, hash, sizeof(hash));
}
