#include "api/position.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "base/when.h"

#define HOW                                                                                        \
    "a position is a sequence number, earliest, latest, @TIME (RFC 3339, @SECONDS or an age such " \
    "as 1h), shift +N or shift -N"

/* The longest first line that can be a position. */
#define POSITION_MAX 255

static int refuse(struct error *error, const char *word)
{
    return error_set(error, EINVAL, "\"%.60s\" is not a position: " HOW, word);
}

/* "@2026-11-21T08:00:00Z", "@1h" and "@1763712000": in the last the sign is that of the time
 * itself. */
static int parse_time(const char *word, int64_t now, struct position *position)
{
    position->kind = POSITION_TIME;
    if (!when_parse(word + 1, now, &position->time))
        return 0;
    return when_parse(word, now, &position->time);
}

static int parse_shift(const char *amount, struct position *position)
{
    amount += strspn(amount, " \t");
    if ((*amount != '+' && *amount != '-') || !decimal_is_valid(amount))
        return -EINVAL;
    position->kind = POSITION_SHIFT;
    return decimal_normalize(position->shift, amount);
}

/* Digits, or the letters of base64 in either alphabet: which of them the backend takes it knows. */
static int parse_sequence_word(const char *word, struct position *position)
{
    size_t length = strlen(word);

    if (length > SEQUENCE_MAX || *word == '-' || *word == '+')
        return -EINVAL;
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)word[i]) && !strchr("+/-_=", word[i]))
            return -EINVAL;
    }
    position->kind = POSITION_SEQUENCE;
    memcpy(position->sequence, word, length + 1);
    return 0;
}

static int parse_word(const char *word, int64_t now, struct position *position)
{
    size_t shift = strlen("shift");

    if (!strcmp(word, "earliest")) {
        position->kind = POSITION_EARLIEST;
        return 0;
    }
    if (!strcmp(word, "latest")) {
        position->kind = POSITION_LATEST;
        return 0;
    }
    if (*word == '@')
        return parse_time(word, now, position);
    if (!strncmp(word, "shift", shift) && (word[shift] == ' ' || word[shift] == '\t'))
        return parse_shift(word + shift, position);
    return parse_sequence_word(word, position);
}

int position_parse(const char *text, int64_t now, struct position *position, struct error *error)
{
    struct position parsed = {0};
    char word[POSITION_MAX + 1];
    size_t length;

    while (isspace((unsigned char)*text))
        text++;
    length = strlen(text);
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    if (!length)
        return error_set(error, EINVAL, "no position: " HOW);
    if (length > POSITION_MAX)
        return refuse(error, text);
    memcpy(word, text, length);
    word[length] = '\0';
    if (parse_word(word, now, &parsed))
        return refuse(error, word);
    *position = parsed;
    return 0;
}

int metadata_parse(char *text, size_t size, size_t metadata_max, const char **metadata,
                   struct error *error)
{
    size_t characters = 0;
    size_t length;

    if (size && text[size - 1] == '\n')
        text[--size] = '\0';
    if (strlen(text) != size)
        return error_set(error, EINVAL, "metadata is text and cannot hold a NUL byte");
    for (size_t i = 0; i < size; i += length, characters++) {
        length = utf8_length(text + i);
        if (!length)
            return error_set(error, EINVAL, "the metadata is not UTF-8 at byte %zu", i + 1);
    }
    if (characters > metadata_max)
        return error_set(error, EINVAL, "%zu characters of metadata: at most %zu can be stored",
                         characters, metadata_max);
    *metadata = text;
    return 0;
}

int position_parse_text(char *text, size_t size, int64_t now, size_t metadata_max,
                        struct position *position, const char **metadata, struct error *error)
{
    char *newline = memchr(text, '\n', size);
    size_t line = newline ? (size_t)(newline - text) : size;
    size_t rest = newline ? line + 1 : size;

    text[line] = '\0';
    if (strlen(text) != line)
        return error_set(error, EINVAL, "a NUL byte is not part of a position: " HOW);
    if (position_parse(text, now, position, error))
        return -EINVAL;
    return metadata_parse(text + rest, size - rest, metadata_max, metadata, error);
}
