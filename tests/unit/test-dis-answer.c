#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "made.h"

#include "api/dis/answer.h"
#include "api/json.h"
#include "base/when.h"
#include "tests/unit/parsed.h"

static cJSON *parse(const char *text)
{
    cJSON *root = parsed(text, strlen(text));

    assert_non_null(root);
    return root;
}

/* States, as they are documented, and as official clients expect them. */

static struct table *states_of(const char *text, struct page *page)
{
    cJSON *root = parse(text);
    struct table *table = make_table();

    assert_int_equal(dis_answer_states(root, table, page), 0);
    cJSON_Delete(root);
    return table;
}

static void check_state(const struct table *table, uint32_t partition, const char *sequence,
                        const char *metadata, const char *earliest, const char *latest)
{
    const char *expected[] = {sequence, metadata, earliest, latest};
    const char *found[4];
    struct state state;

    assert_int_equal(table_find(table, partition, &state), 0);
    found[0] = state.sequence;
    found[1] = state.metadata;
    found[2] = state.earliest;
    found[3] = state.latest;
    assert_true(state.committed == WHEN_UNKNOWN);
    for (size_t i = 0; i < 4; i++) {
        if (expected[i] && found[i])
            assert_string_equal(found[i], expected[i]);
        else
            assert_ptr_equal(found[i], expected[i]);
    }
}

static void test_states_as_numbers(void **state)
{
    struct page page;
    struct table *table = states_of(
        "{\"has_more\":false,\"stream_name\":\"s\",\"app_name\":\"a\",\"partition_consuming_"
        "states\":"
        "[{\"partition_id\":0,\"sequence_number\":-1,\"latest_offset\":100,\"earliest_offset\":0,"
        "\"checkpoint_type\":\"LAST_READ\",\"status\":\"ACTIVE\"},{\"partition_id\":1,"
        "\"sequence_number\":9007199254740993,\"latest_offset\":9223372036854775807,"
        "\"earliest_offset\":9007199254740993,\"status\":\"DELETED\",\"metadata\":\"m\"}]}",
        &page);
    struct state found;

    (void)state;
    assert_false(page.more);
    assert_int_equal(page.count, 2);
    assert_string_equal(page.last, "1");
    check_state(table, 0, NULL, NULL, "0", "100");
    check_state(table, 1, "9007199254740993", "m", "9007199254740993", "9223372036854775807");
    assert_int_equal(table_find(table, 0, &found), 0);
    assert_false(found.is_closed);
    assert_int_equal(table_find(table, 1, &found), 0);
    assert_true(found.is_closed);
    table_drop(table);
}

static void test_states_as_texts(void **state)
{
    struct page page;
    struct table *table = states_of(
        "{\"has_more\":true,\"partition_consuming_states\":["
        "{\"partition_id\":\"shardId-0000000000\",\"sequence_number\":\"-1\",\"metadata\":\"\"},"
        "{\"partition_id\":\"shardId-0000000007\",\"sequence_number\":\"42\",\"metadata\":null,"
        "\"latest_offset\":\"50\",\"earliest_offset\":-1},"
        "{\"partition_id\":\"shardId-0000000008\",\"sequence_number\":\"\"},"
        "{\"partition_id\":\"shardId-0000000009\",\"sequence_number\":null},"
        "{\"partition_id\":\"shardId-0000000010\",\"status\":\"EXPIRED\"}]}",
        &page);
    struct state found;

    (void)state;
    assert_true(page.more);
    assert_string_equal(page.last, "shardId-0000000010");
    assert_int_equal(table_count(table), 4);
    check_state(table, 0, NULL, NULL, NULL, NULL);
    check_state(table, 7, "42", NULL, NULL, "50");
    check_state(table, 8, NULL, NULL, NULL, NULL);
    check_state(table, 9, NULL, NULL, NULL, NULL);
    assert_int_equal(table_find(table, 10, &found), -ENOENT);
    table_drop(table);
}

