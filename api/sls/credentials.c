#include "api/sls/credentials.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "api/json.h"
#include "api/service/secret.h"
#include "base/home.h"

enum part { ACCESS, SECRET, TOKEN, REGION, PARTS };

static char **text_of_part(struct sls_credentials *credentials, enum part part)
{
    char **slots[PARTS] = {&credentials->access, &credentials->secret, &credentials->security_token,
                           &credentials->region};

    return slots[part];
}

void sls_credentials_release(struct sls_credentials *credentials)
{
    for (enum part part = ACCESS; part < PARTS; part++)
        secret_free(*text_of_part(credentials, part));
    *credentials = (struct sls_credentials){0};
}

static bool is_same_part(const char *a, const char *b)
{
    return !strcmp(a ? a : "", b ? b : "");
}

bool sls_credentials_equal(const struct sls_credentials *a, const struct sls_credentials *b)
{
    return is_same_part(a->access, b->access) && is_same_part(a->secret, b->secret) &&
           is_same_part(a->security_token, b->security_token);
}

/* A region alone, or a token, is no attempt to give credentials. */
static bool sls_has_some(const struct sls_credentials *credentials)
{
    return credentials->access || credentials->secret;
}

static int check_complete(const struct sls_credentials *credentials, const char *access_name,
                          const char *secret_name, struct error *error)
{
    if (!sls_has_some(credentials) || (credentials->access && credentials->secret))
        return 0;
    return error_set(error, EACCES, "the credentials in %.200s are not complete: no %s",
                     credentials->origin, credentials->access ? secret_name : access_name);
}

/* The environment */

struct variables {
    const char *names[PARTS];
};

static const struct variables cli = {{"ALIYUN_LOG_CLI_ACCESSID", "ALIYUN_LOG_CLI_ACCESSKEY",
                                      "ALIYUN_LOG_CLI_STS_TOKEN", "ALIYUN_LOG_CLI_REGION_ID"}};

static const struct variables sdks[] = {
    {{"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
      "ALIBABA_CLOUD_SECURITY_TOKEN", "ALIBABA_CLOUD_DEFAULT_REGION"}},
    {{"ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY", "SECURITY_TOKEN", "ALICLOUD_REGION"}},
    {{"ALIBABACLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_SECRET", "SECURITY_TOKEN", ""}},
    {{"ALICLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY_SECRET", "SECURITY_TOKEN",
      "ALICLOUD_REGION_ID"}},
};

static int load_variables(const struct variables *variables, struct sls_credentials *credentials,
                          struct error *error)
{
    snprintf(credentials->origin, sizeof(credentials->origin), "the environment");
    for (enum part part = ACCESS; part < PARTS; part++) {
        const char *value = getenv(variables->names[part]);

        if (value && *value && secret_set(text_of_part(credentials, part), value))
            return error_set(error, ENOMEM, "no memory");
    }
    return check_complete(credentials, variables->names[ACCESS], variables->names[SECRET], error);
}

/* The file of the aliyunlog CLI */

struct section {
    const char *name; /* NULL: the option default-client is looked for, and nothing else */
    struct sls_credentials *credentials;
    char *client;
    unsigned given; /* a bit for each of the parts, and one for the client */
};

static int set_once(struct section *wanted, unsigned bit, char **text, const char *value)
{
    if (wanted->given & 1U << bit)
        return -EEXIST;
    wanted->given |= 1U << bit;
    if (!value)
        return -EINVAL;
    return *value ? secret_set(text, value) : 0;
}

/* A script for a shell has no sections, and the names of the environment. */
static enum part part_of_variable(const char *name)
{
    for (enum part part = ACCESS; part < PARTS; part++) {
        if (!strcmp(name, cli.names[part]))
            return part;
        for (size_t i = 0; i < sizeof(sdks) / sizeof(sdks[0]); i++) {
            if (!strcmp(name, sdks[i].names[part]))
                return part;
        }
    }
    return PARTS;
}

