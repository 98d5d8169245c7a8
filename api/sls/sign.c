#include "api/sls/sign.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/base64.h"

#define CANONICAL_MAX (1UL << 20)
#define MD5_SIZE      16
#define SHA1_SIZE     20
#define SORTED_MAX    (2UL * SLS_SIGN_HEADERS_MAX)

/* The headers of a request in the order in which they are signed, with names in lower case. */
struct sorted {
    struct field fields[SORTED_MAX];
    char names[SORTED_MAX][64];
    size_t count;
};

static bool begins(const char *name, const char *prefix)
{
    return !strncasecmp(name, prefix, strlen(prefix));
}

static bool is_signed(const char *name, enum sls_signature signature)
{
    if (begins(name, "x-log-meta-"))
        return false;
    if (begins(name, "x-log-") || begins(name, "x-acs-"))
        return true;
    return signature == SLS_V4 && (!strcasecmp(name, "content-type") || !strcasecmp(name, "host"));
}

static int add_sorted(struct sorted *sorted, const struct field *field,
                      enum sls_signature signature)
{
    size_t length = strlen(field->name);
    char *name;

    if (!is_signed(field->name, signature))
        return 0;
    if (sorted->count == SORTED_MAX || length >= sizeof(sorted->names[0]))
        return -EFBIG;
    name = sorted->names[sorted->count];
    for (size_t i = 0; i <= length; i++)
        name[i] = (char)tolower((unsigned char)field->name[i]);
    sorted->fields[sorted->count++] = (struct field){name, field->value};
    return 0;
}

/* All headers that are signed: the request's, those that the signature added, and in v4 the host.
 */
static int sort_headers(const struct sls_sign_request *request, const struct sls_signed *added,
                        enum sls_signature signature, struct sorted *sorted)
{
    const struct field host = {"host", request->host};
    int status = add_sorted(sorted, &host, signature);

    for (size_t i = 0; !status && i < request->header_count; i++)
        status = add_sorted(sorted, &request->headers[i], signature);
    for (size_t i = 0; !status && i < added->header_count; i++)
        status = add_sorted(sorted, &added->headers[i], signature);
    fields_sort(sorted->fields, sorted->count);
    return status;
}

static int sort_query(const struct sls_sign_request *request, struct sorted *sorted)
{
    if (request->query_count > SLS_SIGN_HEADERS_MAX)
        return -EFBIG;
    for (size_t i = 0; i < request->query_count; i++)
        sorted->fields[sorted->count++] = request->query[i];
    fields_sort(sorted->fields, sorted->count);
    return 0;
}

static void add_header(struct sls_signed *result, const char *name, const char *value)
{
    result->headers[result->header_count++] = (struct field){name, value};
}

static const char *header_of(const struct sls_sign_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (!strcasecmp(request->headers[i].name, name))
            return request->headers[i].value;
    }
    return "";
}

/* Version 1 */

/* The MD5 of a body in upper-case hexadecimal; "" without a body. */
static int hash_body_v1(const struct sls_sign_request *request, struct sls_signed *result)
{
    unsigned char hash[MD5_SIZE];

    if (!request->body_size)
        return 0;
    if (!EVP_Digest(request->body, request->body_size, hash, NULL, EVP_md5(), NULL))
        return -ENOMEM;
    for (size_t i = 0; i < MD5_SIZE; i++)
        snprintf(result->body_hash + 2 * i, 3, "%02X", hash[i]);
    add_header(result, "Content-MD5", result->body_hash);
    return 0;
}

static void format_date_v1(int64_t when, struct sls_signed *result)
{
    time_t seconds = (time_t)(when / 1000000000);
    struct tm broken;

    gmtime_r(&seconds, &broken);
    strftime(result->date, sizeof(result->date), "%a, %d %b %Y %H:%M:%S GMT", &broken);
}

/* The query's values are signed as they are meant, not as they are sent. */
static int write_v1(const struct sls_sign_request *request, struct sls_signed *result)
{
    struct buf *text = &result->string_to_sign;
    struct sorted headers = {0};
    struct sorted query = {0};
    int status = sort_headers(request, result, SLS_V1, &headers);

    if (!status)
        status = sort_query(request, &query);
    buf_puts_all(text, request->method, "\n", result->body_hash, "\n",
                 header_of(request, "Content-Type"), "\n", result->date, "\n");
    for (size_t i = 0; i < headers.count; i++)
        buf_puts_all(text, headers.fields[i].name, ":", headers.fields[i].value, "\n");
    buf_puts(text, request->path);
    for (size_t i = 0; i < query.count; i++)
        buf_puts_all(text, i ? "&" : "?", query.fields[i].name, "=", query.fields[i].value);
    return status ? status : buf_error(text);
}

static int sign_v1(const struct sls_key *key, const struct sls_sign_request *request,
                   struct sls_signed *result)
{
    unsigned char hash[SHA1_SIZE];
    char encoded[BASE64_ROOM(SHA1_SIZE)];
    int status;

