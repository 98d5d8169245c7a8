#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "tests/service/common/memory.h"
#include "tests/service/common/vector-request.h"
#include "tests/service/sls/signature.h"

/*
 * The signatures of official clients, as recorded in the vectors, must verify, and must not after
 * anything in the request changed. All were printed by the SDK for Python; where other clients
 * differ from it, which the vectors tell, theirs would not verify.
 */

/* That of all vectors. */
#define DATE_MS INT64_C(1710818211000)

static cJSON *root;

static const char *text_of(const cJSON *vector, const char *name)
{
    const char *text = vector_text(vector, name);

    return text ? text : "";
}

/* What a signer set anew replaces what was there. */
static void add_headers(struct request *request, const cJSON *headers)
{
    const cJSON *header;

    cJSON_ArrayForEach(header, headers)
    {
        if (!request_header(request, header->string))
            pairs_add(&request->headers, header->string, header->valuestring);
    }
}

static void make_request(struct request *request, const cJSON *vector)
{
    request_init(request);
    request_set_method(request, text_of(vector, "method"));
    vector_set_target(request, vector);
    add_headers(request,
                vector_member(vector_member(vector, "expected"), "headers_added_by_signer"));
    add_headers(request, vector_member(vector, "headers"));
    if (!request_header(request, "Authorization"))
        pairs_add(&request->headers, "Authorization",
                  text_of(vector_member(vector, "expected"), "authorization"));
    if (!request_header(request, "Host"))
        pairs_add(&request->headers, "Host", text_of(vector, "host"));
    buf_puts(&request->body, text_of(vector, "body"));
    assert_false(request->malformed);
}

static enum sls_verdict judge(const struct request *request, const cJSON *vector,
                              const char *secret, int64_t later_ms)
{
    const char *token = text_of(vector, "security_token");
    struct signing_key key = {
        .access = must_strdup(text_of(vector, "access_key")),
        .secret = must_strdup(secret),
        .security_token = *token ? must_strdup(token) : NULL,
    };
    struct sls_rules rules = {
        .keys = &key,
        .key_count = 1,
        .now_ms = DATE_MS + later_ms,
    };
    struct sls_signature signature;
    enum sls_verdict verdict;

    sls_signature_verify(&signature, request, &rules);
    verdict = signature.verdict;
    sls_signature_release(&signature);
    free(key.access);
    free(key.secret);
    free(key.security_token);
    return verdict;
}

static void check(const cJSON *vector, const struct request *request, enum sls_verdict expected,
                  const char *what)
{
    enum sls_verdict verdict = judge(request, vector, text_of(vector, "secret_key"), 0);

    if (verdict != expected)
        fail_msg("%s %s, %s: %d", text_of(vector, "name"), text_of(vector, "variant"), what,
                 verdict);
}

static void test_vectors(void **state)
{
    const cJSON *vector;
    int count = 0;

    (void)state;
    cJSON_ArrayForEach(vector, vector_member(root, "vectors"))
    {
        struct request request;

        make_request(&request, vector);
        assert_string_equal(sls_signature_kind(&request),
                            !strcmp(text_of(vector, "variant"), "v1-hmac-sha256")
                                ? "v1-sha256"
                                : text_of(vector, "variant"));
        check(vector, &request, SLS_VALID, "as it is");
        request_clear(&request);
        count++;
    }
    assert_int_equal(count, 39);
}

static void set_header(struct request *request, const char *name, const char *value)
{
    for (size_t i = 0; i < request->headers.count; i++) {
        struct pair *pair = &request->headers.items[i];

        if (strcasecmp(pair->name, name) != 0)
            continue;
        free(pair->value);
        pair->value = must_strdup(value);
        return;
    }
    pairs_add(&request->headers, name, value);
}

/* Each changes something; false when there is nothing to be changed. */
static bool change_method(struct request *request)
{
    request_set_method(request, "PATCH");
    return true;
}

static bool change_path(struct request *request)
{
    request->raw_path[1] = 'x';
    return true;
}

static bool change_query(struct request *request)
{
    if (request->query.count) {
        free(request->query.items[0].value);
        request->query.items[0].value = must_strdup("changed");
    }
    return request->query.count;
}

