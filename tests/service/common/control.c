#include "tests/service/common/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/common/service.h"

void control_done(struct call *call)
{
    answer_text(call->answer, 200, "ok\n");
}

void control_wrong(struct call *call, const char *what)
{
    answer_text(call->answer, 400, "wrong or missing: %s\n", what);
}

/* A whole number, also below 0; false when it is none. */
static bool read_number(const char *text, int64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoll(text, &end, 10);
    return !errno && end != text && !*end;
}

bool control_number(struct call *call, const char *name, int64_t *number)
{
    const char *text = request_parameter(call->request, name);

    if (text && read_number(text, number))
        return true;
    control_wrong(call, name);
    return false;
}

/* ---- faults ---- */

static bool set_number(struct fault *fault, const char *name, const char *text)
{
    int64_t number;

    if (!read_number(text, &number) || number < 0 || number > (int64_t)HTTP_ANSWER_MAX)
        return false;
    if (!strcmp(name, "skip"))
        fault->skip = (unsigned)number;
    else if (!strcmp(name, "count"))
        fault->count = (unsigned)number;
    else if (!strcmp(name, "status"))
        fault->status = (unsigned)number;
    else if (!strcmp(name, "delay"))
        fault->delay_ms = number;
    else if (!strcmp(name, "bytes"))
        fault->bytes = (size_t)number;
    else if (!strcmp(name, "interval"))
        fault->interval_ms = number;
    else if (!strcmp(name, "execute"))
        fault->execute = number != 0;
    else if (!strcmp(name, "hold"))
        fault->hold = number != 0;
    else
        return false;
    return true;
}

