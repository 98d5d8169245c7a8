#include "test.h"

#include <lz4.h>

#include "api/members.h"
#include "api/sls/loglines.h"
#include "api/sls/pulled.h"
#include "api/sls/shards.h"
#include "base/when.h"
#include "tests/unit/parsed.h"
#include "tests/vectors/loggroup.h"

/* Log groups as they are received and sent, the lines that they become, and what is remembered of
 * shards. */

#define SPAN(text) ((struct span){(text), sizeof(text) - 1})

static const struct span vector = {(const char *)loggroup_vector, sizeof(loggroup_vector)};

static struct batch batch;

static void begin(size_t limit)
{
    batch_release(&batch);
    batch_init(&batch, RECORD_LINES, limit);
}

static int end(void **state)
{
    (void)state;
    batch_release(&batch);
    return 0;
}

/* Builds messages as somebody else would. */

static void add_field(struct buf *to, int number, const void *data, size_t size)
{
    char head[] = {(char)(number << 3 | 2), (char)(size | 0x80), (char)(size >> 7)};

    assert_true(size < 1 << 14);
    buf_add(to, head, sizeof(head));
    buf_add(to, data, size);
}

static void add_part(struct buf *to, int number, struct buf *part)
{
    add_field(to, number, part->data, part->size);
    buf_release(part);
}

static void add_pair(struct buf *to, int number, struct span key, struct span value)
{
    struct buf pair = BUF_INIT(1 << 20);

    add_field(&pair, 1, key.data, key.size);
    add_field(&pair, 2, value.data, value.size);
    add_part(to, number, &pair);
}

static void add_log(struct buf *group, struct buf *log)
{
    buf_add(log, "\x08\x01", 2);
    add_part(group, 1, log);
}

/* A list of one group of some logs, each with the field k. */
static void add_group(struct buf *list, unsigned logs, struct span value)
{
    struct buf group = BUF_INIT(1 << 20);

    for (unsigned i = 0; i < logs; i++) {
        struct buf log = BUF_INIT(1 << 20);

        add_pair(&log, 2, SPAN("k"), value);
        add_log(&group, &log);
    }
    add_part(list, 1, &group);
}

/* Reading */

TEST(what_official_code_writes_is_read)
{
    struct span rest = vector;
    struct span logs;
    struct loggroup group;
    struct loggroup_log log;
    struct loggroup_pair pair;

    assert_int_equal(loggroup_next(&rest, &group), 1);
    assert_memory_equal(group.topic.data, "web", group.topic.size);
    assert_memory_equal(group.source.data, "10.0.0.1", group.source.size);
    assert_int_equal(group.logs, 2);
    assert_int_equal(group.pairs, 4 + 1 + 2 * 2);
    logs = group.all;
    assert_int_equal(loggroup_next_log(&logs, &log), 1);
    assert_true(log.time == INT64_C(1700000000123456789));
    assert_int_equal(loggroup_next_content(&log.all, &pair), 1);
    assert_memory_equal(pair.key.data, "level", pair.key.size);
    assert_int_equal(loggroup_next_log(&logs, &log), 1);
    assert_true(log.time == INT64_C(1700000001) * 1000000000);
    assert_int_equal(loggroup_next_log(&logs, &log), 0);
    assert_int_equal(loggroup_next(&rest, &group), 1);
    assert_int_equal(group.topic.size + group.source.size + group.bytes, 0);
    assert_int_equal(loggroup_next(&rest, &group), 0);
}

/* A list that is cut anywhere within a group is none. */
TEST(what_is_cut_is_refused)
{
    struct span rest;
    struct loggroup group;
    int status;

    for (size_t size = 1; size < vector.size; size++) {
        rest = (struct span){vector.data, size};
        while ((status = loggroup_next(&rest, &group)) > 0)
            continue;
        assert_int_equal(status, size == 145 ? 0 : -EBADMSG);
    }
}