static bool add_query(struct request *request)
{
    pairs_add(&request->query, "added", "1");
    return true;
}

static bool change_version(struct request *request)
{
    set_header(request, "x-log-apiversion", "0.7.0");
    return true;
}

static bool change_type(struct request *request)
{
    set_header(request, "Content-Type", "text/changed");
    return true;
}

static bool add_log_header(struct request *request)
{
    pairs_add(&request->headers, "x-log-added", "1");
    return true;
}

static bool change_body(struct request *request)
{
    buf_puts(&request->body, " ");
    return true;
}

static void test_changes(void **state)
{
    static const struct {
        const char *name;
        bool (*change)(struct request *request);
    } changes[] = {
        {"another method", change_method},   {"another path", change_path},
        {"another query", change_query},     {"a longer query", add_query},
        {"another version", change_version}, {"another type", change_type},
        {"one header more", add_log_header}, {"another body", change_body},
    };
    const cJSON *vector;

    (void)state;
    cJSON_ArrayForEach(vector, vector_member(root, "vectors"))
    {
        for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
            struct request request;

            make_request(&request, vector);
            if (changes[i].change(&request))
                check(vector, &request,
                      changes[i].change == change_body ? SLS_BODY_CHANGED : SLS_MISMATCH,
                      changes[i].name);
            request_clear(&request);
        }
    }
}

static void test_keys_and_times(void **state)
{
    static const int64_t minute_ms = 60000;
    const cJSON *vector;

    (void)state;
    cJSON_ArrayForEach(vector, vector_member(root, "vectors"))
    {
        const char *secret = text_of(vector, "secret_key");
        struct request request;

        make_request(&request, vector);
        assert_int_equal(judge(&request, vector, "another", 0), SLS_MISMATCH);
        assert_int_equal(judge(&request, vector, secret, 14 * minute_ms), SLS_VALID);
        assert_int_equal(judge(&request, vector, secret, -14 * minute_ms), SLS_VALID);
        assert_int_equal(judge(&request, vector, secret, 16 * minute_ms), SLS_DATE_OFF);
        assert_int_equal(judge(&request, vector, secret, -16 * minute_ms), SLS_DATE_OFF);
        if (*text_of(vector, "security_token")) {
            set_header(&request, "x-acs-security-token", "another");
            assert_int_not_equal(judge(&request, vector, secret, 0), SLS_VALID);
        }
        request_clear(&request);
    }
}

static void test_headers_that_cannot_be_read(void **state)
{
    static const struct {
        const char *text;
        enum sls_verdict verdict;
    } cases[] = {
        {"", SLS_UNREADABLE},
        {"Basic eA==", SLS_UNREADABLE},
        {"LOG ", SLS_UNREADABLE},
        {"LOG key", SLS_UNREADABLE},
        {"LOG key:", SLS_METHOD},
        {"SLS4-HMAC-SHA256 ", SLS_UNREADABLE},
        {"SLS4-HMAC-SHA256 Credential=k", SLS_UNREADABLE},
        {"SLS4-HMAC-SHA256 Credential=k/20240319/r/sls/aliyun_v4_request", SLS_UNREADABLE},
        {"SLS4-HMAC-SHA256 Credential=k/20240319/r/ecs/aliyun_v4_request,Signature=0",
         SLS_UNREADABLE},
        {"SLS4-HMAC-SHA256 Credential=k/20240319/r/sls/aliyun_v4_request,Signature=0",
         SLS_DATE_MISSING},
    };
    const cJSON *vector = vector_member(root, "vectors")->child;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct request request;

        request_init(&request);
        request_set_method(&request, "GET");
        request_set_target(&request, "/logstores");
        pairs_add(&request.headers, "Authorization", cases[i].text);
        check(vector, &request, cases[i].verdict, cases[i].text);
        request_clear(&request);
    }
}

static int load(void **state)
{
    (void)state;
    root = vectors_read(VECTORS);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    cJSON_Delete(root);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_keys_and_times),
        cmocka_unit_test(test_headers_that_cannot_be_read),
    };

    return cmocka_run_group_tests_name("sls-signature", tests, load, unload);
}
