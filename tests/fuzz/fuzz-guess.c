/*
 * The input is a word that is not known, and in further lines those that are. Which one is near,
 * and how near, is worked out once more, in the plainest way.
 */
#include "fuzz.h"

#include <ctype.h>

#include "base/guess.h"

static size_t table[GUESS_MAX + 1][GUESS_MAX + 1];

static int is_same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static void lower(size_t *least, size_t value)
{
    if (value < *least)
        *least = value;
}

static size_t measure(const char *a, size_t a_size, const char *b, size_t b_size)
{
    for (size_t i = 0; i <= a_size; i++) {
        for (size_t j = 0; j <= b_size; j++) {
            size_t *least = &table[i][j];

            *least = i && j ? SIZE_MAX : i + j;
            if (!i || !j)
                continue;
            lower(least, table[i - 1][j] + 1);
            lower(least, table[i][j - 1] + 1);
            lower(least, table[i - 1][j - 1] + !is_same(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]))
                lower(least, table[i - 2][j - 2] + 1);
        }
    }
    return table[a_size][b_size];
}

/* Its distance if it is near, else SIZE_MAX. */
static size_t nearness(const char *word, const char *known)
{
    size_t size = strlen(word);
    size_t longest = size > strlen(known) ? size : strlen(known);
    size_t distance;

    if (longest > GUESS_MAX)
        return SIZE_MAX;
    distance = measure(word, size, known, strlen(known));
    return distance < longest && distance <= (size < 5 ? 1 : 2) ? distance : SIZE_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);
    char *rest = text;
    const char *word = strsep(&rest, "\n");
    struct guess guess = guess_begin(word, strlen(word));
    const char *nearest = NULL;
    size_t least = SIZE_MAX;
    const char *known;

    while ((known = strsep(&rest, "\n"))) {
        size_t distance = nearness(word, known);

        if (distance < least) {
            nearest = known;
            least = distance;
        }
        guess_try(&guess, known, strlen(known));
        CHECK(guess.nearest == nearest && (!nearest || guess.distance == least));
    }
    free(text);
    return 0;
}
