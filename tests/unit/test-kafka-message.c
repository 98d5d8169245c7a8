#include "test.h"

#include "api/kafka/message.h"

/* Bytes as Kafka's protocol guide has them, made by hand, and what is read out of them. */

#define READ(bytes) wire_of(bytes, sizeof(bytes) - 1)

/* An answer is cut at each byte, and has one more: neither is one. */
#define BROKEN_UNLESS_WHOLE(bytes, read)                              \
    do {                                                              \
        for (size_t size = 0; size <= sizeof(bytes); size++) {        \
            struct wire wire = wire_of(bytes, size);                  \
            assert_int_equal((read) == 0, size == sizeof(bytes) - 1); \
        }                                                             \
    } while (0)

static void assert_bytes(struct buf *buf, const char *bytes, size_t size)
{
    assert_int_equal(buf_error(buf), 0);
    assert_int_equal(buf->size, size);
    assert_memory_equal(buf->data, bytes, size);
    buf_release(buf);
}

#define ASSERT_BYTES(buf, bytes) assert_bytes(buf, bytes, sizeof(bytes) - 1)

static void assert_span(struct span span, const char *text)
{
    assert_int_equal(span.size, strlen(text));
    assert_memory_equal(span.data, text, span.size);
}

/* The primitive types */

TEST(numbers_are_big_endian)
{
    struct wire wire = READ("\xff\x01\x02\xff\xff\xff\xfe\x80\0\0\0\0\0\0\0");
    struct buf buf = BUF_INIT(100);

    assert_int_equal(wire_int8(&wire), -1);
    assert_int_equal(wire_int16(&wire), 0x102);
    assert_int_equal(wire_int32(&wire), -2);
    assert_true(wire_int64(&wire) == INT64_MIN);
    assert_false(wire.broken);
    assert_int_equal(wire_int8(&wire), 0);
    assert_true(wire.broken);

    wire_put_int8(&buf, -1);
    wire_put_int16(&buf, 0x102);
    wire_put_int32(&buf, -2);
    wire_put_int64(&buf, INT64_MIN);
    ASSERT_BYTES(&buf, "\xff\x01\x02\xff\xff\xff\xfe\x80\0\0\0\0\0\0\0");
}

TEST(texts_have_a_length_and_may_be_null)
{
    struct wire wire = READ("\0\2ab\0\0\xff\xff");
    struct wire compact = READ("\3ab\1\0");
    struct buf buf = BUF_INIT(100);

    assert_span(wire_text(&wire), "ab");
    assert_span(wire_text(&wire), "");
    assert_null(wire_text(&wire).data);
    assert_false(wire.broken);
    assert_span(wire_compact_text(&compact), "ab");
    assert_span(wire_compact_text(&compact), "");
    assert_null(wire_compact_text(&compact).data);
    assert_false(compact.broken);

    wire_put_text(&buf, "ab");
    wire_put_text(&buf, "");
    wire_put_text(&buf, NULL);
    ASSERT_BYTES(&buf, "\0\2ab\0\0\xff\xff");
}

TEST(a_text_that_is_too_long_is_not_sent)
{
    struct buf buf = BUF_INIT(100000);
    char *text = calloc(1, 40000);

    assert_non_null(text);
    memset(text, 'x', 32767);
    wire_put_text(&buf, text);
    assert_int_equal(buf_error(&buf), 0);
    text[32767] = 'x';
    wire_put_text(&buf, text);
    assert_int_equal(buf_error(&buf), -EFBIG);
    buf_release(&buf);
    free(text);
}

TEST(lengths_that_cannot_be_break_the_reader)
{
    static const struct {
        const char *bytes;
        size_t size;
    } texts[] = {{"\0\3ab", 4}, {"\xff\xfe", 2}, {"\0", 1}, {"\x7f\xff", 2}};

    for (size_t i = 0; i < COUNT(texts); i++) {
        struct wire wire = wire_of(texts[i].bytes, texts[i].size);

        assert_null(wire_text(&wire).data);
        assert_true(wire.broken);
        assert_int_equal(wire_int64(&wire), 0);
    }
}

