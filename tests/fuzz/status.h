#ifndef TESTS_FUZZ_STATUS_H
#define TESTS_FUZZ_STATUS_H

#include <cjson/cJSON.h>

#include "api/status.h"
#include "base/utf8.h"
#include "fuzz.h"

/* What `status` says of a state, whatever a service has told: one line of JSON, whose counts are
 * null or not negative. */

static inline int status_to_decimal(const char *sequence, char decimal[static DECIMAL_ROOM])
{
    return decimal_is_unsigned(sequence) ? decimal_normalize(decimal, sequence) : -1;
}

static inline void check_count(const cJSON *object, const char *name)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(object, name);

    CHECK(cJSON_IsNull(number) || (cJSON_IsNumber(number) && number->valuedouble >= 0));
}

static inline void check_status_line(const struct state *state, const char *app)
{
    static const struct backend_operations operations = {.to_decimal = status_to_decimal};
    const struct backend backend = {.operations = &operations};
    struct buf text = BUF_INIT(1UL << 20);
    cJSON *object;

    CHECK(!status_print(&backend, app, "s", state, &text));
    CHECK(strchr(text.data, '\n') == text.data + text.size - 1 && utf8_is_valid(text.data));
    object = cJSON_Parse(text.data);
    CHECK(cJSON_IsObject(object));
    check_count(object, "lag");
    check_count(object, "expired");
    check_count(object, "ahead");
    cJSON_Delete(object);
    buf_release(&text);
}

#endif