static void test_states_that_are_none(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "7",
        "{\"partition_consuming_states\":null}",
        "{\"partition_consuming_states\":{}}",
        "{\"partition_consuming_states\":[1]}",
        "{\"partition_consuming_states\":[{}]}",
        "{\"partition_consuming_states\":[{\"partition_id\":\"x\"}]}",
        "{\"partition_consuming_states\":[{\"partition_id\":-1}]}",
        "{\"partition_consuming_states\":[{\"partition_id\":1.5}]}",
        "{\"partition_consuming_states\":[{\"partition_id\":99999999999}]}",
        "{\"partition_consuming_states\":[{\"partition_id\":0,\"sequence_number\":[]}]}",
        "{\"partition_consuming_states\":[{\"partition_id\":0,\"sequence_number\":\"1\\n2\"}]}",
        "{\"partition_consuming_states\":[{\"partition_id\":0}]}",
        "{\"partition_consuming_states\":[{\"partition_id\":0,\"status\":\"ACTIVE\"}]}",
        ("{\"partition_consuming_states\":[{\"partition_id\":0,\"sequence_number\":1,"
         "\"metadata\":{}}]}"),
        "{\"has_more\":3,\"partition_consuming_states\":[]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        cJSON *root = parse(texts[i]);
        struct table *table = make_table();
        struct page page;

        if (dis_answer_states(root, table, &page) != -EBADMSG)
            fail_msg("%s was taken", texts[i]);
        table_drop(table);
        cJSON_Delete(root);
    }
}

/* Partitions of a stream */

static void test_partitions(void **state)
{
    cJSON *root =
        parse("{\"has_more_partitions\":false,\"partitions\":["
              "{\"status\":\"ACTIVE\",\"partition_id\":\"shardId-0000000000\","
              "\"hash_range\":\"[0 : 9]\",\"sequence_number_range\":\"[289911 : 289927]\"},"
              "{\"status\":\"CREATING\",\"partition_id\":\"shardId-0000000001\","
              "\"sequence_number_range\":\"[null : null]\"},"
              "{\"status\":\"DELETED\",\"partition_id\":\"2\",\"sequence_number_range\":null},"
              "{\"status\":\"EXPIRED\",\"partition_id\":\"shardId-0000000003\"}]}");
    struct table *table = make_table();
    struct page page;

    (void)state;
    assert_int_equal(dis_answer_partitions(root, table, &page), 0);
    assert_int_equal(table_count(table), 3);
    check_state(table, 0, NULL, NULL, "289911", "289927");
    check_state(table, 1, NULL, NULL, NULL, NULL);
    check_state(table, 2, NULL, NULL, NULL, NULL);
    assert_string_equal(page.last, "shardId-0000000003");
    table_drop(table);
    cJSON_Delete(root);
}

static void test_ranges(void **state)
{
    static const char *const bad[] = {"",        "[",         "[1]",     "[1 : ]",
                                      "[ : 2]",  "[1 : 2",    "1 : 2]",  "[-1 : 2]",
                                      "[a : b]", "[1 : 2] x", "[1 ; 2]", "[1 : null]"};
    char first[DECIMAL_ROOM];
    char next[DECIMAL_ROOM];

    (void)state;
    assert_int_equal(dis_range_parse("[0 : 0]", first, next), 0);
    assert_int_equal(dis_range_parse("[007:9223372036854775807]", first, next), 0);
    assert_string_equal(first, "7");
    assert_string_equal(next, "9223372036854775807");
    assert_int_equal(dis_range_parse(NULL, first, next), -ENODATA);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(dis_range_parse(bad[i], first, next), -ENODATA);
}

/* Lists */

static void test_apps(void **state)
{
    cJSON *root = parse("{\"has_more_app\":true,\"total_number\":3,\"apps\":[{\"app_name\":\"b\"},"
                        "{\"app_name\":\"../etc\"},{\"app_name\":\"a\",\"app_id\":\"x\"}]}");
    struct names *names = make_names();
    struct page page;

    (void)state;
    assert_int_equal(dis_answer_apps(root, names, &page), 0);
    assert_true(page.more);
    assert_string_equal(page.last, "a");
    assert_int_equal(page.count, 3);
    assert_int_equal(names_count(names), 3);
    assert_string_equal(names_at(names, 1), "../etc");
    names_drop(names);
    cJSON_Delete(root);
}

