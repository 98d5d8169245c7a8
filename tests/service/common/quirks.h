#ifndef SERVICE_QUIRKS_H
#define SERVICE_QUIRKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * Ways to answer that differ between sources, regions or releases of a service, to be chosen while
 * it runs. Each has a name and a set of words; the first word is the one it starts with. Which
 * there are is a table of the service, and its index the number by which the service asks.
 */
#define QUIRKS_MAX      32
#define QUIRK_WORDS_MAX 6

struct quirk_row {
    const char *name;
    const char *words[QUIRK_WORDS_MAX];
};

struct quirks {
    const struct quirk_row *table;
    size_t count;
    unsigned char chosen[QUIRKS_MAX];
};

/* Every quirk of the table, which must stay, with its first word. */
void quirks_init(struct quirks *quirks, const struct quirk_row *table, size_t count);

/* 0, or -EINVAL for a name or a word that is unknown. */
int quirk_set(struct quirks *quirks, const char *name, const char *word);

/* True when the word is the chosen one. */
bool quirk_is(const struct quirks *quirks, unsigned quirk, const char *word);

/* One line per quirk: its name, the chosen word, and all its words. */
void quirks_print(const struct quirks *quirks, struct buf *out);

#endif
