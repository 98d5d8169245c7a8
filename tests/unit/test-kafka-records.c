#include "kafka-set.h"

#include "base/when.h"

/* What is read of a partition's records. */

static struct buf set = BUF_INIT(256UL << 20);
static struct batch batch;
static struct kafka_place place;
static struct kafka_aborted aborted[8];
static size_t aborted_count;
static int64_t stable;

static int begin_test(void **state)
{
    (void)state;
    buf_reset(&set);
    aborted_count = 0;
    stable = -1;
    return 0;
}

static int end_test(void **state)
{
    (void)state;
    buf_release(&set);
    batch_release(&batch);
    batch = (struct batch){0};
    return 0;
}

/* From a copy of the bytes alone, so that nothing else is read unnoticed. */
static const char *read_form(enum record_form form, int64_t from, size_t limit)
{
    char *copy = malloc(set.size ? set.size : 1);
    struct kafka_recordset recordset = {
        .bytes = {copy, set.size}, .aborted = aborted, .aborted_count = aborted_count};

    assert_non_null(copy);
    memcpy(copy, set.data, set.size);
    recordset.stable = stable;
    place = (struct kafka_place){.next = from};
    if (batch.text.data)
        batch_release(&batch);
    batch_init(&batch, form, limit);
    kafka_recordset_read(&recordset, &place, &batch);
    assert_int_equal(buf_error(&batch.text), 0);
    free(copy);
    return batch.text.data;
}

static const char *read_from(int64_t from)
{
    return read_form(RECORD_LINES, from, 1000000);
}

static void check(int64_t from, const char *lines, int64_t next)
{
    assert_string_equal(read_from(from), lines);
    assert_int_equal(place.error.code, 0);
    assert_int_equal(place.next, next);
}

static void check_error(int code)
{
    assert_string_equal(read_from(0), "");
    assert_int_equal(place.error.code, code);
}

#define LINE(offset, next, data)                                           \
    "{\"checkpoint\":\"" #next "\",\"sequence\":\"" #offset "\",\"time\":" \
    "\"1970-01-01T00:00:00.000Z\",\"data\":\"" data "\"}\n"

/* The records a, b, c. */
static void put_three(enum kafka_codec codec)
{
    struct made_batch made = {
        .base = 10, .last = 2, .count = 3, .attributes = (int16_t)codec, .producer = -1};
    struct buf records = BUF_INIT(1000);
    struct buf packed = BUF_INIT(100000);

    put_plain_record(&records, 0, SPAN("a"));
    put_plain_record(&records, 1, SPAN("b"));
    put_plain_record(&records, 2, SPAN("c"));
    pack(codec, &records, &packed);
    put_batch(&set, &made, &packed);
    buf_release(&records);
    buf_release(&packed);
}

TEST(records_are_read_with_every_codec)
{
    for (int codec = KAFKA_PLAIN; codec <= KAFKA_ZSTD; codec++) {
        buf_reset(&set);
        put_three((enum kafka_codec)codec);
        check(10, LINE(10, 11, "a") LINE(11, 12, "b") LINE(12, 13, "c"), 13);
    }
}

TEST(what_a_batch_has_before_the_place_is_left_out)
{
    for (int codec = KAFKA_PLAIN; codec <= KAFKA_ZSTD; codec++) {
        buf_reset(&set);
        put_three((enum kafka_codec)codec);
        check(11, LINE(11, 12, "b") LINE(12, 13, "c"), 13);
        check(12, LINE(12, 13, "c"), 13);
        check(13, "", 13);
        check(0, LINE(10, 11, "a") LINE(11, 12, "b") LINE(12, 13, "c"), 13);
    }
}

TEST(a_full_batch_ends_between_records)
{
    put_three(KAFKA_GZIP);
    assert_string_equal(read_form(RECORD_LINES, 10, 2), LINE(10, 11, "a") LINE(11, 12, "b"));
    assert_int_equal(place.next, 12);
    assert_string_equal(read_form(RECORD_LINES, 12, 1), LINE(12, 13, "c"));
}

/* As librdkafka writes it. */
TEST(snappy_without_blocks_is_read)
{
    struct made_batch made = {.attributes = KAFKA_SNAPPY};
    struct buf records = BUF_INIT(1000);
    struct buf packed = BUF_INIT(10000);

    put_plain_record(&records, 0, SPAN("one"));
    pack_snappy((struct span){records.data, records.size}, &packed);
    put_batch(&set, &made, &packed);
    check(0, LINE(0, 1, "one"), 1);
    buf_release(&records);
    buf_release(&packed);
}