TEST(what_no_message_is_is_refused)
{
    static const struct span cases[] = {
        {"\x0a", 1},                                              /* no size */
        {"\x0a\x01", 2},                                          /* nothing of that size */
        {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11},     /* as much as there can be */
        {"\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 12}, /* a varint without end */
        {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11},     /* one of 65 bits */
        {"\x02\x00", 2},                                          /* the field 0 */
        {"\x0b\x0c", 2},                                          /* a group of proto 1 */
        {"\x0e\x00", 2},                                          /* a type that is none */
        {"\x11\x00\x00", 3},                                      /* less than 64 bits */
        {"\x15\x00\x00", 3},                                      /* less than 32 */
        {"\x0a\x02\x0a\x05", 4},                 /* a log that is longer than its group */
        {"\x0a\x04\x0a\x02\x12\x09", 6},         /* a content that is longer than its log */
        {"\x0a\x06\x0a\x04\x12\x02\x0a\x09", 8}, /* a key that is longer than its content */
        {"\x0a\x04\x32\x02\x0a\x09", 6},         /* of a tag */
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct span rest = cases[i];
        struct loggroup group;

        assert_int_equal(loggroup_next(&rest, &group), -EBADMSG);
    }
}

/* Among the fields that are known, and those of a type that they should not have. */
TEST(what_is_unknown_is_passed_over)
{
    static const char bytes[] = "\x08\x01"                             /* a list's field 1 */
                                "\x12\x01x"                            /* its field 2 */
                                "\x0a\x1b"                             /* a group */
                                "\x18\x05"                             /* its topic as a number */
                                "\x0a\x15"                             /* a log */
                                "\x0d\x01\x00\x00\x00"                 /* its time in 32 bits */
                                "\x21\x01\x00\x00\x00\x00\x00\x00\x00" /* Time_ns in 64 */
                                "\x12\x03\x0a\x01k"                    /* a content */
                                "\x2a\x00"                             /* MachineUUID */
                                "\x1a\x00";                            /* the topic */
    struct span rest = {bytes, sizeof(bytes) - 1};
    struct loggroup group;
    struct loggroup_log log;

    assert_int_equal(loggroup_next(&rest, &group), 1);
    assert_int_equal(group.logs, 1);
    assert_int_equal(group.pairs, 1);
    assert_int_equal(loggroup_next_log(&group.all, &log), 1);
    assert_true(log.time == WHEN_UNKNOWN);
}

/* Writing */

TEST(what_is_written_is_read)
{
    struct buf list = BUF_INIT(1 << 20);
    struct buf group = BUF_INIT(1 << 20);
    const struct loggroup_pair content = {SPAN("content"), SPAN("a\0\xff")};
    struct loggroup_pair pair;
    struct loggroup_log log;
    struct loggroup read;
    struct span rest;

    loggroup_add(&group, INT64_C(1700000000123456789), &content);
    add_part(&list, 1, &group);
    rest = (struct span){list.data, list.size};
    assert_int_equal(loggroup_next(&rest, &read), 1);
    assert_int_equal(loggroup_next_log(&read.all, &log), 1);
    assert_true(log.time == INT64_C(1700000000123456789));
    assert_int_equal(loggroup_next_content(&log.all, &pair), 1);
    assert_memory_equal(pair.key.data, "content", pair.key.size);
    assert_int_equal(pair.value.size, 3);
    assert_memory_equal(pair.value.data, "a\0\xff", 3);
    buf_release(&list);
}

/* As `protoc --encode=LogGroup` writes it, but for the order of the fields. */
TEST(it_is_written_as_official_code_reads_it)
{
    static const char expected[] = "\x0a\x1d\x08\x80\xe2\xcf\xaa\x06\x25\x15\xcd\x5b\x07"
                                   "\x12\x10\x0a\x07"
                                   "content\x12\x05hello";
    const struct loggroup_pair content = {SPAN("content"), SPAN("hello")};
    struct buf group = BUF_INIT(1 << 20);

    loggroup_add(&group, INT64_C(1700000000123456789), &content);
    assert_int_equal(group.size, sizeof(expected) - 1);
    assert_memory_equal(group.data, expected, group.size);
    buf_release(&group);
}

TEST(a_group_is_cut_between_logs)
{
    const struct loggroup_pair content = {SPAN("content"), SPAN("hello")};
    struct buf group = BUF_INIT(1 << 20);
    struct span all;
    size_t count;

    for (int i = 0; i < 5; i++)
        loggroup_add(&group, 1, &content);
    all = (struct span){group.data, group.size};
    assert_int_equal(loggroup_cut(&all, 1000, 1000, &count), all.size);
    assert_int_equal(count, 5);
    assert_int_equal(loggroup_cut(&all, 1000, 3, &count), all.size / 5 * 3);
    assert_int_equal(count, 3);
    assert_int_equal(loggroup_cut(&all, all.size - 1, 1000, &count), all.size / 5 * 4);
    assert_int_equal(count, 4);
    assert_int_equal(loggroup_cut(&all, 1, 1000, &count), all.size / 5);
    assert_int_equal(count, 1);
    buf_release(&group);
}

/* Lines */

static const struct loglines_place place = {"NDI=", "NDM=", "42"};

static const char *lines_of(struct span list)
{
    struct loggroup group;

    begin(1 << 20);
    assert_int_equal(loggroup_next(&list, &group), 1);
    assert_true(loglines_fit(&batch, &group));
    assert_int_equal(loglines_add(&batch, &group, &place), 0);
    return batch.text.data;
}

TEST(a_group_is_a_line_for_each_log)
{
    assert_string_equal(
        lines_of(vector),
        "{\"checkpoint\":\"NDI=\",\"sequence\":\"42\",\"time\":\"2023-11-14T22:13:20.123Z\","
        "\"topic\":\"web\",\"source\":\"10.0.0.1\",\"tags\":{\"host\":\"a\",\"path\":\"/x\"},"
        "\"data\":{\"level\":\"info\",\"part\":[\"1\",\"2\"],"
        "\"text\":\"a \\u0022b\\u0022\\u000a\xe2\x82\xac\"}}\n"
        "{\"checkpoint\":\"NDM=\",\"sequence\":\"42\",\"time\":\"2023-11-14T22:13:21.000Z\","
        "\"topic\":\"web\",\"source\":\"10.0.0.1\",\"tags\":{\"host\":\"a\",\"path\":\"/x\"},"
        "\"data\":{\"raw\":{\"base64\":\"/wA=\"}}}\n");
    assert_int_equal(batch.count, 2);
    assert_int_equal(batch.bytes, 2 * (3 + 8 + 5 + 6) + 9 + 5 + 13 + 5 + 5);
}

TEST(what_is_empty_is_left_out)
{
    assert_string_equal(lines_of(SPAN("\x0a\x02\x0a\x00")),
                        "{\"checkpoint\":\"NDM=\",\"sequence\":\"42\",\"data\":{}}\n");
}

/* Each key once, where it came first, with all of its values. */
TEST(a_key_that_is_no_text_has_a_place_of_its_own)
{
    struct buf list = BUF_INIT(1 << 20);
    struct buf group = BUF_INIT(1 << 20);
    struct buf log = BUF_INIT(1 << 20);

    add_pair(&log, 2, SPAN("\xff"), SPAN("1"));
    add_pair(&log, 2, SPAN("b"), SPAN("\x80"));
    add_pair(&log, 2, SPAN(""), SPAN(""));
    add_pair(&log, 2, SPAN("a\0"), SPAN("2"));
    add_pair(&log, 2, SPAN("\xff"), SPAN("3"));
    add_pair(&log, 2, SPAN("a"), SPAN("4"));
    add_pair(&log, 2, SPAN("b"), SPAN("5"));
    add_pair(&log, 2, SPAN("\xff"), SPAN("6"));
    add_log(&group, &log);
    add_pair(&group, 6, SPAN("\xfe"), SPAN("t"));
    add_part(&list, 1, &group);
    assert_string_equal(
        lines_of((struct span){list.data, list.size}),
        "{\"checkpoint\":\"NDM=\",\"sequence\":\"42\",\"time\":\"1970-01-01T00:00:01.000Z\","
        "\"tags_base64\":{\"/g==\":\"t\"},"
        "\"data\":{\"b\":[{\"base64\":\"gA==\"},\"5\"],\"\":\"\",\"a\":\"4\"},"
        "\"data_base64\":{\"/w==\":[\"1\",\"3\",\"6\"],\"YQA=\":\"2\"}}\n");
    buf_release(&list);
}

/* Many contents must take no long time, and have a bound. */
TEST(the_contents_of_a_log_are_bounded)
{
    struct buf log = BUF_INIT(8 << 20);
    struct buf group = BUF_INIT(8 << 20);
    struct loggroup made = {.topic = SPAN(""), .source = SPAN(""), .logs = 1};

    for (int i = 0; i < MEMBERS_MAX; i++)
        buf_add(&log, "\x12\x06\x0a\x01k\x12\x01v", 8);
    buf_puts(&group, "\x0a\x80\x80\x20");
    buf_add(&group, log.data, log.size);
    made.all = (struct span){group.data, group.size};
    begin(1 << 20);
    assert_int_equal(loglines_add(&batch, &made, &place), 0);
    assert_int_equal(batch.bytes, 2 * MEMBERS_MAX);

    buf_reset(&group);
    buf_puts(&group, "\x0a\x88\x80\x20");
    buf_add(&log, "\x12\x06\x0a\x01k\x12\x01v", 8);
    buf_add(&group, log.data, log.size);
    made.all = (struct span){group.data, group.size};
    begin(1 << 20);
    assert_int_equal(loglines_add(&batch, &made, &place), -EFBIG);
    buf_release(&group);
    buf_release(&log);
}

/* Answers */

struct heading {
    const char *cursor;
    const char *count;
    const char *raw_size;
    const char *compression;
    const char *last;
};

static const char *header_of(const void *answer, const char *name)
{
    const struct heading *heading = answer;

    if (!strcmp(name, "x-log-cursor"))
        return heading->cursor;
    if (!strcmp(name, "x-log-count"))
        return heading->count;
    if (!strcmp(name, "x-log-bodyrawsize"))
        return heading->raw_size;
    if (!strcmp(name, "x-log-compresstype"))
        return heading->compression;
    return strcmp(name, "x-log-read-last-cursor") ? NULL : heading->last;
}

static int read_heading(const struct heading *heading, struct pulled *pulled)
{
    const char *wrong = NULL;
    int status = pulled_read(pulled, header_of, heading, &wrong);

    assert_true(!status || (status == -EBADMSG && wrong));
    return status;
}

TEST(the_numbers_of_groups_come_from_the_last)
{
    struct pulled pulled;

    assert_int_equal(read_heading(&(struct heading){"MTAw", "3", "9", "lz4", "99"}, &pulled), 0);
    assert_string_equal(pulled.first, "97");
    assert_int_equal(read_heading(&(struct heading){"MTAw", "3", "9", NULL, NULL}, &pulled), 0);
    assert_string_equal(pulled.first, "97");
    assert_false(pulled.is_lz4);
    assert_int_equal(read_heading(&(struct heading){"V0g=", "3", "9", "", "99"}, &pulled), 0);
    assert_string_equal(pulled.first, "97");
    assert_int_equal(read_heading(&(struct heading){"V0g=", "0", "0", NULL, NULL}, &pulled), 0);
    assert_string_equal(pulled.first, "");
    assert_int_equal(read_heading(&(struct heading){"MTAw", "0", "0", NULL, NULL}, &pulled), 0);
    assert_string_equal(pulled.first, "100");
}

TEST(an_answer_that_does_not_tell_is_refused)
{
    static const struct heading cases[] = {
        {NULL, "3", "9", NULL, "99"},
        {"", "3", "9", NULL, "99"},
        {"a b", "3", "9", NULL, "99"},
        {"MTAw", NULL, "9", NULL, "99"},
        {"MTAw", "x", "9", NULL, "99"},
        {"MTAw", "-1", "9", NULL, "99"},
        {"MTAw", "3", NULL, NULL, "99"},
        {"MTAw", "3", "9 ", NULL, "99"},
        {"MTAw", "3", "99999999999999999999", NULL, "99"},
        {"MTAw", "3", "9", "zstd", "99"},
        {"MTAw", "3", "9", NULL, "x"},
        {"MTAw", "3", "9", NULL, "1"},
        {"V0g=", "3", "9", NULL, NULL},
    };
    struct pulled pulled;

    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(read_heading(&cases[i], &pulled), -EBADMSG);
}

/* What an answer with a body of size bytes becomes. */
static int unpack(struct pulled *pulled, const char *body, size_t size)
{
    const struct span span = {body, size};
    const char *wrong = NULL;
    int status = pulled_unpack(pulled, &span, &wrong);

    assert_true(status != -EBADMSG || wrong);
    return status;
}

static int unpack_and_release(struct pulled pulled, const char *body, size_t size)
{
    int status = unpack(&pulled, body, size);

    pulled_release(&pulled);
    return status;
}

TEST(a_body_must_be_what_its_headers_tell)
{
    struct pulled plain = {.groups = 2, .raw_size = vector.size};
    struct pulled packed = {.groups = 2, .raw_size = vector.size, .is_lz4 = true};
    char block[LZ4_COMPRESSBOUND(sizeof(loggroup_vector))];
    int size = LZ4_compress_default(vector.data, block, (int)vector.size, sizeof(block));
    size_t length = (size_t)size;

    assert_true(size > 0);
    assert_int_equal(unpack_and_release(plain, vector.data, vector.size), 0);
    assert_int_equal(unpack_and_release(packed, block, length), 0);
    assert_int_equal(unpack_and_release(packed, block, length - 1), -EBADMSG);
    assert_int_equal(unpack_and_release(packed, vector.data, vector.size), -EBADMSG);
    assert_int_equal(unpack_and_release(plain, vector.data, vector.size - 1), -EBADMSG);
    packed.raw_size++;
    assert_int_equal(unpack_and_release(packed, block, length), -EBADMSG);
    packed.raw_size -= 2;
    assert_int_equal(unpack_and_release(packed, block, length), -EBADMSG);
    plain.groups = 1;
    assert_int_equal(unpack_and_release(plain, vector.data, vector.size), -EBADMSG);
    packed.raw_size = PULLED_RAW_MAX + 1;
    assert_int_equal(unpack_and_release(packed, block, length), -EFBIG);
}

/* A batch of 3 groups of 2 logs, which is full at a limit. */
static size_t print(size_t limit, const char *first)
{
    struct buf list = BUF_INIT(1 << 20);
    struct pulled pulled = {.next = "bmV4dA==", .groups = 3};
    const char *wrong = NULL;
    size_t added;
    int status;

    for (int i = 0; i < 3; i++)
        add_group(&list, 2, SPAN("123456789"));
    snprintf(pulled.first, sizeof(pulled.first), "%s", first);
    pulled.raw = (struct span){list.data, list.size};
    begin(limit);
    status = pulled_print(&pulled, &batch, &added, &wrong);
    buf_release(&list);
    assert_true(!status || (status == -EBADMSG && wrong));
    return status ? 0 : added;
}

TEST(each_line_has_what_to_commit_after_it)
{
    static const char *const expected[] = {"{\"checkpoint\":\"OQ==\",\"sequence\":\"9\",",
                                           "{\"checkpoint\":\"MTA=\",\"sequence\":\"9\",",
                                           "{\"checkpoint\":\"MTA=\",\"sequence\":\"10\",",
                                           "{\"checkpoint\":\"MTE=\",\"sequence\":\"10\",",
                                           "{\"checkpoint\":\"MTE=\",\"sequence\":\"11\",",
                                           "{\"checkpoint\":\"bmV4dA==\",\"sequence\":\"11\","};
    const char *line;

    assert_int_equal(print(1 << 20, "9"), 3);
    line = batch.text.data;
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_memory_equal(line, expected[i], strlen(expected[i]));
        line = strchr(line, '\n') + 1;
    }
    assert_int_equal(*line, '\0');
}

