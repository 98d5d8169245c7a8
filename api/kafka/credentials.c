#include "api/kafka/credentials.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "api/kafka/properties.h"
#include "api/service/secret.h"
#include "base/home.h"

#define MECHANISMS "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER"

/* What a source says. */
enum part {
    PROTOCOL,
    MECHANISM,
    USERNAME,
    PASSWORD,
    JAAS,
    TOKEN_URL,
    CA,
    CERT,
    KEY,
    KEY_PASSWORD,
    TRUST_STORE,
    TRUST_TYPE,
    KEY_STORE,
    KEY_TYPE,
    INLINE,
    SERVERS,
    PARTS
};

/* The names of the parts in files. */
static const struct {
    enum part part;
    bool literal; /* librdkafka's alone */
    const char *name;
} names[] = {
    {PROTOCOL, false, "security.protocol"},
    {MECHANISM, false, "sasl.mechanism"},
    {MECHANISM, false, "sasl.mechanisms"},
    {USERNAME, true, "sasl.username"},
    {PASSWORD, true, "sasl.password"},
    {JAAS, false, "sasl.jaas.config"},
    {TOKEN_URL, false, "sasl.oauthbearer.token.endpoint.url"},
    {CA, true, "ssl.ca.location"},
    {CERT, true, "ssl.certificate.location"},
    {KEY, true, "ssl.key.location"},
    {KEY_PASSWORD, false, "ssl.key.password"},
    {TRUST_STORE, false, "ssl.truststore.location"},
    {TRUST_TYPE, false, "ssl.truststore.type"},
    {KEY_STORE, false, "ssl.keystore.location"},
    {KEY_TYPE, false, "ssl.keystore.type"},
    {INLINE, false, "ssl.truststore.certificates"},
    {INLINE, false, "ssl.keystore.certificate.chain"},
    {INLINE, false, "ssl.keystore.key"},
    {INLINE, false, "ssl.ca.pem"},
    {INLINE, false, "ssl.certificate.pem"},
    {INLINE, false, "ssl.key.pem"},
    {SERVERS, false, "bootstrap.servers"},
    {SERVERS, false, "metadata.broker.list"},
};

#define NAMES (sizeof(names) / sizeof(names[0]))

static const struct {
    enum part part;
    const char *name;
} variables[] = {
    {PROTOCOL, "KAFKA_SECURITY_PROTOCOL"},
    {MECHANISM, "KAFKA_SASL_MECHANISM"},
    {USERNAME, "KAFKA_SASL_USERNAME"},
    {PASSWORD, "KAFKA_SASL_PASSWORD"},
};

#define VARIABLES (sizeof(variables) / sizeof(variables[0]))

static const char environment[] = "the environment";

/* A source that is read. */
struct source {
    const struct kafka_wishes *wishes;
    struct error *error;
    const char *origin;
    char *parts[PARTS]; /* secrets; NULL for what it does not say */
};

static void release_source(struct source *source)
{
    for (size_t i = 0; i < PARTS; i++)
        secret_free(source->parts[i]);
    memset(source->parts, 0, sizeof(source->parts));
}

static int set_part(struct source *source, enum part part, const char *value)
{
    return secret_set(&source->parts[part], value) ? error_set(source->error, ENOMEM, "no memory")
                                                   : 0;
}

static int copy_part(const struct source *source, enum part part, char **target)
{
    return source->parts[part] && secret_set(target, source->parts[part])
               ? error_set(source->error, ENOMEM, "no memory")
               : 0;
}

/* The credentials themselves */

static const size_t texts[] = {
    offsetof(struct kafka_credentials, username),    offsetof(struct kafka_credentials, password),
    offsetof(struct kafka_credentials, token),       offsetof(struct kafka_credentials, cacert),
    offsetof(struct kafka_credentials, cert),        offsetof(struct kafka_credentials, key),
    offsetof(struct kafka_credentials, key_password)};

#define TEXTS (sizeof(texts) / sizeof(texts[0]))

