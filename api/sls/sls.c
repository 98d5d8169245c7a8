#include "api/sls/sls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "api/service/secret.h"
#include "api/sls/auth.h"
#include "api/sls/client.h"
#include "api/sls/cursor.h"
#include "api/sls/groups.h"

/* That of the official consumer library for Java. */
#define GROUP_TIMEOUT 60

#define GROUP_TIMEOUT_MAX 86400

/* Credentials */

static void sls_reload(struct backend *backend)
{
    struct sls *sls = (struct sls *)backend;
    struct sls_credentials fresh;
    struct error error = {0};

    sls_credentials_load(sls->service.credentials_file, &fresh, &error);
    sls_use_credentials(sls, &fresh, &error);
    sls_groups_drop(sls->groups);
    sls->shards = (struct sls_shards){0};
    http_reload(sls->service.http);
}

/* Opening */

static void close_sls(struct backend *backend)
{
    struct sls *sls = (struct sls *)backend;

    sls_groups_free(sls->groups);
    service_close(&sls->service);
    sls_credentials_release(&sls->credentials);
    sls_credentials_release(&sls->former);
    free(sls->region);
    free(sls->consumer);
    OPENSSL_cleanse(sls, sizeof(*sls));
    free(sls);
}

static const struct backend_operations operations = {
    .list_apps = sls_list_apps,
    .find_app = sls_find_app,
    .create_app = sls_create_app,
    .delete_app = sls_delete_app,
    .list_streams = sls_list_streams,
    .describe_stream = sls_describe_stream,
    .get_states = sls_get_states,
    .get_bounds = sls_get_bounds,
    .get_state = sls_get_state,
    .get_checkpoint = sls_get_checkpoint,
    .commit = sls_commit,
    .get_cursor = sls_get_cursor,
    .locate = sls_locate,
    .read_records = sls_read_records,
    .append_records = sls_append_records,
    .parse_sequence = sls_parse_sequence,
    .to_decimal = sls_cursor_decode,
    .takes_app = name_is_app,
    .takes_stream = name_is_stream,
    .reload = sls_reload,
    .close = close_sls,
};

/* "log.aliyuncs.com" alone names no region: then the project was forgotten, not the region. */
static bool has_project(const char *name)
{
    const char *rest = strchr(name, '.');

    return rest && rest != name && rest[1] && strcmp(rest, ".log.aliyuncs.com") != 0 &&
           strcmp(rest, ".sls.aliyuncs.com") != 0 && name[strspn(name, "0123456789.")];
}

/* Reads "PROJECT.ENDPOINT[:PORT]". */
static int sls_parse_source(const char *scheme, const char *rest, struct endpoint *endpoint,
                            struct error *error)
{
    char url[1024];
    int status;

    snprintf(url, sizeof(url), "%s://%s", scheme, rest);
    status = strlen(rest) > 512 ? -EINVAL : endpoint_parse(url, endpoint, error);
    if (status == -ENOMEM)
        return status;
    if (status || (*endpoint->path && strcmp(endpoint->path, "/") != 0) ||
        !has_project(endpoint->name))
        return error_set(error, EINVAL,
                         "the source must be sls://PROJECT.ENDPOINT, as in "
                         "sls://my-project.cn-hangzhou.log.aliyuncs.com");
    return 0;
}

static void cut_end(char *text, const char *end)
{
    if (service_name_ends(text, end))
        text[strlen(text) - strlen(end)] = '\0';
}

/* The region in "PROJECT.REGION.log.aliyuncs.com"; "" for another host. */
static void find_region(const char *name, char *region, size_t room)
{
    static const char *const ends[] = {"-intranet", "-share", "-vpc"};
    const char *rest = strchr(name, '.');
    size_t length;

    snprintf(region, room, "%s", rest ? rest + 1 : "");
    length = strlen(region);
    cut_end(region, ".log.aliyuncs.com");
    cut_end(region, ".sls.aliyuncs.com");
    if (strlen(region) == length)
        *region = '\0';
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        cut_end(region, ends[i]);
}

static int sls_set_signature(struct sls *sls, const struct backend_options *options,
                             const struct endpoint *endpoint, struct error *error)
{
    const char *given = backend_setting(options, "signature");
    const char *region = backend_setting(options, "region");
    char found[256];

    if (given && strcmp(given, "v1") != 0 && strcmp(given, "v4") != 0)
        return error_set(error, EINVAL, "signature=%.40s: it can be v1 or v4", given);
    find_region(endpoint->name, found, sizeof(found));
    if (!region && *found)
        region = found;
    if (!region)
        region = sls->credentials.region;
    if (given && !strcmp(given, "v4") && !region)
        return error_set(error, EINVAL, "signature=v4 needs a region: add -o region=REGION");
    sls->key.signature = (given ? !strcmp(given, "v4") : region != NULL) ? SLS_V4 : SLS_V1;
    sls->region = strdup(region ? region : "");
    if (!sls->region)
        return error_set(error, ENOMEM, "no memory");
    sls->key.region = sls->region;
    return 0;
}

