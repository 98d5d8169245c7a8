#include "tests/service/dis/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/common/shapes.h"
#include "tests/service/dis/quirks.h"
#include "tests/service/dis/signature.h"

/* Codes of the DIS style, HTTP 441. Which one goes with which cause is read off their names. */
static const char *const signature_codes[] = {
    [SIGNATURE_UNREADABLE] = "DIS.4102",     [SIGNATURE_INCOMPLETE] = "DIS.4109",
    [SIGNATURE_DATE_MISSING] = "DIS.4103",   [SIGNATURE_DATE_MALFORMED] = "DIS.4104",
    [SIGNATURE_DATE_OFF] = "DIS.4105",       [SIGNATURE_KEY_UNKNOWN] = "DIS.4107",
    [SIGNATURE_SCOPE_REGION] = "DIS.4111",   [SIGNATURE_SCOPE_SERVICE] = "DIS.4108",
    [SIGNATURE_HEADER_MISSING] = "DIS.4112", [SIGNATURE_TOKEN_WRONG] = "DIS.4112",
    [SIGNATURE_BODY_CHANGED] = "DIS.4100",   [SIGNATURE_MISMATCH] = "DIS.4100",
};

/* Tells in the chosen style what is wrong. */
static bool refuse(struct dis *dis, struct answer *answer, const char *dis_code, const char *text)
{
    struct buf message = BUF_INIT(HTTP_ANSWER_MAX);

    dis->service->stats.auth_failures++;
    dis->failures_in_row++;
    if (quirk_is(&dis->service->quirks, QUIRK_AUTH_FAILURE, "dis")) {
        buf_printf(&message, "Authentication Error. [%s]", text);
        shape_error(answer, 441, "dis", dis_code, message.data);
    } else if (quirk_is(&dis->service->quirks, QUIRK_AUTH_FAILURE, "iam")) {
        buf_printf(&message, "The request you have made requires authentication. [%s]", text);
        shape_error(answer, 401, "nested", "", message.data);
    } else {
        buf_printf(&message, "Incorrect IAM authentication information: %s", text);
        shape_error(answer, 401, "gateway", "APIGW.0301", message.data);
    }
    buf_release(&message);
    return false;
}

/* The two conditions a valid token may still fail on; codes and statuses are assumptions. */
static bool check_scope(struct answer *answer, const struct iam_token *token, const char *project)
{
    if (!*token->project) {
        shape_error(answer, 403, "dis", "DIS.4116", "Invalid RBAC. [token is not of a project]");
        return false;
    }
    if (strcmp(token->project, project) != 0) {
        shape_error(answer, 400, "dis", "DIS.4117", "Invalid Project Id. [not that of the token]");
        return false;
    }
    return true;
}

static bool admit_token(struct dis *dis, const char *text, struct answer *answer,
                        const char *project)
{
    const struct iam_token *token = NULL;

    switch (iam_check(&dis->iam, text, service_now_ms(dis->service), &token)) {
    case IAM_VALID:
        return check_scope(answer, token, project);
    case IAM_EXPIRED:
        return refuse(dis, answer, "DIS.4114", "token expired, the token must be updated");
    case IAM_UNKNOWN:
        break;
    }
    return refuse(dis, answer, *text ? "DIS.4114" : "DIS.4113", "decrypt token fail");
}

/* As the gateway words it; its canonical request has | for newlines. */
static void describe(struct buf *out, const struct signature *signature)
{
    if (signature->verdict == SIGNATURE_KEY_UNKNOWN)
        buf_printf(out, "ak %s not exist", signature->access_key);
    else if (!signature->canonical.size || signature->verdict == SIGNATURE_TOKEN_WRONG)
        buf_puts(out, signature_verdict_text(signature->verdict));
    else
        buf_printf(out, "verify aksk signature fail%s%s, canonicalRequest:%s",
                   signature->verdict == SIGNATURE_MISMATCH ? "" : ", ",
                   signature->verdict == SIGNATURE_MISMATCH
                       ? ""
                       : signature_verdict_text(signature->verdict),
                   signature->canonical.data);
    for (char *c = out->data; *c; c++)
        if (*c == '\n')
            *c = '|';
}

static bool admit_signature(struct dis *dis, const struct request *request, struct answer *answer)
{
    const struct signature_rules rules = {
        .keys = dis->service->keys,
        .key_count = dis->service->key_count,
        .service = "dis",
        .region = dis->service->region,
        .host_without_port = quirk_is(&dis->service->quirks, QUIRK_SIGNED_HOST, "without-port"),
        .now_ms = service_now_ms(dis->service),
    };
    struct buf text = BUF_INIT(HTTP_ANSWER_MAX);
    struct signature signature;
    bool admitted;

    signature_verify(&signature, request, &rules);
    admitted = signature.verdict == SIGNATURE_VALID;
    if (!admitted) {
        dis->service->stats.signature_failures++;
        describe(&text, &signature);
        log_failure(&dis->service->log, text.data);
        refuse(dis, answer, signature_codes[signature.verdict], text.data);
    }
    buf_release(&text);
    signature_release(&signature);
    return admitted;
}

/* After too many failures in a row the address is locked out, until the control interface says
 * otherwise. */
static bool is_locked_out(struct dis *dis, struct answer *answer)
{
    if (!dis->lock_after || dis->failures_in_row < dis->lock_after)
        return false;
    shape_error(answer, 400, "dis", "DIS.4309",
                "Too many request failures. Please try again later.");
    return true;
}

const char *dis_auth_kind(const struct request *request)
{
    const char *text = request_header(request, "Authorization");

    if (request_header(request, "X-Auth-Token"))
        return "token";
    if (!text)
        return "none";
    return strstr(text, "Credential=") ? "credential" : "access";
}

bool auth_admit(struct dis *dis, const struct request *request, struct answer *answer,
                const char *project)
{
    const char *token = request_header(request, "X-Auth-Token");
    bool admitted;

    if (dis->service->auth_none)
        return true;
    if (is_locked_out(dis, answer))
        return false;
    if (token)
        admitted = admit_token(dis, token, answer, project);
    else if (request_header(request, "Authorization"))
        admitted = admit_signature(dis, request, answer);
    else
        admitted = refuse(dis, answer, "DIS.4101", "x-auth-token not found");
    if (admitted)
        dis->failures_in_row = 0;
    return admitted;
}
