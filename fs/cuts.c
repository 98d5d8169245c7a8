#include "fs/cuts.h"

void cuts_note(struct cuts *cuts, uint64_t file, size_t size)
{
    size = cuts_left(cuts, file, size);
    cuts_forget(cuts, file);
    cuts->list[cuts->next] = (struct cut){file, size};
    cuts->next = (cuts->next + 1) % CUTS_MAX;
}

size_t cuts_left(const struct cuts *cuts, uint64_t file, size_t size)
{
    size_t left = size;

    for (unsigned i = 0; i < CUTS_MAX; i++) {
        if (cuts->list[i].file == file && cuts->list[i].size < left)
            left = cuts->list[i].size;
    }
    return left;
}

void cuts_forget(struct cuts *cuts, uint64_t file)
{
    for (unsigned i = 0; i < CUTS_MAX; i++) {
        if (cuts->list[i].file == file)
            cuts->list[i] = (struct cut){0};
    }
}
