#ifndef SERVICE_SIGNING_H
#define SERVICE_SIGNING_H

#include <stddef.h>

/* What the signatures of the services have in common, as who verifies them needs it. */

/* A key of somebody who may ask. */
struct signing_key {
    char *access;
    char *secret;
    char *security_token; /* NULL for a permanent key */
};

/* NULL when there is none. */
const struct signing_key *signing_key_find(const struct signing_key *keys, size_t count,
                                           const char *access);

#define SIGNING_HASH_SIZE 32
#define SIGNING_HASH_ROOM 65

/* A hash in lower-case hexadecimal. */
void signing_hex(const unsigned char hash[static SIGNING_HASH_SIZE],
                 char text[static SIGNING_HASH_ROOM]);

/* The SHA-256 of data in hexadecimal. */
void signing_hash(const void *data, size_t size, char text[static SIGNING_HASH_ROOM]);

/* HMAC with SHA-256; result may be the key. */
void signing_hmac(const void *key, size_t key_size, const char *text,
                  unsigned char result[static SIGNING_HASH_SIZE]);

#endif
