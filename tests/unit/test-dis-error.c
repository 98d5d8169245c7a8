#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/dis/error.h"

static const struct secrets no_secrets;

/* Of an operation that is done with that status. */
static enum http_verdict judge_for(int success, int status, const char *body,
                                   const struct secrets *secrets, struct error *error)
{
    struct http_answer answer = {.status = status, .body = body, .size = strlen(body)};

    *error = (struct error){0};
    return dis_judge(&answer, success, secrets, error);
}

static enum http_verdict judge(int status, const char *body, const struct secrets *secrets,
                               struct error *error)
{
    return judge_for(200, status, body, secrets, error);
}

static void test_shapes(void **state)
{
    static const struct {
        int status;
        const char *body;
        const char *code;
        const char *message;
        const char *id;
    } cases[] = {
        {400, "{\"errorCode\":\"DIS.4200\",\"message\":\"Invalid request. [x]\"}", "DIS.4200",
         "Invalid request. [x]", ""},
        {400, "{\"error_code\":\"DIS.4332\",\"error_msg\":\"app not found\",\"request_id\":\"r\"}",
         "DIS.4332", "app not found", "r"},
        {401, "{\"error\":{\"message\":\"Unauthorized.\",\"code\":401,\"title\":\"U\"}}", "401",
         "Unauthorized.", ""},
        {400, "{\"code\":\"DIS.4301\",\"error_message\":\"gone\"}", "DIS.4301", "gone", ""},
        {503, "<html>no</html>", "", "the service answered with HTTP 503", ""},
        {404, "", "", "the service answered with HTTP 404, which is not understood", ""},
        {400, "{\"errorCode\":[],\"message\":{}}", "", "the service answered with HTTP 400", ""},
        {400, "[1,2]", "", "the service answered with HTTP 400", ""},
        {302, "", "", "the service answered with HTTP 302, which is not understood", ""},
    };
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_not_equal(judge(cases[i].status, cases[i].body, &no_secrets, &error), HTTP_DONE);
        assert_int_equal(error.http_status, cases[i].status);
        assert_string_equal(error.service_code, cases[i].code);
        assert_string_equal(error.message, cases[i].message);
        assert_string_equal(error.request_id, cases[i].id);
        assert_int_not_equal(error.code, 0);
    }
}

static void test_an_operation_succeeds_by_its_own_status_alone(void **state)
{
    static const int successes[] = {200, 201, 204};
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof(successes) / sizeof(successes[0]); i++) {
        for (int status = 100; status < 400; status++) {
            if (status == successes[i]) {
                assert_int_equal(judge_for(status, status, "", &no_secrets, &error), HTTP_DONE);
                continue;
            }
            assert_int_equal(judge_for(successes[i], status, "", &no_secrets, &error), HTTP_FAILED);
            assert_int_equal(error.code, EBADMSG);
        }
    }
}

/* That a proxy or a portal has said so is told, but not as the service's word, by which the change
 * would be known to have failed. */
static void test_an_error_with_the_status_of_success_is_none_and_no_success(void **state)
{
    static const char *const bodies[] = {
        "{\"errorCode\":\"DIS.4332\",\"message\":\"app not found\"}",
        "{\"error_code\":\"DIS.5250\",\"error_msg\":\"later\"}",
        "{\"sequence_number\":\"-1\",\"metadata\":\"\",\"errorCode\":null}"};
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        assert_int_equal(judge(200, bodies[i], &no_secrets, &error), HTTP_FAILED);
        assert_int_equal(error.code, EBADMSG);
        assert_string_equal(error.service_code, "");
    }
    judge(200, bodies[0], &no_secrets, &error);
    assert_string_equal(error.message, "the service answered with HTTP 200, which is not "
                                       "understood: DIS.4332 app not found");
    /* Of a record that could not be written, say. */
    assert_int_equal(
        judge(200, "{\"records\":[{\"error_code\":\"DIS.4303\"}]}", &no_secrets, &error),
        HTTP_DONE);
}

