#include "api/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/name.h"

#define NAMES_MAX 1000000

/* The most sentences of what was left out, and how much of a name they tell. */
#define LEFT_OUT_MAX 32
#define TOLD_MAX     100

struct names {
    unsigned references;
    size_t count;
    size_t room;
    size_t text_size;
    char **names;
    size_t left_out_count;
    char *left_out[LEFT_OUT_MAX]; /* sentences */
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
    for (size_t i = 0; i < names->left_out_count; i++)
        free(names->left_out[i]);
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

int names_leave_out(struct names *names, const char *what, const char *name, const char *why)
{
    bool is_last = names->left_out_count == LEFT_OUT_MAX - 1;
    char *sentence = NULL;
    int length;

    if (names->left_out_count == LEFT_OUT_MAX)
        return 0;
    if (is_last)
        length = asprintf(&sentence, "there are more names that cannot be shown");
    else
        length = asprintf(&sentence, "%s \"%.*s\" cannot be shown: %s", what, TOLD_MAX, name, why);
    if (length < 0)
        return -ENOMEM;
    names->left_out[names->left_out_count++] = sentence;
    names->text_size += (size_t)length + 1;
    return 0;
}

int names_add_asked(struct names *names, const char *what, const char *name)
{
    if (name && (!strcmp(name, ".") || !strcmp(name, "..")))
        return names_leave_out(names, what, name, "its name cannot stand in the path of a request");
    return names_add_listed(names, what, name);
}

int names_add_listed(struct names *names, const char *what, const char *name)
{
    if (!name)
        return names_leave_out(names, what, "?", "its name holds a NUL");
    if (!*name)
        return names_leave_out(names, what, name, "its name is empty");
    if (!name_is_shown(name))
        return names_leave_out(names, what, name, "its name is too long");
    return names_add(names, name);
}

size_t names_left_out(const struct names *names)
{
    return names->left_out_count;
}

const char *names_left_out_at(const struct names *names, size_t index)
{
    return names->left_out[index];
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
