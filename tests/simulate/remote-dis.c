#include "tests/simulate/remote.h"

#include <stdlib.h>
#include <string.h>

#include "tests/service/dis/dis.h"
#include "tests/simulate/chance.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/history.h"
#include "tests/simulate/keys.h"
#include "tests/simulate/network.h"
#include "tests/simulate/trace.h"

#define PROJECT    "0123456789abcdef0123456789abcdef"
#define LATEST     1000000000000000
#define EXPIRES_MS 60000 /* at most, until tokens do */

static struct dis dis;
static struct service service;
static const struct key_names key_names = {"HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"};

const char *remote_source(void)
{
    return "dis+http://127.0.0.1:9/" PROJECT;
}

bool remote_can(enum act act)
{
    (void)act;
    return true;
}

const struct history_rules *remote_rules(void)
{
    static const struct history_rules rules = {0};

    return &rules;
}

bool remote_apps_are_of_streams(void)
{
    return false;
}

int64_t remote_number(const char *text)
{
    return strtoll(text, NULL, 10);
}

void remote_throttle(struct answer *answer)
{
    answer_text(answer, 429, "{\"errorCode\":\"DIS.4303\",\"message\":\"too many\"}");
}

/* What was carried out */

static unsigned partition_of(const char *id)
{
    return (unsigned)strtoul(id + strcspn(id, "0123456789"), NULL, 10);
}

static void tell_commit(const struct request *request, int mount, bool is_late)
{
    cJSON *json = request_json(request);
    const char *metadata = cJSON_GetStringValue(cJSON_GetObjectItem(json, "metadata"));
    const char *app = cJSON_GetStringValue(cJSON_GetObjectItem(json, "app_name"));
    const char *partition = cJSON_GetStringValue(cJSON_GetObjectItem(json, "partition_id"));
    const char *number = cJSON_GetStringValue(cJSON_GetObjectItem(json, "sequence_number"));
    unsigned place = partition ? history_place(app, partition_of(partition)) : PLACES;

    if (place != PLACES && number)
        history_applied(place, strtoll(number, NULL, 10), metadata ? metadata : "", mount, is_late);
    cJSON_Delete(json);
}

static void tell_deletion(const struct request *request, int mount, bool is_late)
{
    const char *app = request_parameter(request, "app_name");
    const char *partition = request_parameter(request, "partition_id");
    unsigned place = partition ? history_place(app, partition_of(partition)) : PLACES;

    if (place != PLACES)
        history_applied(place, NOTHING, "", mount, is_late);
}

static void on_checkpoint(const struct request *request, const struct answer *answer, int mount,
                          bool is_late)
{
    if (!strcmp(request->method, "POST") && answer->status == 201)
        tell_commit(request, mount, is_late);
    else if (!strcmp(request->method, "DELETE") && answer->status == 204)
        tell_deletion(request, mount, is_late);
}

/* There is one app that mounts make and remove. */
static void on_app(const struct request *request, const struct answer *answer, int mount,
                   bool is_late)
{
    if (!strcmp(request->method, "POST") && answer->status == 201)
        history_made(THING_APP, mount, is_late);
    else if (!strcmp(request->method, "DELETE") && answer->status == 204)
        history_removed(THING_APP, mount, is_late);
}

static void on_handled(int mount, bool is_late, const struct request *request,
                       const struct answer *answer)
{
    const char *what = request->segment_count > 2 ? request->segments[2] : "";

    if (!strcmp(what, "checkpoints"))
        on_checkpoint(request, answer, mount, is_late);
    else if (!strcmp(what, "apps"))
        on_app(request, answer, mount, is_late);
}

/* Who may ask */

static void expire_tokens(void *user)
{
    uint64_t how = chance_below(3);

    (void)user;
    if (keys_are_settled())
        return;
    if (how == 1)
        iam_expire_all(&dis.iam, service_now_ms(&service));
    else if (how == 2)
        iam_revoke_all(&dis.iam);
    if (how)
        trace("  no token is valid any more");
    clock_after(1 + (int64_t)chance_below(EXPIRES_MS), expire_tokens, NULL);
}

static void use_password(void)
{
    if (iam_add_user(&dis.iam, "user", "password", "domain"))
        abort();
    keys_begin_without("OS_USERNAME = user\nOS_PASSWORD = password\nOS_USER_DOMAIN_NAME = domain\n"
                       "OS_AUTH_URL = http://127.0.0.1:9/v3\n");
    expire_tokens(NULL);
}

/* The service */

void remote_begin(void)
{
    struct stream *stream;

    dis_init(&dis, &service);
    service_set_project(&service, PROJECT);
    if (chance_once_in(3))
        use_password();
    else
        keys_begin(&service, &key_names);
    world_add_app(&dis.world, APP_THAT_STAYS, service_now_ms(&service));
    stream = world_add_stream(&dis.world, THE_STREAM, HISTORY_PARTITIONS, service_now_ms(&service));
    for (size_t i = 0; i < HISTORY_PARTITIONS; i++)
        partition_set_bounds(&dis.world, &stream->partitions[i], 0, LATEST,
                             service_now_ms(&service));
    network_open(&service, on_handled);
}

void remote_end(void)
{
    network_close();
    dis_release(&dis);
}

void remote_consume(unsigned place, int64_t number)
{
    bool stays = place < HISTORY_PARTITIONS;
    struct app *app = world_app(&dis.world, stays ? APP_THAT_STAYS : APP_THAT_GOES);

    if (!app)
        return;
    app_commit(app, world_stream(&dis.world, THE_STREAM), place % HISTORY_PARTITIONS, number, NULL);
    history_consumed(place, number, false);
}