static int sls_set_variable(struct section *wanted, const char *name, const char *value)
{
    enum part part = part_of_variable(name);

    if (part == PARTS)
        return 0;
    return set_once(wanted, part, text_of_part(wanted->credentials, part), value);
}

static int sls_set_value(void *user, const char *section, const char *name, const char *value)
{
    static const char *const names[PARTS] = {"access-id", "access-key", "sts-token", "region-id"};
    struct section *wanted = user;

    if (!*section && wanted->name)
        return sls_set_variable(wanted, name, value);
    if (strcmp(section, wanted->name ? wanted->name : "__option__") != 0)
        return 0;
    if (!wanted->name)
        return strcmp(name, "default-client") ? 0 : set_once(wanted, PARTS, &wanted->client, value);
    for (enum part part = ACCESS; part < PARTS; part++) {
        if (!strcmp(name, names[part]))
            return set_once(wanted, part, text_of_part(wanted->credentials, part), value);
    }
    return 0;
}

/* The CLI keeps a token with the access key that it is of, and ignores one of another. */
static int cut_token(struct sls_credentials *credentials)
{
    const char *mark =
        credentials->security_token ? strstr(credentials->security_token, "::") : NULL;
    size_t length = mark ? (size_t)(mark - credentials->security_token) : 0;
    char *token = NULL;
    int status = 0;

    if (!mark)
        return 0;
    if (is_same_part(credentials->access, "") || strlen(credentials->access) != length ||
        memcmp(credentials->access, credentials->security_token, length) != 0)
        length = 0;
    if (length)
        status = secret_set(&token, mark + 2);
    secret_free(credentials->security_token);
    credentials->security_token = token;
    return status;
}

static int load_ini(const char *path, const char *text, struct sls_credentials *credentials,
                    struct error *error)
{
    const char *client = getenv("ALIYUN_LOG_CLI_CLIENT_NAME");
    struct section wanted = {.credentials = credentials};
    int status = secret_parse_ini(path, text, sls_set_value, &wanted, error);

    if (!client || !*client)
        client = wanted.client ? wanted.client : "main";
    wanted.name = client;
    if (!status)
        status = secret_parse_ini(path, text, sls_set_value, &wanted, error);
    if (!status && cut_token(credentials))
        status = error_set(error, ENOMEM, "no memory");
    if (!status && !sls_has_some(credentials) && strcmp(client, "main") != 0)
        status = error_set(error, EACCES, "%.200s has no access key in the section [%.60s]", path,
                           client);
    if (!status)
        status = check_complete(credentials, "access-id", "access-key", error);
    secret_free(wanted.client);
    return status;
}

/* The file of the Alibaba Cloud CLI */

/* cJSON does not wipe what it frees. */
static void wipe_profiles(cJSON *root)
{
    const cJSON *profiles = cJSON_GetObjectItemCaseSensitive(root, "profiles");
    const cJSON *profile;
    const cJSON *member;

    cJSON_ArrayForEach(profile, profiles)
    {
        cJSON_ArrayForEach(member, profile)
        {
            if (member->valuestring)
                OPENSSL_cleanse(member->valuestring, strlen(member->valuestring));
        }
    }
    cJSON_Delete(root);
}

static const cJSON *find_profile(const cJSON *root, const char *name)
{
    const cJSON *profiles = NULL;
    const cJSON *profile;

    if (json_array(root, "profiles", &profiles))
        return NULL;
    cJSON_ArrayForEach(profile, profiles)
    {
        const char *called;

        if (!json_text(profile, "name", &called) && is_same_part(called, name))
            return profile;
    }
    return NULL;
}

static int set_profile(const char *path, const cJSON *profile, struct sls_credentials *credentials,
                       struct error *error)
{
    static const char *const names[PARTS] = {"access_key_id", "access_key_secret", "sts_token",
                                             "region_id"};
    const char *mode = NULL;