/* One name and value of a fault; false when they make no sense. */
static bool set_fault(struct fault *fault, const char *name, const char *value)
{
    const struct {
        const char *name;
        char *to;
        size_t room;
    } texts[] = {
        {"method", fault->method, sizeof(fault->method)},
        {"path", fault->path, sizeof(fault->path)},
        {"code", fault->code, sizeof(fault->code)},
        {"message", fault->message, sizeof(fault->message)},
        {"shape", fault->shape, sizeof(fault->shape)},
        {"retry_after", fault->retry_after, sizeof(fault->retry_after)},
        {"type", fault->type, sizeof(fault->type)},
        {"location", fault->location, sizeof(fault->location)},
        {"text", fault->text, sizeof(fault->text)},
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (!strcmp(texts[i].name, name))
            return (size_t)snprintf(texts[i].to, texts[i].room, "%s", value) < texts[i].room;
    if (!strcmp(name, "count") && !strcmp(value, "forever")) {
        fault->forever = true;
        return true;
    }
    return !strcmp(name, "kind") || set_number(fault, name, value);
}

/* What an error of this service usually says. */
static void set_manners(struct fault *fault, const struct manners *manners)
{
    snprintf(fault->shape, sizeof(fault->shape), "%s", manners->fault_shape);
    snprintf(fault->code, sizeof(fault->code), "%s", manners->fault_code);
    snprintf(fault->message, sizeof(fault->message), "%s", manners->fault_message);
}

/* NULL, or what makes no sense. */
static const char *check_fault(const struct manners *manners, const struct fault *fault)
{
    if (fault->status && (fault->status < 200 || fault->status > 999))
        return "status";
    if (manners->refuse_fault)
        return manners->refuse_fault(fault);
    return fault->kind == FAULT_MIXED || fault->kind == FAULT_TLS ? "kind" : NULL;
}

static void arm_fault(struct call *call)
{
    struct service *service = call->service;
    const struct pairs *query = &call->request->query;
    const char *kind = request_parameter(call->request, "kind");
    const char *wrong;
    struct fault fault;

    if (!kind || fault_init(&fault, kind)) {
        control_wrong(call, "kind");
        return;
    }
    set_manners(&fault, service->manners);
    for (size_t i = 0; i < query->count; i++) {
        if (set_fault(&fault, query->items[i].name, query->items[i].value))
            continue;
        control_wrong(call, query->items[i].name);
        return;
    }
    wrong = check_fault(service->manners, &fault);
    if (wrong)
        control_wrong(call, wrong);
    else if (fault_arm(&service->faults, &fault))
        control_wrong(call, "room for another fault");
    else
        control_done(call);
}

static void show_faults(struct call *call)
{
    const struct service *service = call->service;

    answer_text(call->answer, 200, "%s", "");
    faults_print(&service->faults, &call->answer->body);
}

static void clear_faults(struct call *call)
{
    struct service *service = call->service;

    service->faults.count = 0;
    control_done(call);
}

/* ---- quirks ---- */

static void set_quirks(struct call *call)
{
    struct service *service = call->service;
    const struct pairs *query = &call->request->query;

    for (size_t i = 0; i < query->count; i++) {
        if (!quirk_set(&service->quirks, query->items[i].name, query->items[i].value))
            continue;
        control_wrong(call, query->items[i].name);
        return;
    }
    control_done(call);
}

static void show_quirks(struct call *call)
{
    const struct service *service = call->service;

    answer_text(call->answer, 200, "%s", "");
    quirks_print(&service->quirks, &call->answer->body);
}

/* ---- the log ---- */

static void show_log(struct call *call)
{
    const struct service *service = call->service;
    const char *part = request_parameter(call->request, "match");

    answer_text(call->answer, 200, "%s", "");
    log_select(&service->log, part, &call->answer->body);
}

static void count_log(struct call *call)
{
    const struct service *service = call->service;
    const char *part = request_parameter(call->request, "match");

    answer_text(call->answer, 200, "%zu\n", log_select(&service->log, part, NULL));
}

static void clear_log(struct call *call)
{
    struct service *service = call->service;

    log_clear(&service->log);
    control_done(call);
}

static void show_failures(struct call *call)
{
    const struct service *service = call->service;

    answer_text(call->answer, 200, "%s", service->log.failures.data);
}

static void show_stats(struct call *call)
{
    const struct service *service = call->service;
    const struct stats *stats = &service->stats;
    const struct {
        const char *name;
        uint64_t value;
    } lines[] = {
        {"requests", stats->requests},
        {"in_flight", stats->in_flight},
        {"in_flight_most", stats->in_flight_most},
        {"aborted", stats->aborted},
        {"connections", stats->connections},
        {"connections_open", stats->connections_open},
        {"auth_failures", stats->auth_failures},
        {"signature_failures", stats->signature_failures},
        {"log_lines_lost", service->log.lost},
    };

    answer_text(call->answer, 200, "%s", "");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        buf_printf(&call->answer->body, "%s %llu\n", lines[i].name,
                   (unsigned long long)lines[i].value);
    if (service->manners->print_stats)
        service->manners->print_stats(service->world, &call->answer->body);
}

/* ---- time, connections, answers that are held ---- */

static void set_clock(struct call *call)
{
    struct service *service = call->service;
    int64_t seconds;

    if (!control_number(call, "offset", &seconds))
        return;
    if (seconds < -1000000000 || seconds > 1000000000) {
        control_wrong(call, "offset");
        return;
    }
    service->clock_offset_ms = seconds * 1000;
    control_done(call);
}

static void close_idle(struct call *call)
{
    struct service *service = call->service;

    if (service->close_idle)
        service->close_idle(service->server);
    control_done(call);
}

static void let_go(struct call *call)
{
    struct service *service = call->service;

    if (service->let_go)
        service->let_go(service->server);
    control_done(call);
}

static void reset(struct call *call)
{
    service_reset(call->service);
    control_done(call);
}

static void show_calls(struct call *call);

static const struct route routes[] = {
    {"GET", "/_control", show_calls},
    {"POST", "/_control/reset", reset},
    {"POST", "/_control/fault", arm_fault},
    {"GET", "/_control/faults", show_faults},
    {"DELETE", "/_control/faults", clear_faults},
    {"POST", "/_control/quirk", set_quirks},
    {"GET", "/_control/quirks", show_quirks},
    {"GET", "/_control/log", show_log},
    {"GET", "/_control/log/count", count_log},
    {"DELETE", "/_control/log", clear_log},
    {"GET", "/_control/signatures", show_failures},
    {"GET", "/_control/stats", show_stats},
    {"POST", "/_control/clock", set_clock},
    {"POST", "/_control/connections/close", close_idle},
    {"POST", "/_control/release", let_go},
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

/* Also those that only this service has. */
static void show_calls(struct call *call)
{
    const struct service *service = call->service;

    answer_text(call->answer, 200, "%s", "");
    for (size_t i = 0; i < service->table_count; i++) {
        const struct table *table = &service->tables[i];

        for (size_t j = 0; j < table->count; j++)
            if (!strncmp(table->routes[j].pattern, "/_control", 9))
                buf_printf(&call->answer->body, "%s %s\n", table->routes[j].method,
                           table->routes[j].pattern);
    }
}

void control_add(struct service *service)
{
    service_add_table(service, &(struct table){routes, ROUTES, service, NULL});
}
