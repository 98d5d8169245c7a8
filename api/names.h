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

/*
 * Adds a copy of the name of an app or a stream (`what`), as somebody else lists it; NULL is one
 * that holds a NUL. A name that cannot be in the tree (name_is_shown) is left out, and a sentence
 * says so: one for each of the first few, and one for the others. As names_add. What is asked for
 * by a path of HTTP cannot be "." or ".." either: those are left out, too, by the second function.
 */
int names_add_listed(struct names *names, const char *what, const char *name);
int names_add_asked(struct names *names, const char *what, const char *name);

/* Leaves a name out that could be in the tree, for another reason: "it ...". 0 or -ENOMEM. */
int names_leave_out(struct names *names, const char *what, const char *name, const char *why);

/* The sentences of what was left out. */
size_t names_left_out(const struct names *names);
const char *names_left_out_at(const struct names *names, size_t index);

/* Sorts by byte and removes doubles: what a service lists has no order one may rely on. */
void names_sort(struct names *names);

size_t names_count(const struct names *names);
const char *names_at(const struct names *names, size_t index);

/* Whether the sorted list has the name. */
bool names_has(const struct names *names, const char *name);

/* Bytes of memory in use. */
size_t names_size(const struct names *names);

#endif
