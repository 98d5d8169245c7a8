#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/sls/error.h"

static enum http_verdict judge(int status, const char *body, const struct secrets *secrets,
                               struct error *error)
{
    struct http_answer answer = {.status = status, .body = body, .size = strlen(body)};

    *error = (struct error){0};
    return sls_judge(&answer, secrets, error);
}

static enum http_verdict judge_code(int status, const char *code, struct error *error)
{
    static const struct secrets none;
    char body[256];

    snprintf(body, sizeof(body), "{\"errorCode\":\"%s\",\"errorMessage\":\"Said so.\"}", code);
    return judge(status, body, &none, error);
}

static void test_codes(void **state)
{
    static const struct {
        int status;
        const char *word;
        int code;
        enum http_verdict verdict;
    } cases[] = {
        {400, "RequestTimeExpired", EACCES, HTTP_REFUSED},
        {400, "RequestTimeTooSkewed", EACCES, HTTP_REFUSED},
        {401, "SignatureNotMatch", EACCES, HTTP_REFUSED},
        {403, "SignatureNotMatch", EACCES, HTTP_REFUSED},
        {401, "Unauthorized", EACCES, HTTP_REFUSED},
        {403, "Unauthorized", EACCES, HTTP_REFUSED},
        {401, "InvalidAccessKeyId.NotFound", EACCES, HTTP_REFUSED},
        {401, "SecurityToken.Expired", EACCES, HTTP_REFUSED},
        {400, "SecurityTokenExpired", EACCES, HTTP_REFUSED},
        {401, "NobodyKnows", EACCES, HTTP_REFUSED},
        {403, "ProjectForbidden", EACCES, HTTP_FAILED},
        {404, "ProjectNotExist", ENOENT, HTTP_FAILED},
        {404, "ProjectNotExists", ENOENT, HTTP_FAILED},
        {404, "LogStoreNotExist", ENOENT, HTTP_FAILED},
        {400, "LogStoreWithoutShard", ENOENT, HTTP_FAILED},
        {404, "ConsumerGroupNotExist", ENOENT, HTTP_FAILED},
        {404, "ConsumerNotExist", ENOENT, HTTP_FAILED},
        {404, "ConsumerNotExsit", ENOENT, HTTP_FAILED},
        {404, "ShardNotExist", ENOENT, HTTP_FAILED},
        {400, "ShardNotExist", ENOENT, HTTP_FAILED},
        {400, "ShardNotExsit", ENOENT, HTTP_FAILED},
        {400, "shardnotexist", ENOENT, HTTP_FAILED},
        {400, "ConsumerNotMatch", EBUSY, HTTP_FAILED},
        {403, "ConsumerNotMatch", EBUSY, HTTP_FAILED},
        {400, "ConsumerGroupAlreadyExist", EEXIST, HTTP_FAILED},
        {400, "ConsumerGroupQuotaExceed", EDQUOT, HTTP_FAILED},
        {403, "ConsumerGroupQuotaExceed", EDQUOT, HTTP_FAILED},
        {400, "InvalidCursor", ERANGE, HTTP_FAILED},
        {404, "SLSInvalidCursor", ERANGE, HTTP_FAILED},
        {400, "invalidcursor.Expired", ERANGE, HTTP_FAILED},
        {400, "ShardInvalidCursorExpired", ERANGE, HTTP_FAILED},
        {400, "InvalidShardCheckPoint", EINVAL, HTTP_FAILED},
        {400, "ParameterInvalid", EINVAL, HTTP_FAILED},
        {400, "JsonInfoInvalid", EINVAL, HTTP_FAILED},
        {400, "MissingParameter", EINVAL, HTTP_FAILED},
        {403, "ReadQuotaExceed", EBUSY, HTTP_THROTTLED},
        {403, "WriteQuotaExceed", EBUSY, HTTP_THROTTLED},
        {403, "ShardReadQuotaExceed", EBUSY, HTTP_THROTTLED},
        {403, "MetaOperationQpsLimitExceeded", EBUSY, HTTP_THROTTLED},
        {429, "ServerBusy", EBUSY, HTTP_THROTTLED},
        {403, "SomethingElse", EACCES, HTTP_FAILED},
        {405, "InvalidMethod", EOPNOTSUPP, HTTP_FAILED},
        {500, "InternalServerError", EIO, HTTP_BROKEN},
        {500, "RequestTimeout", EIO, HTTP_BROKEN},
        {503, "ServerBusy", EIO, HTTP_BROKEN},
        /* A failure stays one, whatever it says. */
        {500, "ConsumerGroupNotExist", EIO, HTTP_BROKEN},
    };
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum http_verdict verdict = judge_code(cases[i].status, cases[i].word, &error);

        if (verdict != cases[i].verdict || error.code != cases[i].code)
            fail_msg("%d %s: verdict %d, %s", cases[i].status, cases[i].word, verdict,
                     error_name(error.code));
        assert_string_equal(error.service_code, cases[i].word);
        assert_int_equal(error.http_status, cases[i].status);
    }
}

