#include "tests/service/sls/sls.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/service/common/control.h"
#include "tests/service/common/memory.h"
#include "tests/service/common/shapes.h"
#include "tests/service/sls/auth.h"
#include "tests/service/sls/calls.h"
#include "tests/service/sls/seed.h"
#include "tests/service/sls/signature.h"

#define BODY_MOST ((size_t)10 * 1024 * 1024)

static const struct route routes[] = {
    {"GET", "/logstores", logstores_list},
    {"GET", "/logstores/{}/shards", shards_list},
    {"GET", "/logstores/{}/shards/{}", shard_show},
    {"POST", "/logstores/{}/shards/lb", records_put},
    {"POST", "/logstores/{}/shards/route", records_put},
    {"GET", "/logstores/{}/consumergroups", groups_list},
    {"POST", "/logstores/{}/consumergroups", group_create},
    {"GET", "/logstores/{}/consumergroups/{}", checkpoints_show},
    {"POST", "/logstores/{}/consumergroups/{}", group_post},
    {"PUT", "/logstores/{}/consumergroups/{}", group_update},
    {"DELETE", "/logstores/{}/consumergroups/{}", group_delete},
};

static const char page[] = "<html><head><title>error</title></head>"
                           "<body>Powered by AliyunSLS</body></html>";

bool has_quirk(const struct call *call, enum sls_quirk quirk, const char *word)
{
    const struct sls *sls = call->service;

    return quirk_is(&sls->service->quirks, quirk, word);
}

/* Two codes are known to have been misspelt, as official clients look for both forms. */
static const char *spell(const struct call *call, const char *code)
{
    if (!has_quirk(call, QUIRK_SPELLING, "exsit"))
        return code;
    if (!strcmp(code, "ConsumerNotExist"))
        return "ConsumerNotExsit";
    return strcmp(code, "ShardNotExist") != 0 ? code : "ShardNotExsit";
}

void refuse(struct call *call, unsigned status, const char *code, const char *format, ...)
{
    char text[512];
    va_list arguments;

    if (has_quirk(call, QUIRK_ERROR_BODY, "html")) {
        answer_empty(call->answer, status);
        answer_body(call->answer, "text/html", page, strlen(page));
        return;
    }
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    shape_error(call->answer, status, "sls", spell(call, code), text);
}

struct logstore *need_logstore(struct call *call)
{
    const struct sls *sls = call->service;
    struct logstore *logstore = world_logstore(&sls->world, call->captured[0]);

    if (!logstore)
        refuse(call, 404, "LogStoreNotExist", "logstore %s does not exist", call->captured[0]);
    return logstore;
}

struct group *need_group(struct call *call, struct logstore *logstore)
{
    struct group *group = logstore_group(logstore, call->captured[1]);

    if (!group)
        refuse(call, 404, "ConsumerGroupNotExist", "consumer group not exist.");
    return group;
}

void refuse_shard(struct call *call, unsigned status, const char *text)
{
    if (has_quirk(call, QUIRK_SHARD_NOT_EXIST, "always404"))
        status = 404;
    if (has_quirk(call, QUIRK_SHARD_NOT_EXIST, "always400"))
        status = 400;
    refuse(call, status, "ShardNotExist", "%s", text);
}

struct shard *need_shard(struct call *call, const struct logstore *logstore)
{
    struct shard *shard;
    int64_t id;
    char text[64];

    if (!number_parse(call->captured[1], &id)) {
        refuse(call, 400, "ParameterInvalid", "invalid shard id.");
        return NULL;
    }
    shard = logstore_shard(logstore, id);
    snprintf(text, sizeof(text), "Shard %lld does not exist.", (long long)id);
    if (!shard)
        refuse_shard(call, 400, text);
    return shard;
}

void refuse_cursor(struct call *call, const char *text)
{
    bool is_404 = has_quirk(call, QUIRK_INVALID_CURSOR_STATUS, "404");

    refuse(call, is_404 ? 404 : 400, "InvalidCursor", "%s", text);
}

const char *need_query(struct call *call, const char *name)
{
    const char *value = request_parameter(call->request, name);

    if (!value)
        refuse(call, 400, "MissingParameter", "Missing query key : %s.", name);
    return value;
}

cJSON *need_body(struct call *call)
{
    cJSON *json = request_json(call->request);

    if (!json)
        refuse(call, 400, "PostBodyInvalid", "The request body is not valid JSON object.");
    return json;
}

cJSON *need_object(struct call *call)
{
    cJSON *json = need_body(call);

    if (!json || cJSON_IsObject(json))
        return json;
    cJSON_Delete(json);
    refuse(call, 400, "PostBodyInvalid", "The request body is not valid JSON object.");
    return NULL;
}

bool json_number(const cJSON *json, const char *name, int64_t *number)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(json, name);

    if (!cJSON_IsNumber(member) || member->valuedouble < 0 || member->valuedouble > 9e15)
        return false;
    *number = (int64_t)member->valuedouble;
    return (double)*number == member->valuedouble;
}

int64_t now_us(const struct sls *sls)
{
    return service_now_ms(sls->service) * 1000;
}

