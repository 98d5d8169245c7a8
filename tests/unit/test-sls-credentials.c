#include "test.h"

#include <sys/stat.h>

#include "api/sls/credentials.h"

static const char *const variables[] = {
    "ALIYUN_LOG_CLI_ACCESSID",
    "ALIYUN_LOG_CLI_ACCESSKEY",
    "ALIYUN_LOG_CLI_STS_TOKEN",
    "ALIYUN_LOG_CLI_REGION_ID",
    "ALIYUN_LOG_CLI_CLIENT_NAME",
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "ALIBABA_CLOUD_SECURITY_TOKEN",
    "ALIBABA_CLOUD_DEFAULT_REGION",
    "ALICLOUD_ACCESS_KEY",
    "ALICLOUD_SECRET_KEY",
    "ALICLOUD_REGION",
    "ALIBABACLOUD_ACCESS_KEY_ID",
    "ALIBABACLOUD_ACCESS_KEY_SECRET",
    "ALICLOUD_ACCESS_KEY_ID",
    "ALICLOUD_ACCESS_KEY_SECRET",
    "ALICLOUD_REGION_ID",
    "SECURITY_TOKEN",
};

static char home[PATH_ROOM];

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(variables); i++)
        unsetenv(variables[i]);
    make_directory(home);
    return setenv("HOME", home, 1);
}

static int tear_down(void **state)
{
    (void)state;
    remove_directory(home);
    return 0;
}

/* Writes a file below the home; its directory is made. Its path lasts until the next. */
static const char *write_file(const char *name, const char *text, mode_t mode)
{
    static char path[PATH_ROOM + 64];
    FILE *file;

    snprintf(path, sizeof(path), "%s/.aliyun", home);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/%s", home, name);
    unlink(path);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static void check_text(const char *found, const char *expected)
{
    if (expected && found)
        assert_string_equal(found, expected);
    else
        assert_ptr_equal(found, expected);
}

static void check_load(const char *file, const char *access, const char *secret, const char *token,
                       const char *region)
{
    struct sls_credentials credentials;
    struct error error;

    if (sls_credentials_load(file, &credentials, &error))
        fail_msg("%s", error.message);
    check_text(credentials.access, access);
    check_text(credentials.secret, secret);
    check_text(credentials.security_token, token);
    check_text(credentials.region, region);
    sls_credentials_release(&credentials);
}

static void check_failure(const char *file, int code, const char *part)
{
    struct sls_credentials credentials;
    struct error error;

    assert_int_equal(sls_credentials_load(file, &credentials, &error), -code);
    assert_int_equal(error.code, code);
    if (!strstr(error.message, part))
        fail_msg("\"%s\" does not say \"%s\"", error.message, part);
    if (strstr(error.message, "very-secret"))
        fail_msg("\"%s\" has a secret", error.message);
}

/* Each source is found, and the one before it wins. */
TEST(the_order_of_the_sources)
{
    check_failure(NULL, EACCES, "no credentials: set ALIBABA_CLOUD_ACCESS_KEY_ID");

    write_file(".aliyun/config.json",
               "{\"current\":\"default\",\"profiles\":[{\"name\":\"other\",\"mode\":\"AK\","
               "\"access_key_id\":\"x\",\"access_key_secret\":\"y\"},{\"name\":\"default\","
               "\"mode\":\"AK\",\"access_key_id\":\"a8\",\"access_key_secret\":\"s8\","
               "\"sts_token\":\"\",\"region_id\":\"r8\"}]}",
               0600);
    check_load(NULL, "a8", "s8", NULL, "r8");

    setenv("ALICLOUD_ACCESS_KEY_ID", "a7", 1);
    setenv("ALICLOUD_ACCESS_KEY_SECRET", "s7", 1);
    setenv("ALICLOUD_REGION_ID", "r7", 1);
    check_load(NULL, "a7", "s7", NULL, "r7");
    setenv("ALIBABACLOUD_ACCESS_KEY_ID", "a6", 1);
    setenv("ALIBABACLOUD_ACCESS_KEY_SECRET", "s6", 1);
    check_load(NULL, "a6", "s6", NULL, NULL);
    setenv("ALICLOUD_ACCESS_KEY", "a5", 1);
    setenv("ALICLOUD_SECRET_KEY", "s5", 1);
    setenv("ALICLOUD_REGION", "r5", 1);
    setenv("SECURITY_TOKEN", "t5", 1);
    check_load(NULL, "a5", "s5", "t5", "r5");
    setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "a4", 1);
    setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s4", 1);
    check_load(NULL, "a4", "s4", NULL, NULL);
    setenv("ALIBABA_CLOUD_SECURITY_TOKEN", "t4", 1);
    setenv("ALIBABA_CLOUD_DEFAULT_REGION", "r4", 1);
    check_load(NULL, "a4", "s4", "t4", "r4");

    write_file(".aliyunlogcli",
               "[main]\naccess-id = a3\naccess-key = s3\nregion-id = r3\nsign-version = v4\n",
               0600);
    check_load(NULL, "a3", "s3", NULL, "r3");

    setenv("ALIYUN_LOG_CLI_ACCESSID", "a2", 1);
    setenv("ALIYUN_LOG_CLI_ACCESSKEY", "s2", 1);
    check_load(NULL, "a2", "s2", NULL, NULL);
    setenv("ALIYUN_LOG_CLI_STS_TOKEN", "t2", 1);
    setenv("ALIYUN_LOG_CLI_REGION_ID", "r2", 1);
    check_load(NULL, "a2", "s2", "t2", "r2");

    check_load(write_file("key", "[main]\naccess-id=a1\naccess-key=s1\n", 0400), "a1", "s1", NULL,
               NULL);
}

