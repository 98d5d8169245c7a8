#include "api/kafka/kafka.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/http/endpoint.h"
#include "api/kafka/client.h"
#include "api/service/secret.h"
#include "base/decimal.h"
#include "base/utf8.h"

#define PORT_DEFAULT 9092

/* Kafka's limit for topics, and the brokers' default for metadata. */
#define TOPIC_NAME_MAX 249
#define METADATA_MAX   4096

/* Each takes some kilobytes while it is under way. */
#define CHANGES_TOGETHER 4096

/* 30 years, in seconds. */
#define RETENTION_MAX 946080000

/* The longest list of hosts. */
#define SOURCE_MAX 4096

/* Numbers. The brokers would take any, also negative ones, of which -1 is read as "none". */

static int kafka_parse_sequence(const char *text, char sequence[static SEQUENCE_MAX + 1],
                                struct error *error)
{
    char decimal[DECIMAL_ROOM];
    char most[24];

    if (!decimal_is_unsigned(text) || decimal_normalize(decimal, text))
        return error_set(error, EINVAL, "\"%.60s\" is not an offset", text);
    snprintf(most, sizeof(most), "%" PRId64, INT64_MAX);
    if (decimal_compare(decimal, most) > 0)
        return error_set(error, ERANGE, "%.100s is out of range: the greatest is %s", text, most);
    snprintf(sequence, SEQUENCE_MAX + 1, "%s", decimal);
    return 0;
}

static int kafka_to_decimal(const char *sequence, char decimal[static DECIMAL_ROOM])
{
    return decimal_is_unsigned(sequence) && !decimal_normalize(decimal, sequence) ? 0 : -EBADMSG;
}

/* Names */

static bool takes_group(const char *name)
{
    return name_is_shown(name) && utf8_is_valid(name);
}

static bool takes_topic(const char *name)
{
    size_t length = strlen(name);

    return length >= 1 && length <= TOPIC_NAME_MAX && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0 &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
               length;
}

/* Closing */

/* Certificates are read for each new connection. */
static void reload_kafka(struct backend *backend)
{
    struct kafka_cluster *cluster = &((struct kafka *)backend)->cluster;

    kafka_login_reload(&cluster->network.login);
    gate_reset(&cluster->network.gate);
    for (size_t i = 0; i < cluster->count; i++)
        kafka_pool_renew(cluster->pools[i]);
}

static void close_kafka(struct backend *backend)
{
    struct kafka *kafka = (struct kafka *)backend;
    struct easy_settings *easy = &kafka->easy;

    kafka_cluster_release(&kafka->cluster);
    kafka_login_close(&kafka->cluster.network.login);
    free(easy->cacert);
    free(easy->cert);
    free(easy->key);
    free(kafka->brokers);
    free(kafka->credentials_file);
    free(kafka->token_file);
    free(kafka);
}

static const struct backend_operations operations = {
    .list_apps = kafka_list_apps,
    .find_app = kafka_find_app,
    .delete_app = kafka_delete_app,
    .list_streams = kafka_list_streams,
    .describe_stream = kafka_describe_stream,
    .get_states = kafka_get_states,
    .get_bounds = kafka_get_bounds,
    .get_state = kafka_get_state,
    .get_checkpoint = kafka_get_checkpoint,
    .commit = kafka_commit,
    .delete_checkpoint = kafka_delete_checkpoint,
    .get_cursor = kafka_get_cursor,
    .locate = kafka_get_cursor,
    .read_records = kafka_read_records,
    .append_records = kafka_append_records,
    .parse_sequence = kafka_parse_sequence,
    .to_decimal = kafka_to_decimal,
    .takes_app = takes_group,
    .takes_stream = takes_topic,
    .reload = reload_kafka,
    .close = close_kafka,
};

/* Opening */

