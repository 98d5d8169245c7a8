#include "api/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 1000000

struct names {
    unsigned references;
    size_t count;
    size_t room;
    size_t text_size;
    char **names;
};

struct names *names_new(void)
{
    struct names *names = calloc(1, sizeof(*names));

    if (names)
        names->references = 1;
    return names;
}

struct names *names_hold(struct names *names)
{
    names->references++;
    return names;
}

void names_drop(struct names *names)
{
    if (!names || --names->references)
        return;
    for (size_t i = 0; i < names->count; i++)
        free(names->names[i]);
    free(names->names);
    free(names);
}

int names_add(struct names *names, const char *name)
{
    char *copy;

    if (names->count == NAMES_MAX)
        return -EFBIG;
    if (names->count == names->room) {
        size_t room = names->room ? names->room * 2 : 16;
        char **grown = reallocarray(names->names, room, sizeof(*grown));

        if (!grown)
            return -ENOMEM;
        names->names = grown;
        names->room = room;
    }
    copy = strdup(name);
    if (!copy)
        return -ENOMEM;
    names->names[names->count++] = copy;
    names->text_size += strlen(copy) + 1;
    return 0;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void names_sort(struct names *names)
{
    size_t kept = 0;

    if (!names->count)
        return;
    qsort(names->names, names->count, sizeof(*names->names), compare_texts);
    for (size_t i = 1; i < names->count; i++) {
        if (strcmp(names->names[kept], names->names[i]) != 0) {
            names->names[++kept] = names->names[i];
            continue;
        }
        names->text_size -= strlen(names->names[i]) + 1;
        free(names->names[i]);
    }
    names->count = kept + 1;
}

size_t names_count(const struct names *names)
{
    return names->count;
}

const char *names_at(const struct names *names, size_t index)
{
    return names->names[index];
}

bool names_has(const struct names *names, const char *name)
{
    return names->count && bsearch(&name, names->names, names->count, sizeof(name), compare_texts);
}

size_t names_size(const struct names *names)
{
    return sizeof(*names) + names->room * sizeof(*names->names) + names->text_size +
           names->count * 2 * sizeof(void *);
}
