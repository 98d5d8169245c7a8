#ifndef API_SERVICE_WORD_H
#define API_SERVICE_WORD_H

#include <stddef.h>

/* The letters, digits and underscores that a text begins with: the name of a variable. */
size_t word_name_length(const char *text);

/*
 * Reads a word as a shell does, in its place: its parts may be in single or double quotes, or have
 * backslashes. *rest is what follows it and blanks, up to a comment. NULL for what a shell would
 * replace or take for more than words: variables, commands, a tilde; and for quotes that do not
 * end.
 */
char *word_read(char *text, char **rest);

#endif
