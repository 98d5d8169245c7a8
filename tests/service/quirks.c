#include "quirks.h"

#include <errno.h>
#include <string.h>

#define WORDS_MAX 6

static const struct {
    const char *name;
    const char *words[WORDS_MAX];
} table[QUIRK_COUNT] = {
    [QUIRK_AUTH_FAILURE] = {"auth_failure", {"gateway", "iam", "dis"}},
    [QUIRK_ERROR_SHAPE] = {"error_shape", {"dis", "gateway", "nested"}},
    [QUIRK_NUMBERS] = {"numbers", {"off", "states", "all"}},
    [QUIRK_PARTITION_FORM] = {"partition_form", {"plain", "shard"}},
    [QUIRK_METADATA] = {"metadata", {"string", "absent", "null"}},
    [QUIRK_EMPTY_METADATA] = {"empty_metadata", {"string", "absent", "null"}},
    [QUIRK_NO_CHECKPOINT] = {"no_checkpoint", {"string", "number", "empty", "absent", "null"}},
    [QUIRK_HAS_MORE] = {"has_more", {"exact", "full", "absent"}},
    [QUIRK_LIMIT] = {"limit", {"refuse", "clamp"}},
    [QUIRK_COMMIT_RANGE] = {"commit_range", {"any", "checked"}},
    [QUIRK_UNCOMMITTED_APP] = {"uncommitted_app", {"states", "refused"}},
    [QUIRK_DELETE_NONE] = {"delete_none", {"accepted", "refused"}},
    [QUIRK_APP_DELETE] = {"app_delete", {"always", "unused"}},
    [QUIRK_EXPIRED_RANGE] = {"expired_range", {"null", "text"}},
    [QUIRK_PUT_RECORDS] = {"put_records", {"accepted", "partly"}},
    [QUIRK_SIGNED_HOST] = {"signed_host", {"exact", "without-port"}},
};

static int find_word(size_t quirk, const char *word)
{
    for (int i = 0; i < WORDS_MAX && table[quirk].words[i]; i++)
        if (!strcmp(table[quirk].words[i], word))
            return i;
    return -1;
}

int quirk_set(struct quirks *quirks, const char *name, const char *word)
{
    for (size_t i = 0; i < QUIRK_COUNT; i++) {
        int found;

        if (strcmp(table[i].name, name) != 0)
            continue;
        found = find_word(i, word);
        if (found < 0)
            return -EINVAL;
        quirks->chosen[i] = (unsigned char)found;
        return 0;
    }
    return -EINVAL;
}

bool quirk_is(const struct quirks *quirks, enum quirk quirk, const char *word)
{
    return !strcmp(table[quirk].words[quirks->chosen[quirk]], word);
}

void quirks_print(const struct quirks *quirks, struct buf *out)
{
    for (size_t i = 0; i < QUIRK_COUNT; i++) {
        buf_printf(out, "%s=%s (", table[i].name, table[i].words[quirks->chosen[i]]);
        for (int w = 0; w < WORDS_MAX && table[i].words[w]; w++)
            buf_printf(out, "%s%s", w ? "|" : "", table[i].words[w]);
        buf_puts(out, ")\n");
    }
}
