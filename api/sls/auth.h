#ifndef API_SLS_AUTH_H
#define API_SLS_AUTH_H

#include "api/service/service.h"

/* How SLS's requests are signed, and its answers judged. */
extern const struct protocol sls_protocol;

#endif
