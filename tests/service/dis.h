#ifndef SERVICE_DIS_H
#define SERVICE_DIS_H

#include "service.h"
#include "world.h"

/*
 * The Data Ingestion Service: the calls under /v2/<project>/, answered from a world of its own.
 *
 * Written from public documentation and what official clients do; none of it was compared with the
 * live service. Where those sources are silent the comment at the place says that it is a guess.
 */
struct dis {
    struct service *service;
    struct world world;
    uint64_t next_partition; /* for records that name neither partition nor key */
};

/* Registers its calls, and those that seed its world, with the service. */
void dis_init(struct dis *dis, struct service *service);
void dis_release(struct dis *dis);

#endif