/* Several pieces of what is inflated, and blocks whose borders are anywhere. */
TEST(long_records_pass_through_every_codec)
{
    static char data[300000];

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (char)('a' + i * i % 23 % 7);
    for (int codec = KAFKA_PLAIN; codec <= KAFKA_ZSTD; codec++) {
        struct made_batch made = {.attributes = (int16_t)codec, .last = 4, .count = 5};
        struct buf records = BUF_INIT(2000000);
        struct buf packed = BUF_INIT(4000000);

        buf_reset(&set);
        for (int i = 0; i < 5; i++)
            put_plain_record(&records, i, (struct span){data, sizeof(data) - (size_t)i});
        pack((enum kafka_codec)codec, &records, &packed);
        put_batch(&set, &made, &packed);
        read_form(RECORD_LINES, 0, 10000000);
        assert_int_equal(place.error.code, 0);
        assert_int_equal(batch.count, 5);
        assert_int_equal(batch.bytes, 5 * sizeof(data) - 10);
        for (int i = 0; i < 5; i++) {
            read_form(RECORD_BYTES, i, 1);
            assert_int_equal(batch.text.size, sizeof(data) - (size_t)i);
            assert_memory_equal(batch.text.data, data, batch.text.size);
        }
        buf_release(&records);
        buf_release(&packed);
    }
}

/* What a record is made of */

static void put_record_with(struct span key, struct span value, int32_t count,
                            const struct buf *headers)
{
    struct made_batch made = {.time = 1764169200000};
    struct buf records = BUF_INIT(1000);

    put_full_record(&records, 0, 123, key, value, count, headers);
    put_batch(&set, &made, &records);
    buf_release(&records);
}

#define BEGIN "{\"checkpoint\":\"1\",\"sequence\":\"0\",\"time\":\"2025-11-26T15:00:00.123Z\""

TEST(a_key_and_a_value_are_empty_or_not_there)
{
    put_record_with(SPAN("k"), SPAN("v"), 0, NULL);
    check(0, BEGIN ",\"key\":\"k\",\"data\":\"v\"}\n", 1);
    buf_reset(&set);
    put_record_with(SPAN(""), SPAN(""), 0, NULL);
    check(0, BEGIN ",\"key\":\"\",\"data\":\"\"}\n", 1);
    buf_reset(&set);
    put_record_with(NULL_SPAN, SPAN("\xff"), 0, NULL);
    check(0, BEGIN ",\"base64\":\"/w==\"}\n", 1);
    buf_reset(&set);
    put_record_with(SPAN("\xff"), NULL_SPAN, 0, NULL);
    check(0, BEGIN ",\"key_base64\":\"/w==\",\"data\":null}\n", 1);
}

TEST(headers_keep_their_values_and_the_order_of_those_of_one_name)
{
    struct buf headers = BUF_INIT(1000);
    const struct {
        struct span name;
        struct span value;
    } all[] = {
        {SPAN("b"), SPAN("1")}, {SPAN("a"), SPAN("")},       {SPAN("b"), SPAN("\xff")},
        {SPAN("n"), {0}},       {SPAN("\xfe"), SPAN("odd")}, {SPAN("b"), {0}},
    };

    for (size_t i = 0; i < COUNT(all); i++) {
        put_bytes(&headers, all[i].name);
        put_bytes(&headers, all[i].value);
    }
    put_record_with(NULL_SPAN, SPAN("v"), COUNT(all), &headers);
    check(0,
          BEGIN ",\"headers\":{\"b\":[\"1\",{\"base64\":\"/w==\"},null],\"a\":\"\",\"n\":null},"
                "\"headers_base64\":{\"/g==\":\"odd\"},\"data\":\"v\"}\n",
          1);
    assert_int_equal(batch.bytes, 1 + 2 + 1 + 2 + 1 + 4 + 1);
    buf_release(&headers);
}

