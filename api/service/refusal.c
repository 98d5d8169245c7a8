#include "api/service/refusal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/json.h"

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

void scrub(char *text, const struct secrets *secrets)
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

static void fill_text(char *target, size_t room, const char *text)
{
    snprintf(target, room, "%s", text ? text : "");
}

/* Takes code, message and request id from the body, in whichever shape it is. */
static void read_body(cJSON *root, const struct secrets *secrets, struct error *error)
{
    static const char *const code_names[] = {"errorCode", "error_code", "code", NULL};
    static const char *const message_names[] = {"message",       "errorMessage", "error_msg",
                                                "error_message", "errorMsg",     NULL};
    static const char *const id_names[] = {"request_id", "requestId", NULL};
    cJSON *inner = cJSON_GetObjectItemCaseSensitive(root, "error");
    const cJSON *object = cJSON_IsObject(inner) ? inner : root;
    char *message = (char *)(uintptr_t)first_text(object, message_names);

    if (message)
        scrub(message, secrets);
    fill_text(error->service_code, sizeof(error->service_code), first_text(object, code_names));
    fill_text(error->message, sizeof(error->message), message);
    fill_text(error->request_id, sizeof(error->request_id), first_text(root, id_names));
    scrub(error->service_code, secrets);
    scrub(error->request_id, secrets);
}

static void read_headers(const struct http_answer *answer, const char *const *names,
                         struct error *error)
{
    for (; *names && !*error->request_id; names++)
        fill_text(error->request_id, sizeof(error->request_id), http_header(answer, *names));
}

int refusal_read(const struct http_answer *answer, const struct secrets *secrets,
                 const char *const *id_headers, struct error *error)
{
    cJSON *root;

    *error = (struct error){.http_status = answer->status};
    if (json_parse(answer->body, answer->size, &root) == -ENOMEM)
        return error_set(error, ENOMEM, "no memory");
    read_body(root, secrets, error);
    cJSON_Delete(root);
    if (answer->easy)
        read_headers(answer, id_headers, error);
    return 0;
}

bool refusal_is_told(const struct http_answer *answer)
{
    bool told;
    cJSON *root;

    /* Looked for as text first: answers are large, and this is rare. */
    if (!answer->size ||
        (!strstr(answer->body, "\"errorCode\"") && !strstr(answer->body, "\"error_code\"")))
        return false;
    /* Without memory it is not known, and none may be taken for a success. */
    if (json_parse(answer->body, answer->size, &root) == -ENOMEM)
        return true;
    told = json_has(root, "errorCode") || json_has(root, "error_code");
    cJSON_Delete(root);
    return told;
}

static void tell_not_understood(struct error *error)
{
    char code[sizeof(error->service_code)];
    char said[sizeof(error->message)];

    snprintf(code, sizeof(code), "%s", error->service_code);
    snprintf(said, sizeof(said), "%s", error->message);
    *error->service_code = '\0';
    snprintf(error->message, sizeof(error->message),
             "the service answered with HTTP %d, which is not understood%s%s%s%.250s",
             error->http_status, *code || *said ? ": " : "", code, *code && *said ? " " : "", said);
}

void refusal_complete(struct error *error)
{
    if (error->code == EBADMSG)
        tell_not_understood(error);
    else if (!*error->message)
        snprintf(error->message, sizeof(error->message), "the service answered with HTTP %d",
                 error->http_status);
}

enum http_verdict refusal_judge_status(int status)
{
    if (status == 401 || status == 441)
        return HTTP_REFUSED;
    if (status == 429)
        return HTTP_THROTTLED;
    return status >= 500 || status == 408 ? HTTP_BROKEN : HTTP_FAILED;
}