TEST(an_array_has_no_more_elements_than_there_is_room_for)
{
    struct wire fits = READ("\0\0\0\2abcd");
    struct wire larger = READ("\0\0\0\3abcd");
    struct wire null = READ("\xff\xff\xff\xff");
    struct wire negative = READ("\xff\xff\xff\xfe");
    struct wire huge = READ("\x7f\xff\xff\xff");
    struct wire compact = READ("\3abcd");
    struct wire compact_larger = READ("\4abcd");

    assert_int_equal(wire_array(&fits, 2), 2);
    assert_int_equal(wire_array(&larger, 2), 0);
    assert_true(larger.broken);
    assert_int_equal(wire_array(&null, 1), 0);
    assert_false(null.broken);
    assert_int_equal(wire_array(&negative, 1), 0);
    assert_true(negative.broken);
    assert_int_equal(wire_array(&huge, 1), 0);
    assert_true(huge.broken);
    assert_int_equal(wire_compact_array(&compact, 2), 2);
    assert_int_equal(wire_compact_array(&compact_larger, 2), 0);
    assert_true(compact_larger.broken);
}

TEST(varints_are_at_most_32_bits)
{
    struct wire most = READ("\xff\xff\xff\xff\x0f");
    struct wire above = READ("\xff\xff\xff\xff\x1f");
    struct wire endless = READ("\x80\x80\x80\x80\x80\x80\x01");
    struct wire tags = READ("\2\5\3abc\x81\1\0x");

    wire_compact_array(&most, 1);
    assert_true(most.broken); /* for there is nothing behind it */
    wire_compact_array(&above, 1);
    assert_true(above.broken);
    wire_compact_array(&endless, 1);
    assert_true(endless.broken);
    wire_skip_tags(&tags);
    assert_false(tags.broken);
    assert_int_equal(wire_int8(&tags), 'x');
}

/* Requests */

TEST(heads_name_the_call_and_the_client)
{
    struct buf buf = BUF_INIT(100);

    kafka_put_head(&buf, KAFKA_OFFSET_COMMIT, 7, 258);
    ASSERT_BYTES(&buf, "\0\10\0\7\0\0\1\2\0\14checkpointfs");
    kafka_put_head(&buf, KAFKA_LIST_GROUPS, 2, 1);
    ASSERT_BYTES(&buf, "\0\20\0\2\0\0\0\1\0\14checkpointfs");
    kafka_put_head(&buf, KAFKA_LIST_GROUPS, 4, 1);
    ASSERT_BYTES(&buf, "\0\20\0\4\0\0\0\1\0\14checkpointfs\0");
}