static char **text_at(const struct kafka_credentials *credentials, size_t index)
{
    return (char **)(uintptr_t)((const char *)credentials + texts[index]);
}

bool kafka_credentials_equal(const struct kafka_credentials *a, const struct kafka_credentials *b)
{
    bool equal = a->mechanism == b->mechanism;

    for (size_t i = 0; i < TEXTS; i++) {
        const char *of_a = *text_at(a, i);
        const char *of_b = *text_at(b, i);

        equal &= of_a && of_b ? !strcmp(of_a, of_b) : of_a == of_b;
    }
    return equal;
}

void kafka_credentials_release(struct kafka_credentials *credentials)
{
    for (size_t i = 0; i < TEXTS; i++)
        secret_free(*text_at(credentials, i));
    *credentials = (struct kafka_credentials){0};
}

/* Reading a source */

static int read_environment(struct source *source)
{
    for (size_t i = 0; i < VARIABLES; i++) {
        const char *value = getenv(variables[i].name);

        if (value && *value && set_part(source, variables[i].part, value))
            return -source->error->code;
    }
    return 0;
}

static size_t find_name(const char *name)
{
    size_t i = 0;

    while (i < NAMES && strcmp(names[i].name, name) != 0)
        i++;
    return i;
}

static bool is_literal(const char *name)
{
    size_t i = find_name(name);

    return i < NAMES && names[i].literal;
}

static int take_property(void *user, const char *name, char *value)
{
    struct source *source = user;
    size_t i = find_name(name);

    if (i == NAMES)
        return 0;
    if (source->parts[names[i].part] && names[i].part != INLINE)
        return -EEXIST;
    return value ? secret_set(&source->parts[names[i].part], value) : -EINVAL;
}

/* A path from a file or a variable must do without the present directory, which is another when it
 * is read again. */
static int check_path(const struct source *source, const char *path)
{
    return *path == '/' ? 0
                        : error_set(source->error, EINVAL,
                                    "%.150s: write the whole path of %.100s, from / on",
                                    source->origin, path);
}

static int read_file(struct source *source, const char *path)
{
    struct properties_reader reader = {is_literal, take_property, source};
    char *text = NULL;
    size_t size;
    int status;

    source->origin = path;
    status = secret_read_file(path, &text, source->error);
    if (status)
        return status;
    size = strlen(text);
    status = properties_parse(path, text, &reader, source->error);
    OPENSSL_cleanse(text, size);
    free(text);
    return status;
}

/* The length of "HOST[:PORT]" up to one of these or the end, without the usual port. */
static size_t broker_length(const char *broker)
{
    static const char usual[] = ":9092";
    size_t length = strcspn(broker, ", ");
    size_t end = strlen(usual);

    return length > end && !strncmp(broker + length - end, usual, end) ? length - end : length;
}

static bool has_broker(const char *list, const char *broker)
{
    size_t length = broker_length(broker);

    for (; *list; list += strspn(list, ", ")) {
        if (broker_length(list) == length && !strncasecmp(list, broker, length))
            return true;
        list += strcspn(list, ", ");
    }
    return false;
}

/* Whether a file that was found, not named, is about another cluster than the mount's. */
static bool is_of_others(const struct source *source)
{
    const char *servers = source->parts[SERVERS];

    for (; servers && *servers; servers += strspn(servers, ", ")) {
        size_t length = strcspn(servers, ", ");
        const char *scheme = strstr(servers, "://");
        size_t skipped = scheme && scheme < servers + length ? (size_t)(scheme + 3 - servers) : 0;

        if (has_broker(source->wishes->brokers, servers + skipped))
            return false;
        servers += length;
    }
    return source->parts[SERVERS];
}