TEST(a_time_is_the_records_or_the_logs_or_unknown)
{
    struct made_batch made = {
        .attributes = IS_APPEND_TIME, .time = 5, .time_max = 1764169200123, .producer = -1};

    put_one(&set, &made, SPAN("v"));
    check(0, BEGIN ",\"data\":\"v\"}\n", 1);
    buf_reset(&set);
    made.time_max = -1;
    put_one(&set, &made, SPAN("v"));
    check(0, "{\"checkpoint\":\"1\",\"sequence\":\"0\",\"data\":\"v\"}\n", 1);
    buf_reset(&set);
    made.time_max = INT64_MAX;
    put_one(&set, &made, SPAN("v"));
    check(0, "{\"checkpoint\":\"1\",\"sequence\":\"0\",\"data\":\"v\"}\n", 1);
}

/* Bytes of one record */

TEST(the_bytes_of_a_record_are_its_value_and_nothing_else)
{
    put_three(KAFKA_LZ4);
    put_one(&set, &(struct made_batch){.base = 20}, SPAN("a\0b\n\xff"));
    read_form(RECORD_BYTES, 20, 1);
    assert_int_equal(batch.text.size, 5);
    assert_memory_equal(batch.text.data, "a\0b\n\xff", 5);
    assert_string_equal(read_form(RECORD_BYTES, 11, 1), "b");
}

/* Those that follow are others. */
TEST(a_gap_has_no_bytes)
{
    struct buf records = BUF_INIT(1000);

    put_plain_record(&records, 0, SPAN("a"));
    put_plain_record(&records, 2, SPAN("c"));
    put_batch(&set, &(struct made_batch){.last = 5, .count = 2}, &records);
    put_one(&set, &(struct made_batch){.base = 6}, SPAN("g"));
    for (int64_t offset = 1; offset < 6; offset++) {
        read_form(RECORD_BYTES, offset, 1);
        assert_int_equal(batch.count, offset == 2);
        assert_int_equal(place.error.code, 0);
    }
    buf_release(&records);
}

TEST(a_record_that_is_not_there_or_has_no_value_has_no_bytes)
{
    struct buf records = BUF_INIT(1000);

    put_three(KAFKA_PLAIN);
    put_full_record(&records, 0, 0, SPAN("k"), NULL_SPAN, 0, NULL);
    put_batch(&set, &(struct made_batch){.base = 20}, &records);
    read_form(RECORD_BYTES, 15, 1);
    assert_int_equal(batch.count, 0);
    assert_int_equal(place.error.code, 0);
    read_form(RECORD_BYTES, 20, 1);
    assert_int_equal(batch.count, 0);
    assert_int_equal(place.error.code, ENODATA);
    buf_release(&records);
}

/* Gaps, as in compacted topics */

TEST(offsets_that_are_missing_are_passed_over)
{
    struct made_batch made = {.base = 10, .last = 9, .count = 2};
    struct buf records = BUF_INIT(1000);

    put_plain_record(&records, 3, SPAN("a"));
    put_plain_record(&records, 7, SPAN("b"));
    put_batch(&set, &made, &records);
    check(0, LINE(13, 14, "a") LINE(17, 18, "b"), 20);
    check(14, LINE(17, 18, "b"), 20);
    check(18, "", 20);
    buf_release(&records);
}

/* A batch of which the cleaner has kept the head alone. */
TEST(a_batch_without_records_is_passed_over)
{
    struct made_batch made = {.base = 10, .last = 4, .count = 1};
    struct buf nothing = BUF_INIT(1);
    uint32_t sum;

    put_batch(&set, &made, &nothing);
    memset(set.data + 57, 0, 4);
    sum = crc32c(set.data + 21, set.size - 21);
    for (int i = 0; i < 4; i++)
        set.data[17 + i] = (char)(sum >> (24 - 8 * i));
    put_one(&set, &(struct made_batch){.base = 15}, SPAN("next"));
    check(12, LINE(15, 16, "next"), 16);
    buf_release(&nothing);
}

/* Transactions */

static void put_of(int64_t base, int64_t producer, const char *value)
{
    put_one(
        &set,
        &(struct made_batch){.base = base, .attributes = IS_TRANSACTIONAL, .producer = producer},
        (struct span){value, strlen(value)});
}

