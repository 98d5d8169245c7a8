#ifndef SERVICE_DIS_SEED_H
#define SERVICE_DIS_SEED_H

#include "tests/service/common/http.h"

/* Calls of the control interface that fill the world of DIS; call->service is a struct dis. */
extern const struct route seed_routes[];
extern const size_t seed_route_count;

#endif
