#include "tests/service/dis/iam.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "base/when.h"
#include "tests/service/common/memory.h"
#include "tests/service/common/shapes.h"
#include "tests/service/dis/dis.h"

#define DAY_MS (24LL * 3600 * 1000)

void iam_init(struct iam *iam)
{
    *iam = (struct iam){.lifetime_ms = DAY_MS};
}

void iam_release(struct iam *iam)
{
    for (size_t i = 0; i < iam->user_count; i++) {
        free(iam->users[i].name);
        free(iam->users[i].password);
        free(iam->users[i].domain);
    }
    iam_revoke_all(iam);
}

void iam_reset(struct iam *iam)
{
    iam_revoke_all(iam);
    iam->issued = 0;
    iam->wrong_passwords = 0;
    iam->lifetime_ms = DAY_MS;
}

int iam_add_user(struct iam *iam, const char *name, const char *password, const char *domain)
{
    if (iam->user_count == IAM_USERS_MAX)
        return -ENOSPC;
    iam->users[iam->user_count++] = (struct iam_user){
        must_strdup(name),
        must_strdup(password),
        must_strdup(domain),
    };
    return 0;
}

enum iam_verdict iam_check(const struct iam *iam, const char *text, int64_t now_ms,
                           const struct iam_token **token)
{
    for (size_t i = 0; i < IAM_TOKENS_MAX; i++) {
        if (!iam->tokens[i].text || strcmp(iam->tokens[i].text, text) != 0)
            continue;
        *token = &iam->tokens[i];
        return now_ms < iam->tokens[i].expires_ms ? IAM_VALID : IAM_EXPIRED;
    }
    return IAM_UNKNOWN;
}

void iam_expire_all(struct iam *iam, int64_t now_ms)
{
    for (size_t i = 0; i < IAM_TOKENS_MAX; i++)
        if (iam->tokens[i].expires_ms > now_ms)
            iam->tokens[i].expires_ms = now_ms;
}

void iam_revoke_all(struct iam *iam)
{
    for (size_t i = 0; i < IAM_TOKENS_MAX; i++) {
        free(iam->tokens[i].text);
        iam->tokens[i] = (struct iam_token){0};
    }
}

static const struct iam_token *issue(struct iam *iam, const char *project, int64_t now_ms)
{
    struct iam_token *token = &iam->tokens[iam->next_token++ % IAM_TOKENS_MAX];
    static const char prefix[13] = "MIIsimulated-";
    unsigned char random[24];
    char *text = must_calloc(IAM_TOKEN_SIZE + 1, 1);

    if (RAND_bytes(random, sizeof(random)) != 1)
        abort();
    memset(text, 'A', IAM_TOKEN_SIZE);
    memcpy(text, prefix, sizeof(prefix));
    for (size_t i = 0; i < sizeof(random); i++)
        text[sizeof(prefix) + i] = (char)('a' + random[i] % 26);
    free(token->text);
    *token = (struct iam_token){.text = text, .expires_ms = now_ms + iam->lifetime_ms};
    snprintf(token->project, sizeof(token->project), "%s", project);
    iam->issued++;
    return token;
}

/* The value at a path of names, or NULL. */
static const cJSON *at(const cJSON *json, const char *const *names)
{
    for (; json && *names; names++)
        json = cJSON_GetObjectItemCaseSensitive(json, *names);
    return json;
}

#define AT(json, ...)   at(json, (const char *const[]){__VA_ARGS__, NULL})
#define TEXT(json, ...) cJSON_GetStringValue(AT(json, __VA_ARGS__))

static bool same(const char *a, const char *b)
{
    return a && b && !strcmp(a, b);
}

/* The user that is asked for with the right password, or NULL. */
static const struct iam_user *find_user(const struct iam *iam, const cJSON *json)
{
    const cJSON *user = AT(json, "auth", "identity", "password", "user");

    for (size_t i = 0; i < iam->user_count; i++) {
        const struct iam_user *known = &iam->users[i];

        if (same(TEXT(user, "name"), known->name) &&
            same(TEXT(user, "domain", "name"), known->domain) &&
            same(TEXT(user, "password"), known->password))
            return known;
    }
    return NULL;
}

static bool asks_for_password(const cJSON *json)
{
    const cJSON *methods = AT(json, "auth", "identity", "methods");
    const cJSON *method;

    cJSON_ArrayForEach(method, methods)
    {
        if (same(cJSON_GetStringValue(method), "password"))
            return true;
    }
    return false;
}

enum scope_verdict { SCOPE_NONE, SCOPE_PROJECT, SCOPE_DOMAIN, SCOPE_WRONG };

/* A project wins over a domain. */
static enum scope_verdict read_scope(const struct dis *dis, const cJSON *json)
{
    const cJSON *project = AT(json, "auth", "scope", "project");

    if (project && (same(TEXT(project, "id"), dis->service->project) ||
                    same(TEXT(project, "name"), dis->project_name)))
        return SCOPE_PROJECT;
    if (project)
        return SCOPE_WRONG;
    return AT(json, "auth", "scope", "domain") ? SCOPE_DOMAIN : SCOPE_NONE;
}

/* "2015-11-09T01:42:57.527000Z" */
static void add_time(cJSON *json, const char *name, int64_t when_ms)
{
    char text[WHEN_ROOM];
    char micro[WHEN_ROOM + 8];

    when_format(when_ms * 1000000, text);
    snprintf(micro, sizeof(micro), "%.*s000Z", (int)strcspn(text, "Z"), text);
    must(cJSON_AddStringToObject(json, name, micro));
}

