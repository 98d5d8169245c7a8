#include "tests/service/dis/dis.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/service/common/control.h"
#include "tests/service/common/memory.h"
#include "tests/service/common/shapes.h"
#include "tests/service/dis/auth.h"
#include "tests/service/dis/calls.h"
#include "tests/service/dis/control.h"
#include "tests/service/dis/seed.h"

static const struct route routes[] = {
    {"POST", "/v2/{}/checkpoints", checkpoint_commit},
    {"GET", "/v2/{}/checkpoints", checkpoint_show},
    {"DELETE", "/v2/{}/checkpoints", checkpoint_delete},
    {"GET", "/v2/{}/cursors", cursor_show},
    {"GET", "/v2/{}/records", records_read},
    {"POST", "/v2/{}/records", records_write},
    {"POST", "/v2/{}/apps", app_create},
    {"GET", "/v2/{}/apps", apps_list},
    {"GET", "/v2/{}/apps/{}", app_show},
    {"DELETE", "/v2/{}/apps/{}", app_delete},
    {"GET", "/v2/{}/apps/{}/streams/{}", app_states},
    {"POST", "/v2/{}/streams", stream_create},
    {"GET", "/v2/{}/streams", streams_list},
    {"GET", "/v2/{}/streams/{}", stream_show},
    {"PUT", "/v2/{}/streams/{}", stream_scale},
    {"DELETE", "/v2/{}/streams/{}", stream_delete},
};

static const struct {
    int code;
    const char *text;
} errors[] = {
    {4117, "Invalid Project Id."},
    {4200, "Invalid request."},
    {4201, "Invalid partition_id."},
    {4202, "Empty request."},
    {4205, "Stream is not running."},
    {4215, "Invalid cursor type."},
    {4216, "Invalid sequence_number."},
    {4217, "Invalid partition cursor."},
    {4224, "Sequence_number out of range."},
    {4225, "Expired partition cursor."},
    {4226, "A partition iterator error occurred or a record to which the SN corresponds has "
           "expired. Try to obtain the partition iterator again."},
    {4300, "Request error."},
    {4301, "Stream does not exist."},
    {4302, "Partition does not exist."},
    {4303, "Exceeded traffic control limit."},
    {4307, "The stream already exists."},
    {4308, "Insufficient quota."},
    {4319, "Partition is expired."},
    {4329, "app quota exceeded."},
    {4330, "app already exist."},
    {4331, "app is using."},
    {4332, "app not found."},
    {4375, "The app does not commit checkpoint"},
};

const char *error_text(int code)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (errors[i].code == code)
            return errors[i].text;
    return "System error.";
}

void refuse(struct call *call, int code, const char *detail, ...)
{
    const struct dis *dis = call->service;
    const char *shapes[] = {"dis", "gateway", "nested"};
    struct buf message = BUF_INIT(HTTP_ANSWER_MAX);
    char name[16];
    char text[1024];
    va_list arguments;

    va_start(arguments, detail);
    vsnprintf(text, sizeof(text), detail, arguments);
    va_end(arguments);
    snprintf(name, sizeof(name), "DIS.%d", code);
    buf_printf(&message, "%s%s%s", error_text(code), *text ? " " : "", text);
    for (size_t i = 0; i < 3; i++)
        if (quirk_is(&dis->service->quirks, QUIRK_ERROR_SHAPE, shapes[i]))
            shape_error(call->answer, 400, shapes[i], name, message.data);
    buf_release(&message);
}

void refuse_value(struct call *call, const char *name, const char *value)
{
    refuse(call, 4200, "[Invalid %s %s.]", name, value ? value : "null");
}

/* That a body without the right Content-Type is refused is a guess. */
cJSON *need_body(struct call *call)
{
    const char *type = request_header(call->request, "Content-Type");
    cJSON *json;

    if (!call->request->body.size) {
        refuse(call, 4202, "%s", "");
        return NULL;
    }
    if (!type || strncasecmp(type, "application/json", 16) != 0) {
        refuse(call, 4300, "[Content-Type %s]", type ? type : "null");
        return NULL;
    }
    json = request_json(call->request);
    if (cJSON_IsObject(json))
        return json;
    cJSON_Delete(json);
    refuse(call, 4300, "%s", "[malformed body]");
    return NULL;
}

