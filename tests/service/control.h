#ifndef SERVICE_CONTROL_H
#define SERVICE_CONTROL_H

#include "http.h"

/*
 * The control interface that every simulated service has, under /_control/: faults, quirks, the
 * log, the clock, tokens. It asks nobody who he is; the program listens on the loopback address
 * only. Answers are text: 200 and what was asked for, or 400 and what is wrong. call->service is a
 * struct service.
 */
extern const struct route control_routes[];
extern const size_t control_route_count;

#endif
