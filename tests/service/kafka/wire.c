#include "tests/service/kafka/wire.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "tests/service/common/memory.h"

#define TEXT_MAX ((size_t)1024 * 1024)

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";

/* ---- texts ---- */

struct text text_of(const char *string)
{
    return (struct text){string, strlen(string)};
}

bool text_is(struct text text, const char *other)
{
    return text_equals(text, text_of(other));
}

bool text_equals(struct text text, struct text other)
{
    return text.size == other.size && (!text.size || !memcmp(text.data, other.data, text.size));
}

/* The length of the character at the beginning, also of a NUL; 0 for what is none. */
static size_t character(struct text text)
{
    char start[5] = "";

    memcpy(start, text.data, text.size < 4 ? text.size : 4);
    return *start ? utf8_length(start) : 1;
}

static struct text rest_of(struct text text, size_t size)
{
    return (struct text){text.data + size, text.size - size};
}

struct text text_copy(struct text text)
{
    struct buf copy = BUF_INIT(3 * TEXT_MAX);
    struct text made = {0};

    if (!text.data)
        return made;
    while (text.size) {
        size_t size = character(text);

        if (size)
            buf_add(&copy, text.data, size);
        else
            buf_add(&copy, "\xef\xbf\xbd", 3);
        text = rest_of(text, size ? size : 1);
    }
    made.size = copy.size;
    made.data = must(buf_detach(&copy));
    return made;
}

void text_release(struct text *text)
{
    free((char *)(uintptr_t)text->data);
    *text = (struct text){0};
}

char *text_key(struct text text)
{
    struct buf key = BUF_INIT(3 * TEXT_MAX);

    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] && strchr(letters, text.data[i]))
            buf_add(&key, text.data + i, 1);
        else
            buf_printf(&key, "%%%02X", (unsigned char)text.data[i]);
    }
    return must(buf_detach(&key));
}

size_t text_units(struct text text)
{
    size_t units = 0;

    while (text.size) {
        size_t size = character(text);

        units += size == 4 ? 2 : 1;
        text = rest_of(text, size ? size : 1);
    }
    return units;
}

/* ---- reading ---- */

static void refuse_input(struct reader *in, const char *wrong)
{
    if (!in->wrong)
        in->wrong = wrong;
    in->left = 0;
}

static const unsigned char *take(struct reader *in, size_t size)
{
    const unsigned char *at = in->at;

    if (in->wrong || in->left < size) {
        refuse_input(in, "it ends too early");
        return NULL;
    }
    in->at += size;
    in->left -= size;
    return at;
}

static uint64_t read_number(struct reader *in, size_t size)
{
    const unsigned char *at = take(in, size);
    uint64_t number = 0;

    for (size_t i = 0; at && i < size; i++)
        number = number << 8 | at[i];
    return number;
}

int8_t read_int8(struct reader *in)
{
    return (int8_t)read_number(in, 1);
}

int16_t read_int16(struct reader *in)
{
    return (int16_t)read_number(in, 2);
}

int32_t read_int32(struct reader *in)
{
    return (int32_t)read_number(in, 4);
}

int64_t read_int64(struct reader *in)
{
    return (int64_t)read_number(in, 8);
}

bool read_boolean(struct reader *in)
{
    int8_t value = read_int8(in);

    if (value != 0 && value != 1)
        refuse_input(in, "a boolean is neither 0 nor 1");
    return value;
}

uint32_t read_varint(struct reader *in)
{
    uint32_t number = 0;

    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t byte = (uint8_t)read_number(in, 1);

        number |= (uint32_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return number;
    }
    refuse_input(in, "a varint is too long");
    return 0;
}

/* -1 for null. */
static int64_t read_length(struct reader *in, bool is_text)
{
    if (in->flexible)
        return (int64_t)read_varint(in) - 1;
    return is_text ? read_int16(in) : read_int32(in);
}

static struct text read_sized(struct reader *in, bool is_text)
{
    int64_t size = read_length(in, is_text);

    if (size < -1)
        refuse_input(in, "a length is negative");
    if (size < 0 || in->wrong)
        return (struct text){0};
    return (struct text){(const char *)take(in, (size_t)size), (size_t)size};
}

struct text read_text_or_null(struct reader *in)
{
    return read_sized(in, true);
}

struct text read_text(struct reader *in)
{
    struct text text = read_text_or_null(in);

    if (!text.data)
        refuse_input(in, "a string is null that must not be");
    return text;
}

struct text read_bytes(struct reader *in)
{
    struct text text = read_sized(in, false);

    if (!text.data)
        refuse_input(in, "bytes are null that must not be");
    return text;
}

int32_t read_count_or_null(struct reader *in)
{
    int64_t count = read_length(in, false);

    if (count < -1 || (count > 0 && (uint64_t)count > in->left))
        refuse_input(in, "a count is negative, or greater than what follows");
    return in->wrong ? 0 : (int32_t)count;
}

int32_t read_count(struct reader *in)
{
    int32_t count = read_count_or_null(in);

    if (count >= 0)
        return count;
    refuse_input(in, "an array is null that must not be");
    return 0;
}

void read_tags(struct reader *in)
{
    uint32_t count = in->flexible ? read_varint(in) : 0;

    while (count-- && !in->wrong) {
        read_varint(in);
        take(in, read_varint(in));
    }
}

/* ---- writing ---- */

static void write_number(struct writer *out, uint64_t number, size_t size)
{
    unsigned char bytes[8];

    for (size_t i = size; i--; number >>= 8)
        bytes[i] = (unsigned char)number;
    buf_add(out->out, bytes, size);
}

void write_int8(struct writer *out, int number)
{
    write_number(out, (uint64_t)number, 1);
}

void write_int16(struct writer *out, int number)
{
    write_number(out, (uint64_t)number, 2);
}

void write_int32(struct writer *out, int32_t number)
{
    write_number(out, (uint64_t)number, 4);
}

void write_int64(struct writer *out, int64_t number)
{
    write_number(out, (uint64_t)number, 8);
}

void write_varint(struct writer *out, uint32_t number)
{
    for (; number >= 0x80; number >>= 7)
        write_number(out, (number & 0x7f) | 0x80, 1);
    write_number(out, number, 1);
}

static void write_length(struct writer *out, int64_t length, size_t size)
{
    if (out->flexible)
        write_varint(out, (uint32_t)(length + 1));
    else
        write_number(out, (uint64_t)length, size);
}

void write_text(struct writer *out, struct text text)
{
    write_length(out, text.data ? (int64_t)text.size : -1, 2);
    buf_add(out->out, text.data ? text.data : "", text.size);
}

void write_string(struct writer *out, const char *text)
{
    write_text(out, (struct text){text, text ? strlen(text) : 0});
}

void write_bytes(struct writer *out, struct text text)
{
    write_length(out, text.data ? (int64_t)text.size : -1, 4);
    buf_add(out->out, text.data ? text.data : "", text.size);
}

void write_count(struct writer *out, size_t count)
{
    write_length(out, (int64_t)count, 4);
}

void write_tags(struct writer *out)
{
    if (out->flexible)
        write_varint(out, 0);
}