/* A source without an access key leaves nothing behind. */
TEST(parts_are_not_mixed)
{
    setenv("ALIYUN_LOG_CLI_STS_TOKEN", "of-no-key", 1);
    setenv("ALIYUN_LOG_CLI_REGION_ID", "of-no-key", 1);
    setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "a4", 1);
    setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s4", 1);
    check_load(NULL, "a4", "s4", NULL, NULL);
}

TEST(parts_that_are_missing)
{
    setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "very-secret", 1);
    check_failure(NULL, EACCES, "no ALIBABA_CLOUD_ACCESS_KEY_ID");
    setenv("ALIYUN_LOG_CLI_ACCESSID", "a", 1);
    check_failure(NULL, EACCES, "no ALIYUN_LOG_CLI_ACCESSKEY");
    check_failure(write_file("key", "[main]\naccess-id = a\n", 0600), EACCES, "no access-key");
    check_failure(write_file("key", "[main]\naccess-key = very-secret\n", 0600), EACCES,
                  "no access-id");
    check_failure(write_file("key", "[main]\n", 0600), EACCES, "holds no credentials");
    check_failure(
        write_file("key", "{\"profiles\":[{\"name\":\"default\",\"access_key_id\":\"a\"}]}", 0600),
        EACCES, "no access_key_secret");
}

TEST(sections_of_the_file_of_aliyunlog)
{
    static const char text[] = "[main]\naccess-id = a\naccess-key = s\n"
                               "[second]\naccess-id = b\naccess-key = t\nsts-token = b::token=\n"
                               "[third]\naccess-id = c\naccess-key = u\nsts-token = b::token=\n"
                               "[fourth]\naccess-id = d\naccess-key = v\nsts-token = plain\n"
                               "[__option__]\ndefault-client = second\n";

    write_file(".aliyunlogcli", text, 0600);
    check_load(NULL, "b", "t", "token=", NULL);
    setenv("ALIYUN_LOG_CLI_CLIENT_NAME", "main", 1);
    check_load(NULL, "a", "s", NULL, NULL);
    setenv("ALIYUN_LOG_CLI_CLIENT_NAME", "third", 1);
    check_load(NULL, "c", "u", NULL, NULL);
    setenv("ALIYUN_LOG_CLI_CLIENT_NAME", "fourth", 1);
    check_load(NULL, "d", "v", "plain", NULL);
    setenv("ALIYUN_LOG_CLI_CLIENT_NAME", "fifth", 1);
    check_failure(NULL, EACCES, "no access key in the section [fifth]");
}

TEST(names_that_are_given_twice)
{
    check_failure(write_file("key",
                             "[main]\naccess-id = a\naccess-key = very-secret\n"
                             "access-key = very-secret\n",
                             0600),
                  EBADMSG, "key gives access-key twice");
    check_failure(write_file("key",
                             "[main]\naccess-id = a\n[other]\n[main]\naccess-id = b\n"
                             "access-key = very-secret\n",
                             0600),
                  EBADMSG, "gives access-id twice");
    check_failure(write_file("key",
                             "[__option__]\ndefault-client = main\ndefault-client = main\n"
                             "[main]\naccess-id = a\naccess-key = very-secret\n",
                             0600),
                  EBADMSG, "gives default-client twice");
    /* In a section that is not read. */
    check_load(write_file("key",
                          "[other]\naccess-id = x\naccess-id = x\n[main]\naccess-id = a\n"
                          "access-key = s\nformat-output = json\nformat-output = json\n",
                          0600),
               "a", "s", NULL, NULL);
}

TEST(files_of_other_systems)
{
    check_load(write_file("key",
                          "\xef\xbb\xbf[main]\r\naccess-id: a\r\n; a comment\r\n"
                          "access-key = s ; t",
                          0600),
               "a", "s ; t", NULL, NULL);
    check_load(write_file("key",
                          "\xef\xbb\xbf{\"profiles\":[{\"name\":\"default\","
                          "\"access_key_id\":\"a\",\"access_key_secret\":\"s\"}]}",
                          0600),
               "a", "s", NULL, NULL);
}

/* Of the security token service. */
TEST(a_long_token)
{
    char text[4096];
    char token[2001];

    memset(token, 'x', sizeof(token) - 1);
    token[sizeof(token) - 1] = '\0';
    snprintf(text, sizeof(text), "[main]\naccess-id=a\naccess-key=s\nsts-token=a::%s\n", token);
    check_load(write_file("key", text, 0600), "a", "s", token, NULL);
}

