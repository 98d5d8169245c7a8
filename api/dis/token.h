#ifndef API_DIS_TOKEN_H
#define API_DIS_TOKEN_H

#include "api/backend.h"
#include "api/dis/credentials.h"
#include "api/http/http.h"

/*
 * A token of IAM for one project: a ready one, or one that is got for a user's password and renewed
 * before it expires. There is one request to IAM at a time, whoever waits; and a password that is
 * refused is not tried again, for IAM locks accounts.
 */
struct dis_token;

/* For a password a client of IAM is made, of which `plain` is not asked: http:// is refused but for
 * this machine. The credentials, the project and the options' texts last as long as the token. 0,
 * or a negative errno with an error. */
int dis_token_new(const struct http_options *options, const struct dis_credentials *credentials,
                  const char *project, struct dis_token **result, struct error *error);

/* Nobody may wait. Wipes the token. NULL is allowed. */
void dis_token_free(struct dis_token *token);

/* Forgets the token, and that a password was refused: the credentials have changed. Those who wait
 * are told that there is one, and ask again. 0, or a negative errno with an error. */
int dis_token_reload(struct dis_token *token, struct error *error);

/* The token, or NULL while there is none that lasts for a while. */
const char *dis_token_text(const struct dis_token *token);

/* Changes whenever the token does. */
unsigned dis_token_generation(const struct dis_token *token);

/* Waits until there is a token, or tells why there is none. An operation like a backend's. */
struct call *dis_token_wait(struct dis_token *token, const struct ask *ask);

/* Notes that the token of that generation was refused. False when there is no way to another. */
bool dis_token_refused(struct dis_token *token, unsigned generation);

#endif
