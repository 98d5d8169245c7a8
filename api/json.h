#ifndef API_JSON_H
#define API_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/buf.h"

/*
 * JSON of services, in which a number may be written as a text and a text as a number, and numbers
 * may have more digits than a double holds: every number is read as the text of its digits. cJSON
 * and its like keep numbers as doubles, so json_parse puts them in quotes first.
 */

/* Reads one value, with nothing after it, which the caller deletes. 0; -EBADMSG for what is no
 * JSON, and for more than 500,000 values; or -ENOMEM. With an error it is NULL. */
int json_parse(const char *text, size_t size, cJSON **root);

/*
 * Members of an object. Absent and null are the same: success, with *value NULL, false or left
 * alone. Each returns 0, or -EBADMSG when the object is none or the member of another type.
 */
int json_text(const cJSON *object, const char *name, const char **value);
int json_flag(const cJSON *object, const char *name, bool *value);
int json_array(const cJSON *object, const char *name, const cJSON **value);

/* Whether the value is a text that holds a NUL, which no text of C can show: json_parse makes it a
 * number, which nothing else is. For all who read a text it is of another type. */
bool json_is_text_with_nul(const cJSON *value);

/* Whether the member is there, be it null. */
bool json_has(const cJSON *object, const char *name);

/* Add a member: a text, or null for NULL; a number, or null for what is not one of decimal.h
 * without a sign; a time (base/when.h) in whole seconds, or null for WHEN_UNKNOWN. JSON is UTF-8:
 * each byte of a text that is none becomes U+FFFD. False without memory. */
bool json_add_text(cJSON *object, const char *name, const char *text);
bool json_add_number(cJSON *object, const char *name, const char *decimal);
bool json_add_time(cJSON *object, const char *name, int64_t when);

/* Adds the object to the text, in one line. 0, or what buf_error says. */
int json_print(const cJSON *object, struct buf *text);

#endif
