#ifndef SERVICE_AUTH_H
#define SERVICE_AUTH_H

#include <stdbool.h>

#include "service.h"

/*
 * True when the request may be served for that project: by a token of the project, a signature, or
 * because nobody has to prove anything. Otherwise the answer says why not, in the chosen style, and
 * signatures that did not verify are logged.
 */
bool auth_admit(struct service *service, const struct request *request, struct answer *answer,
                const char *project);

/* How the request means to prove who it is: "token", "access", "credential" or "none". */
const char *auth_kind(const struct request *request);

#endif
