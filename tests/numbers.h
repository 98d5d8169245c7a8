#ifndef TESTS_NUMBERS_H
#define TESTS_NUMBERS_H

#include <errno.h>
#include <stdio.h>

#include "api/backend.h"
#include "base/decimal.h"

/* How a backend of the tests writes sequence numbers: as decimals of any size. */

static inline int numbers_parse(const char *text, char sequence[static SEQUENCE_MAX + 1],
                                struct error *error)
{
    char number[DECIMAL_ROOM];

    if (!decimal_is_unsigned(text) || decimal_normalize(number, text))
        return error_set(error, EINVAL, "not a number");
    snprintf(sequence, SEQUENCE_MAX + 1, "%s", number);
    return 0;
}

static inline int numbers_to_decimal(const char *sequence, char decimal[static DECIMAL_ROOM])
{
    return decimal_normalize(decimal, sequence) ? -EBADMSG : 0;
}

#endif