TEST(profiles_of_the_alibaba_cloud_cli)
{
    check_load(
        write_file("key",
                   " {\"current\":\"p\",\"profiles\":[{\"name\":\"p\",\"mode\":\"StsToken\","
                   "\"access_key_id\":\"a\",\"access_key_secret\":\"s\",\"sts_token\":\"t\"}]}",
                   0600),
        "a", "s", "t", NULL);
    /* A token that was left behind is none of a lasting key's. */
    check_load(
        write_file("key",
                   "{\"current\":\"p\",\"profiles\":[{\"name\":\"p\",\"mode\":\"AK\","
                   "\"access_key_id\":\"a\",\"access_key_secret\":\"s\",\"sts_token\":\"t\"}]}",
                   0600),
        "a", "s", NULL, NULL);
    check_failure(write_file("key",
                             "{\"current\":\"p\",\"profiles\":[{\"name\":\"p\",\"mode\":"
                             "\"EcsRamRole\",\"ram_role_name\":\"r\"}]}",
                             0600),
                  EACCES, "EcsRamRole: only AK and StsToken");
    check_failure(write_file("key", "{\"current\":\"p\",\"profiles\":[]}", 0600), EACCES,
                  "has no profile p");
    check_failure(write_file("key", "{\"current\":", 0600), EBADMSG, "is not JSON");
    check_failure(write_file("key",
                             "{\"profiles\":[{\"name\":\"default\",\"access_key_id\":[],"
                             "\"access_key_secret\":\"very-secret\"}]}",
                             0600),
                  EBADMSG, "access_key_id is no text");
}

TEST(files_that_are_refused)
{
    check_failure("/nowhere/at/all", ENOENT, "/nowhere/at/all");
    check_failure(write_file("key", "[main]\naccess-id=a\naccess-key=very-secret\n", 0640), EACCES,
                  "chmod 600");
    write_file(".aliyunlogcli", "[main]\naccess-id=a\naccess-key=very-secret\n", 0604);
    check_failure(NULL, EACCES, "chmod 600");
    write_file(".aliyunlogcli", "no equals sign, very-secret\n", 0600);
    check_failure(NULL, EBADMSG, "name = value");
}

TEST(which_keys_are_the_same)
{
    char access[] = "a";
    char secret[] = "s";
    char other[] = "other";
    struct sls_credentials a = {.access = access, .secret = secret};
    struct sls_credentials b = a;

    assert_true(sls_credentials_equal(&a, &b));
    b.security_token = other;
    assert_false(sls_credentials_equal(&a, &b));
    b = a;
    b.secret = other;
    assert_false(sls_credentials_equal(&a, &b));
}

#define SCENE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

TEST(a_script_for_a_shell_has_the_names_of_the_environment)
{
    check_load(write_file("keys.sh",
                          "#!/bin/sh\n"
                          "echo hello\n"
                          "export ALIBABA_CLOUD_ACCESS_KEY_ID=\"a\"\n"
                          "ALIBABA_CLOUD_ACCESS_KEY_SECRET='s t'\n"
                          "export ALIBABA_CLOUD_SECURITY_TOKEN=t # mine\n"
                          "export PATH=$PATH:/opt\n",
                          0600),
               "a", "s t", "t", NULL);
    check_load(write_file("keys.sh",
                          "export ALIYUN_LOG_CLI_ACCESSID=a\nALIYUN_LOG_CLI_ACCESSKEY=s\n", 0600),
               "a", "s", NULL, NULL);
    check_failure(write_file("keys.sh",
                             "export ALICLOUD_ACCESS_KEY=a\n"
                             "export ALICLOUD_SECRET_KEY=$(cat very-secret)\n",
                             0600),
                  EBADMSG, "only a shell can tell what ALICLOUD_SECRET_KEY is");
}

TEST(quotes_of_a_file_are_taken_off)
{
    check_load(write_file("keys", "[main]\naccess-id = \"a\"\naccess-key = 's'\n", 0600), "a", "s",
               NULL, NULL);
    check_failure(write_file("keys", "[main]\naccess-id = a\naccess-key = $KEY\n", 0600), EBADMSG,
                  "only a shell can tell what access-key is");
    check_load(
        write_file("keys", "[x]\naccess-key = $KEY\n[main]\naccess-id = a\naccess-key = s\n", 0600),
        "a", "s", NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(the_order_of_the_sources),
        SCENE(a_script_for_a_shell_has_the_names_of_the_environment),
        SCENE(quotes_of_a_file_are_taken_off),
        SCENE(parts_are_not_mixed),
        SCENE(parts_that_are_missing),
        SCENE(sections_of_the_file_of_aliyunlog),
        SCENE(names_that_are_given_twice),
        SCENE(files_of_other_systems),
        SCENE(a_long_token),
        SCENE(profiles_of_the_alibaba_cloud_cli),
        SCENE(files_that_are_refused),
        SCENE(which_keys_are_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
