#include "test.h"

#include "api/json.h"
#include "api/records.h"
#include "base/when.h"

#define SPAN(text) ((struct span){(text), sizeof(text) - 1})

static struct batch batch;

static void begin(enum record_form form, size_t limit)
{
    batch_release(&batch);
    batch_init(&batch, form, limit);
}

static const char *line_of(const struct record *record)
{
    begin(RECORD_LINES, 1000);
    batch_add(&batch, record);
    assert_int_equal(buf_error(&batch.text), 0);
    return batch.text.data;
}

static const char *line_of_data(struct span data)
{
    return line_of(&(struct record){"8", "7", WHEN_UNKNOWN, NULL, data});
}

TEST(a_record_is_a_line_that_begins_with_what_to_commit)
{
    struct span key = SPAN("k");

    assert_string_equal(
        line_of(&(struct record){"43", "42", 1764169200123000000, &key, SPAN("text")}),
        "{\"checkpoint\":\"43\",\"sequence\":\"42\",\"time\":\"2025-11-26T15:00:00.123Z\","
        "\"key\":\"k\",\"data\":\"text\"}\n");
    assert_string_equal(line_of_data(SPAN("")),
                        "{\"checkpoint\":\"8\",\"sequence\":\"7\",\"data\":\"\"}\n");
}

TEST(every_escape_is_one_that_no_shell_expands)
{
    assert_non_null(strstr(line_of_data(SPAN("a\"b\\c\nd\te\x7f\x1b")),
                           "\"data\":\"a\\u0022b\\u005cc\\u000ad\\u0009e\\u007f\\u001b\"}"));
}

TEST(what_is_no_text_is_base64)
{
    struct span key = SPAN("\xff");

    assert_non_null(strstr(line_of_data(SPAN("a\0b")), "\"base64\":\"YQBi\"}"));
    assert_non_null(strstr(line_of_data(SPAN("\xc3")), "\"base64\":\"ww==\"}"));
    assert_null(strstr(batch.text.data, "\"data\""));
    assert_non_null(strstr(line_of(&(struct record){"8", "7", WHEN_UNKNOWN, &key, SPAN("")}),
                           "\"key_base64\":\"/w==\""));
    assert_non_null(strstr(line_of_data(SPAN("\xe2\x82\xac \xf0\x9f\x98\x80")),
                           "\"data\":\"\xe2\x82\xac \xf0\x9f\x98\x80\"}"));
}

/* Long data pass through base64 in pieces. */
TEST(long_base64_has_no_seam)
{
    static char data[10000];
    size_t length;

    memset(data, 0, sizeof(data));
    line_of_data((struct span){data, sizeof(data)});
    length = strspn(strstr(batch.text.data, "base64\":\"") + strlen("base64\":\""), "A");
    assert_int_equal(length, (sizeof(data) * 8 + 5) / 6);
    assert_null(strstr(batch.text.data, "=A"));
}

TEST(every_byte_comes_back_by_a_json_parser)
{
    char bytes[2] = "";
    const char *data = NULL;
    cJSON *root = NULL;

    for (int byte = 1; byte < 0x80; byte++) {
        bytes[0] = (char)byte;
        line_of_data((struct span){bytes, 1});
        assert_int_equal(json_parse(batch.text.data, batch.text.size, &root), 0);
        assert_int_equal(json_text(root, "data", &data), 0);
        assert_string_equal(data, bytes);
        cJSON_Delete(root);
    }
}

TEST(a_batch_is_full_after_a_whole_record)
{
    struct record record = {"1", "1", WHEN_UNKNOWN, NULL, SPAN("123456")};

    begin(RECORD_LINES, 10);
    assert_false(batch_is_full(&batch));
    batch_add(&batch, &record);
    assert_false(batch_is_full(&batch));
    batch_add(&batch, &record);
    assert_true(batch_is_full(&batch));
    assert_int_equal(batch.count, 2);
    assert_int_equal(batch.bytes, 12);
}

/* Else nothing would bound the text of those that are empty. */
TEST(a_batch_is_full_of_tiny_records_when_its_text_is_long)
{
    struct record record = {"1", "1", WHEN_UNKNOWN, NULL, SPAN("")};

    begin(RECORD_LINES, 10);
    while (!batch_is_full(&batch) && !buf_error(&batch.text))
        batch_add(&batch, &record);
    assert_in_range(batch.text.size, 65536, 65536 + 10 * 8 + 100);
}

TEST(the_bytes_of_a_record_are_all_there_is)
{
    struct record record = {"1", "1", WHEN_UNKNOWN, NULL, SPAN("a\0\n")};

    begin(RECORD_BYTES, 1000);
    batch_add(&batch, &record);
    assert_int_equal(batch.text.size, 3);
    assert_memory_equal(batch.text.data, "a\0\n", 3);
    assert_true(batch_is_full(&batch));
}

TEST(all_batches_have_a_bound_together_beyond_which_each_has_a_record)
{
    static char data[16 << 20];
    struct record large = {"1", "1", WHEN_UNKNOWN, NULL, {data, sizeof(data)}};
    struct record small = {"1", "1", WHEN_UNKNOWN, NULL, SPAN("x")};
    struct batch others[2];
    struct batch before;

    for (size_t i = 0; i < 2; i++) {
        batch_init(&others[i], RECORD_BYTES, BATCH_LIMIT_MAX);
        for (size_t j = 0; j < BATCHES_MAX / 2 / sizeof(data) - 1; j++)
            batch_add(&others[i], &large);
    }
    begin(RECORD_LINES, 1000);
    batch_add(&batch, &small);
    before = batch;
    batch_add(&batch, &small);
    assert_false(batch_is_full(&batch));
    assert_true(batch_may_grow(&batch, &before));
    batch_add(&others[0], &large);
    batch_add(&others[0], &large);
    assert_true(batch_is_full(&batch));
    assert_false(batch_may_grow(&batch, &before));
    begin(RECORD_LINES, 1000);
    assert_false(batch_is_full(&batch));
    batch_add(&batch, &small);
    assert_true(batch_is_full(&batch));
    batch_release(&others[0]);
    assert_false(batch_is_full(&batch));
    batch_release(&others[1]);
}

static int end(void **state)
{
    (void)state;
    batch_release(&batch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_a_line_that_begins_with_what_to_commit),
        cmocka_unit_test(every_escape_is_one_that_no_shell_expands),
        cmocka_unit_test(what_is_no_text_is_base64),
        cmocka_unit_test(long_base64_has_no_seam),
        cmocka_unit_test(every_byte_comes_back_by_a_json_parser),
        cmocka_unit_test(a_batch_is_full_after_a_whole_record),
        cmocka_unit_test(a_batch_is_full_of_tiny_records_when_its_text_is_long),
        cmocka_unit_test(the_bytes_of_a_record_are_all_there_is),
        cmocka_unit_test(all_batches_have_a_bound_together_beyond_which_each_has_a_record),
    };

    return cmocka_run_group_tests_name("records", tests, NULL, end);
}
