#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/dis/credentials.h"

static const char *const variables[] = {"OS_TOKEN",
                                        "OS_AUTH_TOKEN",
                                        "OS_USERNAME",
                                        "OS_PASSWORD",
                                        "OS_USER_DOMAIN_NAME",
                                        "OS_DOMAIN_NAME",
                                        "OS_AUTH_URL",
                                        "HUAWEICLOUD_SDK_AK",
                                        "HUAWEICLOUD_SDK_SK",
                                        "HUAWEICLOUD_SDK_SECURITY_TOKEN",
                                        "HUAWEICLOUD_SDK_CREDENTIALS_FILE",
                                        "OS_ACCESS_KEY",
                                        "OS_SECRET_KEY",
                                        "OS_SECURITY_TOKEN"};

static char home[] = "/tmp/test-credentials-XXXXXX";
static char path[256];

static int make_home(void **state)
{
    (void)state;
    if (!mkdtemp(home) || chmod(home, 0700))
        return -1;
    snprintf(path, sizeof(path), "%s/file", home);
    return setenv("HOME", home, 1);
}

static int remove_home(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(home);
}

static int clear_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        unsetenv(variables[i]);
    return 0;
}

static void write_bytes(const char *bytes, size_t size, mode_t mode)
{
    FILE *file;

    unlink(path);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void write_file(const char *text, mode_t mode)
{
    write_bytes(text, strlen(text), mode);
}

static struct dis_credentials load(const char *file)
{
    struct dis_credentials credentials;
    struct error error;

    if (dis_credentials_load(file, &credentials, &error))
        fail_msg("%s", error.message);
    return credentials;
}

static void check_failure(const char *file, int code, const char *part)
{
    struct dis_credentials credentials;
    struct error error;

    assert_int_equal(dis_credentials_load(file, &credentials, &error), -code);
    assert_int_equal(error.code, code);
    if (!strstr(error.message, part))
        fail_msg("\"%s\" does not say \"%s\"", error.message, part);
    if (strstr(error.message, "very-secret"))
        fail_msg("\"%s\" has a secret", error.message);
}

/* Loads a file of this text, in which the key is "a" and `secret`. */
static void check_key(const char *text, const char *secret)
{
    struct dis_credentials credentials;

    write_file(text, 0600);
    credentials = load(path);
    assert_int_equal(credentials.kind, DIS_KEY);
    assert_string_equal(credentials.access, "a");
    assert_string_equal(credentials.secret, secret);
    dis_credentials_release(&credentials);
}

static void test_what_wins_in_the_environment(void **state)
{
    struct dis_credentials credentials;

    (void)state;
    setenv("HUAWEICLOUD_SDK_AK", "ak", 1);
    setenv("HUAWEICLOUD_SDK_SK", "sk", 1);
    credentials = load(NULL);
    assert_int_equal(credentials.kind, DIS_KEY);
    assert_string_equal(credentials.access, "ak");
    assert_string_equal(credentials.secret, "sk");
    assert_null(credentials.security_token);
    dis_credentials_release(&credentials);

    setenv("OS_USERNAME", "u", 1);
    setenv("OS_PASSWORD", "p", 1);
    setenv("OS_DOMAIN_NAME", "d", 1);
    setenv("OS_AUTH_URL", "https://iam.example/v3", 1);
    credentials = load(NULL);
    assert_int_equal(credentials.kind, DIS_PASSWORD);
    assert_string_equal(credentials.user_domain, "d");
    dis_credentials_release(&credentials);

    setenv("OS_TOKEN", "t", 1);
    credentials = load(NULL);
    assert_int_equal(credentials.kind, DIS_TOKEN);
    assert_string_equal(credentials.token, "t");
    dis_credentials_release(&credentials);
}

static void test_missing_parts(void **state)
{
    (void)state;
    check_failure(NULL, EACCES, "no credentials: set OS_TOKEN");
    setenv("OS_AUTH_URL", "https://iam.example/v3", 1);
    check_failure(NULL, EACCES, "no credentials: set OS_TOKEN");
    setenv("OS_USERNAME", "u", 1);
    check_failure(NULL, EACCES, "OS_PASSWORD");
    clear_environment(NULL);
    setenv("HUAWEICLOUD_SDK_SK", "very-secret", 1);
    check_failure(NULL, EACCES, "HUAWEICLOUD_SDK_AK");
    setenv("HUAWEICLOUD_SDK_SK", "", 1);
    check_failure(NULL, EACCES, "no credentials");
}

static void test_files(void **state)
{
    struct dis_credentials credentials;

    (void)state;
    setenv("OS_TOKEN", "from-the-environment", 1);
    write_file("# a comment\n[basic]\nak = file-ak\nsk = file-sk\n[global]\nak = other\n", 0600);
    credentials = load(path);
    assert_int_equal(credentials.kind, DIS_KEY);
    assert_string_equal(credentials.access, "file-ak");
    assert_null(credentials.token);
    assert_string_equal(credentials.origin, path);
    dis_credentials_release(&credentials);

    write_file("HUAWEICLOUD_SDK_AK=a\nHUAWEICLOUD_SDK_SK=s=#;\nunknown=1\n", 0400);
    credentials = load(path);
    assert_string_equal(credentials.secret, "s=#;");
    dis_credentials_release(&credentials);

    clear_environment(NULL);
    setenv("HUAWEICLOUD_SDK_CREDENTIALS_FILE", path, 1);
    credentials = load(NULL);
    assert_string_equal(credentials.access, "a");
    dis_credentials_release(&credentials);
}

static void test_files_that_are_refused(void **state)
{
    (void)state;
    check_failure("/nowhere/at/all", ENOENT, "/nowhere/at/all");
    write_file("token = t\n", 0640);
    check_failure(path, EACCES, "chmod 600");
    write_file("token = t\n", 0604);
    check_failure(path, EACCES, "chmod 600");
    write_file("no equals sign\n", 0600);
    check_failure(path, EBADMSG, "name = value");
    write_file("", 0600);
    check_failure(path, EACCES, "no credentials");
    write_file("ak = only-this\n", 0600);
    check_failure(path, EACCES, "HUAWEICLOUD_SDK_SK");
    check_failure(home, EBADMSG, "no file of credentials");
    write_file("a = b\n", 0600);
    assert_int_equal(truncate(path, 100000), 0);
    check_failure(path, EBADMSG, "no file of credentials");
}

static void test_forms_of_lines(void **state)
{
    (void)state;
    check_key("ak = a\r\nsk = s\r\n", "s");
    check_key("\xef\xbb\xbf"
              "ak = a\nsk = s",
              "s");
    check_key("ak: a\nsk:s=t", "s=t");
    check_key("ak=a\nsk=s:t", "s:t");
    check_key("ak \t=\ta \t\n\n \t\nsk = two words \n", "two words");
    check_key("  # a comment\n\t; another\n  ak = a\n  sk = s\n", "s");
    check_key("[basic] ; mine\nak = a\nsk = s\n[other]\nsk = t\n[x]\nno = matter\n", "s");
}

static void test_quotes(void **state)
{
    (void)state;
    check_key("AK = x\nak = \"a\"\nsk = 's t'\n", "s t");
    check_key("ak='a'\nsk=\"s\" # mine\n", "s");
    check_key("ak = a\nsk = s\"t'\n", "s\"t'");
    check_key("ak = a\nsk = '$HOME `x`'\n", "$HOME `x`");
    check_key("ak = a\nsk = pa$word`!\n", "pa$word`!");
    check_key("ak = a\nsk = '$ecret!'\n", "$ecret!");
    write_file("ak = a\nsk = \"very-secret\n", 0600);
    check_failure(path, EBADMSG, "line 2 of ");
    write_file("ak = a\nsk = \"$very-secret\"\n", 0600);
    check_failure(path, EBADMSG,
                  "only a shell can tell what sk is: write the value itself, in single quotes");
    write_file("ak = a\nsk = $(cat very-secret)\n", 0600);
    check_failure(path, EBADMSG, "only a shell can tell what sk is");
}

/* As the web console of OpenStack gives it out. */
#define SCRIPT_HEAD                                                            \
    "#!/usr/bin/env bash\n"                                                    \
    "# To use an OpenStack cloud you need to authenticate.\n"                  \
    "export OS_AUTH_URL=https://iam.example/v3\n"                              \
    "export OS_PROJECT_ID=0123456789abcdef\n"                                  \
    "export OS_PROJECT_NAME=\"eu-de\"\n"                                       \
    "export OS_USER_DOMAIN_NAME=\"a domain\"\n"                                \
    "if [ -z \"$OS_USER_DOMAIN_NAME\" ]; then unset OS_USER_DOMAIN_NAME; fi\n" \
    "unset OS_TENANT_ID\n"                                                     \
    "export OS_USERNAME='me'\n"                                                \
    "echo \"Please enter your OpenStack Password for $OS_USERNAME: \"\n"

static void test_scripts(void **state)
{
    struct dis_credentials credentials;

    (void)state;
    write_file(SCRIPT_HEAD "export OS_PASSWORD='pa$$ word' # mine\n"
                           "export OS_REGION_NAME=\"$REGION\"\n",
               0600);
    credentials = load(path);
    assert_int_equal(credentials.kind, DIS_PASSWORD);
    assert_string_equal(credentials.auth_url, "https://iam.example/v3");
    assert_string_equal(credentials.user_domain, "a domain");
    assert_string_equal(credentials.username, "me");
    assert_string_equal(credentials.password, "pa$$ word");
    dis_credentials_release(&credentials);
    check_key("  export HUAWEICLOUD_SDK_AK=\"a\"\r\nHUAWEICLOUD_SDK_SK=s\r\n", "s");
    check_key("export ak=a sk='s t' # both\n", "s t");
    check_key("export ak=a\nexport sk=s\nsk = t\nsk: u\n[basic]\n  sk v\n", "s");
}

static void test_scripts_that_only_a_shell_can_read(void **state)
{
    static const char *const values[] = {"$OS_PASSWORD_INPUT",    "very-secret$X",
                                         "`very-secret`",         "$(cat very-secret)",
                                         "\"$very-secret\"",      "very-secret; export A",
                                         "very-secret openstack", "\"very-secret"};
    char text[1024];

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        snprintf(text, sizeof(text),
                 SCRIPT_HEAD "read -sr OS_PASSWORD_INPUT\nexport OS_PASSWORD=%s\n", values[i]);
        write_file(text, 0600);
        check_failure(path, EBADMSG, "line 12 of ");
        check_failure(path, EBADMSG, "only a shell can tell what OS_PASSWORD is");
    }
}

