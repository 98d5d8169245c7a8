#ifndef SERVICE_DIS_SIGNATURE_H
#define SERVICE_DIS_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "tests/service/common/http.h"
#include "tests/service/common/signing.h"

/*
 * Verifies "SDK-HMAC-SHA256" signatures from what came over the wire, in both variants:
 *
 *   Access=<key>                                        the secret signs directly
 *   Credential=<key>/<date>/<region>/<service>/sdk_request   a key derived from the secret signs
 *
 * The canonical request is always built here, from the decoded path and query and the headers as
 * received; nothing is taken over from the client but the list of signed headers.
 */
enum signature_variant { SIGNATURE_ACCESS, SIGNATURE_CREDENTIAL };

enum signature_verdict {
    SIGNATURE_VALID,
    SIGNATURE_UNREADABLE,   /* the Authorization header is not of the form */
    SIGNATURE_INCOMPLETE,   /* a part of it is missing */
    SIGNATURE_DATE_MISSING, /* no X-Sdk-Date, or it is not signed */
    SIGNATURE_DATE_MALFORMED,
    SIGNATURE_DATE_OFF, /* more than 15 minutes from the clock, or not the day of the scope */
    SIGNATURE_KEY_UNKNOWN,
    SIGNATURE_SCOPE_REGION,
    SIGNATURE_SCOPE_SERVICE,
    SIGNATURE_HEADER_MISSING, /* a header is listed as signed and not there */
    SIGNATURE_TOKEN_WRONG,    /* X-Security-Token is not the one of the key */
    SIGNATURE_BODY_CHANGED,   /* X-Sdk-Content-Sha256 is not the hash of the body */
    SIGNATURE_MISMATCH,
};

/* What this server expects. */
struct signature_rules {
    const struct signing_key *keys;
    size_t key_count;
    const char *service; /* allowed in a scope beside the empty one */
    const char *region;  /* the same; NULL for any */
    bool host_without_port;
    int64_t now_ms;
};

/* The canonical request is empty when the verdict fell before it was needed. */
struct signature {
    enum signature_verdict verdict;
    enum signature_variant variant;
    char access_key[128];
    struct buf canonical;
};

/* Fills *signature, which the caller releases. */
void signature_verify(struct signature *signature, const struct request *request,
                      const struct signature_rules *rules);
void signature_release(struct signature *signature);

/* In a word or two, for logs and failure texts. */
const char *signature_verdict_text(enum signature_verdict verdict);

#endif
