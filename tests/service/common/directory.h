#ifndef SERVICE_DIRECTORY_H
#define SERVICE_DIRECTORY_H

#include <stddef.h>

/* Things with a name, which is their first member, in ascending order of it. No two have the same.
 * The directory owns the list, and not what is in it. */
struct directory {
    void **items;
    size_t count;
};

/* The index of the first name that is greater than the given one. */
size_t directory_after(const struct directory *directory, const char *name);

/* NULL when there is none. */
void *directory_find(const struct directory *directory, const char *name);

void directory_add(struct directory *directory, void *item);

/* The item must be there. */
void directory_remove(struct directory *directory, const void *item);

#endif
