#ifndef SIMULATE_CONNECTIONS_H
#define SIMULATE_CONNECTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct kafka_service;

/*
 * The network between the program under test and the brokers of a simulated cluster, in the place
 * of network.c: connections, by each of which one request after the other goes. It has the same
 * faults; and a broker may answer with an error, in pieces, with what is no answer, or never.
 *
 * A request whose connection the program has closed may still arrive.
 */

/* Told after each request that a broker has taken, of which mount it is; late if nobody waits for
 * its answer any more. It was one by the protocol. */
typedef void connections_handled_fn(int mount, bool is_late, int16_t api);

/* Brokers listen at the ports that the cluster says; it must stay until network_close. */
void connections_open(struct kafka_service *with, connections_handled_fn *handled);

/* The broker has gone: its connections are lost, with what was on its way. */
void connections_lose(int32_t node);

#endif
