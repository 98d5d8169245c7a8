#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "made.h"

#include "api/json.h"
#include "api/sls/answer.h"
#include "base/when.h"
#include "tests/unit/parsed.h"

static cJSON *parse(const char *text)
{
    cJSON *root = parsed(text, strlen(text));

    assert_non_null(root);
    return root;
}

static int read_checkpoints(const char *text, struct table *table)
{
    cJSON *root = parsed(text, strlen(text));
    int status = sls_answer_checkpoints(root, table);

    cJSON_Delete(root);
    return status;
}

static void test_checkpoints(void **unused)
{
    struct table *table = make_table();
    struct state state;

    (void)unused;
    assert_int_equal(
        read_checkpoints("[{\"shard\":1,\"checkpoint\":\"\",\"updateTime\":0,\"consumer\":\"\"},"
                         "{\"shard\":0,\"checkpoint\":\"MTUyNDE1NTM3OTM3MzkwODQ5Ng==\","
                         "\"updateTime\":1524224984800922,\"consumer\":\"consumer_1\"},"
                         "{\"shard\":7,\"checkpoint\":\"MA==\",\"updateTime\":1}]",
                         table),
        0);
    assert_int_equal(table_count(table), 3);
    assert_int_equal(table_find(table, 0, &state), 0);
    assert_string_equal(state.sequence, "MTUyNDE1NTM3OTM3MzkwODQ5Ng==");
    assert_string_equal(state.consumer, "consumer_1");
    assert_true(state.committed == INT64_C(1524224984800922000));
    assert_int_equal(table_find(table, 1, &state), 0);
    assert_null(state.sequence);
    assert_true(state.committed == WHEN_UNKNOWN);
    assert_int_equal(table_find(table, 7, &state), 0);
    assert_null(state.consumer);
    table_drop(table);
}

/* Documents and samples of the service differ in the unit. */
static void test_update_times(void **unused)
{
    static const struct {
        const char *text;
        int64_t when;
    } cases[] = {
        {"1524224984", INT64_C(1524224984000000000)},
        {"1524224984800", INT64_C(1524224984800000000)},
        {"1524224984800922", INT64_C(1524224984800922000)},
        {"\"1524224984\"", INT64_C(1524224984000000000)},
        {"1524224984.0", INT64_C(1524224984000000000)},
        {"100000000000000", INT64_C(100000000000000000)},
        {"99999999999999", WHEN_UNKNOWN},
        {"0", WHEN_UNKNOWN},
        {"-1", WHEN_UNKNOWN},
        {"null", WHEN_UNKNOWN},
        {"9300000000", WHEN_UNKNOWN},
        {"9223372036854775807", WHEN_UNKNOWN},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct table *table = make_table();
        struct state state;
        char text[256];

        snprintf(text, sizeof(text), "[{\"shard\":0,\"checkpoint\":\"MA==\",\"updateTime\":%s}]",
                 cases[i].text);
        assert_int_equal(read_checkpoints(text, table), 0);
        assert_int_equal(table_find(table, 0, &state), 0);
        if (state.committed != cases[i].when)
            fail_msg("%s is %" PRId64, cases[i].text, state.committed);
        table_drop(table);
    }
}

/* What other tools have stored is told as it is. */
static void test_checkpoints_that_are_no_cursors(void **unused)
{
    struct table *table = make_table();
    struct state state;

    (void)unused;
    assert_int_equal(read_checkpoints("[{\"shard\":0,\"checkpoint\":\"check_point_1\"},"
                                      "{\"shard\":1,\"checkpoint\":12},"
                                      "{\"shard\":2,\"checkpoint\":\"MA==\\n\"}]",
                                      table),
                     0);
    assert_int_equal(table_find(table, 0, &state), 0);
    assert_string_equal(state.sequence, "check_point_1");
    assert_int_equal(table_find(table, 1, &state), 0);
    assert_string_equal(state.sequence, "12");
    assert_int_equal(table_find(table, 2, &state), 0);
    assert_string_equal(state.sequence, "MA==");
    table_drop(table);
}

