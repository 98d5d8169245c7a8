#ifndef API_KAFKA_SASL_H
#define API_KAFKA_SASL_H

#include <stdbool.h>
#include <stddef.h>

#include "api/error.h"
#include "api/records.h"
#include "base/buf.h"

/*
 * What is said to log in, without a network: PLAIN (RFC 4616), SCRAM (RFC 5802, with SHA-256 as of
 * RFC 7677 and SHA-512) and OAUTHBEARER (RFC 7628).
 */
enum kafka_mechanism {
    KAFKA_NO_LOGIN,
    KAFKA_PLAIN,
    KAFKA_SCRAM_SHA_256,
    KAFKA_SCRAM_SHA_512,
    KAFKA_OAUTHBEARER,
};

/* "SCRAM-SHA-256"; "" for KAFKA_NO_LOGIN. */
const char *kafka_mechanism_name(enum kafka_mechanism mechanism);

/* KAFKA_NO_LOGIN for a name that is none of these. */
enum kafka_mechanism kafka_mechanism_of(const char *name);

/* The most bytes of a hash, and of a salt that is taken. */
#define SASL_HASH_MAX 64
#define SASL_SALT_MAX 256

/* Of how many rounds a salted password may be: fewer tell too much of it, more take a while. */
#define SASL_ROUNDS_MIN 4096
#define SASL_ROUNDS_MAX 100000

/* What is worked out of a password, which takes milliseconds: kept for the last salt. */
struct kafka_salted {
    int rounds; /* 0: of none */
    size_t salt_size;
    char salt[SASL_SALT_MAX];
    unsigned char key[SASL_HASH_MAX];
};

/* Who logs in. The texts are its owner's; a new secret begins with a `salted` of zeros. */
struct kafka_secret {
    enum kafka_mechanism mechanism;
    const char *username;
    const char *password;
    const char *token; /* of OAUTHBEARER, which needs nothing else */
    struct kafka_salted salted;
};

/* One login, all zero before it begins. */
struct kafka_sasl {
    unsigned step;
    struct buf said;                        /* by both sides, as far as a signature needs it */
    char nonce[48];                         /* the client's */
    unsigned char signature[SASL_HASH_MAX]; /* that the broker must prove itself with */
};

/* `random` is the nonce of SCRAM: printable, without a comma, of at most 47 characters, and never
 * the same. */
void kafka_sasl_begin(struct kafka_sasl *sasl, const char *random);

/* Wipes and frees. */
void kafka_sasl_end(struct kafka_sasl *sasl);

/*
 * Takes what the broker has said, nothing at first, and adds the next message, which is a secret.
 * 1: it is to be sent; 0: the login is over, and there is none; or a negative errno with an error
 * that begins with what the broker did: EBADMSG for what is no such message, EACCES for a broker
 * that cannot prove itself or wants what is not done.
 */
int kafka_sasl_next(struct kafka_sasl *sasl, struct kafka_secret *secret, struct span said,
                    struct buf *message, struct error *error);

#endif
