#include "test.h"

#include "api/kafka/group.h"

/* What coordinators tell of a group, made by hand from Kafka's descriptions of its messages. */

#define READ(bytes) wire_of(bytes, sizeof(bytes) - 1)

static void assert_span(struct span span, const char *text)
{
    assert_int_equal(span.size, strlen(text));
    assert_memory_equal(span.data, text, span.size);
}

static void assert_bytes(struct buf *buf, const char *bytes, size_t size)
{
    assert_int_equal(buf_error(buf), 0);
    assert_int_equal(buf->size, size);
    assert_memory_equal(buf->data, bytes, size);
    buf_release(buf);
}

TEST(requests_name_one_group)
{
    struct buf buf = BUF_INIT(1000);
    char name[301] = "";

    kafka_put_describe_group(&buf, "g");
    assert_bytes(&buf, "\0\0\0\1\0\1g\0", 8);
    kafka_put_describe_consumers(&buf, "g");
    assert_bytes(&buf, "\2\2g\0\0", 5);
    memset(name, 'x', 300); /* one more is 301, in seven bits a byte */
    kafka_put_describe_consumers(&buf, name);
    assert_int_equal(buf.size, 305);
    assert_memory_equal(buf.data, "\2\xad\2xx", 5);
    buf_release(&buf);
}

/* Classic groups */

#define CLASSIC_HEAD(state, kind) "\0\0\0\0\0\0\0\1\0\0\0\1g" state kind "\0\5range"
#define CLASSIC_END               "\x80\0\0\0"
#define STABLE                    "\0\6Stable"
#define EMPTY                     "\0\5Empty"
#define CONSUMER                  "\0\10consumer"
#define NO_MEMBERS                "\0\0\0\0"

/* A member "m" without an instance, at "/h", with metadata "x". */
#define MEMBER(client, size, assignment) \
    "\0\1m\xff\xff" client "\0\2/h\0\0\0\1x\0\0\0" size assignment

/* Of version 1: partitions 3 and 4 of t, and a byte "u" of its own. */
#define HAS_T       "\0\1\0\0\0\1\0\1t\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\1u"
#define HAS_NOTHING "\0\1\0\0\0\0\xff\xff\xff\xff"

#define TWO_MEMBERS                \
    CLASSIC_HEAD(STABLE, CONSUMER) \
    "\0\0\0\2" MEMBER("\0\4idle", "\12", HAS_NOTHING) MEMBER("\0\3one", "\32", HAS_T) CLASSIC_END

static struct kafka_group read_classic(struct wire wire, const char *topic, uint32_t partition)
{
    struct kafka_group group;
    int16_t code = 1;

    assert_int_equal(kafka_read_classic_group(&wire, topic, partition, &group, &code), 0);
    assert_int_equal(code, 0);
    return group;
}

TEST(who_has_a_partition_of_a_classic_group_is_told)
{
    struct kafka_group group = read_classic(READ(TWO_MEMBERS), "t", 4);

    assert_true(group.is_there);
    assert_span(group.state, "Stable");
    assert_span(group.protocol, "range");
    assert_true(group.tells_client);
    assert_span(group.client, "one");
}

TEST(nobody_has_what_no_member_has)
{
    static const struct {
        const char *topic;
        uint32_t partition;
    } others[] = {{"t", 5}, {"u", 3}, {"tt", 3}, {"", 3}};

    for (size_t i = 0; i < COUNT(others); i++) {
        struct kafka_group group =
            read_classic(READ(TWO_MEMBERS), others[i].topic, others[i].partition);

        assert_true(group.tells_client);
        assert_null(group.client.data);
    }
}

TEST(a_group_without_members_has_no_consumer)
{
    struct kafka_group group =
        read_classic(READ(CLASSIC_HEAD(EMPTY, "\0\0") NO_MEMBERS CLASSIC_END), "t", 3);

    assert_true(group.is_there);
    assert_true(group.tells_client);
    assert_null(group.client.data);
}

TEST(a_group_that_is_dead_is_not_there)
{
    assert_false(read_classic(READ(CLASSIC_HEAD("\0\4Dead", "\0\0") NO_MEMBERS CLASSIC_END), "t", 3)
                     .is_there);
}

/* Members of a group that is being shared out have nothing yet, those of Kafka Connect have no
 * partitions, and what a member has it may have written as it liked. */
TEST(what_a_member_has_may_not_be_known)
{
    struct wire wires[] = {
        READ(CLASSIC_HEAD("\0\22PreparingRebalance", CONSUMER) "\0\0\0\1" MEMBER("\0\3one", "\0",
                                                                                 "") CLASSIC_END),
        READ(CLASSIC_HEAD(STABLE, "\0\7connect") "\0\0\0\1" MEMBER("\0\3one", "\32", HAS_T)
                 CLASSIC_END),
        READ(CLASSIC_HEAD(STABLE, CONSUMER) "\0\0\0\1" MEMBER("\0\3one", "\0", "") CLASSIC_END),
        READ(CLASSIC_HEAD(STABLE, CONSUMER) "\0\0\0\1" MEMBER("\0\3one", "\6",
                                                              "\0\1\x7f\xff\xff\xff") CLASSIC_END),
        READ(CLASSIC_HEAD(STABLE, CONSUMER) "\0\0\0\1" MEMBER(
            "\0\3one", "\15", "\0\1\0\0\0\1\0\1t\0\0\1\0") CLASSIC_END),
    };

    for (size_t i = 0; i < COUNT(wires); i++)
        assert_false(read_classic(wires[i], "t", 3).tells_client);
}

