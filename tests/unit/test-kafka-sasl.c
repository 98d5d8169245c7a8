#include "test.h"

#include "api/kafka/sasl.h"

/* What is said to log in, as the RFCs and another program have it. */

#define NONCE "rOprNGfwEbeRWgbNEkqO"
#define WHOLE NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define SALT  "W22ZaJ0SNY7soEsUEjb6gQ=="

static struct span said(const char *text)
{
    return (struct span){text, text ? strlen(text) : 0};
}

static int next(struct kafka_sasl *sasl, struct kafka_secret *secret, const char *text,
                struct buf *message, struct error *error)
{
    buf_reset(message);
    return kafka_sasl_next(sasl, secret, said(text), message, error);
}

/* A login from its nonce to what follows `first`, which the broker says first. */
static int begin(struct kafka_sasl *sasl, struct kafka_secret *secret, const char *first,
                 struct buf *message, struct error *error)
{
    *error = (struct error){0};
    kafka_sasl_begin(sasl, NONCE);
    assert_int_equal(next(sasl, secret, NULL, message, error), 1);
    return next(sasl, secret, first, message, error);
}

TEST(mechanisms_have_names)
{
    assert_int_equal(kafka_mechanism_of("SCRAM-SHA-512"), KAFKA_SCRAM_SHA_512);
    assert_string_equal(kafka_mechanism_name(KAFKA_OAUTHBEARER), "OAUTHBEARER");
    assert_int_equal(kafka_mechanism_of("GSSAPI"), KAFKA_NO_LOGIN);
    assert_int_equal(kafka_mechanism_of(""), KAFKA_NO_LOGIN);
}

TEST(plain_is_one_message)
{
    struct kafka_secret secret = {
        .mechanism = KAFKA_PLAIN, .username = "tim", .password = "tan,stan=f"};
    struct kafka_sasl sasl;
    struct buf message = BUF_INIT(100);
    struct error error;

    kafka_sasl_begin(&sasl, NONCE);
    assert_int_equal(next(&sasl, &secret, NULL, &message, &error), 1);
    assert_int_equal(message.size, 15);
    assert_memory_equal(message.data, "\0tim\0tan,stan=f", 15);
    assert_int_equal(next(&sasl, &secret, "", &message, &error), 0);
    kafka_sasl_end(&sasl);
    buf_release(&message);
}

TEST(a_refused_token_is_told_of_and_answered)
{
    struct kafka_secret secret = {.mechanism = KAFKA_OAUTHBEARER, .token = "vF9dft4qmTc2"};
    struct kafka_sasl sasl;
    struct buf message = BUF_INIT(100);
    struct error error;

    kafka_sasl_begin(&sasl, NONCE);
    assert_int_equal(next(&sasl, &secret, NULL, &message, &error), 1);
    assert_string_equal(message.data, "n,,\1auth=Bearer vF9dft4qmTc2\1\1");
    assert_int_equal(next(&sasl, &secret, "{\"status\":\"invalid_token\"}", &message, &error), 1);
    assert_string_equal(message.data, "\1");
    assert_int_equal(next(&sasl, &secret, "", &message, &error), -EBADMSG);
    kafka_sasl_begin(&sasl, NONCE);
    next(&sasl, &secret, NULL, &message, &error);
    assert_int_equal(next(&sasl, &secret, "", &message, &error), 0);
    buf_release(&message);
}

static void check_exchange(enum kafka_mechanism mechanism, const char *proof, const char *signature)
{
    struct kafka_secret secret = {.mechanism = mechanism, .username = "user", .password = "pencil"};
    struct kafka_sasl sasl;
    struct buf message = BUF_INIT(1000);
    struct buf expected = BUF_INIT(1000);
    struct error error;

    kafka_sasl_begin(&sasl, NONCE);
    assert_int_equal(next(&sasl, &secret, NULL, &message, &error), 1);
    assert_string_equal(message.data, "n,,n=user,r=" NONCE);
    assert_int_equal(next(&sasl, &secret, "r=" WHOLE ",s=" SALT ",i=4096", &message, &error), 1);
    buf_printf(&expected, "c=biws,r=%s,p=%s", WHOLE, proof);
    assert_string_equal(message.data, expected.data);
    assert_int_equal(next(&sasl, &secret, signature, &message, &error), 0);
    assert_int_equal(message.size, 0);
    kafka_sasl_end(&sasl);
    buf_release(&message);
    buf_release(&expected);
}

