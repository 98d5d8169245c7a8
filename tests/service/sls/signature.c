#include "tests/service/sls/signature.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "tests/service/common/base64.h"
#include "tests/service/common/memory.h"

#define TEXT_MAX ((size_t)1024 * 1024)
#define SKEW_MS  (15LL * 60 * 1000)
#define V4       "SLS4-HMAC-SHA256"

/* Sorted names and values. */
struct sorted {
    struct pair items[HTTP_PAIRS_MAX];
    size_t count;
};

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct pair *)a)->name, ((const struct pair *)b)->name);
}

static void sort(struct sorted *sorted)
{
    if (sorted->count)
        qsort(sorted->items, sorted->count, sizeof(sorted->items[0]), compare);
}

static bool begins(const char *text, const char *with)
{
    return !strncasecmp(text, with, strlen(with));
}

/* In version 1 the date stands elsewhere in what is signed, also that of x-log-date. */
static bool is_signed(const char *name, bool v4)
{
    if (begins(name, "x-log-meta-") || (!v4 && !strcasecmp(name, "x-log-date")))
        return false;
    if (begins(name, "x-log-") || begins(name, "x-acs-"))
        return true;
    return v4 && (!strcasecmp(name, "host") || !strcasecmp(name, "content-type"));
}

/* The names become lower case in place: nothing else looks at their case. */
static void take_headers(const struct request *request, bool v4, struct sorted *sorted)
{
    for (size_t i = 0; i < request->headers.count; i++) {
        struct pair pair = request->headers.items[i];

        if (!is_signed(pair.name, v4))
            continue;
        for (char *c = pair.name; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        sorted->items[sorted->count++] = pair;
    }
    sort(sorted);
}

static void take_query(const struct request *request, struct sorted *sorted)
{
    for (size_t i = 0; i < request->query.count; i++)
        sorted->items[sorted->count++] = request->query.items[i];
    sort(sorted);
}

static const char *header(const struct request *request, const char *name)
{
    const char *value = request_header(request, name);

    return value ? value : "";
}

const char *sls_signature_kind(const struct request *request)
{
    const char *text = header(request, "Authorization");

    if (!strncmp(text, V4 " ", strlen(V4) + 1))
        return "v4";
    if (strncmp(text, "LOG ", 4) != 0)
        return "none";
    return !strcasecmp(header(request, "x-log-signaturemethod"), "hmac-sha256") ? "v1-sha256"
                                                                                : "v1";
}

/* Milliseconds since 1970, or -1. */
static int64_t read_date(const char *text, const char *format)
{
    struct tm broken = {0};
    const char *end = strptime(text, format, &broken);

    return end && !*end ? (int64_t)timegm(&broken) * 1000 : -1;
}

static enum sls_verdict check_date(const char *text, const char *format, int64_t now_ms)
{
    int64_t sent;

    if (!*text)
        return SLS_DATE_MISSING;
    sent = read_date(text, format);
    if (sent < 0)
        return SLS_DATE_MALFORMED;
    return sent > now_ms + SKEW_MS || sent < now_ms - SKEW_MS ? SLS_DATE_OFF : SLS_VALID;
}

static bool is_same(const char *a, const char *b)
{
    return strlen(a) == strlen(b) && !CRYPTO_memcmp(a, b, strlen(a));
}

/* Version 1 */

static const char *date_of(const struct request *request)
{
    const char *date = header(request, "x-log-date");

    return *date ? date : header(request, "Date");
}

static void write_v1(struct buf *out, const struct request *request)
{
    struct sorted headers = {0};
    struct sorted query = {0};

    take_headers(request, false, &headers);
    take_query(request, &query);
    buf_printf(out, "%s\n%s\n%s\n%s\n", request->method, header(request, "Content-MD5"),
               header(request, "Content-Type"), date_of(request));
    for (size_t i = 0; i < headers.count; i++)
        buf_printf(out, "%s:%s\n", headers.items[i].name, headers.items[i].value);
    buf_puts(out, request->raw_path);
    for (size_t i = 0; i < query.count; i++)
        buf_printf(out, "%c%s=%s", i ? '&' : '?', query.items[i].name, query.items[i].value);
}

/* The MD5 is in upper-case hexadecimal. In version 1 it must come with a body. */
static bool md5_fits(const struct request *request, bool v4)
{
    const char *sent = header(request, "Content-MD5");
    unsigned char hash[16];
    char text[33];

    if (!*sent)
        return v4 || !request->body.size;
    if (!EVP_Digest(request->body.data, request->body.size, hash, NULL, EVP_md5(), NULL))
        abort();
    for (size_t i = 0; i < sizeof(hash); i++)
        snprintf(text + 2 * i, 3, "%02X", hash[i]);
    return !strcmp(sent, text);
}

static enum sls_verdict compare_v1(const struct sls_signature *signature, const char *secret,
                                   const EVP_MD *method)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int size;
    char *text;
    bool same;

    must(HMAC(method, secret, (int)strlen(secret), (const unsigned char *)signature->to_sign.data,
              signature->to_sign.size, hash, &size));
    text = base64_print(hash, size, false);
    same = is_same(text, signature->given);
    free(text);
    return same ? SLS_VALID : SLS_MISMATCH;
}

