#include "tests/service/dis/cursor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/common/base64.h"
#include "tests/service/common/memory.h"

#define CURSOR_MAX 512
#define TIME_MAX   4e15 /* milliseconds since 1970 */

int64_t cursor_time(const struct dis *dis)
{
    int64_t now = service_now_ms(dis->service);

    return now > dis->cursors_from_ms ? now : dis->cursors_from_ms;
}

static cJSON *describe(const struct cursor *cursor)
{
    cJSON *json = must(cJSON_CreateObject());
    cJSON *inner = must(cJSON_AddObjectToObject(json, "getIteratorParam"));
    char number[24];

    snprintf(number, sizeof(number), "%lld", (long long)cursor->number);
    add_text(inner, "stream-name", cursor->stream);
    add_text(inner, "partition-id", cursor->partition);
    add_text(inner, "cursor-type", cursor->type);
    add_text(inner, "starting-sequence-number", number);
    add_number(json, "generateTimestamp", cursor->made_ms);
    return json;
}

char *cursor_print(const struct cursor *cursor)
{
    cJSON *json = describe(cursor);
    char *text = must(cJSON_PrintUnformatted(json));
    char *result = base64_print(text, strlen(text), true);

    cJSON_free(text);
    cJSON_Delete(json);
    return result;
}

static bool copy_member(const cJSON *json, const char *name, char *to, size_t room)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));

    return text && (size_t)snprintf(to, room, "%s", text) < room;
}

bool cursor_parse(const char *text, struct cursor *cursor)
{
    char *plain = strlen(text) <= CURSOR_MAX ? base64_read(text, true) : NULL;
    cJSON *json = plain ? cJSON_Parse(plain) : NULL;
    const cJSON *inner = cJSON_GetObjectItemCaseSensitive(json, "getIteratorParam");
    const cJSON *made = cJSON_GetObjectItemCaseSensitive(json, "generateTimestamp");
    char number[24];
    bool parsed;

    parsed = cJSON_IsNumber(made) && made->valuedouble >= 0 && made->valuedouble < TIME_MAX &&
             copy_member(inner, "stream-name", cursor->stream, sizeof(cursor->stream)) &&
             copy_member(inner, "partition-id", cursor->partition, sizeof(cursor->partition)) &&
             copy_member(inner, "cursor-type", cursor->type, sizeof(cursor->type)) &&
             copy_member(inner, "starting-sequence-number", number, sizeof(number)) &&
             number_parse(number, &cursor->number);
    if (parsed)
        cursor->made_ms = (int64_t)made->valuedouble;
    cJSON_Delete(json);
    free(plain);
    return parsed;
}