/* RFC 7677, section 3. */
TEST(scram_with_sha_256_is_as_in_its_rfc)
{
    check_exchange(KAFKA_SCRAM_SHA_256, "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                   "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

/* The same with SHA-512, as Python's hashlib works it out. */
TEST(scram_with_sha_512_is_as_another_program_has_it)
{
    check_exchange(
        KAFKA_SCRAM_SHA_512,
        "gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTx"
        "wnYPJQ==",
        "v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2"
        "rR7N7Zw==");
}

static struct kafka_secret user_and_pencil(const char *user)
{
    return (struct kafka_secret){
        .mechanism = KAFKA_SCRAM_SHA_256, .username = user, .password = "pencil"};
}

TEST(a_name_with_commas_and_equal_signs_is_escaped)
{
    struct kafka_secret secret = user_and_pencil("a=b,c\xc3\xbc");
    struct kafka_sasl sasl;
    struct buf message = BUF_INIT(100);
    struct error error;

    kafka_sasl_begin(&sasl, NONCE);
    assert_int_equal(next(&sasl, &secret, NULL, &message, &error), 1);
    assert_string_equal(message.data, "n,,n=a=3Db=2Cc\xc3\xbc,r=" NONCE);
    kafka_sasl_end(&sasl);
    buf_release(&message);
}

TEST(a_broker_that_does_not_know_the_password_is_refused)
{
    static const char *const signatures[] = {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G8=", "v=",
                                             "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95A=="};
    static const char *const nonsense[] = {"", "e=other-error", "x=1", "v=!", NULL};
    struct kafka_secret secret = user_and_pencil("user");
    struct kafka_sasl sasl;
    struct buf message = BUF_INIT(1000);
    struct error error;

    for (size_t i = 0; i < COUNT(signatures) + COUNT(nonsense); i++) {
        bool is_signature = i < COUNT(signatures);
        const char *text = is_signature ? signatures[i] : nonsense[i - COUNT(signatures)];

        begin(&sasl, &secret, "r=" WHOLE ",s=" SALT ",i=4096", &message, &error);
        assert_int_equal(next(&sasl, &secret, text, &message, &error),
                         is_signature ? -EACCES : -EBADMSG);
        kafka_sasl_end(&sasl);
    }
    buf_release(&message);
}

TEST(a_challenge_that_is_none_is_refused)
{
    static const struct {
        const char *text;
        int code;
    } challenges[] = {
        {"", EBADMSG},
        {"r=" WHOLE, EBADMSG},
        {"r=" WHOLE ",s=" SALT, EBADMSG},
        {"m=x,r=" WHOLE ",s=" SALT ",i=4096", EBADMSG},
        {"r=" WHOLE ",s=!,i=4096", EBADMSG},
        {"r=" WHOLE ",s=,i=4096", EBADMSG},
        {"r=" WHOLE ",s=" SALT ",i=", EBADMSG},
        {"r=" WHOLE ",s=" SALT ",i=-4096", EBADMSG},
        {"r=" WHOLE ",s=" SALT ",i=4096x", EBADMSG},
        {"r=" WHOLE ",s=" SALT ",i=99999999999999999999", EBADMSG},
        {"r=" NONCE ",s=" SALT ",i=4096", EACCES},
        {"r=other" WHOLE ",s=" SALT ",i=4096", EACCES},
        {"r=" WHOLE ",s=" SALT ",i=4095", EACCES},
        {"r=" WHOLE ",s=" SALT ",i=100001", EACCES},
    };
    struct kafka_secret secret = user_and_pencil("user");
    struct kafka_sasl sasl;
    struct buf message = BUF_INIT(1000);
    struct error error;

    for (size_t i = 0; i < COUNT(challenges); i++) {
        assert_int_equal(begin(&sasl, &secret, challenges[i].text, &message, &error),
                         -challenges[i].code);
        assert_int_equal(error.code, challenges[i].code);
        assert_true(*error.message);
        assert_int_equal(message.size, 0);
        kafka_sasl_end(&sasl);
    }
    buf_release(&message);
}

TEST(a_salt_that_is_too_long_and_a_message_with_a_nul_are_refused)
{
    struct kafka_secret secret = user_and_pencil("user");
    struct kafka_sasl sasl;
    struct buf message = BUF_INIT(1000);
    struct error error;
    char text[600];

    snprintf(text, sizeof(text), "r=%s,s=%0344d,i=4096", WHOLE, 0);
    assert_int_equal(begin(&sasl, &secret, text, &message, &error), -EBADMSG);
    kafka_sasl_end(&sasl);
    kafka_sasl_begin(&sasl, NONCE);
    next(&sasl, &secret, NULL, &message, &error);
    assert_int_equal(kafka_sasl_next(&sasl, &secret, (struct span){"r=\0", 3}, &message, &error),
                     -EBADMSG);
    kafka_sasl_end(&sasl);
    buf_release(&message);
}

/* A password that was changed behind its back is seen only when it is salted anew. */
TEST(a_password_is_salted_once_for_each_salt_and_count_of_rounds)
{
    static const char first[] = "r=" WHOLE ",s=" SALT ",i=4096";
    struct kafka_secret secret = user_and_pencil("user");
    struct kafka_sasl sasl;
    struct buf message = BUF_INIT(1000);
    struct buf again = BUF_INIT(1000);
    struct error error;

    begin(&sasl, &secret, first, &message, &error);
    kafka_sasl_end(&sasl);
    secret.password = "another";
    begin(&sasl, &secret, first, &again, &error);
    assert_string_equal(again.data, message.data);
    kafka_sasl_end(&sasl);
    begin(&sasl, &secret, "r=" WHOLE ",s=" SALT ",i=4097", &again, &error);
    kafka_sasl_end(&sasl);
    begin(&sasl, &secret, first, &again, &error);
    assert_string_not_equal(again.data, message.data);
    kafka_sasl_end(&sasl);
    buf_release(&message);
    buf_release(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mechanisms_have_names),
        cmocka_unit_test(plain_is_one_message),
        cmocka_unit_test(a_refused_token_is_told_of_and_answered),
        cmocka_unit_test(scram_with_sha_256_is_as_in_its_rfc),
        cmocka_unit_test(scram_with_sha_512_is_as_another_program_has_it),
        cmocka_unit_test(a_name_with_commas_and_equal_signs_is_escaped),
        cmocka_unit_test(a_broker_that_does_not_know_the_password_is_refused),
        cmocka_unit_test(a_challenge_that_is_none_is_refused),
        cmocka_unit_test(a_salt_that_is_too_long_and_a_message_with_a_nul_are_refused),
        cmocka_unit_test(a_password_is_salted_once_for_each_salt_and_count_of_rounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
