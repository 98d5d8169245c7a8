#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The CRC-32C of bytes: that of Castagnoli's polynomial (RFC 3720, B.4). */
uint32_t crc32c(const void *data, size_t size);

#endif
