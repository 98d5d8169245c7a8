#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Writes the text that base64 of at most max characters stands for, in either alphabet, with
 * padding or without; text has room for max bytes. False for what is no base64, and for what holds
 * a NUL: what is in text is of no use then.
 */
bool base64_decode(const char *encoded, char *text, size_t max);

/* The same of any bytes, or none: writes them, which are fewer than the characters, and tells how
 * many they are. They may be written over what they are decoded from. */
bool base64_decode_bytes(const char *encoded, void *data, size_t *size);

/* Room for the base64 of size bytes. */
#define BASE64_ROOM(size) (((size) + 2) / 3 * 4 + 1)

/* Writes the base64 of size bytes, padded, in the usual alphabet or in that of URLs. */
void base64_encode(const void *data, size_t size, char *encoded);
void base64_encode_url(const void *data, size_t size, char *encoded);

#endif
