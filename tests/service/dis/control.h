#ifndef SERVICE_DIS_CONTROL_H
#define SERVICE_DIS_CONTROL_H

#include "tests/service/common/http.h"

/* What the control interface has for DIS alone: tokens and lock-outs. call->service is a struct
 * dis. */
extern const struct route dis_control_routes[];
extern const size_t dis_control_route_count;

#endif