static void test_streams(void **state)
{
    cJSON *root = parse("{\"has_more_streams\":false,\"stream_names\":[\"s1\",\"s2\"]}");
    cJSON *wrong = parse("{\"stream_names\":[\"s1\",null]}");
    struct names *names = make_names();
    struct page page;

    (void)state;
    assert_int_equal(dis_answer_streams(root, names, &page), 0);
    assert_false(page.more);
    assert_int_equal(names_count(names), 2);
    assert_int_equal(dis_answer_streams(wrong, names, &page), -EBADMSG);
    names_drop(names);
    cJSON_Delete(root);
    cJSON_Delete(wrong);
}

static void test_streams_of_an_app(void **state)
{
    static const struct {
        const char *text;
        bool told;
        size_t count;
    } cases[] = {
        {"{\"app_name\":\"a\"}", false, 0},
        {"{\"app_name\":\"a\",\"commit_checkpoint_stream_names\":null}", true, 0},
        {"{\"app_name\":\"a\",\"commit_checkpoint_stream_names\":[]}", true, 0},
        {"{\"app_name\":\"a\",\"commit_checkpoint_stream_names\":[\"s\",\"t\"]}", true, 2}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cJSON *root = parse(cases[i].text);
        struct names *names = make_names();
        bool told;

        assert_int_equal(dis_answer_app_streams(root, "a", names, &told), 0);
        assert_int_equal(told, cases[i].told);
        assert_int_equal(names_count(names), cases[i].count);
        names_drop(names);
        cJSON_Delete(root);
    }
}

static void test_what_is_no_app(void **state)
{
    static const char *const texts[] = {"{}",
                                        "[]",
                                        "\"a\"",
                                        "{\"app_name\":null}",
                                        "{\"app_name\":\"b\"}",
                                        "{\"app_name\":[\"a\"]}",
                                        "{\"login\":\"required\"}"};
    struct names *names = make_names();
    bool told;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        cJSON *root = parse(texts[i]);

        assert_int_equal(dis_answer_app(root, "a"), -EBADMSG);
        assert_int_equal(dis_answer_app_streams(root, "a", names, &told), -EBADMSG);
        cJSON_Delete(root);
    }
    assert_int_equal(dis_answer_app(NULL, "a"), -EBADMSG);
    names_drop(names);
}

static void test_no_name_ends_a_list(void **state)
{
    char text[600];
    cJSON *root;
    struct names *names = make_names();
    struct page page;

    (void)state;
    snprintf(text, sizeof(text),
             "{\"stream_names\":[\"a b\",\"%0400d\",\"n\\u0000l\",\"\"],\"has_more_streams\":true}",
             1);
    root = parse(text);
    assert_int_equal(dis_answer_streams(root, names, &page), 0);
    assert_int_equal(names_count(names), 1);
    assert_string_equal(names_at(names, 0), "a b");
    assert_int_equal(names_left_out(names), 3);
    assert_int_equal(page.count, 4);
    assert_string_equal(page.last, "a b");
    names_drop(names);
    cJSON_Delete(root);
}

static void test_what_describes_no_stream(void **state)
{
    cJSON *root = parse("{\"stream_name\":\"other\",\"status\":\"RUNNING\"}");
    cJSON *empty = parse("{}");
    struct buf text = BUF_INIT(1000);

    (void)state;
    assert_int_equal(dis_answer_stream(root, "s", &text), -EBADMSG);
    assert_int_equal(dis_answer_stream(empty, "s", &text), -EBADMSG);
    assert_int_equal(text.size, 0);
    buf_release(&text);
    cJSON_Delete(root);
    cJSON_Delete(empty);
}

