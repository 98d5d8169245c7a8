#include "tests/service/common/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/rand.h>

#include "base/when.h"
#include "tests/service/common/memory.h"

#define RANDOM_MAX 16

void service_init(struct service *service, const struct manners *manners, void *world)
{
    *service = (struct service){.manners = manners, .world = world};
    service->project = must_strdup("");
    quirks_init(&service->quirks, manners->quirks, manners->quirk_count);
    log_init(&service->log);
}

static void free_key(struct signing_key *key)
{
    free(key->access);
    free(key->secret);
    free(key->security_token);
}

void service_release(struct service *service)
{
    for (size_t i = 0; i < service->key_count; i++)
        free_key(&service->keys[i]);
    free(service->keys);
    free(service->project);
    log_release(&service->log);
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

void service_set_project(struct service *service, const char *project)
{
    free(service->project);
    service->project = must_strdup(project);
}

void service_add_key(struct service *service, const char *access, const char *secret)
{
    service->keys = must_realloc(service->keys, service->key_count + 1, sizeof(*service->keys));
    service->keys[service->key_count++] = (struct signing_key){
        .access = must_strdup(access),
        .secret = must_strdup(secret),
    };
}

void service_keep_last_key(struct service *service)
{
    size_t last = service->key_count - 1;

    for (size_t i = 0; i < last; i++)
        free_key(&service->keys[i]);
    service->keys[0] = service->keys[last];
    service->key_count = 1;
}

void service_set_security_token(struct service *service, const char *token)
{
    struct signing_key *key = &service->keys[service->key_count - 1];

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
    quirks_init(&service->quirks, service->manners->quirks, service->manners->quirk_count);
    service->faults.count = 0;
    service->stats = kept;
    log_clear(&service->log);
    service->manners->reset_world(service->world);
}

static bool is_control(const struct request *request)
{
    return request->segment_count && !strcmp(request->segments[0], "_control");
}

void service_random_header(struct answer *answer, const char *name, size_t bytes, bool upper_case)
{
    unsigned char id[RANDOM_MAX];
    char text[2 * RANDOM_MAX + 1] = "";

    if (bytes > RANDOM_MAX || RAND_bytes(id, (int)bytes) != 1)
        abort();
    for (size_t i = 0; i < bytes; i++)
        snprintf(text + 2 * i, 3, upper_case ? "%02X" : "%02x", id[i]);
    answer_header(answer, name, text);
}

static void add_usual_headers(const struct service *service, struct answer *answer)
{
    time_t now = (time_t)(service_now_ms(service) / 1000);
    struct tm broken;
    char text[64];

    gmtime_r(&now, &broken);
    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &broken);
    answer_header(answer, "Date", text);
    service->manners->add_headers(service, answer);
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

static void dispatch(struct service *service, struct request *request, struct answer *answer)
{
    enum refusal refusal = REFUSAL_UNKNOWN_CALL;

    if (request->malformed)
        refusal = REFUSAL_MALFORMED;
    else if (buf_error(&request->body))
        refusal = REFUSAL_TOO_LARGE;
    else
        for (size_t i = 0; i < service->table_count; i++)
            if (call_table(&service->tables[i], request, answer))
                return;
    service->manners->refuse(service, request, answer, refusal);
}

void service_handle(struct service *service, struct request *request, struct answer *answer)
{
    struct fault fault;

    add_usual_headers(service, answer);
    if (is_control(request)) {
        dispatch(service, request, answer);
        return;
    }
    request->auth = service->manners->auth_kind(request);
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