/* Reads "HOST", "HOST:PORT" or "[ADDRESS]:PORT", which is cut up. 0 or -EINVAL. */
static int split_host(char *text, char **host, long *port)
{
    bool is_bracketed = *text == '[';
    char *end = is_bracketed ? strchr(text, ']') : strchr(text, ':');
    char *colon = is_bracketed && end ? end + 1 : end;

    *host = text + is_bracketed;
    *port = PORT_DEFAULT;
    if (is_bracketed && !end)
        return -EINVAL;
    if (colon && *colon == ':') {
        size_t digits = strspn(colon + 1, "0123456789");

        if (!digits || digits > 5 || colon[1 + digits])
            return -EINVAL;
        *port = strtol(colon + 1, NULL, 10);
    } else if (colon && *colon) {
        return -EINVAL;
    }
    if (end)
        *end = '\0';
    return *port >= 1 && *port <= UINT16_MAX ? 0 : -EINVAL;
}

static bool is_host(const char *host)
{
    size_t length = strlen(host);

    return length >= 1 && length <= 255 &&
           strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:") ==
               length;
}

static bool is_on_loopback(const char *host)
{
    struct endpoint endpoint = {0};
    struct error unused;
    bool is_ipv6 = strchr(host, ':');
    char url[300];

    snprintf(url, sizeof(url), "http://%s%s%s", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "");
    return !endpoint_parse(url, &endpoint, &unused) && endpoint.loopback;
}

static int add_hosts(struct kafka *kafka, char *list, bool *loopback, struct error *error)
{
    char *next = list;
    char *part;

    while ((part = strsep(&next, ","))) {
        char *host;
        long port;
        int status = split_host(part, &host, &port);

        if (status || !is_host(host))
            return error_set(error, EINVAL,
                             "the source must be kafka://HOST[:PORT][,HOST[:PORT]...]");
        status = kafka_cluster_add(&kafka->cluster, host, (int32_t)port);
        if (status)
            return error_set(error, status == -EFBIG ? EINVAL : ENOMEM,
                             status == -EFBIG ? "the source names more than 16 hosts"
                                              : "no memory");
        *loopback &= is_on_loopback(host);
    }
    return 0;
}

static int copy_setting(char **target, const struct backend_options *options, const char *name)
{
    const char *value = backend_setting(options, name);

    *target = value ? strdup(value) : NULL;
    return value && !*target ? -ENOMEM : 0;
}

/* The mechanism of -o sasl; 0 or -EINVAL. */
static int parse_mechanism(const struct backend_options *options, enum kafka_mechanism *mechanism,
                           struct error *error)
{
    const char *name = backend_setting(options, "sasl");

    *mechanism = name ? kafka_mechanism_of(name) : KAFKA_NO_LOGIN;
    if (name && !*mechanism)
        return error_set(error, EINVAL,
                         "sasl=%.40s: it can be PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER",
                         name);
    if (name && *mechanism != KAFKA_OAUTHBEARER && backend_setting(options, "token"))
        return error_set(error, EINVAL, "token=FILE is for sasl=OAUTHBEARER, not for %.40s", name);
    return 0;
}

static int kafka_set_login(struct kafka *kafka, const char *brokers,
                           const struct backend_options *options, struct error *error)
{
    struct kafka_network *network = &kafka->cluster.network;
    struct kafka_wishes wishes = {.plain = kafka->easy.plain,
                                  .has_cacert = kafka->easy.cacert,
                                  .has_cert = kafka->easy.cert || kafka->easy.key};
    int status = parse_mechanism(options, &wishes.mechanism, error);

    if (status)
        return status;
    kafka->brokers = strdup(brokers);
    if (!kafka->brokers || copy_setting(&kafka->credentials_file, options, "credentials") ||
        copy_setting(&kafka->token_file, options, "token"))
        return error_set(error, ENOMEM, "no memory");
    wishes.brokers = kafka->brokers;
    wishes.file = kafka->credentials_file;
    wishes.token_file = kafka->token_file;
    secret_guard_process();
    return kafka_login_open(&network->login, &wishes, &network->easy, error);
}

static int kafka_set_network(struct kafka *kafka, bool plain, const struct backend_options *options,
                             struct error *error)
{
    struct kafka_network *network = &kafka->cluster.network;
    struct easy_settings *easy = &kafka->easy;

    network->loop = options->loop;
    easy->plain = plain;
    if (copy_setting(&easy->cacert, options, "cacert") ||
        copy_setting(&easy->cert, options, "cert") || copy_setting(&easy->key, options, "key"))
        return error_set(error, ENOMEM, "no memory");
    network->easy = *easy;
    return 0;
}

