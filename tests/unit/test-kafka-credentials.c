#include "test.h"

#include <sys/stat.h>

#include "api/kafka/credentials.h"
#include "api/kafka/properties.h"

static const char *const variables[] = {"KAFKA_SASL_USERNAME",   "KAFKA_SASL_PASSWORD",
                                        "KAFKA_SASL_MECHANISM",  "KAFKA_SECURITY_PROTOCOL",
                                        "KAFKA_SSL_CA_LOCATION", "KCAT_CONFIG"};

static char home[PATH_ROOM];
static char path[256];
static char usual[256];
static char token[256];

static int make_home(void **state)
{
    (void)state;
    make_directory(home);
    snprintf(path, sizeof(path), "%s/client.properties", home);
    snprintf(token, sizeof(token), "%s/token", home);
    snprintf(usual, sizeof(usual), "%s/.config", home);
    assert_int_equal(mkdir(usual, 0700), 0);
    snprintf(usual, sizeof(usual), "%s/.config/kcat.conf", home);
    return setenv("HOME", home, 1);
}

static int remove_home(void **state)
{
    (void)state;
    remove_directory(home);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(variables); i++)
        unsetenv(variables[i]);
    unlink(path);
    unlink(usual);
    unlink(token);
    return 0;
}

static void write_text(const char *file, const char *text)
{
    FILE *stream = fopen(file, "w");

    assert_non_null(stream);
    assert_true(fputs(text, stream) >= 0);
    fclose(stream);
    assert_int_equal(chmod(file, 0600), 0);
}

static struct kafka_wishes wishes(const char *file)
{
    return (struct kafka_wishes){.file = file, .brokers = "one,two:9093"};
}

static struct kafka_credentials load(const struct kafka_wishes *wanted)
{
    struct kafka_credentials credentials;
    struct error error;

    if (kafka_credentials_load(wanted, &credentials, &error))
        fail_msg("%s", error.message);
    assert_int_equal(error.code, 0);
    return credentials;
}

static void check_failure(const struct kafka_wishes *wanted, int code, const char *part)
{
    struct kafka_credentials credentials;
    struct error error;

    assert_int_equal(kafka_credentials_load(wanted, &credentials, &error), -code);
    assert_int_equal(error.code, code);
    if (!strstr(error.message, part))
        fail_msg("\"%s\" is not in: %s", part, error.message);
    assert_null(strstr(error.message, "secret"));
}

static void check_refused_file(const char *text, int code, const char *part)
{
    struct kafka_wishes wanted = wishes(path);

    write_text(path, text);
    check_failure(&wanted, code, part);
}

static void check_login(const struct kafka_wishes *wanted, enum kafka_mechanism mechanism,
                        const char *username, const char *password)
{
    struct kafka_credentials credentials = load(wanted);

    assert_int_equal(credentials.mechanism, mechanism);
    assert_string_equal(credentials.username, username);
    assert_string_equal(credentials.password, password);
    kafka_credentials_release(&credentials);
}

static void check_file(const char *text, enum kafka_mechanism mechanism, const char *username,
                       const char *password)
{
    struct kafka_wishes wanted = wishes(path);

    write_text(path, text);
    check_login(&wanted, mechanism, username, password);
}

static void check_nobody(const struct kafka_wishes *wanted)
{
    struct kafka_credentials credentials = load(wanted);

    assert_int_equal(credentials.mechanism, KAFKA_NO_LOGIN);
    assert_null(credentials.password);
    kafka_credentials_release(&credentials);
}

TEST(with_no_source_nobody_logs_in)
{
    struct kafka_wishes wanted = wishes(NULL);

    check_nobody(&wanted);
}

TEST(files_of_java_are_read)
{
    check_file(
        "# a comment\n"
        "security.protocol=SASL_SSL\n"
        "sasl.mechanism = SCRAM-SHA-512\n"
        "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\\n"
        "    username=\"alice\" \\\n"
        "    password=\"top secret\";\n"
        "client.id=me\n",
        KAFKA_SCRAM_SHA_512, "alice", "top secret");
    check_file("sasl.mechanism: PLAIN\r\n"
               "sasl.jaas.config:a.PlainLoginModule required username=al.ice "
               "password='s;\\\\'e\\\\\\\\t' ;",
               KAFKA_PLAIN, "al.ice", "s;'e\\t");
    check_file("sasl.jaas.config PlainLoginModule required username=\"\\u00fc\\ud83d\\ude00\" "
               "password=\"a\\tb\";",
               KAFKA_PLAIN, "\xc3\xbc\xf0\x9f\x98\x80", "a\tb");
}

