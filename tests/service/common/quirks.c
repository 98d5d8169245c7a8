#include "tests/service/common/quirks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void quirks_init(struct quirks *quirks, const struct quirk_row *table, size_t count)
{
    if (count > QUIRKS_MAX)
        abort();
    *quirks = (struct quirks){.table = table, .count = count};
}

static int find_word(const struct quirk_row *row, const char *word)
{
    for (int i = 0; i < QUIRK_WORDS_MAX && row->words[i]; i++)
        if (!strcmp(row->words[i], word))
            return i;
    return -1;
}

int quirk_set(struct quirks *quirks, const char *name, const char *word)
{
    for (size_t i = 0; i < quirks->count; i++) {
        int found;

        if (strcmp(quirks->table[i].name, name) != 0)
            continue;
        found = find_word(&quirks->table[i], word);
        if (found < 0)
            return -EINVAL;
        quirks->chosen[i] = (unsigned char)found;
        return 0;
    }
    return -EINVAL;
}

bool quirk_is(const struct quirks *quirks, unsigned quirk, const char *word)
{
    return !strcmp(quirks->table[quirk].words[quirks->chosen[quirk]], word);
}

void quirks_print(const struct quirks *quirks, struct buf *out)
{
    for (size_t i = 0; i < quirks->count; i++) {
        const struct quirk_row *row = &quirks->table[i];

        buf_printf(out, "%s=%s (", row->name, row->words[quirks->chosen[i]]);
        for (int w = 0; w < QUIRK_WORDS_MAX && row->words[w]; w++)
            buf_printf(out, "%s%s", w ? "|" : "", row->words[w]);
        buf_puts(out, ")\n");
    }
}