TEST(requests_are_encoded_as_documented)
{
    char message[] = "\0a";
    struct buf buf = BUF_INIT(1000);

    kafka_put_metadata(&buf, KAFKA_ONE_TOPIC, "t");
    ASSERT_BYTES(&buf, "\0\0\0\1\0\1t\0\0\0");
    kafka_put_metadata(&buf, KAFKA_ALL_TOPICS, NULL);
    ASSERT_BYTES(&buf, "\xff\xff\xff\xff\0\0\0");
    kafka_put_metadata(&buf, KAFKA_NO_TOPIC, NULL);
    ASSERT_BYTES(&buf, "\0\0\0\0\0\0\0");
    kafka_put_find_coordinator(&buf, "g");
    ASSERT_BYTES(&buf, "\0\1g\0");
    kafka_put_list_groups(&buf, 2);
    ASSERT_BYTES(&buf, "");
    kafka_put_list_groups(&buf, 4);
    ASSERT_BYTES(&buf, "\1\0");
    kafka_put_list_groups(&buf, 5);
    ASSERT_BYTES(&buf, "\1\1\0");
    kafka_put_offset_fetch(&buf, "g", "t", 3, 2);
    ASSERT_BYTES(&buf, "\0\1g\0\0\0\1\0\1t\0\0\0\2\0\0\0\3\0\0\0\4");
    kafka_put_offset_fetch(&buf, "g", NULL, 0, 0);
    ASSERT_BYTES(&buf, "\0\1g\xff\xff\xff\xff");
    kafka_put_offset_commit(&buf, "g", "t", -1, 2);
    kafka_put_one_commit(&buf, 3, 42, "m", -1);
    kafka_put_one_commit(&buf, 4, 1, "", -1);
    ASSERT_BYTES(&buf, "\0\1g\xff\xff\xff\xff\0\0\xff\xff\0\0\0\1\0\1t\0\0\0\2\0\0\0\3"
                       "\0\0\0\0\0\0\0\x2a\xff\xff\xff\xff\0\1m"
                       "\0\0\0\4\0\0\0\0\0\0\0\1\xff\xff\xff\xff\0\0");
    kafka_put_offset_commit(&buf, "g", "t", 258, 1);
    kafka_put_one_commit(&buf, 3, 42, "m", 258);
    ASSERT_BYTES(&buf, "\0\1g\xff\xff\xff\xff\0\0\0\0\0\0\0\0\1\2\0\0\0\1\0\1t\0\0\0\1\0\0\0\3"
                       "\0\0\0\0\0\0\0\x2a\0\1m");
    kafka_put_offsets_of(&buf, "g", "t", 1);
    kafka_put_partition(&buf, 3);
    ASSERT_BYTES(&buf, "\0\1g\0\0\0\1\0\1t\0\0\0\1\0\0\0\3");
    kafka_put_delete_group(&buf, "g");
    ASSERT_BYTES(&buf, "\0\0\0\1\0\1g");
    kafka_put_sasl_handshake(&buf, "PLAIN");
    ASSERT_BYTES(&buf, "\0\5PLAIN");
    kafka_put_sasl_authenticate(&buf, &(struct buf){.data = message, .size = 3});
    ASSERT_BYTES(&buf, "\0\0\0\3\0a\0");
    kafka_put_fetch(&buf, "t", 3, 42, 258);
    ASSERT_BYTES(&buf, "\xff\xff\xff\xff\0\0\1\xf4\0\0\0\0\0\0\1\2\1\0\0\0\0\xff\xff\xff\xff"
                       "\0\0\0\1\0\1t\0\0\0\1\0\0\0\3\xff\xff\xff\xff\0\0\0\0\0\0\0\x2a"
                       "\xff\xff\xff\xff\xff\xff\xff\xff\0\0\1\2\0\0\0\0");
    kafka_put_produce(&buf, "t", 3, (struct span){"set", 3}, 5000);
    ASSERT_BYTES(&buf, "\xff\xff\xff\xff\0\0\x13\x88\0\0\0\1\0\1t\0\0\0\1\0\0\0\3\0\0\0\3set");
}

/* Answers */

#define FETCHED                                                                      \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\1t\0\0\0\1\0\0\0\3\0\0\0\0\0\0\0\0\0\x32"        \
    "\0\0\0\0\0\0\0\x31\0\0\0\0\0\0\0\x0a\0\0\0\1\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0\x30" \
    "\0\0\0\4data"

static int read_fetched(struct wire *wire, int16_t *code)
{
    struct kafka_recordset set;
    int status = kafka_read_fetched(wire, &set, code);

    free(set.aborted);
    return status;
}

TEST(records_that_were_fetched_are_read)
{
    struct kafka_recordset set;
    struct wire whole = READ(FETCHED);
    struct wire none = READ("\0\0\0\0\0\x46\0\0\0\0\0\0\0\0");
    int16_t code = 1;

    assert_int_equal(kafka_read_fetched(&whole, &set, &code), 0);
    assert_int_equal(code, 0);
    assert_span(set.bytes, "data");
    assert_int_equal(set.stable, 0x31);
    assert_int_equal(set.aborted_count, 1);
    assert_int_equal(set.aborted[0].producer, 7);
    assert_int_equal(set.aborted[0].first, 0x30);
    free(set.aborted);
    BROKEN_UNLESS_WHOLE(FETCHED, read_fetched(&wire, &code));
    assert_int_equal(read_fetched(&none, &code), 0);
    assert_int_equal(code, 0x46);
}

#define PRODUCED                                                                            \
    "\0\0\0\1\0\1t\0\0\0\1\0\0\0\3\0\x14\0\0\0\0\0\0\0\x30\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
    "\0\0\0\1\0\0\0\2\0\1x\0\3why\0\0\0\0"

