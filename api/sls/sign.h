#ifndef API_SLS_SIGN_H
#define API_SLS_SIGN_H

#include <stddef.h>
#include <stdint.h>

#include "api/service/digest.h"
#include "api/service/field.h"
#include "base/buf.h"

/*
 * The signatures of SLS, as its official SDKs for Python, Go and Java make them. All is pure.
 *
 * Values are not trimmed and paths are not encoded: ours need neither. Headers that begin with
 * x-log-meta-, on which the SDKs disagree, are never signed.
 */
enum sls_signature {
    SLS_V1, /* HMAC-SHA1 by the secret itself */
    SLS_V4, /* HMAC-SHA256 by a key of the day and the region */
};

#define SLS_SIGN_HEADERS_MAX 16

struct sls_sign_request {
    const char *method;
    const char *host;          /* as in the Host header */
    const char *path;          /* as sent */
    const struct field *query; /* decoded, at most SLS_SIGN_HEADERS_MAX */
    size_t query_count;
    const struct field *headers; /* that are sent, but for Host and those that a signature adds */
    size_t header_count;
    const char *body; /* NULL for none */
    size_t body_size;
    int64_t time; /* as in base/when.h; the service allows 15 minutes of difference */
};

/* The texts are the caller's. `derived` is kept between signatures of a day; zero it when a text
 * changes, and wipe all of it in the end. */
struct sls_key {
    enum sls_signature signature;
    const char *access;
    const char *secret;
    const char *security_token; /* NULL for a lasting key */
    const char *region;         /* of SLS_V4 */
    struct {
        char day[9]; /* "" while there is none */
        unsigned char key[DIGEST_SIZE];
    } derived;
};

/* What a signature adds to a request: headers, whose texts are the key's and those here. */
struct sls_signed {
    struct field headers[8];
    size_t header_count;
    char date[40];
    char body_hash[2 * DIGEST_SIZE + 1];
    struct buf authorization;
    struct buf string_to_sign; /* what was signed, for tests */
};

#define SLS_AUTHORIZATION_MAX 4096

/* Signs; *result is for sls_signed_release in any case. 0, -ENOMEM, or -EFBIG if there are
 * more headers or query fields than any request of ours has. */
int sls_sign(struct sls_key *key, const struct sls_sign_request *request,
             struct sls_signed *result);

/* Wipes and frees. */
void sls_signed_release(struct sls_signed *result);

#endif
