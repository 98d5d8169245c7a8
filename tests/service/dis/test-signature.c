#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/service/common/memory.h"
#include "tests/service/common/vector-request.h"
#include "tests/service/dis/signature.h"

/*
 * The signatures of official clients, as recorded in the vectors, must verify, and must not after
 * anything in the request changed. Vectors that official clients disagree about are listed as
 * skipped.
 */

static cJSON *vectors;

static const char *text_of(const cJSON *vector, const char *name)
{
    const char *text = vector_text(vector, name);

    assert_non_null(text);
    return text;
}

static void make_request(struct request *request, const cJSON *vector)
{
    const char *body = text_of(vector, "body");
    const cJSON *header;

    request_init(request);
    request_set_method(request, text_of(vector, "method"));
    vector_set_target(request, vector);
    cJSON_ArrayForEach(header, vector_member(vector, "headers"))
        pairs_add(&request->headers, header->string, header->valuestring);
    pairs_add(&request->headers, "Authorization", text_of(vector, "authorization"));
    buf_puts(&request->body, body);
    assert_false(request->malformed);
}

static int64_t time_of(const cJSON *vector)
{
    struct tm broken = {0};

    assert_non_null(strptime(text_of(vector, "date"), "%Y%m%dT%H%M%SZ", &broken));
    return (int64_t)timegm(&broken) * 1000;
}

/* The verdict on a request that is dated as the vector, for that secret, so much later. */
static enum signature_verdict judge(const struct request *request, const cJSON *vector,
                                    const char *secret, int64_t later_ms)
{
    const char *token = text_of(vector, "security_token");
    struct signing_key key = {
        .access = must_strdup(text_of(vector, "access_key")),
        .secret = must_strdup(secret),
        .security_token = *token ? must_strdup(token) : NULL,
    };
    struct signature_rules rules = {
        .keys = &key,
        .key_count = 1,
        .service = "dis",
        .now_ms = time_of(vector) + later_ms,
    };
    struct signature signature;
    enum signature_verdict verdict;

    signature_verify(&signature, request, &rules);
    verdict = signature.verdict;
    if (verdict == SIGNATURE_VALID &&
        strcmp(signature.canonical.data, text_of(vector, "canonical_request")) != 0)
        fail_msg("%s: valid, by another canonical request", text_of(vector, "name"));
    signature_release(&signature);
    free(key.access);
    free(key.secret);
    free(key.security_token);
    return verdict;
}

static enum signature_verdict judge_vector(const cJSON *vector)
{
    struct request request;
    enum signature_verdict verdict;

    make_request(&request, vector);
    verdict = judge(&request, vector, text_of(vector, "secret_key"), 0);
    request_clear(&request);
    return verdict;
}

/* Why a vector is not among those that must verify; NULL when it is. */
static const char *reason_to_skip(const cJSON *vector)
{
    const char *variant = text_of(vector, "variant");
    const cJSON *quirk = vector_member(vector, "quirk");

    if (strcmp(variant, "access") != 0 && strcmp(variant, "credential") != 0)
        return "a variant that is not served";
    if (cJSON_IsString(quirk) && *quirk->valuestring)
        return quirk->valuestring;
    if (!cJSON_GetArraySize(vector_member(vector, "cross_checked_by")))
        return "no second client printed it";
    return NULL;
}

static int load(void **state)
{
    (void)state;
    vectors = vectors_read(VECTORS);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    cJSON_Delete(vectors);
    return 0;
}

static void undisputed_vectors_verify(void **state)
{
    const cJSON *vector;
    int verified = 0;
    int skipped = 0;

    (void)state;
    cJSON_ArrayForEach(vector, vector_member(vectors, "vectors"))
    {
        const char *reason = reason_to_skip(vector);

        if (reason) {
            print_message("skipped %s (%s here): %s\n", text_of(vector, "name"),
                          signature_verdict_text(judge_vector(vector)), reason);
            skipped++;
            continue;
        }
        if (judge_vector(vector) != SIGNATURE_VALID)
            fail_msg("%s does not verify", text_of(vector, "name"));
        verified++;
    }
    print_message("%d verified, %d skipped\n", verified, skipped);
    assert_true(verified >= 14);
}

/* One official client leaves region and service of the scope empty; the service takes that. */
static void empty_scopes_verify(void **state)
{
    const cJSON *vector;
    int verified = 0;

    (void)state;
    cJSON_ArrayForEach(vector, vector_member(vectors, "vectors"))
    {
        if (strncmp(text_of(vector, "name"), "credential-otc-emptyscope-", 26) != 0)
            continue;
        if (judge_vector(vector) != SIGNATURE_VALID)
            fail_msg("%s does not verify", text_of(vector, "name"));
        verified++;
    }
    assert_true(verified > 0);
}

typedef void change(struct request *request);

static void change_query(struct request *request)
{
    if (request->query.count)
        request->query.items[0].value[0] ^= 1;
    else
        pairs_add(&request->query, "limit", "1");
}

static void add_empty_query(struct request *request)
{
    pairs_add(&request->query, "zz", "");
}

static void change_body(struct request *request)
{
    buf_puts(&request->body, " ");
}

static void change_path(struct request *request)
{
    free(request->raw_path);
    request->raw_path = must_strdup("/v2/another/apps");
}

static void change_method(struct request *request)
{
    request_set_method(request, "PATCH");
}

