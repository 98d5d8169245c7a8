#include "tests/service/common/shapes.h"

#include <string.h>

#include "tests/service/common/memory.h"
#include "tests/service/common/values.h"

static const char *title_of(unsigned status)
{
    switch (status) {
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    default:
        return "Error";
    }
}

static void add_nested(cJSON *json, unsigned status, const char *message)
{
    cJSON *error = must(cJSON_AddObjectToObject(json, "error"));

    add_text(error, "message", message);
    must(cJSON_AddNumberToObject(error, "code", status));
    add_text(error, "title", title_of(status));
}

static const char *request_id_of(const struct answer *answer)
{
    for (size_t i = 0; i < answer->headers.count; i++)
        if (!strcmp(answer->headers.items[i].name, "X-Request-Id"))
            return answer->headers.items[i].value;
    return "";
}

void shape_error(struct answer *answer, unsigned status, const char *shape, const char *code,
                 const char *message)
{
    cJSON *json = must(cJSON_CreateObject());

    if (!strcmp(shape, "nested")) {
        add_nested(json, status, message);
    } else if (!strcmp(shape, "gateway")) {
        add_text(json, "error_msg", message);
        add_text(json, "error_code", code);
        add_text(json, "request_id", request_id_of(answer));
        answer_header(answer, "Server", "api-gateway");
    } else {
        add_text(json, "errorCode", code);
        add_text(json, !strcmp(shape, "sls") ? "errorMessage" : "message", message);
    }
    answer_json(answer, status, json);
}