const char *get_text(const struct call *call, const cJSON *json, const char *name)
{
    if (!json)
        return request_parameter(call->request, name);
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
}

const char *need_text(struct call *call, const cJSON *json, const char *name)
{
    const char *text = get_text(call, json, name);

    if (text && *text)
        return text;
    refuse_value(call, name, text);
    return NULL;
}

bool name_is_valid(const char *name, size_t most)
{
    size_t size = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    return size && size <= most && !name[size];
}

/* The documents say which names can be made. One that is there all the same is found. */
struct app *need_app(struct call *call, const char *name)
{
    const struct dis *dis = call->service;
    struct app *app = name ? world_app(&dis->world, name) : NULL;

    if (app)
        return app;
    if (name && name_is_valid(name, 200))
        refuse(call, 4332, "[%s]", name);
    else
        refuse_value(call, "app_name", name);
    return NULL;
}

struct stream *need_stream(struct call *call, const char *name, const char *id)
{
    const struct dis *dis = call->service;
    struct stream *stream = name ? world_stream(&dis->world, name) : NULL;

    if (!stream && name && !name_is_valid(name, 64)) {
        refuse_value(call, "stream_name", name);
        return NULL;
    }
    if (!name && !id) {
        refuse_value(call, "stream_name", NULL);
        return NULL;
    }
    if (!stream && id)
        stream = world_stream(&dis->world, id);
    if (!stream)
        refuse(call, 4301, "[%s][%s]", name ? name : id, dis->service->project);
    return stream;
}

bool need_checkpoint_type(struct call *call, const char *type)
{
    if (type && !strcmp(type, "LAST_READ"))
        return true;
    refuse_value(call, "checkpoint_type", type);
    return false;
}

bool partition_read(const char *text, size_t *partition)
{
    bool shard_form = !strncmp(text, "shardId-", 8);
    const char *digits = text + (shard_form ? 8 : 0);
    size_t count = strspn(digits, "0123456789");

    if (!count || count > 10 || digits[count] || (shard_form && count != 10))
        return false;
    *partition = strtoul(digits, NULL, 10);
    return true;
}

bool need_partition(struct call *call, const struct stream *stream, const char *text,
                    size_t *partition)
{
    if (!text || !partition_read(text, partition)) {
        refuse(call, 4201, "[%s]", text ? text : "null");
        return false;
    }
    if (*partition >= stream->partition_count) {
        refuse(call, 4302, "[%s]", text);
        return false;
    }
    return true;
}

bool need_readable(struct call *call, const struct stream *stream, const char *text, size_t *number)
{
    if (strcmp(stream->status, "RUNNING") != 0) {
        refuse(call, 4205, "[%s]", stream->status);
        return false;
    }
    if (!need_partition(call, stream, text, number))
        return false;
    if (stream->partitions[*number].status == PARTITION_EXPIRED)
        refuse(call, 4319, "[%s]", text);
    else if (stream->partitions[*number].status == PARTITION_CREATING)
        refuse(call, 4302, "[%s]", text);
    else
        return true;
    return false;
}

void partition_print(char text[static PARTITION_ROOM], size_t partition, bool shard_form)
{
    if (shard_form)
        snprintf(text, PARTITION_ROOM, "shardId-%010zu", partition % 10000000000);
    else
        snprintf(text, PARTITION_ROOM, "%zu", partition);
}

const char *partition_status_text(enum partition_status status)
{
    static const char *const texts[] = {"CREATING", "ACTIVE", "DELETED", "EXPIRED"};

    return texts[status];
}

bool need_limit(struct call *call, const char *name, size_t usual, size_t most, size_t *limit)
{
    const struct dis *dis = call->service;
    const char *text = request_parameter(call->request, name);
    int64_t value = (int64_t)usual;

    if (text && !number_parse(text, &value)) {
        refuse_value(call, name, text);
        return false;
    }
    if (quirk_is(&dis->service->quirks, QUIRK_LIMIT, "clamp")) {
        value = value < 1 ? 1 : value;
        value = value > (int64_t)most ? (int64_t)most : value;
    }
    if (value < 1 || value > (int64_t)most) {
        refuse_value(call, name, text);
        return false;
    }
    *limit = (size_t)value;
    return true;
}