TEST(what_became_of_records_that_were_sent_is_read)
{
    struct wire whole = READ(PRODUCED);
    bool is_stored = false;
    int16_t code = 0;

    assert_int_equal(kafka_read_produced(&whole, &is_stored, &code), 0);
    assert_true(is_stored);
    assert_int_equal(code, 20);
    BROKEN_UNLESS_WHOLE(PRODUCED, kafka_read_produced(&wire, &is_stored, &code));
}

TEST(numbers_of_records_take_as_few_bytes_as_they_need)
{
    struct wire wire =
        READ("\1\x7f\x80\1\xff\xff\xff\xff\x0f\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1\6abc\1");
    struct wire large = READ("\xff\xff\xff\xff\x1f");
    struct wire longer = READ("\xff\xff\xff\xff\xff\xff\xff\xff\xff\2");
    struct wire endless = READ("\x80\x80\x80\x80\x80\x80");
    struct buf buf = BUF_INIT(100);

    assert_int_equal(wire_varint(&wire), -1);
    assert_int_equal(wire_varint(&wire), -64);
    assert_int_equal(wire_varint(&wire), 64);
    assert_int_equal(wire_varint(&wire), INT32_MIN);
    assert_true(wire_varlong(&wire) == INT64_MAX);
    assert_span(wire_varbytes(&wire), "abc");
    assert_null(wire_varbytes(&wire).data);
    assert_false(wire.broken);
    wire_varint(&large);
    assert_true(large.broken);
    wire_varlong(&longer);
    assert_true(longer.broken);
    wire_varint(&endless);
    assert_true(endless.broken);
    wire_put_varint(&buf, -1);
    wire_put_varint(&buf, 64);
    wire_put_varint(&buf, INT32_MIN);
    wire_put_varbytes(&buf, (struct span){"abc", 3});
    wire_put_varbytes(&buf, (struct span){0});
    ASSERT_BYTES(&buf, "\1\x80\1\xff\xff\xff\xff\x0f\6abc\1");
}

#define VERSIONS "\0\0\0\0\0\2\0\20\0\0\0\5\0\22\0\0\0\4"

TEST(versions_of_calls_that_a_broker_knows_are_read)
{
    struct kafka_versions versions;
    struct wire whole = READ(VERSIONS);
    int16_t code = 1;

    assert_int_equal(kafka_read_versions(&whole, &versions, &code), 0);
    assert_int_equal(code, 0);
    assert_int_equal(kafka_choose_version(&versions, KAFKA_LIST_GROUPS, 2, 5), 5);
    assert_int_equal(kafka_choose_version(&versions, KAFKA_LIST_GROUPS, 2, 4), 4);
    assert_int_equal(kafka_choose_version(&versions, KAFKA_LIST_GROUPS, 6, 7), -1);
    assert_int_equal(kafka_choose_version(&versions, KAFKA_METADATA, 8, 8), -1);
    BROKEN_UNLESS_WHOLE(VERSIONS, kafka_read_versions(&wire, &versions, &code));
}

TEST(a_version_is_chosen_that_both_sides_know)
{
    struct kafka_versions versions = {0};

    versions.lowest[KAFKA_LIST_GROUPS] = 0;
    versions.highest[KAFKA_LIST_GROUPS] = 3;
    assert_int_equal(kafka_choose_version(&versions, KAFKA_LIST_GROUPS, 2, 5), 2);
    versions.lowest[KAFKA_METADATA] = 9;
    versions.highest[KAFKA_METADATA] = 20;
    assert_int_equal(kafka_choose_version(&versions, KAFKA_METADATA, 8, 8), -1);
}

struct seen {
    struct buf text;
    int status; /* that the visitors return */
};

static int see_broker(void *user, const struct kafka_address *address)
{
    struct seen *seen = user;

    buf_printf(&seen->text, "broker %d %s:%d;", address->id, address->host, address->port);
    return seen->status;
}

static int see_partition(void *user, const struct kafka_partition *partition)
{
    struct seen *seen = user;

    buf_printf(&seen->text, "partition %d leader %d epoch %d, %d %d %d;", partition->partition,
               partition->leader, partition->leader_epoch, partition->replicas, partition->in_sync,
               partition->offline);
    return seen->status;
}

