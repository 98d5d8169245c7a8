#ifndef SERVICE_VALUES_H
#define SERVICE_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "tests/service/common/http.h"

/* Numbers and texts, as they come in and go out. */

/* A whole number of 0 or more; false when the text is none, or it is too large. */
bool number_parse(const char *text, int64_t *number);

/* The first value of that exact name, or NULL. */
const char *value_of(const struct pairs *values, const char *name);

/* A number that may be left out, in which case *number stays as it is; false when it is none. */
bool value_number(const struct pairs *values, const char *name, int64_t *number);

void add_text(cJSON *json, const char *name, const char *value);

/* In full, where a JSON number of cJSON would lose digits. */
void add_number(cJSON *json, const char *name, int64_t value);

#endif
