#ifndef SERVICE_CONTROL_H
#define SERVICE_CONTROL_H

#include "tests/service/common/service.h"

/*
 * The control interface that every simulated service has, under /_control/: faults, quirks, the
 * log, the clock. It asks nobody who he is; the program listens on the loopback address only.
 * Answers are text: 200 and what was asked for, or 400 and what is wrong.
 */
void control_add(struct service *service);

/* For calls of the control interface that only one service has: what they answer. */
void control_done(struct call *call);
void control_wrong(struct call *call, const char *what);

/* The number of that name in the query; answers the call itself when it is not there. */
bool control_number(struct call *call, const char *name, int64_t *number);

#endif
