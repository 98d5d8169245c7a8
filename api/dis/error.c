#include "api/dis/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/json.h"

/* DIS's codes ("DIS.4332"), as the API reference, older editions of it and the official SDKs know
 * them. Codes that only other parts of DIS give are there so that none is a bare EINVAL. */
static const struct {
    int first;
    int last;
    int code;
    enum http_verdict verdict;
} codes[] = {
    {4100, 4115, EACCES, HTTP_REFUSED},  /* authentication, with HTTP 441 */
    {4116, 4116, EACCES, HTTP_FAILED},   /* not allowed */
    {4117, 4117, EACCES, HTTP_FAILED},   /* project id wrong, or another's */
    {4205, 4205, EBUSY, HTTP_FAILED},    /* stream is not running */
    {4224, 4224, ERANGE, HTTP_FAILED},   /* sequence number out of range */
    {4226, 4226, ERANGE, HTTP_FAILED},   /* record has expired */
    {4301, 4302, ENOENT, HTTP_FAILED},   /* stream, partition */
    {4303, 4303, EBUSY, HTTP_THROTTLED}, /* traffic control */
    {4305, 4305, EBUSY, HTTP_THROTTLED}, /* too many requests at once */
    {4306, 4306, ENOENT, HTTP_FAILED},   /* bucket */
    {4307, 4307, EEXIST, HTTP_FAILED},   /* stream */
    {4308, 4308, EDQUOT, HTTP_FAILED},   /* quota */
    {4309, 4309, EBUSY, HTTP_FAILED},    /* locked out after failures */
    {4310, 4310, EIO, HTTP_FAILED},      /* object storage */
    {4319, 4319, ENOENT, HTTP_FAILED},   /* partition has expired */
    {4329, 4329, EDQUOT, HTTP_FAILED},   /* apps */
    {4330, 4330, EEXIST, HTTP_FAILED},   /* app */
    {4331, 4331, EBUSY, HTTP_FAILED},    /* app in use */
    {4332, 4332, ENOENT, HTTP_FAILED},   /* app */
    {4337, 4338, ENOENT, HTTP_FAILED},   /* database, table */
    {4339, 4339, EDQUOT, HTTP_FAILED},   /* consumers */
    {4341, 4343, ENOENT, HTTP_FAILED},   /* cluster, table, table family */
    {4354, 4354, ENOENT, HTTP_FAILED},   /* transfer task */
    {4355, 4355, EEXIST, HTTP_FAILED},   /* transfer task */
    {4357, 4357, EDQUOT, HTTP_FAILED},   /* transfer tasks */
    {4375, 4375, ENOENT, HTTP_FAILED},   /* no checkpoint */
    {4601, 4601, EDQUOT, HTTP_FAILED},   /* tags */
    {4603, 4604, ENOENT, HTTP_FAILED},   /* resource, key */
    {4605, 4605, EOPNOTSUPP, HTTP_FAILED},
    {4701, 4701, EBUSY, HTTP_FAILED},  /* consumers are being rebalanced */
    {4702, 4702, ENOENT, HTTP_FAILED}, /* consumer */
    {4703, 4703, EBUSY, HTTP_FAILED},  /* generation of consumers */
    {4000, 4999, EINVAL, HTTP_FAILED}, /* all others are about the request */
    {5000, 5999, EIO, HTTP_BROKEN},    /* system errors */
};

#define CODES (sizeof(codes) / sizeof(codes[0]))

static int number_of(const char *service_code)
{
    return strncmp(service_code, "DIS.", 4) ? 0 : (int)strtol(service_code + 4, NULL, 10);
}

static enum http_verdict judge_status(int status)
{
    if (status == 401 || status == 441)
        return HTTP_REFUSED;
    if (status == 429)
        return HTTP_THROTTLED;
    return status >= 500 || status == 408 ? HTTP_BROKEN : HTTP_FAILED;
}

/* A refusal stays one, and a failure of the service too, whatever their body says. */
static enum http_verdict judge_code(int status, struct error *error)
{
    int number = number_of(error->service_code);
    enum http_verdict verdict = judge_status(status);

