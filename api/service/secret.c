#include "api/service/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "api/service/word.h"

#define FILE_MAX 65536

/* What some editors begin a file with. */
static const char byte_order_mark[] = "\xef\xbb\xbf";

#define MARK_SIZE (sizeof(byte_order_mark) - 1)

void secret_free(char *text)
{
    if (text)
        OPENSSL_cleanse(text, strlen(text));
    free(text);
}

int secret_set(char **text, const char *value)
{
    char *copy = strdup(value);

    if (!copy)
        return -ENOMEM;
    secret_free(*text);
    *text = copy;
    return 0;
}

/* Files */

static int check_private(int fd, const char *path, struct error *error)
{
    struct stat attr;

    if (fstat(fd, &attr))
        return error_set(error, errno, "%.200s: %s", path, strerror(errno));
    if (attr.st_mode & (S_IRWXG | S_IRWXO))
        return error_set(error, EACCES, "%.200s can be read by others: first chmod 600 %.100s",
                         path, path);
    if (attr.st_uid != geteuid() && attr.st_uid != 0)
        return error_set(error, EACCES, "%.150s belongs to another user: first chown %u %.100s",
                         path, geteuid(), path);
    if (!S_ISREG(attr.st_mode) || attr.st_size >= FILE_MAX)
        return error_set(error, EBADMSG, "%.200s is no file of credentials", path);
    return 0;
}

/* A NUL is refused: C would take it for the end, and the rest of the file would be lost unseen. */
static int read_text(int fd, const char *path, char **text, struct error *error)
{
    char *read_in = calloc(1, FILE_MAX);
    ssize_t size = read_in ? read(fd, read_in, FILE_MAX - 1) : 0;

    if (!read_in)
        return error_set(error, ENOMEM, "no memory");
    if (size >= 0 && strlen(read_in) == (size_t)size) {
        if (!strncmp(read_in, byte_order_mark, MARK_SIZE))
            memmove(read_in, read_in + MARK_SIZE, FILE_MAX - MARK_SIZE);
        *text = read_in;
        return 0;
    }
    OPENSSL_cleanse(read_in, FILE_MAX);
    free(read_in);
    return size < 0 ? error_set(error, EIO, "%.200s cannot be read", path)
                    : error_set(error, EBADMSG, "%.200s is no file of credentials", path);
}

int secret_read_file(const char *path, char **text, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int status;

    if (fd < 0)
        return error_set(error, errno, "credentials in %.200s: %s", path, strerror(errno));
    status = check_private(fd, path, error);
    if (!status)
        status = read_text(fd, path, text, error);
    close(fd);
    return status;
}

/* "name = value" */

/* \r is what is left of the line ends of other systems. */
#define BLANKS " \t\r\v\f"

struct ini {
    const char *path;
    secret_value_fn *take;
    void *user;
    struct error *error;
    const char *section;
    unsigned line;   /* that is being read, from 1 */
    bool is_script;  /* for a shell */
    bool has_value;  /* since the section began */
    size_t indented; /* the line of the last value, in blanks */
};

static char *trim(char *text)
{
    size_t length;

    text += strspn(text, BLANKS);
    length = strlen(text);
    while (length && strchr(BLANKS, text[length - 1]))
        length--;
    text[length] = '\0';
    return text;
}

static bool is_comment(const char *text)
{
    return *text == '#' || *text == ';';
}

/* The length of "export" and the blanks behind it; 0 for a line that does not begin so. */
static size_t export_length(const char *line)
{
    size_t length = strlen("export");
    size_t blanks = strncmp(line, "export", length) ? 0 : strspn(line + length, " \t");

    return blanks ? length + blanks : 0;
}

static bool is_script(const char *text)
{
    for (; text; text = strchr(text, '\n')) {
        text += strspn(text, " \t\r\n");
        if (export_length(text))
            return true;
    }
    return false;
}

static int refuse_line(const struct ini *ini)
{
    return error_set(ini->error, EBADMSG, "line %u of %.200s is not \"name = value\"", ini->line,
                     ini->path);
}

static int parse_section(struct ini *ini, char *line)
{
    char *end = strchr(line, ']');
    const char *rest = end ? end + 1 + strspn(end + 1, BLANKS) : line;

    if (!end || end == line + 1 || (*rest && !is_comment(rest)))
        return refuse_line(ini);
    *end = '\0';
    ini->section = line + 1;
    ini->has_value = false;
    return 0;
}

