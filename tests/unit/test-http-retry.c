#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/http/endpoint.h"
#include "api/http/retry.h"
#include "base/when.h"

static void test_pauses_grow_to_a_limit(void **state)
{
    (void)state;
    for (unsigned tries = 1; tries < 100; tries++) {
        int64_t most = retry_pause(tries, 0);

        assert_true(most <= 5000);
        assert_true(tries < 6 ? most == 100LL << (tries - 1) : most >= 3200);
        for (uint32_t random = 0; random < 10000; random += 37) {
            int64_t pause = retry_pause(tries, random);

            assert_true(pause <= most && pause >= most / 2);
        }
        assert_true(retry_pause(tries, UINT32_MAX) > 0);
    }
}

static void test_retry_after(void **state)
{
    int64_t now;

    (void)state;
    assert_int_equal(when_parse("2026-11-21T08:00:00Z", 0, &now), 0);
    assert_int_equal(retry_after(NULL, now), 0);
    assert_int_equal(retry_after("", now), 0);
    assert_int_equal(retry_after("0", now), 0);
    assert_int_equal(retry_after("3", now), 3000);
    assert_int_equal(retry_after("3 ", now), 3000);
    assert_int_equal(retry_after("99999999999999999999", now), 86400000);
    assert_int_equal(retry_after("Sat, 21 Nov 2026 08:00:07 GMT", now), 7000);
    assert_int_equal(retry_after("Sat, 21 Nov 2026 07:00:00 GMT", now), 0);
    assert_int_equal(retry_after("Fri, 31 Dec 9999 23:59:59 GMT", now), 0);
    assert_int_equal(retry_after("soon", now), 0);
    assert_int_equal(retry_after("3x", now), 0);
    assert_int_equal(retry_after("-3", now), 0);
}

static void test_dates(void **state)
{
    int64_t when;

    (void)state;
    assert_int_equal(when_parse("1994-11-06T08:49:37Z", 0, &when), 0);
    assert_true(date_parse("Sun, 06 Nov 1994 08:49:37 GMT") == when);
    assert_true(date_parse("Sunday, 06-Nov-94 08:49:37 GMT") == when);
    assert_true(date_parse("Sun, 06 Nov 1994 08:49:37 GMT") == when);
    assert_true(date_parse("Sun, 06 Nov 1994 08:49:37 GMT") == when);
    assert_true(date_parse("Sun, 06 Nov 1994 08:49:38 GMT") == when + 1000000000);
    assert_true(date_parse("Sunday, 06 November 1994 08:49:37 GMT") == WHEN_UNKNOWN);
    assert_true(date_parse("") == WHEN_UNKNOWN);
    assert_true(date_parse("garbage") == WHEN_UNKNOWN);
}

static void test_endpoints(void **state)
{
    static const struct {
        const char *url;
        const char *host;
        const char *path;
        bool loopback;
    } good[] = {
        {"https://dis.eu-de.otc.t-systems.com/p", "dis.eu-de.otc.t-systems.com", "/p", false},
        {"https://h:443/", "h", "/", false},
        {"https://h:80", "h:80", "/", false},
        {"http://h:80/", "h", "/", false},
        {"http://127.0.0.1:8080/P", "127.0.0.1:8080", "/P", true},
        {"http://[::1]:8080/P", "[::1]:8080", "/P", true},
        {"http://LocalHost/", "LocalHost", "/", true},
    };
    static const char *const bad[] = {"",
                                      "https://",
                                      "ftp://h/",
                                      "file:///etc",
                                      "https://h?q",
                                      "https://h/#f",
                                      "https://u@h/",
                                      "https://u:p@h/",
                                      "https://h:x/",
                                      "https://h:99999/",
                                      "h ttp://h"};
    struct endpoint endpoint;
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(endpoint_parse(good[i].url, &endpoint, &error), 0);
        assert_string_equal(endpoint.host, good[i].host);
        assert_string_equal(endpoint.path, good[i].path);
        assert_int_equal(endpoint.loopback, good[i].loopback);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (endpoint_parse(bad[i], &endpoint, &error) != -EINVAL)
            fail_msg("%s was taken", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pauses_grow_to_a_limit),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_endpoints),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
