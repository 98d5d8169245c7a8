#include "api/dis/sign.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#define ALGORITHM     "SDK-HMAC-SHA256"
#define CANONICAL_MAX (1UL << 20)

/* Room for most, without growing. */
#define CANONICAL_USUAL     1000
#define AUTHORIZATION_USUAL 250

/* A field in the form, and with the keys, that it is sorted by. */
struct entry {
    const char *first;
    const char *second;
    struct buf name;
    struct buf value;
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = a;
    const struct entry *right = b;
    int order = strcmp(left->first, right->first);

    return order ? order : strcmp(left->second, right->second);
}

static void release_entries(struct entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_release(&entries[i].name);
        OPENSSL_cleanse(entries[i].value.data, entries[i].value.size);
        buf_release(&entries[i].value);
    }
    free(entries);
}

static struct entry *new_entries(size_t count)
{
    struct entry *entries = calloc(count + 1, sizeof(*entries));

    for (size_t i = 0; entries && i < count; i++) {
        buf_init(&entries[i].name, CANONICAL_MAX);
        buf_init(&entries[i].value, CANONICAL_MAX);
    }
    return entries;
}

static int entry_error(const struct entry *entry)
{
    return buf_error(&entry->name) ? buf_error(&entry->name) : buf_error(&entry->value);
}

/* Huawei's newer SDKs sort the fields before they are encoded, DIS's own SDKs afterwards. */
static int add_query(enum dis_signature variant, const struct dis_sign_request *request,
                     struct buf *canonical)
{
    size_t count = request->query_count;
    struct entry *entries = new_entries(count);
    int status = entries ? 0 : -ENOMEM;

    for (size_t i = 0; !status && i < count; i++) {
        const struct field *field = &request->query[i];

        field_encode(&entries[i].name, field->name);
        field_encode(&entries[i].value, field->value);
        entries[i].first = variant == DIS_SIGN_ACCESS ? field->name : entries[i].name.data;
        entries[i].second = variant == DIS_SIGN_ACCESS ? field->value : entries[i].value.data;
        status = entry_error(&entries[i]);
    }
    if (!status)
        qsort(entries, count, sizeof(*entries), compare_entries);
    for (size_t i = 0; !status && i < count; i++)
        buf_puts_all(canonical, i ? "&" : "", entries[i].name.data, "=", entries[i].value.data);
    if (entries)
        release_entries(entries, count);
    return status;
}

static void add_lower(struct buf *text, const char *name)
{
    size_t begin = text->size;

    buf_puts(text, name);
    for (char *c = text->data + begin; *c; c++)
        *c = (char)tolower((unsigned char)*c);
}

static void add_trimmed(struct buf *text, const char *value)
{
    size_t length;

    value += strspn(value, " \t");
    length = strlen(value);
    while (length && strchr(" \t", value[length - 1]))
        length--;
    buf_add(text, value, length);
}

static int set_header_entry(struct entry *entry, const char *name, const char *value)
{
    add_lower(&entry->name, name);
    add_trimmed(&entry->value, value);
    entry->first = entry->name.data;
    entry->second = "";
    return entry_error(entry);
}

/* Adds the lines of the headers, and their names joined by ';'. */
static int add_signed_headers(const struct dis_sign_request *request, const char *date,
                              struct buf *canonical, struct buf *names)
{
    size_t count = request->header_count;
    struct entry *entries = new_entries(count + 2);
    int status = entries ? 0 : -ENOMEM;

    for (size_t i = 0; !status && i < count; i++)
        status = set_header_entry(&entries[i], request->headers[i].name, request->headers[i].value);
    if (!status)
        status = set_header_entry(&entries[count++], "x-sdk-date", date);
    if (!status && request->host)
        status = set_header_entry(&entries[count++], "host", request->host);
    if (!status)
        qsort(entries, count, sizeof(*entries), compare_entries);
    for (size_t i = 0; !status && i < count; i++) {
        buf_puts_all(canonical, entries[i].name.data, ":", entries[i].value.data, "\n");
        buf_puts_all(names, i ? ";" : "", entries[i].name.data);
    }
    if (entries)
        release_entries(entries, request->header_count + 2);
    return status;
}

