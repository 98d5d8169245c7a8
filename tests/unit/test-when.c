#include "test.h"

#include "base/when.h"

#define SECOND INT64_C(1000000000)

/* 2026-11-21T08:00:00Z */
#define NOW (INT64_C(1795248000) * SECOND)

struct sample {
    const char *text;
    int64_t when;
};

static void assert_parses(const struct sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t when = 1;

        if (when_parse(samples[i].text, NOW, &when))
            fail_msg("\"%s\" is a time", samples[i].text);
        if (when != samples[i].when)
            fail_msg("\"%s\" is %jd, not %jd", samples[i].text, (intmax_t)samples[i].when,
                     (intmax_t)when);
    }
}

static void assert_refused(const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t when = 4711;

        if (when_parse(texts[i], NOW, &when) != -EINVAL)
            fail_msg("\"%s\" is no time", texts[i]);
        assert_int_equal(when, 4711);
    }
}

TEST(reads_rfc_3339)
{
    static const struct sample samples[] = {
        {"2026-11-21T08:00:00Z", NOW},      {"2026-11-21t08:00:00z", NOW},
        {"2026-11-21 08:00:00Z", NOW},      {"2026-11-21T09:00:00+01:00", NOW},
        {"2026-11-21T02:30:00-05:30", NOW}, {"2026-11-22T07:59:00+23:59", NOW},
        {"2026-11-21T08:00:00-00:00", NOW}, {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:59:59Z", -SECOND},  {"1970-01-01T00:00:00+00:01", -60 * SECOND},
    };

    assert_parses(samples, COUNT(samples));
}

TEST(reads_fractions_of_a_second)
{
    static const struct sample samples[] = {
        {"2026-11-21T08:00:00.5+00:00", NOW + SECOND / 2},
        {"2026-11-21T08:00:00.000000001Z", NOW + 1},
        {"2026-11-21T08:00:00.123456789Z", NOW + 123456789},
        {"2026-11-21T08:00:00.1234567899999999999999Z", NOW + 123456789},
        {"1969-12-31T23:59:59.75Z", -SECOND / 4},
    };
    static const char *const wrong[] = {"2026-11-21T08:00:00.Z",
                                        "2026-11-21T08:00:00,5Z",
                                        "2026-11-21T08:00:00.5.5Z",
                                        "@1.",
                                        "@.5",
                                        "1h.5"};

    assert_parses(samples, COUNT(samples));
    assert_refused(wrong, COUNT(wrong));
}

TEST(knows_the_calendar)
{
    static const struct sample samples[] = {
        {"2024-02-29T00:00:00Z", INT64_C(1709164800) * SECOND},
        {"2000-02-29T00:00:00Z", INT64_C(951782400) * SECOND},
        {"2026-02-28T23:59:59Z", INT64_C(1772323199) * SECOND},
    };
    static const char *const wrong[] = {
        "2026-02-29T00:00:00Z", "2024-02-30T00:00:00Z", "1900-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z", "2026-12-31T23:59:60Z",
    };

    assert_parses(samples, COUNT(samples));
    assert_refused(wrong, COUNT(wrong));
}

TEST(ends_in_the_year_2262)
{
    static const struct sample samples[] = {
        {"2262-04-11T23:47:16.854775807Z", INT64_MAX},
        {"@9223372036.854775807", INT64_MAX},
    };
    static const char *const wrong[] = {
        "2262-04-11T23:47:16.854775808Z",
        "2262-04-11T23:47:17Z",
        "2263-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "@9223372036.854775808",
        "@9223372037",
        "@999999999999999999",
        "0000-01-01T00:00:00Z",
        "1600-01-01T00:00:00Z",
    };

    assert_parses(samples, COUNT(samples));
    assert_refused(wrong, COUNT(wrong));
}

TEST(reads_seconds_since_1970)
{
    static const struct sample samples[] = {
        {"@0", 0},
        {"@1795248000", NOW},
        {"1795248000", NOW},
        {"@1795248000.25", NOW + SECOND / 4},
        {"1795248000.000000001", NOW + 1},
        {"@00001795248000", NOW},
        {"@100000000", INT64_C(100000000) * SECOND},
    };
    static const char *const wrong[] = {"@",    "@-1",  "@+1", "@ 1",   "@1 ",
                                        "@0x1", "@1e3", "@@1", "1_000", "@1000000000000000000000"};
    static const char *const ages[] = {"@1", "@90", "90", "@0.5", "@86400", "@99999999.9"};

    assert_parses(samples, COUNT(samples));
    assert_refused(wrong, COUNT(wrong));
    assert_refused(ages, COUNT(ages));
}

TEST(reads_milliseconds_since_1970)
{
    static const struct sample samples[] = {
        {"@1795248000123", NOW + 123 * (SECOND / 1000)},
        {"1795248000000", NOW},
        {"@0000000000001", SECOND / 1000},
        {"9223372036854", INT64_C(9223372036854) * (SECOND / 1000)},
    };
    static const char *const wrong[] = {
        "9223372036855",  "9999999999999",    "1795248000123.5",     "179524800012",
        "17952480001230", "1795248000123456", "1795248000123456789", "1795248000123ms",
    };

    assert_parses(samples, COUNT(samples));
    assert_refused(wrong, COUNT(wrong));
}

TEST(reads_ages)
{
    static const struct sample samples[] = {
        {"0s", NOW},
        {"90s", NOW - 90 * SECOND},
        {"30m", NOW - 1800 * SECOND},
        {"1h", NOW - 3600 * SECOND},
        {"@1h", NOW - 3600 * SECOND},
        {"2d", NOW - 172800 * SECOND},
        {"1w", NOW - 604800 * SECOND},
        {"1h30m", NOW - 5400 * SECOND},
        {"1d90m", NOW - 91800 * SECOND},
        {"1w2d3h4m5s", NOW - (604800 + 172800 + 10800 + 240 + 5) * SECOND},
        {"1795248000s", 0},
        {"20778d8h", 0},
    };
    static const char *const wrong[] = {
        "h",
        "-1h",
        "+1h",
        "1.5h",
        "1h30",
        "30m1h",
        "1h1h",
        "1h 30m",
        "1h-30m",
        "1H",
        " 1h",
        "1h ",
        "1y",
        "1M",
        "1ms",
        "1795248001s",
        "20778d8h1s",
        "99999w",
        "9223372036s1s",
        "15250284452471w9223372036854775807s",
        "9999999999999999999s",
        "999999999999999999w",
        "999999999999999999s",
    };

    assert_parses(samples, COUNT(samples));
    assert_refused(wrong, COUNT(wrong));
}

TEST(reads_ages_of_iso_8601)
{
    static const struct sample samples[] = {
        {"PT1H", NOW - 3600 * SECOND},     {"PT1H30M", NOW - 5400 * SECOND},
        {"@P1DT2H", NOW - 93600 * SECOND}, {"P2D", NOW - 172800 * SECOND},
        {"P1W", NOW - 604800 * SECOND},    {"PT90S", NOW - 90 * SECOND},
        {"P1DT1S", NOW - 86401 * SECOND},  {"PT0S", NOW},
    };
    static const char *const wrong[] = {
        "P",    "PT",    "P1",   "P1DT",   "P1H",   "PT1D",   "P1M",    "P1Y",   "PT1H30", "P1d",
        "pt1h", "-PT1H", "P-1D", "PT1.5H", "PTT1H", "P1DP1D", "PT1M1H", "1DT1H", "P1h30m",
    };

    assert_parses(samples, COUNT(samples));
    assert_refused(wrong, COUNT(wrong));
}

TEST(knows_now)
{
    static const struct sample samples[] = {{"now", NOW}, {"@now", NOW}};
    static const char *const wrong[] = {"NOW", "now ", "nows", "@@now", "now-1h"};

    assert_parses(samples, COUNT(samples));
    assert_refused(wrong, COUNT(wrong));
}

TEST(every_form_may_begin_with_an_at)
{
    static const struct sample samples[] = {
        {"@2026-11-21T08:00:00Z", NOW},
        {"@2026-11-21 09:00:00+01:00", NOW},
    };

    assert_parses(samples, COUNT(samples));
}

static void assert_advice(const char *text, const char *part)
{
    const char *advice = when_advice(text);

    if (!part ? advice != NULL : !advice || !strstr(advice, part))
        fail_msg("\"%s\": %s", text, advice ? advice : "nothing");
}

TEST(advises_on_what_is_no_time)
{
    assert_advice("2026-11-21T08:00:00", "add Z");
    assert_advice("@2026-11-21T08:00:00.5", "add Z");
    assert_advice("2026-11-21", "T00:00:00Z");
    assert_advice("2026-11-21T08:00", ":00Z");
    assert_advice("2026-11-21T24:00:00Z", "hours to 23");
    assert_advice("2026-11-21T23:59:60Z", "seconds to 59");
    assert_advice("2026-02-30", "a day of the calendar");
    assert_advice("2026-11-21T08:00:00+0100", "+01:00");
    assert_advice("1795248000123456", "13");
    assert_advice("@90", "an age has a unit");
    assert_advice("-1h", "no sign");
    assert_advice("@-PT1H", "no sign");
    assert_advice("yesterday", NULL);
    assert_advice("", NULL);
    assert_advice("@", NULL);
    assert_advice("2026-11-21T08:00:00"
                  "                                                                    ",
                  "+01:00");
}

TEST(refuses_what_is_no_time)
{
    static const char *const wrong[] = {
        "",
        "yesterday",
        "2026-11-21",
        "2026-11-21T08:00:00",
        "2026-11-21T08:00Z",
        "26-11-21T08:00:00Z",
        "2026-1-21T08:00:00Z",
        "+026-11-21T08:00:00Z",
        "2026/11/21T08:00:00Z",
        "2026-11-21X08:00:00Z",
        "2026-11-21  08:00:00Z",
        "2026-11-21T08:00:00ZZ",
        "2026-11-21T08:00:00Z ",
        " 2026-11-21T08:00:00Z",
        "2026-11-21T08:00:00+1:00",
        "2026-11-21T08:00:00+0100",
        "2026-11-21T08:00:00+24:00",
        "2026-11-21T08:00:00+01:60",
        "2026-11-21T08:00:00+01:00x",
        "2026-11-21T08:00:00+",
        "2026-11-21T08:00:00\xc3\xa9",
        "2026-11-21T-8:00:00Z",
        "2026-11-21",
    };

    assert_refused(wrong, COUNT(wrong));
}

TEST(formats_with_milliseconds)
{
    static const struct sample samples[] = {
        {"2026-11-21T08:00:00.000Z", NOW},       {"2026-11-21T08:00:00.123Z", NOW + 123999999},
        {"1970-01-01T00:00:00.000Z", 0},         {"1970-01-01T00:00:00.000Z", 999999},
        {"2262-04-11T23:47:16.854Z", INT64_MAX},
    };

    for (size_t i = 0; i < COUNT(samples); i++) {
        char text[WHEN_ROOM];

        when_format(samples[i].when, text);
        assert_string_equal(text, samples[i].text);
    }
}

TEST(formats_times_before_1970)
{
    static const struct sample samples[] = {
        {"1969-12-31T23:59:59.999Z", -1},          {"1969-12-31T23:59:59.999Z", -1000000},
        {"1969-12-31T23:59:59.998Z", -1000001},    {"1969-12-31T23:59:59.000Z", -SECOND},
        {"1969-12-31T23:59:58.999Z", -SECOND - 1}, {"1677-09-21T00:12:43.145Z", INT64_MIN + 1},
    };

    for (size_t i = 0; i < COUNT(samples); i++) {
        char text[WHEN_ROOM];

        when_format(samples[i].when, text);
        assert_string_equal(text, samples[i].text);
    }
}

TEST(formats_whole_seconds)
{
    static const struct sample samples[] = {
        {"2026-11-21T08:00:00Z", NOW},       {"2026-11-21T08:00:00Z", NOW + 999999999},
        {"1970-01-01T00:00:00Z", 0},         {"1969-12-31T23:59:59Z", -1},
        {"1969-12-31T23:59:59Z", -SECOND},   {"1969-12-31T23:59:58Z", -SECOND - 1},
        {"2262-04-11T23:47:16Z", INT64_MAX}, {"1677-09-21T00:12:43Z", INT64_MIN + 1},
    };

    for (size_t i = 0; i < COUNT(samples); i++) {
        char text[WHEN_ROOM];

        when_format_seconds(samples[i].when, text);
        assert_string_equal(text, samples[i].text);
    }
}

TEST(clocks_run_forward)
{
    int64_t monotonic = when_monotonic();

    assert_true(when_now() > INT64_C(1700000000) * SECOND);
    assert_true(when_monotonic() >= monotonic);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_rfc_3339),
        cmocka_unit_test(reads_fractions_of_a_second),
        cmocka_unit_test(knows_the_calendar),
        cmocka_unit_test(ends_in_the_year_2262),
        cmocka_unit_test(reads_seconds_since_1970),
        cmocka_unit_test(reads_milliseconds_since_1970),
        cmocka_unit_test(reads_ages),
        cmocka_unit_test(reads_ages_of_iso_8601),
        cmocka_unit_test(knows_now),
        cmocka_unit_test(every_form_may_begin_with_an_at),
        cmocka_unit_test(advises_on_what_is_no_time),
        cmocka_unit_test(refuses_what_is_no_time),
        cmocka_unit_test(formats_with_milliseconds),
        cmocka_unit_test(formats_times_before_1970),
        cmocka_unit_test(formats_whole_seconds),
        cmocka_unit_test(clocks_run_forward),
    };

    return cmocka_run_group_tests_name("when", tests, NULL, NULL);
}
