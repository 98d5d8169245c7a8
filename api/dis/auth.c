#include "api/dis/auth.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/when.h"

/* No request goes out for so long after a credential was refused. */
#define LOCK_OUT_MS 60000

static struct dis *dis_of(const struct service_call *call)
{
    return (struct dis *)call->service;
}

/* Credentials */

void dis_set_key(struct dis *dis)
{
    OPENSSL_cleanse(&dis->key.derived, sizeof(dis->key.derived));
    dis->key.access = dis->credentials.access;
    dis->key.secret = dis->credentials.secret;
}

void dis_use_credentials(struct dis *dis, const struct dis_credentials *fresh,
                         const struct error *error)
{
    dis_credentials_release(&dis->former);
    dis->former = dis->credentials;
    dis->credentials = *fresh;
    dis->service.no_credentials = *error;
    dis_set_key(dis);
    dis->locked_until = 0;
    dis_kept_clear(&dis->kept);
    http_reload(dis->service.http);
    /* Last, as it tells those who wait. */
    if (!error->code)
        dis_token_reload(dis->token, &dis->service.no_credentials);
}

/* Whether there are others than before, which are then used. */
static bool renew_credentials(struct dis *dis)
{
    struct dis_credentials fresh;
    struct error error = {0};

    if (dis_credentials_load(dis->service.credentials_file, &fresh, &error))
        return false;
    if (dis_credentials_equal(&fresh, &dis->credentials)) {
        dis_credentials_release(&fresh);
        return false;
    }
    dis_use_credentials(dis, &fresh, &error);
    return true;
}

static bool dis_is_refused(const struct service *service)
{
    const struct dis *dis = (const struct dis *)service;

    return service->no_credentials.code || when_monotonic() < dis->locked_until ||
           dis_token_is_given_up(dis->token);
}

static bool dis_refresh(struct service *service)
{
    return renew_credentials((struct dis *)service);
}

/* Requests */

/* There was a token when the request was queued. If it has expired or was refused before the
 * request's turn came, the call goes back and waits for another. */
static int add_token(struct service_call *call, struct http_headers *headers, struct error *error)
{
    const struct dis_token *token = dis_of(call)->token;
    const char *text = dis_token_text(token);

    call->generation = dis_token_generation(token);
    call->lacks_credential = !text;
    if (!text)
        return error_set(error, EACCES, "there is no token");
    switch (http_add_header(headers, "X-Auth-Token", text)) {
    case 0:
        return 0;
    case -EINVAL:
        return error_set(error, EINVAL, "the token in %.200s has characters that none has",
                         dis_of(call)->credentials.origin);
    default:
        return error_set(error, ENOMEM, "no memory");
    }
}

/* Signs only those headers that all official clients sign alike. */
static int add_signature(struct service_call *call, struct http_headers *headers,
                         struct error *error)
{
    struct dis *dis = dis_of(call);
    const struct service_request *built = &call->request;
    const char *security = dis->credentials.security_token;
    struct field fields[] = {{"X-Project-Id", dis->project}, {"X-Security-Token", security}};
    struct dis_sign_request request = {.method = built->method,
                                       .host = dis->service.host,
                                       .path = built->path.data,
                                       .query = built->query,
                                       .query_count = built->query_count,
                                       .headers = fields,
                                       .header_count = security ? 2 : 1,
                                       .body = built->body ? built->body : "",
                                       .body_size = built->body ? strlen(built->body) : 0,
                                       .time = http_now(dis->service.http)};
    struct buf authorization = BUF_INIT(DIS_AUTHORIZATION_MAX);
    char date[DIGEST_DATE_ROOM];
    int status = dis_sign(&dis->key, &request, date, &authorization);

    call->generation = dis_token_generation(dis->token);
    for (size_t i = 0; !status && i < request.header_count; i++)
        status = http_add_header(headers, fields[i].name, fields[i].value);
    if (!status)
        status = http_add_header(headers, "X-Sdk-Date", date);
    if (!status)
        status = http_add_header(headers, "Authorization", authorization.data);
    buf_release(&authorization);
    if (status == -ENOMEM)
        return error_set(error, ENOMEM, "no memory");
    return status ? error_set(error, EINVAL, "the access key in %.200s cannot be one",
                              dis->credentials.origin)
                  : 0;
}