TEST(files_of_librdkafka_are_read)
{
    check_file("bootstrap.servers=elsewhere:1\n"
               "security.protocol=sasl_ssl\n"
               "sasl.mechanisms=SCRAM-SHA-256\n"
               "sasl.username=al\xc3\xbc\\u0041\n"
               "sasl.password=se=cr:et \"x\" \\\n"
               "ssl.ca.location=/etc/ca.pem\n",
               KAFKA_SCRAM_SHA_256, "al\xc3\xbc\\u0041", "se=cr:et \"x\" \\");
}

TEST(a_login_that_is_not_complete_is_refused)
{
    check_refused_file("sasl.mechanism=PLAIN\nsasl.username=a\n", EACCES, "no password");
    check_refused_file("sasl.mechanism=PLAIN\nsasl.password=secret\n", EACCES, "no user name");
    check_refused_file("sasl.username=a\nsasl.password=secret\n", EINVAL, "-o sasl=NAME");
    check_refused_file("sasl.mechanism=GSSAPI\n", EINVAL, "GSSAPI, which is not supported");
    check_refused_file("sasl.mechanism=OAUTHBEARER\n", EACCES, "-o token=FILE");
    check_refused_file("security.protocol=SASL_SSL\n", EINVAL, "-o sasl=NAME");
}

TEST(broken_files_are_named_and_what_is_in_them_is_not_shown)
{
    check_refused_file("sasl.jaas.config=secret\n", EBADMSG, "MODULE required");
    check_refused_file("sasl.jaas.config=M required password=\"secret\n", EBADMSG, "MODULE");
    check_refused_file("sasl.jaas.config=M required password secret;\n", EBADMSG, "MODULE");
    check_refused_file("sasl.jaas.config=M required password=secret; more\n", EBADMSG, "MODULE");
    check_refused_file("sasl.jaas.config=M required password=\"sec\\\\x\" ret\n", EBADMSG,
                       "MODULE");
    check_refused_file("a=b\nsasl.jaas.config=\\u00g0secret\n", EBADMSG, "line 2 of");
    check_refused_file("sasl.jaas.config=\\ud83dsecret\n", EBADMSG, "line 1 of");
    check_refused_file("sasl.jaas.config=\xc3\xbcsecret\n", EBADMSG, "as \\uXXXX");
    check_refused_file("sasl.password=secret\nsasl.password=secret\n", EBADMSG, "twice");
    check_refused_file("sasl.mechanism=PLAIN\nsasl.jaas.config=a.ScramLoginModule required "
                       "username=a password=secret;\n",
                       EINVAL, "is for another");
    check_refused_file("sasl.mechanism=SCRAM-SHA-256\nsasl.jaas.config=a.ScramLoginModule required "
                       "username=a password=secret tokenauth=true;\n",
                       EINVAL, "delegation token");
}

TEST(a_protocol_must_say_what_the_source_does)
{
    struct kafka_wishes plain = {.file = path, .plain = true, .brokers = "one"};

    check_refused_file("security.protocol=SASL_PLAINTEXT\n", EINVAL, "it must be kafka+plain://");
    check_refused_file("security.protocol=plaintext\n", EINVAL, "without TLS");
    check_refused_file("security.protocol=TLS\n", EINVAL, "none of Kafka's");
    write_text(path, "security.protocol=SASL_SSL\n");
    check_failure(&plain, EINVAL, "it must be kafka://");
    write_text(path, "security.protocol=PLAINTEXT\nsasl.username=a\nsasl.password=secret\n");
    check_nobody(&plain);
}

