#ifndef API_DIS_AUTH_H
#define API_DIS_AUTH_H

#include "api/service/service.h"

/* How requests to DIS are authorized, by a token or a signature, and its refusals taken. After a
 * refusal nothing is sent for a minute: DIS locks out addresses that go on. */
extern const struct protocol dis_protocol;

#endif
