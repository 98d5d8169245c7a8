#include "fuzz.h"

#include "base/decimal.h"

/* The input is two numbers with a blank between them. */

static void check_sign(const char *text)
{
    char number[DECIMAL_ROOM];

    CHECK(!decimal_normalize(number, text));
    CHECK(decimal_is_valid(number));
    CHECK(decimal_compare(number, text) == 0);
    CHECK(decimal_is_negative(text) == (*number == '-'));
    CHECK(decimal_is_negative(text) == (decimal_compare(text, "0") < 0));
    CHECK(number[*number == '-'] != '0' || !strcmp(number, "0"));
}

static void check_sum(const char *a, const char *b)
{
    char sum[DECIMAL_ROOM];
    char back[DECIMAL_ROOM];
    int order = decimal_compare(a, b);

    CHECK(!decimal_subtract(sum, a, b));
    CHECK(order < 0 ? *sum == '-' : order > 0 ? *sum != '-' && *sum != '0' : !strcmp(sum, "0"));
    CHECK((decimal_compare(b, a) < 0) == (order > 0));
    CHECK(!decimal_add(sum, a, b));
    if (!decimal_is_valid(sum))
        return; /* a hundred and one digits */
    CHECK(!decimal_subtract(back, sum, b));
    CHECK(decimal_compare(back, a) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *a = text_of(data, size);
    char *b = strchr(a, ' ');
    char result[DECIMAL_ROOM];

    if (b)
        *b++ = '\0';
    else
        b = a + strlen(a);
    if (decimal_is_valid(a) && decimal_is_valid(b)) {
        check_sign(a);
        check_sign(b);
        check_sum(a, b);
    } else {
        CHECK(decimal_add(result, a, b) < 0);
        CHECK(decimal_subtract(result, a, b) < 0);
    }
    CHECK(!decimal_is_unsigned(a) || decimal_is_valid(a));
    free(a);
    return 0;
}