TEST(records_of_aborted_transactions_and_markers_are_not_shown)
{
    put_of(0, 7, "lost");
    put_of(1, 8, "kept");
    put_of(2, 7, "lost");
    put_marker(&set, 3, 7, 0);
    put_of(4, 7, "kept");
    put_marker(&set, 5, 7, 1);
    put_marker(&set, 6, 8, 1);
    put_of(7, 7, "lost");
    put_marker(&set, 8, 7, 0);
    put_one(&set, &(struct made_batch){.base = 9, .producer = -1}, SPAN("kept"));
    aborted[0] = (struct kafka_aborted){.producer = 7, .first = 7};
    aborted[1] = (struct kafka_aborted){.producer = 7, .first = 0};
    aborted_count = 2;
    check(0, LINE(1, 2, "kept") LINE(4, 5, "kept") LINE(9, 10, "kept"), 10);
}

/* Another read, which begins within what was aborted; and a marker is the last thing there is. */
TEST(what_has_nothing_to_show_is_passed_over_to_its_end)
{
    put_of(2, 7, "lost");
    put_marker(&set, 3, 7, 0);
    aborted[0] = (struct kafka_aborted){.producer = 7, .first = 0};
    aborted_count = 1;
    check(1, "", 4);
    check(3, "", 4);
    check(4, "", 4);
}

TEST(a_commit_marker_ends_no_aborted_transaction)
{
    put_of(0, 7, "lost");
    put_marker(&set, 1, 8, 0);
    put_of(2, 7, "lost");
    put_marker(&set, 3, 7, 0);
    aborted[0] = (struct kafka_aborted){.producer = 7, .first = 0};
    aborted[1] = (struct kafka_aborted){.producer = 8, .first = 0};
    aborted_count = 2;
    check(0, "", 4);
}

TEST(what_an_open_transaction_has_written_is_not_shown)
{
    put_of(0, 7, "kept");
    put_of(1, 8, "open");
    put_one(&set, &(struct made_batch){.base = 2}, SPAN("behind"));
    stable = 1;
    check(0, LINE(0, 1, "kept"), 1);
    check(1, "", 1);
}

/* What is wrong with it */

TEST(a_last_batch_that_is_cut_off_is_left)
{
    size_t whole;

    put_three(KAFKA_PLAIN);
    whole = set.size;
    put_one(&set, &(struct made_batch){.base = 13}, SPAN("cut off"));
    for (size_t size = whole; size < whole + 60; size++) {
        buf_resize(&set, size);
        check(10, LINE(10, 11, "a") LINE(11, 12, "b") LINE(12, 13, "c"), 13);
        assert_int_equal(place.needed, 0);
    }
}

TEST(a_first_batch_that_is_cut_off_tells_how_much_it_needs)
{
    size_t whole;

    put_three(KAFKA_PLAIN);
    whole = set.size;
    buf_resize(&set, whole - 1);
    check(10, "", 10);
    assert_int_equal(place.needed, whole);
    buf_resize(&set, 5);
    check(10, "", 10);
    assert_int_equal(place.needed, 12);
}

TEST(a_bit_that_has_changed_is_found)
{
    put_three(KAFKA_PLAIN);
    for (size_t at = 21; at < set.size; at++) {
        set.data[at] ^= 0x10;
        check_error(EBADMSG);
        assert_non_null(strstr(place.error.message, "checksum"));
        set.data[at] ^= 0x10;
    }
    check(10, LINE(10, 11, "a") LINE(11, 12, "b") LINE(12, 13, "c"), 13);
}

/* Whoever goes on there is told. */
TEST(what_comes_before_damage_is_shown)
{
    put_three(KAFKA_PLAIN);
    put_one(&set, &(struct made_batch){.base = 13}, SPAN("damaged"));
    set.data[set.size - 3] ^= 1;
    check(10, LINE(10, 11, "a") LINE(11, 12, "b") LINE(12, 13, "c"), 13);
    check(12, LINE(12, 13, "c"), 13);
    assert_string_equal(read_from(13), "");
    assert_int_equal(place.error.code, EBADMSG);
}

TEST(formats_that_are_not_read_are_told_of)
{
    for (int8_t format = 0; format <= 1; format++) {
        buf_reset(&set);
        put_one(&set, &(struct made_batch){.format = 2}, SPAN("old"));
        set.data[16] = (char)format;
        check_error(EOPNOTSUPP);
        assert_non_null(strstr(place.error.message, "before 0.11"));
    }
    set.data[16] = 3;
    check_error(EBADMSG);
}

