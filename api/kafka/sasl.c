#include "api/kafka/sasl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/base64.h"

/* Messages of a broker are shorter. */
#define SAID_MAX 4096

/* What both sides say, together. */
#define EXCHANGE_MAX 16384

static const char *const names[] = {"", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"};

const char *kafka_mechanism_name(enum kafka_mechanism mechanism)
{
    return names[mechanism];
}

enum kafka_mechanism kafka_mechanism_of(const char *name)
{
    for (size_t i = KAFKA_PLAIN; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!strcmp(names[i], name))
            return (enum kafka_mechanism)i;
    }
    return KAFKA_NO_LOGIN;
}

static int refuse_message(struct error *error)
{
    return error_set(error, EBADMSG, "answers a login with what is none of its messages");
}

/* 1, or what the buffer says. */
static int say(const struct buf *message, struct error *error)
{
    return buf_error(message) ? error_set(error, ENOMEM, "no memory") : 1;
}

/* PLAIN and OAUTHBEARER */

static int plain_next(unsigned step, const struct kafka_secret *secret, struct buf *message,
                      struct error *error)
{
    if (step)
        return 0;
    buf_add(message, "", 1);
    buf_puts(message, secret->username);
    buf_add(message, "", 1);
    buf_puts(message, secret->password);
    return say(message, error);
}

/* A refusal is told in JSON, and must be answered before it becomes one of Kafka's own. */
static int bearer_next(unsigned step, const struct kafka_secret *secret, struct span said,
                       struct buf *message, struct error *error)
{
    if (step > 1)
        return refuse_message(error);
    if (step && !said.size)
        return 0;
    buf_puts(message, step ? "\1" : "n,,\1auth=Bearer ");
    if (!step)
        buf_printf(message, "%s\1\1", secret->token);
    return say(message, error);
}

/* SCRAM */

static const EVP_MD *hash_of(const struct kafka_secret *secret)
{
    return secret->mechanism == KAFKA_SCRAM_SHA_512 ? EVP_sha512() : EVP_sha256();
}

static size_t hash_size(const struct kafka_secret *secret)
{
    return (size_t)EVP_MD_get_size(hash_of(secret));
}

static bool sign(const struct kafka_secret *secret, const unsigned char *key, const void *text,
                 size_t size, unsigned char *signature)
{
    return HMAC(hash_of(secret), key, (int)hash_size(secret), text, size, signature, NULL);
}

static void put_name(struct buf *buf, const char *name)
{
    for (; *name; name++) {
        if (*name == ',')
            buf_puts(buf, "=2C");
        else if (*name == '=')
            buf_puts(buf, "=3D");
        else
            buf_add(buf, name, 1);
    }
}

static int scram_first(struct kafka_sasl *sasl, const struct kafka_secret *secret,
                       struct buf *message, struct error *error)
{
    buf_puts(&sasl->said, "n=");
    put_name(&sasl->said, secret->username);
    buf_printf(&sasl->said, ",r=%s", sasl->nonce);
    buf_printf(message, "n,,%s", sasl->said.data);
    buf_fail(message, buf_error(&sasl->said));
    return say(message, error);
}

/* The parts of what the broker says first, which they are cut out of. */
struct challenge {
    char *nonce;
    char *salt; /* decoded */
    size_t salt_size;
    int rounds;
};

/* The value of the next part, which must have that name; or NULL. */
static char *take_part(char **rest, char name)
{
    char *part = strsep(rest, ",");

    return part && part[0] == name && part[1] == '=' ? part + 2 : NULL;
}

/* -1 for what is no number. */
static int parse_rounds(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return digits && digits < 10 && !text[digits] ? (int)strtol(text, NULL, 10) : -1;
}

static bool parse_challenge(char *text, struct challenge *challenge)
{
    char *salt;
    char *rounds;

    challenge->nonce = take_part(&text, 'r');
    salt = take_part(&text, 's');
    rounds = take_part(&text, 'i');
    if (!challenge->nonce || !salt || !rounds)
        return false;
    challenge->salt = salt;
    challenge->rounds = parse_rounds(rounds);
    return strlen(salt) <= SASL_SALT_MAX && challenge->rounds >= 0 &&
           base64_decode_bytes(salt, salt, &challenge->salt_size) && challenge->salt_size;
}

/* The nonce must begin with ours and go on. */
static int check_challenge(const struct kafka_sasl *sasl, const struct challenge *challenge,
                           struct error *error)
{
    size_t length = strlen(sasl->nonce);

    if (strncmp(challenge->nonce, sasl->nonce, length) != 0 || !challenge->nonce[length])
        return error_set(error, EACCES, "answers another login than this one");
    if (challenge->rounds < SASL_ROUNDS_MIN || challenge->rounds > SASL_ROUNDS_MAX)
        return error_set(error, EACCES, "wants a password salted in %d rounds: %d to %d are done",
                         challenge->rounds, SASL_ROUNDS_MIN, SASL_ROUNDS_MAX);
    return 0;
}

static bool is_salted_so(const struct kafka_salted *salted, const struct challenge *challenge)
{
    return salted->rounds == challenge->rounds && salted->salt_size == challenge->salt_size &&
           !memcmp(salted->salt, challenge->salt, challenge->salt_size);
}

