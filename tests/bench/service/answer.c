#include "tests/bench/service/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/service/world.h"

const char *const call_names[CALLS] = {
    [GET_CHECKPOINT] = "get-checkpoint",
    [COMMIT] = "commit",
    [DELETE_CHECKPOINT] = "delete-checkpoint",
    [GET_STATES] = "get-states",
    [LIST_APPS] = "list-apps",
    [GET_APP] = "get-app",
    [MAKE_APP] = "make-app",
    [DELETE_APP] = "delete-app",
    [LIST_STREAMS] = "list-streams",
    [GET_STREAM] = "get-stream",
    [GET_CURSOR] = "get-cursor",
    [GET_RECORDS] = "get-records",
    [OTHER_CALL] = "other",
};

bool query_is(const struct query *query, const char *method)
{
    return !strcmp(query->method, method);
}

static const char *find_word(const char *words, const char *name)
{
    size_t length = strlen(name);

    while (*words) {
        if (!strncmp(words, name, length) && words[length] == '=')
            return words + length + 1;
        words += strcspn(words, "&");
        words += *words == '&';
    }
    return "";
}

const char *query_word(const struct query *query, const char *name)
{
    static char value[NAME_ROOM];
    const char *word = find_word(query->words, name);

    snprintf(value, sizeof(value), "%.*s", (int)strcspn(word, "&"), word);
    return value;
}

unsigned query_number(const struct query *query, const char *name, unsigned otherwise,
                      unsigned most)
{
    const char *word = find_word(query->words, name);
    unsigned long number = *word ? strtoul(word, NULL, 10) : otherwise;

    return number > most ? most : (unsigned)number;
}

const char *query_member(const struct query *query, const char *name)
{
    static char value[NAME_ROOM];
    char quoted[64];
    const char *at;

    snprintf(quoted, sizeof(quoted), "\"%s\"", name);
    at = strstr(query->body, quoted);
    if (!at)
        return "";
    at += strlen(quoted);
    at += strspn(at, " :\"");
    snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\",} "), at);
    return value;
}

void answer_number(struct answer *answer, uint64_t number, unsigned width)
{
    char digits[24];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number || sizeof(digits) - at < width);
    buf_add(&answer->body, digits + at, sizeof(digits) - at);
}

void answer_error(struct answer *answer, int status, const char *code)
{
    answer->status = status;
    buf_reset(&answer->body);
    buf_printf(
        &answer->body,
        "{\"errorCode\":\"%s\",\"errorMessage\":\"%s\",\"error_code\":\"%s\",\"error_msg\":\"%s\"}",
        code, code, code, code);
}
