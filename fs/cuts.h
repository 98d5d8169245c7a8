#ifndef FS_CUTS_H
#define FS_CUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Files that were truncated. That alone commits nothing: it is the beginning of what is written
 * next, maybe through another open file. The youngest CUTS_MAX are remembered, by the number of
 * node_file. All zero to begin with.
 */
#define CUTS_MAX 64

struct cuts {
    struct cut {
        uint64_t file; /* 0: none */
        size_t size;
    } list[CUTS_MAX];
    unsigned next;
};

void cuts_note(struct cuts *cuts, uint64_t file, size_t size);

/* How much of a text of that size is left. */
size_t cuts_left(const struct cuts *cuts, uint64_t file, size_t size);

/* The file was written to. */
void cuts_forget(struct cuts *cuts, uint64_t file);

#endif