static cJSON *add_named(cJSON *json, const char *member, const char *id, const char *name)
{
    cJSON *object = must(member ? cJSON_AddObjectToObject(json, member) : cJSON_CreateObject());

    must(cJSON_AddStringToObject(object, "id", id));
    must(cJSON_AddStringToObject(object, "name", name));
    return object;
}

/* Identifiers are names turned around a little: nothing may take one for the other. */
static void add_domain(cJSON *json, const char *name)
{
    char id[128];

    snprintf(id, sizeof(id), "domain-of-%s", name);
    add_named(json, "domain", id, name);
}

static void add_service(cJSON *catalog, const struct request *request, const char *type,
                        const char *path)
{
    const char *host = request_header(request, "Host");
    cJSON *entry = add_named(NULL, NULL, type, type);
    cJSON *endpoint = must(cJSON_CreateObject());
    char url[512];

    snprintf(url, sizeof(url), "%s://%s%s", request->secure ? "https" : "http", host ? host : "",
             path);
    must(cJSON_AddStringToObject(entry, "type", type));
    must(cJSON_AddStringToObject(endpoint, "id", type));
    must(cJSON_AddStringToObject(endpoint, "interface", "public"));
    must(cJSON_AddStringToObject(endpoint, "region", "eu-de"));
    must(cJSON_AddStringToObject(endpoint, "region_id", "eu-de"));
    must(cJSON_AddStringToObject(endpoint, "url", url));
    cJSON_AddItemToArray(must(cJSON_AddArrayToObject(entry, "endpoints")), endpoint);
    cJSON_AddItemToArray(catalog, entry);
}

/* Official clients look for DIS under one or the other of two types. */
static void add_catalog(cJSON *token, const struct service *service, const struct request *request)
{
    cJSON *catalog = must(cJSON_AddArrayToObject(token, "catalog"));
    char path[128];

    if (request_parameter(request, "nocatalog"))
        return;
    snprintf(path, sizeof(path), "/v2/%s", service->project);
    add_service(catalog, request, "dis", path);
    add_service(catalog, request, "disv2", path);
    add_service(catalog, request, "identity", "/v3");
}

static cJSON *describe_token(const struct call *call, const struct iam_user *user,
                             const struct iam_token *token)
{
    const struct dis *dis = call->service;
    cJSON *json = must(cJSON_CreateObject());
    cJSON *body = must(cJSON_AddObjectToObject(json, "token"));
    cJSON *methods = must(cJSON_AddArrayToObject(body, "methods"));

    cJSON_AddItemToArray(methods, must(cJSON_CreateString("password")));
    add_time(body, "expires_at", token->expires_ms);
    add_time(body, "issued_at", token->expires_ms - dis->iam.lifetime_ms);
    add_domain(add_named(body, "user", "user-of-the-test", user->name), user->domain);
    if (*token->project)
        add_domain(add_named(body, "project", dis->service->project, dis->project_name),
                   user->domain);
    cJSON_AddItemToArray(must(cJSON_AddArrayToObject(body, "roles")),
                         add_named(NULL, NULL, "0", "te_admin"));
    add_catalog(body, dis->service, call->request);
    return json;
}

/* The log must not show the password. */
static void hide_password(struct request *request, const cJSON *json)
{
    const char *name = TEXT(json, "auth", "identity", "password", "user", "name");

    if (asprintf(&request->log_body, "user=%s", name ? name : "") < 0)
        abort();
}

static void refuse(struct answer *answer)
{
    shape_error(answer, 401, "nested", "", "The request you have made requires authentication.");
}

static void create_token(struct call *call)
{
    struct dis *dis = call->service;
    cJSON *json = request_json(call->request);
    const struct iam_user *user = find_user(&dis->iam, json);
    enum scope_verdict scope = read_scope(dis, json);
    const struct iam_token *token;

    hide_password(call->request, json);
    if (!json || !asks_for_password(json)) {
        shape_error(call->answer, 400, "nested", "", "Expecting a password in identity.");
    } else if (!user) {
        dis->iam.wrong_passwords++;
        refuse(call->answer);
    } else if (scope == SCOPE_WRONG) {
        refuse(call->answer);
    } else {
        token = issue(&dis->iam, scope == SCOPE_PROJECT ? dis->service->project : "",
                      service_now_ms(dis->service));
        answer_json(call->answer, 201, describe_token(call, user, token));
        answer_header(call->answer, "X-Subject-Token", token->text);
    }
    cJSON_Delete(json);
}

/* What a client finds that asks which versions there are. */
static void show_version(struct call *call)
{
    const char *host = request_header(call->request, "Host");

    answer_text(call->answer, 200,
                "{\"version\":{\"id\":\"v3.6\",\"status\":\"stable\",\"links\":[{\"rel\":\"self\","
                "\"href\":\"%s://%s/v3/\"}]}}",
                call->request->secure ? "https" : "http", host ? host : "");
    answer_header(call->answer, "Content-Type", "application/json");
}

static void list_projects(struct call *call)
{
    struct dis *dis = call->service;
    const char *text = request_header(call->request, "X-Auth-Token");
    const struct iam_token *token;
    cJSON *json;

    if (!text || iam_check(&dis->iam, text, service_now_ms(dis->service), &token) != IAM_VALID) {
        refuse(call->answer);
        return;
    }
    json = must(cJSON_CreateObject());
    cJSON_AddItemToArray(must(cJSON_AddArrayToObject(json, "projects")),
                         add_named(NULL, NULL, dis->service->project, dis->project_name));
    answer_json(call->answer, 200, json);
}

const struct route iam_routes[] = {
    {"POST", "/v3/auth/tokens", create_token},
    {"GET", "/v3", show_version},
    {"GET", "/v3/projects", list_projects},
};

const size_t iam_route_count = sizeof(iam_routes) / sizeof(iam_routes[0]);
