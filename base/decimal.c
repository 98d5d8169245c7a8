#include "base/decimal.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
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
 * difference of two with so many digits overflows. */
#define SMALL_MAX 18

static bool read_small(const char *text, int64_t *number)
{
    const char *digits = skip_sign(text);
    size_t count = 0;

    for (*number = 0; count < SMALL_MAX && isdigit((unsigned char)digits[count]); count++)
        *number = *number * 10 + (digits[count] - '0');
    if (*text == '-')
        *number = -*number;
    return count && !digits[count];
}

static bool are_small(const char *a, const char *b, int64_t *left, int64_t *right)
{
    return read_small(a, left) && read_small(b, right);
}

static int print_small(char result[static DECIMAL_ROOM], int64_t number)
{
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    char digits[24] = "";
    char *first = digits + sizeof(digits) - 1;

    do
        *--first = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0)
        *--first = '-';
    memcpy(result, first, (size_t)(digits + sizeof(digits) - first));
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

/* Of numbers without their signs. */
static int compare_digits(const char *a, const char *b)
{
    size_t digits_of_a;
    size_t digits_of_b;

    a += strspn(a, "0");
    b += strspn(b, "0");
    digits_of_a = strlen(a);
    digits_of_b = strlen(b);
    return digits_of_a == digits_of_b ? strcmp(a, b) : digits_of_a < digits_of_b ? -1 : 1;
}

int decimal_compare(const char *a, const char *b)
{
    bool is_below = decimal_is_negative(a);

    if (is_below != decimal_is_negative(b))
        return is_below ? -1 : 1;
    return is_below ? compare_digits(skip_sign(b), skip_sign(a))
                    : compare_digits(skip_sign(a), skip_sign(b));
}

bool decimal_is_negative(const char *text)
{
    return *text == '-' && text[1 + strspn(text + 1, "0")] != '\0';
}

/* So many digits has a number of DECIMAL_MAX of them, times 1000. */
#define PRODUCT_DIGITS (DECIMAL_MAX + 3)

/* The product, with zeros in front of it. */
static void multiply(char product[static PRODUCT_DIGITS], const char *number, unsigned factor)
{
    size_t length = strlen(number);
    unsigned carry = 0;

    for (size_t i = 0; i < PRODUCT_DIGITS; i++) {
        carry += i < length ? (unsigned)(number[length - 1 - i] - '0') * factor : 0;
        product[PRODUCT_DIGITS - 1 - i] = (char)('0' + carry % 10);
        carry /= 10;
    }
}

bool decimal_is_below(const char *part, unsigned percent, const char *whole)
{
    char left[PRODUCT_DIGITS];
    char right[PRODUCT_DIGITS];

    multiply(left, part, 100);
    multiply(right, whole, percent);
    return memcmp(left, right, PRODUCT_DIGITS) < 0;
}