/* A header that names the body's hash takes its place. */
static int add_body_hash(const struct dis_sign_request *request, struct buf *canonical)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, "X-Sdk-Content-Sha256") != 0)
            continue;
        buf_puts(canonical, request->headers[i].value);
        return 0;
    }
    return digest_add_sha256(canonical, request->body ? request->body : "", request->body_size);
}

int dis_sign_canonical(enum dis_signature variant, const struct dis_sign_request *request,
                       const char *date, struct buf *canonical, struct buf *names)
{
    size_t length = strlen(request->path);
    const char *slash = length && request->path[length - 1] == '/' ? "" : "/";
    int status;

    buf_reserve(canonical, CANONICAL_USUAL);
    buf_puts_all(canonical, request->method, "\n", request->path, slash, "\n");
    status = add_query(variant, request, canonical);
    buf_puts(canonical, "\n");
    if (!status)
        status = add_signed_headers(request, date, canonical, names);
    buf_puts_all(canonical, "\n", names->data, "\n");
    if (!status)
        status = add_body_hash(request, canonical);
    if (!status)
        status = buf_error(canonical);
    return status ? status : buf_error(names);
}

/* Derives the key of a day from the secret, the day, the region and the service. */
static int dis_derive_key(struct dis_key *key, const char *day)
{
    const char *const parts[] = {day, key->region, key->service, "sdk_request", NULL};
    int status = digest_derive("SDK", key->secret, parts, key->derived.key);

    if (!status)
        memcpy(key->derived.day, day, sizeof(key->derived.day));
    return status;
}

static int sign_text(struct dis_key *key, const char *day, const char *text,
                     unsigned char signature[static DIGEST_SIZE])
{
    int status = 0;

    if (key->variant == DIS_SIGN_ACCESS)
        return digest_hmac(key->secret, strlen(key->secret), text, signature);
    if (strcmp(key->derived.day, day) != 0)
        status = dis_derive_key(key, day);
    return status ? status : digest_hmac(key->derived.key, DIGEST_SIZE, text, signature);
}

/* Prints "day/region/service/sdk_request"; nothing in the other variant. */
static void add_scope(const struct dis_key *key, const char *day, struct buf *text)
{
    if (key->variant == DIS_SIGN_CREDENTIAL)
        buf_puts_all(text, day, "/", key->region, "/", key->service, "/sdk_request");
}

static void add_authorization(const struct dis_key *key, const char *day, const char *names,
                              const unsigned char signature[static DIGEST_SIZE],
                              struct buf *authorization)
{
    bool access = key->variant == DIS_SIGN_ACCESS;

    buf_reserve(authorization, AUTHORIZATION_USUAL);
    buf_puts_all(authorization, ALGORITHM, " ", access ? "Access" : "Credential", "=", key->access,
                 access ? "" : "/");
    add_scope(key, day, authorization);
    buf_puts_all(authorization, ", SignedHeaders=", names, ", Signature=");
    digest_add_hex(authorization, signature, DIGEST_SIZE);
}

int dis_sign(struct dis_key *key, const struct dis_sign_request *request,
             char date[static DIGEST_DATE_ROOM], struct buf *authorization)
{
    struct buf canonical = BUF_INIT(CANONICAL_MAX);
    struct buf names = BUF_INIT(DIS_AUTHORIZATION_MAX);
    struct buf text = BUF_INIT(DIS_AUTHORIZATION_MAX);
    unsigned char signature[DIGEST_SIZE];
    char day[9] = "";
    int status;

    digest_date(request->time, date);
    memcpy(day, date, 8);
    status = dis_sign_canonical(key->variant, request, date, &canonical, &names);
    buf_reserve(&text, AUTHORIZATION_USUAL);
    buf_puts_all(&text, ALGORITHM "\n", date, "\n");
    add_scope(key, day, &text);
    buf_puts(&text, key->variant == DIS_SIGN_CREDENTIAL ? "\n" : "");
    if (!status)
        status = digest_add_sha256(&text, canonical.data, canonical.size);
    if (!status)
        status = buf_error(&text);
    if (!status)
        status = sign_text(key, day, text.data, signature);
    if (!status)
        add_authorization(key, day, names.data, signature, authorization);
    OPENSSL_cleanse(canonical.data, canonical.size);
    buf_release(&canonical);
    buf_release(&names);
    buf_release(&text);
    return status ? status : buf_error(authorization);
}