static bool salt_password(struct kafka_secret *secret, const struct challenge *challenge)
{
    struct kafka_salted *salted = &secret->salted;

    if (is_salted_so(salted, challenge))
        return true;
    salted->rounds = 0;
    if (!PKCS5_PBKDF2_HMAC(secret->password, (int)strlen(secret->password),
                           (const unsigned char *)challenge->salt, (int)challenge->salt_size,
                           challenge->rounds, hash_of(secret), (int)hash_size(secret), salted->key))
        return false;
    memcpy(salted->salt, challenge->salt, challenge->salt_size);
    salted->salt_size = challenge->salt_size;
    salted->rounds = challenge->rounds;
    return true;
}

/* Works out the proof of the password, and what the broker must prove itself with. */
static bool prove(struct kafka_sasl *sasl, const struct kafka_secret *secret, unsigned char *proof)
{
    unsigned char key[SASL_HASH_MAX];
    unsigned char stored[SASL_HASH_MAX];
    unsigned char signature[SASL_HASH_MAX];
    unsigned char server[SASL_HASH_MAX];
    const struct buf *said = &sasl->said;
    const unsigned char *salted = secret->salted.key;
    size_t size = hash_size(secret);
    bool good = sign(secret, salted, "Client Key", strlen("Client Key"), key) &&
                EVP_Digest(key, size, stored, NULL, hash_of(secret), NULL) &&
                sign(secret, stored, said->data, said->size, signature) &&
                sign(secret, salted, "Server Key", strlen("Server Key"), server) &&
                sign(secret, server, said->data, said->size, sasl->signature);

    for (size_t i = 0; good && i < size; i++)
        proof[i] = key[i] ^ signature[i];
    OPENSSL_cleanse(key, sizeof(key));
    OPENSSL_cleanse(stored, sizeof(stored));
    OPENSSL_cleanse(server, sizeof(server));
    OPENSSL_cleanse(signature, sizeof(signature));
    return good;
}

static int answer_challenge(struct kafka_sasl *sasl, struct kafka_secret *secret,
                            const struct challenge *challenge, struct buf *message,
                            struct error *error)
{
    unsigned char proof[SASL_HASH_MAX];
    char encoded[BASE64_ROOM(SASL_HASH_MAX)];

    buf_printf(message, "c=biws,r=%s", challenge->nonce);
    buf_printf(&sasl->said, ",%s", message->data);
    buf_fail(message, buf_error(&sasl->said));
    if (buf_error(message) || !salt_password(secret, challenge) || !prove(sasl, secret, proof))
        return error_set(error, ENOMEM, "no memory");
    base64_encode(proof, hash_size(secret), encoded);
    buf_printf(message, ",p=%s", encoded);
    return say(message, error);
}

static int scram_final(struct kafka_sasl *sasl, struct kafka_secret *secret, char *said,
                       struct buf *message, struct error *error)
{
    struct challenge challenge;
    int status;

    buf_printf(&sasl->said, ",%s", said);
    if (!parse_challenge(said, &challenge))
        return refuse_message(error);
    status = check_challenge(sasl, &challenge, error);
    return status ? status : answer_challenge(sasl, secret, &challenge, message, error);
}

static int check_signature(const struct kafka_sasl *sasl, const struct kafka_secret *secret,
                           char *said, struct error *error)
{
    char *rest = said;
    char *signature = take_part(&rest, 'v');
    size_t size;

    if (!signature || !base64_decode_bytes(signature, signature, &size))
        return refuse_message(error);
    if (size == hash_size(secret) && !CRYPTO_memcmp(signature, sasl->signature, size))
        return 0;
    return error_set(error, EACCES, "does not know the password itself: is it the right broker?");
}

static int scram_next(struct kafka_sasl *sasl, unsigned step, struct kafka_secret *secret,
                      struct span said, struct buf *message, struct error *error)
{
    char text[SAID_MAX] = "";

    if (!step)
        return scram_first(sasl, secret, message, error);
    if (said.data && said.size < sizeof(text))
        memcpy(text, said.data, said.size);
    if (strlen(text) != said.size)
        return refuse_message(error);
    if (step == 1)
        return scram_final(sasl, secret, text, message, error);
    return check_signature(sasl, secret, text, error);
}

void kafka_sasl_begin(struct kafka_sasl *sasl, const char *random)
{
    *sasl = (struct kafka_sasl){.said = BUF_INIT(EXCHANGE_MAX)};
    snprintf(sasl->nonce, sizeof(sasl->nonce), "%s", random);
}

void kafka_sasl_end(struct kafka_sasl *sasl)
{
    buf_release(&sasl->said);
    OPENSSL_cleanse(sasl, sizeof(*sasl));
    buf_init(&sasl->said, EXCHANGE_MAX);
}

int kafka_sasl_next(struct kafka_sasl *sasl, struct kafka_secret *secret, struct span said,
                    struct buf *message, struct error *error)
{
    unsigned step = sasl->step++;

    switch (secret->mechanism) {
    case KAFKA_PLAIN:
        return plain_next(step, secret, message, error);
    case KAFKA_OAUTHBEARER:
        return bearer_next(step, secret, said, message, error);
    default:
        return scram_next(sasl, step, secret, said, message, error);
    }
}
