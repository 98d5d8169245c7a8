#ifndef SERVICE_KAFKA_BROKER_H
#define SERVICE_KAFKA_BROKER_H

#include "tests/service/common/server.h"
#include "tests/service/kafka/kafka.h"

/*
 * The cluster's listeners and their connections, beside the control interface in the same loop. A
 * broker takes the next request of a connection when it has answered the one before, as Kafka does;
 * an answer that waits holds up nothing else.
 */
struct brokers;

struct brokers *brokers_new(struct kafka_service *kafka);
void brokers_free(struct brokers *brokers);

/* Adds a broker, with the next id, on this port or any (0). 0, or a negative errno. */
int brokers_add(struct brokers *brokers, uint16_t port);

/* Closes its listener and all connections, or listens again on the port that it had. */
int brokers_stop(struct brokers *brokers, int32_t id);
int brokers_start(struct brokers *brokers, int32_t id);

/* What serves them; the brokers must stay. */
struct server_beside brokers_beside(struct brokers *brokers);

#endif
