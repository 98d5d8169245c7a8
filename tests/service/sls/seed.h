#ifndef SERVICE_SLS_SEED_H
#define SERVICE_SLS_SEED_H

#include "tests/service/common/http.h"

/* Putting things into the world by the control interface, and looking at it, without a signature.
 * call->service is a struct sls. */
extern const struct route sls_seed_routes[];
extern const size_t sls_seed_route_count;

#endif