/* The file that kcat reads, if there is one: to be freed, or NULL with an error or without. */
static char *find_usual_file(struct source *source)
{
    const char *named = getenv("KCAT_CONFIG");
    char *path = named && *named ? strdup(named) : home_path(".config/kcat.conf");

    if (!path) {
        error_set(source->error, ENOMEM, "no memory");
        return NULL;
    }
    source->origin = "KCAT_CONFIG";
    if ((named && *named) ? !check_path(source, path) : !access(path, F_OK))
        return path;
    free(path);
    return NULL;
}

static int read_usual_file(struct source *source, char *path)
{
    int status = read_file(source, path);

    if (status || !is_of_others(source))
        return status;
    release_source(source);
    source->origin = environment;
    return 0;
}

/* TLS */

/* Java's own stores. */
static int refuse_store(const struct source *source, enum part store)
{
    const char *path = source->parts[store];

    if (store == TRUST_STORE)
        return error_set(source->error, EINVAL,
                         "%.100s: ssl.truststore.type is not PEM: say so, of what keytool -list "
                         "-rfc -keystore %.150s prints",
                         source->origin, path);
    return error_set(source->error, EINVAL,
                     "%.80s: ssl.keystore.type is not PEM: say so, of what openssl pkcs12 -in "
                     "key.p12 prints after keytool -importkeystore -srckeystore %.120s "
                     "-destkeystore key.p12 -deststoretype PKCS12",
                     source->origin, path);
}

static int take_file(struct source *source, enum part part, char **target)
{
    const char *path = source->parts[part];

    return !path || !*path            ? 0
           : check_path(source, path) ? -source->error->code
                                      : copy_part(source, part, target);
}

static bool is_pem(const struct source *source, enum part type)
{
    return source->parts[type] && !strcasecmp(source->parts[type], "PEM");
}

static int take_trusted(struct source *source, struct kafka_credentials *credentials)
{
    if (!source->parts[TRUST_STORE])
        return take_file(source, CA, &credentials->cacert);
    if (!is_pem(source, TRUST_TYPE))
        return refuse_store(source, TRUST_STORE);
    return take_file(source, TRUST_STORE, &credentials->cacert);
}

/* A store of Java's in PEM holds key and certificates. */
static int take_key(struct source *source, struct kafka_credentials *credentials)
{
    bool is_store = source->parts[KEY_STORE];
    int status;

    if (is_store && !is_pem(source, KEY_TYPE))
        return refuse_store(source, KEY_STORE);
    status = take_file(source, is_store ? KEY_STORE : CERT, &credentials->cert);
    if (!status)
        status = take_file(source, is_store ? KEY_STORE : KEY, &credentials->key);
    return status ? status : copy_part(source, KEY_PASSWORD, &credentials->key_password);
}

static int take_certificates(struct source *source, struct kafka_credentials *credentials)
{
    int status = 0;

    if (source->wishes->plain)
        return 0;
    if (source->parts[INLINE])
        return error_set(
            source->error, EINVAL,
            "%.150s holds certificates or a key: write them to a file of PEM, and name "
            "that (-o cacert, cert, key)",
            source->origin);
    if (!source->wishes->has_cacert)
        status = take_trusted(source, credentials);
    if (!status && !source->wishes->has_cert)
        status = take_key(source, credentials);
    return status;
}

/* The protocol */

static const struct protocol {
    const char *name;
    bool plain;
    bool login;
} protocols[] = {{"PLAINTEXT", true, false},
                 {"SSL", false, false},
                 {"SASL_PLAINTEXT", true, true},
                 {"SASL_SSL", false, true}};

#define PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

/* NULL with an error. */
static const struct protocol *find_protocol(const struct source *source)
{
    const char *said = source->parts[PROTOCOL];
    size_t i = 0;

    while (i < PROTOCOLS && strcasecmp(protocols[i].name, said) != 0)
        i++;
    if (i < PROTOCOLS)
        return &protocols[i];
    error_set(source->error, EINVAL, "%.150s: security.protocol is none of Kafka's",
              source->origin);
    return NULL;
}

/* Neither is taken back in silence: secrets are not sent in the clear because of a prefix, nor is
 * TLS tried where there is none. */