static void test_what_is_not_there_is_said_by_dis_alone(void **state)
{
    static const struct {
        int status;
        const char *body;
        int code;
    } cases[] = {
        {404, "<html>404 Not Found</html>", EBADMSG},
        {410, "gone", EBADMSG},
        {404, "{\"message\":\"no route\"}", EBADMSG},
        {404, "{\"code\":\"NotFound\",\"message\":\"no route\"}", EBADMSG},
        {404, "{\"error_code\":\"APIGW.0101\",\"error_msg\":\"no such API\"}", EBADMSG},
        {404, "{\"errorCode\":\"404\"}", EBADMSG},
        {302, "{\"errorCode\":\"DIS.4332\"}", EBADMSG},
        {206, "{\"errorCode\":\"DIS.4375\"}", EBADMSG},
        {404, "{\"errorCode\":\"DIS.4332\"}", ENOENT},
        {410, "{\"errorCode\":\"DIS.4301\"}", ENOENT},
        {409, "{\"errorCode\":\"DIS.4330\"}", EEXIST},
        {409, "conflict", EBUSY},
        {407, "<html>proxy</html>", EACCES},
    };
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(judge(cases[i].status, cases[i].body, &no_secrets, &error), HTTP_FAILED);
        if (error.code != cases[i].code)
            fail_msg("%d %s is %s", cases[i].status, cases[i].body, error_name(error.code));
        assert_false(dis_is_without_checkpoint(&error));
        assert_false(error.code == EBADMSG && *error.service_code);
    }
    judge(404, cases[3].body, &no_secrets, &error);
    assert_string_equal(error.message, "the service answered with HTTP 404, which is not "
                                       "understood: NotFound no route");
}

/* A backup believes these. */
static void test_no_status_is_enoent_or_eexist_by_itself(void **state)
{
    struct error error;

    (void)state;
    for (int status = 0; status < 1000; status++) {
        if (status == 200)
            continue;
        judge(status, "", &no_secrets, &error);
        assert_int_not_equal(error.code, ENOENT);
        assert_int_not_equal(error.code, EEXIST);
        assert_int_not_equal(error.code, ENOTEMPTY);
    }
}

