#ifndef SERVICE_BASE64_H
#define SERVICE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* Each gives a text for the caller to free. url_safe is the alphabet with - and _. */
char *base64_print(const void *data, size_t size, bool url_safe);

/* NULL when it is no base64. Of the URL-safe kind the padding may be missing. */
char *base64_read(const char *base64, bool url_safe);

#endif