static int check_protocol(const struct source *source, const struct protocol *protocol)
{
    if (protocol->plain == source->wishes->plain)
        return 0;
    return error_set(source->error, EINVAL,
                     protocol->plain
                         ? "%.200s says %s, without TLS, and the source kafka:// is with TLS: it "
                           "must be kafka+plain://, or that SASL_SSL or SSL"
                         : "%.200s says %s, with TLS, and the source kafka+plain:// is without: it "
                           "must be kafka://",
                     source->origin, protocol->name);
}

/* Logging in */

static int unpack_jaas(struct source *source, struct jaas *jaas)
{
    static const char plain[] = "PlainLoginModule";
    const char *mechanism = source->parts[MECHANISM];

    if (!jaas_parse(source->parts[JAAS], jaas))
        return error_set(source->error, EBADMSG,
                         "%.200s: sasl.jaas.config is not \"MODULE required NAME=VALUE ...;\"",
                         source->origin);
    if (jaas->has_others && !strcmp(jaas->module, "ScramLoginModule"))
        return error_set(source->error, EINVAL,
                         "%.200s: a login by a delegation token is not supported", source->origin);
    if (mechanism && jaas->password &&
        !strcmp(jaas->module, plain) != !strcasecmp(mechanism, "PLAIN"))
        return error_set(source->error, EINVAL,
                         "%.150s: sasl.mechanism is %.40s, and sasl.jaas.config is for another",
                         source->origin, mechanism);
    if (!mechanism && !strcmp(jaas->module, plain))
        return set_part(source, MECHANISM, "PLAIN");
    return 0;
}

/* What is in sasl.jaas.config goes before librdkafka's names. */
static int take_jaas(struct source *source)
{
    struct jaas jaas;
    int status;

    if (!source->parts[JAAS])
        return 0;
    status = unpack_jaas(source, &jaas);
    if (!status && jaas.username)
        status = set_part(source, USERNAME, jaas.username);
    if (!status && jaas.password)
        status = set_part(source, PASSWORD, jaas.password);
    return status;
}

static int choose_mechanism(const struct source *source, struct kafka_credentials *credentials)
{
    const char *said = source->parts[MECHANISM];

    if (source->wishes->mechanism)
        credentials->mechanism = source->wishes->mechanism;
    else if (source->wishes->token_file)
        credentials->mechanism = KAFKA_OAUTHBEARER;
    else if (said)
        credentials->mechanism = kafka_mechanism_of(said);
    if (credentials->mechanism)
        return 0;
    if (said)
        return error_set(source->error, EINVAL,
                         "%.150s: sasl.mechanism is %.40s, which is not supported: " MECHANISMS
                         " are",
                         source->origin, said);
    return error_set(source->error, EINVAL,
                     "%.150s does not say how to log in: add -o sasl=NAME with one of " MECHANISMS,
                     source->origin);
}

/* The characters of a token are those of RFC 6750. */
static int read_token(const struct source *source, const char *path, char **token)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=";
    char *text = NULL;
    int status = secret_read_file(path, &text, source->error);
    size_t size;

    if (status)
        return status;
    size = strspn(text, allowed);
    if (size && !text[size + strspn(text + size, " \t\r\n")]) {
        text[size] = '\0';
        secret_free(*token);
        *token = text;
        return 0;
    }
    secret_free(text);
    return error_set(source->error, EBADMSG, "%.200s holds no token and nothing else", path);
}

static int take_token(const struct source *source, struct kafka_credentials *credentials)
{
    static const char scheme[] = "file://";
    const char *url = source->parts[TOKEN_URL];
    const char *path = source->wishes->token_file;

    if (!path && url && !strncmp(url, scheme, strlen(scheme)))
        path = url + strlen(scheme);
    if (!path)
        return error_set(source->error, EACCES,
                         "OAUTHBEARER needs a token: name a file that holds one by -o token=FILE");
    if (check_path(source, path))
        return -EINVAL;
    snprintf(credentials->origin, sizeof(credentials->origin), "%s", path);
    return read_token(source, path, &credentials->token);
}

