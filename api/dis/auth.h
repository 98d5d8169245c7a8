#ifndef API_DIS_AUTH_H
#define API_DIS_AUTH_H

#include "api/dis/client.h"

/* How requests to DIS are authorized, by a token or a signature, and its refusals taken. After a
 * refusal nothing is sent for a minute: DIS locks out addresses that go on. */
extern const struct protocol dis_protocol;

/* Points the signature's key to what has been read into dis->credentials. */
void dis_set_key(struct dis *dis);

/* Goes on with others, which are taken over, or without any, for the reason in an error whose code
 * is not 0. What was refused before is forgotten. Not to be called from within an answer of IAM. */
void dis_use_credentials(struct dis *dis, const struct dis_credentials *fresh,
                         const struct error *error);

#endif