/* No order is documented for anything that is listed. */
void order_array(const struct call *call, cJSON *array)
{
    int count = cJSON_GetArraySize(array);

    if (!has_quirk(call, QUIRK_ORDER, "shuffled"))
        return;
    for (int i = 0; i < count / 2; i++)
        cJSON_AddItemToArray(array, cJSON_DetachItemFromArray(array, (int)(i * 7 % (count - i))));
}

void answer_array(struct call *call, cJSON *array)
{
    order_array(call, array);
    answer_json(call->answer, 200, array);
}

/* Before every call */

/* The project is the first label of the host. */
static bool is_of_project(struct call *call)
{
    const struct sls *sls = call->service;
    const char *host = request_header(call->request, "Host");
    size_t length = host ? strcspn(host, ".:") : 0;

    if (!host || host[length] != '.') {
        refuse(call, 400, "InvalidHost", "host malformed");
        return false;
    }
    if (strlen(sls->service->project) == length && !strncmp(host, sls->service->project, length))
        return true;
    refuse(call, 404, "ProjectNotExist", "The Project does not exist : %.*s", (int)length, host);
    return false;
}

/* No part of a path may be empty, as that of a group without a name is. */
static bool has_path(struct call *call)
{
    const char *path = call->request->raw_path;

    if (!strstr(path, "//") && (!path[0] || path[strlen(path) - 1] != '/'))
        return true;
    refuse(call, 405, "InvalidMethod", "Invalid request method : %.400s", path);
    return false;
}

static bool has_fit_body(struct call *call)
{
    if (call->request->body.size <= BODY_MOST)
        return true;
    refuse(call, 413, "PostBodyTooLarge", "Body size %zu must little than %zu.",
           call->request->body.size, BODY_MOST);
    return false;
}

static bool is_put(const struct request *request)
{
    return !strcmp(request->method, "POST") && request->segment_count == 4 &&
           !strcmp(request->segments[2], "shards");
}

/* Which calls need x-log-bodyrawsize is not known; one that is sent must be a number, of whatever
 * size: official clients send 0 with a body. */
static bool has_headers(struct call *call)
{
    const char *version = request_header(call->request, "x-log-apiversion");
    const char *size = request_header(call->request, "x-log-bodyrawsize");
    const char *type = request_header(call->request, "Content-Type");
    const char *fit = is_put(call->request) ? "application/x-protobuf" : "application/json";
    int64_t number;

    if (!version || strcmp(version, "0.6.0") != 0)
        refuse(call, 400, version ? "InvalidAPIVersion" : "MissingAPIVersion",
               "x-log-apiversion must be 0.6.0");
    else if (size && !number_parse(size, &number))
        refuse(call, 400, "ParameterInvalid", "x-log-bodyrawsize pair is invalid");
    else if (call->request->body.size && (!type || strncasecmp(type, fit, strlen(fit)) != 0))
        refuse(call, 400, "InvalidContentType", "Content-Type %s is not supported.",
               type ? type : "null");
    else
        return true;
    return false;
}

static bool admit(struct call *call)
{
    return has_path(call) && is_of_project(call) && has_headers(call) && has_fit_body(call) &&
           sls_auth_admit(call->service, call->request, call->answer);
}

/* Manners */

static void add_headers(const struct service *service, struct answer *answer)
{
    char seconds[24];

    snprintf(seconds, sizeof(seconds), "%lld", (long long)(service_now_ms(service) / 1000));
    answer_header(answer, "Server", "AliyunSLS");
    answer_header(answer, "Access-Control-Allow-Origin", "*");
    answer_header(answer, "x-log-time", seconds);
    service_random_header(answer, "x-log-requestid", 12, true);
}

static void refuse_request(const struct service *service, const struct request *request,
                           struct answer *answer, enum refusal refusal)
{
    char text[512];

    (void)service;
    snprintf(text, sizeof(text), "Invalid request method : %.400s", request->raw_path);
    switch (refusal) {
    case REFUSAL_MALFORMED:
        shape_error(answer, 400, "sls", "ParameterInvalid", "malformed target");
        break;
    case REFUSAL_TOO_LARGE:
        shape_error(answer, 413, "sls", "PostBodyTooLarge", "Body size must little than 10485760.");
        break;
    case REFUSAL_UNKNOWN_CALL:
        shape_error(answer, 405, "sls", "InvalidMethod", text);
        break;
    }
}

static void reset(void *world)
{
    world_clear(world);
}

static const struct manners manners = {
    .quirks = sls_quirks,
    .quirk_count = QUIRK_COUNT,
    .fault_shape = "sls",
    .fault_code = "InternalServerError",
    .fault_message = "Specified Server Error Message.",
    .add_headers = add_headers,
    .auth_kind = sls_signature_kind,
    .refuse = refuse_request,
    .reset_world = reset,
};

void sls_init(struct sls *sls, struct service *service)
{
    *sls = (struct sls){.service = service};
    service_init(service, &manners, &sls->world);
    service_set_project(service, "my-project");
    control_add(service);
    service_add_table(service, &(struct table){sls_seed_routes, sls_seed_route_count, sls, NULL});
    service_add_table(service,
                      &(struct table){routes, sizeof(routes) / sizeof(routes[0]), sls, admit});
}

void sls_release(struct sls *sls)
{
    world_clear(&sls->world);
    service_release(sls->service);
}
