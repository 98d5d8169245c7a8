#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

static size_t length_by_first(unsigned char first)
{
    static const struct {
        unsigned char below;
        size_t length;
    } lengths[] = {{0x01, 0}, {0x80, 1}, {0xc2, 0}, {0xe0, 2}, {0xf0, 3}, {0xf5, 4}};

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        if (first < lengths[i].below)
            return lengths[i].length;
    }
    return 0;
}

/* The code point of a character whose bytes have the right form. */
static uint32_t decode(const unsigned char *text, size_t length)
{
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t point = text[0] & masks[length];

    for (size_t i = 1; i < length; i++)
        point = point << 6 | (text[i] & 0x3f);
    return point;
}

size_t utf8_length(const char *text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)text;
    size_t length = length_by_first(bytes[0]);
    uint32_t point;

    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    }
    point = decode(bytes, length);
    if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return 0;
    return length;
}

bool utf8_is_valid(const char *text)
{
    size_t length = 1;

    for (; *text && length; text += length)
        length = utf8_length(text);
    return length;
}

/* The same of a character that may be cut off by the end of the bytes. */
static size_t length_within(const char *bytes, size_t size)
{
    char character[5] = "";

    if (size >= sizeof(character))
        return utf8_length(bytes);
    memcpy(character, bytes, size);
    return utf8_length(character);
}

bool utf8_is_text(const char *bytes, size_t size)
{
    size_t length = 1;

    for (size_t i = 0; i < size && length; i += length) {
        bool is_ascii = bytes[i] && !((unsigned char)bytes[i] & 0x80);

        length = is_ascii ? 1 : length_within(bytes + i, size - i);
    }
    return length;
}

/* The ranges of Unicode without a look of their own: controls, blanks, joiners, marks of direction,
 * selectors of variants, tags, private use and what is no character. In their order. */
static const struct {
    uint32_t first;
    uint32_t last;
} invisible[] = {
    {0x00, 0x1f},       {0x7f, 0xa0},        {0xad, 0xad},       {0x34f, 0x34f},
    {0x61c, 0x61c},     {0x115f, 0x1160},    {0x1680, 0x1680},   {0x17b4, 0x17b5},
    {0x180b, 0x180f},   {0x2000, 0x200f},    {0x2028, 0x202f},   {0x205f, 0x206f},
    {0x2800, 0x2800},   {0x3000, 0x3000},    {0x3164, 0x3164},   {0xe000, 0xf8ff},
    {0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},    {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
    {0xfff0, 0xffff},   {0x13430, 0x1343f},  {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
    {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff},
};

bool utf8_is_visible(const char *text)
{
    uint32_t point = decode((const unsigned char *)text, utf8_length(text));

    for (size_t i = 0; i < sizeof(invisible) / sizeof(invisible[0]); i++) {
        if (point <= invisible[i].last)
            return point < invisible[i].first;
    }
    return true;
}