/* A cut within a group would have a reader begin it again for ever. */
TEST(a_batch_is_cut_between_groups)
{
    assert_int_equal(print(1, "9"), 1);
    assert_int_equal(batch.count, 2);
    assert_int_equal(print(20, "9"), 1);
    assert_int_equal(print(21, "9"), 2);
    assert_int_equal(batch.count, 4);
    assert_int_equal(print(40, "9"), 2);
    assert_int_equal(print(41, "9"), 3);
}

TEST(numbers_that_no_cursor_has_are_refused)
{
    assert_int_equal(print(1 << 20, "9223372036854775806"), 0);
}

/* A group that may not fit waits for the next batch; the first one fits or is too large. */
TEST(a_group_for_which_there_is_no_room_waits)
{
    struct pulled pulled = {.next = "Mw==", .first = "1", .groups = 2};
    struct buf list = BUF_INIT(1 << 20);
    const char *wrong = NULL;
    size_t added;

    add_group(&list, 2, SPAN("1"));
    add_group(&list, 2, SPAN("2"));
    pulled.raw = (struct span){list.data, list.size};
    begin(1 << 20);
    batch.text.max = 2200;
    assert_int_equal(pulled_print(&pulled, &batch, &added, &wrong), 0);
    assert_int_equal(added, 1);
    begin(1 << 20);
    batch.text.max = 100;
    assert_int_equal(pulled_print(&pulled, &batch, &added, &wrong), -EFBIG);
    buf_release(&list);
}

