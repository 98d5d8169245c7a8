#include "api/sls/auth.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "api/sls/error.h"
#include "api/sls/request.h"

/* The version that every SDK sends. */
#define API_VERSION "0.6.0"

/* Room for the size of a body, and the most headers that are listed. */
#define LENGTH_ROOM 24
#define FIELDS_MAX  (HEADERS_MAX + 3)

/* Keys */

void sls_set_key(struct sls *sls)
{
    OPENSSL_cleanse(&sls->key.derived, sizeof(sls->key.derived));
    sls->key.access = sls->credentials.access;
    sls->key.secret = sls->credentials.secret;
    sls->key.security_token = sls->credentials.security_token;
}

void sls_use_credentials(struct sls *sls, const struct sls_credentials *fresh,
                         const struct error *error)
{
    sls_credentials_release(&sls->former);
    sls->former = sls->credentials;
    sls->credentials = *fresh;
    sls->service.no_credentials = *error;
    sls_set_key(sls);
    sls->generation++;
}

/* Reads the credentials anew; whether they are others than before. */
static bool renew_key(struct sls *sls)
{
    struct sls_credentials fresh;
    struct error error = {0};

    if (sls_credentials_load(sls->service.credentials_file, &fresh, &error))
        return false;
    if (sls_credentials_equal(&fresh, &sls->credentials)) {
        sls_credentials_release(&fresh);
        return false;
    }
    sls_use_credentials(sls, &fresh, &error);
    return true;
}

static bool sls_is_refused(const struct service *service)
{
    return service->no_credentials.code;
}

static bool sls_refresh(struct service *service)
{
    return renew_key((struct sls *)service);
}

/* Requests */

static struct sls *sls_of(const struct service_call *call)
{
    return (struct sls *)call->service;
}

static int add_fields(const struct field *fields, size_t count, struct http_headers *headers)
{
    int status = 0;

    for (size_t i = 0; i < count && !status; i++)
        status = http_add_header(headers, fields[i].name, fields[i].value);
    return status;
}

static void add_field(struct field *fields, size_t *count, const char *name, const char *value)
{
    fields[(*count)++] = (struct field){name, value};
}

/* The headers of a request but for those that its signature adds. x-log-bodyrawsize is always sent:
 * the documentation asks for it, the SDKs differ. */
static size_t list_fields(const struct service_request *built, char length[static LENGTH_ROOM],
                          struct field fields[static FIELDS_MAX])
{
    bool has_size = false;
    size_t count = 0;

    add_field(fields, &count, "x-log-apiversion", API_VERSION);
    for (size_t i = 0; i < built->header_count; i++) {
        add_field(fields, &count, built->headers[i].name, built->headers[i].value);
        has_size |= !strcmp(built->headers[i].name, SLS_RAW_SIZE);
    }
    snprintf(length, LENGTH_ROOM, "%zu", built->body_size);
    if (!has_size)
        add_field(fields, &count, SLS_RAW_SIZE, length);
    if (built->body)
        add_field(fields, &count, "Content-Type", built->body_type);
    return count;
}

static int sls_authorize(struct service_call *call, struct http_headers *headers,
                         struct error *error)
{
    struct sls *sls = sls_of(call);
    const struct service_request *built = &call->request;
    char length[LENGTH_ROOM];
    struct field fields[FIELDS_MAX];
    struct sls_sign_request request = {.method = built->method,
                                       .host = sls->service.host,
                                       .path = built->path.data,
                                       .query = built->query,
                                       .query_count = built->query_count,
                                       .headers = fields,
                                       .header_count = list_fields(built, length, fields),
                                       .body = built->body,
                                       .body_size = built->body_size,
                                       .time = http_now(sls->service.http)};
    struct sls_signed added;
    int status;

    call->generation = sls->generation;
    status = sls_sign(&sls->key, &request, &added);
    if (!status)
        status = add_fields(fields, request.header_count, headers);
    if (!status)
        status = add_fields(added.headers, added.header_count, headers);
    sls_signed_release(&added);
    if (status == -ENOMEM)
        return error_set(error, ENOMEM, "no memory");
    return status ? error_set(error, EINVAL, "the access key in %.200s cannot be one",
                              sls->credentials.origin)
                  : 0;
}

static enum http_verdict sls_judge_answer(const struct service_call *call,
                                          const struct http_answer *answer, struct error *error)
{
    const struct sls *sls = sls_of(call);
    const struct secrets secrets = {{sls->credentials.secret, sls->credentials.security_token,
                                     sls->former.secret, sls->former.security_token}};

    /* Bytes are not searched for what an error looks like: they are anybody's. */
    if (call->takes_bytes && answer->status == 200)
        return HTTP_DONE;
    return sls_judge(answer, &secrets, error);
}

/* One more try if the clock was wrong, or if the file has another key by now: keys of the security
 * token service last for hours, and something renews them. */
static bool sls_renew(struct service_call *call, const struct http_answer *answer)
{
    struct sls *sls = sls_of(call);

    return answer->clock_was_off || call->generation != sls->generation || renew_key(sls);
}

static void sls_give_up(struct service_call *call, const struct http_answer *answer)
{
    struct error *error = &call->operation.error;
    const char *origin = sls_of(call)->credentials.origin;
    char said[sizeof(error->message)];

    if (answer->verdict != HTTP_REFUSED)
        return;
    snprintf(said, sizeof(said), "%s", error->message);
    if (sls_may_be_of_action(error) && call->action)
        snprintf(error->message, sizeof(error->message),
                 "the service does not permit %.40s with the credentials in %.100s: %.200s",
                 call->action, origin, said);
    else
        snprintf(error->message, sizeof(error->message),
                 "the service refused the credentials in %.120s: %.230s", origin, said);
}

const struct protocol sls_protocol = {
    .title = "SLS",
    .authorize = sls_authorize,
    .judge = sls_judge_answer,
    .renew = sls_renew,
    .give_up = sls_give_up,
    .is_refused = sls_is_refused,
    .refresh = sls_refresh,
};