/* Copies up to a character, which must be there; gives what follows it, or NULL. */
static const char *copy_until(const char *text, char end, char *to, size_t room)
{
    const char *found = strchr(text, end);

    if (!found || (size_t)(found - text) >= room)
        return NULL;
    memcpy(to, text, (size_t)(found - text));
    to[found - text] = '\0';
    return found + 1;
}

static enum sls_verdict verify_v1(struct sls_signature *signature, const struct request *request,
                                  const struct sls_rules *rules)
{
    const char *method = header(request, "x-log-signaturemethod");
    bool sha256 = !strcasecmp(method, "hmac-sha256");
    const char *rest = copy_until(header(request, "Authorization") + strlen("LOG "), ':',
                                  signature->access_key, sizeof(signature->access_key));
    const struct signing_key *key;
    enum sls_verdict verdict;

    if (!rest || strlen(rest) >= sizeof(signature->given))
        return SLS_UNREADABLE;
    snprintf(signature->given, sizeof(signature->given), "%s", rest);
    if (!sha256 && strcasecmp(method, "hmac-sha1") != 0)
        return SLS_METHOD;
    verdict = check_date(date_of(request), "%a, %d %b %Y %H:%M:%S GMT", rules->now_ms);
    if (verdict != SLS_VALID)
        return verdict;
    key = signing_key_find(rules->keys, rules->key_count, signature->access_key);
    if (!key)
        return SLS_KEY_UNKNOWN;
    write_v1(&signature->to_sign, request);
    verdict = compare_v1(signature, key->secret, sha256 ? EVP_sha256() : EVP_sha1());
    return verdict == SLS_VALID && !md5_fits(request, false) ? SLS_BODY_CHANGED : verdict;
}

/* Version 4 */

struct scope {
    char day[16];
    char region[64];
    char text[160]; /* all of it behind the key */
};

/* Credential=<key>/<day>/<region>/sls/aliyun_v4_request,Signature=<hex> */
static bool read_v4(struct sls_signature *signature, const char *text, struct scope *scope)
{
    static const char begin[] = "Credential=";
    static const char end[] = "sls/aliyun_v4_request,Signature=";
    const char *rest = text + strlen(V4 " ");

    if (strncmp(rest, begin, strlen(begin)) != 0)
        return false;
    rest =
        copy_until(rest + strlen(begin), '/', signature->access_key, sizeof(signature->access_key));
    if (rest && !copy_until(rest, ',', scope->text, sizeof(scope->text)))
        return false;
    rest = rest ? copy_until(rest, '/', scope->day, sizeof(scope->day)) : NULL;
    rest = rest ? copy_until(rest, '/', scope->region, sizeof(scope->region)) : NULL;
    if (!rest || strncmp(rest, end, strlen(end)) != 0)
        return false;
    rest += strlen(end);
    snprintf(signature->given, sizeof(signature->given), "%s", rest);
    return strlen(rest) < sizeof(signature->given);
}