static int see_topic(void *user, struct span name, bool is_internal, int16_t code)
{
    struct seen *seen = user;

    buf_printf(&seen->text, "topic %.*s%s %d;", (int)name.size, name.data,
               is_internal ? " internal" : "", code);
    return seen->status;
}

static int read_metadata(struct wire *wire, struct seen *seen)
{
    struct kafka_metadata_visitor visitor = {see_broker, see_partition, see_topic, seen};

    seen->text = (struct buf)BUF_INIT(1000);
    return kafka_read_metadata(wire, &visitor);
}

static int metadata_status(struct wire *wire)
{
    struct seen seen = {0};
    int status = read_metadata(wire, &seen);

    buf_release(&seen.text);
    return status;
}

#define METADATA                                                                     \
    "\0\0\0\0"                                  /* not throttled */                  \
    "\0\0\0\1\0\0\0\7\0\1h\0\0\x23\x84\xff\xff" /* broker 7 at h:9092 */             \
    "\0\1c\0\0\0\7"                             /* the cluster, its controller */    \
    "\0\0\0\1\0\0\0\1t\1"                       /* the topic t is internal */        \
    "\0\0\0\1\0\0\0\0\0\3\0\0\0\7\0\0\0\5"      /* partition 3, leader 7, epoch 5 */ \
    "\0\0\0\2\0\0\0\7\0\0\0\x8\0\0\0\1\0\0\0\7\0\0\0\1\0\0\0\x8" /* replicas */      \
    "\x80\0\0\0\x80\0\0\0"

TEST(metadata_is_read)
{
    struct seen seen = {0};
    struct wire whole = READ(METADATA);

    assert_int_equal(read_metadata(&whole, &seen), 0);
    assert_string_equal(seen.text.data, "broker 7 h:9092;partition 3 leader 7 epoch 5, 2 1 1;"
                                        "topic t internal 0;");
    buf_release(&seen.text);
    BROKEN_UNLESS_WHOLE(METADATA, metadata_status(&wire));
}

TEST(metadata_ends_where_a_visitor_does)
{
    struct seen seen = {.status = -ENOMEM};
    struct wire whole = READ(METADATA);

    assert_int_equal(read_metadata(&whole, &seen), -ENOMEM);
    assert_string_equal(seen.text.data, "broker 7 h:9092;");
    buf_release(&seen.text);
}

#define COORDINATOR(host) "\0\0\0\0\0\0\xff\xff\0\0\0\2" host "\0\0\0\x50"

TEST(a_coordinator_is_read)
{
    struct kafka_address address;
    struct wire whole = READ(COORDINATOR("\0\3a-b"));
    int16_t code = 1;

    assert_int_equal(kafka_read_coordinator(&whole, &address, &code), 0);
    assert_int_equal(code, 0);
    assert_int_equal(address.id, 2);
    assert_string_equal(address.host, "a-b");
    assert_int_equal(address.port, 80);
    BROKEN_UNLESS_WHOLE(COORDINATOR("\0\3a-b"), kafka_read_coordinator(&wire, &address, &code));
}

/* A host is put into a URL. */
TEST(a_coordinator_without_an_address_is_none)
{
    struct kafka_address address;
    int16_t code;
    struct wire hosts[] = {READ(COORDINATOR("\0\0")),     READ(COORDINATOR("\xff\xff")),
                           READ(COORDINATOR("\0\3a/b")),  READ(COORDINATOR("\0\3a@b")),
                           READ(COORDINATOR("\0\3a\0b")), READ(COORDINATOR("\0\3a b"))};
    struct wire none = READ("\0\0\0\0\0\17\xff\xff\xff\xff\xff\xff\0\0\xff\xff\xff\xff");

    for (size_t i = 0; i < COUNT(hosts); i++)
        assert_int_equal(kafka_read_coordinator(&hosts[i], &address, &code), -EBADMSG);
    assert_int_equal(kafka_read_coordinator(&none, &address, &code), 0);
    assert_int_equal(code, 15);
}