static void test_checkpoints_that_are_garbage(void **unused)
{
    static const char *const cases[] = {
        "{}",
        "null",
        "\"\"",
        "not JSON",
        "[1]",
        "[{}]",
        "[{\"shard\":0}]",
        "[{\"shard\":0,\"checkpoint\":null}]",
        "[{\"shard\":-1,\"checkpoint\":\"MA==\"}]",
        "[{\"shard\":99999999999,\"checkpoint\":\"MA==\"}]",
        "[{\"shard\":\"shardId-0000000000\",\"checkpoint\":\"MA==\"}]",
        "[{\"shard\":0.5,\"checkpoint\":\"MA==\"}]",
        "[{\"shard\":0,\"checkpoint\":[]}]",
        "[{\"shard\":0,\"checkpoint\":\"MA==\\nMQ==\"}]",
        "[{\"shard\":0,\"checkpoint\":\"MA==\\n\\n\"}]",
        "[{\"shard\":0,\"checkpoint\":\"MA==\",\"updateTime\":\"soon\"}]",
        "[{\"shard\":0,\"checkpoint\":\"MA==\",\"updateTime\":{}}]",
        "[{\"shard\":0,\"checkpoint\":\"MA==\",\"consumer\":{}}]",
        "{\"count\":1,\"checkpoints\":[]}",
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct table *table = make_table();

        if (read_checkpoints(cases[i], table) != -EBADMSG)
            fail_msg("%s was taken", cases[i]);
        table_drop(table);
    }
}

static void check_page(const char *text, size_t offset, size_t size, bool more, const char *last)
{
    cJSON *root = parse(text);
    struct names *names = make_names();
    struct page page;

    assert_int_equal(sls_answer_logstores(root, offset, size, names, &page), 0);
    assert_true(page.told);
    assert_int_equal(page.more, more);
    assert_string_equal(page.last, last);
    names_drop(names);
    cJSON_Delete(root);
}

static void test_pages_of_logstores(void **unused)
{
    (void)unused;
    check_page("{\"count\":2,\"total\":5,\"logstores\":[\"a1\",\"b1\"]}", 0, 2, true, "2");
    check_page("{\"count\":1,\"total\":5,\"logstores\":[\"e1\"]}", 4, 2, false, "5");
    /* Fewer than before, while they are listed. */
    check_page("{\"count\":0,\"total\":5,\"logstores\":[]}", 4, 2, false, "4");
    /* Without a total a full page is followed by another. */
    check_page("{\"logstores\":[\"a1\",\"b1\"]}", 0, 2, true, "2");
    check_page("{\"logstores\":[\"a1\"]}", 0, 2, false, "1");
}

static void test_logstores(void **unused)
{
    cJSON *root = parse(
        "{\"count\":3,\"total\":3,\"logstores\":[\"orders\",\"../etc\",\"a b\",\"web_log-1\"]}");
    struct names *names = make_names();
    struct page page;

    (void)unused;
    assert_int_equal(sls_answer_logstores(root, 0, 500, names, &page), 0);
    assert_int_equal(names_count(names), 4);
    assert_string_equal(names_at(names, 0), "orders");
    assert_string_equal(names_at(names, 1), "../etc");
    assert_string_equal(names_at(names, 2), "a b");
    assert_string_equal(names_at(names, 3), "web_log-1");
    names_drop(names);
    cJSON_Delete(root);
}

static void test_logstores_that_are_garbage(void **unused)
{
    static const char *const cases[] = {
        "[]",
        "{}",
        "{\"logstores\":{}}",
        "{\"logstores\":[1.5,[]]}",
        "{\"logstores\":[\"a1\"],\"total\":\"many\"}",
        "{\"logstores\":null,\"total\":0}",
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cJSON *root = parse(cases[i]);
        struct names *names = make_names();
        struct page page;

        if (sls_answer_logstores(root, 0, 500, names, &page) != -EBADMSG)
            fail_msg("%s was taken", cases[i]);
        names_drop(names);
        cJSON_Delete(root);
    }
}