static int take_password(struct source *source, struct kafka_credentials *credentials)
{
    static const struct {
        enum part part;
        const char *name;
    } needed[] = {{USERNAME, "user name (KAFKA_SASL_USERNAME, or sasl.username in a file)"},
                  {PASSWORD, "password (KAFKA_SASL_PASSWORD, or sasl.password in a file)"}};

    for (size_t i = 0; i < 2; i++) {
        if (!source->parts[needed[i].part] || !*source->parts[needed[i].part])
            return error_set(source->error, EACCES,
                             "the credentials in %.150s are not complete: no %s", source->origin,
                             needed[i].name);
    }
    return copy_part(source, USERNAME, &credentials->username) ||
                   copy_part(source, PASSWORD, &credentials->password)
               ? -ENOMEM
               : 0;
}

static int take_login(struct source *source, struct kafka_credentials *credentials)
{
    int status = take_jaas(source);

    if (!status)
        status = choose_mechanism(source, credentials);
    if (status)
        return status;
    return credentials->mechanism == KAFKA_OAUTHBEARER ? take_token(source, credentials)
                                                       : take_password(source, credentials);
}

/* Whether somebody is to log in. A protocol that logs nobody in is believed, as Java does, whatever
 * else is said. */
static bool wants_login(const struct source *source, const struct protocol *protocol)
{
    if (source->wishes->mechanism || source->wishes->token_file)
        return true;
    return protocol ? protocol->login
                    : source->parts[USERNAME] || source->parts[PASSWORD] || source->parts[JAAS] ||
                          source->parts[MECHANISM];
}

static int take_source(struct source *source, struct kafka_credentials *credentials)
{
    const struct protocol *protocol = NULL;
    int status = 0;

    snprintf(credentials->origin, sizeof(credentials->origin), "%s", source->origin);
    if (source->parts[PROTOCOL]) {
        protocol = find_protocol(source);
        status = protocol ? check_protocol(source, protocol) : -EINVAL;
    }
    if (!status)
        status = take_certificates(source, credentials);
    if (!status && wants_login(source, protocol))
        status = take_login(source, credentials);
    return status;
}

/* Choosing a source */

static bool has_some(const struct source *source)
{
    return source->parts[USERNAME] || source->parts[PASSWORD];
}

static int read_source(struct source *source, char **path)
{
    int status;

    if (source->wishes->file)
        return read_file(source, source->wishes->file);
    source->origin = environment;
    status = read_environment(source);
    if (status || has_some(source))
        return status;
    *path = find_usual_file(source);
    if (!*path) {
        source->origin = environment;
        return -source->error->code;
    }
    /* What the environment says without a secret is no source. */
    release_source(source);
    return read_usual_file(source, *path);
}

static int take_cacert_variable(const struct source *source, struct kafka_credentials *credentials)
{
    const char *path = getenv("KAFKA_SSL_CA_LOCATION");

    if (!path || !*path || source->wishes->plain || source->wishes->has_cacert ||
        credentials->cacert)
        return 0;
    if (check_path(source, path))
        return -EINVAL;
    return secret_set(&credentials->cacert, path) ? error_set(source->error, ENOMEM, "no memory")
                                                  : 0;
}

int kafka_credentials_load(const struct kafka_wishes *wishes, struct kafka_credentials *credentials,
                           struct error *error)
{
    struct source source = {.wishes = wishes, .error = error};
    char *path = NULL;
    int status;

    *credentials = (struct kafka_credentials){0};
    *error = (struct error){0};
    status = read_source(&source, &path);
    if (!status)
        status = take_source(&source, credentials);
    if (!status)
        status = take_cacert_variable(&source, credentials);
    release_source(&source);
    free(path);
    if (status)
        kafka_credentials_release(credentials);
    return status;
}
