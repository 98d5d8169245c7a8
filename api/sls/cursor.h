#ifndef API_SLS_CURSOR_H
#define API_SLS_CURSOR_H

#include "api/error.h"
#include "api/state.h"
#include "base/decimal.h"

/*
 * A cursor of SLS is the base64 of a decimal 64-bit number that goes up by one with each log group;
 * a checkpoint is the cursor of the next one to be read. The official SDKs rely on that. All is
 * pure.
 */

/* The cursor of an unsigned decimal. 0, or -ERANGE when it is above 2^63-1. */
int sls_cursor_encode(const char *decimal, char cursor[static SEQUENCE_MAX + 1]);

/* The decimal in a cursor. The padding may be missing, or a newline follow the number: both occur.
 * 0, or -EBADMSG if it is no number or too large, for the service accepts any base64. */
int sls_cursor_decode(const char *cursor, char decimal[static DECIMAL_ROOM]);

/* As a backend's parse_sequence. Digits alone are a decimal: no cursor consists of digits. Base64
 * is taken as it is, but for padding that is missing, and need not be that of a number: the service
 * judges. Letters alone are taken only if they are. */
int sls_parse_sequence(const char *text, char sequence[static SEQUENCE_MAX + 1],
                       struct error *error);

#endif
