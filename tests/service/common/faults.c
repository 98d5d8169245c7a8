#include "tests/service/common/faults.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/service/common/memory.h"
#include "tests/service/common/shapes.h"

static const struct {
    const char *name;
    bool execute;
    unsigned status;
    size_t bytes;
    int64_t interval_ms;
} kinds[] = {
    [FAULT_DELAY] = {"delay", true, 0, 0, 0},
    [FAULT_STATUS] = {"status", false, 500, 0, 0},
    [FAULT_RESET] = {"reset", false, 0, 0, 0},
    [FAULT_RESET_MIDDLE] = {"reset-middle", true, 0, 0, 0},
    [FAULT_CLOSE_MIDDLE] = {"close-middle", true, 0, 0, 0},
    [FAULT_CLOSE] = {"close", true, 0, 0, 0},
    [FAULT_TRUNCATED] = {"truncated", true, 0, 0, 0},
    [FAULT_GARBAGE] = {"garbage", false, 200, 0, 0},
    [FAULT_HTML] = {"html", false, 502, 0, 0},
    [FAULT_BODY] = {"body", false, 200, 0, 0},
    [FAULT_WRONG_TYPE] = {"wrong-type", true, 0, 0, 0},
    [FAULT_DRIP] = {"drip", true, 0, 1, 100},
    [FAULT_HUGE] = {"huge", true, 0, (size_t)17 * 1024 * 1024, 0},
    [FAULT_NEVER] = {"never", false, 0, 0, 0},
    [FAULT_HANG_UP] = {"hang-up", false, 0, 0, 0},
    [FAULT_RAW] = {"raw", false, 200, 0, 0},
    [FAULT_ENDLESS] = {"endless", true, 0, 0, 0},
    [FAULT_MIXED] = {"mixed", true, 0, 0, 0},
    [FAULT_TLS] = {"tls", false, 0, 0, 0},
};

int fault_init(struct fault *fault, const char *kind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, kind) != 0)
            continue;
        *fault = (struct fault){
            .kind = (enum fault_kind)i,
            .count = 1,
            .execute = kinds[i].execute,
            .status = kinds[i].status,
            .type = "application/json",
            .bytes = kinds[i].bytes,
            .interval_ms = kinds[i].interval_ms,
        };
        return 0;
    }
    return -EINVAL;
}

static void drop_used(struct faults *faults)
{
    size_t kept = 0;

    for (size_t i = 0; i < faults->count; i++)
        if (faults->items[i].count || faults->items[i].forever)
            faults->items[kept++] = faults->items[i];
    faults->count = kept;
}

int fault_arm(struct faults *faults, const struct fault *fault)
{
    drop_used(faults);
    if (faults->count == FAULTS_MAX)
        return -ENOSPC;
    faults->items[faults->count++] = *fault;
    return 0;
}

/* Whether the fault hits this request; counts it. */
static bool hits(struct fault *fault, const struct request *request)
{
    if (!fault->count && !fault->forever)
        return false;
    if (*fault->method && strcmp(fault->method, request->method) != 0)
        return false;
    if (!strstr(request->target, fault->path))
        return false;
    if (fault->skip) {
        fault->skip--;
        return false;
    }
    if (!fault->forever)
        fault->count--;
    return true;
}

void faults_meet(struct faults *faults, const struct request *request, struct fault *met)
{
    int64_t delay_ms = 0;
    bool hold = false;
    bool found = false;

    fault_init(met, "delay");
    for (size_t i = 0; i < faults->count; i++) {
        struct fault *fault = &faults->items[i];

        if (found && fault->kind != FAULT_DELAY)
            continue;
        if (!hits(fault, request))
            continue;
        delay_ms += fault->delay_ms;
        hold |= fault->hold;
        if (fault->kind != FAULT_DELAY) {
            *met = *fault;
            found = true;
        }
    }
    met->delay_ms = delay_ms;
    met->hold = hold;
}

static void apply_status(const struct fault *fault, struct answer *answer)
{
    if (!strcmp(fault->shape, "none"))
        answer_empty(answer, fault->status);
    else
        shape_error(answer, fault->status, fault->shape, fault->code, fault->message);
    if (*fault->retry_after)
        answer_header(answer, "Retry-After", fault->retry_after);
}

static void apply_garbage(const struct fault *fault, struct answer *answer)
{
    static const char bytes[] = "\x1f\x8b\x00\xff{\"sequence_number\":\"1\"\x00\xc3\x28 <>";

    answer->status = fault->status;
    answer_body(answer, "application/json", bytes, sizeof(bytes) - 1);
}

