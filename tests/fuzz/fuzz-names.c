/*
 * The input is lines: names of apps or streams as somebody else lists them. Each is listed or left
 * out with a sentence, and the list is sorted and found in.
 */
#include "fuzz.h"

#include <errno.h>

#include "api/name.h"
#include "api/names.h"

#define SENTENCES_MAX 32

static void check_sentences(const struct names *names, size_t left_out)
{
    size_t count = names_left_out(names);

    CHECK(count == (left_out < SENTENCES_MAX ? left_out : SENTENCES_MAX));
    for (size_t i = 0; i < count; i++)
        CHECK(strstr(names_left_out_at(names, i), "cannot be shown"));
}

static void check_list(const struct names *names)
{
    size_t size = 0;

    for (size_t i = 0; i < names_count(names); i++) {
        const char *name = names_at(names, i);

        CHECK(name_is_shown(name) && names_has(names, name));
        CHECK(!i || strcmp(names_at(names, i - 1), name) < 0);
        size += strlen(name) + 1;
    }
    CHECK(names_size(names) >= size);
}

static void list(const char *text, int (*add)(struct names *, const char *, const char *))
{
    struct names *names = names_new();
    char *copy = strdup(text);
    char *rest = copy;
    const char *name;
    size_t lines = 0;

    CHECK(names && copy);
    for (; (name = strsep(&rest, "\n")); lines++)
        CHECK(!add(names, "app", strcmp(name, "\x01") ? name : NULL));
    check_sentences(names, lines - names_count(names));
    names_sort(names);
    check_list(names);
    names_drop(names);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);

    list(text, names_add_listed);
    list(text, names_add_asked);
    free(text);
    return 0;
}
