#include "tests/simulate/remote.h"

#include <stdlib.h>
#include <string.h>

#include "tests/service/sls/cursor.h"
#include "tests/service/sls/sls.h"
#include "tests/simulate/chance.h"
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

const struct history_rules *remote_rules(void)
{
    static const struct history_rules rules = {.removes_with_checkpoints = true};

    return &rules;
}

bool remote_apps_are_of_streams(void)
{
    return true;
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

static bool is_commit(const struct request *request)
{
    const char *type = request_parameter(request, "type");

    return !strcmp(request->method, "POST") && type && !strcmp(type, "checkpoint");
}

static void tell_commit(const struct request *request, int mount, bool is_late)
{
    cJSON *json = request_json(request);
    const cJSON *shard = cJSON_GetObjectItem(json, "shard");
    const char *checkpoint = cJSON_GetStringValue(cJSON_GetObjectItem(json, "checkpoint"));
    unsigned place =
        cJSON_IsNumber(shard) ? history_place(request->segments[3], shard->valueint) : PLACES;

    if (place != PLACES && checkpoint)
        history_applied(place, remote_number(checkpoint), "", mount, is_late);
    cJSON_Delete(json);
}

static void on_handled(int mount, bool is_late, const struct request *request,
                       const struct answer *answer)
{
    bool is_of_groups =
        request->segment_count > 2 && !strcmp(request->segments[2], "consumergroups");
    bool is_of_one = request->segment_count > 3;

    if (!is_of_groups || answer->status != 200)
        return;
    if (is_of_one && is_commit(request))
        tell_commit(request, mount, is_late);
    else if (is_of_one && !strcmp(request->method, "DELETE"))
        history_removed(THING_APP, mount, is_late);
    else if (!is_of_one && !strcmp(request->method, "POST"))
        history_made(THING_APP, mount, is_late);
}

/* The service */

void remote_begin(void)
{
    struct logstore *logstore;

    sls_init(&sls, &service);
    service_set_project(&service, PROJECT);
    service.region = REGION;
    keys_begin(&service, &key_names);
    logstore = world_add_logstore(&sls.world, THE_STREAM);
    for (int i = 0; i < HISTORY_PARTITIONS; i++)
        shard_set_bounds(logstore_add_shard(logstore, service_now_ms(&service)), 0, LATEST,
                         service_now_ms(&service));
    logstore_add_group(logstore, APP_THAT_STAYS, 60, false);
    network_open(&service, on_handled);
}

void remote_end(void)
{
    network_close();
    sls_release(&sls);
}

/* One that gave its name, now and then: as long as it is alive its group is not removed. */
void remote_consume(unsigned place, int64_t number)
{
    struct logstore *logstore = world_logstore(&sls.world, THE_STREAM);
    bool stays = place < HISTORY_PARTITIONS;
    struct group *group = logstore_group(logstore, stays ? APP_THAT_STAYS : APP_THAT_GOES);
    bool has_name = !stays && chance_once_in(8);
    struct shard *shard = logstore_shard(logstore, place % HISTORY_PARTITIONS);
    char *checkpoint;

    if (!group)
        return;
    checkpoint = cursor_format(number);
    position_commit(group_position(group, logstore, shard), checkpoint, has_name ? "worker" : "",
                    service_now_ms(&service) * 1000);
    free(checkpoint);
    history_consumed(place, number, has_name);
}
