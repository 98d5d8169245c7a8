#include "base/crc32c.h"

#include <stdbool.h>

/* The polynomial, its lowest power first. */
#define POLYNOMIAL UINT32_C(0x82f63b78)

/* What each byte does to the rest, by how many bytes follow it: eight of them are taken at once. */
#define LANES 8

static uint32_t tables[LANES][256];

static uint32_t shift_byte(uint32_t crc)
{
    for (int bit = 0; bit < 8; bit++)
        crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
    return crc;
}

static void make_tables(void)
{
    static bool made;

    for (uint32_t byte = 0; byte < 256 && !made; byte++) {
        tables[0][byte] = shift_byte(byte);
        for (int lane = 1; lane < LANES; lane++)
            tables[lane][byte] = shift_byte(tables[lane - 1][byte]);
    }
    made = true;
}

static uint32_t take_byte(uint32_t crc, unsigned char byte)
{
    return tables[0][(crc ^ byte) & 0xff] ^ crc >> 8;
}

static uint32_t take_lanes(uint32_t crc, const unsigned char *bytes)
{
    uint32_t next = 0;

    for (unsigned lane = 0; lane < LANES; lane++) {
        uint32_t byte = lane < 4 ? bytes[lane] ^ (crc >> 8 * lane & 0xff) : bytes[lane];

        next ^= tables[LANES - 1 - lane][byte];
    }
    return next;
}

uint32_t crc32c(const void *data, size_t size)
{
    const unsigned char *bytes = data;
    uint32_t crc = UINT32_MAX;

    make_tables();
    for (; size >= LANES; size -= LANES, bytes += LANES)
        crc = take_lanes(crc, bytes);
    for (; size; size--)
        crc = take_byte(crc, *bytes++);
    return ~crc;
}
