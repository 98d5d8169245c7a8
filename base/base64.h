#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>

/*
 * The text that base64 stands for, in either alphabet, with padding or without; of at most max
 * characters. The caller frees it; NULL for what is no base64, for what holds a NUL, and when there
 * is no memory.
 */
char *base64_decode(const char *encoded, size_t max);

/* Room for the base64 of size bytes. */
#define BASE64_ROOM(size) (((size) + 2) / 3 * 4 + 1)

/* Writes the base64 of size bytes, padded, in the usual alphabet or in that of URLs. */
void base64_encode(const void *data, size_t size, char *encoded);
void base64_encode_url(const void *data, size_t size, char *encoded);

#endif