/* What follows a value on its line is the value's. */
static void test_values_that_look_like_comments(void **state)
{
    (void)state;
    check_key("ak = a\nsk = s ; t\n", "s ; t");
    check_key("ak = a\nsk = s # t\n", "s # t");
    check_key("ak = a\nsk = ;#\n", ";#");
}

static void test_names_that_are_given_twice(void **state)
{
    (void)state;
    write_file("ak = a\nsk = very-secret\nsk = very-secret\n", 0600);
    check_failure(path, EBADMSG, "file gives sk twice");
    write_file("ak = a\n[basic]\nak = b\nsk = very-secret\n", 0600);
    check_failure(path, EBADMSG, "gives ak twice");
    write_file("[basic]\nsk = very-secret\nHUAWEICLOUD_SDK_SK = very-secret\n", 0600);
    check_failure(path, EBADMSG, "gives HUAWEICLOUD_SDK_SK twice");
    write_file("token =\ntoken = very-secret\n", 0600);
    check_failure(path, EBADMSG, "gives token twice");
    check_key("ak = a\nsk = s\nregion = r\nregion = r\n[global]\nsk = t\nsk = t\n", "s");
}

static void test_lines_that_are_refused(void **state)
{
    static const char nul[] = "ak = a\nsk = very-secret\n\0ak = b\n";
    static const char *const lines[] = {"very-secret", "= very-secret",       "[basic",
                                        "[]",          "[basic] very-secret", "\xff\xfe"};
    char text[100];

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        snprintf(text, sizeof(text), "ak = a\n\nsk = b\n%s\nsk = c", lines[i]);
        write_file(text, 0600);
        check_failure(path, EBADMSG, "line 4 of ");
    }
    write_file("ak = a\nsk = very-\n  secret\n", 0600);
    check_failure(path, EBADMSG, "must be on one line");
    write_file("  ak = a\n\n   sk = very-secret\n", 0600);
    check_failure(path, EBADMSG, "line 3 of ");
    write_bytes(nul, sizeof(nul) - 1, 0600);
    check_failure(path, EBADMSG, "no file of credentials");
}

