#include "fs/cuts.h"

void cuts_note(struct cuts *cuts, uint64_t inode, size_t size)
{
    size = cuts_left(cuts, inode, size);
    cuts_forget(cuts, inode);
    cuts->list[cuts->next] = (struct cut){inode, size};
    cuts->next = (cuts->next + 1) % CUTS_MAX;
}

size_t cuts_left(const struct cuts *cuts, uint64_t inode, size_t size)
{
    size_t left = size;

    for (unsigned i = 0; i < CUTS_MAX; i++) {
        if (cuts->list[i].inode == inode && cuts->list[i].size < left)
            left = cuts->list[i].size;
    }
    return left;
}

void cuts_forget(struct cuts *cuts, uint64_t inode)
{
    for (unsigned i = 0; i < CUTS_MAX; i++) {
        if (cuts->list[i].inode == inode)
            cuts->list[i] = (struct cut){0};
    }
}