/* Shards */

static struct sls_shards shards;

static int note(const char *logstore, uint32_t id, const char *json)
{
    cJSON *root = parsed(json, strlen(json));
    int status = sls_shards_note(&shards, logstore, id, root);

    cJSON_Delete(root);
    return status;
}

#define KEY "0123456789abcdefABCDEF0123456789"

TEST(what_a_logstore_tells_of_its_shards_is_remembered)
{
    struct sls_shard *shard = sls_shard_find(&shards, "orders", 1);

    assert_false(sls_shard_is_fresh(shard, 1000));
    assert_false(shard->is_readonly);
    assert_int_equal(note("orders", 1,
                          "[{\"shardID\":0,\"status\":\"readwrite\"},"
                          "{\"shardID\":1,\"status\":\"readonly\",\"inclusiveBeginKey\":\"" KEY
                          "\"},{\"shardID\":2,\"inclusiveBeginKey\":\"x" KEY "\"}]"),
                     0);
    shard = sls_shard_find(&shards, "orders", 1);
    assert_true(sls_shard_is_fresh(shard, 1000));
    assert_true(shard->is_readonly);
    assert_string_equal(shard->begin_key, KEY);
    shard = sls_shard_find(&shards, "orders", 2);
    assert_true(sls_shard_is_fresh(shard, 1000));
    assert_false(shard->is_readonly);
    assert_string_equal(shard->begin_key, "");
    assert_false(sls_shard_is_fresh(sls_shard_find(&shards, "payments", 1), 1000));
}

