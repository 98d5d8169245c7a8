#ifndef SERVICE_SLS_CURSOR_H
#define SERVICE_SLS_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A cursor is the base64 of a decimal number. Those that are printed in documentation lack padding,
 * or have a newline in the base64 or behind the number, and an official client adds one: all that
 * is read; what is written has none of it.
 */

/* For the caller to free. */
char *cursor_format(int64_t number);

/* What was encoded, without a newline at its end, for the caller to free; NULL when it is no
 * base64, or nothing. It need not be a number. */
char *cursor_text(const char *cursor);

/* False when it is no cursor. */
bool cursor_parse(const char *cursor, int64_t *number);

#endif