static void write_canonical(struct buf *out, const struct request *request, const char *body_hash)
{
    struct sorted headers = {0};
    struct sorted query = {0};

    take_headers(request, true, &headers);
    take_query(request, &query);
    buf_printf(out, "%s\n%s\n", request->method, request->raw_path);
    for (size_t i = 0; i < query.count; i++) {
        buf_printf(out, "%s%s%s", i ? "&" : "", query.items[i].name,
                   *query.items[i].value ? "=" : "");
        http_encode(out, query.items[i].value);
    }
    buf_puts(out, "\n");
    for (size_t i = 0; i < headers.count; i++)
        buf_printf(out, "%s:%s\n", headers.items[i].name, headers.items[i].value);
    buf_puts(out, "\n");
    for (size_t i = 0; i < headers.count; i++)
        buf_printf(out, "%s%s", i ? ";" : "", headers.items[i].name);
    buf_printf(out, "\n%s", body_hash);
}

static enum sls_verdict compare_v4(struct sls_signature *signature, const struct request *request,
                                   const char *secret, const struct scope *scope,
                                   const char *body_hash)
{
    const char *steps[] = {scope->day, scope->region, "sls", "aliyun_v4_request"};
    struct buf canonical = BUF_INIT(TEXT_MAX);
    unsigned char key[512];
    char text[SIGNING_HASH_ROOM];
    int size = snprintf((char *)key, sizeof(key), "aliyun_v4%s", secret);

    if (size < 0 || (size_t)size >= sizeof(key))
        return SLS_MISMATCH;
    write_canonical(&canonical, request, body_hash);
    signing_hash(canonical.data, canonical.size, text);
    buf_release(&canonical);
    buf_printf(&signature->to_sign, "%s\n%s\n%s\n%s", V4, header(request, "x-log-date"),
               scope->text, text);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        signing_hmac(key, (size_t)size, steps[i], key);
        size = SIGNING_HASH_SIZE;
    }
    signing_hmac(key, (size_t)size, signature->to_sign.data, key);
    signing_hex(key, text);
    return is_same(text, signature->given) ? SLS_VALID : SLS_MISMATCH;
}

static enum sls_verdict verify_v4(struct sls_signature *signature, const struct request *request,
                                  const struct sls_rules *rules)
{
    const char *date = header(request, "x-log-date");
    char body_hash[SIGNING_HASH_ROOM];
    const struct signing_key *key;
    struct scope scope;
    enum sls_verdict verdict;

    if (!read_v4(signature, header(request, "Authorization"), &scope))
        return SLS_UNREADABLE;
    verdict = check_date(date, "%Y%m%dT%H%M%SZ", rules->now_ms);
    if (verdict != SLS_VALID)
        return verdict;
    if (strncmp(scope.day, date, 8) != 0 || strlen(scope.day) != 8)
        return SLS_DATE_OFF;
    key = signing_key_find(rules->keys, rules->key_count, signature->access_key);
    if (!key)
        return SLS_KEY_UNKNOWN;
    if (rules->region && strcmp(rules->region, scope.region) != 0)
        return SLS_MISMATCH;
    signing_hash(request->body.data, request->body.size, body_hash);
    if (strcmp(header(request, "x-log-content-sha256"), body_hash) != 0 || !md5_fits(request, true))
        return SLS_BODY_CHANGED;
    return compare_v4(signature, request, key->secret, &scope, body_hash);
}

/* Both */

/* A temporary key has a token that must come with it; a permanent one has none. */
static bool token_fits(const struct sls_signature *signature, const struct request *request,
                       const struct sls_rules *rules)
{
    const struct signing_key *key =
        signing_key_find(rules->keys, rules->key_count, signature->access_key);
    const char *sent = request_header(request, "x-acs-security-token");

    return key->security_token ? sent && !strcmp(sent, key->security_token) : !sent;
}

void sls_signature_verify(struct sls_signature *signature, const struct request *request,
                          const struct sls_rules *rules)
{
    const char *kind = sls_signature_kind(request);

    *signature = (struct sls_signature){.to_sign = BUF_INIT(TEXT_MAX)};
    if (!request_header(request, "Authorization"))
        signature->verdict = SLS_MISSING;
    else if (!strcmp(kind, "none"))
        signature->verdict = SLS_UNREADABLE;
    else if (!strcmp(kind, "v4"))
        signature->verdict = verify_v4(signature, request, rules);
    else
        signature->verdict = verify_v1(signature, request, rules);
    if (signature->verdict == SLS_VALID && !token_fits(signature, request, rules))
        signature->verdict = SLS_TOKEN_WRONG;
}

void sls_signature_release(struct sls_signature *signature)
{
    buf_release(&signature->to_sign);
}