static int sls_set_groups(struct sls *sls, const struct backend_options *options,
                          struct error *error)
{
    const char *text = backend_setting(options, "group_timeout");
    const char *consumer = backend_setting(options, "consumer");
    char *end;
    unsigned long seconds = text ? strtoul(text, &end, 10) : GROUP_TIMEOUT;

    if (text && (*text < '0' || *text > '9' || *end || !seconds || seconds > GROUP_TIMEOUT_MAX))
        return error_set(error, EINVAL,
                         "group_timeout=%.40s is not a number of seconds from 1 to %d", text,
                         GROUP_TIMEOUT_MAX);
    sls->group_timeout = (unsigned)seconds;
    sls->group_order = backend_setting(options, "group_order") != NULL;
    if (consumer && !*consumer)
        return error_set(error, EINVAL, "consumer= is empty: leave it out to commit as nobody");
    sls->consumer = consumer ? strdup(consumer) : NULL;
    if (consumer && !sls->consumer)
        return error_set(error, ENOMEM, "no memory");
    sls->service.backend.is_forced = !sls->consumer;
    return 0;
}

static int sls_set_credentials(struct sls *sls, struct error *error)
{
    int status;

    secret_guard_process();
    status = sls_credentials_load(sls->service.credentials_file, &sls->credentials, error);
    sls_set_key(sls);
    return status;
}

static struct sls *new_sls(const struct backend_options *options)
{
    struct sls *sls = calloc(1, sizeof(*sls));

    if (!sls)
        return NULL;
    sls->service.protocol = &sls_protocol;
    sls->service.backend = (struct backend){
        .operations = &operations,
        .loop = options->loop,
        .abilities = APP_IS_OF_STREAM | CAN_GIVE_CURSOR | CAN_READ_RECORDS | CAN_APPEND_RECORDS,
        .checkpoint_is_next = true,
        .checks_no_range = true,
        .range_advice = backend_setting(options, "any")
                            ? NULL
                            : "mount with -o any to commit it all the same, or write its cursor",
        .states_lack_bounds = true,
        .states_lack_details = true,
    };
    sls->groups = sls_groups_new(sls);
    if (sls->groups)
        return sls;
    free(sls);
    return NULL;
}

static int set_up_sls(struct sls *sls, const struct backend_options *options,
                      const struct endpoint *endpoint, struct error *error)
{
    int status = service_open(&sls->service, options, endpoint, error);

    if (!status)
        status = sls_set_groups(sls, options, error);
    if (!status)
        status = sls_set_credentials(sls, error);
    if (!status)
        status = sls_set_signature(sls, options, endpoint, error);
    return status;
}

static int open_sls(const char *rest, bool plain, const struct backend_options *options,
                    struct backend **backend, struct error *error)
{
    struct endpoint endpoint = {0};
    struct sls *sls;
    int status = sls_parse_source(plain ? "http" : "https", rest, &endpoint, error);

    if (status)
        return status;
    sls = new_sls(options);
    if (!sls)
        return error_set(error, ENOMEM, "no memory");
    status = set_up_sls(sls, options, &endpoint, error);
    if (status) {
        close_sls(&sls->service.backend);
        return status;
    }
    if (plain && !endpoint.loopback)
        sls->service.backend.warning =
            "sls+http: sends checkpoints, and the token of a temporary key, unencrypted";
    *backend = &sls->service.backend;
    return 0;
}

static const struct backend_option sls_options[] = {
    SERVICE_OPTIONS,
    {"signature", OPTION_TEXT, "NAME", "how requests are signed: v1 or v4"},
    {"region", OPTION_TEXT, "NAME", "the region in the signature v4"},
    {"any", OPTION_FLAG, NULL, "commit decimals outside what is kept, too"},
    {"consumer", OPTION_TEXT, "NAME", "commit as that consumer if it holds the shard"},
    {"group_timeout", OPTION_TEXT, "SECONDS", "of the consumer groups that mkdir makes"},
    {"group_order", OPTION_FLAG, NULL, "the same: read split shards in their order"},
    {0},
};

const struct backend_type sls_backend = {
    .name = "sls",
    .prefix = "sls://",
    .plain_prefix = "sls+http://",
    .source = "sls://PROJECT.ENDPOINT",
    .help = "Alibaba Cloud SLS; its consumer groups are the apps",
    .options = sls_options,
    .guard = secret_guard_process,
    .open = open_sls,
};