static int groups_status(struct wire *wire, int16_t version)
{
    struct names *names = names_new();
    int16_t code;
    int status;

    assert_non_null(names);
    status = kafka_read_groups(wire, version, names, &code);
    names_drop(names);
    return status;
}

static void check_groups(struct wire wire, int16_t version)
{
    struct names *names = names_new();
    int16_t code = 1;

    assert_non_null(names);
    assert_int_equal(kafka_read_groups(&wire, version, names, &code), 0);
    assert_int_equal(code, 0);
    assert_int_equal(names_count(names), 1);
    assert_string_equal(names_at(names, 0), "a");
    assert_int_equal(names_left_out(names), 1);
    assert_string_equal(names_left_out_at(names, 0),
                        "the group \"s\" cannot be shown: it is a share group");
    names_drop(names);
}

#define GROUPS_2                     \
    "\0\0\0\0\0\0\0\0\0\2\0\1a\0\x8" \
    "consumer\0\1s\0\5share"
#define GROUPS_4 "\0\0\0\0\0\0\3\2a\1\6Empty\0\2s\6share\1\0\0"
#define GROUPS_5                    \
    "\0\0\0\0\0\0\3\2a\1\6Empty\x8" \
    "classic\0\2s\1\1\6share\0\0"

TEST(groups_are_read_and_share_groups_are_none)
{
    check_groups(READ(GROUPS_2), 2);
    check_groups(READ(GROUPS_4), 4);
    check_groups(READ(GROUPS_5), 5);
    BROKEN_UNLESS_WHOLE(GROUPS_2, groups_status(&wire, 2));
    BROKEN_UNLESS_WHOLE(GROUPS_4, groups_status(&wire, 4));
    BROKEN_UNLESS_WHOLE(GROUPS_5, groups_status(&wire, 5));
}

TEST(groups_that_cannot_be_shown_are_left_out)
{
    struct names *names = names_new();
    struct wire wire = READ("\0\0\0\0\0\0\0\0\0\3\0\0\0\0\0\3a\0b\0\0\0\3a/b\0\0");
    int16_t code;

    assert_non_null(names);
    assert_int_equal(kafka_read_groups(&wire, 2, names, &code), 0);
    assert_int_equal(names_count(names), 1);
    assert_string_equal(names_at(names, 0), "a/b");
    assert_int_equal(names_left_out(names), 2);
    names_drop(names);
}

static int see_commit(void *user, const struct kafka_commit *commit)
{
    struct seen *seen = user;

    buf_printf(&seen->text, "%.*s %d at %lld epoch %d \"%.*s\" %d;", (int)commit->topic.size,
               commit->topic.data, commit->partition, (long long)commit->offset,
               commit->leader_epoch, (int)commit->metadata.size,
               commit->metadata.data ? commit->metadata.data : "", commit->code);
    return seen->status;
}

static int commits_status(struct wire *wire)
{
    struct seen seen = {.text = BUF_INIT(1000)};
    int16_t code;
    int status = kafka_read_commits(wire, see_commit, &seen, &code);

    buf_release(&seen.text);
    return status;
}

#define COMMITS                                   \
    "\0\0\0\0\0\0\0\1\0\1t\0\0\0\2"               \
    "\0\0\0\0\0\0\0\0\0\0\0\x2a\0\0\0\5\0\1m\0\0" \
    "\0\0\0\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\x1d\0\0"

TEST(commits_are_read)
{
    struct seen seen = {.text = BUF_INIT(1000)};
    struct wire whole = READ(COMMITS);
    int16_t code = 1;

    assert_int_equal(kafka_read_commits(&whole, see_commit, &seen, &code), 0);
    assert_int_equal(code, 0);
    assert_string_equal(seen.text.data, "t 0 at 42 epoch 5 \"m\" 0;t 1 at -1 epoch -1 \"\" 29;");
    buf_release(&seen.text);
    BROKEN_UNLESS_WHOLE(COMMITS, commits_status(&wire));
}

static int see_offset(void *user, const struct kafka_offset *offset)
{
    struct seen *seen = user;

    buf_printf(&seen->text, "%.*s %d at %lld %d;", (int)offset->topic.size, offset->topic.data,
               offset->partition, (long long)offset->offset, offset->code);
    return seen->status;
}

