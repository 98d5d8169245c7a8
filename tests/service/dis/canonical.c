#include "tests/service/dis/canonical.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/common/memory.h"
#include "tests/service/common/signing.h"

#define SIGNED_MAX 64

struct names {
    char *items[SIGNED_MAX];
    size_t count;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The signed names in lower case and sorted, whatever order they were sent in. */
static void read_names(const char *text, struct names *names)
{
    while (*text && names->count < SIGNED_MAX) {
        size_t size = strcspn(text, ";");
        char *name = must_strndup(text, size);

        for (char *c = name; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        names->items[names->count++] = name;
        text += size;
        text += *text == ';';
    }
    qsort(names->items, names->count, sizeof(names->items[0]), compare_names);
}

static void names_release(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
}

/* Each part of the path decoded and encoded again, and always a slash at the end. */
static void add_path(struct buf *out, const char *raw_path)
{
    while (*raw_path) {
        size_t size = strcspn(raw_path, "/");
        char *part = http_decode(raw_path, size, false);

        if (part)
            http_encode(out, part);
        free(part);
        raw_path += size;
        if (*raw_path == '/')
            raw_path++;
        buf_puts(out, "/");
    }
    if (!out->size || out->data[out->size - 1] != '/')
        buf_puts(out, "/");
}

/* The access variant sorts what was meant, ... */
static int compare_decoded(const void *a, const void *b)
{
    const struct pair *left = a;
    const struct pair *right = b;
    int order = strcmp(left->name, right->name);

    return order ? order : strcmp(left->value, right->value);
}

/* ... the credential variant what is written. */
static int compare_encoded(const void *a, const void *b)
{
    const struct pair *sides[2] = {a, b};
    struct buf text[2] = {BUF_INIT(CANONICAL_MAX), BUF_INIT(CANONICAL_MAX)};
    int order;

    for (int i = 0; i < 2; i++) {
        http_encode(&text[i], sides[i]->name);
        buf_puts(&text[i], "\n");
        http_encode(&text[i], sides[i]->value);
    }
    order = strcmp(text[0].data, text[1].data);
    buf_release(&text[0]);
    buf_release(&text[1]);
    return order;
}

static void add_query(struct buf *out, const struct request *request,
                      enum signature_variant variant)
{
    size_t count = request->query.count;
    struct pair *sorted = must_calloc(count, sizeof(*sorted));

    for (size_t i = 0; i < count; i++)
        sorted[i] = request->query.items[i];
    qsort(sorted, count, sizeof(*sorted),
          variant == SIGNATURE_ACCESS ? compare_decoded : compare_encoded);
    for (size_t i = 0; i < count; i++) {
        buf_puts(out, i ? "&" : "");
        http_encode(out, sorted[i].name);
        buf_puts(out, "=");
        http_encode(out, sorted[i].value);
    }
    free(sorted);
}

/* The value without blanks around it; the credential variant also joins runs of them inside. */
static void add_value(struct buf *out, const char *value, enum signature_variant variant)
{
    size_t end = strlen(value);

    while (end && isspace((unsigned char)value[end - 1]))
        end--;
    for (size_t i = strspn(value, " \t"); i < end; i++) {
        bool blank = isspace((unsigned char)value[i]);

        if (variant == SIGNATURE_ACCESS || !blank)
            buf_add(out, value + i, 1);
        else if (!isspace((unsigned char)value[i - 1]))
            buf_puts(out, " ");
    }
}

/* The name is in lower case. A header that came twice is taken at its first value; what the service
 * does then is not known. */
static void add_header(struct buf *out, const char *name, const struct request *request,
                       const struct canonical_form *form)
{
    const char *value = request_header(request, name);
    char *host = NULL;

    if (form->host_without_port && !strcmp(name, "host"))
        value = host = must_strndup(value, strcspn(value, ":"));
    buf_printf(out, "%s:", name);
    add_value(out, value, form->variant);
    buf_puts(out, "\n");
    free(host);
}

/*
 * The hash that closes the canonical request. The access variant takes X-Sdk-Content-Sha256 as it
 * came, but not one that contradicts the body: an assumption, as is that the credential variant
 * does not look at it, which one official client needs.
 */
static enum signature_verdict add_body(struct buf *out, const struct request *request,
                                       enum signature_variant variant)
{
    const char *sent = request_header(request, "X-Sdk-Content-Sha256");
    char actual[SIGNING_HASH_ROOM];

    signing_hash(request->body.data, request->body.size, actual);
    if (!sent || variant == SIGNATURE_CREDENTIAL)
        sent = actual;
    buf_puts(out, sent);
    return strcmp(sent, actual) != 0 && strcmp(sent, "UNSIGNED-PAYLOAD") != 0
               ? SIGNATURE_BODY_CHANGED
               : SIGNATURE_VALID;
}

static enum signature_verdict add_headers(struct buf *out, const struct request *request,
                                          const struct names *names,
                                          const struct canonical_form *form)
{
    bool date_signed = false;

    for (size_t i = 0; i < names->count; i++) {
        if (!request_header(request, names->items[i]))
            return SIGNATURE_HEADER_MISSING;
        date_signed |= !strcmp(names->items[i], "x-sdk-date");
        add_header(out, names->items[i], request, form);
    }
    for (size_t i = 0; i < names->count; i++)
        buf_printf(out, "%s%s", i ? ";" : "\n", names->items[i]);
    buf_puts(out, "\n");
    return date_signed ? SIGNATURE_VALID : SIGNATURE_DATE_MISSING;
}

enum signature_verdict canonical_build(struct buf *out, const struct request *request,
                                       const struct canonical_form *form)
{
    struct names names = {0};
    enum signature_verdict verdict;

    read_names(form->signed_headers, &names);
    buf_printf(out, "%s\n", request->method);
    add_path(out, request->raw_path);
    buf_puts(out, "\n");
    add_query(out, request, form->variant);
    buf_puts(out, "\n");
    verdict = add_headers(out, request, &names, form);
    if (verdict == SIGNATURE_VALID)
        verdict = add_body(out, request, form->variant);
    names_release(&names);
    return verdict;
}
