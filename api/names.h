#ifndef API_NAMES_H
#define API_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A list of names: what a service answers when it lists apps or streams. It is shared by reference
 * and must not change once it was handed on.
 */
struct names;

/* An empty list with one reference, or NULL. */
struct names *names_new(void);

struct names *names_hold(struct names *names);
void names_drop(struct names *names);

/* Adds a copy. 0, -ENOMEM, or -EFBIG when there are more than the program will hold (1,000,000). */
int names_add(struct names *names, const char *name);

/* Sorts by byte and removes doubles: what a service lists has no order one may rely on. */
void names_sort(struct names *names);

size_t names_count(const struct names *names);
const char *names_at(const struct names *names, size_t index);

/* Whether the sorted list has the name. */
bool names_has(const struct names *names, const char *name);

/* Bytes of memory in use. */
size_t names_size(const struct names *names);

#endif
