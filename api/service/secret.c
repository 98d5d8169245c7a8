#include "api/service/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#define FILE_MAX 65536

void secret_free(char *text)
{
    if (text)
        OPENSSL_cleanse(text, strlen(text));
    free(text);
}

int secret_append(char **text, const char *more)
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

/* Files */

char *secret_path(const char *name)
{
    const char *home = getenv("HOME");
    const struct passwd *user = home && *home ? NULL : getpwuid(getuid());
    char *path;

    if (user)
        home = user->pw_dir;
    return asprintf(&path, "%s/%s", home ? home : "", name) < 0 ? NULL : path;
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

static int read_text(int fd, const char *path, char **text, struct error *error)
{
    char *read_in = calloc(1, FILE_MAX);
    ssize_t size = read_in ? read(fd, read_in, FILE_MAX - 1) : 0;

    if (!read_in)
        return error_set(error, ENOMEM, "no memory");
    if (size < 0) {
        free(read_in);
        return error_set(error, EIO, "%.200s cannot be read", path);
    }
    *text = read_in;
    return 0;
}

int secret_read_file(const char *path, char **text, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int status;

    if (fd < 0)
        return error_set(error, errno, "credentials in %.200s: %s", path, strerror(errno));
    status = check_file(fd, path, error);
    if (!status)
        status = read_text(fd, path, text, error);
    close(fd);
    return status;
}

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

int secret_parse_ini(const char *path, const char *text, ini_handler handler, void *user,
                     struct error *error)
{
    struct source source = {.next = text};

    if (ini_parse_stream(read_piece, &source, handler, user))
        return error_set(error, EBADMSG, "%.200s has a line that is not \"name = value\"", path);
    return 0;
}

/* The process */

/* LeakSanitizer, in builds for tests, must be able to look into its process. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAVE_DUMPABLE 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define LEAVE_DUMPABLE 1
#endif

void secret_guard_process(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
#ifndef LEAVE_DUMPABLE
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