static void test_description(void **state)
{
    cJSON *root =
        parse("{\"stream_id\":\"i\",\"stream_name\":\"s\",\"create_time\":1500000000123,"
              "\"retention_period\":24,\"status\":\"RUNNING\",\"readable_partition_count\":3,"
              "\"writable_partition_count\":\"02\",\"stream_type\":\"\xff\",\"partitions\":[]}");
    struct buf text = BUF_INIT(1000);

    (void)state;
    assert_int_equal(dis_answer_stream(root, "s", &text), 0);
    assert_string_equal(
        text.data, "{\"stream\":\"s\",\"id\":\"i\",\"status\":\"RUNNING\",\"partitions\":3,"
                   "\"writable_partitions\":2,\"retention_hours\":24,\"type\":\"\xef\xbf\xbd\","
                   "\"data_type\":null,\"created\":\"2017-07-14T02:40:00Z\","
                   "\"modified\":null}");
    buf_release(&text);
    cJSON_Delete(root);
}

static void test_a_description_that_is_odd(void **state)
{
    cJSON *root = parse("{\"stream_name\":\"s\",\"create_time\":\"soon\",\"last_modified_time\":-1,"
                        "\"retention_period\":\"a day\",\"readable_partition_count\":\"007\"}");
    struct buf text = BUF_INIT(1000);

    (void)state;
    assert_int_equal(dis_answer_stream(root, "s", &text), 0);
    assert_string_equal(text.data, "{\"stream\":\"s\",\"id\":null,\"status\":null,\"partitions\":7,"
                                   "\"writable_partitions\":null,\"retention_hours\":null,"
                                   "\"type\":null,\"data_type\":null,\"created\":null,"
                                   "\"modified\":null}");
    buf_release(&text);
    cJSON_Delete(root);
}

/* Checkpoints */

static void test_a_checkpoint_that_is_no_number(void **state)
{
    cJSON *root = parse("{\"sequence_number\":\"newstram\",\"metadata\":\"\"}");
    const char *sequence;
    const char *metadata;

    (void)state;
    assert_int_equal(dis_answer_checkpoint(root, &sequence, &metadata), -EBADMSG);
    cJSON_Delete(root);
}

static void test_checkpoints(void **state)
{
    static const struct {
        const char *text;
        const char *sequence;
        const char *metadata;
    } cases[] = {
        {"{\"sequence_number\":\"10\",\"metadata\":\"m\"}", "10", "m"},
        {"{\"sequence_number\":9223372036854775807}", "9223372036854775807", ""},
        {"{\"sequence_number\":\"0\",\"metadata\":null}", "0", ""},
        {"{\"sequence_number\":\"-1\",\"metadata\":\"\"}", NULL, NULL},
        {"{\"sequence_number\":-1,\"metadata\":\"m\"}", NULL, NULL},
        {"{\"sequence_number\":\"-2\"}", NULL, NULL},
        {"{\"sequence_number\":\"\"}", NULL, NULL},
        {"{\"sequence_number\":null}", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cJSON *root = parse(cases[i].text);
        const char *sequence;
        const char *metadata;

        assert_int_equal(dis_answer_checkpoint(root, &sequence, &metadata), 0);
        if (cases[i].sequence) {
            assert_string_equal(sequence, cases[i].sequence);
            assert_string_equal(metadata, cases[i].metadata);
        } else {
            assert_null(sequence);
            assert_null(metadata);
        }
        cJSON_Delete(root);
    }
}

static void test_checkpoints_that_are_none(void **state)
{
    static const char *const texts[] = {"[]",
                                        "\"x\"",
                                        "null",
                                        "{}",
                                        "{\"metadata\":\"\"}",
                                        "{\"login\":\"required\"}",
                                        "{\"sequence_number\":true}",
                                        "{\"sequence_number\":{\"a\":1}}",
                                        "{\"sequence_number\":\"1 2\"}",
                                        "{\"sequence_number\":\"-\"}",
                                        "{\"sequence_number\":\"-none\"}",
                                        "{\"sequence_number\":\"-1.5\"}",
                                        "{\"sequence_number\":\"\\u00e9\"}",
                                        "{\"sequence_number\":\"1\",\"metadata\":[]}"};
    char text[400];
    const char *sequence;
    const char *metadata;
    cJSON *root;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        root = parse(texts[i]);
        assert_int_equal(dis_answer_checkpoint(root, &sequence, &metadata), -EBADMSG);
        cJSON_Delete(root);
    }
    snprintf(text, sizeof(text), "{\"sequence_number\":\"%0200d\"}", 7);
    root = parse(text);
    assert_int_equal(dis_answer_checkpoint(root, &sequence, &metadata), -EBADMSG);
    cJSON_Delete(root);
    assert_int_equal(dis_answer_checkpoint(NULL, &sequence, &metadata), -EBADMSG);
}