static int set_retention(struct kafka *kafka, const struct backend_options *options,
                         struct error *error)
{
    const char *text = backend_setting(options, "retention");
    size_t digits = text ? strspn(text, "0123456789") : 0;
    long long seconds = text ? strtoll(text, NULL, 10) : -1;

    if (text && (!digits || text[digits] || seconds < 1 || seconds > RETENTION_MAX))
        return error_set(error, EINVAL, "retention=%.40s is not a number of seconds from 1 to %d",
                         text, RETENTION_MAX);
    kafka->retention_ms = text ? seconds * 1000 : -1;
    return 0;
}

static struct kafka *new_kafka(const struct backend_options *options)
{
    struct kafka *kafka = calloc(1, sizeof(*kafka));

    if (!kafka)
        return NULL;
    kafka->backend = (struct backend){
        .operations = &operations,
        .loop = options->loop,
        .abilities = CAN_STORE_METADATA | CAN_DELETE_APP | CAN_DELETE_CHECKPOINT |
                     APP_BEGINS_WITH_COMMIT | CAN_GIVE_CURSOR | CAN_READ_RECORDS |
                     CAN_APPEND_RECORDS | RECORDS_ARE_BYTES,
        .metadata_max = METADATA_MAX,
        .changes_together = CHANGES_TOGETHER,
        .checkpoint_is_next = true,
        .checks_no_range = true,
        .states_lack_bounds = true,
        .states_lack_details = true,
    };
    return kafka;
}

/* With SCRAM no password is sent. */
static bool sends_secret(const struct kafka *kafka)
{
    enum kafka_mechanism mechanism = kafka->cluster.network.login.secret.mechanism;

    return mechanism == KAFKA_PLAIN || mechanism == KAFKA_OAUTHBEARER;
}

static int set_up_kafka(struct kafka *kafka, const char *rest, bool plain,
                        const struct backend_options *options, struct error *error)
{
    char list[SOURCE_MAX];
    bool loopback = true;
    int status;

    if (strlen(rest) >= sizeof(list))
        return error_set(error, EINVAL, "the source is too long");
    snprintf(list, sizeof(list), "%s", rest);
    status = add_hosts(kafka, list, &loopback, error);
    if (!status)
        status = kafka_set_network(kafka, plain, options, error);
    if (!status)
        status = kafka_set_login(kafka, rest, options, error);
    if (!status)
        status = set_retention(kafka, options, error);
    if (!status && plain && !loopback)
        kafka->backend.warning =
            sends_secret(kafka)
                ? "kafka+plain: sends checkpoints, records, and the password or token, unencrypted"
                : "kafka+plain: sends checkpoints and records unencrypted";
    return status;
}

static int open_kafka(const char *rest, bool plain, const struct backend_options *options,
                      struct backend **backend, struct error *error)
{
    struct kafka *kafka = new_kafka(options);
    int status;

    if (!kafka)
        return error_set(error, ENOMEM, "no memory");
    status = set_up_kafka(kafka, rest, plain, options, error);
    if (status) {
        close_kafka(&kafka->backend);
        return status;
    }
    *backend = &kafka->backend;
    return 0;
}

static const struct backend_option kafka_options[] = {
    {"credentials", OPTION_FILE, "FILE", "take the secrets from there"},
    {"sasl", OPTION_TEXT, "NAME", "how to log in, as in PLAIN or SCRAM-SHA-256"},
    {"token", OPTION_FILE, "FILE", "the token of OAUTHBEARER"},
    {"cacert", OPTION_FILE, "FILE", "trust the certificates in FILE"},
    {"cert", OPTION_FILE, "FILE", "show this client certificate"},
    {"key", OPTION_FILE, "FILE", "the key of the client certificate"},
    {"retention", OPTION_TEXT, "SECONDS", "keep what is committed for so long"},
    {0},
};

const struct backend_type kafka_backend = {
    .name = "kafka",
    .prefix = "kafka://",
    .plain_prefix = "kafka+plain://",
    .source = "kafka://HOST",
    .help = "Apache Kafka; its consumer groups are the apps",
    .options = kafka_options,
    .guard = secret_guard_process,
    .open = open_kafka,
};
