#ifndef API_KAFKA_LOGIN_H
#define API_KAFKA_LOGIN_H

#include <stdint.h>
#include <sys/queue.h>

#include "api/http/easy.h"
#include "api/kafka/credentials.h"
#include "api/kafka/sasl.h"

/*
 * Whom the connections of a mount log in as. A wrong secret is sent once: unless a login has
 * succeeded a short while ago, one connection tries, and the others wait for how it ends; and what
 * was refused is not sent again, before there is another secret or a reload.
 */
struct kafka_login {
    struct kafka_wishes wishes;
    struct easy_settings *easy; /* what the certificates are used by */
    struct easy_settings given; /* the certificates of the mount's options, which go before */
    struct kafka_credentials credentials;
    struct kafka_credentials former; /* some connections may still be of these */
    struct kafka_secret secret;      /* of the credentials */
    unsigned generation;             /* of them */
    struct error refused;            /* why nobody logs in; its code is 0 while somebody may */
    int64_t succeeded;               /* when a login did, or 0 */
    unsigned trying;                 /* how many connections do */
    TAILQ_HEAD(kafka_turns, kafka_turn) waiting;
};

/* A connection's turn to log in: a member of it, all zero at first. */
struct kafka_turn {
    TAILQ_ENTRY(kafka_turn) link;
    struct kafka_login *login; /* NULL: it has none */
    bool waits;
    unsigned generation; /* of what it logs in with */
    void (*go)(void *user);
    void (*refuse)(void *user, const struct error *error); /* instead; must not end the turn */
    void *user;
};

/* Reads the credentials; the wishes and what they point to, and `easy`, whose cacert, cert and key
 * are of the options, are the caller's and last as long. 0 or as kafka_credentials_load. */
int kafka_login_open(struct kafka_login *login, const struct kafka_wishes *wishes,
                     struct easy_settings *easy, struct error *error);

/* Wipes and frees; nobody may have a turn. */
void kafka_login_close(struct kafka_login *login);

/* Reads the credentials anew; what is wrong with them is why nobody logs in. */
void kafka_login_reload(struct kafka_login *login);

/* Whether there is any use in connecting: 0, or a negative errno with the error of the login that
 * was refused, if there are no other credentials by now. */
int kafka_login_check(struct kafka_login *login, struct error *error);

/* Whether a connection must log in. */
bool kafka_login_is_wanted(const struct kafka_login *login);

/* Overwrites the secrets in a text: these credentials', and the former ones'. */
void kafka_login_scrub(const struct kafka_login *login, char *text);

/* Waits for a turn; `go` or `refuse` may be called at once. */
void kafka_login_enter(struct kafka_login *login, struct kafka_turn *turn);

/* Ends a turn, however it went; nothing happens if there is none. */
void kafka_login_leave(struct kafka_turn *turn);

/* It has succeeded: the turn ends. */
void kafka_login_succeed(struct kafka_turn *turn);

/*
 * The broker has refused it, or cannot be trusted: the turn ends. The error says why, and is
 * completed: nobody logs in with this secret again. But if there is another by now it becomes one
 * after which another try helps.
 */
void kafka_login_refuse(struct kafka_turn *turn, struct error *error);

#endif
