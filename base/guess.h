#ifndef BASE_GUESS_H
#define BASE_GUESS_H

#include <stddef.h>

/*
 * What somebody may have meant by a word that is not known: the first of those known words that
 * take the fewest letters to be added, left out, changed, or exchanged with the next one. Upper and
 * lower case are the same. Two letters are the most, one in a word of less than five, and one
 * letter must be the same; a word of more than GUESS_MAX letters is like none.
 */
#define GUESS_MAX 60

struct guess {
    const char *word;
    size_t length;
    const char *nearest; /* NULL while none was near */
    size_t distance;     /* of that, or one more than would be near */
};

struct guess guess_begin(const char *word, size_t length);

/* Looks whether a known word is nearer than those before; it lasts as long as the guess. */
void guess_try(struct guess *guess, const char *known, size_t length);

#endif
