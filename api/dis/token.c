#include "api/dis/token.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "api/dis/error.h"
#include "api/http/endpoint.h"
#include "api/json.h"
#include "api/service/secret.h"
#include "api/share.h"
#include "base/when.h"

#define TIMEOUT_MS   30000
#define BODY_MAX     16384
#define TOKEN_MAX    65536
#define LIFETIME_MS  3600000 /* of a token that does not tell */
#define EARLY_MS     300000  /* it is renewed so long before its end, or a tenth of its life */
#define SMALLEST_AGE 1000

struct dis_token {
    const struct dis_credentials *credentials;
    const char *project;
    struct http_options options;
    struct http *http; /* NULL with a ready token */
    char url[1100];
    char *text;
    unsigned generation;
    int64_t until;        /* of when_monotonic() */
    struct error refused; /* what IAM said to the password */
    struct http_request *request;
    struct share share; /* those who wait for it */
    int64_t begun;      /* when the request was made */
    int64_t awaited;    /* when the last of them gives up */
    int64_t longest;    /* that anybody has had for a token, ms */
    struct timer soon;  /* tells them that it was refused */
};

/* Making one */

static int token_set_url(struct dis_token *token, struct endpoint *endpoint, struct error *error)
{
    const char *given = token->credentials->auth_url;
    size_t length = strlen(given);
    bool versioned;

    while (length && given[length - 1] == '/')
        length--;
    if (length > 1000 || endpoint_parse(given, endpoint, error))
        return error_set(error, EINVAL, "OS_AUTH_URL is not the address of an IAM service");
    if (strcmp(endpoint->scheme, "https") != 0 && !endpoint->loopback)
        return error_set(error, EINVAL,
                         "OS_AUTH_URL begins with http:, and a password is not sent in the clear");
    versioned = length > 3 && !strncmp(given + length - 3, "/v3", 3);
    snprintf(token->url, sizeof(token->url), "%.*s%s/auth/tokens?nocatalog=true", (int)length,
             given, versioned ? "" : "/v3");
    return 0;
}

/* Nobody waits for the token any more: all were interrupted, or have waited for as long as they
 * may, which tells of IAM unless that is a moment, as it is for look-ups. */
static void on_token_deserted(void *user)
{
    struct dis_token *token = user;
    int64_t now = when_monotonic();
    bool is_long = now - token->begun >= token->longest / 2;

    if (token->request && now >= token->awaited && is_long)
        http_abandon(token->request);
    else
        http_cancel(token->request);
    token->request = NULL;
}

static const struct error *trouble_of_token(void *user)
{
    const struct dis_token *token = user;

    return token->request ? http_trouble(token->request) : NULL;
}

/* Makes the client of IAM that the credentials need. */
static int make_client(struct dis_token *token, struct error *error)
{
    struct http_options options = token->options;
    struct endpoint endpoint;
    int status;

    if (token->credentials->kind != DIS_PASSWORD)
        return 0;
    status = token_set_url(token, &endpoint, error);
    options.endpoint = &endpoint;
    return status ? status : http_new(&options, &token->http, error);
}

int dis_token_new(const struct http_options *options, const struct dis_credentials *credentials,
                  const char *project, struct dis_token **result, struct error *error)
{
    struct dis_token *token = calloc(1, sizeof(*token));
    int status;

    if (!token)
        return error_set(error, ENOMEM, "no memory");
    share_init(&token->share, options->loop, "IAM gave no token in time", 0, on_token_deserted,
               token);
    token->share.trouble = trouble_of_token;
    token->options = *options;
    token->credentials = credentials;
    token->project = project;
    status = make_client(token, error);
    if (status)
        dis_token_free(token);
    else
        *result = token;
    return status;
}

/* Drops all that was made from the credentials. */
static void token_forget(struct dis_token *token)
{
    http_cancel(token->request);
    token->request = NULL;
    http_free(token->http);
    token->http = NULL;
    secret_free(token->text);
    token->text = NULL;
    token->refused = (struct error){0};
}

void dis_token_free(struct dis_token *token)
{
    if (!token)
        return;
    share_release(&token->share);
    token_forget(token);
    timer_stop(&token->soon);
    free(token);
}

