#ifndef API_SERVICE_FIELD_H
#define API_SERVICE_FIELD_H

#include <stddef.h>

#include "base/buf.h"

/* A field of a query, or a header. The texts are somebody else's. */
struct field {
    const char *name;
    const char *value;
};

/* Sorts by the bytes of the names. */
void fields_sort(struct field *fields, size_t count);

/* Percent-encodes all but A-Z a-z 0-9 - . _ ~ of a text. */
void field_encode(struct buf *encoded, const char *text);

#endif