static int dis_authorize(struct service_call *call, struct http_headers *headers,
                         struct error *error)
{
    if (http_add_header(headers, "Content-Type", "application/json"))
        return error_set(error, ENOMEM, "no memory");
    return dis_of(call)->credentials.kind == DIS_KEY ? add_signature(call, headers, error)
                                                     : add_token(call, headers, error);
}

static enum http_verdict dis_judge_answer(const struct service_call *call,
                                          const struct http_answer *answer, struct error *error)
{
    const struct dis *dis = dis_of(call);
    const struct dis_credentials *credentials = &dis->credentials;
    const struct dis_credentials *former = &dis->former;
    const struct secrets secrets = {{credentials->secret, credentials->security_token,
                                     credentials->password, dis_token_text(dis->token),
                                     former->secret, former->security_token, former->token}};

    return dis_judge(answer, call->success, &secrets, error);
}

static bool is_outdated(const struct service_call *call)
{
    return call->generation != dis_token_generation(dis_of(call)->token);
}

/* One more try if the clock was wrong, if there are other credentials by now, or with another token
 * of the same password. */
static bool dis_renew(struct service_call *call, const struct http_answer *answer)
{
    struct dis *dis = dis_of(call);

    if ((dis->credentials.kind == DIS_KEY && answer->clock_was_off) || is_outdated(call) ||
        renew_credentials(dis))
        return true;
    return dis->credentials.kind != DIS_KEY && dis_token_refused(dis->token, call->generation);
}

static void lock_out(struct service_call *call)
{
    struct error *error = &call->operation.error;
    char said[sizeof(error->message)];

    snprintf(said, sizeof(said), "%s", error->message);
    if (error->code == EACCES)
        snprintf(error->message, sizeof(error->message),
                 "the credentials in %.80s were refused: %.160s; nothing is sent for 60 s, or "
                 "until there are others or a SIGHUP",
                 dis_of(call)->credentials.origin, said);
    else
        snprintf(error->message, sizeof(error->message),
                 "%.250s; nothing is sent for 60 s, or until a SIGHUP", said);
    http_lock_out(dis_of(call)->service.http, LOCK_OUT_MS, error);
}

/* DIS's documents name no actions: the request must do. */
static void tell_not_permitted(struct service_call *call)
{
    struct error *error = &call->operation.error;
    const struct service_request *request = &call->request;
    char said[sizeof(error->message)];

    snprintf(said, sizeof(said), "%s", error->message);
    snprintf(error->message, sizeof(error->message),
             "the service does not permit %s %.100s with the credentials in %.80s: %.160s",
             request->method, request->path.data + strlen(call->service->root),
             dis_of(call)->credentials.origin, said);
}

/* Only credentials that are still in use keep others from being sent; and when the service has
 * locked the address out, others are of no use. */
static void dis_give_up(struct service_call *call, const struct http_answer *answer)
{
    bool locked = dis_is_lock_out(&call->operation.error);

    if (dis_is_not_permitted(&call->operation.error))
        tell_not_permitted(call);
    if (!locked && (answer->verdict != HTTP_REFUSED || is_outdated(call)))
        return;
    dis_of(call)->locked_until = locked ? 0 : when_monotonic() + LOCK_OUT_MS;
    lock_out(call);
}

static bool must_wait(const struct service *service)
{
    const struct dis *dis = (const struct dis *)service;

    return dis->credentials.kind != DIS_KEY && !dis_token_text(dis->token);
}

static struct call *wait_for_token(struct service *service, const struct ask *ask)
{
    return dis_token_wait(((struct dis *)service)->token, ask);
}

const struct protocol dis_protocol = {
    .title = "DIS",
    .cacert_variable = "OS_CACERT",
    .authorize = dis_authorize,
    .judge = dis_judge_answer,
    .renew = dis_renew,
    .give_up = dis_give_up,
    .is_refused = dis_is_refused,
    .refresh = dis_refresh,
    .must_wait = must_wait,
    .wait = wait_for_token,
};
