#ifndef SERVICE_SLS_SIGNATURE_H
#define SERVICE_SLS_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "tests/service/common/http.h"
#include "tests/service/common/signing.h"

/*
 * Verifies signatures of SLS from what came over the wire:
 *
 *   LOG <key>:<base64>           version 1, with HMAC-SHA1, or HMAC-SHA256 if the request says so
 *   SLS4-HMAC-SHA256 Credential=<key>/<day>/<region>/sls/aliyun_v4_request,Signature=<hex>
 *
 * What is signed is always built here, from the decoded path and query and the headers as received.
 * Headers that begin with x-log-meta- are not part of it: official clients differ on them.
 */
enum sls_verdict {
    SLS_VALID,
    SLS_MISSING,    /* no Authorization */
    SLS_UNREADABLE, /* it is not of the form */
    SLS_METHOD,     /* x-log-signaturemethod is missing or unknown: version 1 */
    SLS_DATE_MISSING,
    SLS_DATE_MALFORMED,
    SLS_DATE_OFF, /* more than 15 minutes from the clock, or not the day of the scope */
    SLS_KEY_UNKNOWN,
    SLS_BODY_CHANGED, /* a hash that was sent is not that of the body */
    SLS_MISMATCH,
    SLS_TOKEN_WRONG, /* x-acs-security-token is not the one of the key */
};

struct sls_rules {
    const struct signing_key *keys;
    size_t key_count;
    const char *region; /* of version 4; NULL for any */
    int64_t now_ms;
};

struct sls_signature {
    enum sls_verdict verdict;
    char access_key[128];
    char given[128]; /* the signature that was sent */
    struct buf to_sign;
};

/* "v1", "v1-sha256", "v4" or "none". */
const char *sls_signature_kind(const struct request *request);

/* Fills *signature, which the caller releases. */
void sls_signature_verify(struct sls_signature *signature, const struct request *request,
                          const struct sls_rules *rules);
void sls_signature_release(struct sls_signature *signature);

#endif