/* A token has thousands of characters. */
static void test_long_values(void **state)
{
    static char text[65536];
    static const size_t lengths[] = {198, 199, 200, 6000, 65535 - 15};
    struct dis_credentials credentials;

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        size_t end = 8 + lengths[i];

        memset(text, 0, sizeof(text));
        memcpy(text, "token = ", 8);
        for (size_t j = 8; j < end; j++)
            text[j] = (char)('A' + (char)(j % 26));
        memcpy(text + end, "\nak = b", 7);
        write_file(text, 0600);
        credentials = load(path);
        assert_int_equal(strlen(credentials.token), lengths[i]);
        assert_memory_equal(credentials.token, text + 8, lengths[i]);
        assert_string_equal(credentials.access, "b");
        dis_credentials_release(&credentials);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_what_wins_in_the_environment, clear_environment),
        cmocka_unit_test_setup(test_missing_parts, clear_environment),
        cmocka_unit_test_setup(test_files, clear_environment),
        cmocka_unit_test_setup(test_files_that_are_refused, clear_environment),
        cmocka_unit_test_setup(test_forms_of_lines, clear_environment),
        cmocka_unit_test_setup(test_quotes, clear_environment),
        cmocka_unit_test_setup(test_scripts, clear_environment),
        cmocka_unit_test_setup(test_scripts_that_only_a_shell_can_read, clear_environment),
        cmocka_unit_test_setup(test_values_that_look_like_comments, clear_environment),
        cmocka_unit_test_setup(test_names_that_are_given_twice, clear_environment),
        cmocka_unit_test_setup(test_lines_that_are_refused, clear_environment),
        cmocka_unit_test_setup(test_long_values, clear_environment),
    };

    return cmocka_run_group_tests(tests, make_home, remove_home);
}
