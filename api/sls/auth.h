#ifndef API_SLS_AUTH_H
#define API_SLS_AUTH_H

#include "api/sls/client.h"

/* How SLS's requests are signed, and its answers judged. */
extern const struct protocol sls_protocol;

/* Points the signature's key to what has been read into sls->credentials. */
void sls_set_key(struct sls *sls);

/* Goes on with others, which are taken over, or without any, for the reason in an error whose code
 * is not 0. */
void sls_use_credentials(struct sls *sls, const struct sls_credentials *fresh,
                         const struct error *error);

#endif