TEST(certificates_are_files_of_pem)
{
    struct kafka_wishes wanted = wishes(path);
    struct kafka_credentials credentials;

    write_text(path, "ssl.truststore.type=PEM\nssl.truststore.location=/a/trust.pem\n"
                     "ssl.keystore.type=PEM\nssl.keystore.location=/a/key.pem\n"
                     "ssl.key.password=secret\n");
    credentials = load(&wanted);
    assert_string_equal(credentials.cacert, "/a/trust.pem");
    assert_string_equal(credentials.cert, "/a/key.pem");
    assert_string_equal(credentials.key, "/a/key.pem");
    assert_string_equal(credentials.key_password, "secret");
    kafka_credentials_release(&credentials);
    write_text(path, "ssl.ca.location=/a/ca.pem\nssl.certificate.location=/a/cert.pem\n"
                     "ssl.key.location=/a/cert.key\n");
    credentials = load(&wanted);
    assert_string_equal(credentials.cacert, "/a/ca.pem");
    assert_string_equal(credentials.cert, "/a/cert.pem");
    assert_string_equal(credentials.key, "/a/cert.key");
    kafka_credentials_release(&credentials);
    check_refused_file("ssl.truststore.location=/a/trust.jks\n", EINVAL,
                       "keytool -list -rfc -keystore /a/trust.jks prints");
    check_refused_file("ssl.keystore.type=JKS\nssl.keystore.location=/a/key.jks\n", EINVAL,
                       "keytool -importkeystore -srckeystore /a/key.jks -dest");
    check_refused_file("ssl.keystore.key=secret\n", EINVAL, "write them to a file");
    check_refused_file("ssl.ca.location=ca.pem\n", EINVAL, "the whole path");
}

TEST(options_go_before_what_a_source_says)
{
    struct kafka_wishes wanted = wishes(path);
    struct kafka_credentials credentials;

    write_text(path, "sasl.mechanism=PLAIN\nsasl.username=a\nsasl.password=b\n"
                     "ssl.truststore.location=/a/trust.jks\nssl.keystore.location=/a/key.jks\n");
    wanted.mechanism = KAFKA_SCRAM_SHA_256;
    wanted.has_cacert = wanted.has_cert = true;
    credentials = load(&wanted);
    assert_int_equal(credentials.mechanism, KAFKA_SCRAM_SHA_256);
    assert_null(credentials.cacert);
    assert_null(credentials.key);
    kafka_credentials_release(&credentials);
}

TEST(the_environment_goes_before_the_usual_file_and_the_option_before_both)
{
    struct kafka_wishes wanted = wishes(NULL);
    struct kafka_wishes with_file = wishes(path);

    write_text(usual, "sasl.mechanism=PLAIN\nsasl.username=usual\nsasl.password=1\n");
    write_text(path, "sasl.mechanism=PLAIN\nsasl.username=file\nsasl.password=2\n");
    check_login(&wanted, KAFKA_PLAIN, "usual", "1");
    setenv("KAFKA_SASL_MECHANISM", "SCRAM-SHA-256", 1);
    check_login(&wanted, KAFKA_PLAIN, "usual", "1");
    setenv("KAFKA_SASL_USERNAME", "environment", 1);
    check_failure(&wanted, EACCES, "the environment");
    setenv("KAFKA_SASL_PASSWORD", "3", 1);
    check_login(&wanted, KAFKA_SCRAM_SHA_256, "environment", "3");
    check_login(&with_file, KAFKA_PLAIN, "file", "2");
    clear(NULL);
    write_text(path, "sasl.mechanism=PLAIN\nsasl.username=file\nsasl.password=2\n");
    setenv("KCAT_CONFIG", path, 1);
    check_login(&wanted, KAFKA_PLAIN, "file", "2");
    setenv("KCAT_CONFIG", "client.properties", 1);
    check_failure(&wanted, EINVAL, "the whole path");
}

TEST(the_usual_file_counts_for_its_own_cluster_alone)
{
    static const char login[] = "sasl.mechanism=PLAIN\nsasl.username=a\nsasl.password=b\n";
    static const struct {
        const char *servers;
        bool counts;
    } cases[] = {
        {"one", true},  {"SASL_SSL://ONE:9092", true}, {"three, two:9093", true},
        {"two", false}, {"one:9093,three", false},     {"", false},
    };
    struct kafka_wishes wanted = wishes(NULL);

    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[300];

        snprintf(text, sizeof(text), "bootstrap.servers=%s\n%s", cases[i].servers, login);
        write_text(usual, text);
        if (cases[i].counts)
            check_login(&wanted, KAFKA_PLAIN, "a", "b");
        else
            check_nobody(&wanted);
    }
}