void add_has_more(const struct call *call, cJSON *json, const char *name, bool more, bool full)
{
    const struct dis *dis = call->service;

    if (quirk_is(&dis->service->quirks, QUIRK_HAS_MORE, "absent"))
        return;
    if (quirk_is(&dis->service->quirks, QUIRK_HAS_MORE, "full"))
        more = full;
    must(cJSON_AddBoolToObject(json, name, more));
}

/* Whoever proved who it is may only ask for the project of this service. */
static bool admit(struct call *call)
{
    struct dis *dis = call->service;
    const char *project = request_header(call->request, "X-Project-Id");

    if (!auth_admit(dis, call->request, call->answer, call->captured[0]))
        return false;
    if (strcmp(call->captured[0], dis->service->project) != 0) {
        refuse(call, 4117, "[%s]", call->captured[0]);
        return false;
    }
    if (project && strcmp(project, dis->service->project) != 0) {
        refuse(call, 4117, "[X-Project-Id %s]", project);
        return false;
    }
    return true;
}

/* The name of the header with the request's id is that of the gateway; whether the service itself
 * sends one is not known. */
static void add_headers(const struct service *service, struct answer *answer)
{
    (void)service;
    service_random_header(answer, "X-Request-Id", 16, false);
}

/* Unknown paths are answered as the gateway in front of services does. Not verified. */
static void refuse_request(const struct service *service, const struct request *request,
                           struct answer *answer, enum refusal refusal)
{
    (void)service;
    (void)request;
    switch (refusal) {
    case REFUSAL_MALFORMED:
        shape_error(answer, 400, "dis", "DIS.4300", "Request error. [malformed target]");
        break;
    case REFUSAL_TOO_LARGE:
        shape_error(answer, 413, "gateway", "APIGW.0201", "Request entity too large");
        break;
    case REFUSAL_UNKNOWN_CALL:
        shape_error(answer, 404, "gateway", "APIGW.0101",
                    "The API does not exist or has not been published in the environment");
        break;
    }
}

static void reset(void *world)
{
    struct dis *dis = world;

    world_clear(&dis->world);
    iam_reset(&dis->iam);
    dis->lock_after = 0;
    dis->failures_in_row = 0;
    dis->cursors_from_ms = 0;
    dis->failing = (struct failing){0};
}

static void print_stats(const void *world, struct buf *out)
{
    const struct dis *dis = world;

    buf_printf(out, "tokens_issued %llu\n", (unsigned long long)dis->iam.issued);
    buf_printf(out, "wrong_passwords %llu\n", (unsigned long long)dis->iam.wrong_passwords);
}

static const struct manners manners = {
    .quirks = dis_quirks,
    .quirk_count = QUIRK_COUNT,
    .fault_shape = "dis",
    .fault_code = "DIS.5000",
    .fault_message = "System error.",
    .add_headers = add_headers,
    .auth_kind = dis_auth_kind,
    .refuse = refuse_request,
    .reset_world = reset,
    .print_stats = print_stats,
};

static void add_table(struct dis *dis, const struct route *calls, size_t count,
                      bool (*admits)(struct call *call))
{
    service_add_table(dis->service, &(struct table){calls, count, dis, admits});
}

void dis_init(struct dis *dis, struct service *service)
{
    *dis = (struct dis){.service = service, .project_name = must_strdup("eu-de")};
    service_init(service, &manners, dis);
    service_set_project(service, "0123456789abcdef0123456789abcdef");
    world_init(&dis->world);
    iam_init(&dis->iam);
    control_add(service);
    add_table(dis, dis_control_routes, dis_control_route_count, NULL);
    add_table(dis, iam_routes, iam_route_count, NULL);
    add_table(dis, routes, sizeof(routes) / sizeof(routes[0]), admit);
    add_table(dis, seed_routes, seed_route_count, NULL);
}

void dis_release(struct dis *dis)
{
    world_clear(&dis->world);
    iam_release(&dis->iam);
    free(dis->project_name);
    service_release(dis->service);
}
