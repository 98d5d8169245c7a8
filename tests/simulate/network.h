#ifndef SIMULATE_NETWORK_H
#define SIMULATE_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"

struct answer;
struct request;
struct service;

/*
 * The network between the program under test and a service, and what goes wrong in it. Requests
 * take their time, and so do answers. Some are lost on the way there, some on the way back, some
 * are answered by somebody else; each as often as the faults say.
 *
 * A request whose client has gone may still arrive: the service cannot know. One on a connection
 * that was reset has arrived by then, or never will.
 */
struct network_faults {
    unsigned once_in; /* a request meets a fault once in so many times; 0: never */
    int64_t slowest;  /* milliseconds of one way */
};

/* The request came by that mount; late if nobody waits for its answer any more. */
typedef void network_handled_fn(int mount, bool is_late, const struct request *request,
                                const struct answer *answer);

/* The service must stay until network_close; told after each request that it has handled. */
void network_open(struct service *with, network_handled_fn *handled);
void network_close(void);

void network_set_faults(const struct network_faults *now);

/* When a mount last sent something: clock_ms, or -1. */
int64_t network_last_sent(int mount);

/* For the loop: transfers over HTTP, or connections; see connections.h. */
void network_begin(struct transfer *transfer);
void network_connect(struct transfer *transfer);
void network_end(struct transfer *transfer);

/* Whether a connection is to be told of when it can be written to. */
void network_await_room(int fd, bool awaits);

/* Which mount has that loop: tests/simulate/mounts.c knows. */
int mount_by(const struct loop *loop);

#endif
