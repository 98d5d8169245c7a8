#ifndef SERVICE_DIS_AUTH_H
#define SERVICE_DIS_AUTH_H

#include <stdbool.h>

#include "tests/service/dis/dis.h"

/*
 * True when the request may be served for that project: by a token of the project, a signature, or
 * because nobody has to prove anything. Otherwise the answer says why not, in the chosen style, and
 * signatures that did not verify are logged.
 */
bool auth_admit(struct dis *dis, const struct request *request, struct answer *answer,
                const char *project);

/* How the request means to prove who it is: "token", "access", "credential" or "none". */
const char *dis_auth_kind(const struct request *request);

#endif