const char *dis_token_text(const struct dis_token *token)
{
    if (!token->http)
        return token->credentials->token;
    return token->text && when_monotonic() < token->until ? token->text : NULL;
}

unsigned dis_token_generation(const struct dis_token *token)
{
    return token->generation;
}

bool dis_token_refused(struct dis_token *token, unsigned generation)
{
    if (token->http && generation == token->generation)
        token->until = 0;
    return token->http != NULL;
}

bool dis_token_is_given_up(const struct dis_token *token)
{
    return token->refused.code;
}

int dis_token_reload(struct dis_token *token, struct error *error)
{
    int status;

    token_forget(token);
    token->generation++;
    status = make_client(token, error);
    share_tell(&token->share, status ? error : NULL, &no_answer);
    return status;
}

/* IAM */

static cJSON *add_object(cJSON *parent, const char *name)
{
    return cJSON_AddObjectToObject(parent, name);
}

/* The node refers to the text, so that no copy of a secret stays behind. */
static bool add_reference(cJSON *object, const char *name, const char *text)
{
    cJSON *node = cJSON_CreateStringReference(text);

    if (node && cJSON_AddItemToObject(object, name, node))
        return true;
    cJSON_Delete(node);
    return false;
}

static bool add_word(cJSON *array, const char *word)
{
    cJSON *node = cJSON_CreateString(word);

    if (cJSON_AddItemToArray(array, node))
        return true;
    cJSON_Delete(node);
    return false;
}

/* Prints the request for a token of the project into a body of BODY_MAX bytes. */
static bool print_body(const struct dis_token *token, char *body)
{
    const struct dis_credentials *credentials = token->credentials;
    cJSON *root = cJSON_CreateObject();
    cJSON *auth = add_object(root, "auth");
    cJSON *identity = add_object(auth, "identity");
    cJSON *methods = cJSON_AddArrayToObject(identity, "methods");
    cJSON *user = add_object(add_object(identity, "password"), "user");
    cJSON *domain = add_object(user, "domain");
    cJSON *project = add_object(add_object(auth, "scope"), "project");
    bool good = add_word(methods, "password") &&
                add_reference(user, "name", credentials->username) &&
                add_reference(user, "password", credentials->password) &&
                add_reference(domain, "name", credentials->user_domain) &&
                add_reference(project, "id", token->project) &&
                cJSON_PrintPreallocated(root, body, BODY_MAX, 0);

    cJSON_Delete(root);
    return good;
}

static int token_prepare(void *user, struct http_headers *headers, struct error *error)
{
    (void)user;
    if (http_add_header(headers, "Content-Type", "application/json;charset=utf8"))
        return error_set(error, ENOMEM, "no memory");
    return 0;
}

/* "error.message" of an answer, or else its status; IAM may repeat what it was sent. Tells whether
 * it was IAM's message. */
static bool parse_iam_message(const struct dis_token *token, const struct http_answer *answer,
                              char *message, size_t room)
{
    const struct secrets secrets = {{token->credentials->password}};
    const cJSON *inner;
    const char *text = NULL;
    cJSON *root;

    json_parse(answer->body, answer->size, &root);
    inner = cJSON_GetObjectItemCaseSensitive(root, "error");
    if (inner)
        json_text(inner, "message", &text);
    if (text)
        scrub((char *)(uintptr_t)text, &secrets);
    if (text)
        snprintf(message, room, "%.200s", text);
    else
        snprintf(message, room, "it answered with HTTP %d", answer->status);
    cJSON_Delete(root);
    return text != NULL;
}

/* What IAM finds wrong with a request is wrong with the credentials. An errno of a missing file
 * would be taken for a missing checkpoint. */
static int iam_errno(int status, bool is_told)
{
    if (status < 400 || status >= 500 || status == 429)
        return http_status_errno(status);
    return is_told ? EACCES : EBADMSG;
}

static enum http_verdict token_judge(void *user, const struct http_answer *answer,
                                     struct error *error)
{
    struct dis_token *token = user;
    const char *origin = token->credentials->origin;
    char message[256];
    bool is_told;