static void change_host(struct request *request)
{
    for (size_t i = 0; i < request->headers.count; i++)
        if (!strcmp(request->headers.items[i].name, "Host"))
            request->headers.items[i].value[0] ^= 1;
}

static void drop_date(struct request *request)
{
    for (size_t i = 0; i < request->headers.count; i++)
        if (!strcmp(request->headers.items[i].name, "X-Sdk-Date"))
            request->headers.items[i].name[0] = 'Y';
}

static void changed_requests_are_refused(void **state)
{
    static change *const changes[] = {change_query,  add_empty_query, change_body, change_path,
                                      change_method, change_host,     drop_date};
    const cJSON *vector;

    (void)state;
    cJSON_ArrayForEach(vector, vector_member(vectors, "vectors"))
    {
        for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
            struct request request;

            if (reason_to_skip(vector))
                continue;
            make_request(&request, vector);
            changes[i](&request);
            if (judge(&request, vector, text_of(vector, "secret_key"), 0) == SIGNATURE_VALID)
                fail_msg("%s verifies after change %zu", text_of(vector, "name"), i);
            request_clear(&request);
        }
    }
}

static void wrong_keys_and_times_are_refused(void **state)
{
    const int64_t limit = 15LL * 60 * 1000;
    const cJSON *vector;

    (void)state;
    cJSON_ArrayForEach(vector, vector_member(vectors, "vectors"))
    {
        const char *secret = text_of(vector, "secret_key");
        struct request request;

        if (reason_to_skip(vector))
            continue;
        make_request(&request, vector);
        assert_int_equal(judge(&request, vector, "another", 0), SIGNATURE_MISMATCH);
        assert_int_equal(judge(&request, vector, secret, limit), SIGNATURE_VALID);
        assert_int_equal(judge(&request, vector, secret, -limit), SIGNATURE_VALID);
        assert_int_equal(judge(&request, vector, secret, limit + 1), SIGNATURE_DATE_OFF);
        assert_int_equal(judge(&request, vector, secret, -limit - 1), SIGNATURE_DATE_OFF);
        request_clear(&request);
    }
}

/* Judges one Authorization header on the first vector. */
static enum signature_verdict judge_header(const char *authorization)
{
    const cJSON *all = vector_member(vectors, "vectors");
    const cJSON *vector = cJSON_GetArrayItem(all, 0);
    struct request request;
    enum signature_verdict verdict;
    char **value;

    make_request(&request, vector);
    value = &request.headers.items[request.headers.count - 1].value;
    free(*value);
    *value = must_strdup(authorization);
    verdict = judge(&request, vector, text_of(vector, "secret_key"), 0);
    request_clear(&request);
    return verdict;
}

#define KEY  "TESTACCESSKEYID00001"
#define REST ", SignedHeaders=host;x-sdk-date, Signature=00"

static void malformed_headers_are_refused(void **state)
{
    static const struct {
        const char *header;
        enum signature_verdict verdict;
    } cases[] = {
        {"", SIGNATURE_UNREADABLE},
        {"Basic abc", SIGNATURE_UNREADABLE},
        {"SDK-HMAC-SHA256", SIGNATURE_UNREADABLE},
        {"SDK-HMAC-SHA256 ", SIGNATURE_INCOMPLETE},
        {"SDK-HMAC-SHA256 Access=" KEY, SIGNATURE_INCOMPLETE},
        {"SDK-HMAC-SHA256 Access=other" REST, SIGNATURE_KEY_UNKNOWN},
        {"SDK-HMAC-SHA256 Access=" KEY REST, SIGNATURE_MISMATCH},
        {"SDK-HMAC-SHA256 Access=" KEY ", SignedHeaders=host, Signature=00",
         SIGNATURE_DATE_MISSING},
        {"SDK-HMAC-SHA256 Access=" KEY ", SignedHeaders=nothere;x-sdk-date, Signature=00",
         SIGNATURE_HEADER_MISSING},
        {"SDK-HMAC-SHA256 Credential=" KEY REST, SIGNATURE_UNREADABLE},
        {"SDK-HMAC-SHA256 Credential=" KEY "/20260102/r/dis" REST, SIGNATURE_UNREADABLE},
        {"SDK-HMAC-SHA256 Credential=" KEY "/20260102/r/dis/aws4_request" REST,
         SIGNATURE_UNREADABLE},
        {"SDK-HMAC-SHA256 Credential=" KEY "/20260102/r/dis/sdk_request/x" REST,
         SIGNATURE_UNREADABLE},
        {"SDK-HMAC-SHA256 Credential=" KEY "/20260103/r/dis/sdk_request" REST, SIGNATURE_DATE_OFF},
        {"SDK-HMAC-SHA256 Credential=" KEY "/20260102/r/obs/sdk_request" REST,
         SIGNATURE_SCOPE_SERVICE},
        {"SDK-HMAC-SHA256 Credential=" KEY "/20260102/r/dis/sdk_request" REST, SIGNATURE_MISMATCH},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (judge_header(cases[i].header) != cases[i].verdict)
            fail_msg("\"%s\": not %s", cases[i].header, signature_verdict_text(cases[i].verdict));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undisputed_vectors_verify),
        cmocka_unit_test(empty_scopes_verify),
        cmocka_unit_test(changed_requests_are_refused),
        cmocka_unit_test(wrong_keys_and_times_are_refused),
        cmocka_unit_test(malformed_headers_are_refused),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
