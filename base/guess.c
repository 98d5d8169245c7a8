#include "base/guess.h"

#include <ctype.h>
#include <stdbool.h>

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

static bool are_exchanged(const char *a, const char *b)
{
    return !is_other(a[0], b[-1]) && !is_other(a[-1], b[0]);
}

/* How many letters are to be changed, added, left out, or exchanged with the next one: row[j] is
 * that of what was read of the word and j letters of the other, before it is the row of a letter
 * less. */
static size_t distance_of(const struct guess *guess, const char *other, size_t length)
{
    size_t rows[3][GUESS_MAX + 1];

    for (size_t i = 0; i <= guess->length; i++) {
        size_t *row = rows[i % 3];
        const size_t *before = rows[(i + 2) % 3];
        const size_t *earlier = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            row[j] = i ? least_of(before[j], row[j - 1]) + 1 : j;
            if (i)
                row[j] =
                    least_of(row[j], before[j - 1] + is_other(guess->word[i - 1], other[j - 1]));
            if (i > 1 && j > 1 && are_exchanged(guess->word + i - 1, other + j - 1))
                row[j] = least_of(row[j], earlier[j - 2] + 1);
        }
    }
    return rows[guess->length % 3][length];
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
