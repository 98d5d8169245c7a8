#include "tests/service/common/directory.h"

#include <stdbool.h>
#include <string.h>

#include "tests/service/common/memory.h"

static const char *name_of(const void *item)
{
    return *(char *const *)item;
}

/* The first index for which the name there is greater, or not less when `equal`. */
static size_t search(const struct directory *directory, const char *name, bool equal)
{
    size_t low = 0;
    size_t high = directory->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name_of(directory->items[middle]), name);

        if (order < 0 || (order == 0 && !equal))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t directory_after(const struct directory *directory, const char *name)
{
    return search(directory, name, false);
}

void *directory_find(const struct directory *directory, const char *name)
{
    size_t at = search(directory, name, true);

    return at < directory->count && !strcmp(name_of(directory->items[at]), name)
               ? directory->items[at]
               : NULL;
}

void directory_add(struct directory *directory, void *item)
{
    size_t at = search(directory, name_of(item), true);

    directory->items = must_realloc(directory->items, directory->count + 1, sizeof(void *));
    memmove(directory->items + at + 1, directory->items + at,
            (directory->count - at) * sizeof(void *));
    directory->items[at] = item;
    directory->count++;
}

void directory_remove(struct directory *directory, const void *item)
{
    size_t at = search(directory, name_of(item), true);

    directory->count--;
    memmove(directory->items + at, directory->items + at + 1,
            (directory->count - at) * sizeof(void *));
}