static void test_groups(void **unused)
{
    cJSON *root = parse("[{\"name\":\"billing\",\"timeout\":60,\"order\":false},"
                        "{\"name\":\"a/b\",\"timeout\":1},{\"name\":\"Zed_1\"},"
                        "{\"name\":\"a\\u0000b\"},{\"name\":\"\"}]");
    struct names *names = make_names();

    (void)unused;
    assert_int_equal(sls_answer_groups(root, names), 0);
    assert_int_equal(names_count(names), 3);
    assert_string_equal(names_at(names, 0), "billing");
    assert_string_equal(names_at(names, 1), "a/b");
    assert_string_equal(names_at(names, 2), "Zed_1");
    assert_int_equal(names_left_out(names), 2);
    assert_string_equal(names_left_out_at(names, 0),
                        "a consumer group \"?\" cannot be shown: its name holds a NUL");
    cJSON_Delete(root);
    /* As one edition of the documentation has it, and no client could read it. */
    root = parse("{\"count\":\"1\",\"consumerGroups\":[]}");
    assert_int_equal(sls_answer_groups(root, names), -EBADMSG);
    cJSON_Delete(root);
    names_drop(names);
}

static void test_shards(void **unused)
{
    cJSON *root = parse(
        "[{\"shardID\":33,\"status\":\"readonly\",\"inclusiveBeginKey\":\"00\",\"createTime\":0},"
        "{\"shardID\":0,\"status\":\"readwrite\",\"createTime\":\"1524224984\"},{\"shardID\":34}]");
    struct table *table = make_table();
    struct buf text = BUF_INIT(4096);
    struct state state;

    (void)unused;
    assert_int_equal(sls_answer_shards(root, table), 0);
    assert_int_equal(table_find(table, 33, &state), 0);
    assert_string_equal(state.status, "readonly");
    assert_null(state.sequence);
    assert_int_equal(sls_describe(table, "orders", &text), 0);
    assert_string_equal(text.data,
                        "{\"stream\":\"orders\",\"partitions\":3,\"writable_partitions\":1}");
    buf_release(&text);
    table_drop(table);
    cJSON_Delete(root);
}

static void check_cursor(const char *text, int status)
{
    cJSON *root = parse(text);
    const char *cursor;

    assert_int_equal(sls_answer_cursor(root, &cursor), status);
    cJSON_Delete(root);
}

static void test_cursors(void **unused)
{
    (void)unused;
    check_cursor("{\"cursor\":\"MTQ0NzI5OTYwNjg5NjYzMjM1Ng==\"}", 0);
    check_cursor("{\"cursor\":\"\"}", -EBADMSG);
    check_cursor("{\"cursor\":null}", -EBADMSG);
    check_cursor("{\"cursor\":\"a b\"}", -EBADMSG);
    check_cursor("{\"cursor\":\"a\\n\"}", -EBADMSG);
    check_cursor("{}", -EBADMSG);
    check_cursor("[]", -EBADMSG);
}

static void check_time(const char *text, int status, int64_t expected)
{
    cJSON *root = parse(text);
    int64_t when = 0;

    assert_int_equal(sls_answer_cursor_time(root, &when), status);
    assert_true(when == expected);
    cJSON_Delete(root);
}

static void test_cursor_times(void **unused)
{
    (void)unused;
    check_time("{\"cursor_time\":1554260243}", 0, INT64_C(1554260243000000000));
    check_time("{\"cursor_time\":\"1554260243\"}", 0, INT64_C(1554260243000000000));
    check_time("{\"cursor_time\":1554260243.0}", 0, INT64_C(1554260243000000000));
    check_time("{\"cursor_time\":1.5}", 0, INT64_C(1000000000));
    check_time("{\"cursor_time\":0}", 0, 0);
    check_time("{\"cursor_time\":null}", 0, WHEN_UNKNOWN);
    check_time("{\"cursor_time\":-5}", 0, WHEN_UNKNOWN);
    check_time("{\"cursor_time\":99999999999}", 0, WHEN_UNKNOWN);
    check_time("{\"cursor_time\":\"soon\"}", -EBADMSG, 0);
    check_time("{\"cursor_time\":[]}", -EBADMSG, 0);
    check_time("{\"errorCode\":\"InternalServerError\"}", -EBADMSG, 0);
    check_time("{}", -EBADMSG, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checkpoints),
        cmocka_unit_test(test_update_times),
        cmocka_unit_test(test_checkpoints_that_are_no_cursors),
        cmocka_unit_test(test_checkpoints_that_are_garbage),
        cmocka_unit_test(test_pages_of_logstores),
        cmocka_unit_test(test_logstores),
        cmocka_unit_test(test_logstores_that_are_garbage),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_shards),
        cmocka_unit_test(test_cursors),
        cmocka_unit_test(test_cursor_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