/* Cursors and records */

static void test_cursors_are_decoded(void **state)
{
    /* {"getIteratorParam":{"stream-name":"s","partition-id":"0","cursor-type":"AT_TIMESTAMP",
     * "starting-sequence-number":"42"},"generateTimestamp":1}, then the older form, padded. */
    static const char today[] =
        "eyJnZXRJdGVyYXRvclBhcmFtIjp7InN0cmVhbS1uYW1lIjoicyIsInBhcnRpdGlvbi1pZCI6IjAiLCJjdXJzb3It"
        "dHlwZSI6IkFUX1RJTUVTVEFNUCIsInN0YXJ0aW5nLXNlcXVlbmNlLW51bWJlciI6IjQyIn0sImdlbmVyYXRlVGlt"
        "ZXN0YW1wIjoxfQ";
    static const char older[] = "eyJTaGFyZElkIjoiMCIsIlN0YXJ0aW5nU2VxdWVuY2VOdW1iZXIiOjQzfQ==";
    static const char *const bad[] = {"", "=", "!!!!", "e30", "bm8ganNvbg", "eyJhIjoxfQ=="};
    char sequence[SEQUENCE_MAX + 1];

    (void)state;
    assert_int_equal(dis_cursor_decode(today, sequence), 0);
    assert_string_equal(sequence, "42");
    assert_int_equal(dis_cursor_decode(older, sequence), 0);
    assert_string_equal(sequence, "43");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(dis_cursor_decode(bad[i], sequence), -ENODATA);
}

static void test_records(void **state)
{
    cJSON *some = parse("{\"records\":[{\"sequence_number\":\"5\"},{\"sequence_number\":7}],"
                        "\"next_partition_cursor\":\"c\"}");
    cJSON *none = parse("{\"records\":[],\"next_partition_cursor\":null}");
    char sequence[DECIMAL_ROOM];
    const cJSON *records;
    const char *next;

    (void)state;
    assert_int_equal(dis_answer_records(some, &records, &next), 0);
    assert_string_equal(next, "c");
    assert_int_equal(dis_answer_sequence(records->child, sequence), 0);
    assert_string_equal(sequence, "5");
    assert_int_equal(dis_answer_sequence(records->child->next, sequence), 0);
    assert_string_equal(sequence, "7");
    assert_int_equal(dis_answer_records(none, &records, &next), 0);
    assert_null(records->child);
    assert_null(next);
    cJSON_Delete(some);
    cJSON_Delete(none);
}

static void test_what_has_no_records(void **state)
{
    static const char *const bad[] = {
        "{}",
        "[]",
        "{\"records\":null,\"next_partition_cursor\":\"c\"}",
        "{\"records\":{},\"next_partition_cursor\":\"c\"}",
        "{\"records\":[],\"next_partition_cursor\":[]}",
        "{\"records\":[],\"next_partition_cursor\":\"\"}",
        "{\"records\":[],\"next_partition_cursor\":\"a b\"}",
    };
    const cJSON *records;
    const char *next;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cJSON *root = parse(bad[i]);

        assert_int_equal(dis_answer_records(root, &records, &next), -EBADMSG);
        cJSON_Delete(root);
    }
}

