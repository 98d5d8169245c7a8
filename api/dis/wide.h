#ifndef API_DIS_WIDE_H
#define API_DIS_WIDE_H

#include <stdint.h>

#include "api/name.h"

/*
 * How many partitions the streams have that have more than a page: those of the few that were
 * listed last. Their pages can be asked for side by side. The count may be old: it says where to
 * begin, not where the stream ends.
 */
#define DIS_WIDE_MAX 16

/* All zero to begin with. */
struct dis_wide {
    struct {
        char stream[NAME_MAX_STREAM + 1];
        uint32_t count; /* 0: none */
    } streams[DIS_WIDE_MAX];
    unsigned next;
};

/* 0 where it is not known. */
uint32_t dis_wide_count(const struct dis_wide *wide, const char *stream);

/* Forgets it for 0. */
void dis_wide_note(struct dis_wide *wide, const char *stream, uint32_t count);

#endif
