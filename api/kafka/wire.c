#include "api/kafka/wire.h"

#include <errno.h>
#include <string.h>

/* Reading */

struct wire wire_of(const char *data, size_t size)
{
    return (struct wire){.next = data, .left = size};
}

static const char *break_wire(struct wire *wire)
{
    wire->broken = true;
    wire->left = 0;
    return NULL;
}

/* The next bytes, or NULL when there are not so many. */
static const char *take_bytes(struct wire *wire, size_t size)
{
    const char *bytes = wire->next;

    if (wire->broken || size > wire->left)
        return break_wire(wire);
    wire->next += size;
    wire->left -= size;
    return bytes;
}

static uint64_t take_number(struct wire *wire, size_t size)
{
    const char *bytes = take_bytes(wire, size);
    uint64_t value = 0;

    for (size_t i = 0; bytes && i < size; i++)
        value = value << 8 | (unsigned char)bytes[i];
    return value;
}

int8_t wire_int8(struct wire *wire)
{
    return (int8_t)take_number(wire, sizeof(int8_t));
}

int16_t wire_int16(struct wire *wire)
{
    return (int16_t)take_number(wire, sizeof(int16_t));
}

int32_t wire_int32(struct wire *wire)
{
    return (int32_t)take_number(wire, sizeof(int32_t));
}

int64_t wire_int64(struct wire *wire)
{
    return (int64_t)take_number(wire, sizeof(int64_t));
}

/* Seven bits in each byte, the lowest first; a byte of 128 and more has another behind it. The
 * greatest number has `bits`. */
static uint64_t take_varnumber(struct wire *wire, unsigned bits)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < bits; shift += 7) {
        uint64_t byte = take_number(wire, 1);

        if (shift + 7 > bits && byte >> (bits - shift))
            break;
        value |= (byte & 127) << shift;
        if (byte < 128)
            return value;
    }
    break_wire(wire);
    return 0;
}

static uint32_t take_varint(struct wire *wire)
{
    return (uint32_t)take_varnumber(wire, 32);
}

/* The sign is the lowest bit. */
int64_t wire_varlong(struct wire *wire)
{
    uint64_t value = take_varnumber(wire, 64);

    return (int64_t)(value >> 1 ^ -(value & 1));
}

int32_t wire_varint(struct wire *wire)
{
    uint32_t value = take_varint(wire);

    return (int32_t)(value >> 1 ^ -(value & 1));
}

/* -1 is null; nothing else below 0 is a size. */
static struct span take_span(struct wire *wire, int64_t size)
{
    struct span span = {0};

    if (size == -1)
        return span;
    span.data = size < 0 ? break_wire(wire) : take_bytes(wire, (size_t)size);
    span.size = span.data ? (size_t)size : 0;
    return span;
}

struct span wire_text(struct wire *wire)
{
    return take_span(wire, wire_int16(wire));
}

struct span wire_compact_text(struct wire *wire)
{
    return take_span(wire, (int64_t)take_varint(wire) - 1);
}

struct span wire_bytes(struct wire *wire)
{
    return take_span(wire, wire_int32(wire));
}

struct span wire_varbytes(struct wire *wire)
{
    return take_span(wire, wire_varint(wire));
}

struct wire wire_part(struct wire *wire)
{
    struct span bytes = take_span(wire, wire_int32(wire));

    return wire_of(bytes.data, bytes.size);
}

static size_t take_count(struct wire *wire, int64_t count, size_t least)
{
    if (count < -1 || (count > 0 && (uint64_t)count > wire->left / least))
        break_wire(wire);
    return wire->broken || count < 0 ? 0 : (size_t)count;
}

size_t wire_array(struct wire *wire, size_t least)
{
    return take_count(wire, wire_int32(wire), least);
}

size_t wire_compact_array(struct wire *wire, size_t least)
{
    return take_count(wire, (int64_t)take_varint(wire) - 1, least);
}

void wire_skip_tags(struct wire *wire)
{
    for (uint32_t count = take_varint(wire); count && !wire->broken; count--) {
        take_varint(wire);
        take_bytes(wire, take_varint(wire));
    }
}

void wire_skip_numbers(struct wire *wire)
{
    take_bytes(wire, wire_array(wire, sizeof(int32_t)) * sizeof(int32_t));
}

/* Writing */

static void put_number(struct buf *buf, uint64_t value, size_t size)
{
    char bytes[sizeof(value)];

    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(value >> 8 * (size - 1 - i));
    buf_add(buf, bytes, size);
}

void wire_put_int8(struct buf *buf, int8_t value)
{
    put_number(buf, (uint64_t)value, sizeof(value));
}

void wire_put_int16(struct buf *buf, int16_t value)
{
    put_number(buf, (uint64_t)value, sizeof(value));
}

void wire_put_int32(struct buf *buf, int32_t value)
{
    put_number(buf, (uint64_t)value, sizeof(value));
}

void wire_put_int64(struct buf *buf, int64_t value)
{
    put_number(buf, (uint64_t)value, sizeof(value));
}

void wire_put_text(struct buf *buf, const char *text)
{
    size_t size = text ? strlen(text) : 0;

    if (size > INT16_MAX) {
        buf_fail(buf, -EFBIG);
        return;
    }
    put_number(buf, text ? size : UINT64_MAX, sizeof(int16_t));
    buf_add(buf, text ? text : "", size);
}

static void put_varint(struct buf *buf, size_t value)
{
    for (; value > 127; value >>= 7)
        wire_put_int8(buf, (int8_t)(value | 128));
    wire_put_int8(buf, (int8_t)value);
}

void wire_put_compact_text(struct buf *buf, const char *text)
{
    size_t size = text ? strlen(text) : 0;

    put_varint(buf, text ? size + 1 : 0);
    buf_add(buf, text ? text : "", size);
}

void wire_put_varint(struct buf *buf, int32_t value)
{
    put_varint(buf, (uint32_t)value << 1 ^ (value < 0 ? UINT32_MAX : 0));
}

void wire_put_varbytes(struct buf *buf, struct span bytes)
{
    if (bytes.size > INT32_MAX) {
        buf_fail(buf, -EFBIG);
        return;
    }
    wire_put_varint(buf, bytes.data ? (int32_t)bytes.size : -1);
    if (bytes.data)
        buf_add(buf, bytes.data, bytes.size);
}
