#include "test.h"

#include "api/kafka/error.h"

static void check_code(int16_t code, int number, const char *name, enum kafka_retry retry)
{
    struct error error;

    kafka_error_set(code, "billing", "orders", &error);
    assert_int_equal(error.code, number);
    assert_string_equal(error.service_code, name);
    assert_true(*error.message);
    assert_int_equal(kafka_retry_of(&error), retry);
}

TEST(codes_have_an_errno_and_a_name)
{
    check_code(3, ENOENT, "UNKNOWN_TOPIC_OR_PARTITION", KAFKA_IF_TOPIC_IS);
    check_code(6, EIO, "NOT_LEADER_OR_FOLLOWER", KAFKA_ELSEWHERE);
    check_code(14, EIO, "COORDINATOR_LOAD_IN_PROGRESS", KAFKA_AGAIN);
    check_code(16, EIO, "NOT_COORDINATOR", KAFKA_ELSEWHERE);
    check_code(12, EINVAL, "OFFSET_METADATA_TOO_LARGE", KAFKA_FINAL);
    check_code(29, EACCES, "TOPIC_AUTHORIZATION_FAILED", KAFKA_FINAL);
    check_code(69, ENOENT, "GROUP_ID_NOT_FOUND", KAFKA_FINAL);
    check_code(-1, EIO, "UNKNOWN_SERVER_ERROR", KAFKA_FINAL);
    check_code(9999, EIO, "", KAFKA_FINAL);
}

TEST(a_group_with_members_is_busy_and_the_message_says_what_to_do)
{
    static const int16_t codes[] = {22, 25, 27, 68, 82, 86, 110, 113};
    struct error error;

    for (size_t i = 0; i < COUNT(codes); i++) {
        kafka_error_set(codes[i], "billing", "orders", &error);
        assert_int_equal(error.code, EBUSY);
        assert_string_equal(error.message,
                            "the group billing has members: stop its consumers first");
        assert_int_equal(kafka_retry_of(&error), KAFKA_FINAL);
    }
}

TEST(messages_name_what_was_asked_for)
{
    struct error error;

    kafka_error_set(69, "billing", "", &error);
    assert_string_equal(error.message, "group billing: no such group");
    kafka_error_set(3, "billing", "orders", &error);
    assert_string_equal(error.message, "group billing, topic orders: no such topic or partition");
    kafka_error_set(9999, "", "", &error);
    assert_string_equal(error.message, "the broker has failed with Kafka's error 9999");
}

TEST(a_change_that_timed_out_may_have_been_made_and_one_that_was_refused_was_not)
{
    static const int16_t unclear[] = {-1, 7, 13, 15, 16, 20, 56};
    static const int16_t clear[] = {3, 12, 14, 19, 25, 29, 30, 42, 69, 89};

    for (size_t i = 0; i < COUNT(unclear); i++)
        assert_true(kafka_code_is_unclear(unclear[i]));
    for (size_t i = 0; i < COUNT(clear); i++)
        assert_false(kafka_code_is_unclear(clear[i]));
}

TEST(a_lost_connection_may_be_had_again_and_one_that_is_refused_may_not)
{
    static const struct {
        int code;
        enum kafka_retry retry;
    } cases[] = {{ECONNREFUSED, KAFKA_LOST}, {ECONNRESET, KAFKA_LOST},  {EHOSTUNREACH, KAFKA_LOST},
                 {ETIMEDOUT, KAFKA_LOST},    {EPROTO, KAFKA_FINAL},     {EBADMSG, KAFKA_FINAL},
                 {ENOMEM, KAFKA_FINAL},      {EOPNOTSUPP, KAFKA_FINAL}, {EACCES, KAFKA_FINAL}};
    struct error error;

    for (size_t i = 0; i < COUNT(cases); i++) {
        error_set(&error, cases[i].code, "it failed");
        assert_int_equal(kafka_retry_of(&error), cases[i].retry);
    }
}

static void check_right(int16_t code, enum kafka_api api, const char *message)
{
    struct error error;

    kafka_error_set(code, "billing", "orders", &error);
    kafka_error_name_right(api, "billing", "orders", &error);
    assert_string_equal(error.message, message);
    assert_int_equal(error.code, EACCES);
}

TEST(a_right_that_lacks_is_named)
{
    struct error error;

    check_right(30, KAFKA_OFFSET_FETCH, "this needs the ACL Describe on the group billing");
    check_right(29, KAFKA_OFFSET_FETCH, "this needs the ACL Describe on the topic orders");
    check_right(30, KAFKA_OFFSET_COMMIT, "this needs the ACL Read on the group billing");
    check_right(29, KAFKA_OFFSET_COMMIT, "this needs the ACL Read on the topic orders");
    check_right(30, KAFKA_OFFSET_DELETE, "this needs the ACL Delete on the group billing");
    check_right(29, KAFKA_OFFSET_DELETE, "this needs the ACL Read on the topic orders");
    check_right(29, KAFKA_FETCH, "this needs the ACL Read on the topic orders");
    check_right(29, KAFKA_PRODUCE, "this needs the ACL Write on the topic orders");
    check_right(30, KAFKA_DELETE_GROUPS, "this needs the ACL Delete on the group billing");
    check_right(31, KAFKA_LIST_GROUPS,
                "group billing, topic orders: the cluster needs an ACL: Describe");
    kafka_error_set(3, "", "orders", &error);
    kafka_error_name_right(KAFKA_OFFSET_COMMIT, "", "orders", &error);
    assert_string_equal(error.message, "topic orders: no such topic or partition");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_have_an_errno_and_a_name),
        cmocka_unit_test(a_group_with_members_is_busy_and_the_message_says_what_to_do),
        cmocka_unit_test(messages_name_what_was_asked_for),
        cmocka_unit_test(
            a_change_that_timed_out_may_have_been_made_and_one_that_was_refused_was_not),
        cmocka_unit_test(a_lost_connection_may_be_had_again_and_one_that_is_refused_may_not),
        cmocka_unit_test(a_right_that_lacks_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
