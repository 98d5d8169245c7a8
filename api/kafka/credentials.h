#ifndef API_KAFKA_CREDENTIALS_H
#define API_KAFKA_CREDENTIALS_H

#include <stdbool.h>

#include "api/error.h"
#include "api/kafka/sasl.h"

/*
 * Whom a mount of Kafka logs in as, and its certificates. The first source that has anything wins,
 * and the others are not looked at:
 *
 *   1. the file of -o credentials=FILE
 *   2. KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, with KAFKA_SASL_MECHANISM and
 *      KAFKA_SECURITY_PROTOCOL
 *   3. the file that KCAT_CONFIG names, else ~/.config/kcat.conf; but not one whose
 *      bootstrap.servers are none of the mount's: the secrets of one cluster are not for another
 *
 * A file is one of Java's clients (client.properties) or of librdkafka's (kcat.conf): see
 * api/kafka/properties.h. A file that group or others can read, or that belongs to another user
 * than this one or root, is refused, and so is one that gives a name twice.
 *
 * Options go before what a source says. KAFKA_SSL_CA_LOCATION counts where neither names trusted
 * certificates. A source that says whether there is TLS must say what the mount's prefix does.
 *
 * Secrets are wiped when they are released; see also api/service/secret.h.
 */

/* What the mount itself says. The texts last as long as it. */
struct kafka_wishes {
    const char *file; /* NULL for what is found */
    const char *token_file;
    enum kafka_mechanism mechanism; /* KAFKA_NO_LOGIN: what a source says */
    bool plain;                     /* no TLS */
    bool has_cacert;                /* so that none is looked for */
    bool has_cert;
    const char *brokers; /* "HOST[:PORT],..." */
};

/* Texts that are not needed may be NULL. */
struct kafka_credentials {
    enum kafka_mechanism mechanism; /* KAFKA_NO_LOGIN: nobody logs in */
    char *username;
    char *password;
    char *token;
    char *cacert; /* files of PEM */
    char *cert;
    char *key;
    char *key_password;
    char origin[256]; /* where they are from, for messages */
};

/* 0, also when there are none; -EACCES when some part is missing, or a file is open to others;
 * -EBADMSG when a file holds something else; -EINVAL for what is said and not done; or what opening
 * a file said. With an error, of code 0 for success, that names no secret. */
int kafka_credentials_load(const struct kafka_wishes *wishes, struct kafka_credentials *credentials,
                           struct error *error);

/* Whether both are the same, whatever they are from. */
bool kafka_credentials_equal(const struct kafka_credentials *a, const struct kafka_credentials *b);

/* Wipes and frees; the struct can be loaded anew. */
void kafka_credentials_release(struct kafka_credentials *credentials);

#endif