static void check_record(const char *text, const char *key, const char *data, size_t size,
                         int64_t time)
{
    cJSON *entry = parse(text);
    char sequence[DECIMAL_ROOM];
    struct record record;
    struct span span;

    assert_int_equal(dis_answer_record(entry, sequence, &span, &record), 0);
    assert_string_equal(record.sequence, "42");
    assert_ptr_equal(record.key, key ? &span : NULL);
    assert_int_equal(span.size, key ? strlen(key) : 0);
    if (key)
        assert_string_equal(span.data, key);
    assert_int_equal(record.data.size, size);
    assert_memory_equal(record.data.data, data, size);
    assert_true(record.time == time);
    cJSON_Delete(entry);
}

static void test_a_record(void **state)
{
    (void)state;
    check_record("{\"sequence_number\":\"042\",\"data\":\"aGVsbG8=\",\"partition_key\":\"k\","
                 "\"timestamp\":1500000000123,\"timestamp_type\":\"CreateTime\"}",
                 "k", "hello", 5, 1500000000123000000);
    check_record("{\"sequence_number\":42,\"data\":\"AP8A\",\"partition_key\":null}", NULL,
                 "\0\xff\0", 3, WHEN_UNKNOWN);
    check_record("{\"sequence_number\":\"42\",\"data\":\"\",\"timestamp\":\"x\"}", NULL, "", 0,
                 WHEN_UNKNOWN);
    check_record("{\"sequence_number\":\"42\",\"data\":\"\",\"partition_key\":\"a\\u0000b\"}", NULL,
                 "", 0, WHEN_UNKNOWN);
}

static void test_what_is_no_record(void **state)
{
    static const char *const bad[] = {
        "{}",
        "[]",
        "{\"data\":\"\"}",
        "{\"sequence_number\":\"x\",\"data\":\"\"}",
        "{\"sequence_number\":\"-1\",\"data\":\"\"}",
        "{\"sequence_number\":\"1\"}",
        "{\"sequence_number\":\"1\",\"data\":null}",
        "{\"sequence_number\":\"1\",\"data\":\"?\"}",
        "{\"sequence_number\":\"1\",\"data\":\"A\\u0000\"}",
        "{\"sequence_number\":\"1\",\"data\":\"\",\"partition_key\":[]}",
        "{\"sequence_number\":\"1\",\"data\":\"\",\"timestamp\":{}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cJSON *entry = parse(bad[i]);
        char sequence[DECIMAL_ROOM];
        struct record record;
        struct span key;

        assert_int_equal(dis_answer_record(entry, sequence, &key, &record), -EBADMSG);
        cJSON_Delete(entry);
    }
}

static void test_what_became_of_records(void **state)
{
    cJSON *root = parse("{\"failed_record_count\":1,\"records\":["
                        "{\"partition_id\":\"shardId-0000000000\",\"sequence_number\":\"7\"},"
                        "{\"error_code\":\"DIS.4303\",\"error_message\":\"slow\"},{}]}");
    const cJSON *entries;
    const char *code;
    const char *message;

    (void)state;
    assert_int_equal(dis_answer_stored(root, 2, &entries), -EBADMSG);
    assert_int_equal(dis_answer_stored(NULL, 0, &entries), -EBADMSG);
    assert_int_equal(dis_answer_stored(root, 3, &entries), 0);
    assert_int_equal(dis_answer_result(entries->child, &code, &message), 0);
    assert_null(code);
    assert_int_equal(dis_answer_result(entries->child->next, &code, &message), 0);
    assert_string_equal(code, "DIS.4303");
    assert_string_equal(message, "slow");
    assert_int_equal(dis_answer_result(entries->child->next->next, &code, &message), -EBADMSG);
    cJSON_Delete(root);
}

/* Whatever bytes come, they are read or refused, and nothing else happens. */

