#include "api/kafka/properties.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Blanks within a line. */
#define BLANKS " \t\f"

/* Lines */

/* Ends a line at its end, and tells where the next one begins, or NULL. */
static char *end_line(char *line)
{
    char *end = line + strcspn(line, "\r\n");
    bool is_last = !*end;
    bool is_pair = end[0] == '\r' && end[1] == '\n';

    *end = '\0';
    return is_last ? NULL : end + 1 + is_pair;
}

/* Whether a line goes on: a backslash at its end is not escaped itself. */
static bool goes_on(const char *line)
{
    size_t count = 0;

    for (size_t length = strlen(line); length && line[length - 1] == '\\'; length--)
        count++;
    return count % 2;
}

/* Joins a line with those that it goes on in, without what they are indented by. */
static char *join_lines(char *line, char *next, unsigned *count)
{
    while (next && goes_on(line)) {
        char *more = next + strspn(next, BLANKS);
        char *end = line + strlen(line) - 1;

        next = end_line(more);
        memmove(end, more, strlen(more) + 1);
        (*count)++;
    }
    return next;
}

/* Cuts a name off at a line's beginning, and returns its value: what is behind blanks, one '=' or
 * ':', and blanks. */
static char *cut_name(char *line)
{
    char *end = line;
    char *value;

    while (*end && !strchr("=:" BLANKS, *end))
        end += *end == '\\' && end[1] ? 2 : 1;
    value = end + strspn(end, BLANKS);
    if (*value == '=' || *value == ':')
        value++;
    value += strspn(value, BLANKS);
    *end = '\0';
    return value;
}

/* Values */

static void trim_end(char *text)
{
    size_t length = strlen(text);

    while (length && strchr(BLANKS, text[length - 1]))
        length--;
    text[length] = '\0';
}

/* Reads four hexadecimal digits; -1 for others. */
static int32_t read_unit(const char *text)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    int32_t unit = 0;

    for (int i = 0; i < 4; i++) {
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;

        if (!digit)
            return -1;
        unit = unit * 16 + (int32_t)((digit - digits) % 16);
    }
    return unit;
}

/* The character of "\uXXXX", or of two for what is no single unit of UTF-16; 0 for none. */
static int32_t read_character(const char **text)
{
    int32_t unit = read_unit(*text + 1);
    int32_t low;

    if (unit < 0 || (unit & 0xfc00) == 0xdc00)
        return 0;
    *text += 5;
    if ((unit & 0xfc00) != 0xd800)
        return unit;
    low = (*text)[0] == '\\' && (*text)[1] == 'u' ? read_unit(*text + 2) : -1;
    if ((low & 0xfc00) != 0xdc00 || low < 0)
        return 0;
    *text += 6;
    return 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff);
}

/* Writes a character as UTF-8, which is shorter than its escape. */
static char *put_character(char *to, int32_t character)
{
    static const unsigned char heads[] = {0, 0xc0, 0xe0, 0xf0};
    int rest = character < 0x80 ? 0 : character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;

    *to++ = (char)(heads[rest] | character >> 6 * rest);
    for (; rest > 0; rest--)
        *to++ = (char)(0x80 | (character >> 6 * (rest - 1) & 0x3f));
    return to;
}

/* Reads the escape whose backslash is left; NULL for a wrong one. */
static char *read_escape(const char **from, char *to)
{
    static const char letters[] = "tnrf";
    const char *letter;

    if (**from == 'u') {
        int32_t character = read_character(from);

        return character ? put_character(to, character) : NULL;
    }
    letter = **from ? strchr(letters, **from) : NULL;
    *to = **from;
    if (letter)
        *to = "\t\n\r\f"[letter - letters];
    *from += **from != '\0';
    return to + (*to != '\0');
}

/* False for a wrong escape, and for letters beyond ASCII, which Java reads as Latin-1. */
static bool unescape(char *text)
{
    const char *from = text;
    char *to = text;

    while (*from && to) {
        if ((unsigned char)*from >= 0x80)
            return false;
        if (*from == '\\') {
            from++;
            to = read_escape(&from, to);
        } else {
            *to++ = *from++;
        }
    }
    if (to)
        *to = '\0';
    return to;
}

static int give_property(const char *path, unsigned line, const struct properties_reader *reader,
                         const char *name, char *value, struct error *error)
{
    bool is_read = reader->is_literal(name) || unescape(value);
    int status = reader->take(reader->user, name, is_read ? value : NULL);

    if (status == -EEXIST)
        return error_set(error, EBADMSG, "%.200s gives %.60s twice", path, name);
    if (status == -EINVAL)
        return error_set(error, EBADMSG,
                         "line %u of %.150s: the value of %.60s cannot be read: write letters "
                         "beyond ASCII as \\uXXXX, as Java wants it",
                         line, path, name);
    return status ? error_set(error, ENOMEM, "no memory") : 0;
}

int properties_parse(const char *path, char *text, const struct properties_reader *reader,
                     struct error *error)
{
    unsigned count = 0;
    int status = 0;

    while (text && !status) {
        char *line = text + strspn(text, BLANKS);
        unsigned number = ++count;
        char *value;

        text = end_line(line);
        if (!*line || *line == '#' || *line == '!')
            continue;
        /* What the name is, is known before its value goes on in the next line. */
        value = cut_name(line);
        if (!reader->is_literal(line))
            text = join_lines(value, text, &count);
        trim_end(value);
        status = give_property(path, number, reader, line, value, error);
    }
    return status;
}

/* JAAS */

/* Cuts the next word off, in quotes or of letters that need none, and goes behind it and blanks.
 * NULL for none. The character behind it is in *end. */
static char *take_word(char **rest, char *end)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-$";
    char *word = *rest;
    char *to = word;
    const char *from = word;
    char quote = *word;

    if (quote == '"' || quote == '\'') {
        for (from++; *from && *from != quote; from++) {
            if (*from == '\\' && (!from[1] || strchr("01234567abfnrtv", from[1])))
                return NULL;
            from += *from == '\\';
            *to++ = *from;
        }
        if (*from != quote)
            return NULL;
        from++;
    } else {
        from = to = word + strspn(word, plain);
        if (to == word)
            return NULL;
    }
    *rest = word + (from - word);
    *rest += strspn(*rest, " \t\r\n\f");
    *end = **rest;
    *to = '\0';
    return word;
}

/* Takes "NAME=VALUE"; *end as above. */
static bool take_option(char **rest, char *end, struct jaas *jaas)
{
    const char *name = take_word(rest, end);
    const char *value;

    if (!name || *end != '=')
        return false;
    (*rest)++;
    *rest += strspn(*rest, " \t\r\n\f");
    value = take_word(rest, end);
    if (!strcmp(name, "username"))
        jaas->username = value;
    else if (!strcmp(name, "password"))
        jaas->password = value;
    else
        jaas->has_others = true;
    return value;
}

bool jaas_parse(char *text, struct jaas *jaas)
{
    char *rest = text + strspn(text, " \t\r\n\f");
    char *module;
    const char *dot;
    char end;

    *jaas = (struct jaas){0};
    module = take_word(&rest, &end);
    dot = module ? strrchr(module, '.') : NULL;
    jaas->module = dot ? dot + 1 : module;
    if (!module || !take_word(&rest, &end))
        return false;
    while (end != ';') {
        if (!take_option(&rest, &end, jaas))
            return false;
    }
    return !rest[1 + strspn(rest + 1, " \t\r\n\f")];
}