TEST(trusted_certificates_may_be_named_by_a_variable)
{
    struct kafka_wishes wanted = wishes(NULL);
    struct kafka_credentials credentials;

    setenv("KAFKA_SSL_CA_LOCATION", "/a/ca.pem", 1);
    credentials = load(&wanted);
    assert_string_equal(credentials.cacert, "/a/ca.pem");
    kafka_credentials_release(&credentials);
    write_text(usual, "ssl.ca.location=/b/ca.pem\n");
    credentials = load(&wanted);
    assert_string_equal(credentials.cacert, "/b/ca.pem");
    kafka_credentials_release(&credentials);
}

TEST(a_token_is_read_from_its_file)
{
    struct kafka_wishes wanted = wishes(NULL);
    struct kafka_credentials credentials;
    char text[600];

    wanted.token_file = token;
    write_text(token, "eyJhbGciOiJub25lIn0.e30.\n");
    credentials = load(&wanted);
    assert_int_equal(credentials.mechanism, KAFKA_OAUTHBEARER);
    assert_string_equal(credentials.token, "eyJhbGciOiJub25lIn0.e30.");
    assert_string_equal(credentials.origin, token);
    kafka_credentials_release(&credentials);
    snprintf(text, sizeof(text),
             "sasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.token.endpoint.url=file://%s\n", token);
    write_text(path, text);
    wanted = wishes(path);
    credentials = load(&wanted);
    assert_string_equal(credentials.token, "eyJhbGciOiJub25lIn0.e30.");
    kafka_credentials_release(&credentials);
    write_text(token, "two secrets\n");
    check_failure(&wanted, EBADMSG, "no token and nothing else");
    write_text(token, "\n");
    check_failure(&wanted, EBADMSG, "no token and nothing else");
    unlink(token);
    check_failure(&wanted, ENOENT, token);
}

TEST(a_file_that_others_can_read_is_refused)
{
    struct kafka_wishes wanted = wishes(path);

    write_text(path, "sasl.password=secret\n");
    assert_int_equal(chmod(path, 0640), 0);
    check_failure(&wanted, EACCES, "chmod 600");
    write_text(token, "secret");
    assert_int_equal(chmod(token, 0604), 0);
    wanted = wishes(NULL);
    wanted.token_file = token;
    check_failure(&wanted, EACCES, "chmod 600");
}

TEST(credentials_are_compared_by_all_their_texts)
{
    struct kafka_wishes wanted = wishes(path);
    struct kafka_credentials a;
    struct kafka_credentials b;

    write_text(path, "sasl.mechanism=PLAIN\nsasl.username=a\nsasl.password=b\n");
    a = load(&wanted);
    b = load(&wanted);
    assert_true(kafka_credentials_equal(&a, &b));
    kafka_credentials_release(&b);
    write_text(path, "sasl.mechanism=PLAIN\nsasl.username=a\nsasl.password=c\n");
    b = load(&wanted);
    assert_false(kafka_credentials_equal(&a, &b));
    kafka_credentials_release(&b);
    assert_false(kafka_credentials_equal(&a, &b));
    kafka_credentials_release(&a);
    assert_true(kafka_credentials_equal(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(with_no_source_nobody_logs_in, clear),
        cmocka_unit_test_setup(files_of_java_are_read, clear),
        cmocka_unit_test_setup(files_of_librdkafka_are_read, clear),
        cmocka_unit_test_setup(a_login_that_is_not_complete_is_refused, clear),
        cmocka_unit_test_setup(broken_files_are_named_and_what_is_in_them_is_not_shown, clear),
        cmocka_unit_test_setup(a_protocol_must_say_what_the_source_does, clear),
        cmocka_unit_test_setup(certificates_are_files_of_pem, clear),
        cmocka_unit_test_setup(options_go_before_what_a_source_says, clear),
        cmocka_unit_test_setup(
            the_environment_goes_before_the_usual_file_and_the_option_before_both, clear),
        cmocka_unit_test_setup(the_usual_file_counts_for_its_own_cluster_alone, clear),
        cmocka_unit_test_setup(trusted_certificates_may_be_named_by_a_variable, clear),
        cmocka_unit_test_setup(a_token_is_read_from_its_file, clear),
        cmocka_unit_test_setup(a_file_that_others_can_read_is_refused, clear),
        cmocka_unit_test_setup(credentials_are_compared_by_all_their_texts, clear),
    };

    return cmocka_run_group_tests(tests, make_home, remove_home);
}