static int offsets_status(struct wire *wire)
{
    struct seen seen = {.text = BUF_INIT(1000)};
    int status = kafka_read_offsets(wire, see_offset, &seen);

    buf_release(&seen.text);
    return status;
}

#define OFFSETS                                                              \
    "\0\0\0\0\0\0\0\1\0\1t\0\0\0\2"                                          \
    "\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\x2a\0\0\0\5" \
    "\0\0\0\1\0\6\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"

TEST(offsets_of_many_partitions_are_read)
{
    struct seen seen = {.text = BUF_INIT(1000)};
    struct wire whole = READ(OFFSETS);

    assert_int_equal(kafka_read_offsets(&whole, see_offset, &seen), 0);
    assert_string_equal(seen.text.data, "t 0 at 42 0;t 1 at -1 6;");
    buf_release(&seen.text);
    BROKEN_UNLESS_WHOLE(OFFSETS, offsets_status(&wire));
}

TEST(offsets_of_many_partitions_are_asked_for)
{
    struct buf body = BUF_INIT(1000);

    kafka_put_list_offsets(&body, "t", 2);
    kafka_put_one_offset(&body, 0, KAFKA_TIME_LATEST);
    kafka_put_one_offset(&body, 7, KAFKA_TIME_EARLIEST);
    assert_int_equal(body.size, 4 + 1 + 4 + 3 + 4 + 2 * 16);
    assert_memory_equal(body.data,
                        "\xff\xff\xff\xff\0\0\0\0\1\0\1t\0\0\0\2"
                        "\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                        "\0\0\0\7\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe",
                        body.size);
    buf_release(&body);
}

#define COMMITTED     "\0\0\0\0\0\0\0\1\0\1t\0\0\0\2\0\0\0\3\0\x19\0\0\0\4\0\0"
#define DELETED       "\0\0\0\0\0\0\0\0\0\1\0\1t\0\0\0\1\0\0\0\3\0\x56"
#define NOT_DELETED   "\0\x45\0\0\0\0\0\0\0\0"
#define GROUP_DELETED "\0\0\0\0\0\0\0\1\0\1g\0\x44"

static int see_changed(void *user, const struct kafka_changed *changed)
{
    struct seen *seen = user;

    buf_printf(&seen->text, "%.*s %d %d;", (int)changed->topic.size, changed->topic.data,
               changed->partition, changed->code);
    return seen->status;
}

static int committed_status(struct wire *wire)
{
    struct seen seen = {.text = BUF_INIT(1000)};
    int status = kafka_read_committed(wire, see_changed, &seen);

    buf_release(&seen.text);
    return status;
}

static int deleted_status(struct wire *wire)
{
    struct seen seen = {.text = BUF_INIT(1000)};
    int16_t code;
    int status = kafka_read_deleted(wire, see_changed, &seen, &code);

    buf_release(&seen.text);
    return status;
}

TEST(what_became_of_a_change_is_read)
{
    struct wire committed = READ(COMMITTED);
    struct wire deleted = READ(DELETED);
    struct wire not_deleted = READ(NOT_DELETED);
    struct wire group = READ(GROUP_DELETED);
    struct seen seen = {.text = BUF_INIT(1000)};
    int16_t code = 0;

    assert_int_equal(kafka_read_committed(&committed, see_changed, &seen), 0);
    assert_string_equal(seen.text.data, "t 3 25;t 4 0;");
    buf_reset(&seen.text);
    assert_int_equal(kafka_read_deleted(&deleted, see_changed, &seen, &code), 0);
    assert_int_equal(code, 0);
    assert_string_equal(seen.text.data, "t 3 86;");
    buf_reset(&seen.text);
    assert_int_equal(kafka_read_deleted(&not_deleted, see_changed, &seen, &code), 0);
    assert_int_equal(code, 69);
    assert_int_equal(seen.text.size, 0);
    buf_release(&seen.text);
    assert_int_equal(kafka_read_group_deleted(&group, &code), 0);
    assert_int_equal(code, 68);
    BROKEN_UNLESS_WHOLE(COMMITTED, committed_status(&wire));
    BROKEN_UNLESS_WHOLE(DELETED, deleted_status(&wire));
    BROKEN_UNLESS_WHOLE(NOT_DELETED, deleted_status(&wire));
    BROKEN_UNLESS_WHOLE(GROUP_DELETED, kafka_read_group_deleted(&wire, &code));
}

