#include "api/dis/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ini.h>
#include <openssl/crypto.h>

#define FILE_MAX 65536

/* The names of a text: in the environment and in files, and the short one of files. */
static const struct field {
    size_t offset;
    const char *key;
    const char *variables[3];
} fields[] = {
    {offsetof(struct credentials, token), "token", {"OS_TOKEN", "OS_AUTH_TOKEN"}},
    {offsetof(struct credentials, username), "username", {"OS_USERNAME"}},
    {offsetof(struct credentials, password), "password", {"OS_PASSWORD"}},
    {offsetof(struct credentials, user_domain),
     "user_domain_name",
     {"OS_USER_DOMAIN_NAME", "OS_DOMAIN_NAME"}},
    {offsetof(struct credentials, auth_url), "auth_url", {"OS_AUTH_URL"}},
    {offsetof(struct credentials, access), "ak", {"HUAWEICLOUD_SDK_AK", "OS_ACCESS_KEY"}},
    {offsetof(struct credentials, secret), "sk", {"HUAWEICLOUD_SDK_SK", "OS_SECRET_KEY"}},
    {offsetof(struct credentials, security_token),
     "security_token",
     {"HUAWEICLOUD_SDK_SECURITY_TOKEN", "OS_SECURITY_TOKEN"}},
};

#define FIELDS    (sizeof(fields) / sizeof(fields[0]))
#define VARIABLES (sizeof(fields[0].variables) / sizeof(fields[0].variables[0]))

/* What each kind needs, as ranges of the table above. */
static const struct {
    enum credential_kind kind;
    size_t first;
    size_t last;
} kinds[] = {{CREDENTIAL_TOKEN, 0, 0}, {CREDENTIAL_PASSWORD, 1, 4}, {CREDENTIAL_KEY, 5, 6}};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static char **slot(struct credentials *credentials, size_t index)
{
    return (char **)(void *)((char *)credentials + fields[index].offset);
}

void secret_free(char *text)
{
    if (text)
        OPENSSL_cleanse(text, strlen(text));
    free(text);
}

void credentials_release(struct credentials *credentials)
{
    for (size_t i = 0; i < FIELDS; i++)
        secret_free(*slot(credentials, i));
    *credentials = (struct credentials){0};
}

/* Adds to a text; the old copy is wiped. */
static int append(char **text, const char *more)
{
    size_t length = *text ? strlen(*text) : 0;
    char *joined = malloc(length + strlen(more) + 1);

    if (!joined)
        return -ENOMEM;
    memcpy(joined, *text ? *text : "", length);
    memcpy(joined + length, more, strlen(more) + 1);
    secret_free(*text);
    *text = joined;
    return 0;
}

/* The environment */

static int load_environment(struct credentials *credentials)
{
    int status = 0;

    snprintf(credentials->origin, sizeof(credentials->origin), "the environment");
    for (size_t i = 0; i < FIELDS; i++) {
        for (size_t j = 0; !status && j < VARIABLES && fields[i].variables[j]; j++) {
            const char *value = getenv(fields[i].variables[j]);

            if (value && *value && !*slot(credentials, i))
                status = append(slot(credentials, i), value);
        }
    }
    return status;
}

/* Files */

/* A file's text, given to libinih in pieces: it takes no line of more than 199 bytes, and a token
 * has thousands. The rest of a long line is given as lines that begin with a blank, which libinih
 * takes for more of the same value. */
struct source {
    const char *next;
    bool inside; /* of a line that has begun */
};

static char *read_piece(char *piece, int room, void *user)
{
    struct source *source = user;
    size_t line = strcspn(source->next, "\n");
    size_t length = 0;

    if (!*source->next)
        return NULL;
    if (!source->inside && strchr("#;", *source->next)) {
        source->next += line;
        line = 0;
    }
    if (source->inside)
        piece[length++] = ' ';
    while (line && length + 2 < (size_t)room) {
        piece[length++] = *source->next++;
        line--;
    }
    source->inside = line > 0;
    if (!source->inside && *source->next)
        source->next++;
    piece[length++] = '\n';
    piece[length] = '\0';
    return piece;
}

static bool is_name_of(const struct field *field, const char *name)
{
    if (!strcmp(name, field->key))
        return true;
    for (size_t i = 0; i < VARIABLES && field->variables[i]; i++) {
        if (!strcmp(name, field->variables[i]))
            return true;
    }
    return false;
}