static int give_value(const struct ini *ini, const char *name, const char *value)
{
    int status = ini->take(ini->user, ini->section, name, value);

    if (status == -EEXIST)
        return error_set(ini->error, EBADMSG, "%.200s gives %.60s twice", ini->path, name);
    if (status == -EINVAL)
        return error_set(ini->error, EBADMSG,
                         "line %u of %.150s: only a shell can tell what %.60s is: write the value "
                         "itself, in single quotes",
                         ini->line, ini->path, name);
    return status ? error_set(ini->error, ENOMEM, "no memory") : 0;
}

/* What begins like a word for a shell is read as one. */
static char *read_value(char *text)
{
    char *rest;
    char *word;

    if (!*text || !strchr("\"'$`", *text))
        return text;
    word = word_read(text, &rest);
    return word && !*rest ? word : NULL;
}

static int parse_value(const struct ini *ini, char *line)
{
    char *mark = line + strcspn(line, "=:");

    if (!*mark || mark == line)
        return refuse_line(ini);
    *mark = '\0';
    return give_value(ini, trim(line), read_value(trim(mark + 1)));
}

static bool is_assignment(const char *line)
{
    size_t length = word_name_length(line);

    return length && line[length] == '=';
}

/* Takes what a line of a script begins with, and *rest goes behind it: to NULL if a command is
 * there, for which it is meant, or a shell is needed. */
static int parse_assignment(const struct ini *ini, char **rest)
{
    const char *name = strsep(rest, "=");
    char *value = word_read(*rest, rest);

    if (!value || (**rest && !is_assignment(*rest)))
        *rest = NULL;
    return give_value(ini, name, *rest ? value : NULL);
}

/* Lines of a script that assign nothing are for the shell alone. */
static int parse_command(struct ini *ini, char *line)
{
    char *rest = line + export_length(line);
    int status = 0;

    while (rest && is_assignment(rest) && !status)
        status = parse_assignment(ini, &rest);
    return status;
}

/* For the programs that write such files, a line that is indented deeper than the value before goes
 * on with that value. We refuse it, rather than use half of a secret. */
static int parse_line(struct ini *ini, char *line)
{
    size_t indented = strspn(line, BLANKS);

    ini->line++;
    line = trim(line);
    if (!*line || is_comment(line))
        return 0;
    if (ini->is_script)
        return parse_command(ini, line);
    if (ini->has_value && indented > ini->indented)
        return error_set(ini->error, EBADMSG,
                         "line %u of %.200s goes on with a value: it must be on one line",
                         ini->line, ini->path);
    if (*line == '[')
        return parse_section(ini, line);
    ini->has_value = true;
    ini->indented = indented;
    return parse_value(ini, line);
}

int secret_parse_ini(const char *path, const char *text, secret_value_fn *take, void *user,
                     struct error *error)
{
    struct ini ini = {.path = path, .take = take, .user = user, .error = error, .section = ""};
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    char *rest = copy;
    int status = 0;

    if (!copy)
        return error_set(error, ENOMEM, "no memory");
    memcpy(copy, text, size);
    ini.is_script = is_script(text);
    while (rest && !status)
        status = parse_line(&ini, strsep(&rest, "\n"));
    OPENSSL_cleanse(copy, size);
    free(copy);
    return status;
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

static bool copy_environment(char **copy, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        copy[i] = strdup(environ[i]);
        if (!copy[i])
            return false;
    }
    return true;
}

static void free_environment(char **copy, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(copy[i]);
    free(copy);
}

/* What a process was started with stays where /proc/PID/environ reads it: so it goes elsewhere.
 * Credentials are read from it again later. */
static void move_environment(void)
{
    static char **moved;
    size_t count = 0;
    char **copy;

    if (moved)
        return;
    while (environ && environ[count])
        count++;
    copy = calloc(count + 1, sizeof(*copy));
    if (!copy || !copy_environment(copy, count)) {
        free_environment(copy, copy ? count : 0);
        return;
    }
    for (size_t i = 0; i < count; i++)
        OPENSSL_cleanse(environ[i], strlen(environ[i]));
    environ = moved = copy;
}

void secret_guard_process(void)
{
    move_environment();
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
#ifndef LEAVE_DUMPABLE
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
