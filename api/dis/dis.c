#include "api/dis/dis.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "api/dis/auth.h"
#include "api/dis/client.h"
#include "api/service/secret.h"

/* The API reference: at most 1000 characters, not bytes. */
#define METADATA_MAX 1000

#define OTC_DOMAIN    ".otc.t-systems.com"
#define HUAWEI_DOMAIN ".myhuaweicloud.com"

/* Numbers */

static int dis_parse_sequence(const char *text, char sequence[static SEQUENCE_MAX + 1],
                              struct error *error)
{
    char decimal[DECIMAL_ROOM];
    char most[24];

    if (!decimal_is_unsigned(text) || decimal_normalize(decimal, text))
        return error_set(error, EINVAL, "\"%.60s\" is not a sequence number", text);
    snprintf(most, sizeof(most), "%" PRId64, INT64_MAX);
    if (decimal_compare(decimal, most) > 0)
        return error_set(error, ERANGE, "%.100s is out of range: the greatest is %s", text, most);
    snprintf(sequence, SEQUENCE_MAX + 1, "%s", decimal);
    return 0;
}

static int dis_to_decimal(const char *sequence, char decimal[static DECIMAL_ROOM])
{
    return decimal_is_unsigned(sequence) && !decimal_normalize(decimal, sequence) ? 0 : -EBADMSG;
}

/* Credentials */

static void dis_reload(struct backend *backend)
{
    struct dis *dis = (struct dis *)backend;
    struct dis_credentials fresh;
    struct error error = {0};

    dis_credentials_load(dis->service.credentials_file, &fresh, &error);
    dis_use_credentials(dis, &fresh, &error);
}

/* Opening */

static void close_dis(struct backend *backend)
{
    struct dis *dis = (struct dis *)backend;

    dis_token_free(dis->token);
    dis_kept_clear(&dis->kept);
    service_close(&dis->service);
    dis_credentials_release(&dis->credentials);
    dis_credentials_release(&dis->former);
    free(dis->region);
    free(dis->signed_service);
    OPENSSL_cleanse(dis, sizeof(*dis));
    free(dis);
}

static const struct backend_operations operations = {
    .list_apps = dis_list_apps,
    .find_app = dis_find_app,
    .create_app = dis_create_app,
    .delete_app = dis_delete_app,
    .list_streams = dis_list_streams,
    .describe_stream = dis_describe_stream,
    .get_states = dis_get_states,
    .get_state = dis_get_state,
    .get_checkpoint = dis_get_checkpoint,
    .commit = dis_commit,
    .delete_checkpoint = dis_delete_checkpoint,
    .get_cursor = dis_get_cursor,
    .locate = dis_locate,
    .read_records = dis_read_records,
    .append_records = dis_append_records,
    .parse_sequence = dis_parse_sequence,
    .to_decimal = dis_to_decimal,
    .takes_app = name_is_app,
    .takes_stream = name_is_stream,
    .reload = dis_reload,
    .close = close_dis,
};

/* Reads "HOST[:PORT]/PROJECT_ID". */
static int dis_set_source(struct dis *dis, const char *scheme, const char *rest,
                          struct endpoint *endpoint, struct error *error)
{
    char url[1024];
    char *project = endpoint->path + 1;
    size_t length;
    int status;

    snprintf(url, sizeof(url), "%s://%s", scheme, rest);
    status = strlen(rest) > 512 ? -EINVAL : endpoint_parse(url, endpoint, error);
    if (status == -EINVAL)
        return error_set(error, EINVAL, "the source must be dis://HOST[:PORT]/PROJECT_ID");
    if (status)
        return status;
    length = strlen(project);
    if (length && project[length - 1] == '/')
        project[--length] = '\0';
    if (!length || length >= sizeof(dis->project) || !name_is_app(project))
        return error_set(error, EINVAL,
                         "the source must end in the project's id: %s://%.200s/PROJECT_ID",
                         strcmp(scheme, "http") ? "dis" : "dis+http", endpoint->host);
    memcpy(dis->project, project, length + 1);
    snprintf(dis->service.root, sizeof(dis->service.root), "/v2/%s", dis->project);
    return 0;
}