    format_date_v1(request->time, result);
    add_header(result, "Date", result->date);
    add_header(result, "x-log-signaturemethod", "hmac-sha1");
    status = hash_body_v1(request, result);
    if (!status)
        status = write_v1(request, result);
    if (status)
        return status;
    if (!HMAC(EVP_sha1(), key->secret, (int)strlen(key->secret),
              (const unsigned char *)result->string_to_sign.data, result->string_to_sign.size, hash,
              NULL))
        return -ENOMEM;
    base64_encode(hash, sizeof(hash), encoded);
    buf_puts_all(&result->authorization, "LOG ", key->access, ":", encoded);
    return 0;
}

/* Version 4 */

/* Names are not encoded, values are, and an empty one loses its '='. */
static void add_query_v4(const struct sorted *query, struct buf *text)
{
    for (size_t i = 0; i < query->count; i++) {
        const char *value = query->fields[i].value;

        buf_puts_all(text, i ? "&" : "", query->fields[i].name, *value ? "=" : "");
        field_encode(text, value);
    }
}

static int write_canonical_v4(const struct sls_sign_request *request,
                              const struct sls_signed *result, struct buf *text)
{
    struct sorted headers = {0};
    struct sorted query = {0};
    int status = sort_headers(request, result, SLS_V4, &headers);

    if (!status)
        status = sort_query(request, &query);
    buf_puts_all(text, request->method, "\n", request->path, "\n");
    add_query_v4(&query, text);
    buf_puts(text, "\n");
    for (size_t i = 0; i < headers.count; i++)
        buf_puts_all(text, headers.fields[i].name, ":", headers.fields[i].value, "\n");
    buf_puts(text, "\n");
    for (size_t i = 0; i < headers.count; i++)
        buf_puts_all(text, i ? ";" : "", headers.fields[i].name);
    buf_puts_all(text, "\n", result->body_hash);
    return status ? status : buf_error(text);
}

static int write_v4(const struct sls_sign_request *request, const char *scope,
                    struct sls_signed *result)
{
    struct buf canonical = BUF_INIT(CANONICAL_MAX);
    int status = write_canonical_v4(request, result, &canonical);

    buf_puts_all(&result->string_to_sign, "SLS4-HMAC-SHA256\n", result->date, "\n", scope, "\n");
    if (!status)
        status = digest_add_sha256(&result->string_to_sign, canonical.data, canonical.size);
    OPENSSL_cleanse(canonical.data, canonical.size);
    buf_release(&canonical);
    return status ? status : buf_error(&result->string_to_sign);
}

static int sls_derive_key(struct sls_key *key, const char *day)
{
    const char *const parts[] = {day, key->region, "sls", "aliyun_v4_request", NULL};
    int status = 0;

    if (strcmp(key->derived.day, day) != 0)
        status = digest_derive("aliyun_v4", key->secret, parts, key->derived.key);
    if (!status)
        memcpy(key->derived.day, day, sizeof(key->derived.day));
    return status;
}

static int hash_body_v4(const struct sls_sign_request *request, struct sls_signed *result)
{
    struct buf hash = BUF_INIT(sizeof(result->body_hash));
    int status = digest_add_sha256(&hash, request->body ? request->body : "", request->body_size);

    snprintf(result->body_hash, sizeof(result->body_hash), "%s", hash.data);
    buf_release(&hash);
    return status;
}

static int sign_v4(struct sls_key *key, const struct sls_sign_request *request,
                   struct sls_signed *result)
{
    unsigned char signature[DIGEST_SIZE];
    char date[DIGEST_DATE_ROOM];
    char scope[256];
    char day[9];
    int status = hash_body_v4(request, result);

    digest_date(request->time, date);
    snprintf(result->date, sizeof(result->date), "%s", date);
    snprintf(day, sizeof(day), "%.8s", date);
    snprintf(scope, sizeof(scope), "%s/%.200s/sls/aliyun_v4_request", day, key->region);
    add_header(result, "x-log-date", result->date);
    add_header(result, "x-log-content-sha256", result->body_hash);
    if (!status)
        status = write_v4(request, scope, result);
    if (!status)
        status = sls_derive_key(key, day);
    if (!status)
        status = digest_hmac(key->derived.key, DIGEST_SIZE, result->string_to_sign.data, signature);
    if (status)
        return status;
    buf_puts_all(&result->authorization, "SLS4-HMAC-SHA256 Credential=", key->access, "/", scope,
                 ",Signature=");
    digest_add_hex(&result->authorization, signature, sizeof(signature));
    return 0;
}

int sls_sign(struct sls_key *key, const struct sls_sign_request *request, struct sls_signed *result)
{
    int status;

    *result = (struct sls_signed){.authorization = BUF_INIT(SLS_AUTHORIZATION_MAX),
                                  .string_to_sign = BUF_INIT(CANONICAL_MAX)};
    if (key->security_token)
        add_header(result, "x-acs-security-token", key->security_token);
    status =
        key->signature == SLS_V4 ? sign_v4(key, request, result) : sign_v1(key, request, result);
    if (!status)
        status = buf_error(&result->authorization);
    if (!status)
        add_header(result, "Authorization", result->authorization.data);
    return status;
}

void sls_signed_release(struct sls_signed *result)
{
    OPENSSL_cleanse(result->string_to_sign.data, result->string_to_sign.size);
    buf_release(&result->string_to_sign);
    buf_release(&result->authorization);
}