static void test_codes(void **state)
{
    static const struct {
        int status;
        int number;
        int code;
        enum http_verdict verdict;
    } cases[] = {
        {441, 4100, EACCES, HTTP_REFUSED},    {441, 4105, EACCES, HTTP_REFUSED},
        {400, 4107, EACCES, HTTP_REFUSED},    {441, 4114, EACCES, HTTP_REFUSED},
        {403, 4116, EACCES, HTTP_FAILED},     {400, 4117, EACCES, HTTP_FAILED},
        {401, 4116, EACCES, HTTP_FAILED},     {441, 4117, EACCES, HTTP_FAILED},
        {500, 4116, EIO, HTTP_BROKEN},        {503, 4117, EIO, HTTP_BROKEN},
        {400, 4200, EINVAL, HTTP_FAILED},     {400, 4201, EINVAL, HTTP_FAILED},
        {400, 4202, EINVAL, HTTP_FAILED},     {400, 4203, EINVAL, HTTP_FAILED},
        {400, 4204, EINVAL, HTTP_FAILED},     {400, 4205, EBUSY, HTTP_FAILED},
        {400, 4208, EINVAL, HTTP_FAILED},     {400, 4209, EINVAL, HTTP_FAILED},
        {400, 4215, EINVAL, HTTP_FAILED},     {400, 4216, EINVAL, HTTP_FAILED},
        {400, 4217, EINVAL, HTTP_FAILED},     {400, 4219, EINVAL, HTTP_FAILED},
        {400, 4224, ERANGE, HTTP_FAILED},     {400, 4225, EINVAL, HTTP_FAILED},
        {400, 4226, ERANGE, HTTP_FAILED},     {400, 4300, EINVAL, HTTP_FAILED},
        {400, 4301, ENOENT, HTTP_FAILED},     {400, 4302, ENOENT, HTTP_FAILED},
        {400, 4303, EBUSY, HTTP_THROTTLED},   {400, 4305, EBUSY, HTTP_THROTTLED},
        {400, 4306, ENOENT, HTTP_FAILED},     {400, 4307, EEXIST, HTTP_FAILED},
        {400, 4308, EDQUOT, HTTP_FAILED},     {400, 4309, EBUSY, HTTP_FAILED},
        {400, 4310, EIO, HTTP_FAILED},        {400, 4319, ENOENT, HTTP_FAILED},
        {400, 4329, EDQUOT, HTTP_FAILED},     {400, 4330, EEXIST, HTTP_FAILED},
        {400, 4331, EBUSY, HTTP_FAILED},      {400, 4332, ENOENT, HTTP_FAILED},
        {400, 4335, EINVAL, HTTP_FAILED},     {400, 4339, EDQUOT, HTTP_FAILED},
        {400, 4341, ENOENT, HTTP_FAILED},     {400, 4345, EINVAL, HTTP_FAILED},
        {400, 4350, EINVAL, HTTP_FAILED},     {400, 4354, ENOENT, HTTP_FAILED},
        {400, 4355, EEXIST, HTTP_FAILED},     {400, 4357, EDQUOT, HTTP_FAILED},
        {400, 4360, EINVAL, HTTP_FAILED},     {400, 4375, ENOENT, HTTP_FAILED},
        {400, 4601, EDQUOT, HTTP_FAILED},     {400, 4602, EINVAL, HTTP_FAILED},
        {400, 4605, EOPNOTSUPP, HTTP_FAILED}, {400, 4701, EBUSY, HTTP_FAILED},
        {400, 4702, ENOENT, HTTP_FAILED},     {400, 4703, EBUSY, HTTP_FAILED},
        {500, 5000, EIO, HTTP_BROKEN},        {400, 5250, EIO, HTTP_BROKEN},
        {429, 4303, EBUSY, HTTP_THROTTLED},   {401, 4332, EACCES, HTTP_REFUSED},
        {503, 4332, EIO, HTTP_BROKEN},
    };
    char body[100];
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(body, sizeof(body), "{\"errorCode\":\"DIS.%d\",\"message\":\"m\"}",
                 cases[i].number);
        if (judge(cases[i].status, body, &no_secrets, &error) != cases[i].verdict ||
            error.code != cases[i].code)
            fail_msg("DIS.%d with %d is %s", cases[i].number, cases[i].status,
                     error_name(error.code));
    }
}

static void test_statuses_without_a_code(void **state)
{
    static const struct {
        int status;
        int code;
        enum http_verdict verdict;
    } cases[] = {
        {301, EBADMSG, HTTP_FAILED}, {400, EINVAL, HTTP_FAILED},   {401, EACCES, HTTP_REFUSED},
        {403, EACCES, HTTP_FAILED},  {404, EBADMSG, HTTP_FAILED},  {410, EBADMSG, HTTP_FAILED},
        {413, EINVAL, HTTP_FAILED},  {429, EBUSY, HTTP_THROTTLED}, {441, EACCES, HTTP_REFUSED},
        {500, EIO, HTTP_BROKEN},     {502, EIO, HTTP_BROKEN},      {503, EIO, HTTP_BROKEN},
        {504, EIO, HTTP_BROKEN},     {99, EBADMSG, HTTP_FAILED}};
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(judge(cases[i].status, "", &no_secrets, &error), cases[i].verdict);
        assert_int_equal(error.code, cases[i].code);
    }
}

