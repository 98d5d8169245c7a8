#ifndef API_SERVICE_DIGEST_H
#define API_SERVICE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* What signatures are made of. All is pure. */

#define DIGEST_SIZE 32 /* of SHA-256 */

/* Adds bytes in lower-case hexadecimal. */
void digest_add_hex(struct buf *text, const unsigned char *bytes, size_t size);

/* Adds the SHA-256 of data in hexadecimal. 0 or -ENOMEM. */
int digest_add_sha256(struct buf *text, const void *data, size_t size);

/* HMAC with SHA-256; result may be the key. 0 or -ENOMEM. */
int digest_hmac(const void *key, size_t key_size, const char *text,
                unsigned char result[static DIGEST_SIZE]);

/*
 * Derives a key in steps, as the signatures of several clouds do: the first key is prefix and
 * secret; it signs the first part, the result signs the next, and so on up to a NULL. 0, -ENOMEM,
 * or -EFBIG for a secret that is too long.
 */
int digest_derive(const char *prefix, const char *secret, const char *const *parts,
                  unsigned char derived[static DIGEST_SIZE]);

/* Room for "20260102T030405Z". */
#define DIGEST_DATE_ROOM 17

/* Prints the seconds of a time (base/when.h) in UTC. */
void digest_date(int64_t when, char date[static DIGEST_DATE_ROOM]);

#endif
