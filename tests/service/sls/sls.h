#ifndef SERVICE_SLS_H
#define SERVICE_SLS_H

#include "tests/service/common/service.h"
#include "tests/service/sls/world.h"

/*
 * Simple Log Service: the calls of one project about logstores, shards, cursors, consumer groups
 * and records, answered from a world of its own.
 *
 * Written from public documentation and what official clients do; none of it was compared with the
 * live service. Where those sources are silent the comment at the place says that it is a guess.
 */
struct sls {
    struct service *service;
    struct world world;
};

/* Begins the service, with all calls: its own, and those of the control interface. */
void sls_init(struct sls *sls, struct service *service);
void sls_release(struct sls *sls);

#endif
