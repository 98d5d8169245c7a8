#include "tests/service/dis/signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "tests/service/dis/canonical.h"

#define ALGORITHM "SDK-HMAC-SHA256"
#define DATE_SIZE 16 /* 20260102T030405Z */
#define SKEW_MS   (15LL * 60 * 1000)

/* The Authorization header, taken apart. */
struct authorization {
    char credential[256];
    char signed_headers[4096];
    char signature[SIGNING_HASH_ROOM];
    enum signature_variant variant;
};

/* Credential=<access>/<day>/<region>/<service>/sdk_request */
struct scope {
    char access[128];
    char day[16];
    char region[64];
    char service[64];
    char text[160]; /* from the day on, as it was sent */
};

static const char *const verdict_texts[] = {
    [SIGNATURE_VALID] = "valid",
    [SIGNATURE_UNREADABLE] = "authorization cannot be read",
    [SIGNATURE_INCOMPLETE] = "authorization is incomplete",
    [SIGNATURE_DATE_MISSING] = "X-Sdk-Date is missing or not signed",
    [SIGNATURE_DATE_MALFORMED] = "X-Sdk-Date is malformed",
    [SIGNATURE_DATE_OFF] = "signature expired",
    [SIGNATURE_KEY_UNKNOWN] = "access key does not exist",
    [SIGNATURE_SCOPE_REGION] = "wrong region in the scope",
    [SIGNATURE_SCOPE_SERVICE] = "wrong service in the scope",
    [SIGNATURE_HEADER_MISSING] = "a signed header is missing",
    [SIGNATURE_TOKEN_WRONG] = "wrong or missing X-Security-Token",
    [SIGNATURE_BODY_CHANGED] = "X-Sdk-Content-Sha256 differs from the body",
    [SIGNATURE_MISMATCH] = "signature mismatch",
};

const char *signature_verdict_text(enum signature_verdict verdict)
{
    return verdict_texts[verdict];
}

/* Copies text of a known size; false when it does not fit. */
static bool copy_text(char *to, size_t room, const char *from, size_t size)
{
    if (size >= room)
        return false;
    memcpy(to, from, size);
    to[size] = '\0';
    return true;
}

/* Takes one "name=value" of the header. Unknown names are ignored. */
static bool take_part(struct authorization *result, const char *text, size_t size)
{
    const struct {
        const char *name;
        char *to;
        size_t room;
    } parts[] = {
        {"Access=", result->credential, sizeof(result->credential)},
        {"Credential=", result->credential, sizeof(result->credential)},
        {"SignedHeaders=", result->signed_headers, sizeof(result->signed_headers)},
        {"Signature=", result->signature, sizeof(result->signature)},
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        size_t name_size = strlen(parts[i].name);

        if (size < name_size || strncmp(text, parts[i].name, name_size) != 0)
            continue;
        if (i < 2)
            result->variant = i ? SIGNATURE_CREDENTIAL : SIGNATURE_ACCESS;
        return copy_text(parts[i].to, parts[i].room, text + name_size, size - name_size);
    }
    return true;
}

static enum signature_verdict read_authorization(const char *text, struct authorization *result)
{
    size_t size = strlen(ALGORITHM);

    if (!text || strncmp(text, ALGORITHM, size) != 0 || text[size] != ' ')
        return SIGNATURE_UNREADABLE;
    for (text += size; *text; text += size) {
        text += strspn(text, " ,");
        size = strcspn(text, " ,");
        if (!take_part(result, text, size))
            return SIGNATURE_UNREADABLE;
    }
    if (!*result->credential || !*result->signed_headers || !*result->signature)
        return SIGNATURE_INCOMPLETE;
    return SIGNATURE_VALID;
}

/* Region and service may be empty: an official client of one region sends them so. */
static enum signature_verdict read_scope(const struct authorization *header, struct scope *scope)
{
    const char *text = header->credential;
    char last[32];
    const struct {
        char *to;
        size_t room;
    } parts[] = {
        {scope->access, sizeof(scope->access)},
        {scope->day, sizeof(scope->day)},
        {scope->region, sizeof(scope->region)},
        {scope->service, sizeof(scope->service)},
        {last, sizeof(last)},
    };

    if (header->variant == SIGNATURE_ACCESS)
        return copy_text(scope->access, sizeof(scope->access), text, strlen(text))
                   ? SIGNATURE_VALID
                   : SIGNATURE_UNREADABLE;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        size_t size = strcspn(text, "/");

        if (!copy_text(parts[i].to, parts[i].room, text, size))
            return SIGNATURE_UNREADABLE;
        text += size;
        if (i == 0 && !copy_text(scope->text, sizeof(scope->text), text + (*text == '/'),
                                 strlen(text + (*text == '/'))))
            return SIGNATURE_UNREADABLE;
        if (i < 4 && *text++ != '/')
            return SIGNATURE_UNREADABLE;
    }
    return *text || strcmp(last, "sdk_request") != 0 ? SIGNATURE_UNREADABLE : SIGNATURE_VALID;
}

/* Milliseconds since 1970, or -1. */
static int64_t read_date(const char *text)
{
    struct tm broken = {0};
    const char *end;

    if (strlen(text) != DATE_SIZE)
        return -1;
    end = strptime(text, "%Y%m%dT%H%M%SZ", &broken);
    return end && !*end ? (int64_t)timegm(&broken) * 1000 : -1;
}

