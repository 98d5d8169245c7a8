/*
 * The signatures against vectors that official signers have printed. Those of v1 and v4 must all
 * pass. Not all official signers agree on all of them: where they do not, listed here, we sign as
 * the SDK for Python does, which printed the vectors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "api/sls/sign.h"
#include "base/when.h"
#include "tests/vectors/vectors.h"

static const struct {
    const char *name;
    const char *variant;
    const char *difference;
} disputed[] = {
    {"update_checkpoint_reserved_and_unicode_consumer", "v4",
     "the signer of the generated SDKs does not encode ( ) ' and !"},
    {"meta_header_excluded_by_some_sdks", "v1",
     "the SDKs for Java, Go and Node sign headers that begin with x-log-meta-"},
    {"meta_header_excluded_by_some_sdks", "v4",
     "the SDK for Java and the signer of the generated SDKs sign headers that begin with "
     "x-log-meta-"},
};

static size_t take_query(const cJSON *vector, struct field fields[static SLS_SIGN_HEADERS_MAX])
{
    const cJSON *pair;
    size_t count = 0;

    cJSON_ArrayForEach(pair, vector_member(vector, "query"))
    {
        assert_true(count < SLS_SIGN_HEADERS_MAX);
        fields[count++] = (struct field){vector_pair(pair, 0), vector_pair(pair, 1)};
    }
    return count;
}

static size_t take_headers(const cJSON *vector, struct field fields[static SLS_SIGN_HEADERS_MAX])
{
    const cJSON *header;
    size_t count = 0;

    cJSON_ArrayForEach(header, vector_member(vector, "headers"))
    {
        assert_true(count < SLS_SIGN_HEADERS_MAX);
        if (strcasecmp(header->string, "Host") != 0)
            fields[count++] = (struct field){header->string, header->valuestring};
    }
    return count;
}

/* All vectors are of the same second, whose date stands in each in the form of its variant. */
static int64_t time_of(const char *date)
{
    int64_t when;

    assert_true(!strcmp(date, "Tue, 19 Mar 2024 03:16:51 GMT") ||
                !strcmp(date, "20240319T031651Z"));
    assert_int_equal(when_parse("2024-03-19T03:16:51Z", 0, &when), 0);
    return when;
}

static const char *added_header(const struct sls_signed *result, const char *name)
{
    for (size_t i = 0; i < result->header_count; i++) {
        if (!strcasecmp(result->headers[i].name, name))
            return result->headers[i].value;
    }
    return NULL;
}

/* Every header that we add has the value that the official signer gave it. */
static void check_headers(const cJSON *vector, const struct sls_signed *result)
{
    const cJSON *expected =
        vector_member(vector_member(vector, "expected"), "headers_added_by_signer");
    const cJSON *header;

    cJSON_ArrayForEach(header, expected)
    {
        const char *value = added_header(result, header->string);

        if (value)
            assert_string_equal(value, header->valuestring);
    }
    assert_non_null(added_header(result, "Authorization"));
}

static void check(const cJSON *vector, enum sls_signature signature)
{
    struct field query[SLS_SIGN_HEADERS_MAX];
    struct field headers[SLS_SIGN_HEADERS_MAX];
    const char *body = vector_text(vector, "body");
    struct sls_sign_request request = {.method = vector_text(vector, "method"),
                                       .host = vector_text(vector, "host"),
                                       .path = vector_text(vector, "path"),
                                       .query = query,
                                       .query_count = take_query(vector, query),
                                       .headers = headers,
                                       .header_count = take_headers(vector, headers),
                                       .body = body,
                                       .body_size = body ? strlen(body) : 0,
                                       .time = time_of(vector_text(vector, "date"))};
    struct sls_key key = {.signature = signature,
                          .access = vector_text(vector, "access_key"),
                          .secret = vector_text(vector, "secret_key"),
                          .security_token = vector_text(vector, "security_token"),
                          .region = vector_text(vector, "region")};
    const cJSON *expected = vector_member(vector, "expected");
    struct sls_signed result;

    /* Again, with the derived key that was kept. */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sls_sign(&key, &request, &result), 0);
        assert_string_equal(result.string_to_sign.data, vector_text(expected, "string_to_sign"));
        assert_string_equal(result.authorization.data, vector_text(expected, "authorization"));
        check_headers(vector, &result);
        sls_signed_release(&result);
    }
}

static size_t count_disputed(const cJSON *vector)
{
    if (!cJSON_GetArraySize(vector_member(vector, "different_result_from")))
        return 0;
    for (size_t i = 0; i < sizeof(disputed) / sizeof(disputed[0]); i++) {
        if (!strcmp(disputed[i].name, vector_text(vector, "name")) &&
            !strcmp(disputed[i].variant, vector_text(vector, "variant")))
            return 1;
    }
    fail_msg("signers differ on %s, which is not listed", vector_text(vector, "name"));
    return 0;
}

/* The variant of v1 with SHA-256 is one that only generated SDKs make, so we do not. */
static void test_vectors(void **state)
{
    cJSON *root = vectors_read(VECTORS "/sls-signing.json");
    const cJSON *vector;
    size_t v1 = 0;
    size_t v4 = 0;
    size_t differing = 0;

    (void)state;
    cJSON_ArrayForEach(vector, vector_member(root, "vectors"))
    {
        const char *variant = vector_text(vector, "variant");
        bool is_v4 = !strcmp(variant, "v4");

        if (!strcmp(variant, "v1-hmac-sha256"))
            continue;
        v1 += !is_v4;
        v4 += is_v4;
        check(vector, is_v4 ? SLS_V4 : SLS_V1);
        differing += count_disputed(vector);
    }
    assert_int_equal(v1, 18);
    assert_int_equal(v4, 18);
    assert_int_equal(differing, sizeof(disputed) / sizeof(disputed[0]));
    cJSON_Delete(root);
}

/* The key that is kept is of one day. */
static void test_another_day(void **state)
{
    struct sls_key key = {.signature = SLS_V4, .access = "a", .secret = "s", .region = "r"};
    struct sls_key fresh = key;
    struct sls_sign_request request = {.method = "GET", .host = "h", .path = "/logstores"};
    struct sls_signed result;
    struct sls_signed expected;

    (void)state;
    request.time = INT64_C(1700000000000000000);
    assert_int_equal(sls_sign(&key, &request, &result), 0);
    sls_signed_release(&result);
    request.time += INT64_C(86400000000000);
    assert_int_equal(sls_sign(&key, &request, &result), 0);
    assert_int_equal(sls_sign(&fresh, &request, &expected), 0);
    assert_string_equal(result.authorization.data, expected.authorization.data);
    sls_signed_release(&result);
    sls_signed_release(&expected);
}

static void test_too_many_headers(void **state)
{
    struct field headers[40];
    struct sls_key key = {.signature = SLS_V1, .access = "a", .secret = "s"};
    struct sls_sign_request request = {.method = "GET",
                                       .host = "h",
                                       .path = "/",
                                       .headers = headers,
                                       .header_count = sizeof(headers) / sizeof(headers[0])};
    struct sls_signed result;

    (void)state;
    for (size_t i = 0; i < request.header_count; i++)
        headers[i] = (struct field){"x-log-much", "1"};
    assert_true(sls_sign(&key, &request, &result) < 0);
    sls_signed_release(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_another_day),
        cmocka_unit_test(test_too_many_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