    error->code = http_status_errno(status);
    if (verdict != HTTP_FAILED)
        return verdict;
    for (size_t i = 0; i < CODES; i++) {
        if (number < codes[i].first || number > codes[i].last)
            continue;
        error->code = codes[i].code;
        return codes[i].verdict;
    }
    return verdict;
}

/* The first of some members that is a text. */
static const char *first_text(const cJSON *object, const char *const names[])
{
    const char *text = NULL;

    for (size_t i = 0; names[i] && !text; i++) {
        if (json_text(object, names[i], &text))
            text = NULL;
    }
    return text;
}

/* Ends at the next blank, bar, quote or bracket, with which a gateway ends a header's value. */
static void scrub_header(char *text, const char *name)
{
    char *found = text;

    while ((found = strcasestr(found, name))) {
        found += strlen(name);
        while (*found && !strchr(" |\"',;}", *found))
            *found++ = '*';
    }
}

void dis_scrub(char *text, const struct secrets *secrets)
{
    for (size_t i = 0; i < sizeof(secrets->texts) / sizeof(secrets->texts[0]); i++) {
        const char *secret = secrets->texts[i];
        char *found = text;

        while (secret && *secret && (found = strstr(found, secret))) {
            memset(found, '*', strlen(secret));
            found += strlen(secret);
        }
    }
    scrub_header(text, "x-security-token:");
    scrub_header(text, "x-auth-token:");
}

static void copy_text(char *target, size_t room, const char *text)
{
    snprintf(target, room, "%s", text ? text : "");
}

/* Takes code, message and request id from the body, in whichever shape it is. */
static void read_body(cJSON *root, const struct secrets *secrets, struct error *error)
{
    static const char *const code_names[] = {"errorCode", "error_code", "code", NULL};
    static const char *const message_names[] = {"message", "error_msg", "error_message", "errorMsg",
                                                NULL};
    static const char *const id_names[] = {"request_id", "requestId", NULL};
    cJSON *inner = cJSON_GetObjectItemCaseSensitive(root, "error");
    const cJSON *object = cJSON_IsObject(inner) ? inner : root;
    char *message = (char *)(uintptr_t)first_text(object, message_names);

    if (message)
        dis_scrub(message, secrets);
    copy_text(error->service_code, sizeof(error->service_code), first_text(object, code_names));
    copy_text(error->message, sizeof(error->message), message);
    copy_text(error->request_id, sizeof(error->request_id), first_text(root, id_names));
    dis_scrub(error->service_code, secrets);
    dis_scrub(error->request_id, secrets);
}

/* Which header has DIS's request id is not documented; the gateway's is the first. */
static void read_headers(const struct http_answer *answer, struct error *error)
{
    static const char *const names[] = {"X-Request-Id", "X-Dis-Request-Id", NULL};

    for (size_t i = 0; names[i] && !*error->request_id; i++)
        copy_text(error->request_id, sizeof(error->request_id), http_header(answer, names[i]));
}

enum http_verdict dis_judge(const struct http_answer *answer, const struct secrets *secrets,
                            struct error *error)
{
    enum http_verdict verdict;
    cJSON *root;

    if (answer->status >= 200 && answer->status < 300)
        return HTTP_DONE;
    *error = (struct error){.http_status = answer->status};
    root = json_parse(answer->body, answer->size);
    read_body(root, secrets, error);
    cJSON_Delete(root);
    if (answer->easy)
        read_headers(answer, error);
    verdict = judge_code(answer->status, error);
    if (!*error->message)
        snprintf(error->message, sizeof(error->message), "the service answered with HTTP %d%s",
                 answer->status, error->code == EBADMSG ? ", which is not understood" : "");
    return verdict;
}

bool dis_is_without_stream(const struct error *error)
{
    return number_of(error->service_code) == 4301;
}

bool dis_is_lock_out(const struct error *error)
{
    return number_of(error->service_code) == 4309;
}

bool dis_is_without_checkpoint(const struct error *error)
{
    return number_of(error->service_code) == 4375;
}

bool dis_is_too_old(const struct error *error)
{
    return number_of(error->service_code) == 4300 && strstr(error->message, "expired");
}
