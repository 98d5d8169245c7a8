#ifndef SERVICE_DIS_CURSOR_H
#define SERVICE_DIS_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/service/dis/calls.h"

/*
 * What a cursor says: records from `number` on, or from the one after it. As a text it is URL-safe
 * base64 of JSON, which clients must not look into, although one of the official ones does.
 */
struct cursor {
    char stream[128];
    char partition[PARTITION_ROOM]; /* in the form it was asked for */
    char type[32];
    int64_t number;
    int64_t made_ms;
};

/* When a cursor is made: now, or when cursors no longer expire at once. */
int64_t cursor_time(const struct dis *dis);

/* The text, for the caller to free. */
char *cursor_print(const struct cursor *cursor);

/* False when the text is no cursor. */
bool cursor_parse(const char *text, struct cursor *cursor);

#endif
