#include "api/local/cursor.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/base64.h"

static const char *const types[] = {
    [CURSOR_AT] = "AT_SEQUENCE_NUMBER", [CURSOR_AFTER] = "AFTER_SEQUENCE_NUMBER",
    [CURSOR_EARLIEST] = "TRIM_HORIZON", [CURSOR_LATEST] = "LATEST",
    [CURSOR_SINCE] = "AT_TIMESTAMP",
};

static char *print_cursor(const char *stream, uint32_t partition, const char *type,
                          const char *starting, int64_t now)
{
    cJSON *cursor = cJSON_CreateObject();
    cJSON *param = cJSON_AddObjectToObject(cursor, "getIteratorParam");
    char id[PARTITION_ROOM];
    char *text = NULL;
    int64_t ms = now / 1000000;

    partition_format(partition, false, id);
    if (cJSON_AddStringToObject(param, "stream-name", stream) &&
        cJSON_AddStringToObject(param, "partition-id", id) &&
        cJSON_AddStringToObject(param, "cursor-type", type) &&
        cJSON_AddStringToObject(param, "starting-sequence-number", starting) &&
        cJSON_AddNumberToObject(cursor, "generateTimestamp", (double)ms))
        text = cJSON_PrintUnformatted(cursor);
    cJSON_Delete(cursor);
    return text;
}

char *local_cursor_text(const char *stream, uint32_t partition, enum cursor_kind kind,
                        const char *starting, int64_t now)
{
    char *json = print_cursor(stream, partition, types[kind], starting, now);
    size_t size = json ? strlen(json) : 0;
    char *cursor = json ? malloc(BASE64_ROOM(size)) : NULL;

    if (cursor)
        base64_encode_url(json, size, cursor);
    free(json);
    return cursor;
}