/* The region in "dis.REGION.myhuaweicloud.com", as long as it lasts; "" for another host. */
static void region_of(const char *name, char *region, size_t room)
{
    const char *label = strchr(name, '.');

    *region = '\0';
    if (label && service_name_ends(name, HUAWEI_DOMAIN))
        snprintf(region, room, "%.*s", (int)strcspn(label + 1, "."), label + 1);
}

static int dis_set_signature(struct dis *dis, const struct backend_options *options,
                             const struct endpoint *endpoint, struct error *error)
{
    const char *given = backend_setting(options, "signature");
    const char *wanted = backend_setting(options, "region");
    const char *service = backend_setting(options, "service");
    bool otc = service_name_ends(endpoint->name, OTC_DOMAIN);
    char region[256];

    if (given && strcmp(given, "access") != 0 && strcmp(given, "credential") != 0)
        return error_set(error, EINVAL, "signature=%.40s: it can be access or credential", given);
    dis->key.variant =
        (given ? !strcmp(given, "credential") : otc) ? DIS_SIGN_CREDENTIAL : DIS_SIGN_ACCESS;
    region_of(endpoint->name, region, sizeof(region));
    dis->region = strdup(wanted ? wanted : region);
    dis->signed_service = strdup(service ? service : otc ? "" : "dis");
    if (!dis->region || !dis->signed_service)
        return error_set(error, ENOMEM, "no memory");
    dis->key.region = dis->region;
    dis->key.service = dis->signed_service;
    return 0;
}

static int dis_set_credentials(struct dis *dis, struct error *error)
{
    int status;

    secret_guard_process();
    status = dis_credentials_load(dis->service.credentials_file, &dis->credentials, error);
    if (!status)
        status = dis_token_new(&dis->service.http_options, &dis->credentials, dis->project,
                               &dis->token, error);
    dis_set_key(dis);
    return status;
}

static struct dis *new_dis(const struct backend_options *options)
{
    struct dis *dis = calloc(1, sizeof(*dis));

    if (!dis)
        return NULL;
    dis_kept_init(&dis->kept);
    dis->service.protocol = &dis_protocol;
    dis->service.backend = (struct backend){
        .operations = &operations,
        .loop = options->loop,
        .abilities = CAN_STORE_METADATA | CAN_MAKE_APP | CAN_DELETE_APP | CAN_DELETE_CHECKPOINT |
                     CAN_GIVE_CURSOR | CAN_READ_RECORDS | CAN_APPEND_RECORDS | RECORDS_ARE_BYTES,
        .metadata_max = METADATA_MAX,
        .checkpoint_is_next = options->checkpoint_is_next,
        .deletes_in_silence = true,
    };
    return dis;
}

static int open_dis(const char *rest, bool plain, const struct backend_options *options,
                    struct backend **backend, struct error *error)
{
    struct dis *dis = new_dis(options);
    struct endpoint endpoint = {0};
    int status;

    if (!dis)
        return error_set(error, ENOMEM, "no memory");
    status = dis_set_source(dis, plain ? "http" : "https", rest, &endpoint, error);
    if (!status)
        status = dis_set_signature(dis, options, &endpoint, error);
    if (!status)
        status = service_open(&dis->service, options, &endpoint, error);
    if (!status)
        status = dis_set_credentials(dis, error);
    if (status) {
        close_dis(&dis->service.backend);
        return status;
    }
    if (plain && !endpoint.loopback)
        dis->service.backend.warning = "dis+http: sends credentials and checkpoints unencrypted";
    *backend = &dis->service.backend;
    return 0;
}

static const struct backend_option dis_options[] = {
    SERVICE_OPTIONS,
    {"signature", OPTION_TEXT, "NAME", "how requests are signed: access or credential"},
    {"region", OPTION_TEXT, "NAME", "the region in the signature"},
    {"service", OPTION_TEXT, "NAME", "the service in the signature"},
    {0},
};

const struct backend_type dis_backend = {
    .name = "dis",
    .prefix = "dis://",
    .plain_prefix = "dis+http://",
    .source = "dis://HOST/PROJECT_ID",
    .help = "Huawei Cloud or Open Telekom Cloud DIS",
    .options = dis_options,
    .guard = secret_guard_process,
    .open = open_dis,
};
