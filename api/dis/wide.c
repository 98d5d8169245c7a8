#include "api/dis/wide.h"

#include <stdio.h>
#include <string.h>

/* The index of the stream, or DIS_WIDE_MAX. */
static unsigned find_wide(const struct dis_wide *wide, const char *stream)
{
    unsigned i = 0;

    while (i < DIS_WIDE_MAX &&
           (!wide->streams[i].count || strcmp(wide->streams[i].stream, stream) != 0))
        i++;
    return i;
}

uint32_t dis_wide_count(const struct dis_wide *wide, const char *stream)
{
    unsigned i = find_wide(wide, stream);

    return i < DIS_WIDE_MAX ? wide->streams[i].count : 0;
}

void dis_wide_note(struct dis_wide *wide, const char *stream, uint32_t count)
{
    unsigned i = find_wide(wide, stream);

    if (i == DIS_WIDE_MAX && !count)
        return;
    if (i == DIS_WIDE_MAX)
        i = wide->next++ % DIS_WIDE_MAX;
    snprintf(wide->streams[i].stream, sizeof(wide->streams[i].stream), "%s", stream);
    wide->streams[i].count = count;
}
