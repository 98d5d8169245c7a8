#ifndef SERVICE_SERVER_H
#define SERVICE_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/service/common/http.h"

/*
 * Brings requests from the wire to a handler, and its answers back, as late and as broken as they
 * ask to be delivered. One thread, one loop; an answer that waits holds no thread. It listens on
 * the loopback address only.
 */
struct server;

/* What is served in the same loop, and is no HTTP. */
struct server_beside {
    int fd; /* can be read when there is something to do */
    void (*run)(void *user);
    int64_t (*due)(
        void *user); /* when there is, in the time of when_monotonic(); INT64_MAX: never */
    void (*close_idle)(void *user);
    void (*let_go)(void *user);
    void *user;
};

struct server_hooks {
    void *user;
    void (*handle)(void *user, struct request *request, struct answer *answer);

    /* Once for each request that was handled; in_full is false when the client did not get all. */
    void (*finished)(void *user, const struct request *request, bool in_full);
    void (*connected)(void *user, bool opened);
    const struct server_beside *beside; /* NULL for nothing; it must stay */
};

/* certificate and key are PEM texts, or NULL for plain HTTP. NULL when it cannot listen. */
struct server *server_new(uint16_t port, const char *certificate, const char *key,
                          const struct server_hooks *hooks);
void server_free(struct server *server);
uint16_t server_port(const struct server *server);

/* Runs until one of the signals that end a program comes, which must be blocked. */
void server_run(struct server *server);

/* Closes the connections on which no request is going on, without a word. */
void server_close_idle(struct server *server);

/* Sends all answers that are held. */
void server_let_go(struct server *server);

#endif