static void test_shapes(void **state)
{
    static const struct {
        int status;
        const char *body;
        int code;
        const char *message;
    } cases[] = {
        {404, "<html>Powered by AliyunSLS</html>", EBADMSG,
         "the service answered with HTTP 404, which is not understood"},
        {410, "", EBADMSG, "the service answered with HTTP 410, which is not understood"},
        {404, "{\"errorCode\":\"NotFound\",\"errorMessage\":\"no route\"}", EBADMSG,
         "the service answered with HTTP 404, which is not understood: NotFound no route"},
        {404, "{\"code\":404,\"message\":\"no route\"}", EBADMSG,
         "the service answered with HTTP 404, which is not understood: 404 no route"},
        {302, "{\"errorCode\":\"ShardNotExist\",\"errorMessage\":\"\"}", EBADMSG,
         "the service answered with HTTP 302, which is not understood: ShardNotExist"},
        {200, "{\"errorCode\":\"ConsumerGroupNotExist\",\"errorMessage\":\"no\"}", EBADMSG,
         "the service answered with HTTP 200, which is not understood: ConsumerGroupNotExist no"},
        {502, "", EIO, "the service answered with HTTP 502"},
        {400, "[\"errorCode\"]", EINVAL, "the service answered with HTTP 400"},
        {400, "{\"errorCode\":7,\"errorMessage\":{}}", EINVAL,
         "the service answered with HTTP 400"},
        {201, "", EBADMSG, "the service answered with HTTP 201, which is not understood"},
        {204, "", EBADMSG, "the service answered with HTTP 204, which is not understood"},
        {302, "", EBADMSG, "the service answered with HTTP 302, which is not understood"},
    };
    static const struct secrets none;
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_not_equal(judge(cases[i].status, cases[i].body, &none, &error), HTTP_DONE);
        assert_int_equal(error.code, cases[i].code);
        assert_string_equal(error.message, cases[i].message);
    }
    assert_int_equal(judge(200, "", &none, &error), HTTP_DONE);
    assert_int_equal(judge(200, "[{\"errorCode\":\"of a shard\"}]", &none, &error), HTTP_DONE);
}

/* A backup believes these. */
static void test_no_status_is_enoent_or_eexist_by_itself(void **state)
{
    static const struct secrets none;
    struct error error;

    (void)state;
    for (int status = 0; status < 1000; status++) {
        if (status == 200)
            continue;
        judge(status, "", &none, &error);
        assert_int_not_equal(error.code, ENOENT);
        assert_int_not_equal(error.code, EEXIST);
        assert_int_not_equal(error.code, ENOTEMPTY);
    }
}

/* By these a logstore is left out of a list: a proxy's word is not enough. */
static void test_what_only_sls_can_say(void **state)
{
    static const struct secrets none;
    struct error error;

    (void)state;
    judge_code(401, "Unauthorized", &error);
    assert_true(sls_is_not_allowed(&error));
    judge_code(403, "ProjectForbidden", &error);
    assert_true(sls_is_not_allowed(&error));
    judge_code(403, "Blocked", &error);
    assert_false(sls_is_not_allowed(&error));
    judge_code(401, "SecurityTokenExpired", &error);
    assert_false(sls_is_not_allowed(&error));
    judge_code(401, "SignatureNotMatch", &error);
    assert_false(sls_is_not_allowed(&error));
    judge(403, "<html>no</html>", &none, &error);
    assert_false(sls_is_not_allowed(&error));
    judge(407, "", &none, &error);
    assert_false(sls_is_not_allowed(&error));
    judge_code(400, "LogStoreWithoutShard", &error);
    assert_true(sls_is_without_shard(&error));
    judge_code(500, "LogStoreWithoutShard", &error);
    assert_false(sls_is_without_shard(&error));
}

/* What to do stands behind what the service says. */
static void test_advice(void **state)
{
    struct error error;

    (void)state;
    judge_code(400, "ConsumerNotMatch", &error);
    assert_non_null(strstr(error.message, "Said so: another consumer"));
    judge_code(404, "ConsumerNotExist", &error);
    assert_non_null(strstr(error.message, "Said so: the consumer of -o consumer="));
    judge_code(400, "ConsumerGroupQuotaExceed", &error);
    assert_non_null(strstr(error.message, "rmdir"));
}

static void test_no_secret_is_repeated(void **state)
{
    const struct secrets secrets = {{"mistyped-secret", "sts+token"}};
    struct error error;

    (void)state;
    judge(
        401,
        "{\"errorCode\":\"SignatureNotMatch\",\"errorMessage\":\"mistyped-secret and sts+token\"}",
        &secrets, &error);
    assert_string_equal(error.message, "*************** and *********");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_no_status_is_enoent_or_eexist_by_itself),
        cmocka_unit_test(test_what_only_sls_can_say),
        cmocka_unit_test(test_advice),
        cmocka_unit_test(test_no_secret_is_repeated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
