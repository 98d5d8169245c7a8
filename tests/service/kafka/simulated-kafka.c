#include <stdlib.h>
#include <string.h>

#include "tests/service/common/program.h"
#include "tests/service/common/values.h"
#include "tests/service/kafka/broker.h"

static const char help[] =
    "Usage: simulated-kafka [OPTION]...\n"
    "Serves Kafka's calls about positions and records on 127.0.0.1 for tests, as a cluster of one "
    "or several\n"
    "brokers. --port is that of its control interface, which tells of the brokers' ports. It ends "
    "on\n"
    "SIGTERM, or when the process that started it ends.\n"
    "\n"
    "  --broker PORT                a broker on that port, 0 for any; may be given more than "
    "once\n";

struct cluster {
    struct kafka_service *kafka;
    struct brokers *brokers;
    struct server_beside beside;
};

static bool take_option(void *user, const char *name, const char *argument)
{
    struct cluster *cluster = user;
    int64_t port;

    return !strcmp(name, "broker") && number_parse(argument, &port) && port <= UINT16_MAX &&
           !brokers_add(cluster->brokers, (uint16_t)port);
}

static bool start(void *user)
{
    struct cluster *cluster = user;

    return cluster->kafka->world.node_count || !brokers_add(cluster->brokers, 0);
}

int main(int count, char **words)
{
    struct service service;
    struct kafka_service kafka;
    struct cluster cluster = {.kafka = &kafka};
    int status;

    kafka_init(&kafka, &service);
    cluster.brokers = kafka.brokers = brokers_new(&kafka);
    cluster.beside = brokers_beside(cluster.brokers);
    service.beside = &cluster.beside;
    status = program_run(
        &(struct program){"simulated-kafka", help, &service, take_option, start, &cluster}, count,
        words);
    brokers_free(cluster.brokers);
    kafka_release(&kafka);
    return status;
}
