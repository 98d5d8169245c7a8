#include "api/service/word.h"

#include <stdbool.h>
#include <string.h>

#define BLANKS " \t\r\v\f"

size_t word_name_length(const char *text)
{
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
}

struct word {
    char *next; /* what is to be read */
    char *end;  /* of what was read, which is never longer */
};

/* Each reads what is between quotes, or one letter; false for what only a shell can read. */

static bool read_single(struct word *word)
{
    char *close = strchr(++word->next, '\'');
    size_t length = close ? (size_t)(close - word->next) : 0;

    if (!close)
        return false;
    memmove(word->end, word->next, length);
    word->end += length;
    word->next = close + 1;
    return true;
}

/* A backslash there is one, unless it stands before one of four. */
static bool read_double(struct word *word)
{
    for (word->next++; *word->next != '"'; word->next++) {
        if (!*word->next || *word->next == '$' || *word->next == '`')
            return false;
        if (*word->next == '\\' && word->next[1] && strchr("$`\"\\", word->next[1]))
            word->next++;
        *word->end++ = *word->next;
    }
    word->next++;
    return true;
}

static bool read_letter(struct word *word)
{
    if (strchr("$`;&|<>()", *word->next))
        return false;
    if (*word->next == '\\' && !*++word->next)
        return false;
    *word->end++ = *word->next++;
    return true;
}

static bool read_part(struct word *word)
{
    switch (*word->next) {
    case '\'':
        return read_single(word);
    case '"':
        return read_double(word);
    default:
        return read_letter(word);
    }
}

char *word_read(char *text, char **rest)
{
    struct word word = {.next = text, .end = text};

    if (*text == '~')
        return NULL;
    while (*word.next && !strchr(BLANKS, *word.next)) {
        if (!read_part(&word))
            return NULL;
    }
    *rest = word.next + strspn(word.next, BLANKS);
    if (**rest == '#')
        *rest += strlen(*rest);
    *word.end = '\0';
    return text;
}
