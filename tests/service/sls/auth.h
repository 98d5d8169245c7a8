#ifndef SERVICE_SLS_AUTH_H
#define SERVICE_SLS_AUTH_H

#include "tests/service/sls/sls.h"

/* True when the request is signed as it must be, or nobody has to sign. Otherwise the answer says
 * why not, and signatures that did not verify are logged. */
bool sls_auth_admit(struct sls *sls, const struct request *request, struct answer *answer);

#endif
