#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whole decimal numbers as text, of any size up to DECIMAL_MAX digits: sequence numbers of some
 * services do not fit a 64-bit integer, so they never become one here. A sign, '+' or '-', may
 * stand in front of an argument; results have '-' or none, and no leading zeros.
 */
#define DECIMAL_MAX 100

/* Room for a sign, the digits of a sum, and the NUL. */
#define DECIMAL_ROOM (DECIMAL_MAX + 3)

/* True for an optional sign and 1 to DECIMAL_MAX digits. */
bool decimal_is_valid(const char *text);

/* True for 1 to DECIMAL_MAX digits, and nothing else. */
bool decimal_is_unsigned(const char *text);

/* Each writes its result; 0, -EINVAL for an argument that is no number, or -ENOMEM. */
int decimal_add(char result[static DECIMAL_ROOM], const char *a, const char *b);
int decimal_subtract(char result[static DECIMAL_ROOM], const char *a, const char *b);

/* The shortest way to write the number. */
int decimal_normalize(char result[static DECIMAL_ROOM], const char *text);

/* Less than, equal to or greater than 0, as a is less than, equal to or greater than b. Both must
 * be valid. */
int decimal_compare(const char *a, const char *b);

/* Whether part is less than so many hundredths of whole. Both must be unsigned, percent at most
 * 1000. Exact, whatever their size. */
bool decimal_is_below(const char *part, unsigned percent, const char *whole);

/* A valid number that is less than 0. */
bool decimal_is_negative(const char *text);

#endif