/* Called by libinih: 0 is an error. */
static int take_value(void *user, const char *section, const char *name, const char *value)
{
    struct credentials *credentials = user;

    if (!*value || (*section && strcmp(section, "basic") != 0))
        return 1;
    for (size_t i = 0; i < FIELDS; i++) {
        if (is_name_of(&fields[i], name))
            return append(slot(credentials, i), value) == 0;
    }
    return 1;
}

static int check_file(int fd, const char *path, struct error *error)
{
    struct stat attr;

    if (fstat(fd, &attr))
        return error_set(error, errno, "%.200s: %s", path, strerror(errno));
    if (attr.st_mode & (S_IRWXG | S_IRWXO))
        return error_set(error, EACCES, "%.200s can be read by others: first chmod 600 %.100s",
                         path, path);
    if (!S_ISREG(attr.st_mode) || attr.st_size >= FILE_MAX)
        return error_set(error, EBADMSG, "%.200s is no file of credentials", path);
    return 0;
}

static int parse_file(int fd, const char *path, struct credentials *credentials,
                      struct error *error)
{
    char *text = calloc(1, FILE_MAX);
    struct source source = {.next = text};
    ssize_t size;
    int line = 0;

    if (!text)
        return error_set(error, ENOMEM, "no memory");
    size = read(fd, text, FILE_MAX - 1);
    if (size >= 0)
        line = ini_parse_stream(read_piece, &source, take_value, credentials);
    OPENSSL_cleanse(text, FILE_MAX);
    free(text);
    if (size < 0)
        return error_set(error, EIO, "%.200s cannot be read", path);
    if (line)
        return error_set(error, EBADMSG, "%.200s has a line that is not \"name = value\"", path);
    snprintf(credentials->origin, sizeof(credentials->origin), "%s", path);
    return 0;
}

static int load_file(const char *path, struct credentials *credentials, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int status;

    if (fd < 0)
        return error_set(error, errno, "credentials in %.200s: %s", path, strerror(errno));
    status = check_file(fd, path, error);
    if (!status)
        status = parse_file(fd, path, credentials, error);
    close(fd);
    return status;
}

/* The file of Huawei's SDKs, if there is one. A mount from fstab has no HOME. */
static int load_default_file(struct credentials *credentials, struct error *error)
{
    const char *path = getenv("HUAWEICLOUD_SDK_CREDENTIALS_FILE");
    const char *home = getenv("HOME");
    const struct passwd *user = home && *home ? NULL : getpwuid(getuid());
    char *joined = NULL;
    int status = 0;

    if (user)
        home = user->pw_dir;
    if (path && *path)
        return load_file(path, credentials, error);
    if (asprintf(&joined, "%s/.huaweicloud/credentials", home ? home : "") < 0)
        return error_set(error, ENOMEM, "no memory");
    if (!access(joined, F_OK))
        status = load_file(joined, credentials, error);
    free(joined);
    return status;
}

/* Choosing */

/* OS_AUTH_URL and a domain alone are no attempt to give credentials. */
static bool has_some(const struct credentials *credentials)
{
    return credentials->token || credentials->username || credentials->password ||
           credentials->access || credentials->secret;
}

static size_t first_missing(struct credentials *credentials, size_t kind)
{
    for (size_t i = kinds[kind].first; i <= kinds[kind].last; i++) {
        if (!*slot(credentials, i) || !**slot(credentials, i))
            return i;
    }
    return FIELDS;
}

static int choose_kind(const char *file, struct credentials *credentials, struct error *error)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (first_missing(credentials, i) == FIELDS) {
            credentials->kind = kinds[i].kind;
            return 0;
        }
    }
    for (size_t i = KINDS; i-- > 0;) {
        size_t missing = first_missing(credentials, i);

        if (*slot(credentials, kinds[i].first) || (credentials->secret && i == KINDS - 1))
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

int credentials_load(const char *file, struct credentials *credentials, struct error *error)
{
    int status = 0;

    *credentials = (struct credentials){0};
    if (file) {
        status = load_file(file, credentials, error);
    } else {
        if (load_environment(credentials))
            status = error_set(error, ENOMEM, "no memory");
        if (!status && !has_some(credentials)) {
            credentials_release(credentials);
            status = load_default_file(credentials, error);
        }
    }
    if (!status)
        status = choose_kind(file, credentials, error);
    if (status)
        credentials_release(credentials);
    return status;
}

/* LeakSanitizer, in builds for tests, must be able to look into its process. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAVE_DUMPABLE 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define LEAVE_DUMPABLE 1
#endif

void credentials_guard_process(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
#ifndef LEAVE_DUMPABLE
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
