#include "tests/service/sls/auth.h"

#include <stdio.h>

#include "tests/service/common/shapes.h"
#include "tests/service/sls/quirks.h"
#include "tests/service/sls/signature.h"

/* Statuses of 0 are those of a refused key, which editions of the documentation differ on. */
static const struct {
    unsigned status;
    const char *code;
    const char *text;
} refusals[] = {
    [SLS_VALID] = {200, "", ""},
    [SLS_MISSING] = {400, "MissingParameter", "Missing http extend header key : authorization"},
    [SLS_UNREADABLE] = {400, "ParameterInvalid", "authorization pair is invalid"},
    [SLS_METHOD] = {400, "ParameterInvalid", "x-log-signaturemethod pair is invalid"},
    [SLS_DATE_MISSING] = {400, "MissingParameter", "Missing http extend header key : x-log-date"},
    [SLS_DATE_MALFORMED] = {400, "InvalidRequestTime", "Request time does not follow its form."},
    [SLS_DATE_OFF] = {400, "RequestTimeExpired", "Request time "},
    [SLS_KEY_UNKNOWN] = {0, "Unauthorized", "AccessKeyId not found: "},
    [SLS_BODY_CHANGED] = {400, "ParameterInvalid", "the hash of the body does not fit it"},
    [SLS_MISMATCH] = {0, "SignatureNotMatch", "Signature not matched: "},
    [SLS_TOKEN_WRONG] = {0, "Unauthorized", "security token is invalid or missing"},
};

static void tell(const struct sls *sls, const struct sls_signature *signature,
                 const struct request *request, char *text, size_t room)
{
    const char *begin = refusals[signature->verdict].text;
    const char *date = request_header(request, "x-log-date");

    if (signature->verdict == SLS_DATE_OFF)
        snprintf(text, room, "%s%s has been expired while server time is %lld.", begin,
                 date ? date : request_header(request, "Date"),
                 (long long)service_now_ms(sls->service) / 1000);
    else
        snprintf(text, room, "%s%s", begin,
                 signature->verdict == SLS_KEY_UNKNOWN ? signature->access_key
                 : signature->verdict == SLS_MISMATCH  ? signature->given
                                                       : "");
}

static void refuse_signature(struct sls *sls, const struct sls_signature *signature,
                             const struct request *request, struct answer *answer)
{
    struct service *service = sls->service;
    bool old = quirk_is(&service->quirks, QUIRK_AUTH_FAILURE, "old");
    unsigned status = refusals[signature->verdict].status;
    char text[512];
    struct buf line = BUF_INIT(HTTP_ANSWER_MAX);

    service->stats.auth_failures++;
    service->stats.signature_failures++;
    tell(sls, signature, request, text, sizeof(text));
    buf_printf(&line, "%s %s", text, signature->to_sign.data);
    log_failure(&service->log, line.data);
    buf_release(&line);
    shape_error(answer,
                status ? status
                : old  ? 403
                       : 401,
                "sls", refusals[signature->verdict].code, text);
}

bool sls_auth_admit(struct sls *sls, const struct request *request, struct answer *answer)
{
    const struct sls_rules rules = {
        .keys = sls->service->keys,
        .key_count = sls->service->key_count,
        .region = sls->service->region,
        .now_ms = service_now_ms(sls->service),
    };
    struct sls_signature signature;
    bool admitted;

    if (sls->service->auth_none)
        return true;
    sls_signature_verify(&signature, request, &rules);
    admitted = signature.verdict == SLS_VALID;
    if (!admitted)
        refuse_signature(sls, &signature, request, answer);
    sls_signature_release(&signature);
    return admitted;
}
