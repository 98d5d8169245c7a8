#ifndef API_DIS_TOKEN_H
#define API_DIS_TOKEN_H

#include "api/backend.h"
#include "api/dis/credentials.h"
#include "api/http/http.h"

/*
 * A token of IAM for one project: either one that the user has given, or one that we get for a
 * user's password and renew before it expires. All who wait share one request to IAM. A password
 * that was refused is not tried again, because IAM locks accounts.
 */
struct dis_token;

/* For a password it makes an HTTP client for IAM, to whose own endpoint it goes: http:// is
 * allowed to this machine only. The credentials, the project and the options' texts must last as
 * long as the token. 0, or a negative errno with an error. */
int dis_token_new(const struct http_options *options, const struct dis_credentials *credentials,
                  const char *project, struct dis_token **result, struct error *error);

/* Nobody may wait. Wipes the token. NULL is allowed. */
void dis_token_free(struct dis_token *token);

/* To be called after the credentials have changed: forgets the token, and that a password was
 * refused. Calls that wait get its result; after a success they ask again. 0, or a negative errno
 * with an error. */
int dis_token_reload(struct dis_token *token, struct error *error);

/* The token, or NULL while there is none that lasts for a while. */
const char *dis_token_text(const struct dis_token *token);

/* Changes whenever the token does. */
unsigned dis_token_generation(const struct dis_token *token);

/* IAM has refused the password, which is not tried again. */
bool dis_token_is_given_up(const struct dis_token *token);

/* Succeeds when there is a token, or fails with the reason why there is none. An operation like a
 * backend's. */
struct call *dis_token_wait(struct dis_token *token, const struct ask *ask);

/* The service refused the token of that generation. False if we cannot get another one. */
bool dis_token_refused(struct dis_token *token, unsigned generation);

#endif