    if (answer->status == 201 || answer->status == 200)
        return HTTP_DONE;
    is_told = parse_iam_message(token, answer, message, sizeof(message));
    if (answer->status == 401 || answer->status == 403) {
        error_set(error, EACCES,
                  "IAM refused the user name or password of %.60s: %.160s; it is not tried again "
                  "before there is another or a SIGHUP",
                  origin, message);
    } else {
        error_set(error, iam_errno(answer->status, is_told), "IAM gave no token: %.200s", message);
    }
    error->http_status = answer->status;
    if (answer->status == 401 || answer->status == 403)
        return HTTP_REFUSED;
    return answer->status == 429   ? HTTP_THROTTLED
           : answer->status >= 500 ? HTTP_BROKEN
                                   : HTTP_FAILED;
}

/* How long the token of an answer lasts, in ms. */
static int64_t token_lifetime(const struct dis_token *token, const struct http_answer *answer)
{
    const cJSON *inner;
    const char *text = NULL;
    cJSON *root;
    int64_t now = http_now(token->http);
    int64_t end;
    int64_t life = LIFETIME_MS;

    json_parse(answer->body, answer->size, &root);
    inner = cJSON_GetObjectItemCaseSensitive(root, "token");
    if (inner && !json_text(inner, "expires_at", &text) && text && !when_parse(text, now, &end))
        life = (end - now) / 1000000;
    cJSON_Delete(root);
    life -= life / 10 < EARLY_MS ? life / 10 : EARLY_MS;
    return life > SMALLEST_AGE ? life : SMALLEST_AGE;
}

static int token_set_text(struct dis_token *token, const struct http_answer *answer,
                          struct error *error)
{
    const char *text = http_header(answer, "X-Subject-Token");
    char *copy;

    if (!text || !*text || strlen(text) > TOKEN_MAX)
        return error_set(error, EBADMSG, "IAM answered without a token");
    copy = strdup(text);
    if (!copy)
        return error_set(error, ENOMEM, "no memory");
    secret_free(token->text);
    token->text = copy;
    token->generation++;
    token->until = when_monotonic() + token_lifetime(token, answer);
    return 0;
}

/* Whatever has become of the request for a token, nothing was changed by it that a file shows. */
static void on_token(void *user, const struct error *error, const struct http_answer *answer)
{
    struct dis_token *token = user;
    struct error own = error ? *error : (struct error){0};

    token->request = NULL;
    own.is_unknown = false;
    if (!error)
        token_set_text(token, answer, &own);
    if (error && answer && answer->verdict == HTTP_REFUSED)
        token->refused = own;
    share_tell(&token->share, own.code ? &own : NULL, &no_answer);
}

static int ask_iam(struct dis_token *token)
{
    char *body = malloc(BODY_MAX);
    struct http_order order = {.method = "POST",
                               .url = token->url,
                               .body = body,
                               .idempotent = true,
                               .deadline = when_monotonic() + TIMEOUT_MS,
                               .prepare = token_prepare,
                               .judge = token_judge,
                               .done = on_token,
                               .user = token};

    if (body && print_body(token, body)) {
        token->begun = when_monotonic();
        token->awaited = 0;
        order.body_size = strlen(body);
        token->request = http_start(token->http, &order);
    }
    if (body)
        OPENSSL_cleanse(body, BODY_MAX);
    free(body);
    return token->request ? 0 : -ENOMEM;
}

static void tell_refusal(void *user)
{
    struct dis_token *token = user;
    struct error refused = token->refused;

    share_tell(&token->share, refused.code ? &refused : NULL, &no_answer);
}

struct call *dis_token_wait(struct dis_token *token, const struct ask *ask)
{
    if (token->refused.code)
        timer_start(token->options.loop, &token->soon, 0, tell_refusal, token);
    else if (!token->request && ask_iam(token))
        return NULL;
    if (token->awaited < ask->deadline)
        token->awaited = ask->deadline;
    if (token->longest < ask->deadline - when_monotonic())
        token->longest = ask->deadline - when_monotonic();
    return share_join(&token->share, ask);
}
