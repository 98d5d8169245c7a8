#ifndef API_SLS_AUTH_H
#define API_SLS_AUTH_H

#include "api/sls/client.h"

/* How SLS's requests are signed, and its answers judged. */
extern const struct protocol sls_protocol;

/* Signs by what has been read into sls->credentials from now on. */
void sls_use_credentials(struct sls *sls);

#endif