static void apply_html(const struct fault *fault, struct answer *answer)
{
    static const char page[] =
        "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n"
        "<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n";

    answer->status = fault->status;
    answer_body(answer, "text/html", page, sizeof(page) - 1);
}

static void apply_body(const struct fault *fault, struct answer *answer)
{
    answer->status = fault->status;
    answer_body(answer, fault->type, fault->text, strlen(fault->text));
}

/* A value of another type: text for numbers, numbers for text, and so on. */
static cJSON *other_type(const cJSON *value)
{
    if (cJSON_IsString(value))
        return cJSON_CreateObject();
    if (cJSON_IsArray(value))
        return cJSON_CreateString("not an array");
    if (cJSON_IsBool(value))
        return cJSON_CreateArray();
    if (cJSON_IsObject(value))
        return cJSON_CreateNumber(7);
    return cJSON_CreateTrue();
}

static cJSON *other_types(const cJSON *object)
{
    cJSON *result = must(cJSON_CreateObject());
    const cJSON *value;

    cJSON_ArrayForEach(value, object)
        cJSON_AddItemToObject(result, value->string, must(other_type(value)));
    return result;
}

/* Of an array, each object in it has values of other types, and everything else another type. */
static void apply_wrong_type(struct answer *answer)
{
    cJSON *json = cJSON_Parse(answer->body.data);
    cJSON *result = NULL;
    const cJSON *item;

    if (cJSON_IsObject(json))
        result = other_types(json);
    if (cJSON_IsArray(json)) {
        result = must(cJSON_CreateArray());
        cJSON_ArrayForEach(item, json) cJSON_AddItemToArray(
            result, cJSON_IsObject(item) ? other_types(item) : must(other_type(item)));
    }
    if (result)
        answer_json(answer, answer->status, result);
    cJSON_Delete(json);
}

static void apply_delivery(const struct fault *fault, struct answer *answer)
{
    static const enum delivery deliveries[] = {
        [FAULT_RESET] = DELIVER_RESET,
        [FAULT_RESET_MIDDLE] = DELIVER_RESET_MIDDLE,
        [FAULT_CLOSE_MIDDLE] = DELIVER_CLOSE_MIDDLE,
        [FAULT_DRIP] = DELIVER_DRIP,
        [FAULT_NEVER] = DELIVER_NEVER,
        [FAULT_HANG_UP] = DELIVER_HANG_UP,
        [FAULT_RAW] = DELIVER_RAW,
        [FAULT_ENDLESS] = DELIVER_ENDLESS,
    };

    answer->delivery = deliveries[fault->kind];
    answer->drip_bytes = fault->bytes ? fault->bytes : 1;
    answer->drip_ms = fault->interval_ms;
}

void fault_apply(const struct fault *fault, struct answer *answer)
{
    answer->delay_ms += fault->delay_ms;
    answer->held = fault->hold;
    switch (fault->kind) {
    case FAULT_DELAY:
    case FAULT_MIXED:
    case FAULT_TLS:
        break;
    case FAULT_STATUS:
        apply_status(fault, answer);
        break;
    case FAULT_CLOSE:
        answer_header(answer, "Connection", "close");
        break;
    case FAULT_TRUNCATED:
        buf_resize(&answer->body, answer->body.size / 2);
        break;
    case FAULT_GARBAGE:
        apply_garbage(fault, answer);
        break;
    case FAULT_HTML:
        apply_html(fault, answer);
        break;
    case FAULT_BODY:
        apply_body(fault, answer);
        break;
    case FAULT_RAW:
        apply_body(fault, answer);
        apply_delivery(fault, answer);
        break;
    case FAULT_WRONG_TYPE:
        apply_wrong_type(answer);
        break;
    case FAULT_HUGE:
        answer->pad_to = fault->bytes;
        break;
    case FAULT_RESET:
    case FAULT_RESET_MIDDLE:
    case FAULT_CLOSE_MIDDLE:
    case FAULT_DRIP:
    case FAULT_NEVER:
    case FAULT_HANG_UP:
    case FAULT_ENDLESS:
        apply_delivery(fault, answer);
        break;
    }
    if (*fault->location)
        answer_header(answer, "Location", fault->location);
}

void faults_print(const struct faults *faults, struct buf *out)
{
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->items[i];

        if (!fault->count && !fault->forever)
            continue;
        buf_printf(out, "%s method=%s path=%s skip=%u count=", kinds[fault->kind].name,
                   *fault->method ? fault->method : "*", *fault->path ? fault->path : "*",
                   fault->skip);
        if (fault->forever)
            buf_puts(out, "forever");
        else
            buf_printf(out, "%u", fault->count);
        buf_printf(out, " status=%u delay=%lld\n", fault->status, (long long)fault->delay_ms);
    }
}
