#include "base/guess.h"

#include <ctype.h>

struct guess guess_begin(const char *word, size_t length)
{
    return (struct guess){.word = word, .length = length, .distance = length < 5 ? 2 : 3};
}

static size_t least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t is_other(char a, char b)
{
    return tolower((unsigned char)a) != tolower((unsigned char)b);
}

/* Levenshtein's: row[j] is the distance of what was read of the word from j letters of the other.
 */
static size_t distance_of(const struct guess *guess, const char *other, size_t length)
{
    size_t row[GUESS_MAX + 1];

    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 1; i <= guess->length; i++) {
        size_t before = row[0];

        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            size_t changed = before + is_other(guess->word[i - 1], other[j - 1]);

            before = row[j];
            row[j] = least_of(changed, least_of(row[j], row[j - 1]) + 1);
        }
    }
    return row[length];
}

void guess_try(struct guess *guess, const char *known, size_t length)
{
    size_t longest = length > guess->length ? length : guess->length;
    size_t distance = longest > GUESS_MAX ? longest : distance_of(guess, known, length);

    if (distance >= least_of(guess->distance, longest))
        return;
    guess->distance = distance;
    guess->nearest = known;
}
