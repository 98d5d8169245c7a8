#ifndef API_KAFKA_CONNECTION_H
#define API_KAFKA_CONNECTION_H

#include "api/error.h"
#include "api/http/easy.h"
#include "api/http/gate.h"
#include "api/kafka/login.h"
#include "api/kafka/message.h"
#include "base/loop.h"

/*
 * One connection to a broker, with or without TLS. A broker takes one request of a connection after
 * the other, so it has at most one under way. libcurl connects; the first request asks which calls
 * the broker knows, and the next ones log in, if somebody is to. A login may last for a time alone:
 * the connection is spent before its end, and its owner leaves it.
 */
struct kafka_connection;

/* How to connect. The texts of `easy` are its owner's. */
struct kafka_network {
    struct loop *loop;
    struct easy_settings easy;
    struct kafka_login login;
    unsigned open;    /* how many connections there are */
    int64_t failing;  /* since when brokers have failed and none has answered; or 0 */
    struct gate gate; /* of all calls together */
};

/* All are told from the loop, and as the last thing that the connection does. */
struct kafka_listener {
    void (*ready)(void *user); /* it can take its first request */
    /* The rest of an answer, behind its head, lasts as long as the call. The connection can take
     * the next request. */
    void (*answered)(void *user, struct wire *answer);
    /* It is of no use any more, and is to be freed. */
    void (*lost)(void *user, const struct error *error);
    void *user;
};

/* Connects to an address, which is copied. NULL without memory. */
struct kafka_connection *kafka_connect(struct kafka_network *network,
                                       const struct kafka_address *address,
                                       const struct kafka_listener *listener);

/* Ends it at once, with what is under way. NULL is allowed. */
void kafka_disconnect(struct kafka_connection *connection);

/* What the broker knows, of one that is ready. */
const struct kafka_versions *kafka_connection_versions(const struct kafka_connection *connection);

/* Whether its login ends soon: it is to take no other request. */
bool kafka_connection_is_spent(const struct kafka_connection *connection);

/* Sends a request by one that is ready and has none under way: 0, -EFBIG or -ENOMEM, and then
 * nothing is sent. A connection that is lost meanwhile tells of it later. */
int kafka_connection_send(struct kafka_connection *connection, enum kafka_api api, int16_t version,
                          const struct buf *body);

#endif
