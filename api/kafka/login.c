#include "api/kafka/login.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "api/service/refusal.h"
#include "base/when.h"

/* For so long a login that has succeeded shows that the next one will. */
#define TRUSTED_MS 5000

/* Credentials */

/* The settings of libcurl point to the texts of the options, or of the credentials. */
static void set_certificates(struct kafka_login *login)
{
    const struct kafka_credentials *credentials = &login->credentials;

    *login->easy = login->given;
    if (!login->given.cacert)
        login->easy->cacert = credentials->cacert;
    if (login->given.cert || login->given.key)
        return;
    login->easy->cert = credentials->cert;
    login->easy->key = credentials->key;
    login->easy->key_password = credentials->key_password;
}

static void use_credentials(struct kafka_login *login, const struct kafka_credentials *fresh)
{
    const struct kafka_credentials *credentials = &login->credentials;

    kafka_credentials_release(&login->former);
    login->former = login->credentials;
    login->credentials = *fresh;
    OPENSSL_cleanse(&login->secret, sizeof(login->secret));
    login->secret = (struct kafka_secret){.mechanism = credentials->mechanism,
                                          .username = credentials->username,
                                          .password = credentials->password,
                                          .token = credentials->token};
    login->generation++;
    login->refused = (struct error){0};
    login->succeeded = 0;
    set_certificates(login);
}

/* Whether there are others than before, which are then used. */
static bool renew_login(struct kafka_login *login)
{
    struct kafka_credentials fresh;
    struct error error;

    if (kafka_credentials_load(&login->wishes, &fresh, &error))
        return false;
    if (kafka_credentials_equal(&fresh, &login->credentials)) {
        kafka_credentials_release(&fresh);
        return false;
    }
    use_credentials(login, &fresh);
    return true;
}

int kafka_login_open(struct kafka_login *login, const struct kafka_wishes *wishes,
                     struct easy_settings *easy, struct error *error)
{
    struct kafka_credentials fresh;
    int status;

    TAILQ_INIT(&login->waiting);
    login->wishes = *wishes;
    login->easy = easy;
    login->given = *easy;
    status = kafka_credentials_load(wishes, &fresh, error);
    if (!status)
        use_credentials(login, &fresh);
    return status;
}

void kafka_login_close(struct kafka_login *login)
{
    kafka_credentials_release(&login->credentials);
    kafka_credentials_release(&login->former);
    OPENSSL_cleanse(&login->secret, sizeof(login->secret));
}

void kafka_login_reload(struct kafka_login *login)
{
    struct kafka_credentials fresh;
    struct error error;

    kafka_credentials_load(&login->wishes, &fresh, &error);
    use_credentials(login, &fresh);
    login->refused = error;
}

int kafka_login_check(struct kafka_login *login, struct error *error)
{
    if (!login->refused.code || renew_login(login))
        return 0;
    *error = login->refused;
    return -error->code;
}

bool kafka_login_is_wanted(const struct kafka_login *login)
{
    return login->secret.mechanism != KAFKA_NO_LOGIN;
}

/* Turns */

static void go_in(struct kafka_turn *turn)
{
    struct kafka_login *login = turn->login;

    if (turn->waits)
        TAILQ_REMOVE(&login->waiting, turn, link);
    turn->waits = false;
    turn->generation = login->generation;
    login->trying++;
    turn->go(turn->user);
}

static bool is_trusted(const struct kafka_login *login)
{
    return login->succeeded && when_monotonic() - login->succeeded < TRUSTED_MS;
}

void kafka_login_enter(struct kafka_login *login, struct kafka_turn *turn)
{
    if (login->refused.code) {
        turn->refuse(turn->user, &login->refused);
        return;
    }
    turn->login = login;
    if (!login->trying || is_trusted(login)) {
        go_in(turn);
        return;
    }
    TAILQ_INSERT_TAIL(&login->waiting, turn, link);
    turn->waits = true;
}

void kafka_login_leave(struct kafka_turn *turn)
{
    struct kafka_login *login = turn->login;

    if (!login)
        return;
    if (turn->waits)
        TAILQ_REMOVE(&login->waiting, turn, link);
    else
        login->trying--;
    turn->login = NULL;
    turn->waits = false;
    if (!login->trying && !TAILQ_EMPTY(&login->waiting))
        go_in(TAILQ_FIRST(&login->waiting));
}

void kafka_login_succeed(struct kafka_turn *turn)
{
    struct kafka_login *login = turn->login;

    if (turn->generation == login->generation)
        login->succeeded = when_monotonic();
    while (is_trusted(login) && !TAILQ_EMPTY(&login->waiting))
        go_in(TAILQ_FIRST(&login->waiting));
    kafka_login_leave(turn);
}

void kafka_login_scrub(const struct kafka_login *login, char *text)
{
    const struct kafka_credentials *now = &login->credentials;
    const struct kafka_credentials *former = &login->former;
    const struct secrets secrets = {{now->password, now->token, former->password, former->token}};

    scrub(text, &secrets);
}

static void complete_error(const struct kafka_login *login, struct error *error)
{
    char said[sizeof(error->message)];

    snprintf(said, sizeof(said), "%s", error->message);
    snprintf(error->message, sizeof(error->message),
             "%.250s (credentials in %.60s); no more are sent before there are others or a SIGHUP",
             said, login->credentials.origin);
}

static void refuse_all(struct kafka_login *login)
{
    struct kafka_turn *turn;

    while ((turn = TAILQ_FIRST(&login->waiting))) {
        TAILQ_REMOVE(&login->waiting, turn, link);
        turn->waits = false;
        turn->login = NULL;
        turn->refuse(turn->user, &login->refused);
    }
}

void kafka_login_refuse(struct kafka_turn *turn, struct error *error)
{
    struct kafka_login *login = turn->login;

    if (turn->generation != login->generation || renew_login(login)) {
        error_set(error, ECONNRESET, "the credentials were refused, and there are others by now");
    } else {
        complete_error(login, error);
        login->refused = *error;
        login->succeeded = 0;
        refuse_all(login);
    }
    kafka_login_leave(turn);
}
