#include "tests/simulate/remote.h"

#include <stdlib.h>
#include <string.h>

#include "tests/service/sls/cursor.h"
#include "tests/service/sls/sls.h"
#include "tests/simulate/history.h"
#include "tests/simulate/keys.h"
#include "tests/simulate/network.h"

#define PROJECT "simulated"
#define REGION  "cn-simulated"
#define LATEST  1000000000000000

static struct sls sls;
static struct service service;
static const struct key_names key_names = {"ALIBABA_CLOUD_ACCESS_KEY_ID",
                                           "ALIBABA_CLOUD_ACCESS_KEY_SECRET"};

const char *remote_source(void)
{
    return "sls+http://" PROJECT ".localhost:9";
}

bool remote_can(enum act act)
{
    return act != ACT_DELETE && act != ACT_METADATA;
}

int64_t remote_number(const char *text)
{
    int64_t number;

    return cursor_parse(text, &number) ? number : NOTHING;
}

void remote_throttle(struct answer *answer)
{
    answer_text(answer, 403, "{\"errorCode\":\"WriteQuotaExceed\",\"errorMessage\":\"too many\"}");
}

/* What was carried out */

static bool is_commit(const struct request *request, const struct answer *answer)
{
    const char *type = request_parameter(request, "type");

    return !strcmp(request->method, "POST") && answer->status == 200 && type &&
           !strcmp(type, "checkpoint");
}

static void on_handled(int mount, bool is_late, const struct request *request,
                       const struct answer *answer)
{
    cJSON *json = is_commit(request, answer) ? request_json(request) : NULL;
    const cJSON *shard = cJSON_GetObjectItem(json, "shard");
    const char *checkpoint = cJSON_GetStringValue(cJSON_GetObjectItem(json, "checkpoint"));

    if (cJSON_IsNumber(shard) && checkpoint)
        history_applied((unsigned)shard->valueint, remote_number(checkpoint), "", mount, is_late);
    cJSON_Delete(json);
}

/* The service */

void remote_begin(void)
{
    struct logstore *logstore;

    sls_init(&sls, &service);
    service_set_project(&service, PROJECT);
    service.region = REGION;
    keys_begin(&service, &key_names);
    logstore = world_add_logstore(&sls.world, "orders");
    for (int i = 0; i < HISTORY_PARTITIONS; i++)
        shard_set_bounds(logstore_add_shard(logstore, service_now_ms(&service)), 0, LATEST,
                         service_now_ms(&service));
    logstore_add_group(logstore, "billing", 60, false);
    network_open(&service, on_handled);
}

void remote_end(void)
{
    network_close();
    sls_release(&sls);
}

void remote_consume(unsigned partition, int64_t number)
{
    struct logstore *logstore = world_logstore(&sls.world, "orders");
    struct group *group = logstore_group(logstore, "billing");
    char *checkpoint = cursor_format(number);

    position_commit(group_position(group, logstore, logstore_shard(logstore, partition)),
                    checkpoint, "", service_now_ms(&service) * 1000);
    free(checkpoint);
    history_applied(partition, number, "", NO_MOUNT, false);
}