TEST(a_codec_that_is_not_known_is_told_of)
{
    put_one(&set, &(struct made_batch){.attributes = 5}, SPAN("packed"));
    check_error(EOPNOTSUPP);
    assert_non_null(strstr(place.error.message, "codec 5"));
}

TEST(what_a_codec_cannot_read_is_damaged)
{
    for (int codec = KAFKA_GZIP; codec <= KAFKA_ZSTD; codec++) {
        buf_reset(&set);
        put_one(&set, &(struct made_batch){.attributes = (int16_t)codec},
                SPAN("nothing that any of them has ever written"));
        check_error(EBADMSG);
    }
}

/* Sizes and offsets that cannot be, each behind a right checksum. */
TEST(lengths_that_lie_are_damage)
{
    const struct span records[] = {
        SPAN(""),                                 /* none, where one should be */
        SPAN("\x10\0\0\0\1\1\0\0"),               /* shorter than it says */
        SPAN("\x01\0\0\0\1\1\0"),                 /* -1 long */
        SPAN("\x0c\0\0\0\1\x08\0"),               /* a value that goes on behind it */
        SPAN("\x0c\0\0\0\x03\1\0"),               /* a key of -2 bytes */
        SPAN("\x0c\0\0\x04\1\1\0"),               /* an offset behind the batch */
        SPAN("\x0c\0\0\1\1\1\0"),                 /* one before it */
        SPAN("\x0c\0\0\0\1\1\1"),                 /* -1 headers */
        SPAN("\x0c\0\0\0\1\1\x02"),               /* a header that is not there */
        SPAN("\x0e\0\0\0\1\1\0!"),                /* something behind the headers */
        SPAN("\x0c\0\0\0\1\1\0!"),                /* something behind the record */
        SPAN("\xfe\xff\xff\xff\x0f\0\0\0\1\1\0"), /* 2 GiB */
        SPAN("\xff\xff\xff\xff\xff\0\0\0\1\1\0"), /* a number without an end */
    };

    for (size_t i = 0; i < COUNT(records); i++) {
        struct buf bytes = BUF_INIT(1000);

        buf_reset(&set);
        buf_add(&bytes, records[i].data, records[i].size);
        put_batch(&set, &(struct made_batch){0}, &bytes);
        read_from(0);
        if (i != 10)
            assert_string_equal(batch.text.data, "");
        else
            assert_int_equal(batch.count, 1);
        assert_int_equal(place.error.code, i == 10 ? 0 : i == 11 ? EFBIG : EBADMSG);
        buf_release(&bytes);
    }
}

TEST(batches_in_no_order_are_damage)
{
    put_one(&set, &(struct made_batch){.base = 5}, SPAN("a"));
    put_one(&set, &(struct made_batch){.base = 5}, SPAN("b"));
    check(0, LINE(5, 6, "a"), 6);
    assert_string_equal(read_from(6), "");
    assert_int_equal(place.error.code, EBADMSG);
    buf_reset(&set);
    put_one(&set, &(struct made_batch){.base = -5}, SPAN("a"));
    check_error(EBADMSG);
    buf_reset(&set);
    put_one(&set, &(struct made_batch){.base = INT64_MAX}, SPAN("a"));
    check_error(EBADMSG);
}

/* Much from little */

/* One record of zeros, which says that it is so long. */
static void put_zeros(int64_t size)
{
    static char zeros[65536];
    struct made_batch made = {.attributes = KAFKA_ZSTD, .last = 2, .count = 3};
    struct buf packed = BUF_INIT(1UL << 20);
    struct buf head = BUF_INIT(100);
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    ZSTD_inBuffer in;

    assert_non_null(zstd);
    put_varlong(&head, size);
    in = (ZSTD_inBuffer){head.data, head.size, 0};
    for (int64_t left = size; left > 0; left -= (int64_t)sizeof(zeros)) {
        char piece[1024];
        ZSTD_outBuffer out = {piece, sizeof(piece), 0};

        assert_false(ZSTD_isError(ZSTD_compressStream2(zstd, &out, &in, ZSTD_e_continue)));
        assert_int_equal(in.pos, in.size);
        buf_add(&packed, piece, out.pos);
        in = (ZSTD_inBuffer){zeros, sizeof(zeros), 0};
    }
    ZSTD_freeCCtx(zstd);
    assert_int_equal(buf_error(&packed), 0);
    put_batch(&set, &made, &packed);
    buf_release(&packed);
    buf_release(&head);
}

