/*
 * The signatures against vectors that official signers have printed. Those on which the official
 * signers agree must all pass; of the others each is listed here that is not followed, with the
 * reason.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "api/dis/sign.h"
#include "base/when.h"
#include "tests/vectors/vectors.h"

#define FIELDS_MAX 32

/* Dialects of single clients, which the others do not speak. */
static const struct {
    const char *name;
    const char *reason;
} dialects[] = {
    {"credential-header-whitespace-and-case",
     "the DIS SDK for Java leaves one blank where we trim, as the other signers do"},
    {"credential-path-encoding", "the DIS SDK for Java encodes the path twice"},
    {"credential-java-noslash-get-checkpoint",
     "the DIS SDK for Java adds no slash; its own paths always have one"},
    {"credential-java-noslash-delete-app",
     "the DIS SDK for Java adds no slash; its own paths always have one"},
    {"credential-pydis-get-query-empty-value",
     "the DIS SDK for Python leaves out the = of an empty value"},
    {"credential-pydis-get-query-key-order",
     "the DIS SDK for Python sorts names together with their values"},
};

static const char *reason_of(const char *name)
{
    for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
        if (!strcmp(dialects[i].name, name))
            return dialects[i].reason;
    }
    return NULL;
}

static size_t take_query(const cJSON *vector, struct field fields[static FIELDS_MAX])
{
    const cJSON *pair;
    size_t count = 0;

    cJSON_ArrayForEach(pair, vector_member(vector, "query"))
    {
        assert_true(count < FIELDS_MAX);
        fields[count++] = (struct field){vector_pair(pair, 0), vector_pair(pair, 1)};
    }
    return count;
}

/* The signer adds the date and the host itself. */
static size_t take_headers(const cJSON *vector, struct field fields[static FIELDS_MAX],
                           struct dis_sign_request *request)
{
    const cJSON *header;
    size_t count = 0;

    cJSON_ArrayForEach(header, vector_member(vector, "headers"))
    {
        assert_true(count < FIELDS_MAX);
        if (!strcasecmp(header->string, "Host"))
            request->host = header->valuestring;
        else if (strcasecmp(header->string, "X-Sdk-Date") != 0)
            fields[count++] = (struct field){header->string, header->valuestring};
    }
    return count;
}

static int64_t time_of(const char *date)
{
    char text[64];
    int64_t when;

    snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", date, date + 4, date + 6,
             date + 9, date + 11, date + 13);
    assert_int_equal(when_parse(text, 0, &when), 0);
    return when;
}

static bool passes(const cJSON *vector, enum dis_signature variant)
{
    struct field query[FIELDS_MAX];
    struct field headers[FIELDS_MAX];
    struct dis_sign_request request = {.method = vector_text(vector, "method"),
                                       .path = vector_text(vector, "path"),
                                       .query = query,
                                       .headers = headers,
                                       .body = vector_text(vector, "body"),
                                       .time = time_of(vector_text(vector, "date"))};
    struct dis_key key = {.variant = variant,
                          .access = vector_text(vector, "access_key"),
                          .secret = vector_text(vector, "secret_key"),
                          .region = vector_text(vector, "region"),
                          .service = vector_text(vector, "service")};
    struct buf authorization = BUF_INIT(DIS_AUTHORIZATION_MAX);
    char date[DIGEST_DATE_ROOM];
    bool same;

    request.query_count = take_query(vector, query);
    request.header_count = take_headers(vector, headers, &request);
    request.body_size = strlen(request.body);
    assert_int_equal(dis_sign(&key, &request, date, &authorization), 0);
    assert_string_equal(date, vector_text(vector, "date"));
    same = !strcmp(authorization.data, vector_text(vector, "authorization"));
    buf_reset(&authorization);
    /* Again, with the derived key that was kept. */
    assert_int_equal(dis_sign(&key, &request, date, &authorization), 0);
    assert_int_equal(same, !strcmp(authorization.data, vector_text(vector, "authorization")));
    buf_release(&authorization);
    return same;
}

static bool is_undisputed(const cJSON *vector)
{
    return cJSON_GetArraySize(vector_member(vector, "cross_checked_by")) > 0 &&
           !vector_member(vector, "quirk");
}

static void check_variant(const char *name, enum dis_signature variant, int expected)
{
    cJSON *root = vectors_read(VECTORS "/dis-signing.json");
    const cJSON *vector;
    int undisputed = 0;
    int passed = 0;

    cJSON_ArrayForEach(vector, vector_member(root, "vectors"))
    {
        const char *title = vector_text(vector, "name");
        bool pass;

        if (strcmp(vector_text(vector, "variant"), name) != 0)
            continue;
        pass = passes(vector, variant);
        undisputed += is_undisputed(vector);
        passed += pass;
        if (!pass && (is_undisputed(vector) || !reason_of(title)))
            fail_msg("%s has another signature", title);
        if (pass && reason_of(title))
            fail_msg("%s passes and need not be listed", title);
        if (!pass)
            print_message("not followed: %s: %s\n", title, reason_of(title));
    }
    print_message("%s: %d passed, %d of them undisputed\n", name, passed, undisputed);
    assert_int_equal(undisputed, expected);
    cJSON_Delete(root);
}

static void test_access(void **state)
{
    (void)state;
    check_variant("access", DIS_SIGN_ACCESS, 7);
}

static void test_credential(void **state)
{
    (void)state;
    check_variant("credential", DIS_SIGN_CREDENTIAL, 7);
}

static void test_derived_key_follows_the_day(void **state)
{
    struct dis_key key = {.variant = DIS_SIGN_CREDENTIAL,
                          .access = "AK",
                          .secret = "SK",
                          .region = "",
                          .service = ""};
    struct dis_sign_request request = {.method = "GET", .path = "/"};
    struct buf first = BUF_INIT(DIS_AUTHORIZATION_MAX);
    struct buf second = BUF_INIT(DIS_AUTHORIZATION_MAX);
    char date[DIGEST_DATE_ROOM];

    (void)state;
    request.time = time_of("20260102T235959Z");
    assert_int_equal(dis_sign(&key, &request, date, &first), 0);
    assert_string_equal(key.derived.day, "20260102");
    request.time = time_of("20260103T000000Z");
    assert_int_equal(dis_sign(&key, &request, date, &second), 0);
    assert_string_equal(key.derived.day, "20260103");
    assert_string_not_equal(first.data, second.data);
    assert_non_null(strstr(second.data, "Credential=AK/20260103///sdk_request, "));
    buf_release(&first);
    buf_release(&second);
}

static void test_too_long_an_authorization(void **state)
{
    struct dis_key key = {.variant = DIS_SIGN_ACCESS, .access = "AK", .secret = "SK"};
    struct dis_sign_request request = {.method = "GET", .path = "/"};
    struct buf authorization = BUF_INIT(20);
    char date[DIGEST_DATE_ROOM];

    (void)state;
    assert_int_equal(dis_sign(&key, &request, date, &authorization), -EFBIG);
    buf_release(&authorization);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_access),
        cmocka_unit_test(test_credential),
        cmocka_unit_test(test_derived_key_follows_the_day),
        cmocka_unit_test(test_too_long_an_authorization),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