#define MECHANISMS "\0\41\0\0\0\3\0\5PLAIN\0\2\0\0\0\3ABC"
#define SAID       "\0\72\0\2no\0\0\0\3\0a\0\0\0\0\0\0\0\0\7"
#define SAID_LESS  "\0\0\xff\xff\0\0\0\0\xff\0\0\0\0\0\0\0"

TEST(what_a_login_is_answered_is_read)
{
    struct wire mechanisms = READ(MECHANISMS);
    struct wire said = READ(SAID);
    struct wire less = READ(SAID_LESS);
    struct kafka_authenticated answer;
    char names[20];
    char few[8];
    int16_t code = 0;

    assert_int_equal(kafka_read_sasl_handshake(&mechanisms, names, sizeof(names), &code), 0);
    assert_int_equal(code, 33);
    assert_string_equal(names, "PLAIN, , ABC");
    mechanisms = READ(MECHANISMS);
    assert_int_equal(kafka_read_sasl_handshake(&mechanisms, few, sizeof(few), &code), 0);
    assert_string_equal(few, "PLAIN");
    assert_int_equal(kafka_read_sasl_authenticate(&said, &answer), 0);
    assert_int_equal(answer.code, 58);
    assert_span(answer.reason, "no");
    assert_int_equal(answer.message.size, 3);
    assert_memory_equal(answer.message.data, "\0a\0", 3);
    assert_true(answer.lifetime == 7);
    assert_int_equal(kafka_read_sasl_authenticate(&less, &answer), 0);
    assert_true(answer.lifetime == 0);
    BROKEN_UNLESS_WHOLE(MECHANISMS, kafka_read_sasl_handshake(&wire, names, sizeof(names), &code));
    BROKEN_UNLESS_WHOLE(SAID, kafka_read_sasl_authenticate(&wire, &answer));
}

TEST(an_answer_about_no_group_is_none)
{
    struct wire groups = READ("\0\0\0\0\0\0\0\0");
    int16_t code;

    assert_int_equal(kafka_read_group_deleted(&groups, &code), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_big_endian),
        cmocka_unit_test(texts_have_a_length_and_may_be_null),
        cmocka_unit_test(a_text_that_is_too_long_is_not_sent),
        cmocka_unit_test(lengths_that_cannot_be_break_the_reader),
        cmocka_unit_test(an_array_has_no_more_elements_than_there_is_room_for),
        cmocka_unit_test(varints_are_at_most_32_bits),
        cmocka_unit_test(heads_name_the_call_and_the_client),
        cmocka_unit_test(requests_are_encoded_as_documented),
        cmocka_unit_test(records_that_were_fetched_are_read),
        cmocka_unit_test(what_became_of_records_that_were_sent_is_read),
        cmocka_unit_test(numbers_of_records_take_as_few_bytes_as_they_need),
        cmocka_unit_test(versions_of_calls_that_a_broker_knows_are_read),
        cmocka_unit_test(a_version_is_chosen_that_both_sides_know),
        cmocka_unit_test(metadata_is_read),
        cmocka_unit_test(metadata_ends_where_a_visitor_does),
        cmocka_unit_test(a_coordinator_is_read),
        cmocka_unit_test(a_coordinator_without_an_address_is_none),
        cmocka_unit_test(groups_are_read_and_share_groups_are_none),
        cmocka_unit_test(groups_that_cannot_be_shown_are_left_out),
        cmocka_unit_test(commits_are_read),
        cmocka_unit_test(offsets_of_many_partitions_are_read),
        cmocka_unit_test(offsets_of_many_partitions_are_asked_for),
        cmocka_unit_test(what_became_of_a_change_is_read),
        cmocka_unit_test(what_a_login_is_answered_is_read),
        cmocka_unit_test(an_answer_about_no_group_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