TEST(what_another_member_has_is_of_no_account)
{
    struct kafka_group group =
        read_classic(READ(CLASSIC_HEAD(STABLE, CONSUMER) "\0\0\0\2" MEMBER("\0\3one", "\32", HAS_T)
                              MEMBER("\0\3two", "\0", "") CLASSIC_END),
                     "t", 3);

    assert_true(group.tells_client);
    assert_span(group.client, "one");
}

TEST(a_client_without_a_name_has_an_empty_one)
{
    struct kafka_group group = read_classic(READ(CLASSIC_HEAD(STABLE, CONSUMER) "\0\0\0\1" MEMBER(
                                                "\xff\xff", "\32", HAS_T) CLASSIC_END),
                                            "t", 3);

    assert_true(group.tells_client);
    assert_non_null(group.client.data);
    assert_int_equal(group.client.size, 0);
}

/* Groups of KIP-848 */

#define ID16                              "0123456789abcdef"
#define COMPACT_HAS_T                     "\2" ID16 "\2t\3\0\0\0\3\0\0\0\4\0\0"
#define COMPACT_HAS_NO                    "\1\0"
#define COMPACT_MEMBER(client, now, then) "\2m\0\0\0\0\0\1" client "\3/h\2\2t\1" now then "\0"
#define CONSUMERS                                                \
    "\0\0\0\0\2\0\0\0\2g\7Stable\0\0\0\2\0\0\0\2\10uniform"      \
    "\3" COMPACT_MEMBER("\5idle", COMPACT_HAS_NO, COMPACT_HAS_T) \
        COMPACT_MEMBER("\4one", COMPACT_HAS_T, COMPACT_HAS_NO) "\x80\0\0\0\0\0"

TEST(who_has_a_partition_of_a_consumer_group_is_told)
{
    struct kafka_group group;
    struct wire wire = READ(CONSUMERS);
    int16_t code = 1;

    assert_int_equal(kafka_read_consumer_group(&wire, "t", 3, &group, &code), 0);
    assert_int_equal(code, 0);
    assert_true(group.is_there);
    assert_span(group.state, "Stable");
    assert_span(group.protocol, "uniform");
    assert_true(group.tells_client);
    assert_span(group.client, "one");
    wire = READ(CONSUMERS);
    assert_int_equal(kafka_read_consumer_group(&wire, "t", 5, &group, &code), 0);
    assert_null(group.client.data);
}

/* Each is cut at each byte, and has one more: neither is an answer. */
TEST(an_answer_is_whole_or_none)
{
    struct kafka_group group;
    int16_t code;

    for (size_t size = 0; size <= sizeof(TWO_MEMBERS); size++) {
        struct wire wire = wire_of(TWO_MEMBERS, size);

        assert_int_equal(kafka_read_classic_group(&wire, "t", 3, &group, &code),
                         size == sizeof(TWO_MEMBERS) - 1 ? 0 : -EBADMSG);
    }
    for (size_t size = 0; size <= sizeof(CONSUMERS); size++) {
        struct wire wire = wire_of(CONSUMERS, size);

        assert_int_equal(kafka_read_consumer_group(&wire, "t", 3, &group, &code),
                         size == sizeof(CONSUMERS) - 1 ? 0 : -EBADMSG);
    }
}

TEST(an_error_is_told)
{
    struct kafka_group group;
    struct wire classic = READ("\0\0\0\0\0\0\0\1\0\36\0\1g\0\0\0\0\0\0\0\0\0\0\x80\0\0\0");
    struct wire consumer = READ("\0\0\0\0\2\0\105\0\2g\1\0\0\0\0\0\0\0\0\1\1\x80\0\0\0\0\0");
    struct wire none = READ("\0\0\0\0\0\0\0\0");
    int16_t code;

    assert_int_equal(kafka_read_classic_group(&classic, "t", 3, &group, &code), 0);
    assert_int_equal(code, 30);
    assert_int_equal(kafka_read_consumer_group(&consumer, "t", 3, &group, &code), 0);
    assert_int_equal(code, 69);
    assert_int_equal(kafka_read_classic_group(&none, "t", 3, &group, &code), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_name_one_group),
        cmocka_unit_test(who_has_a_partition_of_a_classic_group_is_told),
        cmocka_unit_test(nobody_has_what_no_member_has),
        cmocka_unit_test(a_group_without_members_has_no_consumer),
        cmocka_unit_test(a_group_that_is_dead_is_not_there),
        cmocka_unit_test(what_a_member_has_may_not_be_known),
        cmocka_unit_test(what_another_member_has_is_of_no_account),
        cmocka_unit_test(a_client_without_a_name_has_an_empty_one),
        cmocka_unit_test(who_has_a_partition_of_a_consumer_group_is_told),
        cmocka_unit_test(an_answer_is_whole_or_none),
        cmocka_unit_test(an_error_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