TEST(a_record_that_is_too_large_is_told_of_before_it_is_inflated)
{
    put_zeros(INT64_C(200) << 20);
    assert_true(set.size < 100000);
    check_error(EFBIG);
}

/* That record is to be passed over. */
TEST(a_batch_that_is_too_large_to_inflate_is_told_of)
{
    put_zeros(INT64_C(200) << 20);
    assert_string_equal(read_from(1), "");
    assert_int_equal(place.error.code, EFBIG);
}

TEST(a_block_of_snappy_that_says_it_is_huge_is_refused)
{
    struct buf packed = BUF_INIT(1000);

    buf_add(&packed, "\xff\xff\xff\xff\x0f\0", 6);
    put_batch(&set, &(struct made_batch){.attributes = KAFKA_SNAPPY}, &packed);
    check_error(EFBIG);
    buf_release(&packed);
}

/* Writing */

TEST(what_is_written_is_read_again)
{
    const struct span records[] = {SPAN("a"), SPAN(""), SPAN("b\0\xff")};

    kafka_recordset_put(&set, records, COUNT(records), 0);
    assert_int_equal(buf_error(&set), 0);
    check(0,
          LINE(0, 1, "a") LINE(
              1, 2,
              "") "{\"checkpoint\":\"3\",\"sequence\":\"2\",\"time\":\"1970-01-01T00:00:00.000Z\","
                  "\"base64\":\"YgD/\"}\n",
          3);
}

/* Byte by byte, as Kafka's documentation has it. */
TEST(what_is_written_is_what_kafka_reads)
{
    const struct span records[] = {SPAN("a")};
    static const char expected[] =
        "\0\0\0\0\0\0\0\0\0\0\0\x39\xff\xff\xff\xff\2????\0\0\0\0\0\0"
        "\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0\7\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
        "\0\0\0\1\x0e\0\0\0\1\2a\0";

    kafka_recordset_put(&set, records, 1, 7);
    assert_int_equal(set.size, sizeof(expected) - 1);
    memcpy(set.data + 17, "????", 4);
    assert_memory_equal(set.data, expected, set.size);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, begin_test, end_test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(records_are_read_with_every_codec),
        SCENE(what_a_batch_has_before_the_place_is_left_out),
        SCENE(a_full_batch_ends_between_records),
        SCENE(snappy_without_blocks_is_read),
        SCENE(long_records_pass_through_every_codec),
        SCENE(a_key_and_a_value_are_empty_or_not_there),
        SCENE(headers_keep_their_values_and_the_order_of_those_of_one_name),
        SCENE(a_time_is_the_records_or_the_logs_or_unknown),
        SCENE(the_bytes_of_a_record_are_its_value_and_nothing_else),
        SCENE(a_gap_has_no_bytes),
        SCENE(a_record_that_is_not_there_or_has_no_value_has_no_bytes),
        SCENE(offsets_that_are_missing_are_passed_over),
        SCENE(a_batch_without_records_is_passed_over),
        SCENE(records_of_aborted_transactions_and_markers_are_not_shown),
        SCENE(what_has_nothing_to_show_is_passed_over_to_its_end),
        SCENE(a_commit_marker_ends_no_aborted_transaction),
        SCENE(what_an_open_transaction_has_written_is_not_shown),
        SCENE(a_last_batch_that_is_cut_off_is_left),
        SCENE(a_first_batch_that_is_cut_off_tells_how_much_it_needs),
        SCENE(a_bit_that_has_changed_is_found),
        SCENE(what_comes_before_damage_is_shown),
        SCENE(formats_that_are_not_read_are_told_of),
        SCENE(a_codec_that_is_not_known_is_told_of),
        SCENE(what_a_codec_cannot_read_is_damaged),
        SCENE(lengths_that_lie_are_damage),
        SCENE(batches_in_no_order_are_damage),
        SCENE(a_record_that_is_too_large_is_told_of_before_it_is_inflated),
        SCENE(a_batch_that_is_too_large_to_inflate_is_told_of),
        SCENE(a_block_of_snappy_that_says_it_is_huge_is_refused),
        SCENE(what_is_written_is_read_again),
        SCENE(what_is_written_is_what_kafka_reads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