static enum signature_verdict check_date(const char *date, const struct authorization *header,
                                         const struct scope *scope, int64_t now_ms)
{
    int64_t sent;

    if (!date)
        return SIGNATURE_DATE_MISSING;
    sent = read_date(date);
    if (sent < 0)
        return SIGNATURE_DATE_MALFORMED;
    if (sent > now_ms + SKEW_MS || sent < now_ms - SKEW_MS)
        return SIGNATURE_DATE_OFF;
    if (header->variant == SIGNATURE_CREDENTIAL &&
        (strlen(scope->day) != 8 || strncmp(scope->day, date, 8) != 0))
        return SIGNATURE_DATE_OFF;
    return SIGNATURE_VALID;
}

static enum signature_verdict check_scope(const struct scope *scope,
                                          const struct signature_rules *rules)
{
    if (*scope->region && rules->region && strcmp(scope->region, rules->region) != 0)
        return SIGNATURE_SCOPE_REGION;
    if (*scope->service && strcmp(scope->service, rules->service) != 0)
        return SIGNATURE_SCOPE_SERVICE;
    return SIGNATURE_VALID;
}

/* The key that signs: the secret, or what is derived from it over the parts of the scope. */
static size_t signing_key(const char *secret, const struct scope *scope,
                          enum signature_variant variant, unsigned char key[static 512])
{
    const char *steps[] = {scope->day, scope->region, scope->service, "sdk_request"};
    int size;

    size = snprintf((char *)key, 512, "%s%s", variant == SIGNATURE_CREDENTIAL ? "SDK" : "", secret);
    if (size < 0 || size >= 512)
        return 0;
    if (variant == SIGNATURE_ACCESS)
        return (size_t)size;
    for (size_t i = 0; i < 4; i++) {
        signing_hmac(key, (size_t)size, steps[i], key);
        size = SIGNING_HASH_SIZE;
    }
    return (size_t)size;
}

static enum signature_verdict compare(const struct authorization *header, const struct scope *scope,
                                      const char *secret, const char *date, const char *canonical)
{
    unsigned char key[512];
    unsigned char digest[SIGNING_HASH_SIZE];
    size_t key_size = signing_key(secret, scope, header->variant, key);
    char text[SIGNING_HASH_ROOM];
    char to_sign[512];

    signing_hash(canonical, strlen(canonical), text);
    snprintf(to_sign, sizeof(to_sign), "%s\n%s\n%s%s%s", ALGORITHM, date, scope->text,
             header->variant == SIGNATURE_CREDENTIAL ? "\n" : "", text);
    signing_hmac(key, key_size, to_sign, digest);
    signing_hex(digest, text);
    return strlen(header->signature) == SIGNING_HASH_ROOM - 1 &&
                   !CRYPTO_memcmp(text, header->signature, SIGNING_HASH_ROOM - 1)
               ? SIGNATURE_VALID
               : SIGNATURE_MISMATCH;
}

/* All that can be said before the canonical request is needed. */
static enum signature_verdict check_form(struct signature *signature, const struct request *request,
                                         const struct signature_rules *rules,
                                         struct authorization *header, struct scope *scope)
{
    enum signature_verdict verdict =
        read_authorization(request_header(request, "Authorization"), header);

    if (verdict == SIGNATURE_VALID)
        verdict = read_scope(header, scope);
    signature->variant = header->variant;
    snprintf(signature->access_key, sizeof(signature->access_key), "%s", scope->access);
    if (verdict == SIGNATURE_VALID)
        verdict = check_date(request_header(request, "X-Sdk-Date"), header, scope, rules->now_ms);
    if (verdict == SIGNATURE_VALID &&
        !signing_key_find(rules->keys, rules->key_count, scope->access))
        verdict = SIGNATURE_KEY_UNKNOWN;
    if (verdict == SIGNATURE_VALID)
        verdict = check_scope(scope, rules);
    return verdict;
}

/* A temporary key has a token that must come with it, signed or not; a permanent one has none. */
static bool token_fits(const struct signing_key *key, const struct request *request)
{
    const char *sent = request_header(request, "X-Security-Token");

    return key->security_token ? sent && !strcmp(sent, key->security_token) : !sent;
}

void signature_verify(struct signature *signature, const struct request *request,
                      const struct signature_rules *rules)
{
    struct authorization header = {.variant = SIGNATURE_ACCESS};
    struct scope scope = {0};
    const struct signing_key *key;
    struct canonical_form form;

    *signature = (struct signature){.canonical = BUF_INIT(CANONICAL_MAX)};
    signature->verdict = check_form(signature, request, rules, &header, &scope);
    if (signature->verdict != SIGNATURE_VALID)
        return;
    key = signing_key_find(rules->keys, rules->key_count, scope.access);
    form = (struct canonical_form){header.variant, header.signed_headers, rules->host_without_port};
    signature->verdict = canonical_build(&signature->canonical, request, &form);
    if (signature->verdict == SIGNATURE_VALID)
        signature->verdict =
            compare(&header, &scope, key->secret, request_header(request, "X-Sdk-Date"),
                    signature->canonical.data);
    if (signature->verdict == SIGNATURE_VALID && !token_fits(key, request))
        signature->verdict = SIGNATURE_TOKEN_WRONG;
}

void signature_release(struct signature *signature)
{
    buf_release(&signature->canonical);
}
