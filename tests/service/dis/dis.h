#ifndef SERVICE_DIS_H
#define SERVICE_DIS_H

#include "tests/service/common/service.h"
#include "tests/service/dis/iam.h"
#include "tests/service/dis/world.h"

/* Of the records to be written, after `skip` of them `count` fail with this code. */
struct failing {
    int code;
    unsigned skip;
    unsigned count;
};

/*
 * The Data Ingestion Service: the calls under /v2/<project>/, answered from a world of its own.
 *
 * Written from public documentation and what official clients do; none of it was compared with the
 * live service. Where those sources are silent the comment at the place says that it is a guess.
 */
struct dis {
    struct service *service;
    struct world world;
    struct iam iam;
    char *project_name;       /* for tokens */
    unsigned lock_after;      /* failures in a row; 0: never */
    unsigned failures_in_row; /* to prove who it is */
    uint64_t next_partition;  /* for records that name neither partition nor key */
    int64_t cursors_from_ms;  /* older cursors have expired, however young they are */
    struct failing failing;
};

/* Begins the service, with all calls: its own, those of the identity service, and those of the
 * control interface. */
void dis_init(struct dis *dis, struct service *service);
void dis_release(struct dis *dis);

#endif
