#include "base/decimal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>

static const char *skip_sign(const char *text)
{
    return text + (*text == '+' || *text == '-');
}

bool decimal_is_unsigned(const char *text)
{
    size_t length = strlen(text);

    return length >= 1 && length <= DECIMAL_MAX && strspn(text, "0123456789") == length;
}

bool decimal_is_valid(const char *text)
{
    return decimal_is_unsigned(skip_sign(text));
}

static BIGNUM *number_of(const char *text)
{
    BIGNUM *number = NULL;

    if (!decimal_is_valid(text) || !BN_dec2bn(&number, skip_sign(text)))
        return NULL;
    BN_set_negative(number, *text == '-');
    return number;
}

static int print(char result[static DECIMAL_ROOM], const BIGNUM *number)
{
    char *text = BN_bn2dec(number);
    size_t size;

    if (!text)
        return -ENOMEM;
    size = strlen(text) + 1;
    if (size <= DECIMAL_ROOM)
        memcpy(result, text, size);
    OPENSSL_free(text);
    return size <= DECIMAL_ROOM ? 0 : -EINVAL;
}

/* Almost all numbers are small, and each record has some: those need no BIGNUM. Neither a sum nor a
 * difference of two with so many characters overflows. */
#define SMALL_MAX 18

static bool are_small(const char *a, const char *b, int64_t *left, int64_t *right)
{
    if (strlen(a) > SMALL_MAX || strlen(b) > SMALL_MAX || !decimal_is_valid(a) ||
        !decimal_is_valid(b))
        return false;
    *left = strtoll(a, NULL, 10);
    *right = strtoll(b, NULL, 10);
    return true;
}

static int print_small(char result[static DECIMAL_ROOM], int64_t number)
{
    snprintf(result, DECIMAL_ROOM, "%" PRId64, number);
    return 0;
}

typedef int operation(BIGNUM *result, const BIGNUM *a, const BIGNUM *b);

static int calculate(char result[static DECIMAL_ROOM], operation *op, const char *a, const char *b)
{
    BIGNUM *left = number_of(a);
    BIGNUM *right = number_of(b);
    int status = -EINVAL;

    if (left && right)
        status = op(left, left, right) ? print(result, left) : -ENOMEM;
    BN_free(left);
    BN_free(right);
    return status;
}

int decimal_add(char result[static DECIMAL_ROOM], const char *a, const char *b)
{
    int64_t left;
    int64_t right;

    return are_small(a, b, &left, &right) ? print_small(result, left + right)
                                          : calculate(result, BN_add, a, b);
}

int decimal_subtract(char result[static DECIMAL_ROOM], const char *a, const char *b)
{
    int64_t left;
    int64_t right;

    return are_small(a, b, &left, &right) ? print_small(result, left - right)
                                          : calculate(result, BN_sub, a, b);
}

int decimal_normalize(char result[static DECIMAL_ROOM], const char *text)
{
    return decimal_add(result, text, "0");
}

static int compare_large(const char *a, const char *b)
{
    BIGNUM *left = number_of(a);
    BIGNUM *right = number_of(b);
    int order = left && right ? BN_cmp(left, right) : 0;

    BN_free(left);
    BN_free(right);
    return order;
}

int decimal_compare(const char *a, const char *b)
{
    int64_t small_left;
    int64_t small_right;

    return are_small(a, b, &small_left, &small_right)
               ? (small_left > small_right) - (small_left < small_right)
               : compare_large(a, b);
}

bool decimal_is_negative(const char *text)
{
    return *text == '-' && text[1 + strspn(text + 1, "0")] != '\0';
}