    if (json_text(profile, "mode", &mode))
        mode = NULL;
    if (mode && strcmp(mode, "AK") != 0 && strcmp(mode, "StsToken") != 0)
        return error_set(error, EACCES,
                         "the current profile of %.150s is of the mode %.40s: only AK and StsToken "
                         "hold a key; see aliyun configure",
                         path, mode);
    for (enum part part = ACCESS; part < PARTS; part++) {
        const char *value = NULL;

        if (json_text(profile, names[part], &value))
            return error_set(error, EBADMSG, "%.200s: %s is no text", path, names[part]);
        if (part == TOKEN && is_same_part(mode, "AK"))
            continue;
        if (value && *value && secret_set(text_of_part(credentials, part), value))
            return error_set(error, ENOMEM, "no memory");
    }
    return check_complete(credentials, names[ACCESS], names[SECRET], error);
}

static int load_json(const char *path, const char *text, struct sls_credentials *credentials,
                     struct error *error)
{
    const char *current = NULL;
    const cJSON *profile = NULL;
    cJSON *root;
    int status = json_parse(text, strlen(text), &root);

    if (!status)
        status = json_text(root, "current", &current);
    if (!status)
        profile = find_profile(root, current ? current : "default");
    if (status == -ENOMEM)
        error_set(error, ENOMEM, "no memory");
    else if (status)
        status = error_set(error, EBADMSG, "%.200s is not JSON as the Alibaba Cloud CLI writes it",
                           path);
    else if (!profile)
        status = error_set(error, EACCES, "%.200s has no profile %.40s", path,
                           current ? current : "default");
    else
        status = set_profile(path, profile, credentials, error);
    wipe_profiles(root);
    return status;
}

/* Files */

static int sls_load_file(const char *path, struct sls_credentials *credentials, struct error *error)
{
    char *text = NULL;
    int status = secret_read_file(path, &text, error);

    snprintf(credentials->origin, sizeof(credentials->origin), "%s", path);
    if (!status)
        status = text[strspn(text, " \t\r\n")] == '{' ? load_json(path, text, credentials, error)
                                                      : load_ini(path, text, credentials, error);
    secret_free(text);
    return status;
}

/* A file at its usual place, if there is one. */
static int load_usual_file(const char *name, struct sls_credentials *credentials,
                           struct error *error)
{
    char *path = home_path(name);
    int status = 0;

    if (!path)
        return error_set(error, ENOMEM, "no memory");
    if (!access(path, F_OK))
        status = sls_load_file(path, credentials, error);
    free(path);
    return status;
}

/* Choosing */

/* Forgets what a source without an access key has left behind. Whether to look on. */
static bool goes_on(int status, struct sls_credentials *credentials)
{
    if (status || sls_has_some(credentials))
        return false;
    sls_credentials_release(credentials);
    return true;
}

static int load_first(struct sls_credentials *credentials, struct error *error)
{
    int status = load_variables(&cli, credentials, error);

    if (goes_on(status, credentials))
        status = load_usual_file(".aliyunlogcli", credentials, error);
    for (size_t i = 0; i < sizeof(sdks) / sizeof(sdks[0]); i++) {
        if (goes_on(status, credentials))
            status = load_variables(&sdks[i], credentials, error);
    }
    if (goes_on(status, credentials))
        status = load_usual_file(".aliyun/config.json", credentials, error);
    if (goes_on(status, credentials))
        status = error_set(error, EACCES,
                           "no credentials: set ALIBABA_CLOUD_ACCESS_KEY_ID and "
                           "ALIBABA_CLOUD_ACCESS_KEY_SECRET, or use -o credentials=FILE");
    return status;
}

int sls_credentials_load(const char *file, struct sls_credentials *credentials, struct error *error)
{
    int status;

    *credentials = (struct sls_credentials){0};
    status = file ? sls_load_file(file, credentials, error) : load_first(credentials, error);
    if (!status && !sls_has_some(credentials))
        status = error_set(error, EACCES, "%.200s holds no credentials", file);
    if (status)
        sls_credentials_release(credentials);
    return status;
}