static void read_as_records(const cJSON *root)
{
    char sequence[DECIMAL_ROOM];
    const cJSON *entries;
    const char *code;
    const char *message;

    if (!dis_answer_stored(root, 1, &entries))
        (void)!dis_answer_result(entries->child, &code, &message);
    if (dis_answer_records(root, &entries, &message))
        return;
    for (const cJSON *entry = entries->child; entry; entry = entry->next) {
        struct record record;
        struct span key;

        (void)!dis_answer_record(entry, sequence, &key, &record);
    }
}

static void read_as_everything(const char *text, size_t size)
{
    cJSON *root = parsed(text, size);
    struct table *table = make_table();
    struct names *names = make_names();
    struct buf description = BUF_INIT(100000);
    char sequence[SEQUENCE_MAX + 1];
    struct page page;
    const char *first;
    const char *second;
    bool told;

    (void)!dis_answer_states(root, table, &page);
    (void)!dis_answer_partitions(root, table, &page);
    (void)!dis_answer_apps(root, names, &page);
    (void)!dis_answer_streams(root, names, &page);
    (void)!dis_answer_app_streams(root, "a", names, &told);
    (void)!dis_answer_stream(root, "s", &description);
    if (!dis_answer_checkpoint(root, &first, &second) && first)
        assert_true(strlen(first) <= SEQUENCE_MAX);
    read_as_records(root);
    if (!dis_answer_cursor(root, &first))
        (void)!dis_cursor_decode(first, sequence);
    buf_release(&description);
    names_drop(names);
    table_drop(table);
    cJSON_Delete(root);
}

static void test_damaged_answers(void **state)
{
    static const char whole[] =
        "{\"app_name\":\"a\",\"stream_name\":\"s\",\"has_more\":true,\"sequence_number\":\"-1\","
        "\"metadata\":\"m\\u00e9\",\"apps\":["
        "{\"app_name\":\"a\"}],\"stream_names\":[\"s\"],\"partition_cursor\":\"eyJhIjoxfQ\","
        "\"commit_checkpoint_stream_names\":[\"s\"],\"records\":[{\"sequence_number\":5,\"data\":"
        "\"AP8A\"}],"
        "\"create_time\":1500000000000,\"partitions\":[{\"partition_id\":\"shardId-0000000001\","
        "\"sequence_number_range\":\"[1 : 2]\"}],\"partition_consuming_states\":["
        "{\"partition_id\":0,\"sequence_number\":12,\"latest_offset\":1e3,\"status\":\"ACTIVE\"}]}";
    static const char replacements[] = "\0\"\\{}[],:-0e.n\x80\xff";
    size_t size = sizeof(whole) - 1;
    char text[sizeof(whole)];

    (void)state;
    for (size_t cut = 0; cut <= size; cut++) {
        char *exact = malloc(cut + 1);

        memcpy(exact, whole, cut);
        exact[cut] = '\0';
        read_as_everything(exact, cut);
        free(exact);
    }
    for (size_t i = 0; i < size; i++) {
        for (size_t j = 0; j < sizeof(replacements) - 1; j++) {
            memcpy(text, whole, sizeof(whole));
            text[i] = replacements[j];
            read_as_everything(text, size);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states_as_numbers),
        cmocka_unit_test(test_states_as_texts),
        cmocka_unit_test(test_states_that_are_none),
        cmocka_unit_test(test_partitions),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_apps),
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_streams_of_an_app),
        cmocka_unit_test(test_what_is_no_app),
        cmocka_unit_test(test_no_name_ends_a_list),
        cmocka_unit_test(test_what_describes_no_stream),
        cmocka_unit_test(test_description),
        cmocka_unit_test(test_a_description_that_is_odd),
        cmocka_unit_test(test_checkpoints),
        cmocka_unit_test(test_a_checkpoint_that_is_no_number),
        cmocka_unit_test(test_checkpoints_that_are_none),
        cmocka_unit_test(test_cursors_are_decoded),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_what_has_no_records),
        cmocka_unit_test(test_a_record),
        cmocka_unit_test(test_what_is_no_record),
        cmocka_unit_test(test_what_became_of_records),
        cmocka_unit_test(test_damaged_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
