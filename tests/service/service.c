#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/rand.h>

#include "auth.h"
#include "base/when.h"
#include "memory.h"
#include "shapes.h"

void service_init(struct service *service)
{
    *service = (struct service){0};
    service->project = must_strdup("0123456789abcdef0123456789abcdef");
    service->project_name = must_strdup("eu-de");
    service->scope_service = "";
    log_init(&service->log);
    iam_init(&service->iam);
}

void service_release(struct service *service)
{
    for (size_t i = 0; i < service->key_count; i++) {
        free(service->keys[i].access);
        free(service->keys[i].secret);
        free(service->keys[i].security_token);
    }
    free(service->keys);
    free(service->project);
    free(service->project_name);
    log_release(&service->log);
    iam_release(&service->iam);
}

int64_t service_now_ms(const struct service *service)
{
    return when_now() / 1000000 + service->clock_offset_ms;
}

void service_add_table(struct service *service, const struct table *table)
{
    if (service->table_count == SERVICE_TABLES_MAX)
        abort();
    service->tables[service->table_count++] = *table;
}

void service_add_key(struct service *service, const char *access, const char *secret)
{
    service->keys = must_realloc(service->keys, service->key_count + 1, sizeof(*service->keys));
    service->keys[service->key_count++] = (struct signature_key){
        .access = must_strdup(access),
        .secret = must_strdup(secret),
    };
}

void service_set_security_token(struct service *service, const char *token)
{
    struct signature_key *key = &service->keys[service->key_count - 1];

    free(key->security_token);
    key->security_token = must_strdup(token);
}

void service_reset(struct service *service)
{
    struct stats kept = {
        .in_flight = service->stats.in_flight,
        .connections_open = service->stats.connections_open,
    };

    service->clock_offset_ms = 0;
    service->lock_after = 0;
    service->failures_in_row = 0;
    service->quirks = (struct quirks){0};
    service->faults.count = 0;
    service->stats = kept;
    log_clear(&service->log);
    iam_revoke_all(&service->iam);
    service->iam.issued = 0;
    service->iam.wrong_passwords = 0;
    service->iam.lifetime_ms = 24LL * 3600 * 1000;
    service->reset_world(service->world);
}

static bool is_control(const struct request *request)
{
    return request->segment_count && !strcmp(request->segments[0], "_control");
}

/* The name of the header with the request's id is that of the gateway; whether the service itself
 * sends one is not known. */
static void add_usual_headers(const struct service *service, struct answer *answer)
{
    time_t now = (time_t)(service_now_ms(service) / 1000);
    unsigned char id[16];
    struct tm broken;
    char text[64];

    gmtime_r(&now, &broken);
    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &broken);
    answer_header(answer, "Date", text);
    if (RAND_bytes(id, sizeof(id)) != 1)
        abort();
    for (size_t i = 0; i < sizeof(id); i++)
        snprintf(text + 2 * i, 3, "%02x", id[i]);
    answer_header(answer, "X-Request-Id", text);
}

static bool call_table(const struct table *table, struct request *request, struct answer *answer)
{
    struct call call = {.service = table->user, .request = request, .answer = answer};
    const struct route *route = route_find(table->routes, table->count, &call);

    if (!route)
        return false;
    if (!table->admit || table->admit(&call))
        route->handler(&call);
    return true;
}

/* Unknown paths are answered as the gateway in front of services does. Not verified. */
static void dispatch(struct service *service, struct request *request, struct answer *answer)
{
    if (request->malformed) {
        shape_error(answer, 400, "dis", "DIS.4300", "Request error. [malformed target]");
        return;
    }
    if (buf_error(&request->body)) {
        shape_error(answer, 413, "gateway", "APIGW.0201", "Request entity too large");
        return;
    }
    for (size_t i = 0; i < service->table_count; i++)
        if (call_table(&service->tables[i], request, answer))
            return;
    shape_error(answer, 404, "gateway", "APIGW.0101",
                "The API does not exist or has not been published in the environment");
}

void service_handle(struct service *service, struct request *request, struct answer *answer)
{
    struct fault fault;

    add_usual_headers(service, answer);
    if (is_control(request)) {
        dispatch(service, request, answer);
        return;
    }
    request->auth = auth_kind(request);
    service->stats.requests++;
    if (++service->stats.in_flight > service->stats.in_flight_most)
        service->stats.in_flight_most = service->stats.in_flight;
    faults_meet(&service->faults, request, &fault);
    if (fault.execute)
        dispatch(service, request, answer);
    fault_apply(&fault, answer);
    log_request(&service->log, request, answer);
}

void service_finished(struct service *service, const struct request *request, bool in_full)
{
    if (is_control(request))
        return;
    service->stats.in_flight--;
    if (!in_full)
        service->stats.aborted++;
}