TEST(a_list_of_shards_must_be_one_and_have_the_shard)
{
    assert_int_equal(note("orders", 7, "[{\"shardID\":0}]"), -ENOENT);
    assert_int_equal(note("orders", 7, "[]"), -ENOENT);
    assert_int_equal(note("orders", 7, "{}"), -EBADMSG);
    assert_int_equal(note("orders", 7, "[{\"shardID\":\"x\"}]"), -EBADMSG);
    assert_int_equal(note("orders", 7, "[{\"shardID\":7,\"status\":[]}]"), -EBADMSG);
    assert_int_equal(note("orders", 7, "[{\"shardID\":7,\"inclusiveBeginKey\":{}}]"), -EBADMSG);
}

/* As many shards as there can be take one another's place, but never that which was asked for. */
TEST(the_shard_that_is_asked_for_is_always_remembered)
{
    struct buf list = BUF_INIT(1 << 20);

    buf_puts(&list, "[");
    for (int i = 0; i < 4 * SLS_SHARDS; i++)
        buf_printf(&list, "%s{\"shardID\":%d,\"status\":\"%s\"}", i ? "," : "", i,
                   i == 3 ? "readonly" : "readwrite");
    buf_puts(&list, "]");
    assert_int_equal(note("many", 3, list.data), 0);
    assert_true(sls_shard_find(&shards, "many", 3)->is_readonly);
    buf_release(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_official_code_writes_is_read),
        cmocka_unit_test(what_is_cut_is_refused),
        cmocka_unit_test(what_no_message_is_is_refused),
        cmocka_unit_test(what_is_unknown_is_passed_over),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(it_is_written_as_official_code_reads_it),
        cmocka_unit_test(a_group_is_cut_between_logs),
        cmocka_unit_test(a_group_is_a_line_for_each_log),
        cmocka_unit_test(what_is_empty_is_left_out),
        cmocka_unit_test(a_key_that_is_no_text_has_a_place_of_its_own),
        cmocka_unit_test(the_contents_of_a_log_are_bounded),
        cmocka_unit_test(the_numbers_of_groups_come_from_the_last),
        cmocka_unit_test(an_answer_that_does_not_tell_is_refused),
        cmocka_unit_test(a_body_must_be_what_its_headers_tell),
        cmocka_unit_test(each_line_has_what_to_commit_after_it),
        cmocka_unit_test(a_batch_is_cut_between_groups),
        cmocka_unit_test(numbers_that_no_cursor_has_are_refused),
        cmocka_unit_test(a_group_for_which_there_is_no_room_waits),
        cmocka_unit_test(what_a_logstore_tells_of_its_shards_is_remembered),
        cmocka_unit_test(a_list_of_shards_must_be_one_and_have_the_shard),
        cmocka_unit_test(the_shard_that_is_asked_for_is_always_remembered),
    };

    return cmocka_run_group_tests_name("sls-records", tests, NULL, end);
}
