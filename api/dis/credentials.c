#include "api/dis/credentials.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/service/secret.h"
#include "base/home.h"

/* The names of a text: in the environment and in files, and the short one of files. */
static const struct part {
    size_t offset;
    const char *key;
    const char *variables[3];
} fields[] = {
    {offsetof(struct dis_credentials, token), "token", {"OS_TOKEN", "OS_AUTH_TOKEN"}},
    {offsetof(struct dis_credentials, username), "username", {"OS_USERNAME"}},
    {offsetof(struct dis_credentials, password), "password", {"OS_PASSWORD"}},
    {offsetof(struct dis_credentials, user_domain),
     "user_domain_name",
     {"OS_USER_DOMAIN_NAME", "OS_DOMAIN_NAME"}},
    {offsetof(struct dis_credentials, auth_url), "auth_url", {"OS_AUTH_URL"}},
    {offsetof(struct dis_credentials, access), "ak", {"HUAWEICLOUD_SDK_AK", "OS_ACCESS_KEY"}},
    {offsetof(struct dis_credentials, secret), "sk", {"HUAWEICLOUD_SDK_SK", "OS_SECRET_KEY"}},
    {offsetof(struct dis_credentials, security_token),
     "security_token",
     {"HUAWEICLOUD_SDK_SECURITY_TOKEN", "OS_SECURITY_TOKEN"}},
};

#define FIELDS    (sizeof(fields) / sizeof(fields[0]))
#define VARIABLES (sizeof(fields[0].variables) / sizeof(fields[0].variables[0]))

/* What each kind needs, as ranges of the table above. */
static const struct {
    enum dis_credential_kind kind;
    size_t first;
    size_t last;
} kinds[] = {{DIS_TOKEN, 0, 0}, {DIS_PASSWORD, 1, 4}, {DIS_KEY, 5, 6}};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static char **text_of_field(struct dis_credentials *credentials, size_t index)
{
    return (char **)(void *)((char *)credentials + fields[index].offset);
}

static const char *field_text(const struct dis_credentials *credentials, size_t index)
{
    const char *text =
        *(char *const *)(const void *)((const char *)credentials + fields[index].offset);

    return text ? text : "";
}

bool dis_credentials_equal(const struct dis_credentials *a, const struct dis_credentials *b)
{
    for (size_t i = 0; i < FIELDS; i++) {
        if (strcmp(field_text(a, i), field_text(b, i)) != 0)
            return false;
    }
    return true;
}

void dis_credentials_release(struct dis_credentials *credentials)
{
    for (size_t i = 0; i < FIELDS; i++)
        secret_free(*text_of_field(credentials, i));
    *credentials = (struct dis_credentials){0};
}

/* The environment */

static int load_environment(struct dis_credentials *credentials)
{
    int status = 0;

    snprintf(credentials->origin, sizeof(credentials->origin), "the environment");
    for (size_t i = 0; i < FIELDS; i++) {
        for (size_t j = 0; !status && j < VARIABLES && fields[i].variables[j]; j++) {
            const char *value = getenv(fields[i].variables[j]);

            if (value && *value && !*text_of_field(credentials, i))
                status = secret_set(text_of_field(credentials, i), value);
        }
    }
    return status;
}

/* Files */

static bool is_name_of(const struct part *field, const char *name)
{
    if (!strcmp(name, field->key))
        return true;
    for (size_t i = 0; i < VARIABLES && field->variables[i]; i++) {
        if (!strcmp(name, field->variables[i]))
            return true;
    }
    return false;
}

struct file {
    struct dis_credentials *credentials;
    unsigned given; /* a bit for each of the fields */
};

static int dis_set_value(void *user, const char *section, const char *name, const char *value)
{
    struct file *file = user;
    size_t i = 0;

    while (i < FIELDS && !is_name_of(&fields[i], name))
        i++;
    if (i == FIELDS || (*section && strcmp(section, "basic") != 0))
        return 0;
    if (file->given & 1U << i)
        return -EEXIST;
    file->given |= 1U << i;
    if (!value)
        return -EINVAL;
    return *value ? secret_set(text_of_field(file->credentials, i), value) : 0;
}

static int dis_load_file(const char *path, struct dis_credentials *credentials, struct error *error)
{
    struct file file = {.credentials = credentials};
    char *text = NULL;
    int status = secret_read_file(path, &text, error);

    if (!status)
        status = secret_parse_ini(path, text, dis_set_value, &file, error);
    secret_free(text);
    if (!status)
        snprintf(credentials->origin, sizeof(credentials->origin), "%s", path);
    return status;
}

/* The file of Huawei's SDKs, if there is one. */
static int load_default_file(struct dis_credentials *credentials, struct error *error)
{
    const char *path = getenv("HUAWEICLOUD_SDK_CREDENTIALS_FILE");
    char *usual;
    int status = 0;

    if (path && *path)
        return dis_load_file(path, credentials, error);
    usual = home_path(".huaweicloud/credentials");
    if (!usual)
        return error_set(error, ENOMEM, "no memory");
    if (!access(usual, F_OK))
        status = dis_load_file(usual, credentials, error);
    free(usual);
    return status;
}

/* Choosing */

/* OS_AUTH_URL and a domain alone are no attempt to give credentials. */
static bool dis_has_some(const struct dis_credentials *credentials)
{
    return credentials->token || credentials->username || credentials->password ||
           credentials->access || credentials->secret;
}

static size_t first_missing(struct dis_credentials *credentials, size_t kind)
{
    for (size_t i = kinds[kind].first; i <= kinds[kind].last; i++) {
        if (!*text_of_field(credentials, i) || !**text_of_field(credentials, i))
            return i;
    }
    return FIELDS;
}

static int choose_kind(const char *file, struct dis_credentials *credentials, struct error *error)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (first_missing(credentials, i) == FIELDS) {
            credentials->kind = kinds[i].kind;
            return 0;
        }
    }
    for (size_t i = KINDS; i-- > 0;) {
        size_t missing = first_missing(credentials, i);

        if (*text_of_field(credentials, kinds[i].first) || (credentials->secret && i == KINDS - 1))
            return error_set(error, EACCES, "the credentials in %.200s are not complete: no %s",
                             credentials->origin, fields[missing].variables[0]);
    }
    if (file)
        return error_set(error, EACCES, "%.200s holds no credentials", file);
    return error_set(error, EACCES,
                     "no credentials: set OS_TOKEN, or OS_USERNAME, OS_PASSWORD, "
                     "OS_USER_DOMAIN_NAME and OS_AUTH_URL, or HUAWEICLOUD_SDK_AK and "
                     "HUAWEICLOUD_SDK_SK, or use -o credentials=FILE");
}

int dis_credentials_load(const char *file, struct dis_credentials *credentials, struct error *error)
{
    int status = 0;

    *credentials = (struct dis_credentials){0};
    if (file) {
        status = dis_load_file(file, credentials, error);
    } else {
        if (load_environment(credentials))
            status = error_set(error, ENOMEM, "no memory");
        if (!status && !dis_has_some(credentials)) {
            dis_credentials_release(credentials);
            status = load_default_file(credentials, error);
        }
    }
    if (!status)
        status = choose_kind(file, credentials, error);
    if (status)
        dis_credentials_release(credentials);
    return status;
}