static void test_special_errors(void **state)
{
    struct error error;

    (void)state;
    judge(400,
          "{\"errorCode\":\"DIS.4300\",\"message\":\"Request error. [timestamp is expired, "
          "timestamp should be larger than 1545728813434]\"}",
          &no_secrets, &error);
    assert_true(dis_is_too_old(&error));
    judge(400, "{\"errorCode\":\"DIS.4300\",\"message\":\"Request error.\"}", &no_secrets, &error);
    assert_false(dis_is_too_old(&error));
    judge(400, "{\"errorCode\":\"DIS.4309\",\"message\":\"m\"}", &no_secrets, &error);
    assert_true(dis_is_lock_out(&error));
    judge(400, "{\"errorCode\":\"DIS.4375\",\"message\":\"m\"}", &no_secrets, &error);
    assert_true(dis_is_without_checkpoint(&error));
    judge(400, "{\"errorCode\":\"DIS.4225\",\"message\":\"m\"}", &no_secrets, &error);
    assert_true(dis_is_cursor_refused(&error));
    assert_false(dis_is_without_partition(&error));
    judge(400, "{\"errorCode\":\"DIS.4226\",\"message\":\"m\"}", &no_secrets, &error);
    assert_true(dis_is_cursor_refused(&error));
    judge(400, "{\"errorCode\":\"DIS.4224\",\"message\":\"m\"}", &no_secrets, &error);
    assert_false(dis_is_cursor_refused(&error));
    judge(503, "{\"errorCode\":\"DIS.4225\",\"message\":\"m\"}", &no_secrets, &error);
    assert_false(dis_is_cursor_refused(&error));
    judge(400, "{\"errorCode\":\"DIS.4302\",\"message\":\"m\"}", &no_secrets, &error);
    assert_true(dis_is_without_partition(&error));
    judge(400, "{\"errorCode\":\"DIS.4319\",\"message\":\"m\"}", &no_secrets, &error);
    assert_true(dis_is_without_partition(&error));
    judge(400, "{\"errorCode\":\"DIS.4301\",\"message\":\"m\"}", &no_secrets, &error);
    assert_false(dis_is_without_partition(&error));
    /* A service that has failed knows nothing of checkpoints. */
    judge(500, "{\"errorCode\":\"DIS.4375\",\"message\":\"m\"}", &no_secrets, &error);
    assert_false(dis_is_without_checkpoint(&error));
    judge(503, "{\"errorCode\":\"DIS.4301\",\"message\":\"m\"}", &no_secrets, &error);
    assert_false(dis_is_without_stream(&error));
}

static void test_secrets_are_not_repeated(void **state)
{
    static const struct secrets secrets = {{"topSecretKey", NULL, "", "tok+en/1"}};
    struct error error;

    (void)state;
    judge(401,
          "{\"error_code\":\"APIGW.0301\",\"error_msg\":\"verify fail, canonicalRequest:GET|/v2/|"
          "host:h|x-security-token:abc+/=def|x-sdk-date:1| topSecretKey tok+en/1 tok+en/1 "
          "X-Auth-Token: none X-Auth-Token:zzz\"}",
          &secrets, &error);
    assert_null(strstr(error.message, "abc+"));
    assert_null(strstr(error.message, "def"));
    assert_null(strstr(error.message, "topSecretKey"));
    assert_null(strstr(error.message, "tok+en"));
    assert_null(strstr(error.message, "zzz"));
    assert_non_null(strstr(error.message, "|x-sdk-date:1|"));
}

static void test_long_texts_are_cut(void **state)
{
    char body[3000];
    struct error error;

    (void)state;
    snprintf(body, sizeof(body),
             "{\"errorCode\":\"DIS.4200%0500d\",\"message\":\"%01500d\",\"request_id\":\"%0500d\"}",
             1, 2, 3);
    judge(400, body, &no_secrets, &error);
    assert_int_equal(strlen(error.message), sizeof(error.message) - 1);
    assert_int_equal(strlen(error.service_code), sizeof(error.service_code) - 1);
    assert_int_equal(strlen(error.request_id), sizeof(error.request_id) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_an_operation_succeeds_by_its_own_status_alone),
        cmocka_unit_test(test_an_error_with_the_status_of_success_is_none_and_no_success),
        cmocka_unit_test(test_what_is_not_there_is_said_by_dis_alone),
        cmocka_unit_test(test_no_status_is_enoent_or_eexist_by_itself),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_statuses_without_a_code),
        cmocka_unit_test(test_special_errors),
        cmocka_unit_test(test_secrets_are_not_repeated),
        cmocka_unit_test(test_long_texts_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
