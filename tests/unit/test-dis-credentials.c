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

static void write_file(const char *text, mode_t mode)
{
    FILE *file;

    unlink(path);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
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

/* A token has thousands of characters, which libinih alone would cut. */
static void test_long_values(void **state)
{
    char text[8000];
    char token[6001];
    struct dis_credentials credentials;

    (void)state;
    for (size_t length = 180; length < sizeof(token); length += length < 420 ? 1 : 1777) {
        for (size_t i = 0; i < length; i++)
            token[i] = (char)('A' + (char)(i % 26));
        token[length] = '\0';
        snprintf(text, sizeof(text), "# %.400s\n; x\ntoken = %s\nak = b\n", token, token);
        write_file(text, 0600);
        credentials = load(path);
        assert_string_equal(credentials.token, token);
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
        cmocka_unit_test_setup(test_long_values, clear_environment),
    };

    return cmocka_run_group_tests(tests, make_home, remove_home);
}
